"""Handing row ids to the broker: an optimisation, never a promise. The sweep finds whatever did not get through."""

from __future__ import annotations

import time
from collections.abc import Iterable

import kombu.exceptions
import redis.exceptions

from services.core.contracts import Message, Queue, Stage
from services.platform.celery_app import app
from services.platform.logging import log

_REST_SECONDS = 5.0
"""After a failed hand-over the broker is left alone this long, so that intake stays quick while it is away."""

_BROKER_ERRORS = (kombu.exceptions.OperationalError, redis.exceptions.RedisError, OSError)

_rest_until = 0.0


def nudge(hand_overs: Iterable[tuple[Stage, int]]) -> int:
    """Publish one message for each (stage, row id); returns how many went out. Never raises for a broker away."""
    global _rest_until  # noqa: PLW0603 - one circuit breaker a process
    sent = 0
    for stage, row_id in hand_overs:
        if time.monotonic() < _rest_until:
            break
        try:
            app.send_task(stage.task, args=[Message(id=row_id).model_dump()], queue=str(stage.queue))
        except _BROKER_ERRORS as error:
            _rest_until = time.monotonic() + _REST_SECONDS
            log(__name__).warning("broker_away", error=type(error).__name__)
            break
        sent += 1
    return sent


def queue_length(queue: Queue) -> int | None:
    """Messages waiting in a queue, or None when the broker is away."""
    try:
        with app.connection_for_read() as connection:
            return int(connection.default_channel.client.llen(str(queue)))
    except _BROKER_ERRORS:
        return None
