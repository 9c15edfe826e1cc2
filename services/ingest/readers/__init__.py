"""Reading a document of any supported format into reports. One module per format; recognition is shared."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from importlib import resources

from services.core.errors import RejectedError
from services.core.report import Document, Report
from services.ingest.readers.csv import read_csv
from services.ingest.readers.docx import read_docx
from services.ingest.readers.html import read_html
from services.ingest.readers.ofd import read_ofd
from services.ingest.readers.office import read_office
from services.ingest.readers.pdf import read_pdf
from services.ingest.readers.reader import Bounds, Reader
from services.ingest.readers.routing import Route, route
from services.ingest.readers.text import read_dump
from services.ingest.readers.unread_image import read_nothing

__all__ = ["read_document", "warm_up"]

_SAMPLE = "warm_up.pdf"

_FIRST_YEAR = 2019

READERS: Mapping[Route, Reader] = {
    "pdf": read_pdf,
    "docx": read_docx,
    "office": read_office,
    "html": read_html,
    "ofd": read_ofd,
    "csv": read_csv,
    "text": read_dump,
    "image": read_nothing,
}
"""What reads each kind of file; ``with_pictures`` has others for pictures."""


def read_document(data: bytes, *, filename: str, max_pages: int = 300) -> Document:
    """One file as a Document with its reports, without findings and claims.

    Raises RejectedError with a code of the catalogue (empty, encrypted, damaged, unsupported_format, no_text,
    bad_text_layer, not_annual_report, old_format, too_many_pages, too_complex, office_missing). Does no I/O.
    """
    return read_with(READERS, data, filename=filename, max_pages=max_pages)


def read_with(readers: Mapping[Route, Reader], data: bytes, *, filename: str, max_pages: int) -> Document:
    """``read_document`` with these readers."""
    started = time.perf_counter()
    read = readers[route(data)](data, Bounds(max_pages))
    _check(read.reports)
    return Document(
        file=filename[:500],
        sha256=hashlib.sha256(data).hexdigest(),
        format=read.format,
        engine=read.engine,
        seconds=round(time.perf_counter() - started, 6),
        reports=read.reports,
        needs=read.needs,
    )


def warm_up() -> None:
    """Read a made-up report once, for processes that are forked afterwards.

    Fonts, character maps, the form and its labels are loaded on first use; a child forked for one document would pay
    for that each time (measured on small PDFs: 130 ms of CPU a document without, 60 ms with).
    """
    data = (resources.files(__package__) / _SAMPLE).read_bytes()
    read_document(data, filename=_SAMPLE)


def _check(reports: list[Report]) -> None:
    old = [report.year for report in reports if report.year and report.year < _FIRST_YEAR]
    if old and all(report.table3 is None for report in reports):
        raise RejectedError("old_format", f"{old[0]}年")
