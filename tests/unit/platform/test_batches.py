"""Stages that take many rows at once: each row keeps its own claim, its own end and its own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy.orm import Session

from services.core.contracts import CONVERT, EXTRACT, JUDGE, RECEIVE, Stage
from services.core.errors import CrashedError, RejectedError, RetryableError
from services.core.lifecycle import SubmissionState
from services.platform.db import claims
from services.platform.stage_task import Outcome, run_batch
from tests.unit.platform.ground import Ground


@dataclass
class Batch:
    """Answers row ids with what it was told to, and remembers what it was asked for."""

    ends: dict[int, Exception] = field(default_factory=dict)
    breaks: Exception | None = None
    most: int = 3
    asked: list[list[int]] = field(default_factory=list)
    unseen: frozenset[int] = frozenset()
    stage: Stage = CONVERT

    def look(self, _session: Session, held: claims.Claim) -> str:
        if held.id in self.unseen:
            raise KeyError(held.id)
        return f"row {held.id}"

    def perform(self, held: claims.Claim, seen: str) -> str:
        raise AssertionError(f"{seen} was asked for alone, as {held.id}")

    def perform_all(self, batch: Sequence[tuple[claims.Claim, str]]) -> Sequence[str | Exception]:
        self.asked.append([held.id for held, _ in batch])
        assert [seen for _, seen in batch] == [f"row {held.id}" for held, _ in batch]
        if self.breaks:
            raise self.breaks
        return [self.ends.get(held.id, "converted") for held, _ in batch]

    def record(self, _session: Session, held: claims.Claim, result: Any) -> Outcome:
        assert result == "converted"
        return Outcome(SubmissionState.EXTRACTED, follow=((JUDGE, held.id),))


def set_aside(ground: Ground, number: int) -> list[int]:
    """Submissions that wait to be converted."""
    rows = [ground.announce() for _ in range(number)]
    for row_id in rows:
        ground.step(RECEIVE, row_id, SubmissionState.RECEIVED)
        ground.step(EXTRACT, row_id, SubmissionState.FOR_OFFICE)
    return rows


def test_one_message_takes_its_row_and_the_oldest_others_up_to_the_most(ground: Ground) -> None:
    first, second, third, told = set_aside(ground, 4)
    work = Batch()
    assert run_batch(work, told) == 3
    assert work.asked == [[told, first, second]]
    states = [ground.state("submission", row) for row in (first, second, third, told)]
    assert states == ["extracted", "extracted", "for_office", "extracted"]
    assert sorted(ground.nudged) == sorted(("validate.judge", row) for row in (told, first, second))


def test_a_message_for_a_row_that_is_done_takes_what_waits_and_then_nothing(ground: Ground) -> None:
    first, second = set_aside(ground, 2)
    work = Batch()
    assert run_batch(work, first) == 2
    assert run_batch(work, second) == 0
    assert work.asked == [[first, second]]


def test_a_row_that_fails_does_not_hold_up_its_neighbours(ground: Ground) -> None:
    refused, waits, broken, good = set_aside(ground, 4)
    ends = {refused: RejectedError("damaged", "x"), waits: RetryableError("no disk"), broken: KeyError("x")}
    assert run_batch(Batch(ends, most=9), good) == 4
    states = {row: ground.state("submission", row) for row in (refused, waits, broken, good)}
    assert states == {refused: "rejected", waits: "for_office", broken: "quarantined", good: "extracted"}
    assert ground.row("submission", waits).setbacks == 1


@pytest.mark.parametrize(
    ("error", "state"),
    [(RetryableError("away"), "for_office"), (MemoryError(), "for_office"), (KeyError("x"), "quarantined")],
)
def test_a_batch_that_breaks_as_a_whole_is_mapped_for_each_row(ground: Ground, error: Exception, state: str) -> None:
    rows = set_aside(ground, 2)
    run_batch(Batch(breaks=error), rows[0])
    assert [ground.state("submission", row) for row in rows] == [state, state]


def test_a_row_whose_look_fails_ends_by_itself_and_is_not_worked_on(ground: Ground) -> None:
    unseen, good = set_aside(ground, 2)
    work = Batch(unseen=frozenset({unseen}))
    assert run_batch(work, unseen) == 2
    assert work.asked == [[good]]
    assert [ground.state("submission", row) for row in (unseen, good)] == ["quarantined", "extracted"]


def test_a_row_that_crashed_before_is_worked_on_alone(ground: Ground) -> None:
    crashed, good = set_aside(ground, 2)
    run_batch(Batch(ends={crashed: CrashedError("reader_crashed", "x")}, most=1), crashed)
    work = Batch()
    assert run_batch(work, good) == 1
    assert run_batch(work, crashed) == 1
    assert work.asked == [[good], [crashed]]


def test_a_row_whose_wait_is_not_over_is_left_alone(ground: Ground) -> None:
    early, now = set_aside(ground, 2)
    run_batch(Batch(ends={early: RetryableError("away")}, most=1), early)
    work = Batch()
    assert run_batch(work, now) == 1
    assert work.asked == [[now]]
