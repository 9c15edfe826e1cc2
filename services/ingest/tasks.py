"""Celery's edge of the ingest service."""

from services.ingest.extract import Extract
from services.ingest.lanes import Convert, ReadPictures
from services.ingest.receive import Receive
from services.platform.stage_task import batch_task, stage_task

receive = stage_task(Receive())
extract = stage_task(Extract())
read_pictures = stage_task(ReadPictures())
convert = batch_task(Convert())
