"""The whole pipeline as a state machine: whatever happens in whatever order, nothing is lost, doubled or illegal.

Receiving, storing, composing and sending are the real use cases; the reader's and the judge's verdicts and the relay's
answers are drawn. A worker's death is an exception that nothing catches, so that the row stays under its lease.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from email import message_from_bytes, policy
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.core.contracts import (
    COMPOSE,
    CONVERT,
    EXTRACT,
    JUDGE,
    READ_PICTURES,
    RECEIVE,
    RENEW,
    SEND,
    STAGES,
    Stage,
    stage_of_busy,
)
from services.core.errors import CrashedError, RejectedError, RetryableError
from services.core.finding import Finding, Severity
from services.core.lifecycle import BUSY, TERMINAL, MailState, SubmissionState, check_transition
from services.core.report import Report
from services.ingest.announce import announce_objects, list_inbox
from services.ingest.intake import Delivery, accept
from services.ingest.receive import Receive
from services.notify import delivery
from services.notify.outbox import Compose
from services.notify.outcomes import PermanentFailure, RelayRefused, TransientFailure, Unconfirmed
from services.notify.outcomes import Stage as Step
from services.notify.relay import Receipt
from services.platform import stage_task, sweeper
from services.platform.db import claims
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import FindingRow, Mail, Renewal, ReportRow, Submission, Transition
from services.platform.db.repositories import ledger, submissions
from services.platform.db.repositories.history import Kept
from services.platform.db.repositories.renewals import wish
from services.platform.stage_task import Outcome
from services.validate.knowledge import Known, Origin
from services.validate.renewal import Renew, Renewed, Stored, Wish, concerned
from services.validate.rules.sheet import Context
from services.validate.store import HandIn, store_report
from tests.unit.platform.ground import ROWS, Ground

AGENCIES = ("a1", "a2")
CONTENTS = (b"one", b"two", b"three")
VERDICTS = ("甲处不符", "乙处不符", "")
BY_A_PERSON = {"replay", "resend", "confirmed"}


class Killed(BaseException):
    """The worker's process is gone from one moment to the next."""


@dataclass
class Relay:
    """A relay whose next answer is drawn; remembers which mails it may have passed on."""

    answer: str = "accept"
    copies: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)

    def deliver(self, *, raw: bytes, before_body: Callable[[], None], **_: Any) -> Receipt:
        name = message_from_bytes(raw)["Message-ID"]
        if self.answer == "killed before the body":
            raise Killed
        if self.answer == "put off at RCPT":
            raise TransientFailure(Step.RCPT, "greylisted", code=451)
        if self.answer == "unknown recipient":
            raise PermanentFailure(Step.RCPT, "no such user", code=550, enhanced="5.1.1")
        if self.answer == "login refused":
            raise RelayRefused(Step.LOGIN, "denied", code=535)
        before_body()
        if self.answer == "put off after the body":
            raise TransientFailure(Step.DOT, "try later", code=451)
        self.copies[name] += 1
        if self.answer == "cut in the body":
            raise Unconfirmed(Step.DOT, "connection lost")
        if self.answer == "killed in the body":
            raise Killed
        self.accepted[name] += 1
        return Receipt(250, "ok", None)


ANSWERS = (
    "accept",
    "put off at RCPT",
    "put off after the body",
    "unknown recipient",
    "login refused",
    "cut in the body",
    "killed before the body",
    "killed in the body",
)

ENDS: dict[str, BaseException | None] = {
    "done": None,
    "rejected": RejectedError("damaged"),
    "crashed": CrashedError("reader_crashed", "signal 11"),
    "world": RetryableError("store away"),
    "defect": KeyError("x"),
    "memory": MemoryError(),
    "killed": Killed(),
    # only of extract: what a slower lane has to read; elsewhere the same as done
    "ocr": None,
    "office": None,
}
ASIDE: dict[str, tuple[SubmissionState, Stage]] = {
    "ocr": (SubmissionState.FOR_OCR, READ_PICTURES),
    "office": (SubmissionState.FOR_OFFICE, CONVERT),
}


@dataclass
class Drawn:
    """A stage whose end is drawn before the work is run."""

    stage: Stage
    end: str = "done"
    verdict: str = ""
    year: int = 2024

    def look(self, _session: Session, _held: claims.Claim) -> None:
        return None

    def perform(self, _held: claims.Claim, _seen: None) -> None:
        error = ENDS[self.end]
        if error is not None:
            raise error

    def record(self, session: Session, held: claims.Claim, _result: None) -> Outcome:
        if self.stage is EXTRACT and self.end in ASIDE:
            after, stage = ASIDE[self.end]
            return Outcome(after, follow=((stage, held.id),))
        if self.stage in (EXTRACT, READ_PICTURES, CONVERT):
            return Outcome(SubmissionState.EXTRACTED, follow=((JUDGE, held.id),))
        row = session.get_one(Submission, held.id)
        report = judged(self.verdict, self.year)
        notice = store_report(session, HandIn.of(row), report, position=0, actor=held.owner)
        follow = ((COMPOSE, notice),) if notice is not None else ()
        origin = Origin(held.id, row.agency_code, None, None, row.year_hint, date(2025, 1, 20))
        wanted = concerned(session, origin, [Known(Context(), self.year)])
        return Outcome(SubmissionState.STORED, follow=(*follow, *wish(session, wanted, actor=held.owner)))


@dataclass
class DrawnAnew(Renew):
    """A verdict given anew, drawn like the first one."""

    end: str = "done"
    verdict: str = ""

    def look(self, session: Session, held: claims.Claim) -> Wish:
        row = session.get_one(Renewal, held.id)
        of = session.get_one(ReportRow, row.report_id)
        bodies = session.scalars(select(FindingRow.body).where(FindingRow.report_id == of.id))
        found = tuple(Finding.model_validate(body) for body in bodies)
        origin = Origin(of.submission_id, of.agency_code, None, None, of.year, date(2025, 1, 20))
        kept = Kept(of.id, of.agency_code, of.year, of.submission_id, of.generation, 0, of.status, None)
        return Wish(Stored(kept, "ref", origin, of.verdict, found), row.cause, row.mail)

    def perform(self, held: claims.Claim, seen: Wish) -> Renewed:  # noqa: ARG002 - interface
        error = ENDS[self.end]
        if error is not None:
            raise error
        return Renewed(seen, judged(self.verdict, seen.stored.kept.year))


def judged(verdict: str, year: int) -> Report:
    """A report in which this was found, or nothing."""
    found = Finding(
        rule="T3-1",
        severity=Severity.ERROR,
        where=["table3.new.total"],
        message=f"{verdict}。",
        basis="表三",
        fingerprint=hashlib.sha256(verdict.encode()).hexdigest()[:16],
    )
    return Report(status="ok", year=year, findings=[found] if verdict else [])


def make_machine(
    ground: Ground, reset: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> type[RuleBasedStateMachine]:
    """The machine on this ground; `reset` empties its database between examples."""
    relay = Relay()
    monkeypatch.setattr(delivery, "make_relay", lambda _config: relay)
    waiting = {"length": 0}
    monkeypatch.setattr(sweeper, "queue_length", lambda _queue: waiting["length"])

    class House(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            reset()
            ground.store.objects.clear()
            ground.store.away = False
            ground.nudged.clear()
            self.relay = relay
            relay.answer, relay.copies, relay.accepted = "accept", Counter(), Counter()
            self.sent_anew: Counter[str] = Counter()
            self.late: list[tuple[claims.Claim, str]] = []
            self.uploads = 0
            self.judged: dict[int, tuple[str, int]] = {}
            self.fences: dict[tuple[str, int], int] = {}

        @initialize()
        def register(self) -> None:
            ground.register(*AGENCIES)

        # what comes in

        @rule(agency=st.sampled_from((*AGENCIES, "nobody")), data=st.sampled_from(CONTENTS), store_away=st.booleans())
        def upload(self, agency: str, data: bytes, store_away: bool) -> None:
            self.uploads += 1
            ground.store.away = store_away
            handed_in = Delivery(data, agency, "年报.pdf", "upload", f"upload{self.uploads}", 2024)
            first = accept(handed_in, ground.store, actor="test")
            ground.store.away = False
            again = accept(handed_in, ground.store, actor="test")
            assert (first.ref, again.new) == (again.ref, False)

        @rule(agency=st.sampled_from(AGENCIES), data=st.sampled_from(CONTENTS), name=st.sampled_from(["x", "y"]))
        def put_by_others(self, agency: str, data: bytes, name: str) -> None:
            ground.store.put(ground.store.inbox, f"{agency}/2024/{name}", data)

        @rule(times=st.integers(1, 3), pick=st.integers(0, 99))
        def event(self, times: int, pick: int) -> None:
            found = list(ground.store.walk(ground.store.inbox))
            if found:
                announce_objects([found[pick % len(found)]] * times, source="event", actor="test")

        @rule()
        def listing(self) -> None:
            list_inbox(ground.store, actor="test")
            assert list_inbox(ground.store, actor="test") == 0

        # what workers do

        @rule(
            turns=st.lists(
                st.tuples(
                    st.integers(0, 99),
                    st.sampled_from(["done"] * 6 + sorted(ENDS)),
                    st.sampled_from(VERDICTS),
                    st.sampled_from([2024, 2024, 2023]),
                    st.sampled_from(ANSWERS),
                ),
                min_size=1,
                max_size=8,
            )
        )
        def work(self, turns: list[tuple[int, str, str, int, str]]) -> None:
            for pick, end, verdict, year, answer in turns:
                open_rows = [(stage, row_id) for stage in STAGES for row_id in self._in(stage.subject, stage.ready)]
                if open_rows:
                    # the furthest first, so that histories reach the mails
                    stage, row_id = open_rows[-1 - pick % len(open_rows)]
                    self._run(stage, row_id, end, verdict, year, answer)

        @rule(stage=st.sampled_from(STAGES), pick=st.integers(0, 99))
        def a_message_comes_twice_or_late(self, stage: Stage, pick: int) -> None:
            others = sorted(set(self._in(stage.subject, None)) - set(self._in(stage.subject, stage.ready)))
            if others:
                row_id = others[pick % len(others)]
                before = ground.state(stage.subject, row_id)
                self._run(stage, row_id, "done", "", 2024, "accept")
                assert ground.state(stage.subject, row_id) == before

        def _run(  # noqa: PLR0917 - one turn, as it is drawn
            self, stage: Stage, row_id: int, end: str, verdict: str, year: int, answer: str
        ) -> None:
            relay.answer = answer
            if stage is JUDGE:
                self.judged[row_id] = (verdict, year)
            works: dict[str, Any] = {
                RECEIVE.task: Receive(),
                EXTRACT.task: Drawn(EXTRACT, end),
                READ_PICTURES.task: Drawn(READ_PICTURES, end),
                CONVERT.task: Drawn(CONVERT, end),
                JUDGE.task: Drawn(JUDGE, "done" if end == "rejected" else end, verdict, year),
                RENEW.task: DrawnAnew("done" if end == "rejected" else end, verdict),
                COMPOSE.task: Compose(),
                SEND.task: delivery.Send(),
            }
            try:
                stage_task.run(works[stage.task], row_id)
            except Killed:
                row = ground.row(stage.subject, row_id)
                assert row.state == stage.busy, "a worker that dies leaves its row under the lease"

        @rule(stage=st.sampled_from(STAGES), pick=st.integers(0, 99))
        def claim_and_stall(self, stage: Stage, pick: int) -> None:
            ids = self._ids(stage)
            held = ground.claim(stage, ids[pick % len(ids)]) if ids else None
            if held is not None:
                assert ground.claim(stage, held.id) is None
                self.late.append((held, stage.subject))

        @precondition(lambda self: self.late)
        @rule(pick=st.integers(0, 99))
        def come_back_late(self, pick: int) -> None:
            held, subject = self.late.pop(pick % len(self.late))
            row = ground.row(subject, held.id)
            mine = (row.fence, row.state) == (held.fence, held.stage.busy)
            try:
                with unit_of_work() as session:
                    claims.set_back(session, held, stage_task.limits(), code="service_unavailable", detail="late")
                    assert mine
            except claims.LostClaimError:
                assert not mine

        @rule(subject=st.sampled_from(sorted(ROWS)), length=st.sampled_from([None, 0, 1000]))
        def leases_end_and_the_sweep_comes(self, subject: str, length: int | None) -> None:
            for row_id in self._in(subject, BUSY[subject]):
                ground.end_lease(subject, row_id)
            waiting["length"] = length  # type: ignore[assignment]  # None: the broker is away
            sweeper.sweep_once(ground.config)
            assert not self._in(subject, BUSY[subject])

        @rule(subject=st.sampled_from(sorted(ROWS)))
        def time_passes(self, subject: str) -> None:
            for row_id in self._in(subject, {state for s in STAGES if s.subject == subject for state in s.ready}):
                ground.make_due(subject, row_id)

        # what people do

        @rule(pick=st.integers(0, 99))
        def replay(self, pick: int) -> None:
            ids = self._ids(RECEIVE)
            if not ids:
                return
            row_id = ids[pick % len(ids)]
            state = ground.state("submission", row_id)
            try:
                with unit_of_work() as session:
                    submissions.replay(session, row_id, actor="operator")
                assert state in TERMINAL["submission"] - {SubmissionState.DUPLICATE}
            except submissions.NotReplayableError:
                assert state not in TERMINAL["submission"] - {SubmissionState.DUPLICATE}

        @rule(pick=st.integers(0, 99))
        def read_again_to_the_same_result(self, pick: int) -> None:
            ids = self._in("submission", {SubmissionState.STORED})
            if ids:
                row_id = ids[pick % len(ids)]
                with unit_of_work() as session:
                    submissions.replay(session, row_id, actor="operator")
                for stage in (EXTRACT, JUDGE):
                    self._run(stage, row_id, "done", *self.judged[row_id], "accept")

        @rule(pick=st.integers(0, 99), arrived=st.booleans())
        def ask_about_a_mail(self, pick: int, arrived: bool) -> None:
            ids = self._in("mail", {MailState.FAILED, MailState.UNCONFIRMED})
            if not ids:
                return
            mail = ground.row("mail", ids[pick % len(ids)])
            act = delivery.confirm if arrived else delivery.resend
            try:
                with unit_of_work() as session:
                    act(session, mail.id, actor="operator")
            except delivery.NotResendableError:
                assert arrived or mail.body_begun >= 2
                return
            if not arrived and mail.state == MailState.UNCONFIRMED:
                self.sent_anew[mail.message_id] += 1

        # what always holds

        @invariant()
        def the_books_balance(self) -> None:
            with reading() as session:
                counted = ledger.count(session)
            assert counted.faults == []
            assert counted.seen == ground.count(Submission)

        @invariant()
        def every_row_is_where_its_audit_says(self) -> None:
            with reading() as session:
                lines = session.scalars(select(Transition).order_by(Transition.id)).all()
                states = {
                    (subject, row.id): row for subject, table in ROWS.items() for row in session.scalars(select(table))
                }
            now: dict[tuple[str, int], str | None] = {}
            attempts: Counter[tuple[str, int]] = Counter()
            for line in lines:
                key = (line.subject, line.subject_id)
                assert now.get(key) == line.before, "a step begins where the last one ended"
                check_transition(line.subject, line.before, line.after)
                if line.before in TERMINAL[line.subject]:
                    assert line.cause in BY_A_PERSON, "an end is left by a person only"
                    attempts[key] = 0
                if line.cause == "claimed":
                    assert line.attempt == attempts[key] + 1, "every claim counts"
                    attempts[key] = line.attempt
                holder = stage_of_busy(line.subject, line.before or "")
                if holder is not None and line.after != holder.back:
                    attempts[key] = 0
                now[key] = line.after
            assert now == {key: row.state for key, row in states.items()}
            for (subject, row_id), row in states.items():
                assert (row.lease_until is not None) == (row.state in BUSY[subject])
                assert row.fence >= self.fences.get((subject, row_id), 0)
                self.fences[subject, row_id] = row.fence

        @invariant()
        def no_mail_is_sent_twice_unless_a_person_asks(self) -> None:
            for mail in ground.rows(Mail):
                name = mail.message_id
                assert relay.copies[name] <= mail.body_begun
                assert mail.body_begun <= 1 + self.sent_anew[name] <= 2
                assert relay.accepted[name] <= 1 or self.sent_anew[name]

        # and in the end

        def teardown(self) -> None:
            """With workers and a relay that do their work everything comes to its end, and everybody knows."""
            waiting["length"] = 0
            for _ in range(40):
                self.time_passes_for_all()
                open_rows = [(stage, row_id) for stage in STAGES for row_id in self._in(stage.subject, stage.ready)]
                if not open_rows:
                    break
                for stage, row_id in open_rows:
                    self._run(stage, row_id, "done", "甲处不符", 2024, "accept")
            for subject in ROWS:
                assert not set(self._in(subject, None)) - set(self._in(subject, TERMINAL[subject]))
            self.everybody_knows()
            self.the_books_balance()
            self.every_row_is_where_its_audit_says()
            self.no_mail_is_sent_twice_unless_a_person_asks()

        def time_passes_for_all(self) -> None:
            for subject in ROWS:
                self.leases_end_and_the_sweep_comes(subject, 0)
                self.time_passes(subject)

        def everybody_knows(self) -> None:
            """About the report that counts, the agency has a mail that says just what was found in it."""
            with reading() as session:
                current = session.scalars(select(ReportRow).where(ReportRow.superseded_by.is_(None))).all()
                mails = session.scalars(select(Mail).where(Mail.role == "agency")).all()
            for report in current:
                told = [m for m in mails if m.submission_id == report.submission_id and m.state != "cancelled"]
                words = [_text(mail) for mail in told if mail.kind in {"verdict", "receipt"}]
                found = {finding for finding in VERDICTS if finding and self._found(report.id, finding)}
                assert any({v for v in VERDICTS if v and v in text} == found for text in words), (found, words)

        def _found(self, report_id: int, verdict: str) -> bool:
            with reading() as session:
                bodies = session.scalars(select(FindingRow.body).where(FindingRow.report_id == report_id))
                return any(verdict in body["message"] for body in bodies)

        def _ids(self, stage: Stage) -> list[int]:
            """Rows of the stage's subject, those that wait for it first, so that most picks are to the point."""
            ready = self._in(stage.subject, stage.ready)
            return ready or self._in(stage.subject, None)

        def _in(self, subject: str, states: Any) -> list[int]:
            table: Any = ROWS[subject]
            with reading() as session:
                query = select(table.id).order_by(table.id)
                if states is not None:
                    query = query.where(table.state.in_([str(state) for state in states]))
                return list(session.scalars(query))

    return House


def _text(mail: Mail) -> str:
    body = message_from_bytes(mail.raw, policy=policy.default).get_body(("plain",))
    return str(body.get_content()) if body else ""
