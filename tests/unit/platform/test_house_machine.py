"""The pipeline's state machine on SQLite."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from services.platform.db.engine import engine
from tests.unit.platform.ground import Ground
from tests.unit.platform.house_machine import make_machine


def test_whatever_happens_nothing_is_lost_doubled_or_illegal(
    ground: Ground, migrated_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reset() -> None:
        file = Path(engine().url.database or "")
        engine().dispose()
        for beside in ("-wal", "-shm"):
            file.with_name(file.name + beside).unlink(missing_ok=True)
        shutil.copyfile(migrated_file, file)

    run_state_machine_as_test(
        make_machine(ground, reset, monkeypatch),
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
