"""Judging one report: every rule that applies, the smallest repair where there is one, findings in reading order."""

from __future__ import annotations

from functools import cache

from services.core.finding import Finding, Repair, Severity, fingerprint
from services.core.form import form, place
from services.core.matters import Matter, advice
from services.core.matters import ways as ways_of
from services.core.report import Report
from services.validate.registry import rules
from services.validate.repair import Offer, offers
from services.validate.rules.relations import SUM_RULES
from services.validate.rules.sheet import Context, Sheet
from services.validate.rules.wording import printed

__all__ = ["Context", "judge"]

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_VALUE_RULES = ("T3-4", "T4-2")


def judge(report: Report, context: Context) -> Report:
    """`report` with the findings of all rules that apply: errors first, then in the order of the form.

    Earlier findings of the report are replaced, and its claims by what the prose states for the reported year, where
    there is prose (a published result has none). Each finding has its fingerprint, under ``context.body_code`` or else
    the name in the report, and, where a change of few cells settles it, those cells and values. Pure.
    """
    sheet = Sheet(report, context)
    body = context.body_code or report.agency or ""
    found = (finding for spec in rules() if spec.applies_to(sheet) for finding in spec.findings(sheet))
    named: dict[str, Finding] = {}
    for finding in sorted(found, key=lambda finding: _RANK[finding.severity]):
        figures = (printed(sheet.cells.get(path, "")) for path in finding.where)
        values: list[object] = [finding.expected, finding.actual, *figures]
        name = fingerprint(body, sheet.year, finding.rule, finding.where, values)
        named.setdefault(name, finding.model_copy(update={"fingerprint": name}))
    findings = _with_repairs(sheet, list(named.values()))
    return _with_claims(report, sheet).with_findings(sorted(findings, key=_reading_order))


def _with_claims(report: Report, sheet: Sheet) -> Report:
    if not any(section.text for section in report.sections):
        return report
    return report.model_copy(update={"claims": [one.published() for one in sheet.stated if not one.other_year]})


def _reading_order(finding: Finding) -> tuple[int, int, str, list[str]]:
    """Errors, warnings, infos; within each the document as a whole, then the cells in printed order."""
    positions = _positions()
    first = positions.get(finding.where[0], len(positions)) if finding.where else -1
    return _RANK[finding.severity], first, finding.rule, finding.where


@cache
def _positions() -> dict[str, int]:
    paths = (
        path
        for table in ("table2", "table3", "table4")
        for layout in ("2021", "2019")
        for path in form(layout).paths(table)
    )
    return {path: index for index, path in enumerate(dict.fromkeys(paths))}


def _with_repairs(sheet: Sheet, findings: list[Finding]) -> list[Finding]:
    """The findings with the smallest repairs of the relations they are about, and a sentence on what to change."""
    if not any(finding.rule in SUM_RULES for finding in findings):
        return findings
    found = offers(sheet)
    offered = {(relation.rule, *relation.where): ways for relation, ways in found.items()}
    for ways in found.values():
        for path in set.intersection(*({change.cell for change in way.changes} for way in ways)):
            offered |= {(rule, path): ways for rule in _VALUE_RULES}  # a count below 0 is settled with its sums
    about = {(finding.rule, *finding.where): finding.fingerprint for finding in findings}
    return [_mended(sheet, finding, offered.get((finding.rule, *finding.where), ()), about) for finding in findings]


def _mended(sheet: Sheet, finding: Finding, offered: tuple[Offer, ...], about: dict[tuple[str, ...], str]) -> Finding:
    if finding.cause == "document" and any(c.cell in sheet.uncertain for offer in offered for c in offer.changes):
        # a figure that may be misread is not held against the body, and what is left would look surer than it is
        return finding
    if not offered:
        return finding
    together = any(len(offer.changes) > 1 for offer in offered)
    repair = [
        Repair(
            cell=change.cell,
            from_=change.from_,
            to=change.to,
            settles=_settled(offer, about),
            option=number if together else None,
        )
        for number, offer in enumerate(offered, 1)
        for change in offer.changes
    ]
    cause = finding.cause
    if (
        cause == "unclear"
        and len(offered) == 1
        and all(change.cell in sheet.uncertain for change in offered[0].changes)
    ):
        cause = "extraction"
    mended = finding.model_copy(update={"repair": repair, "cause": cause})
    words = advice(Matter((mended,), ways_of(mended)), lambda path: place(path, sheet.layout_of(path)))
    return mended.model_copy(update={"message": finding.message + words})


def _settled(offer: Offer, about: dict[tuple[str, ...], str]) -> list[str]:
    keys: list[tuple[str, ...]] = [(relation.rule, *relation.where) for relation in offer.settles]
    keys += [(rule, change.cell) for change in offer.changes for rule in _VALUE_RULES]
    return [name for key, name in about.items() if key in set(keys)]
