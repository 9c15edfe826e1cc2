"""Findings as a person works through them: numbered, errors first, grouped by table, with the cell to look at first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.core.finding import Finding, Repair, Severity
from services.notify.wording import PROSE, Paper, figure, gap, quiet


@dataclass(frozen=True, slots=True)
class Item:
    """One finding, ready to print."""

    number: int
    place: str
    more_places: tuple[str, ...]
    pages: str
    message: str
    expected: str
    actual: str
    gap: str
    fixes: tuple[str, ...]
    basis: str


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
        parts = [(heading, _sorted(paper, findings, heading)) for heading in headings]
        ordered = [finding for _, members in parts for finding in members]
        # position, not fingerprint: two findings may share one
        self._numbers = {id(finding): number for number, finding in enumerate(ordered, 1)}
        self._by_fingerprint = {finding.fingerprint: finding for finding in ordered if finding.fingerprint}
        self._ordered = ordered
        self.parts = tuple(self._part(heading, members) for heading, members in parts if members)

    def _part(self, heading: Heading, members: Sequence[Finding]) -> Part:
        groups: dict[str, list[Item]] = {}
        for finding in members:
            groups.setdefault(self._paper.table(finding.where), []).append(self._item(finding))
        return Part(
            heading.key,
            heading.title,
            heading.note,
            tuple(Group(table, tuple(items)) for table, items in groups.items()),
            len(members),
            heading.sure,
        )

    def _item(self, finding: Finding) -> Item:
        places = self._paper.places(finding.where)
        return Item(
            number=self._numbers[id(finding)],
            place=self._heading(finding, places),
            more_places=places if len(places) > 1 and self._paper.table(finding.where) != PROSE else (),
            pages=self._paper.pages(finding.where),
            message=quiet(finding.message),
            expected=_number(finding.expected),
            actual=_number(finding.actual),
            gap=gap(finding.expected, finding.actual),
            fixes=self._fixes(finding),
            basis=quiet(finding.basis),
        )

    def _heading(self, finding: Finding, places: tuple[str, ...]) -> str:
        table = self._paper.table(finding.where)
        if table == PROSE:
            return "、".join(places) or PROSE
        return places[0] if len(places) == 1 else f"{table} {len(set(finding.where))} 格"

    def _fixes(self, finding: Finding) -> tuple[str, ...]:
        """The cells to look at; a sole one that the message names already is not said twice."""
        if len(finding.repair) == 1 and self._paper.cell(finding.repair[0].cell) in finding.message:
            return ()
        return tuple(self._fix(finding, repair) for repair in finding.repair)

    def _fix(self, finding: Finding, repair: Repair) -> str:
        likely = len(finding.repair) == 1 and finding.cause == "document"
        return f"{self._paper.cell(repair.cell)}：{_change(finding, repair, likely=likely)}"

    def leads(self, keys: Iterable[str]) -> tuple[Lead, ...]:
        """The shortest way through the parts named: cells that settle several findings, then the findings left."""
        named = {item.number for part in self.parts if part.key in set(keys) for g in part.groups for item in g.items}
        wanted = [finding for finding in self._ordered if self._numbers[id(finding)] in named]
        fixes: dict[str, tuple[Finding, set[int]]] = {}
        for finding in wanted:
            # one repair is a likely cell; several are a choice, which belongs beside its finding
            if len(finding.repair) == 1:
                repair = finding.repair[0]
                _, settled = fixes.setdefault(f"{repair.cell}={repair.to}", (finding, set()))
                settled |= {self._numbers[id(finding)]} | (self._settled(repair) & named)
        found: list[Lead] = []
        covered: set[int] = set()
        for finding, numbers in sorted(fixes.values(), key=lambda entry: (-len(entry[1]), min(entry[1]))):
            if not numbers <= covered:
                covered |= numbers
                found.append(self._fix_lead(finding, numbers))
        found += [self._plain_lead(finding) for finding in wanted if self._numbers[id(finding)] not in covered]
        return tuple(found)

    def _settled(self, repair: Repair) -> set[int]:
        known = (self._by_fingerprint.get(name) for name in repair.settles)
        return {self._numbers[id(finding)] for finding in known if finding is not None}

    def _fix_lead(self, finding: Finding, numbers: set[int]) -> Lead:
        repair = finding.repair[0]
        listed = "、".join(map(str, sorted(numbers)))
        effect = f"这样第 {listed} 处就对上了" if len(numbers) == 1 else f"改这一格，第 {listed} 处就都对上了"
        change = _change(finding, repair, likely=finding.cause == "document")
        return Lead(self._paper.cell(repair.cell), self._paper.pages([repair.cell]), change, effect)

    def _plain_lead(self, finding: Finding) -> Lead:
        item = self._item(finding)
        if item.expected and item.actual:
            said, wanted = ("填报", "应为") if finding.cause == "document" else ("读作", "按其余各格应为")
            words = f"{said} {item.actual}，{wanted} {item.expected}" + (f"（{item.gap}）" if item.gap else "")
        else:
            words = item.message
        place = item.place if not item.more_places else f"{item.more_places[0]} 等 {len(set(finding.where))} 格"
        return Lead(place, item.pages, words, f"见下面第 {item.number} 处")


def _number(value: float | str | None) -> str:
    """A figure for the line of both values; texts stand in the message, which says them better."""
    return "" if value is None or isinstance(value, str) else figure(value)


def _change(finding: Finding, repair: Repair, *, likely: bool) -> str:
    """What to change, no surer than the finding is."""
    said = "填报" if finding.cause == "document" else "读作"
    before = "现在空着" if repair.from_ is None else f"{said} {repair.from_}"
    return f"{before}，{'很可能' if likely else '可能'}应为 {repair.to}"


def _sorted(paper: Paper, findings: Sequence[Finding], heading: Heading) -> list[Finding]:
    order = ("表二", "表三", "表四", PROSE)
    severities = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    members = [f for f in findings if f.severity in heading.severities and (f.cause == "document") is heading.sure]
    return sorted(members, key=lambda f: (order.index(paper.table(f.where)), severities.index(f.severity)))
