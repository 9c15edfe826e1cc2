"""The base of every task: claim → one use case → record and move on, in that order and in two transactions.

A task module declares a `Work` and gets a Celery task whose body is these few lines. Errors are mapped here and nowhere
else: the document's fault ends the row with a reason, the world's fault lets it wait, a crash is counted, and anything
else is a defect of the program and goes to the dead letters with its traceback.
"""

from __future__ import annotations

import os
import socket
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from celery import Task
from sqlalchemy.exc import DataError, DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

from services.core.contracts import Message, Queue, Stage
from services.core.errors import CrashedError, RejectedError, RetryableError
from services.core.lifecycle import State
from services.platform.celery_app import app
from services.platform.db import claims
from services.platform.db.dialect import db_now
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.repositories import submissions
from services.platform.db.repositories.submissions import Follow
from services.platform.logging import log
from services.platform.nudge import nudge
from services.platform.settings import settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the row goes, with columns to write and the rows that others should work on next."""

    after: State
    cause: str = "done"
    detail: str | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    follow: Follow = ()
    setback: bool = False
    """The attempt failed for the world's reasons: wait and try again instead of moving to `after`."""
    wait: float | None = None
    """Seconds to wait after such a setback; None: the stage's own schedule."""


class Work(Protocol, Generic[T]):
    """A stage's use case. `perform` is the slow part and holds no transaction; `record` writes its result."""

    stage: Stage

    def perform(self, held: claims.Claim) -> T: ...

    def record(self, session: Session, held: claims.Claim, result: T) -> Outcome: ...


class BatchWork(Work[T], Protocol):
    """A stage whose slow part is cheaper for many rows at once. `perform` does one; `most`: rows of one batch."""

    @property
    def most(self) -> int: ...

    def perform_all(self, held: Sequence[claims.Claim]) -> Sequence[T | Exception]:
        """For each row in turn its result, or the error that `perform` would have raised for it."""
        ...


def owner() -> str:
    """Who holds a lease: host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def limits() -> claims.Limits:
    config = settings()
    return claims.Limits(
        config.max_crashes, config.max_setbacks, config.backoff_first_seconds, config.backoff_last_seconds
    )


def stage_task(work: Work[Any]) -> Any:
    """The Celery task of a stage, registered under the stage's name."""
    _works[work.stage] = work

    @app.task(name=work.stage.task, bind=True, ignore_result=True)
    def task(_self: Task, message: dict[str, Any]) -> None:
        carry_on(work, Message.model_validate(message).id)

    return task


def batch_task(work: BatchWork[Any]) -> Any:
    """The same for a stage that works in batches: a message for one row also takes others that wait.

    Their own messages then find nothing to claim, as any repeated message does.
    """
    _works[work.stage] = work

    @app.task(name=work.stage.task, bind=True, ignore_result=True)
    def task(_self: Task, message: dict[str, Any]) -> None:
        run_batch(work, Message.model_validate(message).id)

    return task


_works: dict[Stage, Work[Any]] = {}
_served: set[Queue] = set()

_CARRY_SECONDS = 5.0
"""How long one message may be carried on: far below every time limit, so that a slow relay does not use it up."""


def serve_queues(queues: Iterable[Queue]) -> None:
    """Say which queues this worker serves, before it forks."""
    _served.update(queues)


def carry_on(work: Work[Any], row_id: int) -> None:
    """Do a row's stage and then, while this worker serves their queues anyway, the stages that follow from it.

    Each stage has its own claim, lease and transactions as if it had come by message; what is saved is the way through
    the broker. After a few seconds the rest is handed to the broker, where others can take it.
    """
    deadline = time.monotonic() + _CARRY_SECONDS
    todo = deque([(work, row_id)])

    def hand_on(follow: Follow) -> None:
        mine = [(stage, row) for stage, row in follow if stage.queue in _served and time.monotonic() < deadline]
        nudge(hand_over for hand_over in follow if hand_over not in mine)
        todo.extend((_works[stage], row) for stage, row in mine)

    while todo:
        run(*todo.popleft(), hand_on=hand_on)


def run(work: Work[T], row_id: int, *, hand_on: Callable[[Follow], object] | None = None) -> bool:
    """Claim the row, do the work and record it. False when the row was not ours to work on.

    `hand_on` gets the rows that others should work on next, after the commit; without it they go to the broker.
    """
    started = _Stopwatch()
    held = _claim(work.stage, row_id)
    if held is None:
        return False
    _see_through(work, held, started, hand_on or nudge)
    return True


def run_batch(work: BatchWork[T], row_id: int) -> int:
    """Claim a row and others of its stage that wait, work on all of them together, and record each by itself.

    Returns how many rows were worked on. A row whose work failed is mapped like any other; its neighbours go on. A row
    that crashed before is worked on alone.
    """
    started = _Stopwatch()
    first = _claim(work.stage, row_id)
    batch = [first] if first is not None else []
    if first is None or not first.crashes:  # what ended a worker before must not end it for its neighbours
        with reading() as session:
            others = claims.waiting(session, work.stage, limit=work.most - len(batch))
        batch += [held for one in others if (held := _claim(work.stage, one)) is not None]
    if not batch:
        return 0
    try:
        results = work.perform_all(batch)
    except Exception as error:  # noqa: BLE001 - mapped for each row below, as the error of its own attempt
        results = [error] * len(batch)
    for held, result in zip(batch, results, strict=True):
        _see_through(_Done(work, result), held, started, nudge)
    return len(batch)


class _Done(Generic[T]):
    """One row's share of a batch, as a work whose slow part is over."""

    def __init__(self, work: BatchWork[T], result: T | Exception) -> None:
        self.stage = work.stage
        self.record = work.record
        self._result = result

    def perform(self, _held: claims.Claim) -> T:
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


def _claim(stage: Stage, row_id: int) -> claims.Claim | None:
    with unit_of_work() as session:
        held = claims.claim(session, stage, row_id, owner=owner(), lease_seconds=settings().lease_seconds(stage.task))
    if held is None:
        log(__name__).debug("not_mine", task=stage.task, id=row_id)
    return held


def _see_through(work: Work[Any], held: claims.Claim, started: _Stopwatch, hand_on: Callable[[Follow], object]) -> None:
    with structlog.contextvars.bound_contextvars(ref=held.ref, task=held.stage.task, id=held.id, attempt=held.attempt):
        try:
            hand_on(_attempt(work, held, started))
        except claims.LostClaimError:
            log(__name__).warning("claim_lost")
        except DBAPIError as error:
            # The row stays claimed until its lease ends; the sweep then counts a crash and hands it out again.
            log(__name__).warning("database_away", error=type(error.orig).__name__)


def _attempt(work: Work[T], held: claims.Claim, started: _Stopwatch) -> Follow:  # noqa: PLR0911 - one line for each kind of end
    try:
        outcome = _record(work, held, work.perform(held), started)
    except RejectedError as error:
        return _reject(held, error, started)
    except CrashedError as error:
        return _crashed(held, error.code, error.detail, started)
    except SoftTimeLimitExceeded:
        return _crashed(held, "reader_timeout", "soft time limit", started)
    except MemoryError:  # must not leave the task: it would end the whole worker
        return _crashed(held, "reader_memory", "MemoryError in the worker", started)
    except RetryableError as error:
        return _set_back(held, error.code, error.detail, started)
    except (DataError, ProgrammingError) as error:
        # the database answered, and what it was asked can never work: a defect like any other
        return _bury(held, type(error.orig).__name__, traceback.format_exc(), started)
    except (claims.LostClaimError, DBAPIError):
        raise
    except Exception as error:  # noqa: BLE001 - a defect of ours: kept with its traceback, and the worker goes on
        return _bury(held, type(error).__name__, traceback.format_exc(), started)
    log(__name__).info("stage_done", after=str(outcome.after), **started.fields())
    return outcome.follow


def _record(work: Work[T], held: claims.Claim, result: T, started: _Stopwatch) -> Outcome:
    with unit_of_work() as session:
        outcome = work.record(session, held, result)
        if outcome.setback:
            wait = claims.Limits(10**6, 10**6, outcome.wait, outcome.wait) if outcome.wait else limits()
            claims.set_back(
                session,
                held,
                wait,
                code=outcome.cause,
                detail=outcome.detail or "",
                cost=started.cost(),
                **outcome.columns,
            )
        else:
            claims.advance(
                session,
                held,
                outcome.after,
                cause=outcome.cause,
                detail=outcome.detail,
                cost=started.cost(),
                **outcome.columns,
                **_nudged_by(held, outcome.follow),
            )
    return outcome


def _nudged_by(held: claims.Claim, follow: Follow) -> dict[str, Any]:
    """Rows that this stage makes are born nudged; its own row is marked when the next stage takes it on."""
    own = any(stage.subject == held.stage.subject and row_id == held.id for stage, row_id in follow)
    return {"nudged_at": db_now()} if own else {}


def _reject(held: claims.Claim, error: RejectedError, started: _Stopwatch) -> Follow:
    with unit_of_work() as session:
        follow = submissions.reject(session, held, error.reason.code, error.detail, cost=started.cost())
    log(__name__).info("rejected", code=error.reason.code, **started.fields())
    return follow


def _crashed(held: claims.Claim, code: str, detail: str, started: _Stopwatch) -> Follow:
    with unit_of_work() as session:
        dead = claims.crash(session, held, limits(), code=code, detail=detail, cost=started.cost())
        follow = submissions.after_crash(session, held, dead=dead)
    log(__name__).warning("crashed", code=code, dead=dead, **started.fields())
    return follow


def _set_back(held: claims.Claim, code: str, detail: str, started: _Stopwatch) -> Follow:
    with unit_of_work() as session:
        dead = claims.set_back(session, held, limits(), code=code, detail=detail, cost=started.cost())
        follow = submissions.after_crash(session, held, dead=dead) if dead else ()
    log(__name__).warning("set_back", code=code, detail=detail, dead=dead, **started.fields())
    return follow


def _bury(held: claims.Claim, name: str, trace: str, started: _Stopwatch) -> Follow:
    """`name` of the exception is all that people are shown of a defect; the traceback stays in the dead letter."""
    with unit_of_work() as session:
        claims.bury(session, held, code="internal_error", detail=trace, shown=name, cost=started.cost())
        follow = submissions.after_crash(session, held, dead=True)
    log(__name__).error("buried", code="internal_error", detail=trace, **started.fields())
    return follow


class _Stopwatch:
    """Wall clock and the worker's own CPU since it was made."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = time.process_time()

    def cost(self) -> claims.Cost:
        return claims.Cost(
            round((time.perf_counter() - self._wall) * 1000, 2), round((time.process_time() - self._cpu) * 1000, 2)
        )

    def fields(self) -> dict[str, float | None]:
        cost = self.cost()
        return {"wall_ms": cost.wall_ms, "cpu_ms": cost.cpu_ms}
