"""Inserting many rows at once on SQLite."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from services.core.contracts import RECEIVE
from services.core.lifecycle import MailState, SubmissionState
from services.platform.db import claims
from services.platform.db.engine import engine
from services.platform.db.models import Transition
from tests.unit.platform.ground import Ground, in_session
from tests.unit.platform.insertion import CELLS, cells_come_back


def test_rows_come_back_as_they_were(ground: Ground) -> None:
    assert cells_come_back(ground) == CELLS


def test_the_audit_lines_of_a_transaction_stand_in_the_order_of_what_happened(ground: Ground) -> None:
    row_id = ground.announce()
    assert [line.before for line in ground.rows(Transition)] == [None]
    ground.step(RECEIVE, row_id, SubmissionState.RECEIVED)
    assert [after for _, after, _ in ground.audit("submission", row_id)] == ["announced", "receiving", "received"]


def test_a_transaction_that_is_undone_leaves_no_line(ground: Ground) -> None:
    def fail(session: Session) -> None:
        claims.record_transition(session, "mail", 1, None, MailState.QUEUED, cause="x", actor="t")
        raise KeyError

    with pytest.raises(KeyError):
        in_session(fail)
    with Session(engine()) as session:
        claims.record_transition(session, "mail", 1, None, MailState.QUEUED, cause="x", actor="t")
        session.connection()
        session.rollback()
        session.commit()
    assert ground.rows(Transition) == []
