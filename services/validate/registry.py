"""What a rule is, how it is registered, and the list of all rules."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from typing import Final

from services.core.finding import Cause, Finding, Severity
from services.core.form import LAYOUTS
from services.validate.rules.example import Example
from services.validate.rules.sheet import Sheet, Table

EVERY_YEAR: Final = (0, 9999)
"""First and last reported year of a rule that is no matter of the format's year."""

NOTICES: Final = {"2019": "国办公开办函〔2019〕60号", "2021": "国办公开办函〔2021〕30号"}
"""The notice that prescribes each layout; ``{form}`` in a legal basis becomes the one for the reported year."""

PLEASE_LOOK: Final = "这里个别内容读取时没有把握，请对照原文核对；原文无误的，无需修改。"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """What a rule yields. `statement` tells place and values, `advice` what to do when the reading is vouched for.

    `where` lists every cell involved, the one a person should look at first in front; it is empty when the finding
    is about the document and not about cells. `severity` overrides the rule's own, `cause` what `where` would give.
    """

    where: tuple[str, ...]
    statement: str
    advice: str
    expected: int | str | None = None
    actual: int | str | None = None
    severity: Severity | None = None
    cause: Cause | None = None


Check = Callable[[Sheet], Iterator[Discrepancy]]


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A registered rule. ``table`` is the one whose layout decides whether the rule applies; None: any report.

    ``milder`` lists the other severities that the rule may give; ``on_failed`` tells whether it also looks at a report
    that could not be read as this form.
    """

    id: str
    version: int
    severity: Severity
    milder: tuple[Severity, ...]
    table: Table | None
    layouts: tuple[str, ...]
    years: tuple[int, int]
    title: str
    explanation: str
    basis: str
    example: Example
    on_failed: bool
    check: Check

    def fits(self, *, layout: str | None = None, year: int | None = None) -> bool:
        """Whether the rule is meant for this table layout and reported year; None fits every rule."""
        first, last = self.years
        return (layout is None or layout in self.layouts) and (year is None or first <= year <= last)

    def applies_to(self, sheet: Sheet) -> bool:
        """Whether the rule is to be asked about this report."""
        if sheet.report.status == "failed" and not self.on_failed:
            return False
        layout = None if self.table is None else sheet.forms[self.table].version
        return self.fits(layout=layout, year=sheet.year)

    def basis_for(self, year: int | None) -> str:
        """The legal basis with the notice in force for reports on `year`."""
        return self.basis.replace("{form}", NOTICES["2019" if year is not None and year <= 2020 else "2021"])

    def findings(self, sheet: Sheet) -> Iterator[Finding]:
        """What the rule finds, with cause and message, without fingerprint and repair."""
        for found in self.check(sheet):
            cause = found.cause or sheet.cause(found.where)
            yield Finding(
                rule=self.id,
                version=self.version,
                severity=found.severity or self.severity,
                where=list(found.where),
                expected=found.expected,
                actual=found.actual,
                message=found.statement + (found.advice if cause == "document" else PLEASE_LOOK),
                basis=self.basis_for(sheet.year),
                cause=cause,
            )


_registered: dict[str, RuleSpec] = {}


def rule(
    id: str,  # noqa: A002 - the field's word, and keywords read like the rule book
    *,
    severity: Severity,
    title: str,
    explanation: str,
    basis: str,
    example: Example,
    version: int = 1,
    milder: tuple[Severity, ...] = (),
    table: Table | None = None,
    layouts: tuple[str, ...] = LAYOUTS,
    years: tuple[int, int] = EVERY_YEAR,
    on_failed: bool = False,
) -> Callable[[Check], Check]:
    """Register the decorated generator as a rule of the book. Raises ValueError for an id given twice."""

    def register(check: Check) -> Check:
        if id in _registered:
            raise ValueError(f"rule {id} is registered twice")
        _registered[id] = RuleSpec(
            id, version, severity, milder, table, layouts, years, title, explanation, basis, example, on_failed, check
        )
        return check

    return register


def rules(*, layout: str | None = None, year: int | None = None) -> tuple[RuleSpec, ...]:
    """All rules, or those meant for a table layout or a reported year, in the order of the rule book."""
    _load_modules()
    return tuple(spec for spec in _in_order(len(_registered)) if spec.fits(layout=layout, year=year))


@lru_cache(maxsize=1)
def _in_order(_registered_now: int) -> tuple[RuleSpec, ...]:
    """All rules in the order of the book, sorted once for as many as there are now."""
    return tuple(sorted(_registered.values(), key=lambda spec: _book_order(spec.id)))


@cache
def _load_modules() -> None:
    package = import_module("services.validate.rules")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")


_FAMILIES: Final = ("D", "T2", "T3", "T4", "B", "Y", "N", "H")


def _book_order(rule_id: str) -> tuple[int, int]:
    """Position by family and number: ``T3-1`` and ``B4`` alike."""
    family = next(name for name in _FAMILIES if rule_id.startswith(name))
    return _FAMILIES.index(family), int(rule_id.removeprefix(family).lstrip("-"))
