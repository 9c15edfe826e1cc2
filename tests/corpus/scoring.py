"""Compares what was read with the truth, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import permutations
from typing import Final

from services.core.report import Document, Figure, Report
from tests.corpus.provenance import Evidence
from tests.corpus.registry import Sample
from tests.corpus.sheet import Truth

_MOST_NAMED: Final = 40
_MOST_REPORTS: Final = 4


@dataclass(slots=True)
class Tally:
    """Counts over cells.

    ``right``: the value is the truth, whether or not it is marked. ``nonzero``: the truth is a figure other than zero.
    ``core``: the cell belongs to tables 3 and 4. ``missing``: no value was read where one is printed, or no cell at all.
    ``wrong``: another value was read. ``silent``: of the wrong and missing ones, those that nothing marks: neither
    ``uncertain`` nor the status of the report. ``boxes``: places given with right figures; ``held``: those that hold
    their figure.
    """

    cells: int = 0
    right: int = 0
    nonzero: int = 0
    nonzero_right: int = 0
    core: int = 0
    core_right: int = 0
    missing: int = 0
    wrong: int = 0
    silent: int = 0
    uncertain: int = 0
    boxes: int = 0
    held: int = 0

    def add(self, other: Tally) -> None:
        """Count the other in."""
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))


@dataclass(frozen=True, slots=True)
class Wrong:
    """A cell that was not read as it is printed."""

    path: str
    printed: str
    truth: Figure
    read: Figure
    silent: bool


@dataclass
class Verdict:
    """How one document was read.

    ``seconds``: CPU time of reading. ``statuses``: of the reports read. ``failure``: why the document was not read at
    all; ``crash``: that this is a defect and no rejection. ``facts``: what stands beside the tables → whether it is
    right in every report. ``named``: cells not right; ``misplaced``: cells whose place does not hold them.
    """

    layout: str
    kind: str
    name: str
    seconds: float = 0.0
    statuses: tuple[str, ...] = ()
    failure: str = ""
    crash: bool = False
    tally: Tally = field(default_factory=Tally)
    facts: dict[str, bool] = field(default_factory=dict)
    named: list[Wrong] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)

    @property
    def fully(self) -> bool:
        """Whether every cell is right and nothing was invented."""
        return self.tally.right == self.tally.cells and not self.tally.wrong


def unread(sample: Sample, failure: str, *, crash: bool = False, seconds: float = 0.0) -> Verdict:
    """The verdict on a document that gave no reports: all its cells are missing, none silently."""
    verdict = Verdict(sample.layout, sample.kind, sample.name, seconds, failure=failure, crash=crash)
    for truth in sample.truths:
        _count(verdict, truth, None, vouched=False)
    return verdict


def judge(sample: Sample, document: Document, seconds: float, evidence: Evidence) -> Verdict:
    """The verdict on a document that was read. ``evidence``: see `provenance`."""
    statuses = tuple(report.status for report in document.reports)
    verdict = Verdict(sample.layout, sample.kind, sample.name, seconds, statuses)
    matched, left = _matched(sample.truths, document.reports)
    for truth, report in matched:
        if report is None:
            # it is silently lost when every report that was read is vouched for
            _count(verdict, truth, None, vouched=all(status == "ok" for status in statuses))
            continue
        _count(verdict, truth, report, vouched=report.status == "ok")
        _compare_facts(verdict, truth, report)
        _check_places(verdict, truth, report, evidence)
    for report in left:
        _count_invented(verdict, report)
    verdict.named.sort(key=lambda wrong: not wrong.silent)
    return verdict


def _matched(
    truths: Sequence[Truth], reports: Sequence[Report]
) -> tuple[list[tuple[Truth, Report | None]], list[Report]]:
    """Each true report with the read one that agrees best, None when there is none left; and the reports left over."""
    padded: list[Report | None] = [*reports[:_MOST_REPORTS], *[None] * len(truths)]
    likeness = [[_likeness(truth, report) for report in padded] for truth in truths]
    best = max(
        permutations(range(len(padded)), len(truths)),
        key=lambda chosen: sum(likeness[number][index] for number, index in enumerate(chosen)),
    )
    left = [report for index, report in enumerate(reports) if index not in best]
    return [(truth, padded[index]) for truth, index in zip(truths, best, strict=True)], left


def _likeness(truth: Truth, report: Report | None) -> float:
    if report is None:
        return -1.0
    same = sum(report.figure(path) == figure for path, figure in truth.figures.items())
    return same / len(truth.figures) + (report.year == truth.year) + (report.agency == truth.agency)


def _count(verdict: Verdict, truth: Truth, report: Report | None, *, vouched: bool) -> None:
    tally = verdict.tally
    unsure = set(report.uncertain) if report else set()
    tally.cells += len(truth.figures)
    tally.uncertain += len(unsure & truth.figures.keys())
    for path, figure in truth.figures.items():
        read = report.figure(path) if report else None
        nonzero, core = bool(figure), not path.startswith("table2")
        right = report is not None and path in report.cells and read == figure
        tally.nonzero += nonzero
        tally.nonzero_right += nonzero and right
        tally.core += core
        tally.core_right += core and right
        tally.right += right
        if right:
            continue
        silent = vouched and path not in unsure
        tally.missing += read is None
        tally.wrong += read is not None
        tally.silent += silent
        if silent or len(verdict.named) < _MOST_NAMED:
            verdict.named.append(Wrong(path, truth.printed[path], figure, read, silent))


def _compare_facts(verdict: Verdict, truth: Truth, report: Report) -> None:
    facts = {
        "agency": report.agency == truth.agency,
        "year": report.year == truth.year,
        "date": report.date == truth.date,
        "sections": len({section.key for section in report.sections}) == 6,
        "layout": report.layout.model_dump() == dict(truth.layouts),
    }
    verdict.facts = {name: right and verdict.facts.get(name, True) for name, right in facts.items()}


def _check_places(verdict: Verdict, truth: Truth, report: Report, evidence: Evidence) -> None:
    """Figures that were read rightly stand where their place says; a wrong figure has no place that could hold it."""
    for path, cell in report.cells.items():
        figure = report.figure(path)
        if figure is not None and path in truth.figures and figure == truth.figures[path]:
            held = evidence(cell, truth.printed[path])
            verdict.tally.boxes += 1
            verdict.tally.held += held
            if not held and len(verdict.misplaced) < _MOST_NAMED:
                verdict.misplaced.append(path)


def _count_invented(verdict: Verdict, report: Report) -> None:
    """A report that the document does not print: each of its figures is wrong."""
    figures: Mapping[str, Figure] = {path: report.figure(path) for path in report.cells}
    for path, figure in figures.items():
        if figure is not None:
            silent = report.status == "ok" and path not in report.uncertain
            verdict.tally.wrong += 1
            verdict.tally.silent += silent
            if silent or len(verdict.named) < _MOST_NAMED:
                verdict.named.append(Wrong(path, "", None, figure, silent))
