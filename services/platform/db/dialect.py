"""Everything in which SQLite and PostgreSQL differ, and nothing else.

Lease and retry arithmetic uses the database's clock only, so that hosts with wrong clocks cannot steal work.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    Table,
    bindparam,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql import expression
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator

SQLITE_BUSY_SECONDS = 30
"""Writers queue for the one write lock this long; a reading or a mail never holds it, so waits are milliseconds."""

_MIGRATION_LOCK = 7_105_742
"""Key of PostgreSQL's advisory lock around migrations; any constant that no other program uses on this database."""

_USED_AT = "used_at"
_TRUSTED_SECONDS = 1.0
"""A connection to PostgreSQL that was idle for longer is asked whether it still lives before it is used."""

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
        return None if value is None else in_millionths(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - interface
        return None if value is None else Decimal(value) / 1_000_000


def in_millionths(value: Decimal | int) -> int:
    """What stands in the database for a number."""
    return value * 1_000_000 if isinstance(value, int) else int((value * 1_000_000).to_integral_value())


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
        def dump(self, obj: str) -> Any:
            return super().dump(_without_nul(obj))

    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=10,
        connect_args={
            "connect_timeout": 5,
            "options": "-c lock_timeout=15s -c idle_in_transaction_session_timeout=60s",
        },
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, record: Any) -> None:
        connection.adapters.register_dumper(str, WithoutNul)
        record.info[_USED_AT] = time.monotonic()

    @event.listens_for(engine, "checkin")
    def _on_checkin(_connection: Any, record: Any) -> None:
        record.info[_USED_AT] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _on_checkout(connection: Any, record: Any, _proxy: Any) -> None:
        # a question for every transaction would be a third of its way to the server; one that was used a moment ago
        # is most likely still there, and if not, the work is done again as after any outage
        if time.monotonic() - record.info.get(_USED_AT, 0.0) > _TRUSTED_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error  # the pool makes a new one

    return engine


def for_reading(connection: Connection) -> Connection:
    """The connection for a transaction that reads one snapshot and waits for no writer."""
    if connection.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection.execution_options(reading=True)


def is_reading(connection: Connection) -> bool:
    """Whether this is such a connection, on which no row can be locked."""
    options = connection.get_execution_options()
    return bool(options.get("reading") or options.get("postgresql_readonly"))


def lock_name(session: Session, name: str) -> None:
    """Hold a named lock until the transaction ends. SQLite's one writer at a time makes it needless there."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


Plain = str | int | float | None
"""A value as the database holds it."""


def insert_many(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Plain, ...]]) -> None:
    """Insert many rows, given as tuples in the order of `names`, of values as the database holds them.

    For hundreds of rows at once: SQLite takes the tuples as they are, PostgreSQL all of them as one JSON text.
    """
    if not rows:
        return
    statement = _insert_statement(table, tuple(names), connection.dialect)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(statement, (_json_of(rows, names),))
    else:
        connection.exec_driver_sql(statement, list(rows))


@cache
def _insert_statement(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    listed = ", ".join(quote(name) for name in names)
    if dialect.name != "postgresql":
        return f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - names of ours
    # text without a length, since a cast to one with a length would cut silently what an insert refuses
    types = [dialect.type_compiler_instance.process(table.c[name].type).partition("(")[0] for name in names]
    typed = ", ".join(
        f"{quote(name)} {'TEXT' if kind == 'VARCHAR' else kind}" for name, kind in zip(names, types, strict=True)
    )
    source = f"json_to_recordset(%s) AS given ({typed})"
    return f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {source}"  # noqa: S608 - names of ours


def _json_of(rows: Sequence[tuple[Plain, ...]], names: Sequence[str]) -> str:
    text = json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False)
    if "\\u0000" not in text:
        return text
    clean = [tuple(_without_nul(value) if isinstance(value, str) else value for value in row) for row in rows]
    return json.dumps([dict(zip(names, row, strict=True)) for row in clean], ensure_ascii=False)


def _without_nul(text: str) -> str:
    """PostgreSQL's text cannot hold U+0000, which documents may print and object keys may contain."""
    return text.replace("\x00", "\ufffd")


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
