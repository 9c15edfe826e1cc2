"""Structured logs: one JSON object a line, one `ref` from announcement to mail, no secrets and no full addresses."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from functools import cache
from typing import Any

import structlog

_SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie")


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank every value whose key names a secret, and the local part of every address."""
    for key, value in event.items():
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "***"
        elif key in {"email", "recipient"} and isinstance(value, str) and "@" in value:
            event[key] = "***@" + value.rsplit("@", 1)[1]
    return event


def configure(*, level: str, json: bool) -> None:
    """Send structlog's and the standard library's records through one formatter to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        redact,
    ]
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # never with locals: they hold tokens
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared[:4],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    log.cache_clear()  # those made before have what was configured then
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared[:5],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                *([structlog.processors.format_exc_info] if json else []),
                last,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("celery.app.trace", "celery.worker.strategy", "urllib3", "minio", "httpx", "watchfiles", "pdfminer"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@cache
def log(name: str) -> Any:
    """A structured logger. One a name, so that a line below the level costs next to nothing."""
    return structlog.stdlib.get_logger(name)
