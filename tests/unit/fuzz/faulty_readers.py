"""Readers with one fault each, for the fuzz target to find."""

from __future__ import annotations

import ctypes
import os

from services.core.report import Document
from services.ingest.readers import read_document


def raises(data: bytes, *, filename: str, max_pages: int) -> Document:
    document = read_document(data, filename=filename, max_pages=max_pages)
    raise LookupError(document.file)


def hangs(data: bytes, *, filename: str, max_pages: int) -> Document:
    while True:
        len(data)


def segfaults(data: bytes, *, filename: str, max_pages: int) -> Document:
    ctypes.string_at(0)
    raise AssertionError("survived")


def lies(data: bytes, *, filename: str, max_pages: int) -> Document:
    """One licence more than is printed, and sure of it."""
    document = read_document(data, filename=filename, max_pages=max_pages)
    reports = []
    for report in document.reports:
        known = report.table2 or {}
        licences = known.get("licences")
        more = {**known, "licences": licences + 1 if isinstance(licences, int) else 1}
        reports.append(report.model_copy(update={"table2": more, "uncertain": [], "status": "ok", "reason": None}))
    return document.model_copy(update={"reports": reports})


def wavers(data: bytes, *, filename: str, max_pages: int) -> Document:
    document = read_document(data, filename=filename, max_pages=max_pages)
    return document.model_copy(update={"engine": os.urandom(4).hex()})
