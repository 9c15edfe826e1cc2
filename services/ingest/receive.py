"""`ingest.receive`: the one place that decides what an announcement means. Idempotent, whoever announced."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.core.contracts import EXTRACT, RECEIVE, Stage
from services.core.errors import RejectedError
from services.core.lifecycle import SubmissionState
from services.ingest.keys import DEPOSITED, printable
from services.platform.db.claims import Claim
from services.platform.db.dialect import lock_name
from services.platform.db.engine import reading
from services.platform.db.models import Agency, Spool, Submission
from services.platform.settings import settings
from services.platform.stage_task import Outcome
from services.platform.storage import MissingObjectError, storage


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

    def perform(self, held: Claim) -> Received:
        """Check the sender, fetch and measure the bytes, and keep the original under its hash."""
        with reading() as session:
            row = session.get_one(Submission, held.id)
            known = session.scalar(select(Agency.code).where(Agency.code == row.agency_code))
            spooled = _spooled(session, row)
            twin = _twin(session, held.id, row.agency_code, row.version) if row.bucket == DEPOSITED else None
        if known is None or known == "*":
            raise RejectedError("unknown_agency", row.agency_code or row.object_key.split("/")[0][:60])
        if spooled is not None:
            storage().keep_original(row.version, spooled)
            return Received(row.agency_code, row.version, len(spooled), row.filename, twin, spooled=True)
        if row.bucket == DEPOSITED:
            # taken in by us: measured, hashed and kept before the row was written
            return Received(row.agency_code, row.version, row.size or 0, row.filename, twin)
        return _from_inbox(row)

    def record(self, session: Session, held: Claim, result: Received) -> Outcome:
        """Write what was received; of two hand-ins of the same bytes by one body only one goes on."""
        lock_name(session, f"{result.agency_code}/{result.sha256}")
        if result.spooled:
            session.execute(delete(Spool).where(Spool.submission_id == held.id))
        columns = {"sha256": result.sha256, "size": result.size, "filename": result.filename}
        twin = _twin(session, held.id, result.agency_code, result.sha256)
        if twin is not None:
            return Outcome(SubmissionState.DUPLICATE, "same_bytes", columns=columns | {"duplicate_of": twin})
        return Outcome(SubmissionState.RECEIVED, columns=columns, follow=((EXTRACT, held.id),))


def _spooled(session: Session, row: Submission) -> bytes | None:
    """The bytes of a hand-in that waits in the database; they leave it in the transaction that moves the row on."""
    if row.bucket != DEPOSITED:
        return None
    return session.scalar(select(Spool.data).where(Spool.submission_id == row.id))


def _from_inbox(row: Submission) -> Received:
    """An object that an S3 client put into the inbox: nothing about it is known yet."""
    data, filename = _fetch(row)
    limit = settings().max_bytes
    if not data:
        raise RejectedError("empty")
    if len(data) > limit:
        raise RejectedError("too_large", f"上限 {limit // 2**20} MB")
    sha256 = hashlib.sha256(data).hexdigest()
    with reading() as session:
        twin = _twin(session, row.id, row.agency_code, sha256)
    if twin is None:
        storage().keep_original(sha256, data)
    return Received(row.agency_code, sha256, len(data), filename, twin)


def _fetch(row: Submission) -> tuple[bytes, str]:
    try:
        data, found = storage().get(row.bucket, row.object_key, limit=settings().max_bytes)
    except MissingObjectError as error:
        raise RejectedError("vanished") from error
    if found.version != row.version:
        # the newer version has its own announcement, this one's bytes are gone
        raise RejectedError("overwritten")
    return data, printable(found.meta.get("filename", "")) or row.filename


def _twin(session: Session, own_id: int, agency_code: str, sha256: str) -> int | None:
    return session.scalar(
        select(Submission.id).where(
            Submission.agency_code == agency_code,
            Submission.sha256 == sha256,
            Submission.state != SubmissionState.DUPLICATE,
            Submission.id != own_id,
        )
    )
