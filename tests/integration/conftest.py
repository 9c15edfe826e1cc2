"""A PostgreSQL server for the session, its tables emptied for every test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from infra.embedded.servers import Postgres
from services.platform.db.dialect import make_engine
from services.platform.db.migrate import migrate
from services.platform.db.models import Base
from tests.unit.platform.ground import Ground, open_ground


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database on a server that this session starts and destroys."""
    server = Postgres(tmp_path_factory.mktemp("postgres") / "server", fsync=False)
    with server:
        engine = make_engine(server.url)
        migrate(engine)
        engine.dispose()
        yield server.url
    server.destroy()


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """The database, empty."""
    engine = make_engine(postgres_url)
    with engine.begin() as connection:
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    engine.dispose()
    return postgres_url


@pytest.fixture
def ground(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with open_ground(database_url, tmp_path, monkeypatch) as made:
        yield made
