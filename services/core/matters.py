"""Findings as the matters a person mends: what one change settles is told once, however many relations it breaks.

The findings themselves stay as they are; mails, pages and the terminal show matters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from services.core.finding import Finding, Repair

Way = tuple[Repair, ...]
"""Changes to be made together, in printed order."""

_ADVICE = re.compile(r"(?:最可能的.{1,2}处：|以下任一(?:处|组)改正后).*\Z", re.DOTALL)
_NUMBERS = ("", "该", "两", "三", "四", "五", "六", "七", "八", "九", "十")


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to mend: the findings it shows in, and the equally good ways to settle all of them, if any is known."""

    findings: tuple[Finding, ...]
    ways: tuple[Way, ...]

    @property
    def only_way(self) -> Way:
        """The changes, where there is no choice; else none."""
        return self.ways[0] if len(self.ways) == 1 else ()

    @property
    def sure(self) -> bool:
        """Whether the document prints what is said of it."""
        return self.findings[0].cause == "document"

    @property
    def held(self) -> int:
        """How many relations hold after any of the ways; a complaint about what stands in one cell is no relation."""
        alone = {f.fingerprint for f in self.findings if len(f.where) == 1 and isinstance(f.expected, str)}
        settled = {name for way in self.ways for repair in way for name in repair.settles}
        return max(len(settled - alone), 1)


def matters(findings: Iterable[Finding]) -> list[Matter]:
    """The findings, those with the same repairs together, in the order in which each matter first shows."""
    grouped: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        same = tuple((repair.option, repair.cell, repair.to) for repair in finding.repair)
        grouped.setdefault((finding.severity, finding.cause, same or number), []).append(finding)
    return [Matter(tuple(members), ways(members[0])) for members in grouped.values()]


def ways(finding: Finding) -> tuple[Way, ...]:
    """The finding's repairs as alternatives."""
    found: dict[object, list[Repair]] = {}
    for number, repair in enumerate(finding.repair):
        found.setdefault(("alone", number) if repair.option is None else repair.option, []).append(repair)
    return tuple(tuple(members) for members in found.values())


def statement(finding: Finding) -> str:
    """The finding's message without the sentence on what to change: for a reader who is told that once a matter."""
    return _ADVICE.sub("", finding.message) or finding.message


def advice(matter: Matter, place: Callable[[str], str]) -> str:
    """The sentence on what to change, no surer than the finding is; nothing where no repair is known.

    `place` names a cell: ``表三（一）予以公开 · 自然人：填报 1409，应为 1408；改后三处勾稽关系同时成立。``
    """
    if not matter.ways:
        return ""
    holds = held_words(matter)
    if len(matter.ways) == 1:
        where = _counted(len(matter.only_way)) if len(matter.only_way) > 1 else "一处"
        changes = "；".join(f"{place(repair.cell)}：{change(repair, sure=matter.sure)}" for repair in matter.only_way)
        if matter.sure:
            return f"最可能的{where}：{changes}；{'一并' if len(matter.only_way) > 1 else ''}改后{holds}。"
        return f"最可能的{where}：{changes}，{holds}。"
    several = any(len(way) > 1 for way in matter.ways)
    choices = "；".join(
        f"（{number}）{_choice(way, place, sure=matter.sure)}" for number, way in enumerate(matter.ways, 1)
    )
    return f"以下任一{'组' if several else '处'}改正后，{holds}：{choices}。"


def held_words(matter: Matter, holds: str = "成立") -> str:
    """``三处勾稽关系同时成立``, ``该处勾稽关系成立``."""
    return f"{_counted(matter.held)}勾稽关系{'同时' if matter.held > 1 else ''}{holds}"


def origin_words(matter: Matter) -> str:
    """``三处勾稽关系同时不成立，很可能出自同一处错误。``: what findings that are told together have in common."""
    single = all(len(way) == 1 for way in matter.ways)
    return f"{held_words(matter, holds='不成立')}，很可能出自{'同一处' if single else '相关的几处'}错误。"


def change(repair: Repair, *, sure: bool, likely: bool = True) -> str:
    """``填报 1409，应为 1408``; ``读作 7，如为 1`` where the reading may be at fault or the cell is one of several."""
    before = "空白" if repair.from_ is None else f"{'填报' if sure else '读作'} {repair.from_}"
    return f"{before}，{'应' if sure and likely else '如'}为 {repair.to}"


def _choice(way: Sequence[Repair], place: Callable[[str], str], *, sure: bool) -> str:
    return "，同时 ".join(f"{place(repair.cell)}：{change(repair, sure=sure, likely=False)}" for repair in way)


def _counted(number: int) -> str:
    return f"{_NUMBERS[number] if 0 < number < len(_NUMBERS) else f' {number} '}处"
