"""The SQL behind the pages and the public API: lists, one submission with all that happened to it, totals, mails.

Every function takes `scope`: an agency code that bounds what is found, or None for whoever may see everything. The bound
is part of the query, so a foreign row is never loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from services.core.finding import Finding, Severity
from services.core.lifecycle import TERMINAL, SubmissionState
from services.core.report import Document
from services.core.settling import Progress, progress
from services.platform.db.models import Agency, CellRow, Extraction, FindingRow, Mail, ReportRow, Submission, Transition
from services.platform.db.repositories.history import unpacked, version_before

AGENCY = "agency"
"""The role of mails that an agency may see: those to itself."""


@dataclass(slots=True)
class Tally:
    """What the reports of a submission's present generation come to.

    Errors and warnings are those that the document itself causes; `doubts` those that may be due to the reading.
    `review`: not every figure is vouched for.
    """

    years: list[int] = field(default_factory=list)
    errors: int = 0
    warnings: int = 0
    doubts: int = 0
    review: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One submission in a list. `tally` is None before it is judged; `mails` counts them by state."""

    row: Submission
    agency_name: str | None
    tally: Tally | None
    mails: dict[str, int]


@dataclass(frozen=True, slots=True)
class Totals:
    """seen = stored + duplicate + rejected + failed + in flight. `seen` is counted from the audit, not from the states."""

    seen: int
    stored: int
    duplicate: int
    rejected: int
    failed: int
    in_flight: int

    @property
    def balances(self) -> bool:
        return self.seen == self.stored + self.duplicate + self.rejected + self.failed + self.in_flight


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in the document a cell stands: a page of a PDF, or a line of a text."""

    page: int | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A report revision with its findings, in the order in which the rules gave them, and where their cells stand.

    `doubts` is true when some error or warning may be due to the reading: then nobody may be told that all is well.
    `progress`: what became of the findings of the version handed in before, where there is one.
    """

    row: ReportRow
    findings: tuple[Finding, ...]
    doubts: bool
    spots: dict[str, Spot]
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail without its bytes."""

    id: int
    kind: str
    role: str
    name: str
    email: str
    subject: str
    state: str
    composed_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Whole:
    """One submission and all that happened to it."""

    row: Submission
    agency_name: str | None
    duplicate_of: str | None
    steps: tuple[Transition, ...]
    reports: tuple[Judged, ...] = ()
    letters: tuple[Letter, ...] = field(default=())


def agency_name(session: Session, code: str) -> str | None:
    """The registered name of a body; None when the register does not have it."""
    return session.scalar(select(Agency.name).where(Agency.code == code))


def lines(
    session: Session,
    scope: str | None,
    *,
    states: Sequence[SubmissionState] = (),
    agency: str | None = None,
    after: int | None = None,
    limit: int,
) -> list[Line]:
    """Submissions, newest first. `after` is the id of the last one already seen, so pages never shift."""
    query = (
        select(Submission, Agency.name).outerjoin(Agency, Agency.code == Submission.agency_code).where(_within(scope))
    )
    if states:
        query = query.where(Submission.state.in_([str(state) for state in states]))
    if agency is not None:
        query = query.where(Submission.agency_code == agency)
    if after is not None:
        query = query.where(Submission.id < after)
    rows = session.execute(query.order_by(Submission.id.desc()).limit(limit)).all()
    ids = [row.id for row, _ in rows]
    tallies = _tallies(session, ids)
    mails = _mail_counts(session, ids, scope)
    return [Line(row, name, tallies.get(row.id), mails.get(row.id, {})) for row, name in rows]


def _within(scope: str | None) -> ColumnElement[bool]:
    return true() if scope is None else Submission.agency_code == scope


def _tallies(session: Session, ids: list[int]) -> dict[int, Tally]:
    of_now = and_(ReportRow.submission_id == Submission.id, ReportRow.generation == Submission.generation)
    tallies: dict[int, Tally] = {}
    for submission_id, year, status in session.execute(
        select(Submission.id, ReportRow.year, ReportRow.status)
        .join(ReportRow, of_now)
        .where(Submission.id.in_(ids))
        .order_by(ReportRow.position)
    ):
        tally = tallies.setdefault(submission_id, Tally())
        tally.years.append(year)
        tally.review = tally.review or status != "ok"
    by_document = FindingRow.cause == "document"
    query = (
        select(Submission.id, FindingRow.severity, by_document, func.count())
        .join(ReportRow, of_now)
        .join(FindingRow, FindingRow.report_id == ReportRow.id)
        .where(Submission.id.in_(ids), FindingRow.severity != Severity.INFO)
        .group_by(Submission.id, FindingRow.severity, by_document)
    )
    for submission_id, severity, sure, number in session.execute(query):
        tally = tallies[submission_id]
        if not sure:
            tally.doubts += number
        elif severity == Severity.ERROR:
            tally.errors = number
        else:
            tally.warnings = number
    return tallies


def _mail_counts(session: Session, ids: list[int], scope: str | None) -> dict[int, dict[str, int]]:
    query = (
        select(Mail.submission_id, Mail.state, func.count())
        .where(Mail.submission_id.in_(ids))
        .group_by(Mail.submission_id, Mail.state)
        .order_by(Mail.state)
    )
    if scope is not None:
        query = query.where(Mail.role == AGENCY)
    counts: dict[int, dict[str, int]] = {}
    for submission_id, state, number in session.execute(query):
        counts.setdefault(submission_id, {})[state] = number
    return counts


def totals(session: Session, scope: str | None) -> Totals:
    """The conservation sum of everything within the scope, at one moment."""
    counts = dict(
        session.execute(select(Submission.state, func.count()).where(_within(scope)).group_by(Submission.state)).all()
    )
    announced = (
        select(func.count())
        .select_from(Transition)
        .where(Transition.subject == "submission", Transition.before.is_(None))
    )
    if scope is not None:
        announced = announced.join(Submission, Submission.id == Transition.subject_id).where(_within(scope))
    return Totals(
        seen=session.scalar(announced) or 0,
        stored=counts.get(SubmissionState.STORED, 0),
        duplicate=counts.get(SubmissionState.DUPLICATE, 0),
        rejected=counts.get(SubmissionState.REJECTED, 0),
        failed=counts.get(SubmissionState.QUARANTINED, 0),
        in_flight=sum(number for state, number in counts.items() if state not in TERMINAL["submission"]),
    )


def find(session: Session, scope: str | None, ref: str) -> Submission | None:
    """The submission with this reference, if it is within the scope."""
    return session.scalar(select(Submission).where(Submission.ref == ref, _within(scope)))


def whole(session: Session, scope: str | None, ref: str) -> Whole | None:
    """Everything about one submission; None when there is none within the scope."""
    row = find(session, scope, ref)
    if row is None:
        return None
    earlier = session.scalar(select(Submission.ref).where(Submission.id == row.duplicate_of))
    steps = session.scalars(
        select(Transition)
        .where(Transition.subject == "submission", Transition.subject_id == row.id)
        .order_by(Transition.id)
    ).all()
    reports = session.scalars(
        select(ReportRow)
        .where(ReportRow.submission_id == row.id)
        .order_by(ReportRow.generation.desc(), ReportRow.position)
    ).all()
    return Whole(
        row,
        agency_name(session, row.agency_code),
        earlier,
        tuple(steps),
        tuple(_judged(session, report, for_agency=scope is not None) for report in reports),
        tuple(_letters(session, row.id, scope)),
    )


def _judged(session: Session, report: ReportRow, *, for_agency: bool) -> Judged:
    found = findings_of(session, report.id, for_agency=for_agency)
    paths = {path for finding in found for path in finding.where}
    places = session.execute(
        select(CellRow.path, CellRow.page, CellRow.line).where(
            CellRow.report_id == report.id, CellRow.path.in_(sorted(paths))
        )
    )
    doubts = session.scalar(
        select(func.count())
        .select_from(FindingRow)
        .where(FindingRow.report_id == report.id, FindingRow.cause != "document", FindingRow.severity != Severity.INFO)
    )
    spots = {path: Spot(page, line) for path, page, line in places}
    return Judged(report, found, bool(doubts), spots, progress_of(session, report))


def progress_of(session: Session, report: ReportRow) -> Progress | None:
    """What this revision has achieved against the version handed in before; None where there is none to compare with."""
    if report.revision == 1 or report.status == "failed":
        return None
    before = version_before(session, report.agency_code, report.year, report.submission_id)
    if before is None:
        return None
    earlier, later = (findings_of(session, report_id, for_agency=False) for report_id in (before, report.id))
    return progress(earlier, later, report.uncertain)


def findings_of(session: Session, report_id: int, *, for_agency: bool) -> tuple[Finding, ...]:
    """The findings of one report revision; for an agency only those that it is told about (`Finding.for_agency`)."""
    bodies = session.scalars(
        select(FindingRow.body).where(FindingRow.report_id == report_id).order_by(FindingRow.position)
    )
    found = (Finding.model_validate(body) for body in bodies)
    return tuple(finding for finding in found if finding.for_agency or not for_agency)


def _letters(session: Session, submission_id: int, scope: str | None) -> list[Letter]:
    query = (
        select(
            Mail.id, Mail.kind, Mail.role, Mail.recipient_name, Mail.recipient_email, Mail.subject, Mail.state,
            Mail.composed_at, Mail.sent_at,
        )
        .where(Mail.submission_id == submission_id)
        .order_by(Mail.id)
    )  # fmt: skip
    if scope is not None:
        query = query.where(Mail.role == AGENCY)
    return [Letter(*row) for row in session.execute(query)]


def mail(session: Session, scope: str | None, mail_id: int) -> tuple[Mail, str] | None:
    """A mail and its submission's reference. Within an agency's scope: mails to that agency only."""
    query = (
        select(Mail, Submission.ref)
        .join(Submission, Submission.id == Mail.submission_id)
        .where(Mail.id == mail_id, _within(scope))
    )
    if scope is not None:
        query = query.where(Mail.role == AGENCY)
    row = session.execute(query).one_or_none()
    return (row[0], row[1]) if row else None


def result(session: Session, row: Submission, *, for_agency: bool) -> Document | None:
    """What was last read from this submission, with the stored findings; None when nothing was read yet."""
    read = session.execute(
        select(Extraction.document, Extraction.generation)
        .where(Extraction.submission_id == row.id)
        .order_by(Extraction.generation.desc())
        .limit(1)
    ).one_or_none()
    if read is None:
        return None
    document = unpacked(read.document)
    stored = dict(
        session.execute(
            select(ReportRow.position, ReportRow.id).where(
                ReportRow.submission_id == row.id, ReportRow.generation == read.generation
            )
        ).all()
    )
    reports = [
        report.with_findings(list(findings_of(session, stored[position], for_agency=for_agency)))
        if position in stored
        else report.with_findings([])
        for position, report in enumerate(document.reports)
    ]
    return document.model_copy(update={"reports": reports})
