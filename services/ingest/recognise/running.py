"""Tables out of running text: rows of the form from words and figures that lost the borders of their cells.

Which words belong to which row is told by ``script``, which figures by where they stand among the words (``windows``).
What is found becomes rows of cells like those of any other document; whatever is not plain keeps a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from services.core.form import form
from services.core.form.labels import normalise, squeeze
from services.ingest.recognise import table2
from services.ingest.recognise.primitives import Entry, Place, TableRow
from services.ingest.recognise.printed import Run, Token
from services.ingest.recognise.script import Script
from services.ingest.recognise.table3_columns import in_order, is_piece, rank_of
from services.ingest.recognise.windows import PIECES_DOUBT, Window, adds_up, fitting, settle, windows

WIDTH = 7
_WIDTH4 = 15
SIDE_BY_SIDE = "并排印有两张表，分不清应取哪一张"
_LONGEST_HEAD = 6
_INDENT, _NEAR = 8, 4
_BLANK_DOUBT = "这一行有空格，按位置对应没有把握"
_OUTCOMES = ("维持", "纠正", "审结")
_BLOCKS4 = ("行政复议", "未经复议直接起诉", "复议后起诉")

Printed = Sequence[Token | Run]


@cache
def script3() -> Script:
    """What table 3 says, both layouts in one."""
    shape, old = form("2021"), form("2019")
    rows = {row.key: row for row in (*old.table3_rows, *shape.table3_rows)}
    keys = [*shape.row_keys[:20], "other_all", *shape.row_keys[20:]]
    heads = [shape.table3_corner, "申请人情况", "法人或其他组织", "总计商业企业", "项目", "类别"]
    heads += [name for column in shape.table3_columns for name in (column.label, *column.aliases)]
    return Script(
        rows=tuple(
            (key, rows[key].mark.strip("（）.、"), tuple(normalise(t) for t in (rows[key].label, *rows[key].aliases)))
            for key in keys
        ),
        beside=tuple(normalise(group.label) for group in shape.table3_groups),
        optional=frozenset({"other_all"}),
        replaced={"other_all": frozenset(shape.row_keys[20:23])},
        heads=tuple(map(normalise, heads)),
    )


@cache
def script2() -> Script:
    """What table 2 says, both layouts in one."""
    keys = (
        "regulations",
        "normative_docs",
        "licences",
        "other_services",
        "penalties",
        "coercion",
        "fees",
        "procurement",
    )
    names: dict[str, list[str]] = {}
    for name, key in table2.row_names().items():
        units = ["", "万元", "元", "单位万元", "单位元"] if key in ("fees", "procurement") else [""]
        names.setdefault(key, []).extend(name + unit for unit in units)
    heads = [*(row.block for version in ("2021", "2019") for row in form(version).table2_rows), "信息内容"]
    for version in ("2021", "2019"):
        for column in form(version).table2_columns:
            units = ["", "（单位：元）", "（元）", "（万元）"] if column.number == "money" else [""]
            heads += [name + unit for name in (column.label, *column.aliases) for unit in units]
    return Script(
        rows=tuple((key, "", tuple(names[key])) for key in keys),
        beside=(),
        optional=frozenset({"other_services", "procurement"}),
        heads=tuple(dict.fromkeys(map(normalise, heads))),
        heads_between=True,
    )


def table2_rows(printed: Printed, grid: int) -> list[TableRow]:
    """The rows of table 2; the first cell of each holds the heads above it, then its label."""
    found = windows(script2(), printed)
    settle(script2(), found, 1)
    rows: list[TableRow] = []
    unread = ""  # words that are no known head may still be one: they may name a unit
    for window in found:
        if window.key is None and not window.figures:
            unread += window.label
            continue
        text = unread + "".join(token.text for token in window.heads) + window.label
        unread = ""
        first = Entry(text, window.place)
        rows.append(TableRow([first, *(t.entry(window.doubt) for t in window.figures)], grid=grid, loose=True))
    return rows


def table3_rows(printed: Printed, grid: int) -> list[TableRow]:
    """The rows of table 3 below one row with the words of its head."""
    found = windows(script3(), printed)
    settle(script3(), found, WIDTH)
    doubt = SIDE_BY_SIDE if _side_by_side(printed) else ""
    doubt = doubt or ("" if _heads_in_order(found) else "表头各列的次序与规定不符")
    full = [window for window in found[1:] if len(window.figures) == WIDTH]
    head = "".join(token.text for window in found for token in window.heads)
    rows = [TableRow([Entry(head, found[0].place)], grid=grid, loose=True)] if head else []
    for window in found[1:]:
        if window.key is None and not window.figures:
            continue
        entries = [token.entry(window.doubt or doubt) for token in window.figures]
        if window.key is not None and 0 < len(entries) < WIDTH:
            entries = _by_columns(window, full) or entries
        cells = [Entry(window.label, window.place), *entries]
        rows.append(TableRow(cells, grid=grid, loose=not window.together, weak=window.weak))
    return rows


def _side_by_side(printed: Printed) -> bool:
    """Whether two tables stand beside each other: lines with figures, words and figures again."""
    lines: dict[int | None, int] = {}
    for before, one, after in zip(printed, printed[1:], printed[2:], strict=False):
        if not (isinstance(before, Run) and isinstance(one, Token) and isinstance(after, Run)):
            continue
        line = before.figures[0].place.line
        if line == after.figures[0].place.line and min(len(before.figures), len(after.figures)) >= WIDTH:
            lines[line] = 1
    return len(lines) >= 2


def _heads_in_order(found: Sequence[Window]) -> bool:
    """Whether the column heads stand in the form's order, as far as their lines tell.

    Whole names and names cell by cell come in reading order. Pieces of names side by side come in order in each line,
    and by their columns where the lines keep the columns of the page.
    """
    heads = next((window.heads for window in found[1:] if window.heads), [])
    lines: dict[int | None, list[Token]] = {}
    for token in heads:
        lines.setdefault(token.place.line, []).append(token)
    lines = {number: _without_spanning(line) for number, line in lines.items()}
    names = [squeeze(token.text) for line in lines.values() for token in line]
    if all(len(line) == 1 for line in lines.values()) or not any(is_piece(name) for name in names):
        return in_order(names)
    kept = [t for line in lines.values() if _keeps_columns(line) for t in line]
    ranked = [(rank, token.left) for token in kept if (rank := rank_of(squeeze(token.text))) is not None]
    across = all(left <= other + _NEAR for rank, left in ranked for later, other in ranked if rank < later)
    return across and all(in_order([squeeze(token.text) for token in line]) for line in lines.values())


def _without_spanning(line: list[Token]) -> list[Token]:
    """The heads of a line without 法人或其他组织, which is printed over five of them, in one piece or several."""
    for low in range(len(line)):
        for high in range(low + 1, len(line) + 1):
            if squeeze("".join(token.text for token in line[low:high])) == "法人或其他组织":
                return line[:low] + line[high:]
    return line


def _keeps_columns(line: Sequence[Token]) -> bool:
    """Whether a line of the head is indented like the page: nothing of the label columns is in it, nor moved it."""
    return bool(line) and line[0].left >= _INDENT and all(len(squeeze(token.text)) <= _LONGEST_HEAD for token in line)


def _by_columns(window: Window, full: Sequence[Window]) -> list[Entry] | None:
    """The cells of a row with fewer figures than columns, by the columns of the rows around it; blanks where none is."""
    line = window.place.line or 0
    near = sorted(full, key=lambda one: abs((one.place.line or 0) - line))[:6]
    if len(near) < 3:
        return None
    columns = [(min(w.figures[n].left for w in near), max(w.figures[n].right for w in near)) for n in range(WIDTH)]
    if any(low[1] > high[0] for low, high in pairwise(columns)):
        return None
    taken: dict[int, Token] = {}
    for token in window.figures:
        here = [n for n, (left, right) in enumerate(columns) if token.left < right and left < token.right]
        if len(here) != 1 or here[0] in taken:
            return None
        taken[here[0]] = token
    place = window.figures[0].place
    cells = [taken.get(n) or Token("", Place(line=place.line, column=columns[n][0] + 1), 0, 0) for n in range(WIDTH)]
    sure = adds_up(cells) and any(token.text.strip("0") for token in window.figures)
    entries = [token.entry(window.doubt or ("" if sure else _BLANK_DOUBT)) for token in cells]
    for entry, (left, right) in zip(entries, columns, strict=True):
        entry.left, entry.right = float(left), float(right)
    return entries


def table4_rows(printed: Printed, grid: int) -> list[TableRow]:
    """Table 4 as one row: all its words, then all its figures."""
    words = [one for one in printed if isinstance(one, Token)]
    runs = [one for one in printed if isinstance(one, Run)]
    if not words:
        return []
    if sum(len(run.figures) for run in runs) > _WIDTH4:
        runs = fitting(runs, _WIDTH4, _blocks_add_up) or runs
    figures = [token for run in runs for token in run.figures]
    doubt = "表四表头各列的次序与规定不符" if _out_of_order(words) else ""
    if len(runs) > 1 and not _blocks_add_up(figures):
        doubt = doubt or PIECES_DOUBT
    text = "".join(token.text for token in words)
    return [TableRow([Entry(text, words[0].place), *(t.entry(doubt) for t in figures)], grid=grid, loose=True)]


def _blocks_add_up(figures: Sequence[Token]) -> bool:
    return len(figures) == _WIDTH4 and all(adds_up(figures[at : at + 5]) for at in range(0, _WIDTH4, 5))


def _out_of_order(words: Sequence[Token]) -> bool:
    lines: dict[int | None, str] = {}
    for token in words:
        lines[token.place.line] = lines.get(token.place.line, "") + token.text
    whole = squeeze("".join(token.text for token in words))
    blocks = [whole.find(name) for name in _BLOCKS4]
    if min(blocks) >= 0 and blocks != sorted(blocks):
        return True
    outcomes = re.findall("|".join(_OUTCOMES), whole)
    whole_names = len({outcomes.count(name) for name in _OUTCOMES}) == 1
    if whole_names and outcomes != list(_OUTCOMES) * (len(outcomes) // len(_OUTCOMES)):
        return True
    return any(
        -1 < line.find(later) < line.find(earlier)
        for line in lines.values()
        for earlier, later in (("维", "纠"), ("纠", "审"))
        if len(line) <= 12
    )
