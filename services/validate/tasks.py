"""Celery's edge of the validate service: judge what was read, and store verdict and outbox in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from services.core.contracts import COMPOSE, JUDGE, Stage
from services.core.lifecycle import SubmissionState
from services.core.report import Report
from services.platform.clock import CHINA
from services.platform.db.claims import Claim
from services.platform.db.engine import reading
from services.platform.db.models import Agency, Extraction, Submission
from services.platform.db.repositories.history import unpacked
from services.platform.db.repositories.renewals import wish
from services.platform.stage_task import Outcome, stage_task
from services.validate.judge import judge
from services.validate.knowledge import Known, Origin, known_of
from services.validate.renewal import Renew, concerned
from services.validate.store import HandIn, store_report

_SUBMISSION = cast("Table", Submission.__table__)
_EXTRACTION = cast("Table", Extraction.__table__)
_AGENCY = cast("Table", Agency.__table__)

# built once: this runs for every report
_READ = (
    select(
        _SUBMISSION.c.generation,
        _SUBMISSION.c.agency_code,
        _SUBMISSION.c.year_hint,
        _SUBMISSION.c.announced_at,
        _EXTRACTION.c.document,
        _AGENCY.c.name,
        _AGENCY.c.level,
    )
    .join(
        _EXTRACTION,
        (_EXTRACTION.c.submission_id == _SUBMISSION.c.id) & (_EXTRACTION.c.generation == _SUBMISSION.c.generation),
    )
    .outerjoin(_AGENCY, _AGENCY.c.code == _SUBMISSION.c.agency_code)
    .where(_SUBMISSION.c.id == bindparam("row"))
)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a hand-in, packed, and where it comes from."""

    hand_in: HandIn
    packed: bytes
    origin: Origin


@dataclass(frozen=True, slots=True)
class Judged:
    """The reports of one hand-in's document, each with its findings, and what these rest on."""

    seen: Read
    reports: tuple[Report, ...]
    known: tuple[Known, ...]


class Judge:
    """extracted → stored."""

    stage: Stage = JUDGE

    def look(self, session: Session, held: Claim) -> Read:
        row = session.connection().execute(_READ, {"row": held.id}).one()
        hand_in = HandIn(held.id, row.generation, row.agency_code, row.year_hint)
        received_on = row.announced_at.astimezone(CHINA).date()
        origin = Origin(held.id, row.agency_code, row.name, row.level, row.year_hint, received_on)
        return Read(hand_in, row.document, origin)

    def perform(self, held: Claim, seen: Read) -> Judged:  # noqa: ARG002 - interface
        reports = unpacked(seen.packed).reports
        # a transaction of its own that waits for no writer: which year a report is on is known only here
        with reading() as session:
            known = tuple(known_of(session, seen.origin, report) for report in reports)
        return Judged(seen, tuple(judge(report, k.context) for report, k in zip(reports, known, strict=True)), known)

    def record(self, session: Session, held: Claim, result: Judged) -> Outcome:
        notices = [
            store_report(session, result.seen.hand_in, report, position=position, actor=held.owner)
            for position, report in enumerate(result.reports)
        ]
        follow = tuple((COMPOSE, notice_id) for notice_id in notices if notice_id is not None)
        wanted = concerned(session, result.seen.origin, result.known)
        return Outcome(SubmissionState.STORED, follow=(*follow, *wish(session, wanted, actor=held.owner)))


judge_task = stage_task(Judge())
renew_task = stage_task(Renew())
