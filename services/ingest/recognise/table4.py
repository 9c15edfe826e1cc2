"""Table 4 (行政复议、行政诉讼): fifteen figures, three blocks of five, usually in one row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from services.core.form import form
from services.core.form.labels import squeeze
from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.labels import name_of
from services.ingest.recognise.placed import TableFound, choose, is_blank, place_figure
from services.ingest.recognise.primitives import Entry, Place, TableRow

_FORM = form("2021")
_BLOCKS = tuple(block.key for block in _FORM.table4_blocks)
_COLUMNS = tuple(column.key for column in _FORM.table4_columns)
_ORDER = tuple((block, column) for block in _BLOCKS for column in _COLUMNS)
_BLOCK_NAMES = {name_of(t): b.key for b in _FORM.table4_blocks for t in (b.label, *b.aliases)}
_COLUMN_NAMES = {squeeze(t): c.key for c in _FORM.table4_columns for t in (c.label, *c.aliases)}
_TELLING = frozenset({"结果维持", "结果纠正", "其他结果", "尚未审结"})
_WIDTH = len(_ORDER)
_OVERFLOW = re.compile(r"(?P<before>[^\d\s]{1,2})?\s*(?P<figure>\d[\d,.]*)\s*(?P<after>[^\d\s]{1,2})?")


@dataclass(slots=True)
class _Found:
    """Figure rows under a heading: (cells, paths, doubt)."""

    cells: list[Entry]
    paths: tuple[tuple[str, str], ...]
    doubt: str = ""


def is_heading(row: TableRow) -> bool:
    """Whether `row` prints column heads that only table 4 has."""
    if row.loose:
        text = squeeze(row.cells[0].text)
        return "行政复议" in text and ("尚未审结" in text or text.count("审") >= 3)
    return not _TELLING.isdisjoint([squeeze(cell.text) for cell in row.cells])


def read_table4(rows: Sequence[TableRow]) -> TableFound | None:
    """The table among `rows` (rows of other tables left out), or None when its heading is not there."""
    start = next((index for index, row in enumerate(rows) if is_heading(row)), None)
    if start is None:
        return None
    table = TableFound("2021")
    # the block names stand one or two rows above the column heads
    body = rows[max(0, start - 2) :]
    _give_back_overflow(body)
    _part_joined_cells(body)
    found = _one_row(body) or _by_blocks(body)
    if not found:
        table.missing["table4"] = "表四的数字没有找到或个数不对"
        if width := _odd_width(body):
            table.widths["table4"] = width
        return table
    for part in found:
        for (block, column), entry in zip(part.paths, part.cells, strict=True):
            table.figures[f"table4.{block}.{column}"] = place_figure(entry, "count", part.doubt)
    for block in _BLOCKS:
        cells = [placed.entry for path, placed in table.figures.items() if path.startswith(f"table4.{block}.")]
        if not cells:
            table.missing[f"table4.{block}"] = "没有在表中找到这一栏"
        elif all(is_blank(cell) for cell in cells):
            table.blank_rows.append(f"table4.{block}")
    return table


def _give_back_overflow(rows: Sequence[TableRow]) -> None:
    """Take the end of a head off the figure below, where upright type runs out of its cell: 结果维 above 持 24.

    Only where head and end together are the name of a column, and what is left is a figure.
    """
    heads: dict[tuple[float | None, float | None], Entry] = {}
    for row in rows:
        for cell in () if row.loose else row.cells:
            head = heads.get((cell.left, cell.right)) if cell.left is not None else None
            match = _OVERFLOW.fullmatch(cell.text)
            end, figure = (match["before"] or match["after"], match["figure"]) if match else ("", "")
            if head and end and squeeze(head.text + end) in _COLUMN_NAMES and looks_like_figure(figure):
                printed_over = "\n" not in cell.text
                cell.doubt = cell.doubt or ("数字与别的字重叠" if printed_over else "")
                head.text, cell.text = head.text + end, figure
                cell.place = cell.place._replace(bbox=cell.figure or cell.place.bbox)
            if cell.text and not looks_like_figure(cell.text):
                heads[cell.left, cell.right] = cell


def _part_joined_cells(rows: Sequence[TableRow]) -> None:
    """Part a figure cell as wide as several, one sign for each: the rule between was not found (a seal).

    Believed only where every sum through the figures holds.
    """
    why = "两格之间的格线没有认出"
    for row in rows:
        if row.loose or not _WIDTH // 2 < len(row.cells) < _WIDTH or not _figure_cells(row):
            continue
        wide = [(cell.left, cell.right) for cell in row.cells if cell.left is not None and cell.right is not None]
        usual = median([right - left for left, right in wide] or [0.0])
        parted: list[Entry] = []
        for cell in row.cells:
            signs, parts = squeeze(cell.text), _widths_in(cell, usual)
            if len(parts) > 1 and len(signs) == len(parts):
                parted += [
                    Entry(sign, _part_of(cell, part), *part, cell.doubt, cell.weak or why)
                    for sign, part in zip(signs, parts, strict=True)
                ]
            else:
                parted.append(cell)
        if len(parted) == _WIDTH:
            row.cells[:] = parted


def _widths_in(cell: Entry, usual: float) -> list[tuple[float, float]]:
    """The cell in as many equal parts as cells of the usual width have room in it."""
    if cell.left is None or cell.right is None or usual <= 0:
        return []
    count = round((cell.right - cell.left) / usual)
    step = (cell.right - cell.left) / max(count, 1)
    return [(cell.left + at * step, cell.left + (at + 1) * step) for at in range(count)]


def _part_of(cell: Entry, span: tuple[float, float]) -> Place:
    """The place of the part of a cell that lies between two positions across."""
    box, left, right = cell.place.bbox, cell.left, cell.right
    if box is None or left is None or right is None or right <= left:
        return cell.place
    points = (box[2] - box[0]) / (right - left)
    x0, x1 = (round(box[0] + (max(left, min(at, right)) - left) * points, 2) for at in span)
    return cell.place._replace(bbox=(x0, box[1], x1, box[3]))


def _figure_cells(row: TableRow) -> list[Entry]:
    cells = list(row.cells[1:] if row.loose else row.cells)
    return cells if all(looks_like_figure(cell.text) or _wordy_figure(cell) for cell in cells) else []


def _wordy_figure(cell: Entry) -> bool:
    """Words in a cell that are no head: such a row is still a row of figures."""
    text = squeeze(cell.text)
    return text not in _COLUMN_NAMES and name_of(text) not in _BLOCK_NAMES and text not in ("行政诉讼", "结果")


def _one_row(rows: Sequence[TableRow]) -> list[_Found]:
    best: _Found | None = None
    for row in rows:
        cells = _figure_cells(row)
        if len(cells) < _WIDTH or (is_heading(row) and not row.loose):
            continue
        chosen = choose(cells, _WIDTH)
        if chosen.entries is None:
            continue
        blank = all(is_blank(cell) for cell in chosen.entries)
        if best is None or (all(is_blank(cell) for cell in best.cells) and not blank):
            paths, doubt = _paths(rows, row, chosen.entries)
            if chosen.entries[0].left is None and not blank and any(is_blank(cell) for cell in chosen.entries):
                doubt = doubt or "表四有空格，数字可能错了列"
            best = _Found(chosen.entries, paths, doubt)
        elif not blank and [squeeze(c.text) for c in best.cells] != [squeeze(c.text) for c in chosen.entries]:
            best.doubt = "表四有两行不同的数字"
    return [best] if best else []


def _paths(rows: Sequence[TableRow], row: TableRow, cells: Sequence[Entry]) -> tuple[tuple[tuple[str, str], ...], str]:
    """Block and column of each cell by the heads above it; the fixed order where no heads stand above."""
    heads = [(squeeze(c.text), c) for r in rows if r.grid == row.grid for c in r.cells if not looks_like_figure(c.text)]
    if row.loose or not heads or cells[0].left is None:
        return _ORDER, ""
    read: list[tuple[str, str] | None] = []
    for cell in cells:
        above = [text for text, head in heads if _over(head, cell)]
        column = next((_COLUMN_NAMES[text] for text in above if text in _COLUMN_NAMES), None)
        block = next((_BLOCK_NAMES[name_of(text)] for text in above if name_of(text) in _BLOCK_NAMES), None)
        read.append((block, column) if block and column else None)
    if tuple(read) == _ORDER or (
        None in read and all(one in (None, want) for one, want in zip(read, _ORDER, strict=True))
    ):
        return _ORDER, ""
    if None not in read and len(set(read)) == _WIDTH:
        return tuple(one for one in read if one is not None), ""
    return _ORDER, "表四的数字与表头对不上"


def _over(head: Entry, cell: Entry) -> bool:
    if head.left is None or head.right is None or cell.left is None or cell.right is None:
        return False
    return head.left <= (cell.left + cell.right) / 2 < head.right


def _by_blocks(rows: Sequence[TableRow]) -> list[_Found]:
    """Rows of five (and ten) figures, each under or beside the name of its block."""
    found: list[_Found] = []
    blocks: list[str] = []
    for row in rows:
        words = [c for c in row.cells if not looks_like_figure(c.text)]
        for cell in words:
            block = _BLOCK_NAMES.get(name_of(cell.text))
            if block and block not in blocks:
                blocks.append(block)
        cells = [c for c in row.cells if looks_like_figure(c.text)] if not row.loose else []
        beside = [b for c in words if (b := _BLOCK_NAMES.get(name_of(c.text)))]
        if beside and len(beside) == 1 and len(cells) == len(_COLUMNS):
            found.append(_Found(cells, tuple((beside[0], column) for column in _COLUMNS)))
            blocks.clear()
        elif not words and blocks and len(cells) == len(_COLUMNS) * len(blocks) and not all(map(is_blank, cells)):
            found.append(_Found(cells, tuple((block, column) for block in blocks for column in _COLUMNS)))
            blocks.clear()
    named = [path for part in found for path in part.paths]
    return found if len(set(named)) == len(named) else []


def _odd_width(rows: Sequence[TableRow]) -> int:
    widths = [len([c for c in _figure_cells(row) if not is_blank(c)]) for row in rows]
    return max(widths, default=0)
