"""Spreadsheets saved as separated values: the whole report, or its three tables alone."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest

from services.core.errors import RejectedError
from services.core.report import Format
from services.ingest.readers.csv_fields import Field, records, separator_of
from services.ingest.readers.places import Places
from services.ingest.readers.prose import reads_as_prose
from services.ingest.readers.reader import Bounds, Read
from services.ingest.readers.readings import all_vouched_for, fewest_open, read_as_dump, read_by_order
from services.ingest.readers.text import decode
from services.ingest.recognise import labels, table2
from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.primitives import Content, Entry, Item, Line, TableRow
from services.ingest.recognise.report import is_annual_report, recognise

ENGINE = "csv/1"
_UNIT = 100.0
"""The breadth of a column: places across are compared with a tolerance made for points."""
_LONGEST_FIELD = 20_000
_NEARLY_ALL = 0.8
_FEWEST_FIELDS = 4
_BLANK_ROW = 15
_COLUMNS = 7
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
    sheet = list(records(text, separator_of(text) or ","))
    content = Content(Format.CSV, _Sheet(text, sheet).items)
    reports = recognise(content)
    if not is_annual_report(content, reports):
        raise RejectedError("not_annual_report")
    if not all_vouched_for(reports):
        # converters shift fields and repeat them, as they do in dumps
        reports = fewest_open(reports, read_by_order(content), read_as_dump(_dump(sheet), Places(text)))
    return Read(Format.CSV, ENGINE, reports)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Sheet:
    """Lines and rows of a sheet.

    A record with one filled field is a heading, prose, or part of a table: its company tells.
    """

    def __init__(self, text: str, sheet: Sequence[Sequence[Field]]) -> None:
        self.items: list[Item] = []
        self._places = Places(text)
        self._grid = 0
        self._in_table = False
        self._figures = 0
        self._from = 0
        filled = [fields for fields in sheet if _is_filled(fields)]
        self._width = _usual_width(filled)
        index = 0
        for fields in sheet:
            if not _is_filled(fields):
                if self._in_table and len(fields) >= _BLANK_ROW:
                    self._row(fields)  # the figures of table 4, none of them filled in
                continue
            if _is_row(filled, index, in_table=self._in_table):
                self._row(fields)
            else:
                self._prose(fields)
            index += 1
        self._fill_up()

    def _row(self, fields: Sequence[Field]) -> None:
        if not self._in_table:
            self._fill_up()
        # where a converter begins to repeat figures another table begins, with other columns
        figures = len(fields) if _holds_figures(fields) else 0
        if not self._in_table or (figures and self._figures and figures != self._figures):
            self._grid += 1
            self._figures = 0
        self._figures = figures or self._figures
        self._in_table = True
        doubt = _UNUSUAL if self._width and len(fields) != self._width else ""
        cells = [
            Entry(
                field.text.strip()[:_LONGEST_FIELD], self._places.at(_start(field)), n * _UNIT, (n + 1) * _UNIT, doubt
            )
            for n, field in enumerate(fields)
        ]
        self.items.append(TableRow(cells, grid=self._grid))

    def _fill_up(self) -> None:
        """Give the rows of the last table that end with their label the empty cells that were left out behind it.

        Not where all records are equally long, nor where the next one begins with figures: a line end may have cut them
        off their label.
        """
        rows = [item for item in self.items[self._from :] if isinstance(item, TableRow)] if not self._width else []
        width = max((len(row.cells) for row in rows), default=0)
        for row, following in zip_longest(rows, rows[1:]):
            last = row.cells[-1]
            first = next((cell.text for cell in following.cells if cell.text), "") if following else ""
            if len(row.cells) < width and _is_label(last.text) and not (first and looks_like_figure(first)):
                row.cells += [Entry("", last.place, n * _UNIT, (n + 1) * _UNIT) for n in range(len(row.cells), width)]
        self._from = len(self.items)

    def _prose(self, fields: Sequence[Field]) -> None:
        self._in_table = False
        field = next(field for field in fields if field.text.strip())
        at = field.offset
        for text in field.text.split("\n"):
            if text.strip():
                self.items.append(Line(text.strip(), self._places.at(at + len(text) - len(text.lstrip()))))
            at += len(text) + 1


@dataclass(frozen=True, slots=True)
class _Record:
    """A record as a line with tabs. ``starts``: (place in the line, place in the text) of each field."""

    text: str
    starts: tuple[tuple[int, int], ...]
    doubt: str = ""

    def offset(self, index: int) -> int:
        start, offset = self.starts[max(0, bisect_right(self.starts, (index, sys.maxsize)) - 1)]
        return offset + index - start


def _dump(sheet: Sequence[Sequence[Field]]) -> list[_Record]:
    lines = []
    for fields in sheet:
        texts = [" ".join(re.split(r"[\n\t]", field.text)) for field in fields]
        ends = accumulate(len(text) + 1 for text in texts)
        starts = zip((0, *ends), (field.offset for field in fields), strict=False)
        lines.append(
            _Record("\t".join(texts).rstrip("\t") if not _is_filled(fields[1:]) else "\t".join(texts), tuple(starts))
        )
    return lines


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
    if _is_label(text) or (in_table and len(filled[index]) >= _FEWEST_FIELDS):
        return True
    following = filled[index + 1 : index + 2]
    return any(_only(fields) is None for fields in following) or (in_table and _rows_follow(filled, index + 1))


def _is_label(text: str) -> bool:
    return labels.match_row(text) is not None or labels.name_of(text) in table2.row_names()


def _is_filled(fields: Sequence[Field]) -> bool:
    return any(field.text.strip() for field in fields)


def _holds_figures(fields: Sequence[Field]) -> bool:
    """Whether a record holds as many figures as table 3 has columns, side by side."""
    run = longest = 0
    for field in fields:
        run = run + 1 if field.text.strip() and looks_like_figure(field.text) else 0
        longest = max(longest, run)
    return longest >= _COLUMNS


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
