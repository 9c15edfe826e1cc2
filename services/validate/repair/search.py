"""The fewest changes under which sums hold: an exact search over the cells of broken identities, bounded in steps.

A smallest set of changes holds no cell that could be left out, so the cells it changes hang together without circles:
some identity is touched by one of them alone. That identity must be broken now, and its gap is that cell's change. The
search therefore never guesses an amount: it takes a broken identity and a cell in it, gives the cell the whole gap, and
goes on with what is then still broken. Iterative deepening by weight (IDA*), with the weight that the broken identities
need at the least as its bound, finds every smallest set and stops there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_STEPS = 20_000
"""Changes weighed up in one search before it gives up; some 40 ms. Counted, so that the outcome is always the same."""

MOST_FOUND = 250
"""More equally small repairs than this are not counted on."""

LINE, TOTAL_LINE, UPPER, LOWER = range(4)
"""Kinds of identity: a row (or a block of table 4), the row （七）总计, and the two sums of a column.

Every cell stands in one row and in one sum of its column, but those of （七）总计 in both sums.
"""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A cell: its count (a blank is 0), the weight of changing it (> 0), and its identities with the cell's sign."""

    value: int
    weight: int
    touches: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Puzzle:
    """Identities by position, each with its kind and its gap (left − right), and the cells that may change."""

    gaps: tuple[int, ...]
    kinds: tuple[int, ...]
    cells: tuple[Unknown, ...]


Changes = Mapping[int, int]
"""Position of a cell → the amount by which it changes, never 0."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Every smallest set of changes, in the order found. ``complete`` is False when the search gave up before its end."""

    repairs: tuple[Changes, ...]
    complete: bool


def smallest_changes(puzzle: Puzzle, most_steps: int = MOST_STEPS) -> Answer:
    """Every set of changes of the least total weight under which all gaps are 0 and every changed count is ≥ 0."""
    return _Search(puzzle, most_steps).run()


class _Search:
    def __init__(self, puzzle: Puzzle, most_steps: int) -> None:
        self._cells = puzzle.cells
        self._kinds = puzzle.kinds
        self._gaps = list(puzzle.gaps)
        self._members: list[list[tuple[int, int]]] = [[] for _ in puzzle.gaps]
        for position, cell in enumerate(puzzle.cells):
            for identity, sign in cell.touches:
                self._members[identity].append((position, sign))
        # what one more cell in this identity costs at the least
        self._least = [min((self._cells[cell].weight for cell, _ in inside), default=1) for inside in self._members]
        self._need = [0, 0, 0, 0]
        for identity, gap in enumerate(self._gaps):
            if gap:
                self._need[self._kinds[identity]] += self._least[identity]
        self._steps_left = most_steps
        self._chosen: dict[int, int] = {}
        self._seen: set[frozenset[tuple[int, int]]] = set()
        self._found: list[Changes] = []
        self._limit = 0
        self._next_limit: int | None = None

    def run(self) -> Answer:
        self._limit = _least_weight(*self._need)
        while self._limit:
            self._next_limit = None
            self._seen.clear()
            complete = self._descend(0)
            if self._found or not complete or self._next_limit is None:
                return Answer(tuple(self._found), complete)
            self._limit = self._next_limit
        return Answer((), complete=True)

    def _descend(self, spent: int) -> bool:
        """Try every next change; False when the steps are used up or too much was found."""
        for identity in [identity for identity, gap in enumerate(self._gaps) if gap]:
            gap = self._gaps[identity]
            for position, sign in self._members[identity]:
                amount = -sign * gap
                cell = self._cells[position]
                if position in self._chosen or cell.value + amount < 0:
                    continue
                if not self._steps_left:
                    return False
                self._steps_left -= 1
                if not self._take(position, cell, amount, spent + cell.weight):
                    return False
        return True

    def _take(self, position: int, cell: Unknown, amount: int, spent: int) -> bool:
        """Change one cell and go on from there if that can still be among the smallest, then take it back."""
        need = self._need_after(cell, amount)
        bound = spent + _least_weight(*need)
        if bound > self._limit:
            if self._next_limit is None or bound < self._next_limit:
                self._next_limit = bound
            return True
        self._chosen[position] = amount
        try:
            key = frozenset(self._chosen.items())
            if key in self._seen:
                return True
            self._seen.add(key)
            if not any(need):
                self._found.append(dict(sorted(self._chosen.items())))
                return len(self._found) < MOST_FOUND
            before, self._need = self._need, need
            for identity, sign in cell.touches:
                self._gaps[identity] += sign * amount
            try:
                return self._descend(spent)
            finally:
                self._need = before
                for identity, sign in cell.touches:
                    self._gaps[identity] -= sign * amount
        finally:
            del self._chosen[position]

    def _need_after(self, cell: Unknown, amount: int) -> list[int]:
        need = self._need.copy()
        for identity, sign in cell.touches:
            before = self._gaps[identity]
            if not before:
                need[self._kinds[identity]] += self._least[identity]
            elif before + sign * amount == 0:
                need[self._kinds[identity]] -= self._least[identity]
        return need


def _least_weight(lines: int, total_line: int, upper: int, lower: int) -> int:
    """The least weight that settles broken identities whose cheapest cells add up, by kind, to these sums.

    No cell stands in two rows, in two upper or in two lower sums, and none in more than two identities outside the row
    （七）总计.
    """
    return max(lines + total_line, upper, lower, (lines + upper + lower + 1) // 2)


def amounts_match(gaps: Sequence[int], cell: Unknown) -> int:
    """The amount that settles every identity of the cell at once, all of them broken; 0 where there is none."""
    amounts = {-sign * gaps[identity] for identity, sign in cell.touches}
    amount = amounts.pop() if len(amounts) == 1 else 0
    return amount if cell.value + amount >= 0 else 0
