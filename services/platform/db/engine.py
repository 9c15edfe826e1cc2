"""One engine a process, and the unit of work: the only way to a session. Only an edge commits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from services.platform.db.dialect import for_reading, make_engine
from services.platform.settings import settings


@cache
def _engine_of(_pid: int, url: str) -> Engine:
    return make_engine(url)


def engine() -> Engine:
    """The engine of this process and its configured database; a forked child gets one of its own."""
    return _engine_of(os.getpid(), settings().database_url)


@cache
def _sessions_of(of: Engine) -> sessionmaker[Session]:
    return sessionmaker(of, expire_on_commit=False)


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """A session in one transaction: commits at the end, rolls back on any exception."""
    with _sessions_of(engine()).begin() as session:
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reading one snapshot only; it never waits for a writer."""
    with (
        for_reading(engine().connect()) as connection,
        _sessions_of(engine())(bind=connection) as session,
    ):
        yield session
        session.expunge_all()  # rows read here may be used after the session
