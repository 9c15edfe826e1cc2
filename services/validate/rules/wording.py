"""The phrases that messages share: names of rows and columns in quotes, lists with an end, figures as printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from services.core.form import form, place, row_place
from services.validate.rules.relations import Balance, Relation
from services.validate.rules.sheet import Entry, Sheet

TABLE_NAMES = {"table2": "表二", "table3": "表三", "table4": "表四"}


def row_name(table: str, row: str, layout: str) -> str:
    """``表三“（一）予以公开”一行``."""
    words = row_place(table, row, layout)
    return f"{words[:2]}“{words[2:].strip()}”一行"


def column_name(column: str, layout: str) -> str:
    """``表三“自然人”一列``; the column 其他 is told apart from the row 其他 by its head."""
    found = next(item for item in form(layout).table3_columns if item.key == column)
    label = f"{found.group}·{found.label}" if column == "other" else found.label
    return f"表三“{label}”一列"


def block_name(block: str, layout: str) -> str:
    """``表四“行政复议”``."""
    words = row_place("table4", block, layout)
    return f"{words[:2]}“{words[2:].strip()}”"


def relation_name(relation: Relation, layout: str) -> str:
    """What a relation is about: ``表三“（一）予以公开”一行``, ``表三“自然人”一列的（七）总计``, ``表四“行政复议”``."""
    if relation.rule == "T3-1":
        return row_name("table3", relation.key, layout)
    if relation.rule == "T4-1":
        return block_name(relation.key, layout)
    return f"{column_name(relation.key, layout)}的{'第一至四项' if relation.rule == 'T3-2' else '（七）总计'}"


def printed(value: Entry) -> str:
    """A figure in digits, without exponent and trailing zeros; a blank by its name."""
    if value is None:
        return "空白"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def listed(items: Sequence[str], unit: str, limit: int = 6) -> str:
    """``甲、乙、丙``, cut after `limit` items with their number: ``甲、乙等 9 处``."""
    text = "、".join(items[:limit])
    return text if len(items) <= limit else f"{text}等 {len(items)} {unit}"


def cells_listed(sheet: Sheet, paths: Sequence[str]) -> list[str]:
    """Places of cells; a row of which every cell is meant is named once."""
    return list(_by_row(sheet, paths))


def _by_row(sheet: Sheet, paths: Sequence[str]) -> Iterator[str]:
    rows: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        table, row = path.split(".")[:2]
        rows.setdefault((table, row), []).append(path)
    for (table, row), cells in rows.items():
        layout = sheet.layout_of(table)
        whole = sum(path.startswith(f"{table}.{row}.") for path in sheet.cells)
        if len(cells) > 1 and len(cells) == whole:
            yield f"{row_place(table, row, layout)}（整行）"
        else:
            yield from (place(path, layout) for path in cells)


def gap_words(found: Balance) -> str:
    """The end of every sum's statement: ``相差 1。``, whether a blank was counted as 0, and what was left out."""
    if found.at_least:
        return f"空白和未读出的格无论是多少，至少相差 {abs(found.gap)}。"
    note = "（空白按 0 计）" if found.blanks else ""
    return f"相差 {abs(found.gap)}{note}。"


def stated_words(sheet: Sheet, relation: Relation) -> str:
    """What stands as the total of a relation: ``填报 7``, ``读作 7`` or ``空白``."""
    value = sheet.cells.get(relation.stated, "")
    return "空白" if value is None else f"{sheet.said(relation.where)} {printed(value)}"


def sum_words(found: Balance) -> str:
    """What a sum is called: ``合计``, or that cells are missing from it."""
    return "已有的数合计" if found.at_least else "合计"


def term(sheet: Sheet, path: str) -> str:
    """A summand as it was counted: its figure, 0 for a blank, ``？`` where nothing can be counted."""
    value = sheet.cells.get(path, "")
    return str(value or 0) if value is None or isinstance(value, int) else "？"
