"""When a file is complete. Time is fed in, so nothing sleeps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.completeness import CompletenessTracker, Seen

FILE = Seen("a1/x.pdf", 100, 1, 7, 1)
EMPTY = Seen("a1/empty.pdf", 0, 1, 8, 1)


@pytest.fixture
def tracker() -> CompletenessTracker:
    return CompletenessTracker(quiet=5, empty_quiet=60)


def test_a_file_that_stands_still_for_the_quiet_time_is_complete(tracker: CompletenessTracker) -> None:
    assert tracker.observe([FILE], 100) == []
    assert tracker.observe([FILE], 104.9) == []
    assert tracker.observe([FILE], 105) == [FILE]


def test_files_that_were_there_before_the_start_wait_as_long_as_others(tracker: CompletenessTracker) -> None:
    assert tracker.observe([replace(FILE, mtime_ns=0)], 10**9) == []


@pytest.mark.parametrize(
    "change", [{"size": 101}, {"mtime_ns": 2}, {"inode": 9}, {"changed_ns": 2}], ids=lambda c: next(iter(c))
)
def test_any_change_starts_the_wait_anew(tracker: CompletenessTracker, change: dict[str, Any]) -> None:
    tracker.observe([FILE], 0)
    changed = replace(FILE, **change)
    assert tracker.observe([changed], 5) == []
    assert tracker.observe([changed], 9.9) == []
    assert tracker.observe([changed], 10) == [changed]


def test_a_file_that_grows_and_shrinks_back_counts_from_the_last_change(tracker: CompletenessTracker) -> None:
    tracker.observe([FILE], 0)
    tracker.observe([replace(FILE, size=200)], 4)
    tracker.observe([FILE], 8)
    assert tracker.observe([FILE], 12) == []
    assert tracker.observe([FILE], 13) == [FILE]


def test_an_empty_file_waits_longer(tracker: CompletenessTracker) -> None:
    tracker.observe([EMPTY], 0)
    assert tracker.observe([EMPTY], 59) == []
    assert tracker.observe([EMPTY], 60) == [EMPTY]


def test_a_file_that_was_away_for_one_look_begins_anew(tracker: CompletenessTracker) -> None:
    tracker.observe([FILE], 0)
    tracker.observe([], 4)
    assert tracker.observe([FILE], 6) == []
    assert tracker.observe([FILE], 11) == [FILE]


def test_a_file_that_could_not_be_taken_in_stays_complete_until_it_is_forgotten(tracker: CompletenessTracker) -> None:
    tracker.observe([FILE], 0)
    assert tracker.observe([FILE], 5) == tracker.observe([FILE], 6) == [FILE]
    tracker.forget(FILE.path)
    tracker.forget("never/seen")
    assert tracker.observe([FILE], 7) == []


def test_it_says_when_the_next_look_is_worth_while(tracker: CompletenessTracker) -> None:
    assert tracker.next_due(0) is None
    tracker.observe([FILE, EMPTY], 0)
    assert tracker.next_due(2) == 3
    assert tracker.next_due(9) == 0


SHAPES = st.builds(
    Seen,
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 2),
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(0, 1),
)
LOOKS = st.lists(
    st.tuples(st.floats(0, 4), st.lists(SHAPES, max_size=3, unique_by=lambda look: look.path)), max_size=25
)


@given(LOOKS)
def test_complete_means_seen_unchanged_at_every_look_for_the_whole_quiet_time(
    looks: list[tuple[float, list[Seen]]],
) -> None:
    tracker = CompletenessTracker(quiet=5, empty_quiet=9)
    clock, history = 0.0, []
    for passed, present in looks:
        clock += passed
        history.append((clock, {look.path: look for look in present}))
        for found in tracker.observe(present, clock):
            quiet = 5 if found.size else 9
            first = clock
            for moment, seen in reversed(history):
                if seen.get(found.path) != found:
                    break
                first = moment
            assert clock - first >= quiet
        due = tracker.next_due(clock)
        assert (due is None) == (not present)
        assert due is None or due >= 0
