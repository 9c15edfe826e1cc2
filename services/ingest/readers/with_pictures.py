"""``read_document`` with pictures read too: on workers that have the extra ``ocr``, its memory and its time."""

from __future__ import annotations

from services.core.report import Document
from services.ingest import readers
from services.ingest.readers.image import read_image
from services.ingest.readers.pdf import read_pdf
from services.ingest.readers.pictures.reader import Pictures, load
from services.ingest.readers.reader import Bounds, Read

__all__ = ["read_document", "warm_up"]


def _read_pdf(data: bytes, bounds: Bounds) -> Read:
    pictures = Pictures()
    return read_pdf(data, bounds, pictures, pictures.read_again)


_READERS = {**readers.READERS, "pdf": _read_pdf, "image": read_image}


def read_document(data: bytes, *, filename: str, max_pages: int = 300) -> Document:
    """As ``services.ingest.readers.read_document``, with scans and photos read. The same errors."""
    return readers.read_with(_READERS, data, filename=filename, max_pages=max_pages)


def warm_up() -> None:
    """As ``services.ingest.readers.warm_up``, and the models of the picture reader."""
    readers.warm_up()
    load()
