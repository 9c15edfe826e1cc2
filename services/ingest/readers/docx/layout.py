"""From paragraphs and tables to neutral items: which tables are tables and which only frame others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from services.core.form.labels import squeeze
from services.ingest.readers.docx.content import Block, Cell, Paragraph, Row, Table
from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.primitives import Entry, Item, Line, Place, TableRow
from services.ingest.recognise.sections import section_key

_COLUMN: Final = 50.0
"""Width of a grid column (points) for which the table states none."""
_NEAR: Final = 0.03
"""Share of its width by which the rows of a table may differ when they are told apart by widths alone."""
_PROSE: Final = 60
"""Characters from which the only cell of a row holds prose and no heading of the table."""

NUMBERED = "数字前有自动编号"
BOXED = "单元格里有文本框"
PICTURED = "单元格里有图片"
BELOW = "合并的单元格里还有未显示的文字"


class Layout:
    """Gives the items of a document in reading order.

    Places: ``line`` counts the paragraphs with text and the table rows from the beginning, from 1; ``column`` is the
    number of the cell in its row, 1 for paragraphs. Columns lie where the grid says, in points from the table's edge.
    """

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._line = 0
        self._grid = 0

    def add(self, blocks: Sequence[Block]) -> None:
        """Append what `blocks` show."""
        for block in blocks:
            if isinstance(block, Paragraph):
                if text := block.printed:
                    self._line += 1
                    self.items.append(Line(text, Place(line=self._line, column=1)))
            elif all(len(row.cells) <= 1 for row in block.rows):
                for row in block.rows:
                    for cell in row.cells:
                        self.add(cell.blocks)
            else:
                self._table(block)

    def _table(self, table: Table) -> None:
        self._grid += 1
        grid = self._grid
        extents = _extents(table)
        merged: dict[tuple[float, float] | tuple[int, int], Entry] = {}
        for row, sides in zip(table.rows, extents, strict=True):
            texts = [_text(cell.blocks) for cell in row.cells]
            if _is_prose(row, texts):
                for cell in row.cells:
                    self.add(cell.blocks)
                continue
            self._line += 1
            here: dict[tuple[float, float] | tuple[int, int], Entry] = {}
            cells: list[Entry] = []
            framed: list[Cell] = []
            for index, cell in enumerate(row.cells):
                if _has_table(cell):
                    framed.append(cell)
                    continue
                left, right = sides[index] if sides is not None else (None, None)
                key = (cell.start, cell.span) if left is None or right is None else (round(left), round(right))
                entry = merged.get(key) if cell.above else None
                text = texts[index]
                if entry is None:
                    place = Place(line=self._line, column=index + 1)
                    entry = Entry(text, place, left, right, _doubt(cell.blocks, text))
                elif not entry.doubt and text:
                    entry.doubt = BELOW
                here[key] = entry
                cells.append(entry)
            merged = here
            if cells and not (framed and not any(entry.text for entry in cells)):
                cells.sort(key=lambda entry: entry.left or 0.0)
                self.items.append(TableRow(cells, grid=grid))
            for cell in framed:
                self.add(cell.blocks)


def _is_prose(row: Row, texts: Sequence[str]) -> bool:
    """Whether a row of one cell is running text or a section's heading in a table that frames the report."""
    if sum(map(bool, texts)) > 1:
        return False
    filled = [(cell, text) for cell, text in zip(row.cells, texts, strict=True) if text or _has_table(cell)]
    if len(filled) != 1 or filled[0][0].above:
        return False
    cell, text = filled[0]
    if any(isinstance(block, Paragraph) and section_key(block.printed) for block in cell.blocks):
        return True
    return len(row.cells) == 1 and (_has_table(cell) or len(squeeze(text)) > _PROSE)


def _has_table(cell: Cell) -> bool:
    """Whether the cell holds a table of several columns; one of a single column is a way to set the cell's text."""
    return any(isinstance(block, Table) and any(len(row.cells) > 1 for row in block.rows) for block in cell.blocks)


def _text(blocks: Sequence[Block]) -> str:
    if len(blocks) == 1 and isinstance(blocks[0], Paragraph):
        return blocks[0].printed
    return "\n".join(filter(None, (paragraph.printed for paragraph in _paragraphs(blocks))))


def _paragraphs(blocks: Sequence[Block]) -> list[Paragraph]:
    found: list[Paragraph] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            found.append(block)
        else:
            found += [one for row in block.rows for cell in row.cells for one in _paragraphs(cell.blocks)]
    return found


def _doubt(blocks: Sequence[Block], text: str) -> str:
    """Why what stands in the cell may not be the one figure that it seems to be."""
    for paragraph in _paragraphs(blocks):
        if paragraph.doubt:
            return paragraph.doubt
        if paragraph.label and paragraph.text.strip() and looks_like_figure(paragraph.text):
            return NUMBERED
        if paragraph.boxed and paragraph.printed:
            return BOXED
        if paragraph.inline_picture or (paragraph.picture and not text):
            return PICTURED
    return ""


def _extents(table: Table) -> list[list[tuple[float, float]] | None]:
    """Left and right of each cell of each row; None for all rows where neither grid nor widths tell."""
    wide = max((row.end for row in table.rows), default=0)
    if all(row.end == wide for row in table.rows):
        return _mirrored(table, _by_grid(table, wide))
    by_width = [_by_width(row) for row in table.rows]
    ends = [sides[-1][1] for sides in by_width if sides]
    if all(sides is not None for sides in by_width) and ends and max(ends) - min(ends) <= _NEAR * max(ends):
        return _mirrored(table, by_width)
    return [None] * len(table.rows)


def _by_grid(table: Table, wide: int) -> list[list[tuple[float, float]] | None]:
    stated = table.widths if len(table.widths) == wide and all(table.widths) else [_COLUMN] * wide
    edges = [0.0, *accumulate(stated)]
    return [[(edges[cell.start], edges[cell.start + cell.span]) for cell in row.cells] for row in table.rows]


def _by_width(row: Row) -> list[tuple[float, float]] | None:
    at = row.indent
    sides: list[tuple[float, float]] = []
    for cell in row.cells:
        if at is None or cell.width is None:
            return None
        sides.append((at, at + cell.width))
        at += cell.width
    return sides


def _mirrored(table: Table, extents: list[list[tuple[float, float]] | None]) -> list[list[tuple[float, float]] | None]:
    if not table.mirrored:
        return extents
    edge = max((sides[-1][1] for sides in extents if sides), default=0.0)
    return [None if sides is None else [(edge - right, edge - left) for left, right in sides] for sides in extents]
