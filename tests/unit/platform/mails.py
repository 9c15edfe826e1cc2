"""Mails as rows, without composing them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from services.core.lifecycle import MailState
from services.platform.clock import now
from services.platform.db import claims
from services.platform.db.engine import unit_of_work
from services.platform.db.models import Mail, Notice
from services.platform.db.repositories import submissions
from tests.unit.platform.ground import Ground

RAW = b"From: gouji@gouji.test\nTo: a1@agency.test\nSubject: x\n\nbody\n"


def queued_mail(ground: Ground, submission_id: int | None = None, **columns: Any) -> int:
    """A mail that waits to be sent, about a submission of its own unless one is given."""
    submission_id = submission_id or ground.announce()
    with unit_of_work() as session:
        notice = submissions.add_notice(
            session, kind="rejected", submission_id=submission_id, generation=1, report_id=None, actor="test"
        )
        return insert_mail(session, notice, submission_id, **columns)


def insert_mail(session: Any, notice_id: int, submission_id: int, **columns: Any) -> int:
    given: dict[str, Any] = {
        "notice_id": notice_id,
        "submission_id": submission_id,
        "kind": "rejected",
        "dedupe_key": f"key-{notice_id}",
        "message_id": f"<{notice_id}@gouji.test>",
        "role": "agency",
        "recipient_name": "联络员",
        "recipient_email": "a1@agency.test",
        "subject": "x",
        "raw": RAW,
        "composed_at": now(),
        "state": str(MailState.QUEUED),
    }
    mail_id: int = session.execute(insert(Mail).values(**given | columns).returning(Mail.id)).scalar_one()
    claims.record_transition(session, "mail", mail_id, None, MailState.QUEUED, cause="test", actor="test")
    return mail_id


__all__ = ["RAW", "Notice", "insert_mail", "queued_mail"]
