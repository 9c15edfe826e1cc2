"""`ingest.extract`: read the kept original in the sandboxed child and store what was found."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from functools import cache
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from services.core.contracts import CONVERT, EXTRACT, JUDGE, READ_PICTURES, Stage
from services.core.errors import RejectedError, RetryableError
from services.core.lifecycle import SubmissionState
from services.core.report import Document, Lane
from services.ingest.sandbox import ReadingRoom
from services.platform.db.claims import Claim
from services.platform.db.models import Extraction, Submission
from services.platform.settings import Settings, settings
from services.platform.stage_task import Outcome
from services.platform.storage import MissingObjectError, original_key, storage

# built once: these run for every report
_SUBMISSION = cast("Table", Submission.__table__).c
_ORIGINAL = select(_SUBMISSION.sha256, _SUBMISSION.filename, _SUBMISSION.generation).where(
    _SUBMISSION.id == bindparam("row")
)
_INSERT_EXTRACTION = cast("Table", Extraction.__table__).insert()

_LANES: dict[Lane, tuple[SubmissionState, Stage]] = {
    "ocr": (SubmissionState.FOR_OCR, READ_PICTURES),
    "office": (SubmissionState.FOR_OFFICE, CONVERT),
}


@dataclass(frozen=True, slots=True)
class Original:
    """The kept document of a hand-in, and which reading of it this is."""

    sha256: str
    filename: str
    generation: int


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was read, ready to be written: the whole document as compressed JSON."""

    generation: int
    format: str
    engine: str
    packed: bytes


@dataclass(frozen=True, slots=True)
class Aside:
    """A document that only a slower lane can read."""

    lane: Lane


class Extract:
    """received → extracted | rejected | on to a slower lane; a document that kills its reader three times is quarantined."""

    stage: Stage = EXTRACT

    def look(self, session: Session, held: Claim) -> Original:
        return original_of(session, held.id)

    def perform(self, _held: Claim, seen: Original) -> Extracted | Aside:
        data = kept_bytes(seen)
        try:
            document = reading_room().read(data, filename=seen.filename)
        except RejectedError as error:
            if error.reason.code == "office_missing" and runs("office"):
                return Aside("office")
            raise
        return Aside(document.needs) if document.needs and runs(document.needs) else extracted(seen, document)

    def record(self, session: Session, held: Claim, result: Extracted | Aside) -> Outcome:
        if isinstance(result, Aside):
            after, stage = _LANES[result.lane]
            return Outcome(after, f"needs_{result.lane}", follow=((stage, held.id),))
        return keep(session, held, result)


def original_of(session: Session, submission_id: int) -> Original:
    """What a stage that reads needs to know of a received submission."""
    return Original(*session.connection().execute(_ORIGINAL, {"row": submission_id}).one())


def kept_bytes(seen: Original) -> bytes:
    """The bytes of a received submission. Raises RetryableError while the store does not give them."""
    try:
        data, _ = storage().get(storage().originals, original_key(seen.sha256), limit=settings().max_bytes)
    except MissingObjectError as error:
        raise RetryableError("kept original is missing from the store") from error
    return data


def extracted(seen: Original, document: Document) -> Extracted:
    """What was read of `seen`, packed for the database."""
    packed = zlib.compress(document.model_dump_json().encode("utf-8"), 1)
    return Extracted(seen.generation, str(document.format), document.engine, packed)


def keep(session: Session, held: Claim, result: Extracted) -> Outcome:
    """Store what was read of a submission, for the judge."""
    session.connection().execute(
        _INSERT_EXTRACTION,
        {
            "submission_id": held.id,
            "generation": result.generation,
            "format": result.format,
            "engine": result.engine,
            "document": result.packed,
        },
    )
    return Outcome(SubmissionState.EXTRACTED, follow=((JUDGE, held.id),))


def runs(lane: Lane) -> bool:
    """Whether there are workers for this lane, by the settings."""
    return settings().ocr_lane if lane == "ocr" else settings().office_lane


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
