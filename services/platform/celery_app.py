"""The Celery application. Celery is the doorbell, the database is the ledger: nothing here needs to be durable.

Every setting carries its reason; the measurements behind them are in docs/adr/0003-celery-is-the-doorbell.md.
"""

from __future__ import annotations

import os
from typing import Any

# A SIGTERM starts Celery's soft shutdown; its plain warm shutdown can take 32 s for nothing. Read at import.
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")

from celery import Celery, signals
from kombu.entity import Queue as KombuQueue

from services.core.contracts import SEND, STAGES, Queue, Stage
from services.platform import logging
from services.platform.settings import Settings, settings

TASK_MODULES = ("services.ingest.tasks", "services.validate.tasks", "services.notify.tasks")
"""Named, not imported: the platform knows no service."""


def celery_settings(config: Settings) -> dict[str, Any]:
    """Celery's configuration for these settings."""
    return {
        "broker_url": config.broker_url.get_secret_value(),
        # ids only, as JSON: nothing a broker could hand out is ever executed
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        # verdicts are rows; a result backend would only be a second, weaker truth
        "task_ignore_result": True,
        # a late ack redelivers after a crash; repeats are harmless because the claim lets one through
        "task_acks_late": True,
        # loops for ever on a document that kills its worker; lease and crash counter do this job
        "task_reject_on_worker_lost": False,
        "task_retry_on_worker_lost": False,
        "task_acks_on_timeout": True,
        "task_acks_on_failure": True,
        # nothing hidden in workers: counts stay truthful
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        "worker_max_tasks_per_child": 2000,
        "worker_max_memory_per_child": 400_000,  # KiB
        "worker_soft_shutdown_timeout": config.soft_shutdown_seconds,
        # an idle worker holds nothing (no ETA, no prefetch), so it may stop at once
        "worker_enable_soft_shutdown_on_idle": False,
        # otherwise two copies run after a reconnect
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # a request must not hang on a broker that is away: publish fails fast, the sweep publishes again
        "broker_connection_timeout": 2,
        "broker_pool_limit": 10,
        "broker_pool_acquire_timeout": 5,
        "task_publish_retry": False,
        "broker_transport_options": {
            "visibility_timeout": config.visibility_seconds,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_timeout": 15,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "global_keyprefix": "gouji:",
        },
        "task_default_queue": str(Queue.UNROUTED),
        "task_create_missing_queues": False,
        "task_queues": [KombuQueue(str(queue), routing_key=str(queue)) for queue in Queue],
        "task_routes": {stage.task: {"queue": str(stage.queue)} for stage in STAGES},
        "task_annotations": {
            **{stage.task: _time_limits(config, stage) for stage in STAGES},
            # a repeat must come from the mail's row, never from a redelivered message
            "notify.send": {**_time_limits(config, SEND), "acks_late": False},
        },
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "timezone": "UTC",
    }


def _time_limits(config: Settings, stage: Stage) -> dict[str, float]:
    soft, hard = config.time_limits(stage.task)
    return {"soft_time_limit": soft, "time_limit": hard}


app = Celery("gouji", include=list(TASK_MODULES), set_as_current=True)
app.add_defaults(lambda: celery_settings(settings()))


@signals.setup_logging.connect
def _own_logging(**_: Any) -> None:
    logging.configure(level=settings().log_level, json=settings().log_json)
