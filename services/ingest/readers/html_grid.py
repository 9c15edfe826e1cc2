"""From the pieces of a web page to lines and rows: which tables are tables, and which only lay out the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from services.core.errors import RejectedError
from services.ingest.readers.html_parts import Cell, Node, Page, Part, Picture, Piece, Table
from services.ingest.readers.html_text import Printed, blocks
from services.ingest.readers.places import Places
from services.ingest.readers.prose import reads_as_prose
from services.ingest.recognise.primitives import Entry, Item, Line, TableRow
from services.ingest.recognise.sections import section_key

_MOST_CELLS = 60_000
_UNIT = 100.0
"""The breadth of a column: places across are compared with a tolerance made for points."""
_INVENTED_HEAD = re.compile(r"(?:数据|列|字段|column|col)\s*\d{1,3}", re.IGNORECASE)
_LONGEST_CELL = 20_000


@dataclass(slots=True)
class Shown:
    """What a page shows, in reading order.

    ``nodes[i]`` is the element of ``items[i]``, ``lines[i]`` its printed line where it is one; ``pictures``: node and how
    many items stand before it.
    """

    items: list[Item] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    lines: list[Printed | None] = field(default_factory=list)
    pictures: list[tuple[Node, int]] = field(default_factory=list)

    def add(self, item: Item, node: Node, line: Printed | None = None) -> None:
        self.items.append(item)
        self.nodes.append(node)
        self.lines.append(line)


@dataclass(slots=True)
class _Content:
    """A cell's own lines, and the tables in it."""

    cell: Cell
    lines: list[Printed] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Slot:
    """A cell at its columns: first and one past the last."""

    left: int
    right: int
    cell: Cell


_Row = list[_Slot]


def show(page: Page) -> Shown:
    """The lines and rows of `page`. Raises RejectedError: too_complex."""
    reader = _Shower(page)
    reader.flow(page.flow)
    return reader.shown


class _Shower:
    def __init__(self, page: Page) -> None:
        self.shown = Shown()
        self._source = page.source
        self._places = Places(page.source)
        self._grid = 0
        self._left = _MOST_CELLS

    def flow(self, pieces: Iterable[Piece]) -> None:
        for block in blocks(pieces, self._source):
            if isinstance(block, Printed):
                self._line(block)
            elif isinstance(block, Picture):
                self.shown.pictures.append((block.node, len(self.shown.items)))
            else:
                self._table(block)

    def _line(self, line: Printed) -> None:
        if text := line.text.strip():
            self.shown.add(Line(text, self._places.at(line.start)), line.node, line)

    def _table(self, table: Table) -> None:
        self.flow(table.stray)
        self._left -= sum(len(row) for part in table.parts for row in part.rows)
        if self._left < 0:
            raise RejectedError("too_complex", "表格单元格过多")
        contents = {id(cell): self._content(cell) for part in table.parts for row in part.rows for cell in row}
        rows = [row for part in table.in_order() for row in self._rows(part)]
        if table.caption is not None:
            rows.insert(0, [_Slot(0, max((row[-1].right for row in rows), default=1), table.caption)])
            contents[id(table.caption)] = self._content(table.caption)
        if not rows:
            return
        if _lays_out(rows, contents):
            for cell in dict.fromkeys(slot.cell for row in rows for slot in row):
                self.flow(cell.flow)
            return
        self._grid += 1
        self._data(table, rows, contents)

    def _content(self, cell: Cell) -> _Content:
        content = _Content(cell)
        for block in blocks(cell.flow, self._source):
            if isinstance(block, Printed):
                content.lines.append(block)
            elif isinstance(block, Table):
                content.tables.append(block)
        return content

    def _rows(self, part: Part) -> Iterator[_Row]:
        """The rows of a part with the cells that reach into them from above; such a cell ends with its part."""
        reaching: list[tuple[_Slot, int]] = []
        for cells in part.rows:
            row = [slot for slot, _ in reaching]
            taken = sorted((slot.left, slot.right) for slot in row)
            self._left -= len(row)
            if self._left < 0:
                raise RejectedError("too_complex", "表格单元格过多")
            column = index = 0
            begun: list[tuple[_Slot, int]] = []
            for cell in cells:
                while index < len(taken) and taken[index][0] <= column:
                    column = max(column, taken[index][1])
                    index += 1
                slot = _Slot(column, column + cell.columns, cell)
                begun.append((slot, cell.rows or len(part.rows)))
                column = slot.right
            if cells:
                yield sorted([*row, *(slot for slot, _ in begun)], key=lambda slot: slot.left)
            reaching = [(slot, rows - 1) for slot, rows in [*reaching, *begun] if rows > 1]

    def _data(self, table: Table, rows: Sequence[_Row], contents: dict[int, _Content]) -> None:
        entries: dict[int, list[Entry]] = {}
        placed = len(rows) > 1
        last = max((n for n, row in enumerate(rows) if len(row) > 1), default=-1)
        for number, row in enumerate(rows):
            cells: list[Entry] = []
            own: list[_Content] = []
            for slot in row:
                if id(slot) not in entries:
                    entries[id(slot)] = self._entries(slot, contents[id(slot.cell)], placed=placed)
                    own.append(contents[id(slot.cell)])
                cells += entries[id(slot)]
            filled = [entry for entry in cells if entry.text]
            if len(filled) > 1 and all(_INVENTED_HEAD.fullmatch(entry.text) for entry in filled):
                continue
            below = number > last and len(row) == 1
            if len(filled) == 1 and own and (below or reads_as_prose(filled[0].text)):
                for content in own:
                    self.flow(content.cell.flow)
                continue
            self.shown.add(TableRow(cells, grid=self._grid), table.node)

    def _entries(self, slot: _Slot, content: _Content, *, placed: bool) -> list[Entry]:
        """The cell, or the cells of the one-row table that stands in it, side by side in its columns."""
        inner = [cell for table in content.tables for row in _rows_of(table) for cell in row]
        if len(inner) < 2:
            lines = content.lines + [line for cell in inner for line in self._content(cell).lines]
            return [self._entry(lines, slot.cell, slot.left * _UNIT, slot.right * _UNIT, placed=placed)]
        breadth = (slot.right - slot.left) * _UNIT / len(inner)
        found = []
        for index, cell in enumerate(inner):
            left = slot.left * _UNIT + index * breadth
            found.append(self._entry(self._content(cell).lines, cell, left, left + breadth, placed=placed))
        return found

    def _entry(self, lines: Sequence[Printed], cell: Cell, left: float, right: float, *, placed: bool) -> Entry:
        text = "\n".join(stripped for line in lines if (stripped := line.text.strip()))[:_LONGEST_CELL]
        start = next((line.start for line in lines if line.text.strip()), cell.start)
        doubt = next((line.doubt for line in lines if line.doubt), "")
        place = self._places.at(start)
        return Entry(text, place, left, right, doubt) if placed else Entry(text, place, doubt=doubt)


def _rows_of(table: Table) -> list[list[Cell]]:
    return [row for part in table.in_order() for row in part.rows if row]


def _is_large(table: Table) -> bool:
    """Whether an inner table is more than a row of cells."""
    rows = _rows_of(table)
    return len(rows) > 1 or any(isinstance(piece, Table) for row in rows for cell in row for piece in cell.flow)


def _lays_out(rows: Sequence[_Row], contents: dict[int, _Content]) -> bool:
    """Whether a table only arranges what stands in it: one column, other tables, or a text with its headings in a cell."""
    if all(len(row) == 1 for row in rows):
        return True
    for content in contents.values():
        if any(_is_large(table) for table in content.tables):
            return True
        if len(content.lines) > 1 and any(section_key(line.text) for line in content.lines):
            return True
    return any(_stands_alone(row, contents) for row in rows)


def _stands_alone(row: _Row, contents: dict[int, _Content]) -> bool:
    """Whether a row holds an inner row of cells with nothing of its own beside it."""
    inner, beside = False, False
    for slot in row:
        content = contents[id(slot.cell)]
        cells = sum(len(cells) for table in content.tables for cells in _rows_of(table))
        inner = inner or cells > 1
        beside = beside or bool(content.lines) or cells == 1
    return inner and not beside
