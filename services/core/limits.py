"""Deadlines and limits that regions may set tighter than the law, the law's own by default."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """In force for one body and reported year. Month and day lie in the year after the reported one.

    ``deadline`` is for departments, townships and institutions, ``area_deadline`` for governments from county up (条例
    Art. 49); ``grace_days`` is how long after it lateness is a warning before it is an error; ``most_overview``
    the most characters of section 1, None where no notice sets one.
    """

    deadline: tuple[int, int] = (1, 31)
    area_deadline: tuple[int, int] = (3, 31)
    grace_days: int = 10
    most_overview: int | None = None

    def last_day(self, year: int, *, area: bool) -> date:
        """The last day on which the report on `year` is in time."""
        month, day = self.area_deadline if area else self.deadline
        return date(year + 1, month, day)


LAW: Final = Limits()
"""What the law says where no region says otherwise."""
