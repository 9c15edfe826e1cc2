"""Taking bytes in: put them where originals are kept, write the row, ring the bell. Used by the folder and by the upload.

Answers whatever else is down, as long as the database is there: without the object store the bytes are kept in the
database until `ingest.receive` can move them; without the broker the sweep finds the row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from services.core.contracts import RECEIVE
from services.core.errors import RetryableError
from services.ingest.keys import DEPOSITED, deposit_key
from services.ingest.receive import Receive
from services.platform.db.engine import unit_of_work
from services.platform.db.models import Submission
from services.platform.db.repositories import submissions
from services.platform.logging import log
from services.platform.nudge import nudge_soon
from services.platform.stage_task import run
from services.platform.storage import Storage


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file handed in. `identity` tells two hand-ins apart and is the same when one is tried again."""

    data: bytes
    agency_code: str
    filename: str
    source: str
    identity: str
    year: int | None = None
    source_path: str | None = None
    place: Callable[[str], str] | None = None
    """For a drop folder: where the file will lie, given the submission's reference."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a hand-in: the reference to ask by, and the earlier hand-in of the same bytes if there is one."""

    id: int
    ref: str
    sha256: str
    new: bool
    duplicate_of: str | None


def accept(delivery: Delivery, store: Storage, *, actor: str) -> Accepted:
    """Take a file in. Idempotent for one `identity`. The bytes are safe once this returns; raises only for the database.

    They go straight to where originals are kept, under their hash: the inbox bucket is for S3 clients.
    """
    key = deposit_key(delivery.agency_code, delivery.year, delivery.identity)
    sha256 = hashlib.sha256(delivery.data).hexdigest()
    kept = True
    try:
        store.keep_original(sha256, delivery.data)
    except RetryableError as error:
        kept = False
        log(__name__).warning("store_away", detail=error.detail)
    told = submissions.Announcement(
        bucket=DEPOSITED,
        key=key,
        version=sha256,
        source=delivery.source,
        agency_code=delivery.agency_code,
        filename=delivery.filename,
        size=len(delivery.data),
        year_hint=delivery.year,
        source_path=delivery.source_path,
        place=delivery.place,
    )
    with unit_of_work() as session:
        row, new = submissions.announce(session, told, actor=actor)
        if new and not kept:
            submissions.spool(session, row.id, delivery.data)
        earlier = session.scalar(
            select(Submission.ref).where(
                Submission.agency_code == delivery.agency_code,
                Submission.sha256 == sha256,
                Submission.state != "duplicate",
                Submission.id != row.id,
            )
        )
        answer = Accepted(row.id, row.ref, sha256, new, earlier)
    log(__name__).info("accepted", ref=answer.ref, source=delivery.source, new=new, bytes=len(delivery.data))
    if new and kept:
        _receive_at_once(answer.id)
    elif new:
        nudge_soon([(RECEIVE, answer.id)])
    return answer


def _receive_at_once(row_id: int) -> None:
    """Everything that `ingest.receive` asks is known here already, so the way through the broker is saved.

    The hand-in is safe whatever happens now: the sweep finds a row that stayed behind.
    """
    try:
        run(Receive(), row_id, hand_on=nudge_soon)
    except DBAPIError as error:
        log(__name__).warning("received_later", id=row_id, error=type(error.orig).__name__)
