"""The slower lanes of reading: documents with pictures, and DOC and WPS files that must be converted first.

Both are optional and have queues, workers and limits of their own, so that they never hold up the others. Where a lane
does not run, ``extract`` keeps what it could read, or refuses with a reason that says what to send instead.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache

from sqlalchemy.orm import Session

from services.core.contracts import CONVERT, READ_PICTURES, Stage
from services.core.errors import RetryableError
from services.ingest.extract import Extracted, Original, extracted, keep, kept_bytes, original_of, reading_room
from services.ingest.office import Converted, Office, convert, find_office
from services.ingest.readers.office import as_office_document, office_format
from services.ingest.sandbox import ReadingRoom
from services.platform.db.claims import Claim
from services.platform.settings import Settings, settings
from services.platform.stage_task import Outcome


class ReadPictures:
    """for_ocr → extracted | rejected: read by a reader that knows pictures."""

    stage: Stage = READ_PICTURES

    def look(self, session: Session, held: Claim) -> Original:
        return original_of(session, held.id)

    def perform(self, _held: Claim, seen: Original) -> Extracted:
        return extracted(seen, _picture_room_of(os.getpid()).read(kept_bytes(seen), filename=seen.filename))

    def record(self, session: Session, held: Claim, result: Extracted) -> Outcome:
        return keep(session, held, result)


class Convert:
    """for_office → extracted | rejected: converted in a batch, then read in the confined child like any document."""

    stage: Stage = CONVERT

    @property
    def most(self) -> int:
        return settings().office_batch

    def look(self, session: Session, held: Claim) -> Original:
        return original_of(session, held.id)

    def perform(self, held: Claim, seen: Original) -> Extracted:
        (result,) = self.perform_all([(held, seen)])
        if isinstance(result, Exception):
            raise result
        return result

    def perform_all(self, batch: Sequence[tuple[Claim, Original]]) -> list[Extracted | Exception]:
        """Raises RetryableError when there is no LibreOffice that works: this worker should not have been started."""
        office = find_office(settings().office_command)
        if office is None:
            raise RetryableError("LibreOffice is not installed where the office worker runs")
        fetched = [_fetched(seen) for _, seen in batch]
        documents = [data for data in fetched if isinstance(data, bytes)]
        converted = iter(convert(documents, office, seconds=settings().office_wall_seconds))
        return [
            _read_converted(seen, data, next(converted), office) if isinstance(data, bytes) else data
            for (_, seen), data in zip(batch, fetched, strict=True)
        ]

    def record(self, session: Session, held: Claim, result: Extracted) -> Outcome:
        return keep(session, held, result)


def _fetched(seen: Original) -> bytes | Exception:
    try:
        return kept_bytes(seen)
    except RetryableError as error:
        return error


def _read_converted(seen: Original, original: bytes, converted: Converted, office: Office) -> Extracted | Exception:
    if not isinstance(converted, bytes):
        return converted
    try:
        document = as_office_document(
            reading_room().read(converted, filename=seen.filename),
            original_sha256=seen.sha256,
            original=office_format(original),
            engine=office.engine,
        )
    except Exception as error:  # noqa: BLE001 - a defect met in one document ends that row, not its neighbours
        return error
    return extracted(seen, document)


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
