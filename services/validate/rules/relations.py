"""The arithmetic of the form (勾稽关系) as data: which cells must add up to which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from services.core.form import form


@dataclass(frozen=True, slots=True)
class Relation:
    """Σ ``left`` = Σ ``right``. ``key`` is the row, column or block it is about.

    ``stated`` is the total that the relation tests.
    """

    rule: str
    key: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    stated: str

    @property
    def where(self) -> tuple[str, ...]:
        """Every cell involved, the stated total first."""
        return (self.stated, *(path for path in (*self.left, *self.right) if path != self.stated))


@dataclass(frozen=True, slots=True)
class Balance:
    """Both sides of a relation in one report. ``blanks`` tells whether a blank was counted as 0.

    ``at_least``: cells of the larger side are unknown and not counted. Counts are never below 0, so the relation is
    broken whatever they hold, and by ``gap`` or more.
    """

    left: int
    right: int
    blanks: bool
    at_least: bool = False

    @property
    def gap(self) -> int:
        return self.left - self.right


@cache
def relations(rule: str, layout: str) -> tuple[Relation, ...]:
    """The relations of rule T3-1, T3-2, T3-3 or T4-1 in one layout, in printed order."""
    shape = form(layout)
    columns = shape.column_keys
    if rule == "T3-1":
        return tuple(
            Relation(rule, row, tuple(f"table3.{row}.{c}" for c in columns[:-1]), (last,), last)
            for row in shape.row_keys
            for last in (f"table3.{row}.{columns[-1]}",)
        )
    if rule == "T3-2":
        return tuple(
            Relation(
                rule,
                c,
                (f"table3.new.{c}", f"table3.carried_in.{c}"),
                (f"table3.total.{c}", f"table3.carried_out.{c}"),
                f"table3.total.{c}",
            )
            for c in columns
        )
    if rule == "T3-3":
        return tuple(
            Relation(rule, c, tuple(f"table3.{row}.{c}" for row in shape.result_keys), (last,), last)
            for c in columns
            for last in (f"table3.total.{c}",)
        )
    parts = tuple(column.key for column in shape.table4_columns if column.key != "total")
    return tuple(
        Relation(rule, block.key, tuple(f"table4.{block.key}.{c}" for c in parts), (last,), last)
        for block in shape.table4_blocks
        for last in (f"table4.{block.key}.total",)
    )


SUM_RULES = {"T3-1": "table3", "T3-2": "table3", "T3-3": "table3", "T4-1": "table4"}
"""The rules that are relations, and the table whose layout they follow."""


@cache
def all_relations(table3_layout: str) -> tuple[Relation, ...]:
    """Every relation of a report whose table 3 has this layout (table 4 is the same in all)."""
    return tuple(relation for rule in SUM_RULES for relation in relations(rule, table3_layout))


def balances(cells: Mapping[str, object], table3_layout: str) -> dict[Relation, Balance]:
    """Both sides of every relation that can be assessed; `cells` as in ``Sheet.cells``.

    Blanks count as 0 unless more than half of the cells are blank, or the stated total is blank among other blanks:
    then blanks are this writer's habit and nothing was claimed. In columns and blocks they still count as 0 where other
    relations prove every one of them to be 0; a row mostly blank stays open, and where its total shows that its blanks
    are not all 0, they count as 0 in no column either. What is left is assessed by bounds: the known cells of one side may exceed the whole of the
    other, whatever the rest holds. A total that alone is blank counts as 0 like any cell. A cell that was not found or
    holds no whole number is unknown (another rule says so).
    """
    summed = {relation: _summed(cells, relation, frozenset()) for relation in all_relations(table3_layout)}
    zeros = _proven_zeros(cells, summed)
    unsaid = _unsaid(summed)
    found = {}
    for relation, sides in summed.items():
        if (weighed := _weighed(cells, relation, sides, zeros, unsaid)) is not None:
            found[relation] = weighed
    return found


class _Side(NamedTuple):
    """Sum of the whole numbers of one side, its blanks, and whether a cell holds something else or was not found."""

    known: int
    blanks: tuple[str, ...]
    unread: bool
    negative: bool

    @property
    def open(self) -> bool:
        return self.unread or bool(self.blanks)


def _summed(cells: Mapping[str, object], relation: Relation, zeros: frozenset[str] | set[str]) -> tuple[_Side, _Side]:
    left, right = (_side(cells, paths, zeros) for paths in (relation.left, relation.right))
    return left, right


def _side(cells: Mapping[str, object], paths: Sequence[str], zeros: frozenset[str] | set[str]) -> _Side:
    known, blanks, unread, negative = 0, [], False, False
    for path in paths:
        value = cells.get(path, "")
        if isinstance(value, int):
            known += value
            negative = negative or value < 0
        elif value is not None:
            unread = True
        elif path not in zeros:
            blanks.append(path)
    return _Side(known, tuple(blanks), unread, negative)


def _proven_zeros(cells: Mapping[str, object], summed: Mapping[Relation, tuple[_Side, _Side]]) -> set[str]:
    """The blanks that must be 0, because what is known of their side already makes up the whole of the other side."""
    waiting = {relation: sides for relation, sides in summed.items() if sides[0].blanks or sides[1].blanks}
    zeros: set[str] = set()
    grown = bool(waiting)
    while grown:
        grown = False
        for relation in list(waiting):
            one, other = _summed(cells, relation, zeros)
            if one.open and other.open:
                continue
            del waiting[relation]
            if one.known == other.known and not (one.unread or other.unread or one.negative or other.negative):
                fresh = {*one.blanks, *other.blanks} - zeros
                zeros |= fresh
                grown = grown or bool(fresh)
    return zeros


def _mostly_blank(relation: Relation, sides: tuple[_Side, _Side]) -> bool:
    return sum(len(side.blanks) for side in sides) * 2 > len(relation.left) + len(relation.right)


def _unsaid(summed: Mapping[Relation, tuple[_Side, _Side]]) -> set[str]:
    """The blanks of rows that give little but a total, which is more than the rest: figures that were not broken down."""
    return {
        path
        for relation, (left, right) in summed.items()
        if relation.rule == "T3-1" and _mostly_blank(relation, (left, right))
        if not (left.unread or right.open) and right.known > left.known
        for path in left.blanks
    }


def _weighed(
    cells: Mapping[str, object],
    relation: Relation,
    sides: tuple[_Side, _Side],
    zeros: set[str],
    unsaid: set[str],
) -> Balance | None:
    left, right = sides
    blanks = (*left.blanks, *right.blanks)
    habit = cells.get(relation.stated, "") is None and len(blanks) > 1
    many = _mostly_blank(relation, sides)
    if many and relation.rule == "T3-1":
        zeros = set()  # a row mostly blank claims nothing: no figure is held against it that it does not hold itself
    as_noughts = not (habit or many) and unsaid.isdisjoint(blanks)
    if not (left.unread or right.unread) and (as_noughts or all(path in zeros for path in blanks)):
        return Balance(left.known, right.known, bool(blanks))
    closed = [not side.unread and all(path in zeros for path in side.blanks) for side in sides]
    if (left.known > right.known and closed[1]) or (right.known > left.known and closed[0]):
        return Balance(left.known, right.known, False, at_least=True)
    return None
