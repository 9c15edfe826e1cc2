"""A worker's sign of life, and its end when it lives but no longer works.

The sign is a file touched from Celery's own event loop, so that a stuck loop is seen from outside. And a worker can come
out of a broker's absence connected, alive and deaf: it is seen here by messages that wait while nothing is taken. Such
a worker ends itself; whatever runs it (the supervisor of the embedded stack, a container engine) starts a new one, and
the leases of what it held run out as after any crash.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from celery import bootsteps, signals
from celery.worker import state as worker_state

from services.core.contracts import STAGES, Queue
from services.platform.celery_app import app
from services.platform.logging import log
from services.platform.nudge import queue_length
from services.platform.settings import settings

_TOUCH_SECONDS = 10.0
_LOOK_SECONDS = 5.0
_IDLE_SECONDS = 20.0
"""With free hands, a worker takes a waiting message within moments; this long means that it does not hear them."""

EXIT_DEAF = 70
"""Exit status of a worker that ended itself (sysexits' EX_SOFTWARE)."""


@dataclass
class Hearing:
    """Judges from looks at the queues whether a worker still hears them. Times are seconds of any monotonic clock."""

    idle_seconds: float
    busy_seconds: float
    _since: float | None = field(default=None, init=False)

    def is_deaf(self, *, waiting: int | None, in_hand: int, last_taken: float, now: float) -> bool:
        """Whether messages have waited too long with nothing taken: `idle_seconds` with free hands, else `busy_seconds`.

        `waiting` is None while the broker is away: then nobody can hear anything, and the clock starts anew.
        """
        if not waiting:
            self._since = None
            return False
        self._since = now if self._since is None else self._since
        quiet = now - max(self._since, last_taken)
        return quiet > (self.busy_seconds if in_hand else self.idle_seconds)


def report_worker_alive(file: Path, queues: Iterable[Queue]) -> None:
    """Touch `file` while the worker's event loop turns, and end the worker when it no longer hears its queues."""
    served = tuple(queues)
    taken = [time.monotonic()]

    @signals.task_received.connect(weak=False)  # type: ignore[untyped-decorator]  # Celery has no types
    def _taken(**_: Any) -> None:
        taken[0] = time.monotonic()

    class Alive(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
        requires = ("celery.worker.components:Timer",)

        def start(self, worker: Any) -> None:
            file.touch()
            worker.timer.call_repeatedly(_TOUCH_SECONDS, file.touch)
            listener = threading.Thread(
                target=_listen, args=(served, lambda: taken[0], threading.Event()), name="hearing", daemon=True
            )
            listener.start()

    app.steps["worker"].add(Alive)


def _listen(queues: tuple[Queue, ...], last_taken: Callable[[], float], stop: threading.Event) -> None:
    config = settings()
    hearing = Hearing(_IDLE_SECONDS, max(config.lease_seconds(s.task) for s in STAGES if s.queue in queues))
    while not stop.wait(_LOOK_SECONDS):
        lengths = [queue_length(queue) for queue in queues]
        waiting = None if None in lengths else sum(length or 0 for length in lengths)
        in_hand = len(worker_state.reserved_requests)
        if hearing.is_deaf(waiting=waiting, in_hand=in_hand, last_taken=last_taken(), now=time.monotonic()):
            log(__name__).critical("worker_deaf", waiting=waiting, in_hand=in_hand)
            os._exit(EXIT_DEAF)
