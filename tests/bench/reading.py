"""Seconds a document: `gouji check` against plain pdfplumber and pdfium's bare load, on the same files, in turn."""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pdfplumber
import pypdfium2

from infra.demo.authored import consistent
from infra.demo.render import render_pdf
from services.cli.check import check_file
from services.ingest.extract import make_reading_room
from services.ingest.readers import read_document
from services.platform.settings import Settings
from services.validate.judge import Context

ROUNDS = 5
DOCUMENTS = 12


def plain_pdfplumber(file: Path) -> None:
    """What a script would do: open, text and tables of every page."""
    with pdfplumber.open(io.BytesIO(file.read_bytes())) as document:
        for page in document.pages:
            page.extract_text()
            page.extract_tables()
            page.close()


def bare_pdfium(file: Path) -> None:
    """The bound: open the file and load every page with its text."""
    document = pypdfium2.PdfDocument(file.read_bytes())
    for number in range(len(document)):
        page = document[number]
        page.get_textpage().close()
        page.close()
    document.close()


def run() -> None:
    """Print the median seconds a document of each way, and the ratios to plain pdfplumber."""
    sizes = ("township", "department", "county", "prefecture")
    with tempfile.TemporaryDirectory() as folder, make_reading_room(Settings()) as room:
        files = []
        for number in range(DOCUMENTS):
            report = consistent(number, f"临溪县第{number}局", 2024, sizes[number % 4])  # type: ignore[arg-type] # one of the sizes
            file = Path(folder) / f"{number}.pdf"
            file.write_bytes(render_pdf(report))
            files.append(file)
        context = Context(body_code=None, body_name=None, expected_year=None, received_on=None)
        ways: dict[str, Callable[[Path], object]] = {
            "plain pdfplumber": plain_pdfplumber,
            "gouji check": lambda file: check_file(room, file, context),
            "  of which the reader alone": lambda file: read_document(file.read_bytes(), filename=file.name),
            "pdfium, bare load": bare_pdfium,
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(ROUNDS + 1):
            for file in files:
                for name, way in ways.items():
                    began = time.perf_counter()
                    way(file)
                    if turn:  # the first round warms up
                        seconds[name].append(time.perf_counter() - began)
    print(f"Reading {DOCUMENTS} ruled text PDFs, {ROUNDS} rounds in turn, wall clock a document:")
    base = statistics.median(seconds["plain pdfplumber"])
    print(f"  {'':32}{'median':>10}{'p95':>10}{'ratio':>9}")
    for name, values in seconds.items():
        middle = statistics.median(values)
        late = sorted(values)[int(len(values) * 0.95)]
        print(f"  {name:32}{middle * 1000:8.1f} ms{late * 1000:7.1f} ms{base / middle:8.1f}×")
