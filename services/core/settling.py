"""What became of the findings between two verdicts: settled, still there, changed, new. Pure.

Between two versions of a report it tells a body what its corrections have achieved; between two verdicts on the same
version, what a change of the rules or of what is known has altered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.core.finding import Finding


@dataclass(frozen=True, slots=True)
class Settling:
    """Each finding of both verdicts once, in the order of its own verdict.

    `still` holds those of the later verdict with a fingerprint that the earlier one has too, `changed` pairs (before,
    now) of the same rule and cells with other values.
    """

    settled: tuple[Finding, ...] = ()
    still: tuple[Finding, ...] = ()
    changed: tuple[tuple[Finding, Finding], ...] = ()
    new: tuple[Finding, ...] = ()

    @property
    def before(self) -> int:
        """How many findings the earlier verdict had."""
        return len(self.settled) + len(self.still) + len(self.changed)

    @property
    def added(self) -> tuple[Finding, ...]:
        """What only the later verdict says, by fingerprint."""
        return (*(now for _, now in self.changed), *self.new)

    @property
    def removed(self) -> tuple[Finding, ...]:
        """What only the earlier verdict said, by fingerprint."""
        return (*(before for before, _ in self.changed), *self.settled)


def settling(earlier: Iterable[Finding], later: Iterable[Finding]) -> Settling:
    """Compare two verdicts by fingerprint, and what is left by rule and cells."""
    before = _named(earlier)
    now = _named(later)
    gone = {name: finding for name, finding in before.items() if name not in now}
    changed: list[tuple[Finding, Finding]] = []
    new: list[Finding] = []
    waiting: dict[object, list[object]] = {}
    for name, finding in gone.items():
        waiting.setdefault(_place(finding), []).append(name)
    for name, finding in now.items():
        if name in before:
            continue
        same_place = waiting.get(_place(finding)) or []
        if same_place:
            changed.append((gone.pop(same_place.pop(0)), finding))
        else:
            new.append(finding)
    still = tuple(finding for name, finding in now.items() if name in before)
    return Settling(tuple(gone.values()), still, tuple(changed), tuple(new))


def words(told: Settling) -> str:
    """One sentence for people: ``上次 5 处，已改好 3 处，仍有 2 处，新发现 1 处。`` Nothing where both had none.

    A finding whose values have changed is still there: the cells do not tally yet.
    """
    remaining = len(told.still) + len(told.changed)
    if not (told.before or told.new):
        return ""
    if not told.before:
        return f"上次没有指出问题，这次新发现 {len(told.new)} 处。"
    parts = [f"上次 {told.before} 处"]
    if told.settled:
        parts.append("已全部改好" if not remaining else f"已改好 {len(told.settled)} 处")
    if remaining:
        moved = f"（其中 {len(told.changed)} 处数字有变化，但仍不符）" if told.changed else ""
        parts.append(f"仍有 {remaining} 处{moved}")
    if told.new:
        parts.append(f"新发现 {len(told.new)} 处")
    return "，".join(parts) + "。"


def _named(findings: Iterable[Finding]) -> dict[object, Finding]:
    """By fingerprint; one without a fingerprint by what the fingerprint is made of within a report."""
    return {
        finding.fingerprint or (_place(finding), str(finding.expected), str(finding.actual)): finding
        for finding in findings
    }


def _place(finding: Finding) -> tuple[str, tuple[str, ...]]:
    return finding.rule, tuple(sorted(finding.where))
