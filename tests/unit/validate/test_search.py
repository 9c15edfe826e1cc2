from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.validate.repair.search import LINE, LOWER, TOTAL_LINE, UPPER, Changes, Puzzle, Unknown, smallest_changes

ROWS = ("new", "granted", "partial", "total", "carried_out")
COLUMNS = 3
AMOUNTS = [amount for amount in range(-6, 7) if amount]
"""A form like table 3, small enough to try everything: three columns, the last of them the total."""


def puzzle(figures: list[int], weights: list[int]) -> Puzzle:
    """The figures row by row. Identities: five rows, then the upper and the lower sum of each column."""
    gaps = [0] * (len(ROWS) + 2 * COLUMNS)
    cells = []
    for number, (row, column) in enumerate(product(range(len(ROWS)), range(COLUMNS))):
        upper, lower = len(ROWS) + column, len(ROWS) + COLUMNS + column
        signs = {"new": [(upper, 1)], "total": [(upper, -1), (lower, -1)], "carried_out": [(upper, -1)]}
        touches = ((row, -1 if column == COLUMNS - 1 else 1), *signs.get(ROWS[row], [(lower, 1)]))
        cells.append(Unknown(figures[number], weights[number], touches))
        for identity, sign in touches:
            gaps[identity] += sign * figures[number]
    lines = [TOTAL_LINE if row == "total" else LINE for row in ROWS]
    return Puzzle(tuple(gaps), (*lines, *[UPPER] * COLUMNS, *[LOWER] * COLUMNS), tuple(cells))


def settles(of: Puzzle, changes: Changes) -> bool:
    gaps = list(of.gaps)
    for position, amount in changes.items():
        for identity, sign in of.cells[position].touches:
            gaps[identity] += sign * amount
    return not any(gaps) and all(of.cells[position].value + amount >= 0 for position, amount in changes.items())


def weight(of: Puzzle, changes: Changes) -> int:
    return sum(of.cells[position].weight for position in changes)


def tried(of: Puzzle) -> list[Changes]:
    """Every change of one or two cells, by at most 6, that settles the puzzle."""
    found: list[Changes] = [{}] if settles(of, {}) else []
    for number in (1, 2):
        for positions in combinations(range(len(of.cells)), number):
            for amounts in product(AMOUNTS, repeat=number):
                changes = dict(zip(positions, amounts, strict=True))
                if settles(of, changes):
                    found.append(changes)
    return found


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, len(ROWS) * COLUMNS - 1), st.sampled_from([-1, 1, 2])), min_size=1, max_size=3),
    st.lists(st.sampled_from([2, 3]), min_size=15, max_size=15),
)
def test_the_search_finds_exactly_the_smallest_repairs_that_trying_everything_finds(
    slips: list[tuple[int, int]], weights: list[int]
):
    figures = [4, 1, 5, 1, 1, 2, 2, 0, 2, 3, 1, 4, 1, 0, 1]
    for position, amount in slips:
        figures[position] = max(figures[position] + amount, 0)
    of = puzzle(figures, weights)
    answer = smallest_changes(of)
    assert answer.complete
    assert all(settles(of, changes) for changes in answer.repairs)
    every = tried(of)
    if {} in every:
        assert answer.repairs == ()
        return
    least = min((weight(of, changes) for changes in answer.repairs), default=0)
    assert {weight(of, changes) for changes in answer.repairs} == {least}
    small = [changes for changes in every if weight(of, changes) <= least]
    few = [changes for changes in answer.repairs if len(changes) <= 2]
    assert sorted(map(sorted, (c.items() for c in few))) == sorted(map(sorted, (c.items() for c in small)))


def test_a_search_that_runs_out_of_steps_says_so_and_always_at_the_same_point():
    figures = [9, 2, 7, 0, 8, 1, 6, 6, 0, 3, 9, 5, 4, 4, 8]
    of = puzzle(figures, [3] * 15)
    first, second = smallest_changes(of, 50), smallest_changes(of, 50)
    assert not first.complete
    assert first == second


@pytest.mark.parametrize("amount", [1, -1])
def test_a_doubtful_cell_is_changed_rather_than_one_that_was_vouched_for(amount: int):
    # one block of table 4: every cell could be the wrong one, the doubtful one is
    cells = tuple(Unknown(5, 2 if position == 1 else 3, ((0, 1),)) for position in range(4))
    answer = smallest_changes(Puzzle((amount,), (LINE,), cells))
    assert answer.repairs == ({1: -amount},)
