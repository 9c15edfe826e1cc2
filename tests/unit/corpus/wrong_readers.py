"""Readers that are wrong in one way each, for the tests of the scorer."""

from __future__ import annotations

import os
import signal

from services.core.report import Document, Report
from services.ingest.readers import read_document

CELL = "table3.granted.natural"


def right(data: bytes, *, filename: str) -> Document:
    return read_document(data, filename=filename)


def off_by_one(data: bytes, *, filename: str) -> Document:
    return _with(read_document(data, filename=filename), _raised)


def off_by_one_but_marked(data: bytes, *, filename: str) -> Document:
    return _with(read_document(data, filename=filename), lambda report: _raised(report, uncertain=[CELL]))


def off_by_one_in_review(data: bytes, *, filename: str) -> Document:
    return _with(read_document(data, filename=filename), lambda report: _raised(report, status="review"))


def blank_for_a_figure(data: bytes, *, filename: str) -> Document:
    return _with(read_document(data, filename=filename), lambda report: _set(report, None))


def last_report_lost(data: bytes, *, filename: str) -> Document:
    document = read_document(data, filename=filename)
    return document.model_copy(update={"reports": document.reports[:-1]})


def a_report_too_many(data: bytes, *, filename: str) -> Document:
    document = read_document(data, filename=filename)
    return document.model_copy(update={"reports": [*document.reports, document.reports[0]]})


def places_moved(data: bytes, *, filename: str) -> Document:
    return _with(read_document(data, filename=filename), _moved)


def crashing_on_the_first(data: bytes, *, filename: str) -> Document:
    if "-0." in filename:
        os.kill(os.getpid(), signal.SIGKILL)
    return read_document(data, filename=filename)


def hanging_on_the_first(data: bytes, *, filename: str) -> Document:
    if "-0." in filename:
        signal.pause()
    return read_document(data, filename=filename)


def raising(data: bytes, *, filename: str) -> Document:
    raise KeyError(filename)


def _with(document: Document, change) -> Document:
    return document.model_copy(update={"reports": [change(report) for report in document.reports]})


def _raised(report: Report, **further) -> Report:
    figure = report.figure(CELL)
    return _set(report, (figure or 0) + 1, **further)


def _set(report: Report, figure, **further) -> Report:
    _, row, _ = CELL.split(".")
    assert report.table3 is not None
    rows = dict(report.table3.rows)
    rows[row] = [figure, *(rows[row] or [])[1:]]
    return report.model_copy(update={"table3": report.table3.model_copy(update={"rows": rows}), **further})


def _moved(report: Report) -> Report:
    cells = dict(report.cells)
    other = cells["table3.carried_out.total"]
    cells["table3.new.natural"] = cells["table3.new.natural"].model_copy(
        update={"page": other.page, "bbox": (0, 0, 5, 5)}
    )
    return report.model_copy(update={"cells": cells})
