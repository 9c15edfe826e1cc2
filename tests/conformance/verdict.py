"""What a case gives, compared with what it says must come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from services.core.finding import Finding
from services.core.report import Report
from services.ingest.readers import read_document
from services.validate.judge import judge
from tests.conformance.case import ROOT, Case, built

_EXACT = ("rule", "severity", "cause", "expected", "actual", "where")


def judged(case: Case) -> Report:
    """The case's report with its findings. Raises CaseError, and what the reader raises for a document."""
    report, context = built(case)
    if "document" in case.table:
        report = _read(case.table["document"])
    return judge(report, context)


@cache
def _read(name: str) -> Report:
    (report,) = read_document((ROOT / "files" / name).read_bytes(), filename=name).reports
    return report


def complaints(case: Case, report: Report) -> list[str]:
    """In what the findings differ from the expected ones: one line each, empty when the case holds."""
    left = list(report.findings)
    wrong: list[str] = []
    for wanted in case.expected:
        found = next((finding for finding in left if _fits(finding, wanted)), None)
        if found is None:
            wrong.append(f"not found: {dict(wanted)}")
        else:
            left.remove(found)
    wrong += [f"found besides: {_in_short(finding)}" for finding in left]
    if shows := case.table.get("shows"):
        text = "\n".join(finding.message for finding in report.findings)
        wrong += [f"no message says {words!r}" for words in _listed(shows) if words not in text]
    return wrong


def _fits(finding: Finding, wanted: Mapping[str, Any]) -> bool:
    if unknown := wanted.keys() - {*_EXACT, "repair", "says"}:
        raise ValueError(f"unknown in an expected finding: {', '.join(sorted(unknown))}")
    given = finding.model_dump(include={*_EXACT})
    if any(given[key] != wanted[key] for key in _EXACT if key in wanted):
        return False
    if "repair" in wanted and wanted["repair"] != {change.cell: change.to for change in finding.repair}:
        return False
    return all(words in finding.message for words in _listed(wanted.get("says", [])))


def _listed(words: str | Sequence[str]) -> Sequence[str]:
    return [words] if isinstance(words, str) else words


def _in_short(finding: Finding) -> str:
    places = "、".join(finding.where[:3])
    return f"{finding.rule} {finding.severity.value} ({finding.cause}) {places}: {finding.message}"
