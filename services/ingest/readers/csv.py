"""Spreadsheets saved as separated values: the whole report, or its three tables alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.core.errors import RejectedError
from services.core.report import Format
from services.ingest.readers.csv_fields import Field, records, separator_of
from services.ingest.readers.html_text import Places
from services.ingest.readers.prose import reads_as_prose
from services.ingest.readers.reader import Bounds, Read
from services.ingest.readers.readings import all_vouched_for, fewest_open, read_by_order
from services.ingest.readers.text import decode
from services.ingest.recognise import labels, table2
from services.ingest.recognise.primitives import Content, Entry, Item, Line, TableRow
from services.ingest.recognise.report import is_annual_report, recognise

ENGINE = "csv/1"
_UNIT = 100.0
"""The breadth of a column: places across are compared with a tolerance made for points."""
_LONGEST_FIELD = 20_000
_NEARLY_ALL = 0.8
_UNUSUAL = "这一行的单元格个数与其他行不同，数字可能错了列"


def is_csv(data: bytes) -> bool:
    """Whether `data` is text in which separators part the form's labels from their figures."""
    try:
        text = decode(data)
    except RejectedError:  # no text at all: the next reader says so
        return False
    return bool(separator_of(_lines(text)))


def read_csv(data: bytes, _bounds: Bounds) -> Read:
    """The reports in separated values. Raises RejectedError: unsupported_format, too_complex, not_annual_report."""
    text = _lines(decode(data))
    content = Content(Format.CSV, _Sheet(text, separator_of(text) or ",").items)
    reports = recognise(content)
    if not is_annual_report(content, reports):
        raise RejectedError("not_annual_report")
    if not all_vouched_for(reports):
        reports = fewest_open(reports, read_by_order(content))
    return Read(Format.CSV, ENGINE, reports)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Sheet:
    """Lines and rows of a sheet.

    A record with one filled field is a heading, prose, or part of a table: its company tells.
    """

    def __init__(self, text: str, separator: str) -> None:
        self.items: list[Item] = []
        self._places = Places(text)
        self._grid = 0
        self._in_table = False
        filled = [fields for fields in records(text, separator) if any(field.text.strip() for field in fields)]
        self._width = _usual_width(filled)
        for index, fields in enumerate(filled):
            if _is_row(filled, index, in_table=self._in_table):
                self._row(fields)
            else:
                self._prose(fields)

    def _row(self, fields: Sequence[Field]) -> None:
        self._grid += not self._in_table
        self._in_table = True
        doubt = _UNUSUAL if self._width and len(fields) != self._width else ""
        cells = [
            Entry(
                field.text.strip()[:_LONGEST_FIELD], self._places.at(_start(field)), n * _UNIT, (n + 1) * _UNIT, doubt
            )
            for n, field in enumerate(fields)
        ]
        self.items.append(TableRow(cells, grid=self._grid))

    def _prose(self, fields: Sequence[Field]) -> None:
        self._in_table = False
        field = next(field for field in fields if field.text.strip())
        at = field.offset
        for text in field.text.split("\n"):
            if text.strip():
                self.items.append(Line(text.strip(), self._places.at(at + len(text) - len(text.lstrip()))))
            at += len(text) + 1


def _usual_width(filled: Sequence[Sequence[Field]]) -> int:
    """How many fields a record has where nearly all have as many, as spreadsheets save them; else 0."""
    widths = Counter(len(fields) for fields in filled)
    width, times = max(widths.items(), key=lambda item: item[1], default=(0, 0))
    return width if times >= _NEARLY_ALL * len(filled) else 0


def _start(field: Field) -> int:
    return field.offset + len(field.text) - len(field.text.lstrip())


def _is_row(filled: Sequence[Sequence[Field]], index: int, *, in_table: bool) -> bool:
    """Whether a record is part of a table: more than one field, a row of the form left blank, or between such."""
    text = _only(filled[index])
    if text is None:
        return True
    if reads_as_prose(text):
        return False
    if len(filled[index]) > 1 and (labels.match_row(text) or labels.name_of(text) in table2.row_names()):
        return True
    following = filled[index + 1 : index + 2]
    return any(_only(fields) is None for fields in following) or (in_table and _rows_follow(filled, index + 1))


def _rows_follow(filled: Sequence[Sequence[Field]], index: int) -> bool:
    for fields in filled[index:]:
        text = _only(fields)
        if text is None or reads_as_prose(text):
            return text is None
    return False


def _only(fields: Sequence[Field]) -> str | None:
    """The text of the only filled field, None where there are several."""
    texts = [text for field in fields if (text := field.text.strip())]
    return texts[0] if len(texts) == 1 else None
