"""The line that is kept for the next mail: used while it is good, given up without harm when it is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from services.notify.line import KEPT, MAILS_A_LINE, Keeper
from services.notify.outcomes import PermanentFailure, RelayRefused, TransientFailure, Unconfirmed
from services.notify.relay import Relay
from tests.unit.notify.scripted_smtp import DROP, ScriptedServer, scripted

RAW = b"Subject: figures\r\n\r\nline\r\n"
ENVELOPE = ["MAIL FROM:<a@b.cn>", "RCPT TO:<c@d.cn>", "DATA"]


@pytest.fixture(autouse=True)
def hung_up() -> Iterator[None]:
    yield
    KEPT.hang_up()


def send(server: ScriptedServer, *, keep_seconds: float = 30.0, **settings: Any) -> None:
    relay = Relay("127.0.0.1", server.port, timeout=5, keep_seconds=keep_seconds, **settings)
    relay.deliver(mail_from="a@b.cn", rcpt_to="c@d.cn", raw=RAW, before_body=lambda: None)


def hellos(server: ScriptedServer) -> int:
    return sum(command.startswith("ehlo") for command in server.commands)


def test_the_next_mail_goes_over_the_same_line() -> None:
    with scripted() as server:
        for _ in range(3):
            send(server)
        assert server.commands == ["ehlo localhost", *ENVELOPE * 3]
        assert len(server.messages) == 3
        KEPT.hang_up()
        assert server.finished.wait(5)
    assert server.commands[-1] == "quit"


def test_a_line_that_nobody_needs_is_hung_up_by_itself() -> None:
    with scripted() as server:
        send(server, keep_seconds=0.05)
        assert server.finished.wait(5)
    assert server.commands[-1] == "quit"


def test_a_line_that_the_relay_closed_meanwhile_is_replaced() -> None:
    with scripted() as server:
        send(server)
        server.hang_up()
        send(server)
        assert (hellos(server), len(server.messages)) == (2, 2)


@pytest.mark.parametrize("verb", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("end", [DROP, b"421 4.4.2 closing"], ids=["dropped", "421"])
def test_a_line_that_breaks_before_the_body_is_replaced_and_the_mail_is_sent_once(verb: str, end: bytes) -> None:
    with scripted() as server:
        send(server)
        server.script.once[verb] = end
        send(server)
        assert (hellos(server), len(server.messages)) == (2, 2)


def test_a_relay_that_takes_no_more_mails_on_a_line_gets_a_new_one() -> None:
    with scripted() as server:
        send(server)
        server.script.once["mail"] = b"452 4.5.3 too many messages"
        send(server)
        assert (hellos(server), len(server.messages)) == (2, 2)


@pytest.mark.parametrize(
    ("verb", "answer", "outcome"),
    [
        ("rcpt", b"451 4.7.1 greylisted", TransientFailure),
        ("rcpt", b"550 5.1.1 unknown", PermanentFailure),
        ("data", b"554 5.7.1 policy", RelayRefused),
    ],
)
def test_a_verdict_about_the_mail_is_heard_once_and_the_line_given_up(
    verb: str, answer: bytes, outcome: type[Exception]
) -> None:
    with scripted() as server:
        send(server)
        server.script.once[verb] = answer
        with pytest.raises(outcome):
            send(server)
        assert sum(command.startswith("MAIL") for command in server.commands) == 2
        send(server)
        assert hellos(server) == 2


@pytest.mark.parametrize("where", ["body", "dot"])
def test_a_kept_line_that_breaks_after_the_body_began_leaves_the_mail_unconfirmed(where: str) -> None:
    with scripted() as server:
        send(server)
        server.script.once[where] = DROP
        with pytest.raises(Unconfirmed):
            send(server)
        assert hellos(server) == 1, "never sent again blindly"


def test_a_caller_who_cannot_commit_leaves_no_line_behind_on_which_a_body_is_awaited() -> None:
    def refuse() -> None:
        raise KeyError

    with scripted() as server:
        relay = Relay("127.0.0.1", server.port, timeout=5, keep_seconds=30)
        with pytest.raises(KeyError):
            relay.deliver(mail_from="a@b.cn", rcpt_to="c@d.cn", raw=RAW, before_body=refuse)
        send(server)
        assert (hellos(server), len(server.messages)) == (2, 1)


def test_another_relay_or_another_login_is_another_line() -> None:
    with scripted() as first, scripted() as second:
        send(first)
        send(second)
        send(second, helo="other.test")
        assert (hellos(first), hellos(second)) == (1, 2)
        assert first.finished.wait(5)
    assert first.commands[-1] == "quit"


def test_a_forked_process_leaves_its_parents_line_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted() as server:
        send(server)
        pid = os.getpid()
        monkeypatch.setattr("services.notify.line.os.getpid", lambda: pid + 1)
        send(server)
        assert hellos(server) == 2
        assert "quit" not in server.commands


def test_a_line_is_hung_up_after_many_mails() -> None:
    with scripted() as server:
        for _ in range(MAILS_A_LINE + 1):
            send(server)
        assert hellos(server) == 2


def test_a_keeper_without_a_line_has_none_to_give() -> None:
    keeper = Keeper()
    assert keeper.take("relay") is None
    keeper.hang_up()
