"""Submissions and their notices: announcing, rejecting, replaying, and the SQL behind status and ledger."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from services.core.contracts import COMPOSE, EXTRACT, RECEIVE, Stage, stage_for
from services.core.lifecycle import TERMINAL, NoticeState, SubmissionState
from services.platform.db import claims
from services.platform.db.dialect import db_now
from services.platform.db.models import Notice, Spool, Submission

Follow = tuple[tuple[Stage, int], ...]


@dataclass(frozen=True, slots=True)
class Announcement:
    """Somebody says there is an object. `source` is folder, event, upload or sweep."""

    bucket: str
    key: str
    version: str
    source: str
    agency_code: str
    filename: str
    size: int | None = None
    year_hint: int | None = None
    source_path: str | None = None
    place: Callable[[str], str] | None = None
    """For a drop folder: where the file will lie, given the reference."""
    verdict: str = "done"


def announce(session: Session, told: Announcement, *, actor: str) -> tuple[Submission, bool]:
    """The submission of this object version, and whether it is new. Telling twice changes nothing.

    Events, uploads and sweeps may all announce one object; the unique (bucket, key, version) lets one row in. A new row
    counts as handed to the broker: the caller does so right after the commit. It is given back as it was written,
    outside the session.
    """
    ref = secrets.token_hex(8)
    values: dict[str, Any] = {
        "ref": ref,
        "bucket": told.bucket,
        "object_key": told.key,
        "version": told.version,
        "source": told.source,
        "agency_code": told.agency_code[:64],
        "filename": told.filename[:255],
        "size": told.size,
        "year_hint": told.year_hint,
        "source_path": told.source_path,
        "folder_place": told.place(ref) if told.place else None,
        "folder_verdict": told.verdict if told.place else None,
        "state": str(SubmissionState.ANNOUNCED),
    }
    added = session.connection().execute(_insert_submission(session.get_bind().dialect.name), values).scalar()
    if added is not None:
        claims.record_transition(
            session, "submission", added, None, SubmissionState.ANNOUNCED, cause=told.source, actor=actor
        )
        return Submission(id=added, **values), True
    row = session.scalars(
        select(Submission).where(
            Submission.bucket == told.bucket,
            Submission.object_key == told.key,
            Submission.version == told.version,
        )
    ).one()
    return row, False


@cache
def _insert_submission(dialect: str) -> ReturningInsert[int]:
    """Built once: this runs for every announcement."""
    maker = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return (
        maker(cast("Table", Submission.__table__))
        .values(nudged_at=db_now())
        .on_conflict_do_nothing(index_elements=["bucket", "object_key", "version"])
        .returning(Submission.id)
    )


_INSERT_NOTICE = cast("Table", Notice.__table__).insert().values(nudged_at=db_now()).returning(Notice.id)

RENEWED = "renewed/"
"""Begins the kind of a notice about a verdict given anew; the verdict's number follows."""

REFUSED = "refused"
"""The version of a row about a file that was never taken in; the file itself stays in the folder's `failed/`."""


def refuse(session: Session, told: Announcement, code: str, detail: str, *, actor: str) -> tuple[Submission, Follow]:
    """Record a file that cannot be taken in as a rejected submission, so that it is counted, listed and told about."""
    row, new = announce(session, told, actor=actor)
    if not new:
        return row, ()
    held = claims.claim(session, RECEIVE, row.id, owner=actor, lease_seconds=60)
    assert held is not None  # the row is new and in this transaction
    return row, reject(session, held, code, detail, cost=claims.NO_COST)


def add_notice(
    session: Session, *, kind: str, submission_id: int, generation: int, report_id: int | None, actor: str,
    cancelled: str | None = None,
) -> int:  # fmt: skip
    """Write the outbox row "tell them", in the caller's transaction, as handed to the broker right afterwards.

    A cancelled one says why nobody is told.
    """
    state = NoticeState.CANCELLED if cancelled else NoticeState.PENDING
    line = {
        "kind": kind,
        "submission_id": submission_id,
        "generation": generation,
        "report_id": report_id,
        "state": str(state),
    }
    notice_id = int(session.connection().execute(_INSERT_NOTICE, line).scalar_one())
    claims.record_transition(session, "notice", notice_id, None, state, cause=kind, actor=actor, detail=cancelled)
    return notice_id


def reject(session: Session, held: claims.Claim, code: str, detail: str, *, cost: claims.Cost) -> Follow:
    """End the claimed submission with a reason and write the notice about it."""
    claims.advance(
        session, held, SubmissionState.REJECTED, cause=code, detail=detail, cost=cost,
        reason_code=code, reason_detail=detail[:300] or None,
    )  # fmt: skip
    return _notice_about(session, held, "rejected")


def after_crash(session: Session, held: claims.Claim, *, dead: bool) -> Follow:
    """What follows a crash: another try at once, or the notice about a quarantined submission."""
    if not dead:
        claims.mark_nudged(session, held.stage.subject, [held.id])
        return ((held.stage, held.id),)
    return _notice_about(session, held, "quarantined") if held.stage.subject == "submission" else ()


def _notice_about(session: Session, held: claims.Claim, kind: str) -> Follow:
    generation = session.scalar(select(Submission.generation).where(Submission.id == held.id)) or 1
    notice_id = add_notice(
        session, kind=kind, submission_id=held.id, generation=generation, report_id=None, actor=held.owner
    )
    return ((COMPOSE, notice_id),)


class NotReplayableError(ValueError):
    """The submission is still being worked on, or is a duplicate, which has nothing of its own to replay."""


def replay(session: Session, submission_id: int, *, actor: str) -> Follow:
    """Start a finished submission anew as the next generation; old rows are kept. Raises NotReplayableError."""
    row = session.get_one(Submission, submission_id, with_for_update=True)
    before = row.state
    if before not in TERMINAL["submission"] or before == SubmissionState.DUPLICATE:
        raise NotReplayableError(row.ref)
    # a document whose bytes are kept is read again; one that never came in is received again
    after = SubmissionState.RECEIVED if row.sha256 else SubmissionState.ANNOUNCED
    session.execute(
        update(Submission)
        .where(Submission.id == submission_id, Submission.state == before)
        .values(
            state=str(after),
            generation=Submission.generation + 1,
            attempt=0,
            crashes=0,
            setbacks=0,
            reason_code=None,
            reason_detail=None,
            finished_at=None,
            next_attempt_at=None,
        )
    )
    claims.record_transition(session, "submission", submission_id, before, after, cause="replay", actor=actor)
    claims.mark_nudged(session, "submission", [submission_id])
    stage = stage_for("submission", after)
    assert stage in {RECEIVE, EXTRACT}
    return ((stage, submission_id),)


def spool(session: Session, submission_id: int, data: bytes) -> None:
    """Keep bytes in the database because the object store is away; the sweep moves them there."""
    session.add(Spool(submission_id=submission_id, data=data))


def by_ref(session: Session, ref: str) -> Submission | None:
    """The submission with this public reference."""
    return session.scalar(select(Submission).where(Submission.ref == ref))
