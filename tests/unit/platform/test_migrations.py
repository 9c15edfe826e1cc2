"""A database with rows in it comes from every earlier schema to the newest one, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from services.platform.db.dialect import make_engine
from services.platform.db.migrate import _config, migrate
from services.platform.db.models import Base

BUSY = "UPDATE submission SET state = :state, lease_until = :until WHERE id = 1"


def at(engine: Engine, revision: str) -> None:
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        (command.upgrade if revision > "0001" else command.downgrade)(config, revision)
        connection.commit()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return make_engine(f"sqlite:///{tmp_path / 'gouji.db'}")


def fill(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO submission (id, ref, source, bucket, object_key, version, filename, agency_code, generation,
                                    state, attempt, crashes, setbacks, fence)
            VALUES (1, 'r', 'upload', 'b', 'k', '1', 'f', 'a', 0, 'received', 0, 0, 0, 0)""")
        )
        connection.execute(
            text("""
            INSERT INTO notice (id, kind, submission_id, generation, state, attempt, crashes, setbacks, fence)
            VALUES (1, 'verdict', 1, 0, 'pending', 0, 0, 0, 0)""")
        )


def take(engine: Engine, state: str, until: str | None) -> None:
    with engine.begin() as connection:
        connection.execute(text(BUSY), {"state": state, "until": until})


def test_rows_live_through_the_slower_lanes_and_the_new_states_hold_a_lease(engine: Engine) -> None:
    migrate(engine)
    at(engine, "0001")
    fill(engine)
    with pytest.raises(IntegrityError):
        take(engine, "reading_pictures", "2026-01-01 00:00:00")
    migrate(engine)
    take(engine, "reading_pictures", "2026-01-01 00:00:00")
    with pytest.raises(IntegrityError):
        take(engine, "converting", None)
    with pytest.raises(IntegrityError):
        take(engine, "for_ocr", "2026-01-01 00:00:00")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM notice WHERE submission_id = 1")).scalar() == 1
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def test_the_newest_schema_is_the_one_of_the_models(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
