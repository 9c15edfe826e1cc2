"""Digits that could stand for one another in a report without any of its sums breaking. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Final

from services.core.form import form
from services.core.report import Report
from services.ingest.recognise.confidence import Identity, identities
from services.ingest.recognise.labels import printed_item_number

_NARROW: Final = "0123456789"
_WIDE: Final = "０１２３４５６７８９"
_ITEMS: Final = frozenset("12345678")
_TO_WIDE: Final = str.maketrans(_NARROW, _WIDE)


def untold_digits(
    report: Report, paths: AbstractSet[str] | None = None, *, but: AbstractSet[str] = frozenset()
) -> frozenset[str]:
    """The digits in figures other than 0 (those at `paths`) of which no sum tells that they are not another digit.

    Where a font's map exchanges two digits, sums with these digits break as a rule; a report of noughts, or with a
    figure a row, has none. Most of table 2 is always such. Sums count that stand at `paths` as a whole, and tell
    nothing where one of them is broken, which may be why. Full-width digits are characters of their own, and given as
    such. Digits in `but` are known to be right.
    """
    figures = {
        path: value
        for path, value in report.figures().items()
        if value is not None and (paths is None or path in paths)
    }
    used = {
        digit
        for path, value in figures.items()
        if value
        for digit in _as_printed(report, path, value)
        if digit.isdecimal() and digit not in but
    }
    if not used:
        return frozenset()
    printed = {path: _as_printed(report, path, value) for path, value in figures.items()}
    layout = report.layout.table3 or "2021"
    sums = [one for number in (3, 4) for one in identities(layout, number) if _is_whole(printed, one)]
    if not all(_holds(printed, one, {}) for one in sums):
        return frozenset(used)
    untold = frozenset(digit for digit in used if not _is_told(printed, sums, digit))
    # a font shows each digit with one glyph: with nine of them right, nothing is left that could read as the tenth
    return frozenset() if untold == {"9"} and but >= _ITEMS and _is_told(printed, sums, "0") else untold


def _is_told(printed: Mapping[str, str], sums: Sequence[Identity], digit: str) -> bool:
    """Whether every exchange of `digit` breaks a sum."""
    others = [other for other in (_NARROW if digit in _NARROW else _WIDE) if other != digit]
    for one in sums:
        if _prints(printed, one, digit):
            others = [other for other in others if _holds(printed, one, _exchange(digit, other))]
            if not others:
                return True
    # sums without the digit may have the other one
    return not any(
        all(_holds(printed, one, _exchange(digit, other)) for one in sums if _prints(printed, one, other))
        for other in others
    )


def _as_printed(report: Report, path: str, value: int | Decimal) -> str:
    cell = report.cells.get(path)
    wide = cell is not None and not cell.text.isascii() and any(char in _WIDE for char in cell.text)
    return str(value).translate(_TO_WIDE) if wide else str(value)


def vouched_by_items(report: Report) -> frozenset[str]:
    """The digits that an item number in front of a label of table 3 prints rightly.

    The label's words say which number stands there, so that a map which exchanged the digit would show another one.
    """
    labels = report.reading.labels if report.reading else {}
    numbers = (
        (printed_item_number(labels.get(row.key, "")), printed_item_number(row.mark))
        for row in form(report.layout.table3 or "2021").table3_rows
    )
    return frozenset(str(printed) for printed, own in numbers if printed is not None and printed == own)


def _exchange(a: str, b: str) -> dict[int, str]:
    return {ord(a): b, ord(b): a}


def _prints(printed: Mapping[str, str], identity: Identity, digit: str) -> bool:
    return any(digit in printed[path] for side in identity for path in side)


def _is_whole(printed: Mapping[str, str], identity: Identity) -> bool:
    return all(printed.get(path, "").isdecimal() for side in identity for path in side)


def _holds(printed: Mapping[str, str], identity: Identity, exchange: dict[int, str]) -> bool:
    """Whether both sides add up to the same with some digits exchanged."""
    left, right = ([printed[path] for path in side] for side in identity)
    if exchange:
        left, right = ([text.translate(exchange) for text in side] for side in (left, right))
    return sum(map(int, left)) == sum(map(int, right))
