"""`ingest.extract`: read the kept original in the sandboxed child and store what was found."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from functools import cache

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.core.contracts import CONVERT, EXTRACT, JUDGE, READ_PICTURES, Stage
from services.core.errors import RejectedError, RetryableError
from services.core.lifecycle import SubmissionState
from services.core.report import Document, Lane
from services.ingest.sandbox import ReadingRoom
from services.platform.db.claims import Claim
from services.platform.db.engine import reading
from services.platform.db.models import Extraction, Submission
from services.platform.settings import Settings, settings
from services.platform.stage_task import Outcome
from services.platform.storage import MissingObjectError, original_key, storage

_LANES: dict[Lane, tuple[SubmissionState, Stage]] = {
    "ocr": (SubmissionState.FOR_OCR, READ_PICTURES),
    "office": (SubmissionState.FOR_OFFICE, CONVERT),
}


@dataclass(frozen=True, slots=True)
class Aside:
    """A document that only a slower lane can read."""

    lane: Lane


class Extract:
    """received → extracted | rejected | on to a slower lane; a document that kills its reader three times is quarantined."""

    stage: Stage = EXTRACT

    def perform(self, held: Claim) -> Document | Aside:
        data, filename = kept_original(held.id)
        try:
            document = reading_room().read(data, filename=filename)
        except RejectedError as error:
            if error.reason.code == "office_missing" and runs("office"):
                return Aside("office")
            raise
        return Aside(document.needs) if document.needs and runs(document.needs) else document

    def record(self, session: Session, held: Claim, result: Document | Aside) -> Outcome:
        if isinstance(result, Aside):
            after, stage = _LANES[result.lane]
            return Outcome(after, f"needs_{result.lane}", follow=((stage, held.id),))
        return keep(session, held, result)


def keep(session: Session, held: Claim, document: Document) -> Outcome:
    """Store what was read of a submission, for the judge."""
    generation = session.scalar(select(Submission.generation).where(Submission.id == held.id))
    session.execute(
        insert(Extraction).values(
            submission_id=held.id,
            generation=generation,
            format=str(document.format),
            engine=document.engine,
            document=zlib.compress(document.model_dump_json().encode("utf-8"), 1),
        )
    )
    return Outcome(SubmissionState.EXTRACTED, follow=((JUDGE, held.id),))


def runs(lane: Lane) -> bool:
    """Whether there are workers for this lane, by the settings."""
    return settings().ocr_lane if lane == "ocr" else settings().office_lane


def kept_original(submission_id: int) -> tuple[bytes, str]:
    """Bytes and file name of a received submission. Raises RetryableError while the store does not give them."""
    with reading() as session:
        row = session.get_one(Submission, submission_id)
    assert row.sha256 is not None  # set by receive, before this state
    try:
        data, _ = storage().get(storage().originals, original_key(row.sha256), limit=settings().max_bytes)
    except MissingObjectError as error:
        raise RetryableError("kept original is missing from the store") from error
    return data, row.filename


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
