"""Judging one report: every rule that applies, the repair where one cell explains it, findings in reading order."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from services.core.finding import Cause, Finding, Repair, Severity, fingerprint
from services.core.form import form, place
from services.core.report import Report
from services.validate.registry import rules
from services.validate.repair import Change, single_cell_repairs
from services.validate.rules.relations import SUM_RULES
from services.validate.rules.sheet import Context, Sheet
from services.validate.rules.wording import printed

__all__ = ["Context", "judge"]

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_VALUE_RULES = ("T3-4", "T4-2")
_HOLDS_AFTER = {1: "改后该处勾稽关系成立", 2: "改后两处勾稽关系同时成立", 3: "改后三处勾稽关系同时成立"}


def judge(report: Report, context: Context) -> Report:
    """`report` with the findings of all rules that apply: errors first, then in the order of the form.

    Earlier findings of the report are replaced. Each finding has its fingerprint, under ``context.body_code`` or else
    the name in the report, and, where the change of one cell settles it, that cell and value. Pure.
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
    return report.with_findings(sorted(findings, key=_reading_order))


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
    if not any(finding.rule in SUM_RULES for finding in findings):
        return findings
    best = single_cell_repairs(sheet)
    offered = {(relation.rule, *relation.where): changes for relation, changes in best.items()}
    about = {(finding.rule, *finding.where): finding.fingerprint for finding in findings}
    certain = {change.cell: change for changes in best.values() for change in changes if len(changes) == 1}

    def settled(change: Change) -> list[str]:
        keys = [(relation.rule, *relation.where) for relation in change.settles]
        keys += [(rule, change.cell) for rule in _VALUE_RULES]
        return [about[key] for key in keys if key in about]

    mended = []
    for finding in findings:
        changes = offered.get((finding.rule, *finding.where), ())
        if finding.rule in _VALUE_RULES and len(finding.where) == 1:
            changes = tuple(certain[path] for path in finding.where if path in certain)
        repair = [Repair(cell=c.cell, from_=c.from_, to=c.to, settles=settled(c)) for c in changes]
        mended.append(_mended(sheet, finding, repair, changes) if repair else finding)
    return mended


def _mended(sheet: Sheet, finding: Finding, repair: list[Repair], changes: Iterable[Change]) -> Finding:
    """`finding` with its repairs, and a sentence that names the cell where there is only one."""
    update: dict[str, object] = {"repair": repair}
    only, *others = changes
    if not others:
        cause: Cause = finding.cause
        if cause == "unclear" and only.cell in sheet.uncertain:
            cause = "extraction"
        update |= {"message": finding.message + _likely(sheet, only, cause), "cause": cause}
    return finding.model_copy(update=update)


def _likely(sheet: Sheet, change: Change, cause: Cause) -> str:
    where = place(change.cell, sheet.layout_of(change.cell))
    verb = "填报" if cause == "document" else "读作"
    now = "空白" if change.from_ is None else f"{verb} {change.from_}"
    after = _HOLDS_AFTER[len(change.settles)]
    if cause == "document":
        return f"最可能的一处：{where}：{now}，应为 {change.to}；{after}。"
    return f"最可能的一处：{where}：{now}，如为 {change.to}，{after.removeprefix('改后')}。"
