"""Sending one mail: what each answer of the relay comes to, and what a person may do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from services.core.contracts import SEND
from services.core.lifecycle import MailState
from services.notify import delivery
from services.notify.delivery import NotResendableError, Send, confirm, resend
from services.notify.headers import AddressError
from services.notify.outcomes import PermanentFailure, RelayRefused, Stage, TransientFailure, Unconfirmed
from services.notify.relay import Receipt
from services.platform.clock import now
from services.platform.db import claims
from services.platform.db.engine import unit_of_work
from services.platform.db.models import DeadLetter, ReportRow
from services.platform.stage_task import run
from tests.unit.platform.ground import Ground
from tests.unit.platform.mails import queued_mail


@dataclass
class Relay:
    """Does what it is told, before or after the body."""

    failure: Exception | None = None
    after_body: bool = False
    bodies: list[bytes] = field(default_factory=list)
    seen: Callable[[], None] = lambda: None

    def deliver(self, *, mail_from: str, rcpt_to: str, raw: bytes, before_body: Callable[[], None]) -> Receipt:
        assert (mail_from, rcpt_to) == ("gouji@gouji.test", "a1@agency.test")
        if self.failure and not self.after_body:
            raise self.failure
        before_body()
        self.seen()
        self.bodies.append(raw)
        if self.failure:
            raise self.failure
        return Receipt(250, "2.0.0 queued as Q1", "Q1")


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Relay:
    made = Relay()
    monkeypatch.setattr(delivery, "make_relay", lambda _config: made)
    return made


def by_a_person(act: Callable[..., None], mail: int) -> None:
    with unit_of_work() as session:
        act(session, mail, actor="operator")


def test_an_accepted_mail_is_sent_and_keeps_the_receipt(ground: Ground, relay: Relay) -> None:
    mail = queued_mail(ground)
    run(Send(), mail)
    row = ground.row("mail", mail)
    assert (row.state, row.smtp_code, row.body_begun) == ("sent", 250, 1)
    assert row.sent_at is not None
    assert ground.audit("mail", mail)[-1][2] == "accepted"
    run(Send(), mail)
    assert len(relay.bodies) == 1


def test_that_the_body_begins_is_committed_before_its_first_byte(ground: Ground, relay: Relay) -> None:
    mail, seen = queued_mail(ground), []
    relay.seen = lambda: seen.append((ground.row("mail", mail).stage, ground.row("mail", mail).body_begun))
    run(Send(), mail)
    assert seen == [("body", 1)]


def test_whoever_lost_the_mail_sends_no_body(ground: Ground, relay: Relay) -> None:
    mail = queued_mail(ground)

    class Losing(Send):
        def perform(self, held: claims.Claim, seen: Any) -> Any:
            ground.end_lease("mail", mail)
            with unit_of_work() as session:
                claims.crash(session, held, claims.Limits(3, 3, 1, 1), code="worker_lost", detail="")
            return super().perform(held, seen)

    run(Losing(), mail)
    assert relay.bodies == []
    assert ground.state("mail", mail) == "retrying"


TRANSIENT = TransientFailure(Stage.RCPT, "greylisted", code=451, enhanced="4.7.1")
LATE_NO = TransientFailure(Stage.DOT, "try later", code=452)
PERMANENT = PermanentFailure(Stage.RCPT, "no such user", code=550, enhanced="5.1.1")
REFUSED = RelayRefused(Stage.LOGIN, "denied", code=535)
CUT = Unconfirmed(Stage.DOT, "connection lost")


@pytest.mark.parametrize(
    ("failure", "after_body", "state", "copies", "cause", "letters"),
    [
        (TRANSIENT, False, "retrying", 0, "retry", 0),
        (LATE_NO, True, "retrying", 0, "retry", 0),
        (PERMANENT, False, "failed", 0, "undeliverable", 1),
        (PermanentFailure(Stage.DOT, "too big", code=552), True, "failed", 0, "undeliverable", 1),
        (REFUSED, False, "failed", 0, "refused_by_relay", 1),
        (AddressError("not an address"), False, "failed", 0, "bad_address", 1),
        (CUT, True, "unconfirmed", 1, "unconfirmed", 0),
        (KeyError("defect"), False, "failed", 0, "internal_error", 1),
        (KeyError("defect"), True, "unconfirmed", 1, "internal_error", 1),
    ],
)
def test_each_failure_leads_to_its_state_and_counts_only_copies_that_may_exist(  # noqa: PLR0917 - a table's columns
    ground: Ground,
    relay: Relay,
    failure: Exception,
    after_body: bool,
    state: str,
    copies: int,
    cause: str,
    letters: int,
) -> None:
    relay.failure, relay.after_body = failure, after_body
    mail = queued_mail(ground)
    run(Send(), mail)
    row = ground.row("mail", mail)
    assert (row.state, row.body_begun) == (state, copies)
    assert ground.audit("mail", mail)[-1][2] == cause
    assert ground.count(DeadLetter) == letters


def test_what_is_put_off_waits_by_the_mail_schedule_longer_each_time(ground: Ground, relay: Relay) -> None:
    relay.failure = TRANSIENT
    mail, waits = queued_mail(ground), []
    for _ in range(3):
        run(Send(), mail)
        row = ground.row("mail", mail)
        waits.append(round((row.next_attempt_at - now()).total_seconds() / 60))
        assert (row.smtp_code, row.stage) == (451, None)
        ground.make_due("mail", mail)
    assert waits == [5, 10, 20]


def test_a_mail_that_nobody_takes_for_three_days_has_failed(ground: Ground, relay: Relay) -> None:
    relay.failure = TRANSIENT
    mail = queued_mail(ground, composed_at=now() - timedelta(hours=73))
    run(Send(), mail)
    assert ground.state("mail", mail) == "failed"
    assert ground.rows(DeadLetter)[0].code == "given_up"


def test_a_failed_mail_may_be_sent_anew_as_often_as_a_person_likes(ground: Ground, relay: Relay) -> None:
    mail = queued_mail(ground)
    for _ in range(3):
        relay.failure = REFUSED
        run(Send(), mail)
        by_a_person(resend, mail)
        row = ground.row("mail", mail)
        assert (row.state, row.setbacks, row.crashes, row.stage) == ("queued", 0, 0, None)
    relay.failure = None
    run(Send(), mail)
    assert ground.state("mail", mail) == "sent"


def test_an_unconfirmed_mail_has_one_identical_copy_and_no_more(ground: Ground, relay: Relay) -> None:
    mail = queued_mail(ground)
    relay.failure, relay.after_body = CUT, True
    run(Send(), mail)
    by_a_person(resend, mail)
    run(Send(), mail)
    assert (ground.state("mail", mail), ground.row("mail", mail).body_begun) == ("unconfirmed", 2)
    assert relay.bodies[0] == relay.bodies[1]
    with pytest.raises(NotResendableError, match="used up"):
        by_a_person(resend, mail)
    by_a_person(confirm, mail)
    assert ground.state("mail", mail) == "sent"


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "cancelled"])
def test_other_mails_can_neither_be_sent_anew_nor_confirmed(ground: Ground, relay: Relay, state: str) -> None:
    mail = queued_mail(ground)
    if state == "sending":
        ground.held(SEND, mail)
    elif state != "queued":
        ground.step(SEND, mail, MailState(state))
    for act in (resend, confirm):
        with pytest.raises(NotResendableError):
            by_a_person(act, mail)
    assert ground.state("mail", mail) == state


def report_of(submission_id: int, revision: int) -> int:
    with unit_of_work() as session:
        row = ReportRow(
            submission_id=submission_id, generation=revision, position=0, agency_code="a1", year=2024,
            revision=revision, status="ok", layout={}, uncertain=[], errors=1, warnings=0, infos=0,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def supersede(report: int, by: int) -> None:
    with unit_of_work() as session:
        session.get_one(ReportRow, report).superseded_by = by


@pytest.mark.parametrize("before", ["queued", "retrying"])
def test_a_mail_about_a_report_that_a_newer_one_replaced_is_cancelled_at_the_last_moment(
    ground: Ground, relay: Relay, before: str
) -> None:
    submission = ground.stored()
    old = report_of(submission, 1)
    mail = queued_mail(ground, submission, report_id=old)
    if before == "retrying":
        relay.failure = TRANSIENT
        run(Send(), mail)
        relay.failure = None
        ground.make_due("mail", mail)
    assert ground.state("mail", mail) == before
    supersede(old, by=report_of(submission, 2))
    assert run(Send(), mail)
    row = ground.row("mail", mail)
    assert (row.state, row.body_begun, row.sent_at) == ("cancelled", 0, None)
    assert relay.bodies == []
    assert ground.audit("mail", mail)[-1] == ("sending", "cancelled", "superseded")
    assert ground.count(DeadLetter) == 0
    assert row.dedupe_key == f"cancelled.{mail}", "a later revision may have to say the same after all"
    assert not run(Send(), mail), "and no message brings it back"


def test_a_mail_about_the_report_that_counts_is_sent(ground: Ground, relay: Relay) -> None:
    submission = ground.stored()
    old, new = report_of(submission, 1), report_of(submission, 2)
    supersede(old, by=new)
    mail = queued_mail(ground, submission, report_id=new)
    run(Send(), mail)
    assert (ground.state("mail", mail), len(relay.bodies)) == ("sent", 1)


def test_a_failed_mail_cannot_be_confirmed(ground: Ground, relay: Relay) -> None:
    relay.failure = PERMANENT
    mail = queued_mail(ground)
    run(Send(), mail)
    with pytest.raises(NotResendableError):
        by_a_person(confirm, mail)
