"""The claim protocol as a specification, run on SQLite by the unit tests and on PostgreSQL by the integration tests."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from services.core.contracts import COMPOSE, EXTRACT, RECEIVE, SEND
from services.core.lifecycle import IllegalTransitionError, MailState, NoticeState, SubmissionState
from services.platform.db import claims
from services.platform.db.dialect import db_after, db_now
from services.platform.db.engine import engine, reading, unit_of_work
from services.platform.db.models import DeadLetter, Submission, Transition
from services.platform.db.repositories import ledger, submissions
from tests.unit.platform.ground import LIMITS, Ground
from tests.unit.platform.mails import queued_mail


def seconds_from_now(session: Session, moment: datetime) -> float:
    now = session.scalar(select(db_now()))
    assert now is not None
    left: timedelta = moment - now
    return left.total_seconds()


WRITES: dict[str, Callable[[Session, claims.Claim], object]] = {
    "touch": lambda session, held: claims.touch(session, held, size=99),
    "advance": lambda session, held: claims.advance(session, held, SubmissionState.RECEIVED, cause="done", size=99),
    "set_back": lambda session, held: claims.set_back(session, held, LIMITS, code="service_unavailable", detail=""),
    "crash": lambda session, held: claims.crash(session, held, LIMITS, code="reader_crashed", detail=""),
    "bury": lambda session, held: claims.bury(session, held, code="internal_error", detail=""),
}


class ClaimProtocol:
    """One worker at a time, by the database's clock, with every step in the audit."""

    # getting a claim

    def test_a_claim_moves_the_row_under_a_lease_and_counts_the_attempt(self, ground: Ground) -> None:
        row_id = ground.announce()
        held = ground.held(RECEIVE, row_id, lease=60)
        row = ground.row("submission", row_id)
        assert (row.state, row.attempt, row.fence, row.lease_owner) == ("receiving", 1, held.fence, "worker:1")
        with reading() as session:
            assert 55 < seconds_from_now(session, row.lease_until) <= 60

    def test_sixteen_workers_at_once_get_one_claim(self, ground: Ground) -> None:
        row_id = ground.announce()
        with ThreadPoolExecutor(16) as pool:
            got = list(pool.map(lambda _: ground.claim(RECEIVE, row_id), range(16)))
        assert sum(held is not None for held in got) == 1
        assert ground.audit("submission", row_id) == [
            (None, "announced", "upload"),
            ("announced", "receiving", "claimed"),
        ]

    def test_a_held_row_is_nobody_elses_even_after_its_lease_until_the_sweep(self, ground: Ground) -> None:
        row_id = ground.announce()
        ground.held(RECEIVE, row_id, lease=-1)
        assert ground.claim(RECEIVE, row_id) is None

    def test_a_row_in_another_stage_or_not_there_at_all_is_not_claimed(self, ground: Ground) -> None:
        row_id = ground.announce()
        assert ground.claim(EXTRACT, row_id) is None
        assert ground.claim(RECEIVE, row_id + 999) is None
        assert ground.state("submission", row_id) == "announced"

    def test_a_row_that_waits_for_its_time_is_not_claimed_before_it(self, ground: Ground) -> None:
        row_id = ground.announce()
        held = ground.held(RECEIVE, row_id)
        with unit_of_work() as session:
            claims.set_back(session, held, LIMITS, code="service_unavailable", detail="store away")
        assert ground.claim(RECEIVE, row_id) is None
        ground.make_due("submission", row_id)
        assert ground.held(RECEIVE, row_id).setbacks == 1

    # the fence

    @pytest.mark.parametrize("write", WRITES)
    def test_after_the_row_was_taken_over_nothing_of_the_first_worker_is_written(
        self, ground: Ground, write: str
    ) -> None:
        row_id = ground.announce()
        late = ground.held(RECEIVE, row_id)
        ground.end_lease("submission", row_id)
        with unit_of_work() as session:
            (expired,) = claims.expired(session, "submission", limit=10)
            claims.crash(session, expired, LIMITS, code="worker_lost", detail="")
        ground.held(RECEIVE, row_id)
        before, lines = ground.row("submission", row_id), ground.audit("submission", row_id)

        def write_late() -> None:
            with unit_of_work() as session:
                letter = DeadLetter(subject="submission", subject_id=row_id, task="t", code="must not stay", detail="")
                session.add(letter)
                WRITES[write](session, late)

        with pytest.raises(claims.LostClaimError):
            write_late()

        after = ground.row("submission", row_id)
        assert (after.state, after.fence, after.size, after.attempt) == (
            before.state,
            before.fence,
            before.size,
            before.attempt,
        )
        assert ground.audit("submission", row_id) == lines
        assert ground.count(DeadLetter) == 0

    def test_a_late_worker_whose_row_nobody_took_may_still_finish(self, ground: Ground) -> None:
        row_id = ground.announce()
        held = ground.held(RECEIVE, row_id, lease=-1)
        with unit_of_work() as session:
            claims.advance(session, held, SubmissionState.RECEIVED, cause="done")
        assert ground.state("submission", row_id) == "received"

    def test_an_illegal_step_writes_nothing(self, ground: Ground) -> None:
        row_id = ground.announce()
        held = ground.held(RECEIVE, row_id)
        with pytest.raises(IllegalTransitionError), unit_of_work() as session:
            claims.advance(session, held, SubmissionState.STORED, cause="done")
        assert ground.state("submission", row_id) == "receiving"

    # moving on

    def test_moving_on_releases_the_lease_and_wipes_the_slate(self, ground: Ground) -> None:
        row_id = ground.announce()
        held = ground.held(RECEIVE, row_id)
        with unit_of_work() as session:
            claims.crash(session, held, LIMITS, code="reader_crashed", detail="")
        held = ground.held(RECEIVE, row_id)
        assert (held.attempt, held.crashes) == (2, 1)
        with unit_of_work() as session:
            claims.advance(session, held, SubmissionState.REJECTED, cause="empty")
        row = ground.row("submission", row_id)
        assert (row.lease_until, row.lease_owner, row.next_attempt_at) == (None, None, None)
        assert (row.attempt, row.crashes, row.setbacks) == (0, 0, 0)
        assert row.finished_at is not None

    def test_setbacks_wait_twice_as_long_each_time_and_end_dead(self, ground: Ground) -> None:
        row_id = ground.announce()
        waits = []
        for last in (False, False, False, True):
            held = ground.held(RECEIVE, row_id)
            with unit_of_work() as session:
                assert claims.set_back(session, held, LIMITS, code="service_unavailable", detail="away") is last
            row = ground.row("submission", row_id)
            if not last:
                with reading() as session:
                    waits.append(seconds_from_now(session, row.next_attempt_at))
                ground.make_due("submission", row_id)
        assert [round(wait / 10) * 10 for wait in waits] == [10, 20, 40]
        assert (row.state, row.reason_code, row.next_attempt_at) == ("quarantined", "service_unavailable", None)
        (letter,) = ground.rows(DeadLetter)
        assert (letter.subject, letter.subject_id, letter.task) == ("submission", row_id, "ingest.receive")

    def test_crashes_are_tried_again_at_once_and_the_last_one_ends_dead(self, ground: Ground) -> None:
        row_id = ground.announce()
        for last in (False, False, True):
            held = ground.held(RECEIVE, row_id)
            with unit_of_work() as session:
                assert claims.crash(session, held, LIMITS, code="reader_memory", detail="1 GiB") is last
        row = ground.row("submission", row_id)
        assert (row.state, row.reason_code, row.reason_detail) == ("quarantined", "reader_memory", "1 GiB")
        assert row.finished_at is not None

    def test_an_unknown_code_becomes_a_program_error_and_people_never_see_the_traceback(self, ground: Ground) -> None:
        row_id = ground.announce()
        held = ground.held(RECEIVE, row_id)
        trace = 'Traceback (most recent call last):\n  File "/srv/x.py", line 1\nKeyError: 3'
        with unit_of_work() as session:
            claims.bury(session, held, code="no_such_code", detail=trace, shown="KeyError")
        row = ground.row("submission", row_id)
        assert (row.reason_code, row.reason_detail) == ("internal_error", "KeyError")
        assert ground.rows(DeadLetter)[0].detail == trace

    # leases that ran out

    def test_only_leases_that_are_over_by_the_databases_clock_are_taken_over_oldest_first(self, ground: Ground) -> None:
        rows = [ground.announce() for _ in range(3)]
        ground.held(RECEIVE, rows[0], lease=-1)
        ground.held(RECEIVE, rows[1], lease=60)
        ground.held(RECEIVE, rows[2], lease=-100)
        with unit_of_work() as session:
            found = claims.expired(session, "submission", limit=10)
            assert [held.id for held in found] == [rows[2], rows[0]]
            assert [held.id for held in claims.expired(session, "submission", limit=1)] == [rows[2]]
        assert (found[0].stage, found[0].before, found[0].owner) == (RECEIVE, "receiving", "worker:1")

    def test_a_mail_cut_in_its_body_is_unconfirmed_and_never_tried_again_by_itself(self, ground: Ground) -> None:
        mail_id = self.mail(ground)
        held = ground.held(SEND, mail_id)
        with unit_of_work() as session:
            claims.touch(session, held, stage="body")
            assert claims.crash(session, held, LIMITS, code="worker_lost", detail="") is True
        assert ground.state("mail", mail_id) == "unconfirmed"

    def test_a_mail_cut_before_its_body_is_tried_again(self, ground: Ground) -> None:
        mail_id = self.mail(ground)
        held = ground.held(SEND, mail_id)
        with unit_of_work() as session:
            assert claims.crash(session, held, LIMITS, code="worker_lost", detail="") is False
        assert ground.state("mail", mail_id) == "retrying"

    def test_a_defect_after_the_body_began_leaves_the_mail_unconfirmed_not_failed(self, ground: Ground) -> None:
        mail_id = self.mail(ground)
        held = ground.held(SEND, mail_id)
        with unit_of_work() as session:
            claims.touch(session, held, stage="body")
            claims.bury(session, held, code="internal_error", detail="boom")
        assert ground.state("mail", mail_id) == "unconfirmed"
        assert ground.count(DeadLetter) == 1

    # what is due

    def test_due_rows_come_in_the_order_of_arrival_up_to_the_limit(self, ground: Ground) -> None:
        rows = [ground.announce() for _ in range(5)]
        ground.forget("submission", *rows)
        with unit_of_work() as session:
            assert claims.due(session, RECEIVE, limit=3, renudge_seconds=30) == rows[:3]
            claims.mark_nudged(session, "submission", rows[:2])
            assert claims.due(session, RECEIVE, limit=99, renudge_seconds=30) == rows[2:]

    def test_a_row_is_born_as_given_to_the_broker_and_not_due_until_it_must_have_been_forgotten(
        self, ground: Ground
    ) -> None:
        row_id = ground.announce()
        with unit_of_work() as session:
            assert claims.due(session, RECEIVE, limit=9, renudge_seconds=30) == []
            assert claims.due(session, RECEIVE, limit=9, renudge_seconds=-30) == [row_id]

    def test_a_row_given_to_the_broker_long_ago_is_due_again(self, ground: Ground) -> None:
        row_id = ground.announce()
        with unit_of_work() as session:
            old = update(Submission).where(Submission.id == row_id).values(nudged_at=db_after(-31))
            session.execute(old)
            assert claims.due(session, RECEIVE, limit=9, renudge_seconds=30) == [row_id]
            assert claims.due(session, RECEIVE, limit=9, renudge_seconds=33) == []

    def test_busy_waiting_for_their_time_and_finished_rows_are_not_due(self, ground: Ground) -> None:
        busy, later, done = (ground.announce() for _ in range(3))
        ground.held(RECEIVE, busy)
        with unit_of_work() as session:
            held = claims.claim(session, RECEIVE, later, owner="w", lease_seconds=9)
            assert held is not None
            claims.set_back(session, held, LIMITS, code="service_unavailable", detail="")
        ground.step(RECEIVE, done, SubmissionState.REJECTED)
        with unit_of_work() as session:
            assert claims.due(session, RECEIVE, limit=9, renudge_seconds=30) == []
            assert claims.due(session, EXTRACT, limit=9, renudge_seconds=30) == []

    # what the database itself guards

    @pytest.mark.parametrize("statement", ["UPDATE transition SET cause = 'x'", "DELETE FROM transition"])
    def test_the_audit_cannot_be_changed(self, ground: Ground, statement: str) -> None:
        ground.announce()
        with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as session:
            session.execute(text(statement))
        assert ground.count(Transition) == 1

    def test_a_lease_stands_on_busy_rows_and_on_no_others(self, ground: Ground) -> None:
        row_id = ground.announce()
        with pytest.raises(IntegrityError, match="lease_only_while_busy"), unit_of_work() as session:
            session.execute(update(Submission).values(lease_until=db_now()))
        with pytest.raises(IntegrityError, match="lease_only_while_busy"), unit_of_work() as session:
            session.execute(update(Submission).values(state="receiving"))
        assert ground.state("submission", row_id) == "announced"

    def test_one_body_has_the_same_bytes_in_work_once(self, ground: Ground) -> None:
        first, second = ground.announce(), ground.announce()
        ground.step(RECEIVE, first, SubmissionState.RECEIVED, sha256="a" * 64)
        held = ground.held(RECEIVE, second)
        with pytest.raises(IntegrityError), unit_of_work() as session:
            claims.advance(session, held, SubmissionState.RECEIVED, cause="done", sha256="a" * 64)
        with unit_of_work() as session:
            claims.advance(session, held, SubmissionState.DUPLICATE, cause="same_bytes", sha256="a" * 64)
        assert ground.state("submission", second) == "duplicate"

    # announcing, replaying, counting

    def test_one_object_announced_by_many_at_once_is_one_submission(self, ground: Ground) -> None:
        with ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(lambda _: ground.announce(key="a1/2024/one", version="v"), range(16)))
        assert len(set(ids)) == 1
        assert ground.count(Submission) == 1
        assert ground.audit("submission", ids[0]) == [(None, "announced", "upload")]

    def test_a_replay_starts_a_new_generation_where_the_bytes_are(self, ground: Ground) -> None:
        read, never_in = ground.stored(), ground.announce()
        ground.step(RECEIVE, never_in, SubmissionState.REJECTED, reason_code="vanished")
        for row_id, after, stage in ((read, "received", EXTRACT), (never_in, "announced", RECEIVE)):
            with unit_of_work() as session:
                assert submissions.replay(session, row_id, actor="operator") == ((stage, row_id),)
            row = ground.row("submission", row_id)
            assert (row.state, row.generation, row.reason_code, row.finished_at) == (after, 2, None, None)
            assert ground.audit("submission", row_id)[-1][2] == "replay"

    def test_what_is_in_work_or_a_duplicate_cannot_be_replayed(self, ground: Ground) -> None:
        waiting, busy, duplicate = (ground.announce() for _ in range(3))
        ground.held(RECEIVE, busy)
        ground.step(RECEIVE, duplicate, SubmissionState.DUPLICATE)
        for row_id in (waiting, busy, duplicate):
            with pytest.raises(submissions.NotReplayableError), unit_of_work() as session:
                submissions.replay(session, row_id, actor="operator")

    def test_a_text_that_the_database_could_not_hold_is_stored_all_the_same(self, ground: Ground) -> None:
        row_id = ground.announce(filename="a\x00b.pdf")
        assert ground.row("submission", row_id).filename in {"a\x00b.pdf", "a\ufffdb.pdf"}

    def test_a_reading_sees_one_moment_whatever_is_written_meanwhile(self, ground: Ground) -> None:
        ground.announce()
        with reading() as session:
            assert len(session.scalars(select(Submission.id)).all()) == 1
            ground.announce()
            assert len(session.scalars(select(Submission.id)).all()) == 1
            counted = ledger.count(session)
        assert (counted.seen, counted.in_flight, counted.faults) == (1, 1, [])

    @pytest.mark.usefixtures("ground")
    def test_naive_times_are_refused(self) -> None:
        naive = datetime.now(UTC).replace(tzinfo=None)
        with pytest.raises(StatementError, match="naive datetime"), reading() as session:
            session.scalar(select(Submission.id).where(Submission.announced_at > naive))

    def test_times_come_back_aware_and_to_the_moment(self, ground: Ground) -> None:
        row_id = ground.announce()
        told = ground.row("submission", row_id).announced_at
        assert told.utcoffset() == timedelta(0)
        with reading() as session:
            assert -60 < seconds_from_now(session, told) <= 0.01

    @pytest.mark.usefixtures("ground")
    def test_the_engine_runs_on_the_database_of_this_leg(self) -> None:
        assert engine().dialect.name == self.dialect

    dialect = "sqlite"

    def mail(self, ground: Ground) -> int:
        """A queued mail."""
        return queued_mail(ground)

    def test_notices_are_written_as_already_nudged(self, ground: Ground) -> None:
        row_id = ground.announce()
        with unit_of_work() as session:
            notice = submissions.add_notice(
                session, kind="rejected", submission_id=row_id, generation=1, report_id=None, actor="t"
            )
            assert claims.due(session, COMPOSE, limit=9, renudge_seconds=30) == []
        assert ground.state("notice", notice) == NoticeState.PENDING
        assert MailState.QUEUED in SEND.ready
