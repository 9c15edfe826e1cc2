"""A migrated SQLite database of one's own for every test that asks for it, with broker and object store in memory."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from services.platform.db.dialect import make_engine
from services.platform.db.migrate import migrate
from services.platform.logging import log
from tests.unit.platform.ground import Ground, open_ground


@pytest.fixture(autouse=True)
def logging_as_found() -> Iterator[None]:
    """What a command configures for its whole process ends with its test: others look for log lines of their own."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    settled = structlog.get_config() if structlog.is_configured() else None
    yield
    ours = [one for one in root.handlers if isinstance(one.formatter, structlog.stdlib.ProcessorFormatter)]
    if fresh := [one for one in ours if one not in before]:
        for handler in fresh:
            root.removeHandler(handler)
        root.setLevel(level)
        if settled is None:
            structlog.reset_defaults()
        else:
            structlog.configure(**settled)
        log.cache_clear()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy from."""
    file = tmp_path_factory.mktemp("schema") / "empty.db"
    engine = make_engine(f"sqlite:///{file}")
    migrate(engine)
    with engine.connect().execution_options(reading=True) as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture
def database_url(migrated_file: Path, tmp_path: Path) -> str:
    """An empty database; the tests in `tests/integration` override this with PostgreSQL."""
    shutil.copyfile(migrated_file, tmp_path / "ground.db")
    return f"sqlite:///{tmp_path}/ground.db"


@pytest.fixture
def ground(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with open_ground(database_url, tmp_path, monkeypatch) as made:
        yield made
