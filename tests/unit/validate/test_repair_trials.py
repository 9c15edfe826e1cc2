"""How often the repair names what was really wrong, on 2,000 invented reports; times are the bench's business."""

import pytest

from tests.bench.repair import trial


@pytest.mark.parametrize(("wrong_cells", "share"), [(1, 0.99), (2, 0.95)])
def test_wrong_cells_are_named_or_stand_among_the_equally_good_ones(wrong_cells: int, share: float):
    score = trial(wrong_cells)
    print(score)
    assert score.trials == 2000
    assert score.silent == 0
    assert score.share >= share
