"""The pipeline's state machine on PostgreSQL, with fewer examples."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text

from services.platform.db.engine import engine
from services.platform.db.models import Base
from tests.unit.platform.ground import Ground
from tests.unit.platform.house_machine import make_machine


@pytest.mark.integration
@pytest.mark.postgres
def test_whatever_happens_nothing_is_lost_doubled_or_illegal(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    def reset() -> None:
        with engine().begin() as connection:
            tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
            connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))

    run_state_machine_as_test(
        make_machine(ground, reset, monkeypatch),
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
