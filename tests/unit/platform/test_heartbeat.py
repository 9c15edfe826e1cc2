"""A worker that lives but no longer hears its queues ends itself; one that is merely busy or idle does not."""

from __future__ import annotations

import threading

import pytest

from services.core.contracts import Queue
from services.platform import heartbeat
from services.platform.heartbeat import Hearing


def hearing() -> Hearing:
    return Hearing(idle_seconds=20, busy_seconds=150)


def test_an_idle_worker_with_empty_queues_is_well_for_ever() -> None:
    judge = hearing()
    assert not any(judge.is_deaf(waiting=0, in_hand=0, last_taken=0, now=now) for now in range(0, 10_000, 5))


def test_messages_that_wait_while_its_hands_are_free_show_that_it_is_deaf() -> None:
    judge = hearing()
    assert not judge.is_deaf(waiting=3, in_hand=0, last_taken=0, now=100)
    assert not judge.is_deaf(waiting=3, in_hand=0, last_taken=0, now=120)
    assert judge.is_deaf(waiting=3, in_hand=0, last_taken=0, now=121)


def test_a_worker_that_takes_messages_hears_however_long_the_queue_is() -> None:
    judge = hearing()
    assert not any(judge.is_deaf(waiting=900, in_hand=0, last_taken=now - 4, now=now) for now in range(0, 3600, 5))


def test_a_busy_worker_may_take_as_long_as_its_longest_task() -> None:
    judge = hearing()
    assert not judge.is_deaf(waiting=1, in_hand=2, last_taken=0, now=0)
    assert not judge.is_deaf(waiting=1, in_hand=2, last_taken=0, now=150)
    assert judge.is_deaf(waiting=1, in_hand=2, last_taken=0, now=151)


def test_while_the_broker_is_away_nobody_is_deaf_and_afterwards_the_clock_starts_anew() -> None:
    judge = hearing()
    assert not judge.is_deaf(waiting=5, in_hand=0, last_taken=0, now=0)
    assert not judge.is_deaf(waiting=None, in_hand=0, last_taken=0, now=1000)
    assert not judge.is_deaf(waiting=5, in_hand=0, last_taken=0, now=1010)
    assert judge.is_deaf(waiting=5, in_hand=0, last_taken=0, now=1031)


def test_a_deaf_worker_ends_with_a_status_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    stop = threading.Event()
    monkeypatch.setattr(heartbeat, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(heartbeat, "_IDLE_SECONDS", -1.0)
    monkeypatch.setattr("services.platform.heartbeat.queue_length", lambda _queue: 1)

    def end(status: int) -> None:
        ended.append(status)
        stop.set()

    monkeypatch.setattr("services.platform.heartbeat.os._exit", end)
    heartbeat._listen((Queue.EXTRACT,), lambda: 0.0, stop)
    assert ended == [heartbeat.EXIT_DEAF]
