"""Cells and audit lines as PostgreSQL takes them: all rows in one statement, every value as it was."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.platform.ground import Ground
from tests.unit.platform.insertion import CELLS, cells_come_back, too_long_is_refused

pytestmark = [pytest.mark.integration, pytest.mark.postgres]


def test_rows_come_back_as_they_were(ground: Ground) -> None:
    assert cells_come_back(ground) == [
        (path, value, text.replace("\x00", "\ufffd"), *rest) for path, value, text, *rest in CELLS
    ]
    assert CELLS[1][1] == Decimal("0.000001")


def test_what_does_not_fit_is_refused_and_not_cut(ground: Ground) -> None:
    too_long_is_refused(ground)
