"""Limits that regions set, from a TOML file: who set which for which reported years.

```toml
[[limits]]
region = "431200"       # a body of the tree: holds for it and for everything below
years = [2024, 2025]    # reported years
deadline = "01-26"      # departments, townships, institutions; month and day in the year after
area_deadline = "02-20" # governments from county up
grace_days = 10
most_overview = 1000    # characters of section 1
```

What an entry leaves out is taken from the next region above, and in the end from the law.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from services.core.limits import LAW, Limits

_FIRST_YEAR, _LAST_YEAR = 2008, 2100
_DAY = re.compile(r"(\d\d)-(\d\d)")


class LimitsError(ValueError):
    """The file cannot be used. The message lists everything that is wrong with it, a line each."""


@dataclass(frozen=True)
class RegionalLimits:
    """What each region has set for each reported year: only the limits it names."""

    entries: Mapping[tuple[str, int], Mapping[str, Any]] = field(default_factory=dict)

    def for_body(self, regions: Iterable[str], year: int) -> Limits:
        """The limits for a body, given its own code and those of all bodies above it, nearest first."""
        set_by: dict[str, Any] = {}
        for region in regions:
            set_by = {**self.entries.get((region, year), {}), **set_by}
        return replace(LAW, **set_by) if set_by else LAW


NO_REGIONS: Final = RegionalLimits()


def parse_limits(text: str) -> RegionalLimits:
    """The limits in a TOML file. Raises LimitsError for one that cannot be used or contradicts itself."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LimitsError(f"not valid TOML: {error}") from error
    faults = [f"unknown key {key!r}; entries are [[limits]]" for key in told if key != "limits"]
    listed = told.get("limits", [])
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise LimitsError("\n".join([*faults, "limits has to be a list of tables: [[limits]]"]))
    entries: dict[tuple[str, int], dict[str, Any]] = {}
    for number, entry in enumerate(listed, 1):
        read = _Entry(number, entry)
        faults += read.faults
        for year in read.years if not read.faults else ():
            known = entries.setdefault((read.region, year), {})
            faults += [
                f"{read.name}: {key} of region {read.region!r} is set twice for {year}"
                for key in read.limits
                if key in known
            ]
            known |= read.limits
    if not faults:
        faults += _contradictions(entries)
    if faults:
        raise LimitsError("\n".join(faults))
    return RegionalLimits(MappingProxyType(entries))


class _Entry:
    """One [[limits]] table, with whatever is wrong with it."""

    def __init__(self, number: int, entry: Mapping[str, Any]) -> None:
        self.region = entry.get("region", "")
        self.name = f"limits entry {number}"
        self.faults: list[str] = []
        self.limits: dict[str, Any] = {}
        self.years: list[int] = []
        if not (isinstance(self.region, str) and self.region):
            self._fault("region has to be the code of a body")
        self._read_years(entry.get("years"))
        for key, value in entry.items():
            if key in _READERS:
                self._read(key, value)
            elif key not in {"region", "years"}:
                self._fault(f"unknown key {key!r}; known: region, years, {', '.join(_READERS)}")
        if not set(entry) & set(_READERS):
            self._fault(f"sets nothing; it may set {', '.join(_READERS)}")

    def _read_years(self, years: Any) -> None:
        fits = isinstance(years, list) and years and all(_is_count(y, _FIRST_YEAR, _LAST_YEAR) for y in years)
        if not fits or len(set(years)) < len(years):
            self._fault(f"years has to be a list of different reported years from {_FIRST_YEAR} on, as in [2024, 2025]")
        else:
            self.years = years

    def _read(self, key: str, value: Any) -> None:
        try:
            self.limits[key] = _READERS[key](value)
        except ValueError as error:
            self._fault(f"{key} {error}")

    def _fault(self, words: str) -> None:
        self.faults.append(f"{self.name}: {words}")


def _is_count(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _day(latest: tuple[int, int]) -> Callable[[Any], tuple[int, int]]:
    """Month and day as in "01-26", in no year later than the law's."""

    def read(value: Any) -> tuple[int, int]:
        parts = _DAY.fullmatch(value) if isinstance(value, str) else None
        if parts is None:
            raise ValueError('has to be month and day, as in "01-26"')
        month, day = int(parts[1]), int(parts[2])
        try:
            date(2025, month, day)
        except ValueError as error:
            raise ValueError(f"{value} is no day of every year") from error
        if (month, day) > latest:
            raise ValueError(f"{value} is later than the law allows ({latest[0]:02}-{latest[1]:02})")
        return month, day

    return read


def _count(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not _is_count(value, least, most):
            raise ValueError(f"has to be a whole number from {least} to {most}")
        return int(value)

    return read


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "deadline": _day(LAW.deadline),
        "area_deadline": _day(LAW.area_deadline),
        "grace_days": _count(0, 366),
        "most_overview": _count(1, 1_000_000),
    }
)


def _contradictions(entries: Mapping[tuple[str, int], Mapping[str, Any]]) -> Iterable[str]:
    """A government adds up what its bodies reported, so they cannot be due after it."""
    for (region, year), limits in entries.items():
        whole = replace(LAW, **limits)
        if "area_deadline" in limits and "deadline" in limits and whole.deadline > whole.area_deadline:
            yield f"region {region!r}, {year}: deadline is later than area_deadline, but governments add up the others"
