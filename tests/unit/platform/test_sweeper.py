"""The sweep: expired leases back into line, and due rows to the broker, a bufferful at a time."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from services.core.contracts import RECEIVE, SEND, Queue
from services.core.errors import RetryableError
from services.platform import sweeper
from services.platform.db import claims
from services.platform.db.dialect import db_after
from services.platform.db.engine import unit_of_work
from services.platform.db.models import Notice, Submission
from services.platform.nudge import queue_length
from services.platform.sweeper import Chore, Pass, run_chores, sweep_once
from tests.unit.platform.ground import Ground
from tests.unit.platform.mails import queued_mail


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """How many messages wait in each queue; None: the broker is away."""
    lengths: dict[str, Any] = {"length": 0}
    monkeypatch.setattr(sweeper, "queue_length", lambda _queue: lengths["length"])
    return lengths


def test_what_the_broker_forgot_is_given_to_it_again(ground: Ground, waiting: dict[str, Any]) -> None:
    rows = [ground.announce() for _ in range(3)]
    assert sweep_once(ground.config) == Pass(0, 0), "whoever announced them rang the bell just now"
    ground.forget("submission", *rows)
    assert sweep_once(ground.config) == Pass(0, 3)
    assert ground.nudged == [("ingest.receive", row_id) for row_id in rows]
    assert sweep_once(ground.config) == Pass(0, 0), "given just now"
    with unit_of_work() as session:
        session.execute(update(Submission).values(nudged_at=db_after(-3)))
    waiting["length"] = 1
    assert sweep_once(ground.config).dispatched == 0, "they may still lie in the queue"
    waiting["length"] = 0
    assert sweep_once(ground.config).dispatched == 3, "an empty queue has forgotten them"


def test_a_queue_is_topped_up_and_never_flooded(
    ground: Ground, waiting: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [ground.announce() for _ in range(5)]
    ground.forget("submission", *rows)
    config = ground.config.model_copy(update={"queue_buffer": 4})
    waiting["length"] = 2
    assert sweep_once(config).dispatched == 2
    assert [row_id for _, row_id in ground.nudged] == rows[:2]
    waiting["length"] = 4
    assert sweep_once(config).dispatched == 0


def test_without_a_broker_leases_are_swept_all_the_same_and_no_row_is_marked_as_given(
    ground: Ground, waiting: dict[str, Any]
) -> None:
    lost, idle = ground.announce(), ground.announce()
    ground.forget("submission", idle)
    ground.held(RECEIVE, lost, lease=-1)
    waiting["length"], ground.broker_away = None, True
    assert sweep_once(ground.config) == Pass(1, 0)
    assert ground.state("submission", lost) == "announced"
    assert ground.row("submission", idle).nudged_at is None


def test_a_worker_lost_three_times_on_one_document_sets_it_aside_with_a_notice(
    ground: Ground, waiting: dict[str, Any]
) -> None:
    row_id = ground.announce()
    for turn in (1, 2, 3):
        ground.held(RECEIVE, row_id, lease=-1)
        assert sweep_once(ground.config).expired == 1
        assert ground.row("submission", row_id).crashes == min(turn, 2)
    row = ground.row("submission", row_id)
    assert (row.state, row.reason_code) == ("quarantined", "worker_lost")
    assert [notice.kind for notice in ground.rows(Notice)] == ["quarantined"]


def test_a_mail_cut_in_its_body_waits_for_a_person(ground: Ground, waiting: dict[str, Any]) -> None:
    cut, early = queued_mail(ground), queued_mail(ground)
    for mail in (cut, early):
        held = ground.held(SEND, mail, lease=-1)
        if mail == cut:
            with unit_of_work() as session:
                claims.touch(session, held, stage="body", body_begun=1)
    sweep_once(ground.config)
    assert (ground.state("mail", cut), ground.state("mail", early)) == ("unconfirmed", "retrying")
    assert ("notify.send", cut) not in ground.nudged


def test_leases_that_still_hold_are_left_alone(ground: Ground, waiting: dict[str, Any]) -> None:
    ground.held(RECEIVE, ground.announce(), lease=60)
    assert sweep_once(ground.config) == Pass(0, 0)


@pytest.mark.parametrize(
    "error", [OperationalError("SELECT", {}, Exception("away")), RetryableError("store away"), OSError("disk full")]
)
def test_a_chore_that_fails_for_the_worlds_reasons_stops_no_other_and_comes_again(error: Exception) -> None:
    stop, done = threading.Event(), []

    def failing() -> None:
        done.append("failing")
        raise error

    def counting() -> None:
        done.append("counting")
        if done.count("counting") == 3:
            stop.set()

    run_chores([Chore("failing", 0, failing), Chore("counting", 0, counting)], stop)
    assert done == ["failing", "counting"] * 3


def test_a_broker_that_does_not_answer_has_no_known_length(ground: Ground) -> None:
    assert queue_length(Queue.RECEIVE) is None
