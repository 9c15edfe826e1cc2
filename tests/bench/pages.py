"""CPU a page of short and long documents: it must not grow."""

from __future__ import annotations

import io
import time

import pypdfium2

from infra.demo.authored import consistent
from infra.demo.render import render_pdf
from services.ingest.readers import read_document

LENGTHS = (5, 50, 250)


def run() -> None:
    """Print CPU milliseconds a page for documents of 5, 50 and 250 pages."""
    report = render_pdf(consistent(7, "临溪县石桥镇人民政府", 2024))
    print("Pages of one document, CPU a page:")
    for length in LENGTHS:
        data = first_pages(report, length)
        spent = []
        for _ in range(3):
            began = time.process_time()
            read_document(data, filename="volume.pdf")
            spent.append(time.process_time() - began)
        print(f"  {length:4} pages{min(spent) * 1000 / length:8.2f} ms")


def first_pages(report: bytes, number: int) -> bytes:
    """The first so many pages of a volume in which `report` stands again and again."""
    volume, part = pypdfium2.PdfDocument.new(), pypdfium2.PdfDocument(report)
    while len(volume) < number:
        volume.import_pages(part, list(range(min(len(part), number - len(volume)))))
    out = io.BytesIO()
    volume.save(out)
    part.close()
    volume.close()
    return out.getvalue()
