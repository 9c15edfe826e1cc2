"""What the judge knows, on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.unit.validate.knowing import Knowing


@pytest.mark.integration
@pytest.mark.postgres
class TestKnowledgeOnPostgres(Knowing):
    pass
