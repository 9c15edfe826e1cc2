"""How sure each figure is: the form's own identities are the check sum of the reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache

from services.core.form import form
from services.core.report import Kind
from services.ingest.recognise.placed import TableFound

_FORM = form("2021")
_APPLICANTS = _FORM.column_keys[:-1]
_OUTCOMES = tuple(column.key for column in _FORM.table4_columns if column.key != "total")

ODD_NUMBERS = "行名前的序号与规定不符，文件里的数字编码可能有误"
ODD_YEAR = "标题中的年份不合常理，文件里的数字编码可能有误"
ODD_SUMS = "大部分合计都对不上，文件里的数字编码可能有误"
ODD_SHAPES = "文件里的数字编码与印出来的数字不同"
DISTRUST = frozenset({ODD_NUMBERS, ODD_YEAR, ODD_SUMS, ODD_SHAPES})
"""Why no digit of a document is to be believed: its text layer may say other digits than a person sees."""

_MOST_BROKEN = 8
"""Agencies break a few sums; exchanged digits break most of them. A total left out breaks those of rows with figures."""

Identity = tuple[tuple[str, ...], tuple[str, ...]]
"""Cell paths on the left and on the right of an equation."""


@cache
def identities(layout: str, number: int) -> tuple[Identity, ...]:
    """Every equation that the form sets up inside table 3 or 4 (domain rules T3-1 to T3-3 and T4-1)."""
    if number == 4:
        return tuple(
            (tuple(f"table4.{b.key}.{c}" for c in _OUTCOMES), (f"table4.{b.key}.total",)) for b in _FORM.table4_blocks
        )
    if number != 3:
        return ()
    shape = form(layout)
    rows: list[Identity] = [
        (tuple(f"table3.{row}.{c}" for c in _APPLICANTS), (f"table3.{row}.total",)) for row in shape.row_keys
    ]
    for column in shape.column_keys:
        rows.append((tuple(f"table3.{row}.{column}" for row in shape.result_keys), (f"table3.total.{column}",)))
        rows.append(
            (
                (f"table3.new.{column}", f"table3.carried_in.{column}"),
                (f"table3.total.{column}", f"table3.carried_out.{column}"),
            )
        )
    return tuple(rows)


def assess(table: TableFound, number: int) -> tuple[set[str], set[str]]:
    """(paths of which every identity holds, paths in an identity that is broken).

    A path in an identity that cannot be judged (a row is missing, or too much is empty) is in neither for that.
    """
    held: set[str] = set()
    broken: set[str] = set()
    open_: set[str] = set()
    values = _values(table)
    for left, right in identities(table.layout, number):
        outcome = _holds(values, left, right)
        (open_ if outcome is None else held if outcome else broken).update(left, right)
    return held - broken - open_, broken


def misplaced(table: TableFound) -> set[str]:
    """Table 3: paths of rows whose label stands apart from its figures, in a column that does not add up.

    A figure of the agency's own that is wrong breaks the sum of its row too. Where the row sums hold and columns do
    not, figures may have come to the wrong label.
    """
    if not any(placed.apart for placed in table.figures.values()):
        return set()
    values = _values(table)
    rows: list[Identity] = []
    columns: list[Identity] = []
    for left, right in identities(table.layout, 3):
        one_row = len({path.split(".")[1] for path in (*left, *right)}) == 1
        (rows if one_row else columns).append((left, right))
    wrong_rows = {left[0].split(".")[1] for left, right in rows if _holds(values, left, right) is False}
    found: set[str] = set()
    for left, right in columns:
        paths = (*left, *right)
        if wrong_rows.isdisjoint(path.split(".")[1] for path in paths) and _holds(values, left, right) is False:
            found.update(path for path in paths if table.figures[path].apart)
    return found


def sums_are_odd(table: TableFound, number: int) -> bool:
    """Whether most of the table's equations are broken, which is hardly ever an agency's doing."""
    values = _values(table)
    most, held, broken = len(identities(table.layout, number)) // 2, 0, 0
    for left, right in identities(table.layout, number):
        outcome = _holds(values, left, right)
        held += outcome is True
        broken += outcome is False
        if held > most:
            return False  # as good as always, and long before the last equation
    return broken >= _MOST_BROKEN and broken > held


def _values(table: TableFound) -> dict[str, int | Decimal | None]:
    """What each cell counts, None where it is empty. Cells with words are left out."""
    printed = ((path, placed.printed) for path, placed in table.figures.items())
    return {path: one.value for path, one in printed if one.kind is not Kind.TEXT}


def _holds(values: Mapping[str, int | Decimal | None], left: Sequence[str], right: Sequence[str]) -> bool | None:
    """Whether the equation holds; None when a figure is absent or words, or more than half of the cells are empty."""
    try:
        one, other = [values[path] for path in left], [values[path] for path in right]
    except KeyError:
        return None
    if 2 * (one.count(None) + other.count(None)) > len(one) + len(other):
        return None
    return sum([value or 0 for value in one]) == sum([value or 0 for value in other])


def in_question(table: TableFound, broken: Iterable[str]) -> set[str]:
    """The paths worth a second reading: in a broken identity, or doubted for their text alone."""
    doubted = {path for path, placed in table.figures.items() if placed.doubt and placed.text_doubt}
    return doubted | {path for path in broken if path in table.figures}
