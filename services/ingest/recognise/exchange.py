"""Digits that could stand for one another in a report without any of its sums breaking. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from services.core.form import form
from services.core.report import Report
from services.ingest.recognise.confidence import Identity, identities
from services.ingest.recognise.labels import printed_item_number

_NARROW: Final = "0123456789"
_WIDE: Final = "０１２３４５６７８９"
_TO_WIDE: Final = str.maketrans(_NARROW, _WIDE)


def untold_digits(report: Report, paths: AbstractSet[str] | None = None) -> frozenset[str]:
    """The digits in figures other than 0 (those at `paths`) of which no sum tells that they are not another digit.

    Where a font's map exchanges two digits, sums with these digits break as a rule; a report of noughts, or with a
    figure a row, has none. Most of table 2 is always such. Sums count that stand at `paths` as a whole. Full-width
    digits are characters of their own, and given as such.
    """
    printed = {
        path: _as_printed(report, path, str(value))
        for path, value in report.figures().items()
        if value is not None and (paths is None or path in paths)
    }
    used = {digit for text in printed.values() if text.strip("0０") for digit in text if digit.isdecimal()}
    layout = report.layout.table3 or "2021"
    sums = [one for number in (3, 4) for one in identities(layout, number) if _holds(printed, one, {})]
    with_digit = {digit: [one for one in sums if _prints(printed, one, digit)] for digit in _NARROW + _WIDE}
    return frozenset(
        a
        for a in used
        for b in (_NARROW if a in _NARROW else _WIDE)
        if a != b and all(_holds(printed, one, _exchange(a, b)) for one in (*with_digit[a], *with_digit[b]))
    )


def _as_printed(report: Report, path: str, value: str) -> str:
    cell = report.cells.get(path)
    return value.translate(_TO_WIDE) if cell and any(char in _WIDE for char in cell.text) else value


def vouched_by_items(report: Report) -> frozenset[str]:
    """The digits that the item numbers in front of table 3's labels print rightly in several rows.

    6 to 8 number one row each: a 9 in the place of one of them is a single slip, which may be the agency's.
    """
    labels = report.reading.labels if report.reading else {}
    right = Counter(
        str(number)
        for row in form(report.layout.table3 or "2021").table3_rows
        if (number := printed_item_number(labels.get(row.key, ""))) is not None
        if number == printed_item_number(row.mark)
    )
    return frozenset(digit for digit, rows in right.items() if rows > 1)


def _exchange(a: str, b: str) -> dict[int, str]:
    return {ord(a): b, ord(b): a}


def _prints(printed: Mapping[str, str], identity: Identity, digit: str) -> bool:
    return any(digit in printed[path] for side in identity for path in side)


def _holds(printed: Mapping[str, str], identity: Identity, exchange: dict[int, str]) -> bool:
    """Whether both sides are whole numbers that add up to the same with some digits exchanged."""
    left, right = ([printed.get(path, "") for path in side] for side in identity)
    if not all(text.isdecimal() for text in (*left, *right)):
        return False
    if exchange:
        left, right = ([text.translate(exchange) for text in side] for side in (left, right))
    return sum(map(int, left)) == sum(map(int, right))
