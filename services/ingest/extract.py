"""`ingest.extract`: read the kept original in the sandboxed child and store what was found."""

from __future__ import annotations

import os
import zlib
from functools import cache

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.core.contracts import EXTRACT, JUDGE, Stage
from services.core.errors import RetryableError
from services.core.lifecycle import SubmissionState
from services.core.report import Document
from services.ingest.sandbox import ReadingRoom
from services.platform.db.claims import Claim
from services.platform.db.engine import reading
from services.platform.db.models import Extraction, Submission
from services.platform.settings import Settings, settings
from services.platform.stage_task import Outcome
from services.platform.storage import MissingObjectError, original_key, storage


class Extract:
    """received → extracted | rejected; a document that kills its reader three times is quarantined."""

    stage: Stage = EXTRACT

    def perform(self, held: Claim) -> Document:
        with reading() as session:
            row = session.get_one(Submission, held.id)
        assert row.sha256 is not None  # set by receive, before this state
        try:
            data, _ = storage().get(storage().originals, original_key(row.sha256), limit=settings().max_bytes)
        except MissingObjectError as error:
            raise RetryableError("kept original is missing from the store") from error
        return reading_room().read(data, filename=row.filename)

    def record(self, session: Session, held: Claim, result: Document) -> Outcome:
        generation = session.scalar(select(Submission.generation).where(Submission.id == held.id))
        session.execute(
            insert(Extraction).values(
                submission_id=held.id,
                generation=generation,
                format=str(result.format),
                engine=result.engine,
                document=zlib.compress(result.model_dump_json().encode("utf-8"), 1),
            )
        )
        return Outcome(SubmissionState.EXTRACTED, follow=((JUDGE, held.id),))


def make_reading_room(config: Settings) -> ReadingRoom:
    """A reading room with the limits of these settings."""
    return ReadingRoom(
        reader=config.reader,
        wall_seconds=config.reader_wall_seconds,
        cpu_seconds=config.reader_cpu_seconds,
        memory_mb=config.reader_memory_mb,
        max_pages=config.max_pages,
    )


@cache
def _room_of(_pid: int) -> ReadingRoom:
    return make_reading_room(settings())


def reading_room() -> ReadingRoom:
    """This process's reading room; a forked worker gets its own."""
    return _room_of(os.getpid())
