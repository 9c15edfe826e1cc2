"""Reports as comma-separated values, as spreadsheets and data forms export them."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Mapping

from infra.demo.grids import Grid
from tests.corpus.damage import Damage, Rows, damaged_rows
from tests.corpus.figure_styles import NO_EMPTY
from tests.corpus.layouts_html import FORMS
from tests.corpus.registry import Made, Order, layout
from tests.corpus.sheet import Table, TableKey, rows_of

_ENCODINGS = ("utf-8", "utf-8-sig", "utf-8-sig", "gb18030", "utf-16")


def written(rows: Iterable[list[str]], rng: random.Random, separator: str = "") -> bytes:
    """Rows as a file: comma, semicolon or tab, line ends of one kind or the other, one of the usual encodings."""
    out = io.StringIO()
    sign = separator or rng.choice((",", ",", ";", "\t"))
    quoted = rng.random() < 0.3
    csv.writer(
        out,
        delimiter=sign,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
        lineterminator=rng.choice(("\r\n", "\n")),
    ).writerows(rows)
    return out.getvalue().encode(rng.choice(_ENCODINGS))


def filled_rows(grid: Grid) -> Rows:
    """The texts of a grid with every spanning cell repeated in all its fields."""
    rows = [[""] * len(grid.widths) for _ in range(grid.height)]
    for cell in grid.cells:
        for row in range(cell.row, cell.row + cell.rows):
            for column in range(cell.column, cell.column + cell.columns):
                rows[row][column] = cell.text
    return rows


def _whole(order: Order, tables: Mapping[TableKey, Rows]) -> Rows:
    """The report with its prose in the first field; every row as wide as the widest table."""
    rows: Rows = []
    for piece in order.sheet.story():
        rows += tables[piece.key] if isinstance(piece, Table) else [[piece.text]]
    return rows


def _tables(order: Order) -> list[Table]:
    return [piece for piece in order.sheet.story() if isinstance(piece, Table)]


@layout("csv", suffix="csv", forms=FORMS)
def csv_spreadsheet(order: Order) -> Made:
    """A spreadsheet's export: spanning cells in their first field, all rows equally wide."""
    rows = _whole(order, {table.key: rows_of(table.grid) for table in _tables(order)})
    width = max(map(len, rows))
    return written(([*row, *[""] * (width - len(row))] for row in rows), order.rng)


@layout("csv", suffix="csv", forms=FORMS)
def csv_tables_only(order: Order) -> Made:
    """The title and the three tables, nothing else; fields at the end of a row are left out where empty."""
    rows: Rows = [["".join(order.sheet.title)]]
    for table in _tables(order):
        rows += [_cut(row) for row in rows_of(table.grid)] + [[]]
    return written(rows, order.rng)


def _cut(row: list[str]) -> list[str]:
    """A row without the empty fields at its end, as long as they are no figures."""
    used = max((index for index, text in enumerate(row) if text), default=-1) + 1
    return row if len(row) != 4 else row[:used]


@layout("csv", suffix="csv", styles=NO_EMPTY)
def csv_filled_spans(order: Order) -> Made:
    """Spanning cells repeated in all their fields: group heads in each row, single figures of table 2 three times."""
    return written(_whole(order, {table.key: filled_rows(table.grid) for table in _tables(order)}), order.rng)


@layout("csv", suffix="csv")
def csv_lines_in_cells(order: Order) -> Made:
    """Quoted cells with line ends inside, as typed in a spreadsheet."""
    rng = order.rng

    def broken(text: str) -> str:
        if len(text) < 5 or text[0].isdigit() or rng.random() < 0.5:
            return text
        at = rng.randint(2, len(text) - 2)
        return f"{text[:at]}\n{text[at:]}"

    tables = {}
    for table in _tables(order):
        figures = {(c.row, c.column) for c in table.grid.cells if c.path}
        rows = rows_of(table.grid)
        tables[table.key] = [
            [t if (r, c) in figures else broken(t) for c, t in enumerate(row)] for r, row in enumerate(rows)
        ]
    return written(_whole(order, tables), rng)


@layout("csv", suffix="csv", styles=NO_EMPTY)
def csv_shifted_fields(order: Order) -> Made:
    """Labels in field 1, 2 or 3, the figures directly behind them; rows broken by the page, wrong heads."""
    rng = order.rng
    damage = Damage(shift=True, trail=rng.random() < 0.5, broken=rng.random() < 0.5, wrong_head=rng.random() < 0.5)
    return _damaged(order, damage)


@layout("csv", suffix="csv", styles=NO_EMPTY)
def csv_eleven_figures(order: Order) -> Made:
    """Eleven or twelve figures where seven belong, from some row on."""
    return _damaged(order, Damage(repeat=True, trail=order.rng.random() < 0.5))


def _damaged(order: Order, damage: Damage) -> bytes:
    tables: dict[TableKey, Rows] = {}
    for table in _tables(order):
        pieces = damaged_rows(table.grid, damage, order.rng) if table.key == "table3" else [rows_of(table.grid)]
        tables[table.key] = [row for piece in pieces for row in piece]
    return written(_whole(order, tables), order.rng)
