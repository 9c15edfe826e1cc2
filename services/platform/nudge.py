"""Handing row ids to the broker: an optimisation, never a promise. The sweep finds whatever did not get through.

A message is a ring at the door of a queue, not a share of its rows: whoever takes one also takes the rows that wait
beside it (see `services.platform.stage_task`). So a queue in which a few messages wait needs no further one.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable

import kombu.exceptions
import redis.exceptions

from services.core.contracts import Message, Queue, Stage
from services.platform.celery_app import app
from services.platform.logging import log
from services.platform.settings import settings

HandOver = tuple[Stage, int]

_REST_SECONDS = 5.0
"""After a failed hand-over the broker is left alone this long, so that intake stays quick while it is away."""

_BROKER_ERRORS = (kombu.exceptions.OperationalError, redis.exceptions.RedisError, OSError)

_rest_until = 0.0


def nudge(hand_overs: Iterable[HandOver]) -> int:
    """Publish one message for each (stage, row id) whose queue has room; returns how many went out.

    Never raises for a broker away.
    """
    sent = 0
    room: dict[Queue, int] = {}
    for stage, row_id in hand_overs:
        if time.monotonic() < _rest_until:
            break
        if stage.queue not in room:
            waiting = queue_length(stage.queue)
            if waiting is None:
                _rest("no length")
                break
            room[stage.queue] = settings().queue_buffer - waiting
        if room[stage.queue] <= 0:
            continue
        try:
            app.send_task(stage.task, args=[Message(id=row_id).model_dump()], queue=str(stage.queue))
        except _BROKER_ERRORS as error:
            _rest(type(error).__name__)
            break
        room[stage.queue] -= 1
        sent += 1
    return sent


def _rest(error: str) -> None:
    global _rest_until  # noqa: PLW0603 - one circuit breaker a process
    _rest_until = time.monotonic() + _REST_SECONDS
    log(__name__).warning("broker_away", error=error)


_waiting: queue.SimpleQueue[HandOver] = queue.SimpleQueue()
_MOST_WAITING = 1000
_ringer: threading.Thread | None = None


def nudge_soon(hand_overs: Iterable[HandOver]) -> None:
    """The same from a thread of its own: intake must not wait for a broker that takes connections and says nothing.

    Whatever is still waiting when the process ends is left to the sweep.
    """
    global _ringer  # noqa: PLW0603 - one ringer a process
    if _waiting.qsize() > _MOST_WAITING:
        return
    for hand_over in hand_overs:
        _waiting.put(hand_over)
    if _ringer is None or not _ringer.is_alive():
        _ringer = threading.Thread(target=_ring, name="nudge", daemon=True)
        _ringer.start()


def _ring() -> None:
    while True:
        batch = [_waiting.get()]
        while not _waiting.empty():
            batch.append(_waiting.get())
        nudge(batch)


def queue_length(queue: Queue) -> int | None:
    """Messages waiting in a queue, or None when the broker is away."""
    try:
        with app.pool.acquire(block=True, timeout=2) as connection:
            return int(connection.default_channel.client.llen(str(queue)))
    except (*_BROKER_ERRORS, kombu.exceptions.LimitExceeded):
        return None
