"""Taking bytes in: keep the original, write the row, receive it at once, ring the bell. For folder and upload alike.

Answers whatever else is down, as long as the database is there: without the object store the bytes are kept in the
database until `ingest.receive` can move them; without the broker the sweep finds the row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from services.core.contracts import RECEIVE
from services.core.errors import RetryableError
from services.ingest.keys import DEPOSITED, deposit_key
from services.ingest.receive import find_twin, receive_kept
from services.platform.db.engine import unit_of_work
from services.platform.db.repositories import submissions
from services.platform.db.repositories.submissions import Follow
from services.platform.logging import log
from services.platform.nudge import nudge_soon
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
    follow: Follow = ()
    with unit_of_work() as session:
        row, new = submissions.announce(session, told, actor=actor)
        if new and kept:
            follow, twin = receive_kept(session, row, actor=actor)
        else:
            twin = find_twin(session, row.id, delivery.agency_code, sha256)
            if new:
                submissions.spool(session, row.id, delivery.data)
                follow = ((RECEIVE, row.id),)
    log(__name__).info("accepted", ref=row.ref, source=delivery.source, new=new, bytes=len(delivery.data))
    nudge_soon(follow)
    return Accepted(row.id, row.ref, sha256, new, twin.ref if twin else None)
