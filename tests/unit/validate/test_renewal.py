"""Verdicts given anew, on SQLite."""

from __future__ import annotations

from tests.unit.validate.renewing import Renewing


class TestRenewalOnSqlite(Renewing):
    pass
