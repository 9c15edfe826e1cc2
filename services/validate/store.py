"""Storing a verdict: report revision, cells, findings and the outbox row, all in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import String, Table, func, select, update
from sqlalchemy import cast as cast_sql
from sqlalchemy.orm import Session

from services.core.finding import Severity
from services.core.lifecycle import MailState, NoticeState
from services.core.report import Report
from services.platform.db import claims
from services.platform.db.dialect import lock_name
from services.platform.db.models import CellRow, FindingRow, Mail, Notice, ReportRow, Submission
from services.platform.db.repositories import submissions

NO_YEAR = 0

# built once: these run for every report
_INSERT_REPORT = cast("Table", ReportRow.__table__).insert().returning(ReportRow.id)
_INSERT_CELLS = cast("Table", CellRow.__table__).insert()
_INSERT_FINDINGS = cast("Table", FindingRow.__table__).insert()


def store_report(session: Session, submission: Submission, report: Report, *, position: int, actor: str) -> int | None:
    """Store one judged report as the next revision of its body and year; returns the id of its notice to compose.

    The newest hand-in counts, whichever is judged last: an older one is stored as already superseded and nobody is
    told about it (None). A newer one takes the older one's place and cancels the older one's unsent mails.
    """
    year = report.year or submission.year_hint or NO_YEAR
    lock_name(session, f"report/{submission.agency_code}/{year}")
    current = session.scalars(
        select(ReportRow)
        .join(Submission, Submission.id == ReportRow.submission_id)
        .where(
            ReportRow.agency_code == submission.agency_code,
            ReportRow.year == year,
            ReportRow.superseded_by.is_(None),
        )
    ).all()
    newer = [row for row in current if (row.submission_id, row.generation) > (submission.id, submission.generation)]
    older = [row for row in current if (row.submission_id, row.generation) < (submission.id, submission.generation)]
    report_id = _insert_report(session, submission, report, position, year)
    if newer:
        session.execute(update(ReportRow).where(ReportRow.id == report_id).values(superseded_by=newer[-1].id))
    for row in older:
        _supersede(session, row, report_id, actor)
    notice_id = submissions.add_notice(
        session,
        kind="verdict",
        submission_id=submission.id,
        generation=submission.generation,
        report_id=report_id,
        actor=actor,
        cancelled="a newer revision is stored" if newer else None,
    )
    return None if newer else notice_id


def _insert_report(session: Session, submission: Submission, report: Report, position: int, year: int) -> int:
    last = session.scalar(
        select(func.max(ReportRow.revision)).where(
            ReportRow.agency_code == submission.agency_code, ReportRow.year == year
        )
    )
    count = {severity: sum(f.severity == severity for f in report.findings) for severity in Severity}
    line = {
        "submission_id": submission.id,
        "generation": submission.generation,
        "position": position,
        "agency_code": submission.agency_code,
        "agency_name": report.agency,
        "year": year,
        "revision": (last or 0) + 1,
        "status": report.status,
        "reason": report.reason,
        "layout": report.layout.model_dump(),
        "report_date": report.date,
        "uncertain": list(report.uncertain),
        "errors": count[Severity.ERROR],
        "warnings": count[Severity.WARNING],
        "infos": count[Severity.INFO],
    }
    report_id = int(session.connection().execute(_INSERT_REPORT, line).scalar_one())
    cells = list(_cells(report, report_id))
    if cells:
        session.connection().execute(_INSERT_CELLS, cells)
    if report.findings:
        session.connection().execute(
            _INSERT_FINDINGS,
            [
                {
                    "report_id": report_id,
                    "position": index,
                    "rule": found.rule,
                    "severity": str(found.severity),
                    "cause": found.cause,
                    "fingerprint": found.fingerprint,
                    "body": found.model_dump(mode="json"),
                }
                for index, found in enumerate(report.findings)
            ],
        )
    return report_id


def _cells(report: Report, report_id: int) -> Iterable[dict[str, Any]]:
    for path, cell in report.cells.items():
        value = report.figure(path)
        yield {
            "report_id": report_id,
            "path": path,
            "value": None if value is None else Decimal(value),
            "text": cell.text,
            "kind": str(cell.kind),
            "confidence": cell.confidence,
            "page": cell.page,
            "bbox": ",".join(f"{edge:.2f}" for edge in cell.bbox) if cell.bbox else None,
            "line": cell.line,
            "column": cell.column,
        }


def _supersede(session: Session, row: ReportRow, by: int, actor: str) -> None:
    """A newer revision takes this one's place; what was not yet said about it is not said any more."""
    row.superseded_by = by
    why = "a newer revision is stored"
    for notice_id in session.scalars(
        update(Notice)
        .where(Notice.report_id == row.id, Notice.state == NoticeState.PENDING)
        .values(state=str(NoticeState.CANCELLED))
        .returning(Notice.id)
    ).all():
        claims.record_transition(
            session, "notice", notice_id, NoticeState.PENDING, NoticeState.CANCELLED, cause="superseded",
            actor=actor, detail=why,
        )  # fmt: skip
    for before in (MailState.QUEUED, MailState.RETRYING):
        for mail_id in session.scalars(
            update(Mail)
            .where(Mail.report_id == row.id, Mail.state == before)
            # the key is given up: the newer revision may have to say the same to the same person
            .values(
                state=str(MailState.CANCELLED),
                next_attempt_at=None,
                dedupe_key="cancelled." + cast_sql(Mail.id, String),
            )
            .returning(Mail.id)
        ).all():
            claims.record_transition(
                session, "mail", mail_id, before, MailState.CANCELLED, cause="superseded", actor=actor, detail=why
            )
