"""`ingest.receive`: the one place that decides what an announcement means. Idempotent, whoever announced."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Row, Table, bindparam, delete, select
from sqlalchemy.orm import Session

from services.core.contracts import EXTRACT, RECEIVE, Stage
from services.core.errors import RejectedError
from services.core.lifecycle import SubmissionState
from services.ingest.keys import DEPOSITED, printable
from services.platform.db import claims
from services.platform.db.claims import Claim
from services.platform.db.dialect import db_now, lock_name
from services.platform.db.engine import reading
from services.platform.db.models import Agency, Spool, Submission
from services.platform.db.repositories import submissions
from services.platform.db.repositories.registry import EVERYBODY
from services.platform.db.repositories.submissions import Follow
from services.platform.settings import settings
from services.platform.stage_task import Outcome
from services.platform.storage import MissingObjectError, storage

_SUBMISSION = cast("Table", Submission.__table__)
_AGENCY = cast("Table", Agency.__table__)
_SPOOL = cast("Table", Spool.__table__)

# built once: these run for every hand-in
_ANNOUNCED = (
    select(
        *(_SUBMISSION.c[name] for name in ("agency_code", "bucket", "object_key", "version", "filename", "size")),
        _AGENCY.c.code.label("known"),
        _SPOOL.c.data.label("spooled"),
    )
    .outerjoin(_AGENCY, _AGENCY.c.code == _SUBMISSION.c.agency_code)
    .outerjoin(_SPOOL, _SPOOL.c.submission_id == _SUBMISSION.c.id)
    .where(_SUBMISSION.c.id == bindparam("row"))
)
_KNOWN = select(_AGENCY.c.code).where(_AGENCY.c.code == bindparam("agency"))
_TWIN = (
    select(_SUBMISSION.c.id, _SUBMISSION.c.ref)
    .where(
        _SUBMISSION.c.agency_code == bindparam("agency"),
        _SUBMISSION.c.sha256 == bindparam("hash"),
        _SUBMISSION.c.state != str(SubmissionState.DUPLICATE),
        _SUBMISSION.c.id != bindparam("own"),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Twin:
    """An earlier hand-in of the same bytes by the same body."""

    id: int
    ref: str


@dataclass(frozen=True, slots=True)
class Announced:
    """What is known of an announced object: its row with the sender's registration and spooled bytes, and its twin."""

    row: Row[*tuple[Any, ...]]
    twin: int | None


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes that are now kept for good. `duplicate_of` is the earlier submission of the same bytes."""

    agency_code: str
    sha256: str
    size: int
    filename: str
    duplicate_of: int | None
    spooled: bool = False


class Receive:
    """announced → received | duplicate | rejected."""

    stage: Stage = RECEIVE

    def look(self, session: Session, held: Claim) -> Announced:
        row = session.connection().execute(_ANNOUNCED, {"row": held.id}).one()
        twin = find_twin(session, held.id, row.agency_code, row.version) if row.bucket == DEPOSITED else None
        return Announced(row, twin.id if twin else None)

    def perform(self, held: Claim, seen: Announced) -> Received:
        """Check the sender, fetch and measure the bytes, and keep the original under its hash."""
        row = seen.row
        if not _may_send(row.known):
            raise RejectedError(*_unknown(row.agency_code, row.object_key))
        if row.bucket != DEPOSITED:
            return _from_inbox(held.id, row)
        if row.spooled is not None:
            # the bytes leave the database in the transaction that moves the row on
            storage().keep_original(row.version, row.spooled)
        # taken in by us: measured and hashed before the row was written
        size = row.size or 0
        return Received(row.agency_code, row.version, size, row.filename, seen.twin, spooled=row.spooled is not None)

    def record(self, session: Session, held: Claim, result: Received) -> Outcome:
        """Write what was received; of two hand-ins of the same bytes by one body only one goes on."""
        if result.spooled:
            session.execute(delete(Spool).where(Spool.submission_id == held.id))
        columns = {"sha256": result.sha256, "size": result.size, "filename": result.filename}
        twin = _locked_twin(session, held.id, result.agency_code, result.sha256)
        if twin is not None:
            return Outcome(SubmissionState.DUPLICATE, "same_bytes", columns=columns | {"duplicate_of": twin.id})
        return Outcome(SubmissionState.RECEIVED, columns=columns, follow=((EXTRACT, held.id),))


def receive_kept(session: Session, row: Submission, *, actor: str) -> tuple[Follow, Twin | None]:
    """Receive a deposit that is announced in this very transaction: its bytes are measured, hashed and kept.

    Does what the stage does, so that neither broker nor sweep is needed; returns what follows and the twin.
    """
    held = claims.claim(session, RECEIVE, row.id, owner=actor, lease_seconds=60)
    assert held is not None  # the row is new and in this transaction
    known = session.connection().execute(_KNOWN, {"agency": row.agency_code}).scalar()
    if not _may_send(known):
        code, detail = _unknown(row.agency_code, row.object_key)
        return submissions.reject(session, held, code, detail, cost=claims.NO_COST), None
    twin = _locked_twin(session, row.id, row.agency_code, row.version)
    if twin is not None:
        claims.advance(
            session, held, SubmissionState.DUPLICATE, cause="same_bytes", sha256=row.version, duplicate_of=twin.id
        )
        return (), twin
    claims.advance(session, held, SubmissionState.RECEIVED, cause="done", sha256=row.version, nudged_at=db_now())
    return ((EXTRACT, row.id),), None


def find_twin(session: Session, own_id: int, agency_code: str, sha256: str) -> Twin | None:
    """The hand-in of the same bytes by the same body that is worked on, if it is not this one."""
    key = {"agency": agency_code, "hash": sha256, "own": own_id}
    found = session.connection().execute(_TWIN, key).first()
    return Twin(*found) if found else None


def _locked_twin(session: Session, own_id: int, agency_code: str, sha256: str) -> Twin | None:
    lock_name(session, f"{agency_code}/{sha256}")
    return find_twin(session, own_id, agency_code, sha256)


def _may_send(known: str | None) -> bool:
    return known is not None and known != EVERYBODY


def _unknown(agency_code: str, object_key: str) -> tuple[str, str]:
    return "unknown_agency", agency_code or object_key.split("/", maxsplit=1)[0][:60]


def _from_inbox(row_id: int, row: Row[*tuple[Any, ...]]) -> Received:
    """An object that an S3 client put into the inbox: nothing about it is known yet."""
    data, filename = _fetch(row)
    limit = settings().max_bytes
    if not data:
        raise RejectedError("empty")
    if len(data) > limit:
        raise RejectedError("too_large", f"上限 {limit // 2**20} MB")
    sha256 = hashlib.sha256(data).hexdigest()
    with reading() as session:
        twin = find_twin(session, row_id, row.agency_code, sha256)
    if twin is None:
        storage().keep_original(sha256, data)
    return Received(row.agency_code, sha256, len(data), filename, twin.id if twin else None)


def _fetch(row: Row[*tuple[Any, ...]]) -> tuple[bytes, str]:
    try:
        data, found = storage().get(row.bucket, row.object_key, limit=settings().max_bytes)
    except MissingObjectError as error:
        raise RejectedError("vanished") from error
    if found.version != row.version:
        # the newer version has its own announcement, this one's bytes are gone
        raise RejectedError("overwritten")
    return data, printable(found.meta.get("filename", "")) or row.filename
