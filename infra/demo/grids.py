"""The three tables of a report as grids of cells with spans, as the national form prints them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Literal

from infra.demo.authored import AuthoredReport, Printed
from services.core.form import Form, Row, Table2Row


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell at ``row``/``column`` over ``rows`` × ``columns`` units. ``path`` is set for a figure."""

    row: int
    column: int
    text: str
    rows: int = 1
    columns: int = 1
    align: Literal["left", "centre"] = "centre"
    path: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: relative column widths, number of rows, how many of them are head, and the cells in reading order."""

    widths: tuple[float, ...]
    height: int
    head: int
    cells: tuple[GridCell, ...]


LABEL_WIDTHS = (2.4, 4.6, 12.0)
"""Relative widths of the three label columns of table 3: 三、本年度办理结果, the group, the row."""

FIGURE_WIDTH = 3.6


def printed_text(printed: Printed, *, signed: bool = False) -> str:
    """A figure as the table prints it; a blank is empty. ``signed`` puts a plus before increases (本年增/减)."""
    if printed is None:
        return ""
    if isinstance(printed, str):
        return printed
    text = f"{printed:f}" if isinstance(printed, Decimal) else str(printed)
    return f"+{text}" if signed and printed > 0 else text


def group_heading(shape: Form, key: str) -> str:
    """The printed head of a group of rows: ``三、本年度办理结果``, ``（三）不予公开``."""
    group = shape.table3_group[key]
    glue = "" if group.mark.endswith("）") else "、"
    return f"{group.mark}{glue}{group.label}"


def corner_note(shape: Form) -> str:
    """The 勾稽 note as printed in the corner of table 3, in brackets."""
    return f"（{shape.table3_corner}）"


def table2_grid(report: AuthoredReport) -> Grid:
    """Table 2: four blocks (five in the 2019 layout) of title, head row and rows, on four columns."""
    cells: list[GridCell] = []
    row = 0
    for block, rows in groupby(report.form.table2_rows, key=lambda item: item.block):
        cells.append(GridCell(row, 0, block, columns=4))
        row += 1
        for index, item in enumerate(rows):
            if index == 0:
                cells.append(GridCell(row, 0, "信息内容"))
                cells += _spread(row, [report.form.table2_column[key].label for key in item.columns])
                row += 1
            cells.append(GridCell(row, 0, item.label))
            cells += _table2_figures(report, item, row)
            row += 1
    return Grid((10, 9, 9, 9), row, 0, tuple(cells))


def _table2_figures(report: AuthoredReport, item: Table2Row, row: int) -> list[GridCell]:
    paths = (
        [f"table2.{item.key}"] if item.scalar else [f"table2.{item.key}.{index}" for index in range(len(item.columns))]
    )
    numbers = [report.form.table2_column[key].number for key in item.columns]
    texts = [
        printed_text(report.figure(path), signed=number == "signed")
        for path, number in zip(paths, numbers, strict=True)
    ]
    return _spread(row, texts, paths)


def _spread(row: int, texts: list[str], paths: list[str] | None = None) -> list[GridCell]:
    """One, two or three cells over the three columns right of the label; the last takes what is left."""
    last = len(texts) - 1
    return [
        GridCell(row, 1 + index, text, columns=3 - last if index == last else 1, path=paths[index] if paths else "")
        for index, text in enumerate(texts)
    ]


def table3_grid(report: AuthoredReport) -> Grid:
    """Table 3: a head of three rows with the 勾稽 corner, then the rows with their groups spanning at the left."""
    shape = report.form
    cells = _table3_head(shape)
    first_result = next(index for index, row in enumerate(shape.table3_rows) if row.group)
    results = sum(1 for row in shape.table3_rows if row.group)
    sizes = {key: sum(1 for row in shape.table3_rows if row.group == key) for key in shape.table3_group}
    seen = {"", "results"}
    for index, row in enumerate(shape.table3_rows):
        at = index + 3
        if index == first_result:
            cells.append(GridCell(at, 0, group_heading(shape, "results"), rows=results))
        if row.group not in seen:
            seen.add(row.group)
            cells.append(GridCell(at, 1, group_heading(shape, row.group), rows=sizes[row.group]))
        cells.append(_table3_label(row, at))
        cells += [
            GridCell(at, 3 + place, printed_text(printed), path=f"table3.{row.key}.{column}")
            for place, (column, printed) in enumerate(zip(shape.column_keys, report.table3[row.key], strict=True))
        ]
    widths = (*LABEL_WIDTHS, *(FIGURE_WIDTH for _ in shape.table3_columns))
    return Grid(widths, len(shape.table3_rows) + 3, 3, tuple(cells))


def _table3_label(row: Row, at: int) -> GridCell:
    column, span = {"": (0, 3), "results": (1, 2)}.get(row.group, (2, 1))
    return GridCell(at, column, f"{row.mark}{row.label}", columns=span, align="left")


def _table3_head(shape: Form) -> list[GridCell]:
    columns = shape.table3_columns
    head = [GridCell(0, 0, corner_note(shape), rows=3, columns=3), GridCell(0, 3, "申请人情况", columns=len(columns))]
    placed: set[str] = set()
    for index, column in enumerate(columns):
        if not column.group:
            head.append(GridCell(1, 3 + index, column.label, rows=2))
        elif column.group not in placed:
            placed.add(column.group)
            span = sum(1 for other in columns if other.group == column.group)
            head.append(GridCell(1, 3 + index, column.group, columns=span))
    head += [GridCell(2, 3 + index, column.label) for index, column in enumerate(columns) if column.group]
    return head


def table4_grid(report: AuthoredReport) -> Grid:
    """Table 4: a head of three levels over one row of fifteen figures."""
    shape = report.form
    columns = shape.table4_columns
    heads: tuple[list[GridCell], list[GridCell], list[GridCell]] = ([], [], [])
    figures: list[GridCell] = []
    placed: set[str] = set()
    for index, block in enumerate(shape.table4_blocks):
        at = index * len(columns)
        name = block.group or block.label
        if name not in placed:
            placed.add(name)
            span = sum(1 for other in shape.table4_blocks if (other.group or other.label) == name)
            heads[0].append(GridCell(0, at, name, columns=span * len(columns)))
        if block.group:
            heads[1].append(GridCell(1, at, block.label, columns=len(columns)))
        for place, column in enumerate(columns):
            row, rows = (2, 1) if block.group else (1, 2)
            heads[row].append(GridCell(row, at + place, column.label, rows=rows))
            printed = report.table4[block.key][column.key]
            figures.append(GridCell(3, at + place, printed_text(printed), path=f"table4.{block.key}.{column.key}"))
    width = tuple(1.0 for _ in figures)
    return Grid(width, 4, 3, (*heads[0], *heads[1], *heads[2], *figures))
