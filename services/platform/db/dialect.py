"""Everything in which SQLite and PostgreSQL differ, and nothing else.

Lease and retry arithmetic uses the database's clock only, so that hosts with wrong clocks cannot steal work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    bindparam,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql import expression
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator

SQLITE_BUSY_SECONDS = 30
"""Writers queue for the one write lock this long; a reading or a mail never holds it, so waits are milliseconds."""

_MIGRATION_LOCK = 7_105_742
"""Key of PostgreSQL's advisory lock around migrations; any constant that no other program uses on this database."""

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""64-bit row numbers; SQLite numbers rows by itself only for a column typed INTEGER."""


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes. Naive values are refused: they are a defect somewhere above."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class ExactNumber(TypeDecorator[Decimal]):
    """Decimals with up to six places, kept as whole millionths: exact, sortable and summable on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - interface
        return None if value is None else int((Decimal(value) * 1_000_000).to_integral_value())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - interface
        return None if value is None else Decimal(value) / 1_000_000


class db_after(expression.FunctionElement[datetime]):  # noqa: N801 - reads as an SQL function
    """The database's clock plus a number of seconds (negative: before now)."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, seconds: float | BindParameter[float]) -> None:
        self.seconds = None if isinstance(seconds, BindParameter) else float(seconds)
        given = seconds if isinstance(seconds, BindParameter) else bindparam(None, float(seconds), unique=True)
        super().__init__(given)


def db_now() -> db_after:
    """The database's clock."""
    return db_after(0)


@compiles(db_after, "sqlite")
def _sqlite_after(element: db_after, compiler: SQLCompiler, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw)
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+.3f seconds', {seconds})) || '000')"


@compiles(db_after, "postgresql")
def _postgresql_after(element: db_after, compiler: SQLCompiler, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw)
    return f"(clock_timestamp() + CAST({seconds} AS double precision) * interval '1 second')"


def make_engine(url: str, *, pool_size: int = 5) -> Engine:
    """An engine with this project's rules: SQLite in WAL with immediate writers, PostgreSQL with short waits.

    Engines must not cross a fork; each process makes its own (see services.platform.db.engine).
    """
    parsed = make_url(url)
    return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed, pool_size)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": SQLITE_BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, by us
        for pragma in ("journal_mode=wal", "synchronous=normal", "foreign_keys=on"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # A deferred BEGIN that upgrades to a write fails at once with "database is locked" whatever the busy timeout.
        deferred = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL, pool_size: int) -> Engine:
    from psycopg.types.string import StrDumperUnknown

    class WithoutNul(StrDumperUnknown):
        """PostgreSQL's text cannot hold U+0000, which documents may print and object keys may contain."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\x00", "\ufffd"))

    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=5,
        pool_pre_ping=True,
        pool_timeout=10,
        connect_args={
            "connect_timeout": 5,
            "options": "-c lock_timeout=15s -c idle_in_transaction_session_timeout=60s",
        },
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.adapters.register_dumper(str, WithoutNul)

    return engine


def for_reading(connection: Connection) -> Connection:
    """The connection for a transaction that reads one snapshot and waits for no writer."""
    if connection.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection.execution_options(reading=True)


def skip_locked(connection: Connection) -> bool:
    """Whether rows can be locked one by one; SQLite has one writer at a time and needs no row locks."""
    return connection.dialect.name == "postgresql"


def lock_name(session: Session, name: str) -> None:
    """Hold a named lock until the transaction ends. SQLite's one writer at a time makes it needless there."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


@contextmanager
def migration_lock(connection: Connection) -> Iterator[None]:
    """Let one process migrate at a time; the others wait and then find nothing to do."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
            connection.commit()
    else:  # BEGIN IMMEDIATE of the migration's own transaction is the lock
        yield


def append_only(table: str, dialect: str) -> list[str]:
    """The statements that make the database refuse updates and deletes on `table`."""
    if dialect == "postgresql":
        body = f"BEGIN RAISE EXCEPTION '{table} is append-only'; END"
        when = f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
        return [
            f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
            f"CREATE TRIGGER {table}_append_only {when} EXECUTE FUNCTION {table}_append_only()",
        ]
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return [f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} {refuse}" for verb in ("update", "delete")]
