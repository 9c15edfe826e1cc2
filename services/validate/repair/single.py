"""One changed cell that settles broken relations: the likely typing error and the value that mends it.

A cell is offered only if one amount settles *every* relation through it: all of them are broken, and all by the amount
this cell would have to change. A relation that holds would break, so its cells are out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from services.validate.rules.relations import Relation, all_relations
from services.validate.rules.sheet import Sheet

MOST_OFFERED = 5
"""More equally good cells than this are no help to anyone."""


@dataclass(frozen=True, slots=True)
class Change:
    """A cell, its value (None: blank) and the value under which the relations in `settles` hold."""

    cell: str
    from_: int | None
    to: int
    settles: tuple[Relation, ...]


def single_cell_repairs(sheet: Sheet) -> dict[Relation, tuple[Change, ...]]:
    """For every broken relation the best changes of one cell, those that settle most, in printed order.

    Changed values are whole numbers ≥ 0. The tuple is empty where no cell does it, or more than five equally well.
    """
    gaps = {relation: found.gap for relation, found in sheet.balances.items() if not found.at_least}
    broken = [relation for relation, gap in gaps.items() if gap]
    changes = _changes(sheet, gaps, dict.fromkeys(path for relation in broken for path in relation.where))
    return {relation: _best(change for change in changes if relation in change.settles) for relation in broken}


def _changes(sheet: Sheet, gaps: dict[Relation, int], paths: Iterable[str]) -> list[Change]:
    through = _through(sheet.forms["table3"].version)
    found = []
    for path in paths:
        assessed = [(relation, sign) for relation, sign in through[path] if relation in gaps]
        amounts = {gaps[relation] * sign for relation, sign in assessed}
        value = sheet.cells[path]
        if len(amounts) != 1 or isinstance(value, str):
            continue
        to = int(value or 0) + amounts.pop()
        if to >= 0 and to != int(value or 0):
            found.append(
                Change(path, None if value is None else int(value), to, tuple(relation for relation, _ in assessed))
            )
    return found


def _best(changes: Iterable[Change]) -> tuple[Change, ...]:
    offered = list(changes)
    most = max((len(change.settles) for change in offered), default=0)
    best = tuple(change for change in offered if len(change.settles) == most)
    return best if len(best) <= MOST_OFFERED else ()


@cache
def _through(layout: str) -> dict[str, tuple[tuple[Relation, int], ...]]:
    """Cell path → the relations it stands in, with the sign by which a gap becomes the cell's change."""
    found: dict[str, list[tuple[Relation, int]]] = {}
    for relation in all_relations(layout):
        for side, sign in ((relation.left, -1), (relation.right, 1)):
            for path in side:
                found.setdefault(path, []).append((relation, sign))
    return {path: tuple(items) for path, items in found.items()}
