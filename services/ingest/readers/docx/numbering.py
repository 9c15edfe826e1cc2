"""List numbers that a word processor prints and that stand nowhere in the text (numbering.xml)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final
from xml.etree.ElementTree import Element

from services.ingest.readers.docx.names import RUN_PROPERTIES, chosen, is_on, number, value, w
from services.ingest.readers.docx.numerals import numeral
from services.ingest.readers.docx.styles import ListPlace, Styles

_LEVELS: Final = 9
_PLACEHOLDER: Final = re.compile(r"%([1-9])")
_DEEPEST: Final = 5
_LONGEST: Final = 40
_MOST: Final = 20_000
_LEVEL: Final = w("lvl")


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of a list. ``restarts_after``: the level above whose next number starts this one anew; 0 is never."""

    start: int = 1
    number_format: str = "decimal"
    text: str = ""
    suffix: str = "tab"
    legal: bool = False
    restarts_after: int | None = None
    style: str | None = None
    hidden: bool = False


@dataclass(slots=True)
class _List:
    """A ``w:num``: levels of an abstract list, some replaced or started anew. Lists of one ``kind`` count together."""

    kind: int
    levels: dict[int, _Level]
    starts: dict[int, int]


@dataclass(slots=True)
class Numbering:
    """The lists of a document with how far each has counted."""

    _lists: dict[int, _List] = field(default_factory=dict)
    _counts: dict[int, list[int | None]] = field(default_factory=dict)
    _begun: set[tuple[int, int]] = field(default_factory=set)

    def label(self, place: ListPlace, style: str | None) -> str:
        """The number in front of the next paragraph at `place`, with what stands between it and the text.

        Empty for bullets and unknown lists. Call once for each printed paragraph, in document order.
        """
        list_id = place.list_id
        one = None if list_id is None else self._lists.get(list_id)
        if one is None or list_id is None:
            return ""
        depth = place.level if place.level is not None else _level_of_style(one, style)
        level = one.levels.get(depth)
        if level is None or not 0 <= depth < _LEVELS:
            return ""
        counts = self._counts.setdefault(one.kind, [None] * _LEVELS)
        self._count(counts, one, list_id, depth)
        if level.hidden or level.number_format in ("bullet", "none"):
            return ""
        return _glued(_printed(one, counts, depth), level.suffix)

    def _count(self, counts: list[int | None], one: _List, list_id: int, depth: int) -> None:
        if depth in one.starts and (list_id, depth) not in self._begun:
            self._begun.add((list_id, depth))
            counts[depth] = one.starts[depth]
        else:
            before = counts[depth]
            counts[depth] = _start(one, depth) if before is None else before + 1
        for above in range(depth):
            if counts[above] is None:
                counts[above] = _start(one, above)
        for below in range(depth + 1, _LEVELS):
            level = one.levels.get(below)
            after = None if level is None else level.restarts_after
            if after is None or depth < after:
                counts[below] = None


def _start(one: _List, depth: int) -> int:
    return one.levels[depth].start if depth in one.levels else 1


def _level_of_style(one: _List, style: str | None) -> int:
    return next((depth for depth, level in one.levels.items() if style and level.style == style), 0)


def _printed(one: _List, counts: list[int | None], depth: int) -> str:
    own = one.levels[depth]

    def write(match: re.Match[str]) -> str:
        at = int(match[1]) - 1
        level = one.levels.get(at)
        count = counts[at]
        if level is None or count is None or at > depth:
            return ""
        return str(count) if own.legal and at != depth else numeral(count, level.number_format)

    return _PLACEHOLDER.sub(write, own.text)


def _glued(label: str, suffix: str) -> str:
    """A tab or blank after the number, except after marks that bring their own space."""
    return label if not label or suffix == "nothing" or label.endswith(("、", "）", "．", "。")) else f"{label} "


def numbering_of(root: Element, styles: Styles) -> Numbering:
    """The lists in a parsed numbering part."""
    abstract = {number(element.get(w("abstractNumId")), -1): element for element in root.iterfind(w("abstractNum"))}
    numbers = {number(element.get(w("numId")), -1): element for element in root.iterfind(w("num"))}
    style_lists = {link: key for key, element in abstract.items() if (link := value(element, w("styleLink")))}
    lists: dict[int, _List] = {}
    levels_of: dict[int, dict[int, _Level]] = {}
    for list_id, element in list(numbers.items())[:_MOST]:
        kind = _followed(number(value(element, w("abstractNumId")), -1), abstract, numbers, style_lists, styles)
        if kind not in abstract:
            continue
        if kind not in levels_of:
            levels_of[kind] = _levels(abstract[kind])
        lists[list_id] = _with_overrides(element, kind, levels_of[kind])
    return Numbering(lists)


def _followed(
    kind: int, abstract: dict[int, Element], numbers: dict[int, Element], style_lists: dict[str, int], styles: Styles
) -> int:
    """The abstract list that has the levels: one that only names a list style leads to the list behind that style."""
    for _ in range(_DEEPEST):
        element = abstract.get(kind)
        link = value(element, w("numStyleLink"))
        if not link:
            return kind
        behind = numbers.get(styles.list_place(link).list_id or 0)
        following = style_lists.get(link) if behind is None else number(value(behind, w("abstractNumId")), -1)
        if following is None or following == kind:
            following = style_lists.get(link)
        if following is None or following == kind:
            return kind
        kind = following
    return kind


def _levels(abstract: Element) -> dict[int, _Level]:
    return {number(element.get(w("ilvl"))): _level(element) for element in abstract.iterfind(_LEVEL)}


def _level(element: Element) -> _Level:
    number_format = value(element, w("numFmt"))
    if number_format is None:
        # a format of newer versions stands in alternatives beside a plain one
        number_format = next((f for branch in element if (f := _plain_format(branch))), "decimal")
    mark = element.find(RUN_PROPERTIES)
    restart = value(element, w("lvlRestart"))
    return _Level(
        start=number(value(element, w("start")), 1),
        number_format=number_format,
        text=(value(element, w("lvlText")) or "")[:_LONGEST],
        suffix=value(element, w("suff")) or "tab",
        legal=is_on(element.find(w("isLgl"))),
        restarts_after=None if restart is None else number(restart),
        style=value(element, w("pStyle")),
        hidden=mark is not None and is_on(mark.find(w("vanish"))),
    )


def _plain_format(alternatives: Element) -> str | None:
    branches = (chosen(alternatives), *reversed(alternatives))
    formats = (value(branch, w("numFmt")) for branch in branches if branch is not None)
    return next((one for one in formats if one and one != "custom"), None)


def _with_overrides(element: Element, kind: int, levels: dict[int, _Level]) -> _List:
    own, starts = dict(levels), {}
    for override in element.iterfind(w("lvlOverride")):
        depth = number(override.get(w("ilvl")), -1)
        replaced = override.find(_LEVEL)
        if replaced is not None:
            own[depth] = _level(replaced)
        start = value(override, w("startOverride"))
        if start is not None:
            starts[depth] = number(start, 1)
            own[depth] = replace(own.get(depth, _Level()), start=starts[depth])
    return _List(kind, own, starts)
