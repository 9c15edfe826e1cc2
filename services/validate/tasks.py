"""Celery's edge of the validate service: judge what was read, and store verdict and outbox in one transaction."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.core.contracts import COMPOSE, JUDGE, Stage
from services.core.lifecycle import SubmissionState
from services.core.report import Document, Report
from services.platform.clock import CHINA
from services.platform.db.claims import Claim
from services.platform.db.engine import reading
from services.platform.db.models import Agency, Extraction, Submission
from services.platform.stage_task import Outcome, stage_task
from services.validate.judge import Context, judge
from services.validate.store import store_report


@dataclass(frozen=True, slots=True)
class Judged:
    """The reports of one document, each with its findings."""

    reports: tuple[Report, ...]


class Judge:
    """extracted → stored."""

    stage: Stage = JUDGE

    def perform(self, held: Claim) -> Judged:
        with reading() as session:
            row = session.get_one(Submission, held.id)
            packed = session.scalars(
                select(Extraction.document).where(
                    Extraction.submission_id == held.id, Extraction.generation == row.generation
                )
            ).one()
            name = session.scalar(select(Agency.name).where(Agency.code == row.agency_code))
        document = Document.model_validate_json(zlib.decompress(packed))
        context = Context(
            body_code=row.agency_code,
            body_name=name,
            expected_year=row.year_hint,
            received_on=row.announced_at.astimezone(CHINA).date(),
        )
        return Judged(tuple(judge(report, context) for report in document.reports))

    def record(self, session: Session, held: Claim, result: Judged) -> Outcome:
        row = session.get_one(Submission, held.id)
        notices = [
            store_report(session, row, report, position=position, actor=held.owner)
            for position, report in enumerate(result.reports)
        ]
        follow = tuple((COMPOSE, notice_id) for notice_id in notices if notice_id is not None)
        return Outcome(SubmissionState.STORED, follow=follow)


judge_task = stage_task(Judge())
