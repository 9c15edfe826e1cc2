"""Findings as a person works through them: numbered, errors first, grouped by table, with the cell to look at first.

What one change settles is one entry, however many relations it breaks (``core.matters``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.core.finding import Finding, Repair, Severity
from services.core.matters import Matter, Way, held_words, matters, origin_words, statement
from services.notify.wording import PROSE, Paper, figure, gap, quiet


@dataclass(frozen=True, slots=True)
class Item:
    """One matter, ready to print. ``broken`` says what does not tally where it is more than one thing.

    ``open``: several changes would settle it, so that no cell is known to be wrong.
    """

    number: int
    place: str
    more_places: tuple[str, ...]
    pages: str
    message: str
    broken: tuple[str, ...]
    expected: str
    actual: str
    gap: str
    fixes: tuple[str, ...]
    basis: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The items of one table."""

    table: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Findings that ask for the same kind of action. ``sure``: the document prints what is said of it."""

    key: str
    title: str
    note: str
    groups: tuple[Group, ...]
    count: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Lead:
    """One line of the list at the top: where to look first and what would settle it."""

    place: str
    pages: str
    words: str
    effect: str


@dataclass(frozen=True, slots=True)
class Heading:
    """Title and note of a part, and which findings belong there."""

    key: str
    title: str
    note: str
    severities: tuple[Severity, ...]
    sure: bool


class Listing:
    """All findings of one letter under the given headings, numbered through."""

    def __init__(self, paper: Paper, findings: Sequence[Finding], headings: Sequence[Heading]) -> None:
        self._paper = paper
        parts = [(heading, matters(_sorted(paper, findings, heading))) for heading in headings]
        self._ordered = [matter for _, members in parts for matter in members]
        # position, not fingerprint: two findings may share one
        self._numbers = {id(matter): number for number, matter in enumerate(self._ordered, 1)}
        self.parts = tuple(self._part(heading, members) for heading, members in parts if members)

    def _part(self, heading: Heading, members: Sequence[Matter]) -> Part:
        groups: dict[str, list[Item]] = {}
        for matter in members:
            groups.setdefault(self._paper.table(matter.findings[0].where), []).append(self._item(matter))
        return Part(
            heading.key,
            heading.title,
            heading.note,
            tuple(Group(table, tuple(items)) for table, items in groups.items()),
            len(members),
            heading.sure,
        )

    def _item(self, matter: Matter) -> Item:
        finding, *others = matter.findings
        if others:
            return self._joint_item(matter)
        places = self._paper.places(finding.where)
        expected, actual = (None, None) if finding.between_places else (finding.expected, finding.actual)
        return Item(
            number=self._numbers[id(matter)],
            place=self._heading(finding, places),
            more_places=places if len(places) > 1 and self._paper.table(finding.where) != PROSE else (),
            pages=self._paper.pages(finding.where),
            message=quiet(statement(finding)),
            broken=(),
            expected=_number(expected),
            actual=_number(actual),
            gap=gap(expected, actual),
            fixes=self._fixes(matter),
            basis=quiet(finding.basis),
            open=len(matter.ways) > 1,
        )

    def _joint_item(self, matter: Matter) -> Item:
        """Several findings that the same change settles: the cell first, then what does not tally with it."""
        cells = [repair.cell for repair in matter.only_way]
        where = cells or list(dict.fromkeys(path for finding in matter.findings for path in finding.where[:1]))
        sole = matter.only_way[0] if len(cells) == 1 else None
        before, after = (sole.from_, sole.to) if sole else (None, None)
        if sole:
            message = f"{_change(sole, matter)}；改后{held_words(matter)}。"
        elif cells:
            message = f"这 {len(cells)} 格一并改正后，{held_words(matter)}。"
        else:
            message = origin_words(matter)
        return Item(
            number=self._numbers[id(matter)],
            place="、".join(self._paper.places(where)),
            more_places=(),
            pages=self._paper.pages(where),
            message=message,
            broken=tuple(quiet(statement(finding)) for finding in matter.findings),
            expected=_number(after),
            actual=_number(before),
            gap=gap(after, before),
            fixes=() if sole else self._fixes(matter),
            basis=quiet("；".join(dict.fromkeys(finding.basis for finding in matter.findings)), limit=1000),
        )

    def _heading(self, finding: Finding, places: tuple[str, ...]) -> str:
        table = self._paper.table(finding.where)
        if table == PROSE:
            return "、".join(places) or PROSE
        return places[0] if len(places) == 1 else f"{table} {len(set(finding.where))} 格"

    def _fixes(self, matter: Matter) -> tuple[str, ...]:
        """Each way to settle the matter; there is a choice where there are several."""
        return tuple(self._way(way, matter) for way in matter.ways)

    def _way(self, way: Way, matter: Matter) -> str:
        return "；同时 ".join(f"{self._paper.cell(repair.cell)}：{_change(repair, matter)}" for repair in way)

    def leads(self, keys: Iterable[str]) -> tuple[Lead, ...]:
        """The shortest way through the parts named: changes that settle most, then the matters left."""
        named = {item.number for part in self.parts if part.key in set(keys) for g in part.groups for item in g.items}
        wanted = [matter for matter in self._ordered if self._numbers[id(matter)] in named]
        # the only way is a likely change; several are a choice, which belongs beside its matter
        likely = [(matter, self._settled(matter, wanted)) for matter in wanted if matter.only_way]
        found: list[Lead] = []
        covered: set[int] = set()
        for matter, numbers in sorted(likely, key=lambda entry: (-len(entry[1]), min(entry[1]))):
            if not numbers <= covered:
                covered |= numbers
                found.append(self._fix_lead(matter, numbers))
        found += [self._plain_lead(matter) for matter in wanted if self._numbers[id(matter)] not in covered]
        return tuple(found)

    def _settled(self, matter: Matter, wanted: Sequence[Matter]) -> set[int]:
        """The numbers of the matters that the change settles altogether."""
        settled = {name for repair in matter.only_way for name in repair.settles}
        also = [other for other in wanted if {finding.fingerprint for finding in other.findings} <= settled]
        return {self._numbers[id(one)] for one in (matter, *also)}

    def _fix_lead(self, matter: Matter, numbers: set[int]) -> Lead:
        cells = [repair.cell for repair in matter.only_way]
        listed = "、".join(map(str, sorted(numbers)))
        these = "这一格" if len(cells) == 1 else f"这 {len(cells)} 格"
        effect = f"这样第 {listed} 处就对上了" if len(numbers) == 1 else f"改{these}，第 {listed} 处就都对上了"
        if len(numbers) == 1 and len(matter.findings) > 1:
            effect = f"改{these}，{held_words(matter)}（第 {listed} 处）"
        changes = _change(matter.only_way[0], matter) if len(cells) == 1 else self._way(matter.only_way, matter)
        return Lead("、".join(self._paper.places(cells)), self._paper.pages(cells), changes, effect)

    def _plain_lead(self, matter: Matter) -> Lead:
        item = self._item(matter)
        if item.expected and item.actual:
            said, meant = ("填报", "应为") if matter.sure else ("读作", "按其余各格应为")
            if item.open:
                meant = "按其他数字推算"
            words = f"{said} {item.actual}，{meant} {item.expected}" + (f"（{item.gap}）" if item.gap else "")
            words += f"，可能的改法有 {len(matter.ways)} 种" if item.open else ""
        else:
            words = item.message
        cells = len({path for finding in matter.findings for path in finding.where})
        place = item.place if not item.more_places else f"{item.more_places[0]} 等 {cells} 格"
        return Lead(place, item.pages, words, f"见下面第 {item.number} 处")


def _number(value: float | str | None) -> str:
    """A figure for the line of both values; texts stand in the message, which says them better."""
    return "" if value is None or isinstance(value, str) else figure(value)


def _change(repair: Repair, matter: Matter) -> str:
    """What to change, no surer than the matter is."""
    before = "现在空着" if repair.from_ is None else f"{'填报' if matter.sure else '读作'} {repair.from_}"
    return f"{before}，{'很可能' if matter.sure and matter.only_way else '可能'}应为 {repair.to}"


def _sorted(paper: Paper, findings: Sequence[Finding], heading: Heading) -> list[Finding]:
    order = ("表二", "表三", "表四", PROSE)
    severities = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    members = [f for f in findings if f.severity in heading.severities and (f.cause == "document") is heading.sure]
    return sorted(members, key=lambda f: (order.index(paper.table(f.where)), severities.index(f.severity)))
