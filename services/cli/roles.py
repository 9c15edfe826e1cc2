"""The long-running roles, one process each: what a container runs."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Annotated
from urllib.error import URLError
from urllib.request import urlopen

import typer

from services.core.contracts import ROLE_QUEUES
from services.platform import logging
from services.platform.settings import settings

_QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")
"""What workers would tell one another through the broker; nobody listens, and a worker's sign of life is a file."""

_STALE_SECONDS = 90
"""A role that has not shown life for this long is reported as unhealthy."""


def migrate() -> None:
    """Bring the database to the newest schema and prepare the buckets. Safe to run from many hosts at once."""
    from services.platform.db.engine import engine
    from services.platform.db.migrate import migrate as run_migrations
    from services.platform.storage import storage

    _start_logging()
    revision = run_migrations(engine())
    storage().prepare()
    logging.log(__name__).info("migrated", revision=revision)


def serve() -> None:
    """Run the HTTP service: API, bucket events, pages, health and metrics."""
    import uvicorn

    from services.cli.serve import build_app

    _start_logging()
    config = settings()
    config.require_secrets()
    uvicorn.run(
        build_app(),
        host=config.http_host,
        port=config.http_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def worker(
    role: Annotated[str, typer.Option(help=f"Comma-separated: {', '.join(ROLE_QUEUES)}.")],
    concurrency: Annotated[int | None, typer.Option(min=1, help="Processes; default from the settings.")] = None,
) -> None:
    """Run a Celery worker for one or more roles."""
    from services.platform.celery_app import app
    from services.platform.heartbeat import report_worker_alive
    from services.platform.stage_task import serve_queues

    names = [name.strip() for name in role.split(",")]
    unknown = [name for name in names if name not in ROLE_QUEUES]
    if unknown:
        raise typer.BadParameter(f"unknown role {', '.join(unknown)}; known: {', '.join(ROLE_QUEUES)}")
    config = settings()
    served = [queue for name in names for queue in ROLE_QUEUES[name]]
    serve_queues(served)
    report_worker_alive(alive_file(role), served)
    queues = ",".join(served)
    arguments = [
        "worker",
        "-Q",
        queues,
        "-c",
        str(concurrency or config.worker_concurrency),
        "-n",
        f"{role}-{os.getpid()}@%h",
    ]
    app.worker_main([*arguments, *_QUIET, "--loglevel", config.log_level])


def sweep() -> None:
    """Run the sweeper: expired leases, due rows, and the bucket listing that finds lost events."""
    from services.ingest.announce import list_inbox
    from services.platform.stage_task import owner
    from services.platform.storage import storage
    from services.platform.sweeper import Chore, run_chores, sweep_once

    _start_logging()
    config = settings()
    run_chores(
        [
            Chore("sweep", config.sweep_seconds, lambda: sweep_once(config)),
            Chore("listing", config.listing_seconds, lambda: list_inbox(storage(), actor=owner())),
            Chore("alive", 10, alive_file("sweep").touch),
        ],
        _stop_on_signal(),
    )


def watch() -> None:
    """Watch the drop folder."""
    from services.ingest.watch import FolderWatch
    from services.platform.stage_task import owner
    from services.platform.storage import storage

    _start_logging()
    stop = _stop_on_signal()
    FolderWatch(settings(), storage(), owner(), alive=alive_file("watch").touch).run(stop)


def health(
    role: Annotated[str, typer.Option(help="The role of this container: serve, sweep, watch or a worker's.")],
) -> int:
    """Exit 0 when the role in this container shows life, 1 otherwise."""
    if role == "serve":
        try:
            with urlopen(f"http://127.0.0.1:{settings().http_port}/healthz", timeout=3) as answer:
                return 0 if answer.status == 200 else 1
        except (URLError, OSError):
            return 1
    try:
        return 0 if time.time() - alive_file(role).stat().st_mtime < _STALE_SECONDS else 1
    except FileNotFoundError:
        return 1


def alive_file(role: str) -> Path:
    """The file whose time says when this role last showed life."""
    return Path(tempfile.gettempdir()) / f"gouji-{role.replace(',', '+')}-{os.getuid()}.alive"


def _start_logging() -> None:
    logging.configure(level=settings().log_level, json=settings().log_json)


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()

    def _handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, _handle)
    signal.signal(signal.SIGINT, _handle)
    return stop
