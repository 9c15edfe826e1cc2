"""Typical slips of the pen, planted into a report that tallies. ``AuthoredReport.truth`` remembers the right figures."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from infra.demo.authored import AuthoredReport, Printed, with_error


def wrong_cell(report: AuthoredReport, seed: int) -> AuthoredReport:
    """One result of table 3 mistyped: its row sum and its column sum are off by the same amount (T3-1, T3-3)."""
    chance = _chance(seed)
    row = chance.choice(report.form.result_keys)
    path = f"table3.{row}.{chance.choice(report.form.column_keys[:-1])}"
    return with_error(report, {path: _mistyped(chance, _count(report.figure(path)))})


def wrong_balance(report: AuthoredReport, seed: int) -> AuthoredReport:
    """Cases carried over counted wrong, with a total that fits: only the 勾稽 balance fails (T3-2), in two columns."""
    chance = _chance(seed)
    cells = [f"table3.carried_out.{column}" for column in (chance.choice(report.form.column_keys[:-1]), "total")]
    surplus = chance.randint(1, 9)
    return with_error(report, {path: _count(report.figure(path)) + surplus for path in cells})


def wrong_table4_total(report: AuthoredReport, seed: int) -> AuthoredReport:
    """The 总计 of one block of table 4 mistyped (T4-1)."""
    chance = _chance(seed)
    path = f"table4.{chance.choice(report.form.table4_blocks).key}.total"
    return with_error(report, {path: _mistyped(chance, _count(report.figure(path)))})


def blank_cells(report: AuthoredReport, seed: int) -> AuthoredReport:
    """Up to three zeros of table 3 left blank (B1); no sum changes. Raises ValueError when there is no zero."""
    zeros = [path for path in report.form.paths("table3") if report.figure(path) == 0]
    if not zeros:
        raise ValueError("no cell of table 3 is zero")
    return with_error(report, dict.fromkeys(_chance(seed).sample(zeros, min(3, len(zeros)))))


SLIPS: Final[Mapping[str, Callable[[AuthoredReport, int], AuthoredReport]]] = MappingProxyType(
    {"cell": wrong_cell, "balance": wrong_balance, "table4_total": wrong_table4_total, "blank": blank_cells}
)
"""Every kind of slip by name, each a function of a report and a seed."""


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - samples, no secret


def _count(printed: Printed) -> int:
    if not isinstance(printed, int):
        raise TypeError(f"{printed!r} is no count")
    return printed


def _mistyped(chance: random.Random, count: int) -> int:
    """Another count with one digit wrong; never a zero in its place."""
    digits = list(str(count))
    at = chance.randrange(len(digits))
    digits[at] = chance.choice([digit for digit in "123456789" if digit != digits[at]])
    return int("".join(digits))
