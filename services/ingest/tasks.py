"""Celery's edge of the ingest service."""

from services.ingest.extract import Extract
from services.ingest.receive import Receive
from services.platform.stage_task import stage_task

receive = stage_task(Receive())
extract = stage_task(Extract())
