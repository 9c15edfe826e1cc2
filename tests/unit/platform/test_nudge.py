"""Handing row ids to the broker: a few rings for each queue, and no harm when nobody answers."""

from __future__ import annotations

import pytest

from services.core.contracts import EXTRACT, JUDGE, Queue
from services.platform import nudge as module
from services.platform.nudge import nudge
from tests.unit.platform.ground import Ground


def waiting(monkeypatch: pytest.MonkeyPatch, **lengths: int | None) -> None:
    monkeypatch.setattr(module, "queue_length", lambda queue: lengths.get(str(queue), 0))


def test_a_queue_gets_as_many_messages_as_it_has_room_for(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting(monkeypatch, extract=ground.config.queue_buffer - 2)
    assert nudge([(EXTRACT, row_id) for row_id in range(1, 9)]) == 2
    assert ground.nudged == [("ingest.extract", 1), ("ingest.extract", 2)]


def test_a_full_queue_gets_none_and_the_others_are_rung_all_the_same(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(monkeypatch, extract=ground.config.queue_buffer)
    assert nudge([(EXTRACT, 1), (JUDGE, 1), (EXTRACT, 2)]) == 1
    assert ground.nudged == [("validate.judge", 1)]


def test_a_broker_that_does_not_answer_is_left_alone_for_a_while(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Queue] = []
    monkeypatch.setattr(module, "queue_length", asked.append)
    assert nudge([(EXTRACT, 1), (JUDGE, 1)]) == 0
    assert nudge([(JUDGE, 2)]) == 0
    assert asked == [Queue.EXTRACT]
    assert ground.nudged == []
