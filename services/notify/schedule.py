"""When a mail that the relay put off is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waits that double from `first` to `last`, and the age at which a mail is given up. Raises ValueError if absurd."""

    first: timedelta
    last: timedelta
    give_up: timedelta

    def __post_init__(self) -> None:
        if not timedelta(0) < self.first <= self.last <= self.give_up:
            raise ValueError("need 0 < first <= last <= give_up")

    def next_wait(self, attempt: int, age: timedelta) -> timedelta | None:
        """The wait after the `attempt`-th failure (from 1) of a mail of this age; None when it has to be given up.

        The last attempt falls on the give-up time itself, so that no mail is given up early.
        """
        if attempt < 1:
            raise ValueError("attempt counts from 1")
        left = self.give_up - age
        if left <= timedelta(0):
            return None
        wait = self.first
        for _ in range(attempt - 1):
            if wait >= self.last:
                break
            wait *= 2
        return min(wait, self.last, left)
