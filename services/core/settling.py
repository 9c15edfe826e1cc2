"""What became of the findings between two verdicts: settled, still there, changed, new. Pure.

Between two versions of a report it tells a body what its corrections have achieved; between two verdicts on the same
version, what a change of the rules or of what is known has altered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.core.finding import Finding
from services.core.matters import matters


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


@dataclass(frozen=True, slots=True)
class Progress:
    """What a newer version has achieved, counted as people are told: one matter to mend is one.

    `settled` of the `before` are gone, `held` of them cannot be told yet because the newer version was not surely read
    there. `still` of those shown now were there before, `changed` of them with other values; `new` are the rest of
    those shown now.
    """

    before: int
    settled: int = 0
    held: int = 0
    still: int = 0
    changed: int = 0
    new: int = 0

    def words(self) -> str:
        """One sentence for people: ``上次 5 处，已改好 3 处，仍有 2 处，新发现 1 处。`` Nothing where both had none."""
        if not self.before:
            return f"上次没有指出问题，这次新发现 {self.new} 处。" if self.new else ""
        parts = [f"上次 {self.before} 处"]
        if self.settled:
            parts.append("已全部改好" if self.settled == self.before and not self.new else f"已改好 {self.settled} 处")
        if self.still:
            moved = f"（其中 {self.changed} 处数字有变化，但仍不符）" if self.changed else ""
            parts.append(f"仍有 {self.still} 处{moved}")
        if self.held:
            parts.append(f"{self.held} 处待人工核对")
        if self.new:
            parts.append(f"新发现 {self.new} 处")
        return "，".join(parts) + "。"


def progress(earlier: Iterable[Finding], later: Iterable[Finding], uncertain: Iterable[str] = ()) -> Progress:
    """What became of what a body was told about: findings that the document itself is at fault for, hints left out.

    `later` holds everything found in the newer version, `uncertain` its cells that are not vouched for: what is gone
    only because the newer version could not be read there is not called settled.
    """
    before = [finding for finding in earlier if finding.for_agency]
    found = list(later)
    now = [finding for finding in found if finding.for_agency]
    shown = settling(before, now)
    whole = settling(before, found)
    doubted = set(uncertain)
    living = {_name(finding) for finding in whole.still} | {_name(finding) for finding, _ in whole.changed}
    told = {_name(finding) for finding in shown.still} | {_name(finding) for finding, _ in shown.changed}
    hidden = {_name(f) for f in before if _name(f) in living or doubted.intersection(f.where)} - told
    new = {_name(finding) for finding in shown.new}
    changed = {_name(finding) for _, finding in shown.changed}
    old = [{_name(finding) for finding in matter.findings} for matter in matters(before)]
    still = [names for matter in matters(now) if not (names := {_name(finding) for finding in matter.findings}) <= new]
    return Progress(
        before=len(old),
        settled=sum(not names & (told | hidden) for names in old),
        held=sum(bool(names & hidden) and not names & told for names in old),
        still=len(still),
        changed=sum(names <= changed | new for names in still),
        new=len(matters(now)) - len(still),
    )


def _named(findings: Iterable[Finding]) -> dict[object, Finding]:
    return {_name(finding): finding for finding in findings}


def _name(finding: Finding) -> object:
    """The fingerprint; where there is none, what it is made of within a report."""
    return finding.fingerprint or (_place(finding), str(finding.expected), str(finding.actual))


def _place(finding: Finding) -> tuple[str, tuple[str, ...]]:
    return finding.rule, tuple(sorted(finding.where))
