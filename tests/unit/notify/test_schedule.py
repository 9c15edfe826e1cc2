from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.schedule import Schedule

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
USUAL = Schedule(first=5 * MINUTE, last=4 * HOUR, give_up=72 * HOUR)


def test_waits_double_from_the_first_to_the_last():
    waits = [USUAL.next_wait(attempt, timedelta(0)) for attempt in range(1, 9)]
    assert waits == [5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 40 * MINUTE, 80 * MINUTE, 160 * MINUTE, 4 * HOUR, 4 * HOUR]


def test_the_last_attempt_falls_on_the_give_up_time_and_none_after_it():
    assert USUAL.next_wait(20, 70 * HOUR) == 2 * HOUR
    assert USUAL.next_wait(21, 72 * HOUR) is None


@given(st.integers(1, 10**9), st.timedeltas(timedelta(0), timedelta(days=30)))
def test_no_wait_is_ever_longer_than_the_last_or_beyond_the_end(attempt, age):
    wait = USUAL.next_wait(attempt, age)
    if wait is None:
        assert age >= USUAL.give_up
    else:
        assert timedelta(0) < wait <= USUAL.last
        assert age + wait <= USUAL.give_up


def test_attempts_count_from_one():
    with pytest.raises(ValueError, match="counts from 1"):
        USUAL.next_wait(0, timedelta(0))


@pytest.mark.parametrize("hours", [(0, 1, 2), (2, 1, 3), (1, 3, 2)])
def test_absurd_schedules_are_refused(hours):
    with pytest.raises(ValueError, match="first"):
        Schedule(*(hour * HOUR for hour in hours))
