"""Lines with tabs or pipes as rows of a grid."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.core.errors import RejectedError
from services.ingest.recognise.figures import looks_like_figure, parse_figure
from services.ingest.recognise.primitives import Entry, Item, Line, Place, TableRow
from services.ingest.recognise.printed import Run, Token, read_line

_RULE = re.compile(r"^\s*\|?[\s:|+-]*-{2,}[\s:|+-]*\|?\s*$")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:b|i|u|p|em|strong|span|font|sup|sub|div)\b[^<>]*>", re.IGNORECASE)
_MOST_CELLS = 200
_COLUMNS = frozenset({1, 2, 3, 7, 15})
"""How many columns of figures the tables of the form have."""
_UNIT = 100.0
"""The width given to a field, so that fields have places like columns on paper."""


def separator_of(line: str) -> str:
    """What parts the fields of a line: a tab, a pipe, or nothing."""
    if "\t" in line.strip("\n "):
        return "\t"
    return "|" if line.count("|") >= 2 else ""


@dataclass(slots=True)
class GridReader:
    """Turns lines into rows; consecutive lines with fields are one grid."""

    grid: int = 0

    def next_grid(self) -> int:
        self.grid += 1
        return self.grid

    def items(self, lines: Sequence[tuple[int, str]], *, table: bool) -> list[Item]:
        """Rows and lines of prose. ``table``: these lines stand in a section with a table.

        There a line without fields between two rows is a row too: its words, then its figures. Raises RejectedError.
        """
        items: list[Item] = []
        rows: list[TableRow] = []
        last = max(number for number, text in lines if separator_of(text))
        for at, (number, text) in enumerate(lines):
            separator = separator_of(text)
            if separator and _RULE.match(text):
                continue
            if separator:
                cells = _cells(text, separator, number)
                goes_on = at + 1 < len(lines) and separator_of(lines[at + 1][1])
                if goes_on and not any(cell.text for cell in cells):  # nothing at all in a row: a page ends here
                    items += _placed(rows)
                    rows = []
                    continue
                if not rows:
                    self.grid += 1
                rows.append(TableRow(cells, grid=self.grid))
            elif (
                table
                and rows
                and text.strip()
                and number < last
                and len(text.strip()) < _MOST_CELLS
                and "。" not in text
            ):
                rows.append(TableRow(_bare_cells(text, number), grid=self.grid))
            else:
                items += _placed(rows)
                rows = []
                if text.strip():
                    items.append(Line(text.strip(), Place(line=number, column=1)))
        return [*items, *_placed(rows)]


def _cells(line: str, separator: str, number: int) -> list[Entry]:
    body, shift = line, 0
    if separator == "|":
        shift = len(line) - len(line.lstrip()) + 1 if line.lstrip().startswith("|") else 0
        body = line[shift:].rstrip().removesuffix("|")
    cells, at = [], shift
    for piece in body.split(separator):
        lead = len(piece) - len(piece.lstrip())
        cells.append(Entry(clean(piece), Place(line=number, column=at + lead + 1)))
        at += len(piece) + 1
    if len(cells) > _MOST_CELLS:
        raise RejectedError("too_complex", f"第{number}行有{len(cells)}个单元格")
    return cells


def clean(text: str) -> str:
    """A cell without the marks of its format: emphasis, line breaks and entities."""
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub("\n", text))
    if "&" in text:
        text = html.unescape(text)
    return text.replace("**", "").replace("`", "").replace("$", "").strip()


def _bare_cells(line: str, number: int) -> list[Entry]:
    words: list[Token] = []
    figures: list[Entry] = []
    for one in read_line(line, number):
        if isinstance(one, Run):
            figures += [token.entry() for token in one.figures]
        else:
            words.append(one)
    label = clean(" ".join(token.text for token in words))
    return [Entry(label, words[0].place if words else Place(line=number, column=1)), *figures]


def _placed(rows: list[TableRow]) -> list[TableRow]:
    """`rows` with places across where fields are columns: all rows as wide, their figures in the same last fields.

    A row with empty fields that does not add up gets none: a field may have been lost, and the others moved up.
    """
    start = _first_column(rows)
    if start is None:
        return rows
    for row in rows:
        if _moved(row.cells[start:]):
            continue
        for index, cell in enumerate(row.cells):
            cell.left, cell.right = index * _UNIT, (index + 1) * _UNIT
    return rows


def _first_column(rows: Sequence[TableRow]) -> int | None:
    """The field in which the figures of all rows begin; None where words and figures do not keep apart."""
    if len({len(row.cells) for row in rows}) != 1:
        return None
    with_figures = [row for row in rows if any(_figure(cell) for cell in row.cells)]
    if not with_figures:
        return None
    start = min(next(i for i, cell in enumerate(row.cells) if _figure(cell)) for row in with_figures)
    apart = all(not cell.text or _figure(cell) for row in with_figures for cell in row.cells[start:])
    return start if apart and len(rows[0].cells) - start in _COLUMNS else None


def _figure(cell: Entry) -> bool:
    return bool(cell.text) and looks_like_figure(cell.text)


def _moved(cells: Sequence[Entry]) -> bool:
    """Whether a row of table 3 or 4 has empty fields among figures, and a sum that is wrong."""
    filled = sum(bool(cell.text) for cell in cells)
    width = {7: 7, 15: 5}.get(len(cells))
    if width is None or filled in (0, len(cells)) or not all(_figure(cell) for cell in cells if cell.text):
        return False
    values = [parse_figure(cell.text).value or 0 for cell in cells]
    return any(sum(values[at : at + width - 1]) != values[at + width - 1] for at in range(0, len(values), width))
