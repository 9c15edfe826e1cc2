"""What becomes of a row for every way in which its work can end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from services.core.contracts import COMPOSE, EXTRACT, JUDGE, RECEIVE, SEND, STAGES, Queue, Stage
from services.core.errors import CrashedError, RejectedError, RetryableError
from services.core.lifecycle import MailState, SubmissionState
from services.ingest.tasks import receive
from services.platform import stage_task as base
from services.platform.db import claims
from services.platform.db.engine import unit_of_work
from services.platform.db.models import DeadLetter, Notice, Submission, Transition
from services.platform.db.repositories import submissions
from services.platform.stage_task import Outcome, run, serve_queues
from tests.unit.platform.ground import Ground, in_session
from tests.unit.platform.mails import queued_mail

MARK = "x" * 60


def nothing(*_: Any) -> None:
    return None


@dataclass
class Doing:
    """A stage's work made of two functions; `written` is a change that must not outlive a failed record."""

    stage: Stage = RECEIVE
    looked: Callable[[Session, claims.Claim], Any] = nothing
    performed: Callable[[claims.Claim], Any] = nothing
    recorded: Callable[[Session, claims.Claim], Outcome] | None = None
    ends_in: Any = SubmissionState.RECEIVED

    def look(self, session: Session, held: claims.Claim) -> Any:
        return self.looked(session, held)

    def perform(self, held: claims.Claim, _seen: Any) -> Any:
        return self.performed(held)

    def record(self, session: Session, held: claims.Claim, _result: Any) -> Outcome:
        row = session.get(Submission, held.id)
        if row is not None and self.stage is RECEIVE:
            row.source_path = MARK
            session.flush()
        return self.recorded(session, held) if self.recorded else Outcome(self.ends_in)


def raising(error: BaseException) -> Callable[..., Any]:
    def raise_it(*_: Any, **__: Any) -> Any:
        raise error

    return raise_it


def database_error(kind: type[DBAPIError]) -> DBAPIError:
    return kind("SELECT 1", {}, Exception("server closed the connection"))


def test_work_that_is_done_moves_the_row_on_writes_its_columns_and_rings_the_next_bell(ground: Ground) -> None:
    row_id = ground.announce()

    def record(_session: Session, held: claims.Claim) -> Outcome:
        return Outcome(SubmissionState.RECEIVED, columns={"size": 7}, follow=((EXTRACT, held.id),))

    assert run(Doing(recorded=record), row_id) is True
    row = ground.row("submission", row_id)
    assert (row.state, row.size, row.source_path) == ("received", 7, MARK)
    assert row.nudged_at is not None
    assert ground.nudged == [("ingest.extract", row_id)]


def test_the_bell_rings_only_after_the_commit(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    row_id, seen = ground.announce(), []
    monkeypatch.setattr(base, "nudge", lambda _follow: seen.append(ground.state("submission", row_id)))
    run(Doing(), row_id)
    assert seen == ["received"]


def test_a_row_that_is_not_ours_is_left_alone(ground: Ground) -> None:
    row_id = ground.announce()
    assert run(Doing(stage=JUDGE, performed=raising(AssertionError("must not run"))), row_id) is False
    ground.held(RECEIVE, row_id)
    assert run(Doing(performed=raising(AssertionError("must not run"))), row_id) is False
    assert ground.state("submission", row_id) == "receiving"


@pytest.fixture
def chain(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """A worker of its own, which serves no queue yet, and works whose rows go on to the next stage."""
    made = Chain(ground)
    monkeypatch.setattr(base, "_works", {stage: made.work(stage) for stage in FLOW})
    monkeypatch.setattr(base, "_served", set())
    monkeypatch.setattr("services.platform.stage_task.time.monotonic", lambda: made.clock)
    return made


FLOW = {RECEIVE: SubmissionState.RECEIVED, EXTRACT: SubmissionState.EXTRACTED, JUDGE: SubmissionState.STORED}


@dataclass
class Chain:
    """Works of the stages of a submission; `done` has what was worked on, `takes` how many seconds each takes."""

    ground: Ground
    clock: float = 1000.0
    takes: float = 0.0
    done: list[str] = field(default_factory=list)
    ends: dict[Stage, BaseException] = field(default_factory=dict)

    def work(self, stage: Stage) -> Doing:
        stages = list(FLOW)
        later = stages[stages.index(stage) + 1 :]

        def perform(_held: claims.Claim) -> None:
            self.done.append(stage.task)
            self.clock += self.takes
            if stage in self.ends:
                raise self.ends[stage]

        def record(_session: Session, held: claims.Claim) -> Outcome:
            return Outcome(FLOW[stage], follow=tuple((following, held.id) for following in later[:1]))

        return Doing(stage, performed=perform, recorded=record)

    def carry_on(self, row_id: int) -> str:
        """Let one message come to this worker; the state that the row ends in."""
        base.carry_on(base._works[RECEIVE], row_id)
        return self.ground.state("submission", row_id)


def test_a_worker_carries_a_row_on_through_every_stage_that_it_serves(ground: Ground, chain: Chain) -> None:
    serve_queues([Queue.RECEIVE, Queue.EXTRACT, Queue.JUDGE])
    row_id = ground.announce()
    assert chain.carry_on(row_id) == "stored"
    assert chain.done == ["ingest.receive", "ingest.extract", "validate.judge"]
    assert ground.nudged == []
    moves = [(before, after) for before, after, _ in ground.audit("submission", row_id)]
    assert moves[1:] == [
        ("announced", "receiving"), ("receiving", "received"),
        ("received", "extracting"), ("extracting", "extracted"),
        ("extracted", "judging"), ("judging", "stored"),
    ], "each stage has its own claim"  # fmt: skip
    assert ground.row("submission", row_id).fence == 3


@pytest.mark.parametrize(
    ("served", "done", "state", "nudged"),
    [
        ([], ["ingest.receive"], "received", "ingest.extract"),
        ([Queue.RECEIVE, Queue.JUDGE], ["ingest.receive"], "received", "ingest.extract"),
        ([Queue.RECEIVE, Queue.EXTRACT], ["ingest.receive", "ingest.extract"], "extracted", "validate.judge"),
    ],
)
def test_a_stage_that_others_serve_is_handed_to_the_broker(  # noqa: PLR0917 - a table's columns
    ground: Ground, chain: Chain, served: list[Queue], done: list[str], state: str, nudged: str
) -> None:
    serve_queues(served)
    row_id = ground.announce()
    assert chain.carry_on(row_id) == state
    assert chain.done == done
    assert ground.nudged == [(nudged, row_id)]


@pytest.mark.parametrize(
    ("takes", "done", "nudged"), [(2.4, 3, []), (2.5, 2, ["validate.judge"]), (5.0, 1, ["ingest.extract"])]
)
def test_after_a_few_seconds_the_rest_is_handed_to_the_broker(
    ground: Ground, chain: Chain, takes: float, done: int, nudged: list[str]
) -> None:
    serve_queues(Queue)
    chain.takes = takes
    chain.carry_on(ground.announce())
    assert len(chain.done) == done
    assert [task for task, _ in ground.nudged] == nudged


def test_of_the_rows_that_follow_each_goes_its_own_way(
    ground: Ground, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_queues([Queue.EXTRACT])
    first, second, third = (ground.announce() for _ in range(3))
    ground.step(RECEIVE, second, SubmissionState.RECEIVED)
    ground.step(RECEIVE, third, SubmissionState.RECEIVED)
    ground.step(EXTRACT, third, SubmissionState.EXTRACTED)
    follow = ((EXTRACT, second), (JUDGE, third))
    fans_out = Doing(recorded=lambda *_: Outcome(SubmissionState.RECEIVED, follow=follow))
    monkeypatch.setitem(base._works, RECEIVE, fans_out)
    chain.carry_on(first)
    assert ground.state("submission", second) == "extracted"
    assert ground.nudged == [("validate.judge", third), ("validate.judge", second)]


def test_a_row_that_another_worker_took_meanwhile_is_not_carried_on(ground: Ground, chain: Chain) -> None:
    serve_queues(Queue)
    row_id = ground.announce()
    receive_work = base._works[RECEIVE]

    def taken(session: Session, held: claims.Claim) -> Outcome:
        return Outcome(SubmissionState.RECEIVED, follow=((EXTRACT, held.id), (EXTRACT, held.id)))

    receive_work.recorded = taken  # type: ignore[attr-defined]  # told twice, as a broker may do
    assert chain.carry_on(row_id) == "stored"
    assert chain.done.count("ingest.extract") == 1


def test_a_stage_that_fails_ends_what_is_carried_on_as_it_would_by_message(ground: Ground, chain: Chain) -> None:
    serve_queues(Queue)
    chain.ends[EXTRACT] = RetryableError("reader away")
    row_id = ground.announce()
    assert chain.carry_on(row_id) == "received"
    assert ground.row("submission", row_id).setbacks == 1
    assert chain.done == ["ingest.receive", "ingest.extract"]
    assert ground.nudged == []


def test_whoever_takes_a_message_takes_the_rows_that_wait_beside_its_own(ground: Ground, chain: Chain) -> None:
    rows = [ground.announce() for _ in range(4)]
    chain.carry_on(rows[2])
    assert {ground.state("submission", row_id) for row_id in rows} == {"received"}
    order = [line.subject_id for line in ground.rows(Transition) if line.after == "receiving"]
    assert order == [rows[2], rows[0], rows[1], rows[3]], "its own first, then the longest waiting"


def test_a_message_whose_row_is_done_already_is_a_ring_all_the_same(ground: Ground, chain: Chain) -> None:
    done, waiting = ground.announce(), ground.announce()
    ground.step(RECEIVE, done, SubmissionState.RECEIVED)
    chain.carry_on(done)
    assert ground.state("submission", waiting) == "received"


def test_what_still_waits_after_a_moment_is_left_to_another_message(ground: Ground, chain: Chain) -> None:
    rows = [ground.announce() for _ in range(4)]
    chain.takes = 1.0
    chain.carry_on(rows[0])
    assert chain.done == ["ingest.receive"] * 2
    assert ground.nudged[-1] == ("ingest.receive", rows[2])
    assert ground.state("submission", rows[2]) == "announced"


def test_while_more_is_waiting_the_bell_for_others_rings_only_now_and_then(
    ground: Ground, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [ground.announce() for _ in range(6)]
    rings: list[list[int]] = []
    monkeypatch.setattr(base, "nudge", lambda follow: rings.append([row_id for _, row_id in follow]))
    chain.takes = 0.25
    chain.carry_on(rows[0])
    assert rings == [rows[:1], rows[1:5], rows[5:]]


@pytest.mark.parametrize("error", [OperationalError, IntegrityError])
def test_the_bell_for_others_rings_even_when_the_database_goes_away_meanwhile(
    ground: Ground, chain: Chain, error: type[DBAPIError], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ground.announce()
    ground.announce()
    monkeypatch.setattr(claims, "next_waiting", raising(database_error(error)))
    with pytest.raises(error):
        chain.carry_on(first)
    assert ground.nudged == [("ingest.extract", first)]


def test_rows_that_were_tried_before_come_after_those_that_were_not(ground: Ground) -> None:
    crashed, put_off, fresh, later = (ground.announce() for _ in range(4))
    with unit_of_work() as session:
        row = session.get_one(Submission, crashed)
        row.crashes = 1
        session.get_one(Submission, put_off).next_attempt_at = row.announced_at
        session.get_one(Submission, later).next_attempt_at = row.announced_at + timedelta(days=1)
    order = []
    while (row_id := in_session(lambda session: claims.next_waiting(session, RECEIVE))) is not None:
        order.append(row_id)
        ground.held(RECEIVE, row_id)
    assert order == [fresh, put_off, crashed], "one whose time has not come is not taken"


def test_every_stage_has_its_work_registered_for_being_carried_on() -> None:
    import_module("services.validate.tasks")
    import_module("services.notify.tasks")
    assert set(base._works) == set(STAGES)
    assert all(work.stage == stage for stage, work in base._works.items())


def test_what_the_work_needs_is_looked_at_under_the_claim_and_handed_to_it(ground: Ground) -> None:
    row_id, seen = ground.announce(), []

    @dataclass
    class Looking(Doing):
        def look(self, session: Session, held: claims.Claim) -> str:
            return str(session.get_one(Submission, held.id).state)

        def perform(self, held: claims.Claim, state: str) -> None:
            seen.append((state, ground.state("submission", held.id)))

    run(Looking(), row_id)
    assert seen == [("receiving", "receiving")]


def test_the_work_runs_outside_any_transaction(ground: Ground) -> None:
    row_id, other = ground.announce(), ground.announce()

    def perform(_held: claims.Claim) -> None:
        ground.held(RECEIVE, other)  # another worker writes meanwhile

    run(Doing(performed=perform), row_id)
    assert (ground.state("submission", row_id), ground.state("submission", other)) == ("received", "receiving")


WHERE = ["look", "perform", "record"]


def doing(where: str, error: BaseException) -> Doing:
    return {
        "look": Doing(looked=raising(error)),
        "perform": Doing(performed=raising(error)),
        "record": Doing(recorded=raising(error)),
    }[where]


@pytest.mark.parametrize("where", WHERE)
def test_the_documents_fault_rejects_it_with_a_notice_in_the_same_transaction(ground: Ground, where: str) -> None:
    row_id = ground.announce()
    run(doing(where, RejectedError("damaged", "第 3 页")), row_id)
    row = ground.row("submission", row_id)
    assert (row.state, row.reason_code, row.reason_detail) == ("rejected", "damaged", "第 3 页")
    (notice,) = ground.rows(Notice)
    assert (notice.kind, notice.submission_id, notice.generation, notice.state) == ("rejected", row_id, 1, "pending")
    assert ground.nudged == [("notify.compose", notice.id)]
    assert row.source_path is None, "what a failed record wrote is rolled back"
    assert ground.count(DeadLetter) == 0


def test_a_rejection_whose_notice_cannot_be_written_did_not_happen(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    row_id = ground.announce()
    monkeypatch.setattr(submissions, "add_notice", raising(database_error(OperationalError)))
    assert run(doing("perform", RejectedError("empty")), row_id) is True
    assert ground.state("submission", row_id) == "receiving"
    assert ground.audit("submission", row_id)[-1][1] == "receiving"


@pytest.mark.parametrize("where", WHERE)
def test_the_worlds_fault_lets_it_wait(ground: Ground, where: str) -> None:
    row_id = ground.announce()
    run(doing(where, RetryableError("object store away: Timeout")), row_id)
    row = ground.row("submission", row_id)
    assert (row.state, row.setbacks, row.crashes) == ("announced", 1, 0)
    assert row.next_attempt_at is not None
    assert ground.count(Notice) == 0


def test_the_worlds_fault_too_often_sets_it_aside_with_a_notice(ground: Ground) -> None:
    row_id = ground.announce()
    for _ in range(ground.config.max_setbacks):
        run(doing("perform", RetryableError("object store away")), row_id)
        ground.make_due("submission", row_id)
    row = ground.row("submission", row_id)
    assert (row.state, row.reason_code) == ("quarantined", "service_unavailable")
    assert [notice.kind for notice in ground.rows(Notice)] == ["quarantined"]


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CrashedError("reader_crashed", "signal 11"), "reader_crashed"),
        (SoftTimeLimitExceeded(), "reader_timeout"),
        (MemoryError(), "reader_memory"),
    ],
    ids=["crash", "time limit", "memory"],
)
def test_a_crash_is_tried_again_at_once_and_the_third_sets_it_aside(
    ground: Ground, where: str, error: BaseException, code: str
) -> None:
    row_id = ground.announce()
    for turn in (1, 2):
        run(doing(where, error), row_id)
        row = ground.row("submission", row_id)
        assert (row.state, row.crashes, row.next_attempt_at) == ("announced", turn, None)
        assert ground.nudged[-1] == ("ingest.receive", row_id)
        assert ground.count(Notice) == 0
    run(doing(where, error), row_id)
    row = ground.row("submission", row_id)
    assert (row.state, row.reason_code) == ("quarantined", code)
    (notice,) = ground.rows(Notice)
    assert notice.kind == "quarantined"
    assert ground.nudged[-1] == ("notify.compose", notice.id)
    assert [letter.code for letter in ground.rows(DeadLetter)] == [code]


@pytest.mark.parametrize("where", WHERE)
def test_a_defect_of_ours_is_buried_with_its_traceback_which_people_do_not_see(ground: Ground, where: str) -> None:
    row_id = ground.announce()
    run(doing(where, KeyError("geheim /srv/app")), row_id)
    row = ground.row("submission", row_id)
    assert (row.state, row.reason_code, row.reason_detail) == ("quarantined", "internal_error", "KeyError")
    (letter,) = ground.rows(DeadLetter)
    assert letter.detail.startswith("Traceback (most recent call last)")
    assert "geheim" in letter.detail
    assert [notice.kind for notice in ground.rows(Notice)] == ["quarantined"]


@pytest.mark.parametrize("where", ["look", "record"])
def test_a_statement_that_can_never_work_is_a_defect_and_not_an_outage(ground: Ground, where: str) -> None:
    row_id = ground.announce()
    run(doing(where, database_error(ProgrammingError)), row_id)
    row = ground.row("submission", row_id)
    assert (row.state, row.reason_code) == ("quarantined", "internal_error")


def test_a_database_that_fails_while_a_row_is_claimed_and_looked_at_leaves_it_as_it_was(ground: Ground) -> None:
    row_id = ground.announce()
    with pytest.raises(OperationalError):
        run(doing("look", database_error(OperationalError)), row_id)
    row = ground.row("submission", row_id)
    assert (row.state, row.attempt, row.fence, row.lease_until) == ("announced", 0, 0, None)
    assert len(ground.audit("submission", row_id)) == 1


@pytest.mark.parametrize("where", ["perform", "record"])
@pytest.mark.parametrize("kind", [OperationalError, IntegrityError])
def test_a_database_that_fails_leaves_the_row_to_the_end_of_its_lease(
    ground: Ground, where: str, kind: type[DBAPIError]
) -> None:
    row_id = ground.announce()
    assert run(doing(where, database_error(kind)), row_id) is True
    row = ground.row("submission", row_id)
    assert (row.state, row.crashes, row.source_path) == ("receiving", 0, None)
    assert row.lease_until is not None
    assert (ground.count(DeadLetter), ground.count(Notice)) == (0, 0)


def test_whoever_lost_the_row_writes_nothing_whatever_the_work_came_to(ground: Ground) -> None:
    for end in (nothing, raising(RejectedError("empty")), raising(KeyError("x")), raising(MemoryError())):
        row_id = ground.announce()

        def lose(_held: claims.Claim, row_id: int = row_id, end: Callable[..., Any] = end) -> Any:
            with unit_of_work() as session:
                session.execute(text("UPDATE submission SET fence = fence + 1 WHERE id = :id"), {"id": row_id})
            return end()

        assert run(Doing(performed=lose), row_id) is True
        row = ground.row("submission", row_id)
        assert (row.state, row.source_path) == ("receiving", None)
    assert (ground.count(DeadLetter), ground.count(Notice)) == (0, 0)
    assert ground.nudged == []


def test_a_broker_that_is_away_stops_nobody(ground: Ground) -> None:
    row_id = ground.announce()
    ground.broker_away = True
    run(Doing(recorded=lambda _s, held: Outcome(SubmissionState.RECEIVED, follow=((EXTRACT, held.id),))), row_id)
    assert ground.state("submission", row_id) == "received"


def test_a_defect_in_a_notice_or_a_mail_tells_nobody_about_itself(ground: Ground) -> None:
    mail = queued_mail(ground)
    notice = ground.rows(Notice)[0].id
    run(Doing(stage=COMPOSE, performed=raising(KeyError("x"))), notice)
    run(Doing(stage=SEND, performed=raising(KeyError("x"))), mail)
    assert (ground.state("notice", notice), ground.state("mail", mail)) == ("quarantined", "failed")
    assert ground.count(Notice) == 1
    assert ground.count(DeadLetter) == 2


@pytest.mark.parametrize("error", [SoftTimeLimitExceeded(), MemoryError(), KeyError("x")], ids=type)
def test_whatever_interrupts_a_mail_after_its_body_began_it_is_not_sent_again(
    ground: Ground, error: BaseException
) -> None:
    mail = queued_mail(ground)

    def perform(held: claims.Claim) -> None:
        with unit_of_work() as session:
            claims.touch(session, held, stage="body", body_begun=1)
        raise error

    run(Doing(stage=SEND, performed=perform), mail)
    assert ground.state("mail", mail) == "unconfirmed"
    assert ground.nudged == []


def test_a_setback_of_the_work_itself_waits_as_long_as_it_says(ground: Ground) -> None:
    mail = queued_mail(ground)
    put_off = Outcome(MailState.RETRYING, "retry", "4xx", {"smtp_code": 451}, setback=True, wait=1800)
    run(Doing(stage=SEND, recorded=lambda *_: put_off), mail)
    row = ground.row("mail", mail)
    assert (row.state, row.setbacks, row.smtp_code) == ("retrying", 1, 451)
    assert 1700 < (row.next_attempt_at - row.composed_at).total_seconds() < 1900


@pytest.mark.parametrize("setbacks", [1, 60, 1023, 5000, 10**6])
def test_waits_never_outgrow_their_bound_however_often_it_failed(setbacks: int) -> None:
    assert claims.Limits(9, 9, 10, 3600).wait(setbacks) == min(3600, 10 * 2 ** min(60, setbacks - 1))
    assert claims.Limits(9, 9, 60, 60).wait(setbacks) == 60


@pytest.mark.parametrize("message", [{}, {"id": 0}, {"id": "1; DROP TABLE"}, {"id": 1, "more": 1}])
def test_a_message_that_is_no_message_is_refused_before_anything_is_looked_at(message: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        receive(message)
