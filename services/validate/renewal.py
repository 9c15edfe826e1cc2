"""`validate.renew`: the verdict on a stored report given anew, from the report as it was read and what is known now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from services.core.contracts import COMPOSE, RENEW, Stage
from services.core.finding import Finding
from services.core.lifecycle import NoticeState, RenewalState
from services.core.report import Report
from services.core.settling import Settling, settling
from services.platform.clock import CHINA
from services.platform.db.claims import Claim
from services.platform.db.engine import reading
from services.platform.db.models import Agency, Extraction, FindingRow, Notice, Renewal, ReportRow, Submission
from services.platform.db.repositories import history, renewals, submissions
from services.platform.db.repositories.history import IDENTITY, Kept, kept_of
from services.platform.db.repositories.renewals import Cause
from services.platform.db.repositories.submissions import Follow
from services.platform.stage_task import Outcome
from services.validate.judge import judge
from services.validate.knowledge import Known, Origin, is_outdated, known_of
from services.validate.store import cancel_mails, lock_reports, replace_findings

_REPORT = cast("Table", ReportRow.__table__)
_SUBMISSION = cast("Table", Submission.__table__)
_EXTRACTION = cast("Table", Extraction.__table__)
_AGENCY = cast("Table", Agency.__table__)
_FINDING = cast("Table", FindingRow.__table__)

# built once: these run for every report
_STORED = (
    select(
        *IDENTITY,
        _REPORT.c.verdict,
        _SUBMISSION.c.ref,
        _SUBMISSION.c.year_hint,
        _SUBMISSION.c.announced_at,
        _EXTRACTION.c.document,
        _AGENCY.c.name,
        _AGENCY.c.level,
    )
    .join(_SUBMISSION, _SUBMISSION.c.id == _REPORT.c.submission_id)
    .join(
        _EXTRACTION,
        (_EXTRACTION.c.submission_id == _REPORT.c.submission_id) & (_EXTRACTION.c.generation == _REPORT.c.generation),
    )
    .outerjoin(_AGENCY, _AGENCY.c.code == _REPORT.c.agency_code)
    .where(_REPORT.c.id.in_(bindparam("reports", expanding=True)))
    .order_by(_REPORT.c.id)
)
_FOUND = (
    select(_FINDING.c.report_id, _FINDING.c.body)
    .where(_FINDING.c.report_id.in_(bindparam("reports", expanding=True)))
    .order_by(_FINDING.c.report_id, _FINDING.c.position)
)
_LOCKED = (
    select(_REPORT.c.superseded_by, _REPORT.c.verdict).where(_REPORT.c.id == bindparam("report")).with_for_update()
)
_JUDGED_ONCE_MORE = update(_REPORT).where(_REPORT.c.id == bindparam("report")).values(verdict=_REPORT.c.verdict + 1)


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored report with where it comes from and its present verdict."""

    kept: Kept
    ref: str
    origin: Origin
    verdict: int
    findings: tuple[Finding, ...]

    def judged_now(self, session: Session) -> Report:
        """The report with the findings of the present rules, from what is known at this moment. Writes nothing."""
        report = self.kept.as_read()
        return judge(report, known_of(session, self.origin, report).context)


def stored_reports(session: Session, ids: Sequence[int]) -> list[Stored]:
    """These reports, in the order of their ids."""
    found: dict[int, list[Finding]] = {}
    connection = session.connection()
    for row in connection.execute(_FOUND, {"reports": list(ids)}):
        found.setdefault(row.report_id, []).append(Finding.model_validate(row.body))
    return [
        Stored(
            kept_of(row),
            row.ref,
            Origin(
                row.submission_id,
                row.agency_code,
                row.name,
                row.level,
                row.year_hint,
                row.announced_at.astimezone(CHINA).date(),
            ),
            row.verdict,
            tuple(found.get(row.id, ())),
        )
        for row in connection.execute(_STORED, {"reports": list(ids)})
    ]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be judged anew, why, and whether the agency is told of what changes."""

    stored: Stored
    cause: str
    mail: bool


@dataclass(frozen=True, slots=True)
class Renewed:
    """The new verdict beside the one it was compared with."""

    wish: Wish
    report: Report

    @property
    def change(self) -> Settling:
        return settling(self.wish.stored.findings, self.report.findings)


def concerned(session: Session, origin: Origin, judged: Sequence[Known]) -> dict[int, Cause]:
    """The stored reports whose verdicts may change now that this hand-in's are stored, each with the cause.

    Called in the transaction that stores them. Two that are stored at the same moment and concern each other find each
    other: whoever comes second sees the other's report, because both hold the lock of the body that they share.
    """
    found: dict[int, Cause] = {}
    of_body = history.of_body(session, origin.agency_code)
    current = [kept for kept in of_body if kept.superseded_by is None]
    for known in judged:
        if known.year is None:
            continue
        this_year = [kept for kept in current if kept.year == known.year]
        mine = [kept.id for kept in this_year if kept.submission_id == origin.submission_id]
        if not mine:
            # a newer hand-in was judged before this one, and has now a version before it
            found |= {kept.id: Cause.EARLIER for kept in this_year}
            continue
        found |= {kept.id: Cause.LAST_YEAR for kept in current if kept.year == known.year + 1}
        above = known.standing.body.parent if known.standing else None
        if above is not None:
            lock_reports(session, above)
            found |= dict.fromkeys(renewals.current_reports(session, above, known.year), Cause.PART)
        if is_outdated(session, origin, known, of_body):
            found |= dict.fromkeys(mine, Cause.LAST_YEAR)
    return found


class Renew:
    """due → renewed, with the stored findings replaced, and the agency told when what it is told about has changed."""

    stage: Stage = RENEW

    def look(self, session: Session, held: Claim) -> Wish:
        wanted = session.execute(
            select(Renewal.report_id, Renewal.cause, Renewal.mail).where(Renewal.id == held.id)
        ).one()
        (stored,) = stored_reports(session, [wanted.report_id])
        return Wish(stored, wanted.cause, wanted.mail)

    def perform(self, held: Claim, seen: Wish) -> Renewed:  # noqa: ARG002 - interface
        with reading() as session:
            return Renewed(seen, seen.stored.judged_now(session))

    def record(self, session: Session, held: Claim, result: Renewed) -> Outcome:
        stored = result.wish.stored
        now = session.connection().execute(_LOCKED, {"report": stored.kept.id}).one()
        if now.superseded_by is not None:
            return Outcome(RenewalState.OUTDATED, "superseded")
        if now.verdict != stored.verdict:
            # judged by somebody else meanwhile, maybe from more than was known here
            return Outcome(RenewalState.DUE, "overtaken", setback=True, wait=1.0)
        follow = apply(session, result, actor=held.owner)
        change = result.change
        columns = {
            "added": [finding.model_dump(mode="json") for finding in change.added],
            "removed": [finding.model_dump(mode="json") for finding in change.removed],
        }
        detail = f"{len(change.added)} added, {len(change.removed)} removed"
        return Outcome(RenewalState.RENEWED, detail=detail, columns=columns, follow=follow)


def apply(session: Session, result: Renewed, *, actor: str) -> Follow:
    """Store the new verdict in the place of the old one; what follows is the notice about it, if there is one."""
    wish, report = result.wish, result.report
    report_id = wish.stored.kept.id
    session.connection().execute(_JUDGED_ONCE_MORE, {"report": report_id})
    if list(wish.stored.findings) == report.findings:
        return ()
    replace_findings(session, report_id, report)
    if _told(wish.stored.findings) == _told(report.findings):
        return ()
    session.execute(update(ReportRow).where(ReportRow.id == report_id).values(renewed_for=wish.cause))
    if not wish.mail:
        return ()
    cancel_mails(session, report_id, cause="renewed", why="the verdict was given anew", actor=actor)
    waiting = select(Notice.id).where(
        Notice.report_id == report_id, Notice.state.in_([NoticeState.PENDING, NoticeState.COMPOSING])
    )
    if session.scalar(waiting.limit(1)) is not None:
        return ()  # nobody was told yet, and it will speak of what is stored now
    notice_id = submissions.add_notice(
        session,
        kind=f"{submissions.RENEWED}{wish.stored.verdict + 1}",
        submission_id=wish.stored.kept.submission_id,
        generation=wish.stored.kept.generation,
        report_id=report_id,
        actor=actor,
    )
    return ((COMPOSE, notice_id),)


def _told(findings: Sequence[Finding]) -> frozenset[str]:
    """What the agency is told about."""
    return frozenset(finding.fingerprint for finding in findings if finding.for_agency)
