"""What is offered for the broken relations of a report: the equally small repairs, part by part.

Tables 3 and 4, and the blocks of table 4, have no relation in common and are solved apart. Within table 3 the smallest
repairs fall into parts that share no relation; each part is offered with the findings it settles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from services.core.form import LAYOUTS, form
from services.core.report import PROVED
from services.validate.repair.search import (
    LINE,
    LOWER,
    TOTAL_LINE,
    UPPER,
    Answer,
    Changes,
    Puzzle,
    Unknown,
    amounts_match,
    smallest_changes,
)
from services.validate.repair.slips import OTHER, SLIP, plausibility
from services.validate.rules.relations import Relation, all_relations, balances
from services.validate.rules.sheet import Sheet

MOST_OFFERED = 5
"""More equally good repairs than this are no help to anyone."""

MOST_TOGETHER = 6
"""A part of more cells than this is no slip any more; its table has to be checked as a whole."""

IMPOSSIBLE, DOUBTED, READ, VOUCHED = 1, 2, 3, 4
"""What changing a cell weighs: no count at all, not vouched for by the reader, read, read and proved by its sums."""


@dataclass(frozen=True, slots=True)
class Change:
    """A cell, its value (None: blank) and the one it should have."""

    cell: str
    from_: int | None
    to: int


@dataclass(frozen=True, slots=True)
class Offer:
    """Changes to be made together, in printed order, and the broken relations that hold after them."""

    changes: tuple[Change, ...]
    settles: frozenset[Relation]


def offers(sheet: Sheet) -> dict[Relation, tuple[Offer, ...]]:
    """For each broken relation its equally small repairs, the likeliest slip first; none where that cannot be told.

    Values offered are whole numbers ≥ 0. A relation is left out when nothing settles it within the bounds of the
    search, or more than five repairs do so equally well.
    """
    gaps = {relation: found.gap for relation, found in sheet.balances.items() if not found.at_least}
    offered: dict[Relation, tuple[Offer, ...]] = {}
    for relations in _apart(gaps):
        if any(gaps[relation] for relation in relations):
            table = _Table(sheet, relations, [gaps[relation] for relation in relations])
            for part in table.parts():
                offered.update(dict.fromkeys(part[0].settles, part))
    return offered


def _apart(gaps: Iterable[Relation]) -> Iterator[list[Relation]]:
    """Table 3 as a whole, and each block of table 4."""
    blocks: dict[str, list[Relation]] = {}
    for relation in gaps:
        blocks.setdefault(relation.key if relation.rule == "T4-1" else "table3", []).append(relation)
    yield from blocks.values()


class _Table:
    """One table's relations as a puzzle, and its smallest repairs in words of cells."""

    def __init__(self, sheet: Sheet, relations: Sequence[Relation], gaps: Sequence[int]) -> None:
        self._sheet = sheet
        self._layout = sheet.forms["table3"].version
        self._relations = relations
        self._gaps = gaps
        position = {relation: number for number, relation in enumerate(relations)}
        through = _through(self._layout)
        touched = dict.fromkeys(path for relation in relations for path in relation.where)
        order = _printed_order(self._layout)
        self._paths = sorted(touched, key=order.__getitem__)
        unknowns = []
        for path in self._paths:
            touches = tuple((position[relation], sign) for relation, sign in through[path] if relation in position)
            unknowns.append(Unknown(self._value(path) or 0, self._weight(path), touches))
        self._puzzle = Puzzle(tuple(gaps), tuple(_kind(relation) for relation in relations), tuple(unknowns))

    def _value(self, path: str) -> int | None:
        value = self._sheet.cells[path]
        assert value is None or isinstance(value, int)  # of a relation that was assessed
        return value

    def _weight(self, path: str) -> int:
        if (self._value(path) or 0) < 0:
            return IMPOSSIBLE
        if path in self._sheet.uncertain:
            return DOUBTED
        cell = self._sheet.report.cells.get(path)
        return VOUCHED if cell is not None and cell.confidence >= PROVED else READ

    def parts(self) -> Iterator[tuple[Offer, ...]]:
        """The equally good offers of each independent part that can be told."""
        settled: Changes = {}
        answer = smallest_changes(self._puzzle)
        if not answer.complete and (settled := self._outstanding()):
            answer = self._rest(settled)
        for repairs in self._by_part(answer.repairs if answer.complete else ()):
            yield from self._offered(repairs)
        for position, amount in settled.items():
            yield from self._offered([{position: amount}])

    def _rest(self, settled: Changes) -> Answer:
        """What the search finds when the cells that stand out are settled."""
        gaps = self._gaps_after(settled)
        cells = tuple(
            Unknown(cell.value, cell.weight, ()) if position in settled else cell
            for position, cell in enumerate(self._puzzle.cells)
        )
        return smallest_changes(Puzzle(gaps, self._puzzle.kinds, cells))

    def _outstanding(self) -> Changes:
        """Cells of which one amount, found in no other broken relation, settles every relation they stand in."""
        by_amount: dict[int, int] = {}
        for gap in self._gaps:
            by_amount[abs(gap)] = by_amount.get(abs(gap), 0) + 1
        return {
            position: amount
            for position, cell in enumerate(self._puzzle.cells)
            if len(cell.touches) > 1
            and (amount := amounts_match(self._gaps, cell))
            and by_amount[abs(amount)] == len(cell.touches)
        }

    def _gaps_after(self, changes: Changes) -> tuple[int, ...]:
        gaps = list(self._gaps)
        for position, amount in changes.items():
            for identity, sign in self._puzzle.cells[position].touches:
                gaps[identity] += sign * amount
        return tuple(gaps)

    def _by_part(self, repairs: Sequence[Changes]) -> Iterator[list[Changes]]:
        """The repairs cut into parts that share no relation: for each part the different ways to settle it."""
        part_of = list(range(len(self._relations)))

        def root(identity: int) -> int:
            while part_of[identity] != identity:
                identity = part_of[identity]
            return identity

        for position in dict.fromkeys(position for repair in repairs for position in repair):
            first, *others = (root(identity) for identity, _ in self._puzzle.cells[position].touches)
            for other in others:
                part_of[root(other)] = root(first)
        ways: dict[int, dict[tuple[tuple[int, int], ...], Changes]] = {}
        for repair in repairs:
            cut: dict[int, dict[int, int]] = {}
            for position, amount in repair.items():
                cut.setdefault(root(self._puzzle.cells[position].touches[0][0]), {})[position] = amount
            for part, changes in cut.items():
                ways.setdefault(part, {})[tuple(changes.items())] = changes
        yield from (list(different.values()) for different in ways.values())

    def _offered(self, repairs: Sequence[Changes]) -> Iterator[tuple[Offer, ...]]:
        """What is offered of one part: every way if they are few, else the slips among them, else what all share."""
        offers = [offer for offer in map(self._offer, repairs) if offer is not None]
        offers.sort(key=self._unlikely)
        if len(offers) > MOST_OFFERED:
            slips = [offer for offer in offers if self._unlikely(offer) == SLIP]
            if not 0 < len(slips) <= MOST_OFFERED:
                shared = set(repairs[0].items()).intersection(*(repair.items() for repair in repairs))
                only = self._offer(dict(sorted(shared))) if shared else None
                slips = [only] if only else []
            offers = slips
        offers = [offer for offer in offers if len(offer.changes) <= MOST_TOGETHER]
        if offers and offers[0].settles:
            yield tuple(offers)

    def _offer(self, repair: Changes) -> Offer | None:
        """The repair in words of cells; None when it would break a relation that is only assessed by its bound."""
        after = self._gaps_after(repair)
        gaps = zip(self._relations, self._gaps, after, strict=True)
        settled = {relation for relation, before, left in gaps if before and not left}
        values = {path: (self._value(path) or 0) + repair[number] for number, path in self._of(repair)}
        if not self._open_paths.isdisjoint(values):
            now, then = (_broken(cells, self._layout) for cells in (self._sheet.cells, self._sheet.cells | values))
            if then - now:
                return None
            settled |= now - then
        return Offer(tuple(Change(path, self._value(path), to) for path, to in values.items()), frozenset(settled))

    def _of(self, repair: Changes) -> Iterator[tuple[int, str]]:
        yield from ((number, self._paths[number]) for number in sorted(repair))

    @cached_property
    def _open_paths(self) -> frozenset[str]:
        """The cells of the relations that cannot be assessed, or only by their bounds."""
        exact = set(self._relations)
        return frozenset(
            path for relation in all_relations(self._layout) if relation not in exact for path in relation.where
        )

    def _unlikely(self, offer: Offer) -> int:
        """How unlikely the changes are as slips, the unlikeliest of them counting; figures put into the next cell are."""
        one, *others = offer.changes
        if len(others) == 1 and others[0].cell in _beside(self._layout)[one.cell]:
            other = others[0]
            if ((one.from_ or 0), (other.from_ or 0)) == (other.to, one.to):
                return SLIP
        return max(map(self._unlikely_alone, offer.changes), default=OTHER)

    def _unlikely_alone(self, change: Change) -> int:
        cells = self._sheet.cells
        beside = [cells.get(path) for path in _beside(self._layout)[change.cell]]
        summed = [
            path
            for relation, _ in _through(self._layout)[change.cell]
            if relation.stated == change.cell
            for path in relation.left
        ]
        parts = [cells.get(path) for path in summed]
        return plausibility(change.from_, change.to, _counts(beside), _counts(parts))


def _counts(entries: Iterable[object]) -> set[int]:
    """The counts above 0 among these entries: a nought beside a cell says nothing."""
    return {entry for entry in entries if isinstance(entry, int) and entry}


def _broken(cells: Mapping[str, object], layout: str) -> set[Relation]:
    return {relation for relation, found in balances(cells, layout).items() if found.gap}


def _kind(relation: Relation) -> int:
    if relation.rule == "T3-1":
        return TOTAL_LINE if relation.key == "total" else LINE
    return {"T3-2": UPPER, "T3-3": LOWER}.get(relation.rule, LINE)


@cache
def _through(layout: str) -> dict[str, tuple[tuple[Relation, int], ...]]:
    """Cell path → the relations it stands in, each with 1 on its left side and -1 on its right."""
    found: dict[str, list[tuple[Relation, int]]] = {}
    for relation in all_relations(layout):
        for side, sign in ((relation.left, 1), (relation.right, -1)):
            for path in side:
                found.setdefault(path, []).append((relation, sign))
    return {path: tuple(items) for path, items in found.items()}


@cache
def _printed_order(layout: str) -> dict[str, int]:
    shape = form(layout)
    return {path: number for number, path in enumerate([*shape.paths("table3"), *form(LAYOUTS[-1]).paths("table4")])}


@cache
def _beside(layout: str) -> dict[str, tuple[str, ...]]:
    """Cell path → the cells left, right, above and below it in its table."""
    found: dict[str, tuple[str, ...]] = {}
    for table, version in (("table3", layout), ("table4", LAYOUTS[-1])):
        lines: dict[str, list[str]] = {}
        for path in _printed_order(version):
            if path.startswith(table):
                lines.setdefault(path.split(".")[1], []).append(path)
        grid = list(lines.values())
        for row, line in enumerate(grid):
            for column, path in enumerate(line):
                near = [grid[row + step][column] for step in (-1, 1) if 0 <= row + step < len(grid)]
                near += [line[column + step] for step in (-1, 1) if 0 <= column + step < len(line)]
                found[path] = tuple(near)
    return found
