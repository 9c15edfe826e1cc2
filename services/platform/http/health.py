"""Is it alive, is it ready, and how much waits: for supervisors, load balancers and Prometheus."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from kombu.exceptions import KombuError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pydantic import BaseModel
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from services.core.errors import RetryableError
from services.platform import storage
from services.platform.celery_app import app as celery
from services.platform.db.claims import oldest_waiting_seconds, waiting_counts
from services.platform.db.engine import engine, reading
from services.platform.db.migrate import is_current
from services.platform.db.models import DeadLetter
from services.platform.http.bounds import in_time
from services.platform.http.identity import AskingOperator
from services.platform.http.problems import Problem
from services.platform.logging import log

router = APIRouter(tags=["health"])

CHECK_SECONDS = 2.0
_KEEP_SECONDS = 1.0

Verdict = Literal["ok", "not_migrated", "away", "slow"]


class Readiness(BaseModel):
    """`ready` is what intake needs: a database of the right schema. Without store or broker it takes in and waits."""

    ready: bool
    degraded: bool
    database: Verdict
    object_store: Verdict
    broker: Verdict


def _database() -> Verdict:
    try:
        return "ok" if is_current(engine()) else "not_migrated"
    except SQLAlchemyError:
        return "away"


def _object_store() -> Verdict:
    try:
        storage.storage().ready()
    except (RetryableError, storage.MissingObjectError):
        return "away"
    return "ok"


def _broker() -> Verdict:
    try:
        with celery.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            connection.default_channel.client.ping()
    except (KombuError, RedisError, OSError):
        return "away"
    return "ok"


@dataclass
class Readying:
    """The three checks side by side, each bounded, repeated at most once a second however often one asks."""

    checks: tuple[Callable[[], Verdict], ...] = (_database, _object_store, _broker)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _last: tuple[float, Readiness] | None = None
    # a hanging check keeps its one place, so that hanging threads do not pile up
    _places: list[anyio.CapacityLimiter] = field(default_factory=list)

    async def look(self) -> Readiness:
        async with self._lock:
            if self._last is None or time.monotonic() - self._last[0] > _KEEP_SECONDS:
                self._places = self._places or [anyio.CapacityLimiter(1) for _ in self.checks]
                verdicts = await asyncio.gather(*map(self._bounded, self.checks, self._places))
                database, store, broker = verdicts
                self._last = (
                    time.monotonic(),
                    Readiness(
                        ready=database == "ok",
                        degraded=any(verdict != "ok" for verdict in verdicts),
                        database=database,
                        object_store=store,
                        broker=broker,
                    ),
                )
            return self._last[1]

    async def _bounded(self, check: Callable[[], Verdict], place: anyio.CapacityLimiter) -> Verdict:
        with anyio.move_on_after(CHECK_SECONDS):
            return await anyio.to_thread.run_sync(check, abandon_on_cancel=True, limiter=place)
        return "slow"


@router.get("/healthz")
async def healthz() -> dict[str, bool]:
    """The process answers. Says nothing about what it depends on, so that a restart is never asked for in vain."""
    return {"alive": True}


@router.get("/readyz", responses={503: {"model": Readiness, "description": "The database is away or not migrated."}})
async def readyz(request: Request) -> JSONResponse:
    """Can reports be taken in? 200 with `degraded` when only object store or broker are away: intake goes on then."""
    seen = await request.app.state.readying.look()
    return JSONResponse(seen.model_dump(), 200 if seen.ready else 503)


class RowMetrics(Collector):
    """The rows, counted at every scrape: the database is the truth."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with reading() as session:
            counts = waiting_counts(session)
            ages = oldest_waiting_seconds(session)
            dead = session.scalar(select(func.count()).select_from(DeadLetter)) or 0
        rows = GaugeMetricFamily("gouji_rows", "Rows by kind and state.", labels=("subject", "state"))
        for (subject, state), number in counts.items():
            rows.add_metric((subject, state), number)
        oldest = GaugeMetricFamily("gouji_oldest_waiting_seconds", "Age of the oldest waiting row.", labels=("stage",))
        for stage, age in ages.items():
            oldest.add_metric((stage,), age)
        letters = GaugeMetricFamily("gouji_dead_letters", "Dead letters kept.")
        letters.add_metric((), dead)
        yield from (rows, oldest, letters)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: registering must not ask the database."""
        return iter(())


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={
        401: {"model": Problem, "description": "No valid token."},
        403: {"model": Problem, "description": "Not an operator's token."},
        503: {"model": Problem, "description": "The database is away."},
    },
)
async def metrics(request: Request, asking: AskingOperator) -> Response:
    """Prometheus text. Needs an operator's token."""
    registry = request.app.state.http_metrics.registry
    text = await in_time(lambda: generate_latest(registry))
    log(__name__).debug("scraped", who=asking.token_id)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
