"""The relay misbehaves: exactly one mail, or an honest "unconfirmed"; never a second one blindly."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from infra.embedded.mailcatcher import Fate
from services.platform.db.models import Mail, Transition
from tests.faults.house import House, say

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


def only_for(person: str, *fates: Fate) -> Callable[[str, int], Fate]:
    """The n-th attempt to this person meets the n-th fate, the last one from then on; everybody else is accepted."""

    def decide(recipient: str, attempt: int) -> Fate:
        return fates[min(attempt, len(fates)) - 1] if recipient.startswith(person) else Fate.ACCEPT

    return decide


def _mail(house: House, person: str) -> Mail:
    with house.session() as session:
        return session.scalars(select(Mail).where(Mail.recipient_email.startswith(person))).one()


def _arrived(house: House, person: str) -> int:
    return sum(mail.recipients[0].startswith(person) for mail in house.catcher.mails())


def _run(house: House) -> None:
    house.register(["body1"])
    house.start("watch", "worker", "extract", "sweep")
    house.drop("body1", house.make(1, erroneous=True), erroneous=True)
    house.wait(house.settled, 90, "mails have come to their ends")


def test_451_then_250_gives_one_mail(build: Callable[..., House]) -> None:
    house = build(decide=only_for("body1@", Fate.TEMPORARY, Fate.FREQUENCY, Fate.ACCEPT))
    _run(house)
    assert _mail(house, "body1@").state == "sent"
    assert _arrived(house, "body1@") == 1
    with house.session() as session:
        tries = session.scalar(select(func.count()).where(Transition.subject == "mail", Transition.after == "retrying"))
    assert tries == 2
    house.verdict()
    house.ledger()


def test_cut_before_the_dot_is_tried_again_only_as_unconfirmed(build: Callable[..., House]) -> None:
    """Cut before the body: safe to try again. Cut within it: nobody can tell, so nobody tries blindly."""
    house = build(decide=only_for("body1@", Fate.DROP_BEFORE_BODY, Fate.ACCEPT))
    _run(house)
    assert _mail(house, "body1@").state == "sent"
    assert _arrived(house, "body1@") == 1
    house.verdict()


def test_cut_after_the_dot_is_unconfirmed_and_never_sent_again_blindly(build: Callable[..., House]) -> None:
    house = build(decide=only_for("body1@", Fate.DROP_AFTER_DOT, Fate.ACCEPT))
    _run(house)
    mail = _mail(house, "body1@")
    assert (mail.state, mail.body_begun, _arrived(house, "body1@")) == ("unconfirmed", 1, 1)
    # a person may ask for one identical copy, and for no more than that
    assert house.run("mails", "resend", str(mail.id)).returncode == 0
    house.wait(lambda: _mail(house, "body1@").state == "sent", 60, "the copy is sent")
    copies = [
        house.catcher.raw(caught) for caught in house.catcher.mails() if caught.recipients[0].startswith("body1@")
    ]
    assert len(copies) == 2
    assert copies[0] == copies[1], "byte for byte the same, so that the recipient's server can drop it"
    assert house.run("mails", "resend", str(mail.id), check=False).returncode == 1
    say("cut after the dot", {"state before": "unconfirmed", "copies": 2, "identical": copies[0] == copies[1]})
    house.ledger()


def test_a_silent_relay_after_the_dot_is_unconfirmed_too(build: Callable[..., House]) -> None:
    house = build(decide=only_for("body1@", Fate.STALL_AFTER_DOT, Fate.ACCEPT))
    _run(house)
    assert _mail(house, "body1@").state == "unconfirmed"
    assert _arrived(house, "body1@") == 1
    house.verdict()


def test_a_bad_address_fails_and_the_reviewer_is_still_told(build: Callable[..., House]) -> None:
    house = build(decide=only_for("body1@", Fate.PERMANENT))
    _run(house)
    assert _mail(house, "body1@").state == "failed"
    assert _mail(house, "reviewer@").state == "sent"
    house.ledger()
