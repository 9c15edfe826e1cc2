"""What the judge knows, on SQLite."""

from __future__ import annotations

from tests.unit.validate.knowing import Knowing


class TestKnowledgeOnSqlite(Knowing):
    pass
