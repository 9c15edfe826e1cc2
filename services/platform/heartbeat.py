"""A worker's sign of life: a file touched from Celery's own event loop, so that a stuck loop is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from celery import bootsteps

from services.platform.celery_app import app

_EVERY_SECONDS = 10.0


def report_worker_alive(file: Path) -> None:
    """Touch `file` every ten seconds while the worker's event loop turns."""

    class Alive(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
        requires = ("celery.worker.components:Timer",)

        def start(self, worker: Any) -> None:
            file.touch()
            worker.timer.call_repeatedly(_EVERY_SECONDS, file.touch)

    app.steps["worker"].add(Alive)
