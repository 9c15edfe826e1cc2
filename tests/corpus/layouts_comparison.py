"""Prints in which a report stands beside figures of another year, or beside figures that the form does not know.

The report's own figures are the truth. A reader need not manage these; it must not take one figure for another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from infra.demo.authored import consistent
from infra.demo.grids import Grid, GridCell, table3_grid
from tests.corpus.layouts_chromium import printed
from tests.corpus.markup import BASE_CSS, Web, page_html, table_html
from tests.corpus.registry import Made, Order, layout
from tests.corpus.sheet import Table, part_of

_SIDES = "div.sides { display: flex; gap: 8mm; } div.sides > div { flex: 1; } div.sides table { font-size: 7pt; }"
_WIDE = "@page { size: A3 landscape; margin: 15mm; }"


def _last_year(order: Order) -> Grid:
    """Table 3 of the year before, of another size, so that its figures differ."""
    report = order.sheet.report
    return table3_grid(consistent(order.rng.randrange(10**6), report.agency, report.year - 1, "county", layout="2021"))


@layout("comparison", needs=("chromium",))
def comparison_side_by_side(order: Order) -> Made:
    """Table 3 of the year before to the left or right of this year's, each under its year."""
    return printed(order.sheet.story(), _sides(order))


def _sides(order: Order) -> Web:
    year, last = order.sheet.report.year, _last_year(order)
    before_first = order.rng.random() < 0.5

    def table(piece: Table) -> str:
        if piece.key != "table3":
            return table_html(piece.grid, web)
        both = [(year - 1, last), (year, piece.grid)]
        halves = "".join(
            f"<div><p>{which}年</p>{table_html(grid, web)}</div>"
            for which, grid in (both if before_first else both[::-1])
        )
        return f'<div class="sides">{halves}</div>'

    web = Web(css=BASE_CSS + _SIDES + _WIDE, table=table)
    return web


@layout("comparison", needs=("chromium",))
def comparison_annexed_table(order: Order) -> Made:
    """Table 3 of the year before stands below or above this year's."""
    return printed(order.sheet.story(), _stacked(order))


@layout("comparison", suffix="html")
def html_comparison_annexed_table(order: Order) -> Made:
    """The same as a web page."""
    return page_html(order.sheet.story(), _stacked(order)).encode()


def _stacked(order: Order) -> Web:
    year, last = order.sheet.report.year, _last_year(order)
    above = order.rng.random() < 0.5

    def table(piece: Table) -> str:
        own = table_html(piece.grid, web)
        if piece.key != "table3":
            return own
        other = f"<p>附：{year - 1}年收到和处理政府信息公开申请情况</p>{table_html(last, web)}"
        return f"{other}<p>{year}年</p>{own}" if above else own + other

    web = Web(table=table)
    return web


@layout("comparison", needs=("chromium",))
def comparison_two_years_a_row(order: Order) -> Made:
    """One table 3 with fourteen figures a row: seven of the year before, seven of this year, under their years."""
    web = Web(table=_widened(order), css=BASE_CSS + _WIDE)
    return printed(order.sheet.story(), web)


@layout("comparison", suffix="html")
def html_comparison_two_years_a_row(order: Order) -> Made:
    """The same as a web page."""
    return page_html(order.sheet.story(), Web(table=_widened(order))).encode()


def _widened(order: Order) -> Callable[[Table], str]:
    year, last = order.sheet.report.year, _last_year(order)

    def table(piece: Table) -> str:
        if piece.key != "table3":
            return table_html(piece.grid, Web())
        labels = [replace(c, row=c.row + 1) for c in piece.grid.cells if c.column < 3]
        before = [replace(c, row=c.row + 1) for c in part_of(last, 3, 10).cells]
        now = [replace(c, row=c.row + 1) for c in part_of(piece.grid, 3, 10).cells]
        cells = [GridCell(0, 0, "", columns=3), GridCell(0, 3, f"{year - 1}年", columns=7)]
        cells += [GridCell(0, 10, f"{year}年", columns=7), *labels]
        cells += [replace(c, column=c.column + 3) for c in before] + [replace(c, column=c.column + 10) for c in now]
        widths = (*piece.grid.widths, *piece.grid.widths[3:])
        return table_html(Grid(widths, piece.grid.height + 1, piece.grid.head + 1, tuple(cells)), Web())

    return table


@layout("comparison", needs=("chromium",))
def comparison_subtotal_column(order: Order) -> Made:
    """An eighth column in table 3: 小计 of the legal persons, before 总计."""
    return printed(order.sheet.story(), Web(table=_subtotalled(order)))


def _subtotalled(order: Order) -> Callable[[Table], str]:
    rows = order.sheet.report.table3

    def table(piece: Table) -> str:
        if piece.key != "table3":
            return table_html(piece.grid, Web())
        cells = [replace(c, column=9 + 1) if c.column == 9 else c for c in piece.grid.cells]
        cells = [replace(c, columns=6) if c.row == 1 and c.columns == 5 else c for c in cells]
        cells = [replace(c, columns=8) if c.row == 0 and c.columns == 7 else c for c in cells]
        cells.append(GridCell(2, 9, "小计"))
        for cell in piece.grid.cells:
            if cell.path.endswith(".total"):
                legal = [part for part in rows[cell.path.split(".")[1]][1:6] if isinstance(part, int)]
                cells.append(GridCell(cell.row, 9, str(sum(legal))))
        widths = (*piece.grid.widths, piece.grid.widths[-1])
        return table_html(Grid(widths, piece.grid.height, piece.grid.head, tuple(cells)), Web())

    return table
