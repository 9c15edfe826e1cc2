"""The sweep: an ordinary process that makes the database's word good, with or without a broker.

Each pass takes rows whose lease ran out back into line, and tops every queue up with due rows. Any number of sweepers
may run; a claim lets one worker through whatever was published twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.core.contracts import STAGES, Stage
from services.core.errors import RetryableError
from services.platform.db import claims
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.repositories import submissions
from services.platform.logging import log
from services.platform.nudge import nudge, queue_length
from services.platform.settings import Settings
from services.platform.stage_task import limits

_BATCH = 200
_FORGOTTEN_SECONDS = 2.0
"""With an empty queue, a row nudged this long ago and still waiting was forgotten by the broker."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass did."""

    expired: int
    dispatched: int


def sweep_once(config: Settings) -> Pass:
    """One pass over all subjects and stages. Where nothing is to be done, neither lock nor broker is asked for."""
    with reading() as session:
        lost = [subject for subject in claims.TABLES if claims.expired(session, subject, limit=1)]
    expired = sum(_expire(subject) for subject in lost)
    patience = min(config.renudge_seconds, _FORGOTTEN_SECONDS)
    with reading() as session:
        left = [stage for stage in STAGES if claims.due(session, stage, limit=1, renudge_seconds=patience)]
    return Pass(expired, sum(_dispatch(stage, config) for stage in left))


def _expire(subject: str) -> int:
    """Rows whose worker died: back into line, dead after the last crash, or unconfirmed for a mail cut in its body."""
    follow: list[tuple[Stage, int]] = []
    with unit_of_work() as session:
        lost = claims.expired(session, subject, limit=_BATCH)
        for held in lost:
            follow.extend(_expire_one(session, held))
    nudge(follow)
    if lost:
        log(__name__).warning("leases_expired", subject=subject, count=len(lost))
    return len(lost)


def _expire_one(session: Session, held: claims.Claim) -> submissions.Follow:
    dead = claims.crash(session, held, limits(), code="worker_lost", detail=f"lease of {held.owner} ran out")
    return submissions.after_crash(session, held, dead=dead)


def _dispatch(stage: Stage, config: Settings) -> int:
    waiting = queue_length(stage.queue)
    if waiting is None:
        return 0
    room = config.queue_buffer - waiting
    if room <= 0:
        return 0
    with unit_of_work() as session:
        patience = config.renudge_seconds if waiting else min(config.renudge_seconds, _FORGOTTEN_SECONDS)
        ids = claims.due(session, stage, limit=room, renudge_seconds=patience)
        if ids:
            claims.mark_nudged(session, stage.subject, ids)
    sent = nudge((stage, row_id) for row_id in ids)
    if sent:
        log(__name__).info("dispatched", task=stage.task, count=sent)
    return sent


@dataclass
class Chore:
    """Something to do every `seconds`; a failure of the surroundings is logged and the next turn comes all the same."""

    name: str
    seconds: float
    action: Callable[[], object]
    due_at: float = 0.0


def run_chores(chores: list[Chore], stop: threading.Event) -> None:
    """Do each chore on its interval until `stop` is set. The first round starts at once."""
    while not stop.is_set():
        for chore in chores:
            if time.monotonic() < chore.due_at:
                continue
            try:
                chore.action()
            except (DBAPIError, RetryableError, OSError) as error:
                log(__name__).warning("chore_failed", chore=chore.name, error=f"{type(error).__name__}: {error}"[:300])
            chore.due_at = time.monotonic() + chore.seconds
        stop.wait(max(0.05, min(chore.due_at for chore in chores) - time.monotonic()))
