"""What the tests of the spine stand on: a migrated database, and broker and object store in memory."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kombu.exceptions
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.core.contracts import EXTRACT, JUDGE, RECEIVE, Stage
from services.core.errors import RetryableError
from services.core.lifecycle import SubmissionState
from services.platform import nudge
from services.platform.celery_app import app
from services.platform.db import claims
from services.platform.db.dialect import db_after
from services.platform.db.engine import engine, reading, unit_of_work
from services.platform.db.models import Agency, Contact, Mail, Notice, Renewal, Submission, Transition
from services.platform.db.repositories import submissions
from services.platform.settings import Settings, settings
from services.platform.storage import MissingObjectError, Stored, original_key

LIMITS = claims.Limits(max_crashes=3, max_setbacks=4, first_wait=10, last_wait=3600)
ROWS: dict[str, Any] = {"submission": Submission, "renewal": Renewal, "notice": Notice, "mail": Mail}


@dataclass
class MemoryStore:
    """Stands in for `services.platform.storage.Storage`; `away` makes it unreachable."""

    inbox: str = "gouji-inbox"
    originals: str = "gouji-originals"
    away: bool = False
    puts: int = 0
    objects: dict[tuple[str, str], tuple[bytes, dict[str, str]]] = field(default_factory=dict)

    def put(self, bucket: str, key: str, data: bytes, *, meta: dict[str, str] | None = None) -> Stored:
        self.ready()
        self.puts += 1
        self.objects[bucket, key] = (data, meta or {})
        return self._stored(bucket, key)

    def get(self, bucket: str, key: str, *, limit: int) -> tuple[bytes, Stored]:
        self.ready()
        found = self._stored(bucket, key)
        return self.objects[bucket, key][0][: limit + 1], found

    def exists(self, bucket: str, key: str) -> bool:
        self.ready()
        return (bucket, key) in self.objects

    def keep_original(self, sha256: str, data: bytes) -> str:
        return self.put(self.originals, original_key(sha256), data).key

    def walk(self, bucket: str, prefix: str = "") -> Iterator[Stored]:
        self.ready()
        for place, key in sorted(self.objects):
            if place == bucket and key.startswith(prefix):
                yield self._stored(bucket, key)

    def ready(self) -> None:
        if self.away:
            raise RetryableError("object store away: Test")

    def _stored(self, bucket: str, key: str) -> Stored:
        if (bucket, key) not in self.objects:
            raise MissingObjectError(key)
        data, meta = self.objects[bucket, key]
        version = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return Stored(bucket, key, version, len(data), meta=dict(meta))


@dataclass
class Ground:
    """The database with short ways to put rows into it and to look at them."""

    folder: Path
    store: Any
    """A MemoryStore, for use wherever a Storage is asked for."""
    nudged: list[tuple[str, int]]
    broker_away: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def config(self) -> Settings:
        return settings()

    def register(self, *codes: str, name: str | None = None) -> None:
        """Register bodies, each with one contact of its own, and one reviewer of all; `name` is every body's, if given."""
        with unit_of_work() as session:
            session.add(Agency(code="*", name="全部单位"))
            session.add_all(Agency(code=code, name=name or f"{code}局") for code in codes)
            session.flush()
            session.add(Contact(agency_code="*", role="reviewer", name="审核", email="reviewer@county.test"))
            for code in codes:
                session.add(Contact(agency_code=code, role="agency", name="联络员", email=f"{code}@agency.test"))

    def announce(self, agency: str = "a1", **told: Any) -> int:
        """An announced submission of an object of its own."""
        number = next(self._numbers)
        given: dict[str, Any] = {
            "bucket": self.store.inbox,
            "key": f"{agency}/2024/{number}",
            "version": "1",
            "source": "upload",
            "agency_code": agency,
            "filename": "年度报告.pdf",
            "size": 5,
            "year_hint": 2024,
        }
        with unit_of_work() as session:
            row, _ = submissions.announce(session, submissions.Announcement(**given | told), actor="test")
            return row.id

    def deposit(self, agency: str, data: bytes, *, filename: str = "年度报告.pdf", **told: Any) -> int:
        """Bytes in the inbox, and their announced submission."""
        key = f"{agency}/2024/{next(self._numbers)}"
        put = self.store.put(self.store.inbox, key, data, meta={"filename": filename})
        return self.announce(agency, key=key, version=put.version, filename=filename, size=len(data), **told)

    def claim(self, stage: Stage, row_id: int, *, lease: float = 60) -> claims.Claim | None:
        with unit_of_work() as session:
            return claims.claim(session, stage, row_id, owner="worker:1", lease_seconds=lease)

    def held(self, stage: Stage, row_id: int, *, lease: float = 60) -> claims.Claim:
        held = self.claim(stage, row_id, lease=lease)
        assert held is not None
        return held

    def step(self, stage: Stage, row_id: int, after: Any, **columns: Any) -> None:
        """Claim a row for a stage and move it on."""
        held = self.held(stage, row_id)
        with unit_of_work() as session:
            claims.advance(session, held, after, cause="test", **columns)

    def extracted(self, agency: str = "a1", **told: Any) -> int:
        """A submission that waits to be judged."""
        row_id = self.announce(agency, **told)
        self.step(RECEIVE, row_id, SubmissionState.RECEIVED, sha256=hashlib.sha256(str(row_id).encode()).hexdigest())
        self.step(EXTRACT, row_id, SubmissionState.EXTRACTED)
        return row_id

    def stored(self, agency: str = "a1", **told: Any) -> int:
        """A submission at its good end, without a report."""
        row_id = self.extracted(agency, **told)
        self.step(JUDGE, row_id, SubmissionState.STORED)
        return row_id

    def row(self, subject: str, row_id: int) -> Any:
        with reading() as session:
            return session.get_one(ROWS[subject], row_id)

    def state(self, subject: str, row_id: int) -> str:
        return str(self.row(subject, row_id).state)

    def rows(self, table: Any) -> list[Any]:
        with reading() as session:
            return list(session.scalars(select(table).order_by(table.id)))

    def count(self, table: Any) -> int:
        with reading() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def audit(self, subject: str, row_id: int) -> list[tuple[str | None, str, str]]:
        """What happened to a row: (before, after, cause)."""
        with reading() as session:
            lines = session.scalars(
                select(Transition)
                .where(Transition.subject == subject, Transition.subject_id == row_id)
                .order_by(Transition.id)
            )
            return [(line.before, line.after, line.cause) for line in lines]

    def end_lease(self, subject: str, row_id: int) -> None:
        """Let the lease of a busy row be over, as if its time had passed."""
        table = ROWS[subject]
        with unit_of_work() as session:
            session.execute(update(table).where(table.id == row_id).values(lease_until=db_after(-1)))

    def forget(self, subject: str, *ids: int) -> None:
        """Let rows be as if no message for them had ever been given to the broker."""
        table = ROWS[subject]
        with unit_of_work() as session:
            session.execute(update(table).where(table.id.in_(ids)).values(nudged_at=None))

    def make_due(self, subject: str, row_id: int) -> None:
        """Let the wait of a row be over, as if its time had passed."""
        table = ROWS[subject]
        with unit_of_work() as session:
            session.execute(update(table).where(table.id == row_id).values(next_attempt_at=None))


@contextmanager
def open_ground(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **env: str | float) -> Iterator[Ground]:
    """The ground on a migrated database; `env` are further settings (`MAX_BYTES=1000`)."""
    given: dict[str, str | float] = {
        "DATABASE_URL": url,
        "DROP_FOLDER": str(folder / "drop"),
        "STATE_DIR": str(folder / "state"),
        "BROKER_URL": "redis://127.0.0.1:1/0",
        "S3_ENDPOINT": "127.0.0.1:1",
        "MAIL_DOMAIN": "gouji.test",
        "MAIL_FROM": "gouji@gouji.test",
    }
    for name, value in (given | env).items():
        monkeypatch.setenv(f"GOUJI_{name}", str(value))
    settings.cache_clear()
    made = Ground(folder, MemoryStore(), [])

    def send_task(name: str, args: list[dict[str, int]], **_: Any) -> None:
        if made.broker_away:
            raise kombu.exceptions.OperationalError("broker away")
        made.nudged.append((name, args[0]["id"]))

    monkeypatch.setattr(app, "send_task", send_task)
    monkeypatch.setattr(nudge, "_rest_until", 0.0)
    monkeypatch.setattr(nudge, "queue_length", lambda _queue: 0)
    for module in ("intake", "announce", "watch"):  # the same without a thread
        monkeypatch.setattr(f"services.ingest.{module}.nudge_soon", nudge.nudge)
    for module in ("services.ingest.receive", "services.ingest.extract"):
        monkeypatch.setattr(f"{module}.storage", lambda: made.store)
    try:
        yield made
    finally:
        engine().dispose()
        settings.cache_clear()


def in_session(work: Any) -> Any:
    """Run `work(session)` in a transaction of its own."""
    with unit_of_work() as session:
        return work(session)


__all__ = ["LIMITS", "Ground", "MemoryStore", "Session", "in_session", "open_ground"]
