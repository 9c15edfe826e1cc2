"""Stored reports as the pipeline leaves them: handed in, read as given, judged by the real judge."""

from __future__ import annotations

import zlib
from typing import Any

from sqlalchemy import insert

from services.core.report import Document, Format, Report
from services.platform.db.engine import unit_of_work
from services.platform.db.models import Extraction, Membership, Submission
from services.platform.stage_task import run
from services.validate.tasks import Judge
from tests.unit.platform.ground import Ground


def packed(*reports: Report) -> bytes:
    document = Document(file="年报.pdf", sha256="0" * 64, format=Format.PDF, engine="test 1", reports=list(reports))
    return zlib.compress(document.model_dump_json().encode(), 1)


def read(ground: Ground, agency: str, *reports: Report, **told: Any) -> int:
    """A submission of which these reports were read and that waits to be judged."""
    row_id = ground.extracted(agency, **told)
    keep_reading(row_id, *reports)
    return row_id


def keep_reading(row_id: int, *reports: Report) -> None:
    """Keep these reports as what was read of the submission's present generation."""
    with unit_of_work() as session:
        generation = session.get_one(Submission, row_id).generation
        session.execute(
            insert(Extraction).values(
                submission_id=row_id, generation=generation, format="pdf", engine="test 1", document=packed(*reports)
            )
        )


def hand_in(ground: Ground, agency: str, *reports: Report, **told: Any) -> int:
    """A submission with these reports, judged and stored."""
    row_id = read(ground, agency, *reports, **told)
    assert run(Judge(), row_id, hand_on=lambda _follow: None)
    return row_id


def grow(year: int, *members: tuple[str, str | None, str, str]) -> None:
    """A tree of `year`: (code, parent, level, name)."""
    with unit_of_work() as session:
        session.add_all(
            Membership(year=year, body_code=code, parent_code=parent, level=level, name=name)
            for code, parent, level, name in members
        )
