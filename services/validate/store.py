"""Storing a verdict: report revision, cells, findings and the outbox row, all in the caller's one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, cast

from sqlalchemy import String, Table, bindparam, delete, select, update
from sqlalchemy import cast as cast_sql
from sqlalchemy.orm import Session

from services.core.finding import Severity
from services.core.lifecycle import MailState, NoticeState
from services.core.report import Report
from services.platform.db import claims
from services.platform.db.dialect import Plain, in_millionths, insert_many, lock_name
from services.platform.db.models import CellRow, FindingRow, Mail, Notice, ReportRow, Submission
from services.platform.db.repositories import submissions

NO_YEAR = 0

# built once: these run for every report
_REPORT = cast("Table", ReportRow.__table__)
_REVISIONS = select(
    _REPORT.c.id, _REPORT.c.submission_id, _REPORT.c.generation, _REPORT.c.revision, _REPORT.c.superseded_by
).where(_REPORT.c.agency_code == bindparam("agency"), _REPORT.c.year == bindparam("of_year"))
_SUPERSEDE = update(_REPORT).where(_REPORT.c.id == bindparam("older")).values(superseded_by=bindparam("newer"))
_INSERT_REPORT = _REPORT.insert().returning(_REPORT.c.id)
_CELL = cast("Table", CellRow.__table__)
_CELL_COLUMNS = ("report_id", "path", "value", "text", "kind", "confidence", "page", "bbox", "line", "column")
_INSERT_FINDINGS = cast("Table", FindingRow.__table__).insert()


@dataclass(frozen=True, slots=True)
class HandIn:
    """The submission that a report came with."""

    id: int
    generation: int
    agency_code: str
    year_hint: int | None

    @classmethod
    def of(cls, row: Submission) -> Self:
        return cls(row.id, row.generation, row.agency_code, row.year_hint)


def store_report(session: Session, hand_in: HandIn, report: Report, *, position: int, actor: str) -> int | None:
    """Store one judged report as the next revision of its body and year; returns the id of its notice to compose.

    The newest hand-in counts, whichever is judged last: an older one is stored as already superseded and nobody is
    told about it (None). A newer one takes the older one's place and cancels the older one's unsent mails.
    """
    year = report.year or hand_in.year_hint or NO_YEAR
    lock_reports(session, hand_in.agency_code)
    key = {"agency": hand_in.agency_code, "of_year": year}
    revisions = session.connection().execute(_REVISIONS, key).all()
    current = [row for row in revisions if row.superseded_by is None]
    newer = [row.id for row in current if (row.submission_id, row.generation) > (hand_in.id, hand_in.generation)]
    older = [row.id for row in current if (row.submission_id, row.generation) < (hand_in.id, hand_in.generation)]
    last = max((row.revision for row in revisions), default=0)
    report_id = _insert_report(session, hand_in, report, position=position, year=year, revision=last + 1)
    if newer:
        session.connection().execute(_SUPERSEDE, {"older": report_id, "newer": newer[-1]})
    for older_id in older:
        _supersede(session, older_id, report_id, actor)
    notice_id = submissions.add_notice(
        session,
        kind="verdict",
        submission_id=hand_in.id,
        generation=hand_in.generation,
        report_id=report_id,
        actor=actor,
        cancelled="a newer revision is stored" if newer else None,
    )
    return None if newer else notice_id


def lock_reports(session: Session, body: str) -> None:
    """Nobody else stores a report of this body until the transaction ends, so that neighbours never miss each other."""
    lock_name(session, f"report/{body}")


def _insert_report(
    session: Session, hand_in: HandIn, report: Report, *, position: int, year: int, revision: int
) -> int:
    line = {
        "submission_id": hand_in.id,
        "generation": hand_in.generation,
        "position": position,
        "agency_code": hand_in.agency_code,
        "agency_name": report.agency,
        "year": year,
        "revision": revision,
        "status": report.status,
        "reason": report.reason,
        "layout": report.layout.model_dump(),
        "report_date": report.date,
        "uncertain": list(report.uncertain),
        **_counts(report),
    }
    report_id = int(session.connection().execute(_INSERT_REPORT, line).scalar_one())
    insert_many(session.connection(), _CELL, _CELL_COLUMNS, _cells(report, report_id))
    _insert_findings(session, report_id, report)
    return report_id


def _counts(report: Report) -> dict[str, int]:
    count = {severity: sum(f.severity == severity for f in report.findings) for severity in Severity}
    return {"errors": count[Severity.ERROR], "warnings": count[Severity.WARNING], "infos": count[Severity.INFO]}


def _insert_findings(session: Session, report_id: int, report: Report) -> None:
    if not report.findings:
        return
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


def replace_findings(session: Session, report_id: int, report: Report) -> None:
    """The findings of `report` take the place of those stored."""
    session.execute(delete(FindingRow).where(FindingRow.report_id == report_id))
    _insert_findings(session, report_id, report)
    session.execute(update(ReportRow).where(ReportRow.id == report_id).values(**_counts(report)))


def _cells(report: Report, report_id: int) -> list[tuple[Plain, ...]]:
    figures = report.figures()
    return [
        (
            report_id,
            path,
            None if (value := figures.get(path)) is None else in_millionths(value),
            cell.text,
            cell.kind.value,
            cell.confidence,
            cell.page,
            "{:.2f},{:.2f},{:.2f},{:.2f}".format(*cell.bbox) if cell.bbox else None,
            cell.line,
            cell.column,
        )
        for path, cell in report.cells.items()
    ]


def _supersede(session: Session, report_id: int, by: int, actor: str) -> None:
    """A newer revision takes this one's place; what was not yet said about it is not said any more."""
    session.connection().execute(_SUPERSEDE, {"older": report_id, "newer": by})
    why = "a newer revision is stored"
    for notice_id in session.scalars(
        update(Notice)
        .where(Notice.report_id == report_id, Notice.state == NoticeState.PENDING)
        .values(state=str(NoticeState.CANCELLED))
        .returning(Notice.id)
    ).all():
        claims.record_transition(
            session, "notice", notice_id, NoticeState.PENDING, NoticeState.CANCELLED, cause="superseded",
            actor=actor, detail=why,
        )  # fmt: skip
    cancel_mails(session, report_id, cause="superseded", why=why, actor=actor)


def cancel_mails(session: Session, report_id: int, *, cause: str, why: str, actor: str) -> None:
    """Mails about this report that are not yet on their way are not sent any more."""
    for before in (MailState.QUEUED, MailState.RETRYING):
        for mail_id in session.scalars(
            update(Mail)
            .where(Mail.report_id == report_id, Mail.state == before)
            # the key is given up: a later mail may have to say the same to the same person
            .values(
                state=str(MailState.CANCELLED),
                next_attempt_at=None,
                dedupe_key="cancelled." + cast_sql(Mail.id, String),
            )
            .returning(Mail.id)
        ).all():
            claims.record_transition(
                session, "mail", mail_id, before, MailState.CANCELLED, cause=cause, actor=actor, detail=why
            )
