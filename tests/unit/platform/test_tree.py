"""The tree of bodies on SQLite."""

from __future__ import annotations

from tests.unit.platform.tree import TreeOfBodies


class TestTreeOnSqlite(TreeOfBodies):
    pass
