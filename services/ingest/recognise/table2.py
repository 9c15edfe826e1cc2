"""Table 2 (主动公开政府信息情况): rows by their label, columns by the heading above them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from services.core.form import Table2Row, form
from services.core.form.labels import squeeze
from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.labels import REMEMBERED, most_similar, name_of
from services.ingest.recognise.placed import Chosen, TableFound, choose, core, is_blank, place_figure
from services.ingest.recognise.primitives import Entry, TableRow

_ONLY_2019 = frozenset(
    {
        "made_new",
        "published_new",
        "public_total",
        "last_year_items",
        "change",
        "procurement_items",
        "procurement_amount",
    }
)
_ONLY_2021 = frozenset({"made", "repealed", "in_force", "amount"})


_STEMS = (
    ("本年制发", "made"),
    ("本年废止", "repealed"),
    ("现行有效", "in_force"),
    ("本年新制", "made_new"),
    ("本年新公", "published_new"),
    ("对外公开", "public_total"),
    ("上一年项", "last_year_items"),
    ("本年增", "change"),
    ("处理决定", "decisions"),
    ("收费金额", "amount"),
    ("采购项目", "procurement_items"),
    ("采购总金", "procurement_amount"),
)
"""How the heads of columns begin; none of these is the beginning of another."""
_MONEY_UNIT = re.compile(r"[十百千万亿]*(?:美|欧|港)?元")
_UNIT_BEHIND = re.compile(r"[（(](?:单位[:：]?)?([十百千万亿]*元)[)）]$")


@cache
def row_names() -> dict[str, str]:
    """Normalised row labels of both layouts → row key."""
    return {
        name_of(text): row.key
        for version in ("2021", "2019")
        for row in form(version).table2_rows
        for text in (row.label, *row.aliases)
    }


@cache
def _column_names() -> dict[str, str]:
    names = {
        name_of(text): column.key
        for version in ("2021", "2019")
        for column in form(version).table2_columns
        for text in (column.label, *column.aliases)
    }
    return dict(sorted(names.items(), key=lambda item: -len(item[0])))


@dataclass(frozen=True, slots=True)
class _Heading:
    key: str
    unit: str
    left: float | None = None
    right: float | None = None
    exact: bool = True


@dataclass(slots=True)
class _Line:
    row: TableRow
    label: str
    cells: list[Entry]
    key: str
    exact: bool
    unit: str = ""
    heading: list[_Heading] = field(default_factory=list)


def row_key(row: TableRow) -> str | None:
    """The table 2 row that `row` is by an exact label with something to the right of it, None when it is none."""
    found = _exact(row)
    return found.key if found else None


def _exact(row: TableRow) -> _Line | None:
    cells = row.cells
    if row.loose:
        bare, unit = _without_unit(cells[0].text)
        name = name_of(bare)
        for known, key in sorted(row_names().items(), key=lambda item: -len(item[0])):
            if name.endswith(known):
                return _Line(row, known, list(cells[1:]), key, exact=True, unit=unit)
        return None
    for index, cell in enumerate(cells):
        named, unit = named_row(cell.text)
        if named:
            found = _Line(row, cell.text, cells[index + 1 :], named, exact=True, unit=unit)
            return found if index + 1 < len(cells) else None
    return None


def named_row(text: str) -> tuple[str | None, str]:
    """The row that a cell names, and the unit of money it states."""
    return _named_row(text) if len(text) <= REMEMBERED else _name_row(text)


def _name_row(text: str) -> tuple[str | None, str]:
    bare, unit = _without_unit(text)
    return row_names().get(name_of(bare)), unit


_named_row = lru_cache(maxsize=4096)(_name_row)


def _without_unit(text: str) -> tuple[str, str]:
    """A row label without the unit of money in brackets behind it, and that unit."""
    if "元" not in text:
        return text, ""
    flat = squeeze(text)
    match = _UNIT_BEHIND.search(flat)
    return (flat[: match.start()], match[1]) if match else (text, "")


def _similar(row: TableRow) -> _Line | None:
    """A row with figures whose label is only like one of the form."""
    cells = row.cells
    words = [i for i, cell in enumerate(cells) if not looks_like_figure(cell.text)]
    if not words or words[-1] + 1 >= len(cells) or not any(not is_blank(c) for c in cells[words[-1] + 1 :]):
        return None
    key = most_similar(name_of(cells[words[-1]].text)[:60], row_names())
    return _Line(row, cells[words[-1]].text, cells[words[-1] + 1 :], key, exact=False) if key else None


def is_heading(row: TableRow) -> bool:
    """Whether `row` prints a column head that only table 2 has, exactly."""
    names = _column_names()
    return any(name_of(cell.text) in names for cell in row.cells)


def column_key(name: str) -> str | None:
    """The column that a normalised head names exactly, None for every other text."""
    return _column_names().get(name) or _by_stem(name)


def _headings(row: TableRow) -> list[_Heading]:
    """The column heads that `row` prints, from left to right; empty when it is no heading row."""
    found: list[_Heading] = []
    if row.loose:
        text = name_of(row.cells[0].text)
        places = sorted((text.rfind(name), name) for name in _column_names() if name in text)
        # the last heading block counts; a longer name hides the shorter one inside it
        start = text.rfind("信息内容")
        taken = 0
        for place, name in places:
            if place >= max(start, taken):
                taken = place + len(name)
                found.append(_Heading(_column_names()[name], _unit(text[place : place + 20])))
        return found or _headings_in_pieces(text[max(start, 0) :])
    for cell in row.cells:
        name = name_of(cell.text)
        if not name or name == "信息内容" or name in row_names():
            continue
        key = column_key(name)
        exact = key is not None
        key = key or (most_similar(name[:40], _column_names()) if len(name) >= 4 else None)
        if key and found and found[-1].key == key and exact:  # a spanned head, printed again in each of its fields
            found[-1] = replace(found[-1], right=cell.right)
        elif key:
            found.append(_Heading(key, _unit(squeeze(cell.text)), cell.left, cell.right, exact))
    return found


def _headings_in_pieces(text: str) -> list[_Heading]:
    """Heads whose second lines were printed after all the first ones: ``本年制发 本年废止 现行有效 件数 件数 件数``."""
    places = sorted((text.find(stem), key) for stem, key in _STEMS if stem in text)
    return [_Heading(key, _unit(text)) for _, key in places]


def _by_stem(name: str) -> str | None:
    for stem, key in (("本年收费金额", "amount"), ("采购总金额", "procurement_amount")):
        if name.startswith(stem):
            return key
    return None


def _unit(text: str) -> str:
    match = _MONEY_UNIT.search(text)
    return match[0] if match else ""


def read_table2(rows: Sequence[TableRow]) -> TableFound | None:
    """The table among `rows`, or None when no row of it is there."""
    lines: list[_Line] = []
    heading: list[_Heading] = []
    for row in rows:
        if new := _headings(row):
            heading = new
        line = _exact(row) or (None if row.loose or new else _similar(row))
        if line:
            line.heading = heading
            lines.append(line)
    exact = {line.key for line in lines if line.exact}
    lines = [line for line in lines if line.exact or line.key not in exact]
    if not exact:
        return None
    table = TableFound(_layout(lines))
    taken: dict[str, _Line] = {}
    for line in lines:
        if line.key in taken and all(is_blank(c) for c in line.cells):
            continue
        if line.key in taken and not all(is_blank(c) for c in taken[line.key].cells):
            _repeat(taken[line.key], line)
        else:
            taken[line.key] = line
    for shape in form(table.layout).table2_rows:
        if shape.key in taken:
            _figures(table, shape, taken[shape.key])
        else:
            table.missing[f"table2.{shape.key}"] = "没有在表中找到这一行"
    return table


def _repeat(first: _Line, second: _Line) -> None:
    if [squeeze(c.text) for c in core(first.cells)] != [squeeze(c.text) for c in core(second.cells)]:
        first.exact = False


def _layout(lines: Sequence[_Line]) -> str:
    keys = {heading.key for line in lines for heading in line.heading}
    old, new = len(keys & _ONLY_2019), len(keys & _ONLY_2021)
    if old == new:
        old = sum(line.key in ("other_services", "procurement") for line in lines)
    return "2019" if old > new else "2021"


def _figures(table: TableFound, shape: Table2Row, line: _Line) -> None:
    path = f"table2.{shape.key}"
    table.labels[shape.key] = line.label[:200]
    chosen, doubt = _choose(shape, line)
    if chosen.width != len(shape.columns):
        table.widths[path] = chosen.width
    if chosen.entries is None:
        table.missing[path] = f"这一行有{chosen.width}个数字，表头有{len(shape.columns)}列，无法对应"
        return
    if not line.exact:
        doubt = f"行名“{squeeze(line.label)[-30:]}”与规定的行名不一致，或在表中重复出现"
    if all(is_blank(entry) for entry in chosen.entries):
        table.blank_rows.append(path)
    empty = sum(is_blank(entry) for entry in chosen.entries)
    if chosen.entries[0].left is None and 0 < empty < len(chosen.entries):
        doubt = doubt or "这一行有空格，数字可能错了列"
    units = {heading.key: heading.unit for heading in line.heading}
    if line.unit and any(unit not in ("", line.unit) for unit in units.values()):
        doubt = doubt or "表头与行名写的金额单位不同"
    columns = form(table.layout).table2_column
    for index, (key, entry) in enumerate(zip(shape.columns, chosen.entries, strict=True)):
        unit = line.unit or units.get(key, "")
        where = path if shape.scalar else f"{path}.{index}"
        placed = place_figure(entry, columns[key].number, doubt, unit=unit, exact=line.exact)
        table.figures[where] = placed
        if unit == "元" and placed.printed.value is not None:
            table.notes[where] = "单位：元"


def _choose(shape: Table2Row, line: _Line) -> tuple[Chosen, str]:
    """The cells of the row's columns, by place under the heading where both have one, else by count."""
    heads = {heading.key: heading for heading in line.heading}
    wanted = len(shape.columns)
    known = [heads.get(key) for key in shape.columns]
    doubt = ""
    if line.heading and not all(known):
        doubt = "表头与这一行应有的列不一致"
    elif any(head is not None and not head.exact for head in known):
        doubt = "表头文字与规定不一致"
    elif (
        known
        and all(h is not None and h.left is not None for h in known)
        and line.cells
        and line.cells[0].left is not None
    ):
        picked = [_under(head, line.cells) for head in known if head is not None]
        entries = [entry for entry in picked if entry is not None]
        stray = [c for c in line.cells if not is_blank(c) and not any(_stands_for(e, c, heads) for e in entries)]
        if len(entries) == wanted and len({id(e) for e in entries}) == wanted and not stray:
            return Chosen(entries, wanted), ""
        doubt = "数字与表头的列对不上"
    elif line.heading and [h.key for h in line.heading if h.key in shape.columns] != list(shape.columns):
        doubt = "表头各列的次序与规定不符"
    inner = core(line.cells)
    if len(inner) == wanted:
        return Chosen(inner, wanted), doubt
    if len(line.cells) > wanted and all(is_blank(cell) for cell in line.cells[wanted:]):
        return Chosen(list(line.cells[:wanted]), wanted), doubt
    return choose(line.cells, wanted), doubt


def _under(head: _Heading, cells: Sequence[Entry]) -> Entry | None:
    """The cell below the middle of `head`; the first of several that say the same in the fields of a spanned head."""
    middle = ((head.left or 0.0) + (head.right or 0.0)) / 2
    below = [c for c in cells if c.left is not None and (head.left or 0.0) <= c.left < (head.right or 0.0)]
    if len(below) > 1 and len({squeeze(c.text) for c in below}) == 1:
        return below[0]
    here = [c for c in cells if c.left is not None and c.right is not None and c.left <= middle < c.right]
    return here[0] if len(here) == 1 else None


def _stands_for(entry: Entry, cell: Entry, heads: Mapping[str, _Heading]) -> bool:
    """Whether `entry` is `cell`, or says the same under the same head."""
    if cell is entry:
        return True
    return squeeze(cell.text) == squeeze(entry.text) and any(
        all(c.left is not None and (h.left or 0.0) <= c.left < (h.right or 0.0) for c in (entry, cell))
        for h in heads.values()
    )
