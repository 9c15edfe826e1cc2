"""Celery's edge of the notify service."""

from services.notify.delivery import Send
from services.notify.outbox import Compose
from services.platform.stage_task import stage_task

compose = stage_task(Compose())
send = stage_task(Send())
