"""Cell paths (``table3.granted.natural``) and the words in which a person finds the cell on paper."""

from __future__ import annotations

from dataclasses import dataclass

from services.core.form.declaration import Form, form


@dataclass(frozen=True, slots=True)
class CellPath:
    """A parsed path. ``column`` is a column key; for scalar rows of table 2 it is the row's only column."""

    table: str
    row: str
    column: str


def parse_path(path: str, layout: str = "2021") -> CellPath:
    """Parse a cell path of one layout. Raises KeyError when the form has no such cell."""
    shape = form(layout)
    table, row, *rest = path.split(".")
    if table == "table2":
        columns = shape.table2_row[row].columns
        if shape.table2_row[row].scalar:
            if rest:
                raise KeyError(path)
            return CellPath(table, row, columns[0])
        if len(rest) != 1 or not rest[0].isdigit() or int(rest[0]) >= len(columns):
            raise KeyError(path)
        return CellPath(table, row, columns[int(rest[0])])
    if len(rest) != 1 or path not in _paths(shape, table):
        raise KeyError(path)
    return CellPath(table, row, rest[0])


def _paths(shape: Form, table: str) -> frozenset[str]:
    if table == "table3":
        return frozenset(shape.paths("table3"))
    if table == "table4":
        return frozenset(shape.paths("table4"))
    return frozenset()


def row_place(table: str, row: str, layout: str = "2021") -> str:
    """A row in words: ``表三（三）不予公开 1.属于国家秘密``, ``表四 行政复议``, ``表二 行政许可``."""
    shape = form(layout)
    if table == "table2":
        return f"表二 {shape.table2_row[row].label}"
    if table == "table4":
        block = next(block for block in shape.table4_blocks if block.key == row)
        return f"表四 {block.group}·{block.label}" if block.group else f"表四 {block.label}"
    line = shape.table3_row[row]
    label = line.label.split("（")[0]
    if line.group and line.group != "results":
        group = shape.table3_group[line.group]
        return f"表三{group.mark}{group.label} {line.mark}{label}"
    glue = "" if line.mark.startswith("（") else " "
    return f"表三{glue}{line.mark}{label}"


def place(path: str, layout: str = "2021") -> str:
    """A cell in words, e.g. ``表三（一）予以公开 · 自然人``. Raises KeyError for a path the form does not have."""
    cell = parse_path(path, layout)
    shape = form(layout)
    where = row_place(cell.table, cell.row, layout)
    if cell.table == "table2":
        return f"{where} · {shape.table2_column[cell.column].label.split('（')[0]}"
    columns = shape.table3_columns if cell.table == "table3" else shape.table4_columns
    column = next(column for column in columns if column.key == cell.column)
    name = f"{column.group}·{column.label}" if column.key == "other" and column.group else column.label
    return f"{where} · {name}"
