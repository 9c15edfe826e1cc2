"""A migrated SQLite database of one's own for every test that asks for it, with broker and object store in memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.platform.db.dialect import make_engine
from services.platform.db.migrate import migrate
from tests.unit.platform.ground import Ground, open_ground


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
