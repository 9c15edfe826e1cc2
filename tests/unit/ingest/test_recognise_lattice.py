"""From ruled lines to a grid of cells with spans."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.recognise.lattice import Lattice, Segment, Span, TooManyLinesError, find_lattices

Sizes = st.lists(st.floats(10, 90), min_size=1, max_size=8)


def positions(sizes: list[float], start: float) -> list[float]:
    result = [start]
    for size in sizes:
        result.append(result[-1] + size)
    return result


def ruled(xs: list[float], ys: list[float]) -> tuple[list[Segment], list[Segment]]:
    """Every border of every unit cell as a line of its own."""
    horizontal = [(y, a, b) for y in ys for a, b in pairwise(xs)]
    vertical = [(x, a, b) for x in xs for a, b in pairwise(ys)]
    return horizontal, vertical


def only(horizontal: list[Segment], vertical: list[Segment]) -> Lattice:
    (lattice,) = find_lattices(horizontal, vertical)
    return lattice


@given(Sizes, Sizes)
def test_a_full_grid_has_one_cell_a_unit(widths: list[float], heights: list[float]) -> None:
    xs, ys = positions(widths, 50), positions(heights, 80)
    lattices = find_lattices(*ruled(xs, ys))
    if len(widths) * len(heights) == 1:
        assert lattices == []
        return
    (lattice,) = lattices
    assert lattice.xs == pytest.approx(xs)
    assert lattice.ys == pytest.approx(ys)
    assert sorted(lattice.cells, key=lambda s: (s.top, s.left)) == [
        Span(row, row + 1, column, column + 1) for row in range(len(heights)) for column in range(len(widths))
    ]


@given(st.data())
def test_a_merged_block_is_one_cell_with_its_spans(data: st.DataObject) -> None:
    wide, high = data.draw(st.integers(2, 6)), data.draw(st.integers(2, 6))
    left, top = data.draw(st.integers(0, wide - 2)), data.draw(st.integers(0, high - 2))
    right, bottom = data.draw(st.integers(left + 1, wide - 1)), data.draw(st.integers(top + 1, high - 1))
    xs, ys = [50 + 40.0 * i for i in range(wide + 1)], [90 + 20.0 * i for i in range(high + 1)]
    horizontal = [s for s in ruled(xs, ys)[0] if not (ys[top] < s[0] < ys[bottom] and xs[left] <= s[1] < xs[right])]
    vertical = [s for s in ruled(xs, ys)[1] if not (xs[left] < s[0] < xs[right] and ys[top] <= s[1] < ys[bottom])]
    lattice = only(horizontal, vertical) if (right - left) * (bottom - top) < wide * high else None
    if lattice is None or len(lattice.xs) != len(xs) or len(lattice.ys) != len(ys):
        return  # a line that lies wholly inside the merged block is not drawn, so it is no line of the grid
    unit = lattice.unit_at((xs[left] + xs[right]) / 2, (ys[top] + ys[bottom]) / 2)
    assert unit is not None
    column, row = unit
    assert lattice.cells[lattice.owner[row * wide + column]] == Span(top, bottom, left, right)


@given(st.lists(st.floats(-0.9, 0.9), min_size=40, max_size=40))
def test_lines_within_two_points_are_one_line(noise: list[float]) -> None:
    xs, ys = [50.0, 100.0, 150.0], [50.0, 80.0, 110.0]
    shift = iter(noise)
    horizontal = [(y + next(shift), a, b) for y, a, b in ruled(xs, ys)[0]]
    vertical = [(x + next(shift), a, b) for x, a, b in ruled(xs, ys)[1]]
    assert len(only(horizontal, vertical).cells) == 4


@pytest.mark.parametrize(("gap", "cells"), [(3.0, 4), (3.4, 4)])
def test_dashes_with_gaps_up_to_three_and_a_half_points_are_lines(gap: float, cells: int) -> None:
    def dashed(segment: Segment) -> list[Segment]:
        at, start, end = segment
        count = math.ceil((end - start - 5) / (5 + gap))
        step = (end - start - 5) / count
        return [(at, start + i * step, start + i * step + 5) for i in range(count + 1)]

    horizontal, vertical = ruled([50.0, 100.0, 150.0], [50.0, 90.0, 130.0])
    lattice = only([d for s in horizontal for d in dashed(s)], [d for s in vertical for d in dashed(s)])
    assert len(lattice.cells) == cells


def test_a_table_cut_by_the_page_is_closed_where_its_columns_end_together() -> None:
    xs, ys = [50.0, 100.0, 150.0], [50.0, 80.0]
    horizontal = [(y, 50.0, 150.0) for y in ys]
    vertical = [(x, 50.0, 105.0) for x in xs]
    lattice = only(horizontal, vertical)
    assert lattice.ys == pytest.approx([50, 80, 105])
    assert lattice.unit_at(75, 95) == (0, 1)


def test_a_table_without_side_borders_is_closed_where_its_rows_end_together() -> None:
    horizontal = [(y, 20.0, 200.0) for y in (50.0, 80.0, 110.0)]
    vertical = [(100.0, 50.0, 110.0)]
    lattice = only(horizontal, vertical)
    assert len(lattice.cells) == 4


def test_tables_apart_are_apart_and_a_frame_is_no_table() -> None:
    first = ruled([50.0, 100.0, 150.0], [50.0, 80.0])
    second = ruled([50.0, 90.0, 150.0], [150.0, 180.0])
    frame = ruled([10.0, 400.0], [10.0, 400.0])
    lattices = find_lattices(first[0] + second[0] + frame[0], first[1] + second[1] + frame[1])
    assert [len(lattice.cells) for lattice in lattices] == [2, 2]


def test_a_page_ruled_like_graph_paper_is_refused() -> None:
    lines = [(10.0 * i, 0.0, 4000.0) for i in range(400)]
    with pytest.raises(TooManyLinesError):
        find_lattices(lines, lines)


@given(
    st.lists(st.tuples(st.floats(0, 800), st.floats(0, 800), st.floats(0, 800)), max_size=40),
    st.lists(st.tuples(st.floats(0, 800), st.floats(0, 800), st.floats(0, 800)), max_size=40),
)
def test_any_lines_give_grids_in_which_every_unit_has_one_owner(one: list[Segment], two: list[Segment]) -> None:
    for lattice in find_lattices(*([(a, min(b, c), max(b, c)) for a, b, c in side] for side in (one, two))):
        assert len(lattice.owner) == (len(lattice.xs) - 1) * (len(lattice.ys) - 1)
        assert set(lattice.owner) == set(range(len(lattice.cells)))
        assert lattice.xs == sorted(lattice.xs)
        assert lattice.ys == sorted(lattice.ys)
