"""From ruled lines to a grid of cells with spans. Pure geometry: points, y downwards."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

SNAP = 2.0
"""Positions of lines nearer than this (points) are one line: borders are drawn twice, or 0.5 pt apart."""
GAP = 3.5
"""Breaks in a line up to this length (points) are closed: dashed rules, corners that do not quite meet."""
SLIVER = 4.0
"""Cells thinner than this (points) are the space between double borders."""
_MOST_UNITS = 40_000
_ENDS_TOGETHER = 3

Segment = tuple[float, float, float]
"""Position across, start and end along: (y, x0, x1) of a horizontal line, (x, y0, y1) of a vertical one."""

_along = itemgetter(1, 2)


class TooManyLinesError(ValueError):
    """The page holds more ruling than a table of the form could have."""


class Span(NamedTuple):
    """One cell: first and one-past-last row and column in the grid."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(slots=True)
class Lattice:
    """One table: the positions of its lines, its cells, and for each unit cell the number of the cell it belongs to."""

    xs: list[float]
    ys: list[float]
    cells: list[Span]
    owner: list[int]

    def unit_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Column and row of the unit cell at a point, None outside the table."""
        xs, ys = self.xs, self.ys
        if xs[0] <= x < xs[-1] and ys[0] <= y < ys[-1]:
            return bisect_right(xs, x) - 1, bisect_right(ys, y) - 1
        return None

    def box(self, number: int) -> tuple[float, float, float, float]:
        """x0, top, x1, bottom of a cell."""
        top, bottom, left, right = self.cells[number]
        return self.xs[left], self.ys[top], self.xs[right], self.ys[bottom]

    def rows(self) -> Iterator[list[int]]:
        """The numbers of the cells in each row, from the top; rows that are slivers, or like the one above, are left out."""
        wide = len(self.xs) - 1
        before: list[int] = []
        for row in range(len(self.ys) - 1):
            numbers = list(dict.fromkeys(self.owner[row * wide : (row + 1) * wide]))
            if numbers != before and self.ys[row + 1] - self.ys[row] >= SLIVER:
                before = numbers
                yield numbers

    @property
    def area(self) -> float:
        return (self.xs[-1] - self.xs[0]) * (self.ys[-1] - self.ys[0])


@dataclass(slots=True)
class _Rule:
    """A snapped, joined line."""

    at: float
    start: float
    end: float


def find_lattices(horizontal: Iterable[Segment], vertical: Iterable[Segment]) -> list[Lattice]:
    """The tables that these lines draw, from top to bottom. A frame with a single cell is no table.

    Raises TooManyLinesError when a table would have more than 40,000 unit cells.
    """
    rows, columns = _join(horizontal), _join(vertical)
    lattices = [
        lattice
        for across, along in _components(rows, columns)
        if (lattice := _build(across, along)) is not None and len(lattice.cells) > 1
    ]
    return sorted(lattices, key=lambda one: (one.ys[0], one.xs[0]))


def _join(segments: Iterable[Segment]) -> list[_Rule]:
    """Snap positions within 2 points, then join what lies on one line with gaps up to 3.5 points."""
    joined: list[_Rule] = []
    cluster: list[Segment] = []
    limit = 0.0
    for segment in sorted(segments):
        if cluster and segment[0] - limit > SNAP:
            joined += _join_one(cluster)
            cluster = []
        if not cluster:
            limit = segment[0]
        cluster.append(segment)
    if cluster:
        joined += _join_one(cluster)
    return joined


def _join_one(cluster: list[Segment]) -> list[_Rule]:
    at = sum([segment[0] for segment in cluster]) / len(cluster)
    if cluster[0][0] != cluster[-1][0]:
        cluster.sort(key=_along)
    rules: list[_Rule] = []
    _, first, reach = cluster[0]
    for _, start, end in cluster:
        if start - reach > GAP:
            rules.append(_Rule(at, first, reach))
            first, reach = start, end
        elif end > reach:
            reach = end
    rules.append(_Rule(at, first, reach))
    return rules


def _components(rows: list[_Rule], columns: list[_Rule]) -> list[tuple[list[_Rule], list[_Rule]]]:
    """Groups of lines that cross or touch one another."""
    parent = list(range(len(rows) + len(columns)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    levels = [row.at for row in rows]
    for number, column in enumerate(columns, len(rows)):
        at, low, high = column.at, column.start - GAP, column.end + GAP
        for index in range(bisect_left(levels, low), bisect_right(levels, high)):
            row = rows[index]
            if row.start - GAP <= at <= row.end + GAP:
                parent[root(index)] = root(number)
    groups: dict[int, tuple[list[_Rule], list[_Rule]]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(root(index), ([], []))[0].append(row)
    for number, column in enumerate(columns, len(rows)):
        groups.setdefault(root(number), ([], []))[1].append(column)
    return [(across, along) for across, along in groups.values() if across and along]


def _build(rows: list[_Rule], columns: list[_Rule]) -> Lattice | None:
    _close(rows, columns)
    _close(columns, rows)
    xs, ys = _positions(columns), _positions(rows)
    wide, high = len(xs) - 1, len(ys) - 1
    if wide < 1 or high < 1:
        return None
    if wide * high > _MOST_UNITS:
        raise TooManyLinesError(f"{wide} x {high}")
    # walls[line][unit]: whether the line is drawn along that unit
    vertical = _walls(columns, xs, ys)
    horizontal = _walls(rows, ys, xs)
    return _unite(xs, ys, vertical, horizontal)


def _close(rows: list[_Rule], columns: list[_Rule]) -> None:
    """Where three or more columns end together without a row line (page breaks, open sides), draw the row line."""
    for ends in ([c.start for c in columns], [c.end for c in columns]):
        for group in _groups(ends):
            at = sum(group) / len(group)
            if len(group) < _ENDS_TOGETHER or any(abs(row.at - at) <= GAP for row in rows):
                continue
            here = [c.at for c in columns if abs(c.start - at) <= SNAP or abs(c.end - at) <= SNAP]
            rows.append(_Rule(at, min(here), max(here)))


def _groups(values: Iterable[float]) -> list[list[float]]:
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][0] <= SNAP:
            groups[-1].append(value)
        else:
            groups.append([value])
    return groups


def _positions(rules: Iterable[_Rule]) -> list[float]:
    return [sum(group) / len(group) for group in _groups(rule.at for rule in rules)]


def _walls(rules: Iterable[_Rule], lines: list[float], across: list[float]) -> list[list[bool]]:
    middles = [(a + b) / 2 for a, b in pairwise(across)]
    walls = [[False] * len(middles) for _ in lines]
    for rule in rules:
        drawn = walls[_nearest(lines, rule.at)]
        first, end = bisect_right(middles, rule.start), bisect_right(middles, rule.end)
        if end > first:
            drawn[first:end] = [True] * (end - first)
    return walls


def _nearest(lines: list[float], at: float) -> int:
    """The line nearest to a position, the first of two as near."""
    after = bisect_left(lines, at)
    if after == len(lines) or (after and at - lines[after - 1] <= lines[after] - at):
        return after - 1
    return after


def _unite(xs: list[float], ys: list[float], vertical: list[list[bool]], horizontal: list[list[bool]]) -> Lattice:
    """Unit cells without a wall between them are one cell."""
    wide, high = len(xs) - 1, len(ys) - 1
    owner = [-1] * (wide * high)
    cells: list[Span] = []
    for start in range(wide * high):
        if owner[start] >= 0:
            continue
        row, column = divmod(start, wide)
        # above and to the left all is taken: what is closed below and to the right is a cell by itself
        if vertical[column + 1][row] and horizontal[row + 1][column]:
            owner[start] = len(cells)
            cells.append(Span(row, row + 1, column, column + 1))
            continue
        number = len(cells)
        owner[start] = number
        stack = [start]
        top = bottom = start // wide
        left = right = start % wide
        while stack:
            unit = stack.pop()
            row, column = divmod(unit, wide)
            top, bottom = min(top, row), max(bottom, row)
            left, right = min(left, column), max(right, column)
            near = (
                (unit + 1, column + 1 < wide and not vertical[column + 1][row]),
                (unit - 1, column > 0 and not vertical[column][row]),
                (unit + wide, row + 1 < high and not horizontal[row + 1][column]),
                (unit - wide, row > 0 and not horizontal[row][column]),
            )
            for other, is_open in near:
                if is_open and owner[other] < 0:
                    owner[other] = number
                    stack.append(other)
        cells.append(Span(top, bottom + 1, left, right + 1))
    return Lattice(xs, ys, cells, owner)
