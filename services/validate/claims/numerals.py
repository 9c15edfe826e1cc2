"""Numbers in prose: Arabic and full-width digits with separators and blanks, and Chinese numerals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_POWERS = {"十": 10, "百": 100, "千": 1000}
_LONGEST = 12
"""Digits beyond which nothing in a report is a count."""

_NUMBER = re.compile(
    r"(?<![\dA-Za-z第〔\[./-])"
    r"(?:(?P<digits>\d(?:[\d ]*\d)?(?:,\d{3}(?!\d))*(?:\.\d+)?)|(?P<words>[零〇一二两三四五六七八九十百千万]+))"
    r"(?P<scale>[余多来]?[万亿千百]?[余多]?)"
    r"(?P<unit>件次|件|条|份|宗|起|例|次|项|个|部|元|%)?"
)
_ORDINAL = re.compile(r"[每某任同另单唯这那哪首]$")


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text, with the places of its first character and of its unit's end.

    `scale`: 万, 余 and the like between number and unit, which make it a rough one. `blanks`: blanks stand between its
    digits. `words`: it is written in Chinese numerals.
    """

    value: Decimal
    unit: str
    start: int
    end: int
    scale: str
    blanks: bool
    words: bool


def numbers(text: str) -> Iterator[Number]:
    """The numbers of `text` (half-width digits and signs) in order; Chinese numerals only with a unit."""
    for found in _NUMBER.finditer(text):
        unit = found["unit"] or ""
        words, digits = found["words"], found["digits"] or ""
        value: int | Decimal | None = None
        if not words:
            plain = digits.replace(",", "").replace(" ", "")
            value = Decimal(plain) if len(plain) <= _LONGEST else None
        elif unit and not _ORDINAL.search(text[: found.start()][-1:]):
            value = chinese(words)
        if value is not None:
            place = (found.start(), found.end())
            yield Number(Decimal(value), unit, *place, found["scale"], " " in digits, words is not None)


def chinese(text: str) -> int | None:
    """The value of Chinese numerals up to 万: ``两百三十一``, ``十二``, ``二〇二四``; None for what is no number."""
    if not text or len(text) > _LONGEST:
        return None
    if all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    head, wan, tail = text.partition("万")
    if wan:
        high, low = _below_ten_thousand(head), _below_ten_thousand(tail) if tail else 0
        return None if high is None or low is None else high * 10_000 + low
    return _below_ten_thousand(text)


def _below_ten_thousand(text: str) -> int | None:
    total, digit, last = 0, None, 10_000
    for char in text:
        if char in _POWERS:
            power = _POWERS[char]
            if power >= last or (digit is None and (power != 10 or total)):
                return None
            total += (1 if digit is None else digit) * power
            digit, last = None, power
        elif char in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[char]
        else:
            return None
    if digit is None:
        return total if text else None
    return total + digit
