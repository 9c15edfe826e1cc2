"""The base of every task: claim and look → one use case → record and move on, in two transactions.

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
from typing import Any, Generic, Protocol, TypeVar, cast

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

S = TypeVar("S")
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


class Work(Protocol, Generic[S, T]):
    """A stage's use case.

    `look` reads what the work needs, in the claim's own transaction and therefore quickly. `perform` is the slow part
    and holds no transaction. `record` writes its result.
    """

    stage: Stage

    def look(self, session: Session, held: claims.Claim) -> S: ...

    def perform(self, held: claims.Claim, seen: S) -> T: ...

    def record(self, session: Session, held: claims.Claim, result: T) -> Outcome: ...


class BatchWork(Work[S, T], Protocol):
    """A stage whose slow part is cheaper for many rows at once. `perform` does one; `most`: rows of one batch."""

    @property
    def most(self) -> int: ...

    def perform_all(self, batch: Sequence[tuple[claims.Claim, S]]) -> Sequence[T | Exception]:
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


def stage_task(work: Work[Any, Any]) -> Any:
    """The Celery task of a stage, registered under the stage's name."""
    _works[work.stage] = work

    @app.task(name=work.stage.task, bind=True, ignore_result=True)
    def task(_self: Task, message: dict[str, Any]) -> None:
        carry_on(work, Message.model_validate(message).id)

    return task


def batch_task(work: BatchWork[Any, Any]) -> Any:
    """The same for a stage that works in batches: a message for one row also takes others that wait.

    Their own messages then find nothing to claim, as any repeated message does.
    """
    _works[work.stage] = work

    @app.task(name=work.stage.task, bind=True, ignore_result=True)
    def task(_self: Task, message: dict[str, Any]) -> None:
        run_batch(work, Message.model_validate(message).id)

    return task


_works: dict[Stage, Work[Any, Any]] = {}
_served: set[Queue] = set()

_CARRY_SECONDS = 5.0
"""How long one message may be carried on: far below every time limit, so that a slow relay does not use it up."""
_TAKE_SECONDS = 1.5
"""How long a message's worker takes further waiting rows: short, so that a worker that is asked to stop stops soon."""
_RING_SECONDS = 1.0
"""While a worker goes on taking rows, it rings for others no more often than this."""


def serve_queues(queues: Iterable[Queue]) -> None:
    """Say which queues this worker serves, before it forks."""
    _served.update(queues)


def carry_on(work: Work[Any, Any], row_id: int) -> None:
    """What one message sets off: its row, every stage that follows and is served here, and the rows that wait beside it.

    Each stage has its own claim, lease and transactions as if it had come by message; what is saved is the way through
    the broker. Rows of the message's stage are taken in the database's order for a moment; if any are left then, a
    message takes their place. After a few seconds what follows is handed to the broker, where others can take it.
    """
    errand = _Errand()
    try:
        errand.go(work, row_id)
        while time.monotonic() < errand.began + _TAKE_SECONDS:
            if not errand.go(work, None):
                return
        errand.leave(work.stage)
    finally:
        errand.ring()


class _Errand:
    """One message's work: rows still to do here, and rows that others shall be rung for."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._todo: deque[tuple[Work[Any, Any], int | None]] = deque()
        self._for_others: list[tuple[Stage, int]] = []
        self._rang_at = self.began - _RING_SECONDS

    def go(self, work: Work[Any, Any], row_id: int | None) -> bool:
        """Do one row with all that follows from it here; False when it was not ours, or with None: when none waits."""
        mine = run(work, row_id, hand_on=self._hand_on)
        while self._todo:
            run(*self._todo.popleft(), hand_on=self._hand_on)
        if time.monotonic() >= self._rang_at + _RING_SECONDS:
            self.ring()
        return mine

    def leave(self, stage: Stage) -> None:
        """Ring for the rows of this stage that are still waiting."""
        with reading() as session:
            row_id = claims.next_waiting(session, stage)
        if row_id is not None:
            self._for_others.append((stage, row_id))

    def ring(self) -> None:
        self._rang_at = time.monotonic()
        nudge(self._for_others)
        self._for_others.clear()

    def _hand_on(self, follow: Follow) -> None:
        in_time = time.monotonic() < self.began + _CARRY_SECONDS
        for stage, row_id in follow:
            if in_time and stage.queue in _served:
                self._todo.append((_works[stage], row_id))
            else:
                self._for_others.append((stage, row_id))


def run(work: Work[S, T], row_id: int | None, *, hand_on: Callable[[Follow], object] | None = None) -> bool:
    """Claim the row, do the work and record it. False when the row was not ours to work on.

    None stands for the row that has waited longest, if one waits. `hand_on` gets the rows that others should work on next, after the commit; without it they go to the broker.
    """
    started = _Stopwatch()
    taken = _take(work, row_id)
    if taken is None:
        return False
    _see_through(work, *taken, started, hand_on or nudge)
    return True


def run_batch(work: BatchWork[S, T], row_id: int) -> int:
    """Claim a row and others of its stage that wait, work on all of them together, and record each by itself.

    Returns how many rows were worked on. A row whose work failed is mapped like any other; its neighbours go on. A row
    that crashed before is worked on alone.
    """
    started = _Stopwatch()
    first = _take(work, row_id)
    batch = [first] if first is not None else []
    if first is None or not first[0].crashes:  # what ended a worker before must not end it for its neighbours
        with reading() as session:
            others = claims.waiting(session, work.stage, limit=work.most - len(batch))
        batch += [taken for one in others if (taken := _take(work, one)) is not None]
    outcomes = _performed(work, [(held, seen.get()) for held, seen in batch if seen.failure is None])
    results = iter(outcomes)
    for held, seen in batch:
        result = next(results) if seen.failure is None else seen.failure
        _see_through(_Done(work, result), held, _Seen(), started, nudge)
    return len(batch)


def _performed(work: BatchWork[S, T], batch: Sequence[tuple[claims.Claim, S]]) -> Sequence[T | Exception]:
    if not batch:
        return ()
    try:
        return work.perform_all(batch)
    except Exception as error:  # noqa: BLE001 - mapped for each row, as the error of its own attempt
        return [error] * len(batch)


class _Done(Generic[S, T]):
    """One row's share of a batch, as a work whose slow part is over."""

    def __init__(self, work: BatchWork[S, T], result: T | Exception) -> None:
        self.stage = work.stage
        self.look = work.look
        self.record = work.record
        self._result = result

    def perform(self, _held: claims.Claim, _seen: S) -> T:
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


def _see_through(
    work: Work[Any, Any],
    held: claims.Claim,
    seen: _Seen[Any],
    started: _Stopwatch,
    hand_on: Callable[[Follow], object],
) -> None:
    with structlog.contextvars.bound_contextvars(ref=held.ref, task=held.stage.task, id=held.id, attempt=held.attempt):
        try:
            hand_on(_attempt(work, held, seen, started))
        except claims.LostClaimError:
            log(__name__).warning("claim_lost")
        except DBAPIError as error:
            # The row stays claimed until its lease ends; the sweep then counts a crash and hands it out again.
            log(__name__).warning("database_away", error=type(error.orig).__name__)


@dataclass(frozen=True, slots=True)
class _Seen(Generic[S]):
    """What `look` found, or how it failed: the claim stands either way, so that a failure is counted."""

    found: S | None = None
    failure: Exception | None = None

    def get(self) -> S:
        if self.failure is not None:
            raise self.failure
        return cast("S", self.found)


def _take(work: Work[S, T], row_id: int | None) -> tuple[claims.Claim, _Seen[S]] | None:
    """Claim the row and look at what its work needs, in one transaction."""
    try:
        return _claimed(work, row_id)
    except (DataError, ProgrammingError) as error:
        # a statement of `look` that can never work has undone the claim as well
        failure = error
    with unit_of_work() as session:
        held = _claim(session, work.stage, row_id)
    return None if held is None else (held, _Seen(failure=failure))


def _claimed(work: Work[S, T], row_id: int | None) -> tuple[claims.Claim, _Seen[S]] | None:
    with unit_of_work() as session:
        held = _claim(session, work.stage, row_id)
        if held is None:
            log(__name__).debug("not_mine", task=work.stage.task, id=row_id)
            return None
        try:
            return held, _Seen(work.look(session, held))
        except DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001 - mapped with the failures of `perform`, once the claim is committed
            return held, _Seen(failure=error)


def _claim(session: Session, stage: Stage, row_id: int | None) -> claims.Claim | None:
    row_id = claims.next_waiting(session, stage) if row_id is None else row_id
    if row_id is None:
        return None
    return claims.claim(session, stage, row_id, owner=owner(), lease_seconds=settings().lease_seconds(stage.task))


def _attempt(work: Work[S, T], held: claims.Claim, seen: _Seen[S], started: _Stopwatch) -> Follow:  # noqa: PLR0911 - one line for each kind of end
    try:
        outcome = _record(work, held, work.perform(held, seen.get()), started)
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


def _record(work: Work[S, T], held: claims.Claim, result: T, started: _Stopwatch) -> Outcome:
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
        self._last: claims.Cost | None = None

    def cost(self) -> claims.Cost:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        self._last = claims.Cost(round(wall * 1000, 2), round(cpu * 1000, 2))
        return self._last

    def fields(self) -> dict[str, float | None]:
        """For the log: what was last read, which is what the audit has."""
        cost = self._last or self.cost()
        return {"wall_ms": cost.wall_ms, "cpu_ms": cost.cpu_ms}
