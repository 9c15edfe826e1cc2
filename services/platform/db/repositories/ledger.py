"""The ledger: whether every file and object is accounted for, and the states add up to what was seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.core.lifecycle import TERMINAL, SubmissionState
from services.platform.db.claims import waiting_counts
from services.platform.db.models import Mail, Notice, ReportRow, Submission, Transition

_CHUNK = 500


@dataclass(frozen=True)
class Ledger:
    """Counts at one moment (one transaction). `faults` names whatever does not add up; empty means it balances."""

    seen: int
    stored: int
    duplicate: int
    rejected: int
    failed: int
    in_flight: int
    mails: dict[str, int]
    notices: dict[str, int]
    faults: list[str] = field(default_factory=list)


def count(session: Session) -> Ledger:
    """The tables' side: seen = stored + duplicate + rejected + failed + in flight, and nobody told twice or forgotten.

    `seen` is counted from the audit (one announcement each), not from the states, so that the sum can really fail.
    """
    counts = waiting_counts(session)
    of = {state: counts.get(("submission", state), 0) for state in SubmissionState}
    in_flight = sum(number for state, number in of.items() if state not in TERMINAL["submission"])
    seen = (
        session.scalar(select(func.count()).where(Transition.subject == "submission", Transition.before.is_(None))) or 0
    )
    ledger = Ledger(
        seen=seen,
        stored=of[SubmissionState.STORED],
        duplicate=of[SubmissionState.DUPLICATE],
        rejected=of[SubmissionState.REJECTED],
        failed=of[SubmissionState.QUARANTINED],
        in_flight=in_flight,
        mails={state: number for (subject, state), number in counts.items() if subject == "mail"},
        notices={state: number for (subject, state), number in counts.items() if subject == "notice"},
    )
    total = ledger.stored + ledger.duplicate + ledger.rejected + ledger.failed + ledger.in_flight
    if total != seen:
        ledger.faults.append(f"登记 {seen} 件，各状态合计 {total} 件")
    ledger.faults.extend(_inner_faults(session))
    return ledger


def _inner_faults(session: Session) -> Iterable[str]:
    without_report = session.scalar(
        select(func.count())
        .select_from(Submission)
        .where(
            Submission.state == SubmissionState.STORED,
            ~select(ReportRow.id).where(ReportRow.submission_id == Submission.id).exists(),
        )
    )
    if without_report:
        yield f"{without_report} 件已入库的报送没有报告记录"
    untold = session.scalar(
        select(func.count())
        .select_from(ReportRow)
        .where(~select(Notice.id).where(Notice.report_id == ReportRow.id).exists())
    )
    if untold:
        yield f"{untold} 份报告没有通知记录"
    twice = session.scalar(select(func.count()).select_from(Mail).where(Mail.body_begun > 2))
    if twice:
        yield f"{twice} 封邮件发送超过两次"


def unknown_objects(session: Session, keys: list[tuple[str, str, str]]) -> list[str]:
    """Which of these (bucket, key, version) have no submission, as `bucket/key`."""
    unknown: list[str] = []
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        columns = select(Submission.bucket, Submission.object_key, Submission.version)
        known = set(session.execute(columns.where(Submission.object_key.in_([key for _, key, _ in chunk]))))
        unknown += [f"{bucket}/{key}" for bucket, key, version in chunk if (bucket, key, version) not in known]
    return unknown


def kept_hashes(session: Session) -> set[str]:
    """The hashes whose original must lie in the originals bucket."""
    return set(session.scalars(select(Submission.sha256).where(Submission.sha256.is_not(None)).distinct()))


def known_places(session: Session) -> set[str]:
    """The places of all files that came through the drop folder."""
    return set(session.scalars(select(Submission.folder_place).where(Submission.folder_place.is_not(None))))
