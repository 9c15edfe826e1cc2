"""The slower lanes of reading: documents with pictures, and DOC and WPS files that must be converted first.

Both are optional and have queues, workers and limits of their own, so that they never hold up the others. Where a lane
does not run, ``extract`` keeps what it could read, or refuses with a reason that says what to send instead.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy.orm import Session

from services.core.contracts import CONVERT, READ_PICTURES, Stage
from services.core.errors import CrashedError, RejectedError, RetryableError
from services.core.report import Document
from services.ingest.extract import keep, kept_original, reading_room
from services.ingest.office import Office, convert, find_office
from services.ingest.readers.office import as_office_document, office_format
from services.ingest.sandbox import ReadingRoom
from services.platform.db.claims import Claim
from services.platform.settings import Settings, settings
from services.platform.stage_task import Outcome


class ReadPictures:
    """for_ocr → extracted | rejected: read by a reader that knows pictures."""

    stage: Stage = READ_PICTURES

    def perform(self, held: Claim) -> Document:
        data, filename = kept_original(held.id)
        return _picture_room_of(os.getpid()).read(data, filename=filename)

    def record(self, session: Session, held: Claim, result: Document) -> Outcome:
        return keep(session, held, result)


@dataclass(frozen=True, slots=True)
class Original:
    """An office file as it was handed in."""

    data: bytes
    filename: str


class Convert:
    """for_office → extracted | rejected: converted in a batch, then read in the confined child like any document."""

    stage: Stage = CONVERT

    @property
    def most(self) -> int:
        return settings().office_batch

    def perform(self, held: Claim) -> Document:
        (result,) = self.perform_all([held])
        if isinstance(result, Exception):
            raise result
        return result

    def perform_all(self, held: Sequence[Claim]) -> list[Document | Exception]:
        """Raises RetryableError when there is no LibreOffice that works: this worker should not have been started."""
        office = find_office(settings().office_command)
        if office is None:
            raise RetryableError("LibreOffice is not installed where the office worker runs")
        originals = [_original(one) for one in held]
        batch = [one.data for one in originals if isinstance(one, Original)]
        converted = iter(convert(batch, office, seconds=settings().office_wall_seconds))
        return [
            _read_converted(one, next(converted), office) if isinstance(one, Original) else one for one in originals
        ]

    def record(self, session: Session, held: Claim, result: Document) -> Outcome:
        return keep(session, held, result)


def _original(held: Claim) -> Original | Exception:
    try:
        return Original(*kept_original(held.id))
    except RetryableError as error:
        return error


def _read_converted(
    original: Original, converted: bytes | RejectedError | CrashedError | RetryableError, office: Office
) -> Document | Exception:
    if not isinstance(converted, bytes):
        return converted
    try:
        document = reading_room().read(converted, filename=original.filename)
        return as_office_document(
            document,
            original_sha256=hashlib.sha256(original.data).hexdigest(),
            original=office_format(original.data),
            engine=office.engine,
        )
    except Exception as error:  # noqa: BLE001 - a defect met in one document ends that row, not its neighbours
        return error


def make_picture_room(config: Settings) -> ReadingRoom:
    """A reading room for documents with pictures, with the limits of these settings."""
    return ReadingRoom(
        reader=config.ocr_reader,
        wall_seconds=config.ocr_wall_seconds,
        cpu_seconds=config.ocr_cpu_seconds,
        memory_mb=config.ocr_memory_mb,
        max_pages=config.max_pages,
    )


@cache
def _picture_room_of(_pid: int) -> ReadingRoom:
    return make_picture_room(settings())
