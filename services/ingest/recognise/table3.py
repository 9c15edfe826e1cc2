"""Table 3 (收到和处理政府信息公开申请情况): from rows of cells to 25 (23) rows of seven figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.core.form import form
from services.core.form.labels import squeeze
from services.ingest.recognise import labels, wide_rows
from services.ingest.recognise.confidence import ODD_NUMBERS, assess
from services.ingest.recognise.figures import looks_like_figure, parse_figure
from services.ingest.recognise.placed import Placed, TableFound, choose, core, is_blank, place_figure
from services.ingest.recognise.primitives import Entry, TableRow
from services.ingest.recognise.table3_columns import Columns, read_columns

WIDTH = 7
CUT_DOUBT = "这一行的数字被分页截成两段，合起来对不上"
WIDE_DOUBT = "这一行的数字比列数多，且相关列的数字对不上"
_MOST_PIECES = 4
_SUB_ROWS = ("other_no_correction", "other_no_fee", "other_other")
_ALL_KEYS = (*form("2021").row_keys[:20], "other_all", *form("2021").row_keys[20:])
_ORDER = {key: index for index, key in enumerate(_ALL_KEYS)}


@dataclass(slots=True)
class _Line:
    """One row of the table while its label is being matched."""

    row: TableRow
    label: str
    cells: list[Entry]
    key: str | None
    how: labels.How | None = None
    why: str = ""
    apart: bool = False
    rest: _Line | None = None
    """The line with the other figures of a row whose figures the page cut in two."""

    @property
    def blank(self) -> bool:
        return all(is_blank(cell) for cell in self.cells)

    def placed(self, entry: Entry, doubt: str) -> Placed:
        """One figure of this row."""
        found = place_figure(entry, "count", doubt, exact=self.how == "exact")
        found.apart = self.apart or self.row.loose
        found.weak = self.row.weak or found.weak
        return found


def row_key(row: TableRow, previous: str | None = None) -> str | None:
    """The table 3 row that `row` is by an exact label, None when it is none."""
    return _split(row, previous).key


def _split(row: TableRow, previous: str | None) -> _Line:
    """The label and the cells right of it: the last exact label decides, else the last cell with words."""
    cells = row.cells
    if row.loose:
        text = cells[0].text
        found = labels.match_row_ending(text, previous)
        key, label = found or (None, text[-200:])
        return _Line(row, label, list(cells[1:]), key, "exact" if found else None)
    words = 0
    for index in range(len(cells) - 1, -1, -1):
        text = cells[index].text
        if not text or (not words and looks_like_figure(text)):
            continue
        # a spanning head such as （六）其他处理 names the row only when no label stands right of it
        if words and labels.name_of(text) in labels.group_names():
            break
        # 总计 as the last cell of a repeated head is no row, also not below （六）其他处理
        key = labels.match_row(text, previous) or labels.match_row_behind_group(text, previous)
        if key and index + 1 < len(cells):
            return _Line(row, text, cells[index + 1 :], key, "exact")
        words = words or index + 1
    label = cells[words - 1].text if words else ""
    return _Line(row, label, cells[words:], None)


def read_table3(rows: Sequence[TableRow]) -> TableFound | None:
    """The table among `rows` (rows of other tables must be left out), or None when no row of it is there."""
    columns = read_columns(rows)
    lines = _match(rows)
    if not any(line.key for line in lines):
        return None
    _mend_cut_rows(lines)
    _find_cut_figures(lines)
    _place_by_order(lines)
    taken = _one_line_a_row(lines)
    layout = "2019" if "other_all" in taken and not any(key in taken for key in _SUB_ROWS) else "2021"
    table = TableFound(layout)
    wide_grids: dict[int, int] = {}
    for line in lines:
        if line.key and (width := len(core(line.cells))) > WIDTH and not line.row.loose:
            wide_grids[line.row.grid] = min(width, wide_grids.get(line.row.grid, width))
    for key in form(layout).row_keys:
        if key in taken:
            _figures(table, key, taken[key], columns, wide_grids)
        else:
            table.missing[f"table3.{key}"] = "没有在表中找到这一行"
    _wide_rows(table, taken, columns)
    if layout == "2021" and "other_all" in taken and not taken["other_all"].blank:
        for key in _SUB_ROWS:
            _doubt_row(table, key, "“（六）其他处理”本行和分项行都有数字")
    if columns.order != form(layout).column_keys and assess(table, 3)[1]:
        table.doubt_all("表头各列的次序与规定不符，按此次序合计也不符")
    _distrust_digits(table, taken)
    return table


def _match(rows: Sequence[TableRow]) -> list[_Line]:
    lines: list[_Line] = []
    previous: str | None = None
    for row in rows:
        line = _split(row, previous)
        words = line.key is None and (not line.cells or (previous is None and _is_head(line)))
        if words and not labels.begins_row(line.label):
            continue
        group = labels.name_of(line.label) in labels.group_names() and labels.printed_item_number(line.label) is None
        if line.key is None and group and line.blank:
            continue
        previous = line.key or previous
        lines.append(line)
    return lines


def _is_head(line: _Line) -> bool:
    return all(not any(char.isdigit() for char in cell.text) for cell in line.cells)


def _mend_cut_rows(lines: list[_Line]) -> None:
    """Join the pieces of a row that a page break or a line end cut: by the label they make up together."""
    at = 0
    while at < len(lines):
        for pieces in range(2, _MOST_PIECES + 1):
            parts = lines[at : at + pieces]
            key = _key_of_pieces(parts) if len(parts) == pieces else None
            if key is not None:
                lines[at : at + pieces] = [_joined(parts, key)]
                break
        at += 1


def _joined(parts: Sequence[_Line], key: str) -> _Line:
    keep = next((line for line in parts if not line.blank), parts[0])
    if sum(not line.blank for line in parts) > 1:
        keep.why = "这一行被分页截断，上下两半都有数字"
    keep.apart = not labels.name_of(keep.label)
    keep.label = "".join(line.label for line in parts)
    keep.key, keep.how = key, "exact"
    return keep


def _key_of_pieces(parts: Sequence[_Line]) -> str | None:
    """The row that neighbouring lines make up together, None when they are several rows."""
    keyed = [line.key for line in parts if line.key]
    if len(keyed) > 1 or (keyed and len(parts) > 2):
        return None
    upper, lower = parts[0], parts[-1]
    names = [labels.name_of(line.label) for line in parts]
    whole = labels.row_names().get("".join(names)) if all(names) else None
    if not keyed:
        return whole
    across_pages = upper.row.grid != lower.row.grid
    if lower.key is not None:
        apart = across_pages or _is_mark_of(upper.label, lower.key)
        return lower.key if whole == lower.key or (apart and _bare_figures(upper, lower)) else None
    full = labels.full_names()[upper.key or ""]
    if names[1] and full.endswith(names[1]) and len(full) > len(names[1]):
        return upper.key
    return upper.key if across_pages and _bare_figures(lower, upper) else None


def _is_mark_of(text: str, key: str) -> bool:
    """Whether `text` is the item number of a row and nothing else: (1) above the line 属于国家秘密."""
    number = labels.printed_item_number(text)
    return number is not None and number in {
        labels.printed_item_number(row.mark)
        for version in ("2021", "2019")
        for row in form(version).table3_rows
        if row.key == key
    }


def _find_cut_figures(lines: list[_Line]) -> None:
    """Put by the lines of bare figures below a row that has too few."""
    for upper, lower in pairwise(lines):
        filled = core(upper.cells)
        few = upper.row.page is None and 0 < len(filled) < WIDTH
        if upper.key and few and lower.key is None and _is_tail(lower):
            upper.rest, lower.key = lower, ""
            upper.cells = filled
    lines[:] = [line for line in lines if line.key != ""]


def _is_tail(line: _Line) -> bool:
    cells = core(line.cells)
    return bool(cells) and not labels.name_of(line.label) and not any(is_blank(cell) for cell in cells)


def _bare_figures(one: _Line, other: _Line) -> bool:
    """Whether `one` is figures without a label, and `other` a label without figures."""
    return not labels.name_of(one.label) and not one.blank and other.blank


def _place_by_order(lines: list[_Line]) -> None:
    """Place the rows left over: a cut or damaged label between two known rows can only be a row between them."""
    found = {line.key for line in lines if line.key}
    for index, line in enumerate(lines):
        if line.key is not None:
            continue
        before = next((one.key for one in reversed(lines[:index]) if one.key), None)
        after = next((one.key for one in lines[index + 1 :] if one.key), None)
        low = _ORDER[before] if before else -1
        high = _ORDER[after] if after else len(_ALL_KEYS)
        gap = [key for key in _ALL_KEYS[low + 1 : high] if key not in found]
        if key := labels.match_part(line.label, gap):
            line.key, line.how = key, "part"
            alone = len([one for one in gap if one != "other_all"]) == 1
            line.why = "" if alone and not line.blank else "行名不完整"
        elif key := labels.match_similar(line.label, gap):
            line.key, line.how, line.why = key, "similar", f"行名“{_short(line.label)}”与规定的行名不一致"
        if line.key:
            found.add(line.key)
        elif not line.blank:
            for neighbour in (*lines[max(0, index - 1) : index], *lines[index + 1 : index + 2]):
                neighbour.why = neighbour.why or "相邻有一行数字认不出行名"


def _one_line_a_row(lines: list[_Line]) -> dict[str, _Line]:
    taken: dict[str, _Line] = {}
    for line in lines:
        if not line.key:
            continue
        first = taken.get(line.key)
        if first is None or (first.blank and not line.blank):
            taken[line.key] = line
        elif not line.blank and [squeeze(c.text) for c in first.cells] != [squeeze(c.text) for c in line.cells]:
            first.why = "这一行在表中出现了两次，数字不同"
    return taken


def _figures(table: TableFound, key: str, line: _Line, columns: Columns, wide_grids: Mapping[int, int]) -> None:
    path = f"table3.{key}"
    table.labels[key] = line.label[:200]
    if line.rest is not None:
        _join_figures(table, key, line, core(line.rest.cells), columns)
        return
    by_place = columns.pick(line.row, line.cells)
    chosen = by_place or choose(line.cells, WIDTH, wide=wide_grids.get(line.row.grid, 0))
    if chosen.width != WIDTH:
        table.widths[path] = chosen.width
    if chosen.entries is None:
        table.missing[path] = f"这一行有{chosen.width}个数字，无法与7列对应"
        return
    if all(is_blank(entry) for entry in chosen.entries):
        table.blank_rows.append(path)
    doubt = line.why or columns.why or _shifted(chosen.entries)
    for column, entry in zip(columns.order, chosen.entries, strict=True):
        table.figures[f"{path}.{column}"] = line.placed(entry, doubt)


def _wide_rows(table: TableFound, taken: dict[str, _Line], columns: Columns) -> None:
    """Take the figures of rows with too many of them, where sums leave only one way to read them."""
    groups: dict[tuple[int, int], dict[str, list[Entry]]] = {}
    for key, line in taken.items():
        entries = core(line.cells)
        if len(entries) > WIDTH and line.rest is None and entries[0].left is None:
            groups.setdefault((line.row.grid, len(entries)), {})[key] = entries
    for rows in sorted(groups.values(), key=len, reverse=True):
        ways = [_placed_wide(reading, taken, columns) for reading in wide_rows.readings(rows, WIDTH)]
        ways, why = _best_ways(table, ways) if len(ways) > 1 else (ways, "")
        for key in (key for key in rows if f"table3.{key}" in table.missing):
            own = [{path: one for path, one in way.items() if path.startswith(f"table3.{key}.")} for way in ways]
            if own and own[0] and all(_values(one) == _values(own[0]) for one in own):
                table.figures |= own[0]
                table.missing.pop(f"table3.{key}")
                if why:
                    _doubt_row(table, key, why)
    _wide_tails(table, taken, columns, groups)


def _best_ways(table: TableFound, ways: list[dict[str, Placed]]) -> tuple[list[dict[str, Placed]], str]:
    """The ways that break the fewest sums of the table, and a doubt if even these break one."""
    broken = [len(_broken_by(table, way)) for way in ways]
    least = min(broken)
    return [way for way, count in zip(ways, broken, strict=True) if count == least], WIDE_DOUBT if least else ""


def _wide_tails(
    table: TableFound,
    taken: dict[str, _Line],
    columns: Columns,
    groups: Mapping[tuple[int, int], Mapping[str, list[Entry]]],
) -> None:
    """The second parts of cut rows, when they too are widened: through the spans of the rows around them."""
    for key, line in taken.items():
        if line.rest is None or f"table3.{key}" not in table.missing:
            continue
        for (grid, count), rows in groups.items():
            if grid != line.rest.row.grid:
                continue
            spans = wide_rows.spans_of(rows, WIDTH)
            tail = wide_rows.tail(core(line.rest.cells), spans, count, WIDTH - len(line.cells))
            if tail:
                _join_figures(table, key, line, tail, columns)
                break


def _placed_wide(reading: wide_rows.Reading, taken: dict[str, _Line], columns: Columns) -> dict[str, Placed]:
    return {
        f"table3.{key}.{column}": taken[key].placed(entry, taken[key].why or columns.why)
        for key, entries in reading.items()
        for column, entry in zip(columns.order, entries, strict=True)
    }


def _values(figures: dict[str, Placed]) -> list[object]:
    return [placed.printed.value for placed in figures.values()]


def _broken_by(table: TableFound, figures: dict[str, Placed]) -> set[str]:
    """The cells in sums that `figures` break."""
    _, broken = assess(TableFound(table.layout, figures=table.figures | figures), 3)
    return broken


def _join_figures(table: TableFound, key: str, line: _Line, rest: Sequence[Entry], columns: Columns) -> None:
    """Take the figures of a row that the page cut in two, when both parts make up a whole row."""
    entries = [*line.cells, *rest]
    if len(entries) != WIDTH:
        table.missing[f"table3.{key}"] = CUT_DOUBT
        return
    values = [parse_figure(entry.text).value or 0 for entry in entries]
    sure = sum(values[:-1]) == values[-1]
    table.missing.pop(f"table3.{key}", None)
    for column, entry in zip(columns.order, entries, strict=True):
        why = line.why or columns.why or ("" if sure else CUT_DOUBT)
        table.figures[f"table3.{key}.{column}"] = line.placed(entry, why)


def _shifted(entries: Sequence[Entry]) -> str:
    """A doubt where cells have no place on paper and some are empty: fields may have moved or been lost."""
    empty = sum(is_blank(entry) for entry in entries)
    if entries[0].left is not None or empty in (0, len(entries)):
        return ""
    return "这一行有空格，数字可能错了列"


def _doubt_row(table: TableFound, key: str, why: str) -> None:
    for column in form("2021").column_keys:
        if placed := table.figures.get(f"table3.{key}.{column}"):
            placed.doubt, placed.text_doubt = placed.doubt or why, False


def _distrust_digits(table: TableFound, taken: dict[str, _Line]) -> None:
    """The item numbers 1-8 are printed in the same digits as the figures: when they are wrong, so may the figures be."""
    wrong = 0
    for row in form(table.layout).table3_rows:
        expected = labels.printed_item_number(row.mark)
        line = taken.get(row.key)
        if expected is None or line is None or line.how != "exact" or line.row.loose:
            continue
        printed = labels.printed_item_number(line.label)
        wrong += printed is not None and printed != expected
    if wrong >= 2:
        table.distrust = ODD_NUMBERS


def _short(text: str) -> str:
    return squeeze(text)[-30:]
