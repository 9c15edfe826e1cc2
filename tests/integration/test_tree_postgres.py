"""The tree of bodies on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.unit.platform.tree import TreeOfBodies


@pytest.mark.integration
@pytest.mark.postgres
class TestTreeOnPostgres(TreeOfBodies):
    pass
