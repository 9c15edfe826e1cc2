"""All figures that the prose of a report states, in printed order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise
from typing import Final

from services.core.report import SectionFound
from services.validate.claims.kinds import Sort, application_sort, says_no_more
from services.validate.claims.kinds_elsewhere import (
    decision_sort,
    dispute_sort,
    document_sort,
    information_sort,
    is_fee,
)
from services.validate.claims.sentences import Mention, Piece, paragraphs
from services.validate.claims.stated import Scope, Stated
from services.validate.claims.without_numbers import sayings
from services.validate.claims.words import (
    ABOUT_APPLICATIONS,
    APPLICATION,
    AREA,
    CHANGE,
    DISCLOSURE,
    DISPUTE,
    NARROW,
    OTHER_YEARS,
    OWN,
    PART_OF_YEAR,
    TOPICS,
    WHOLE_YEAR,
    body_named,
    last_end,
    year_before,
)

MOST_STATED: Final = 200
"""No report states more figures than this that a table could be held against."""

_HEADED: Final = re.compile(r"^(?:\([一二三四五六七八九十\d]{1,3}\)|[一二三四五六七八九十]{1,3}、|\d{1,2}[.、])")
_SHARE: Final = re.compile(
    r"^(?:的)?(?:申请)?(?P<sign>[,(、]?)(?P<word>占比|占)?(?:办结|答复|申请|办理|全部)?(?:总数|总量|比例|比|申请|数)?(?:的|为|达|:)*$"
)
_AMOUNT: Final = r"(?:政府信息公开|依申请公开)?(?:申请|受理|收到|收件|答复|办理)?(?:数量|总量|件数|量|数)?"
_GROWTH: Final = re.compile(
    rf"^(?:{APPLICATION}|申请)?[,(、]?(?P<what>{_AMOUNT})(?:同比|(?:较|比|与)(?:上一?年度?|去年|20\d\d年度?)(?:同期)?(?:相比)?,?){_AMOUNT}"
    r"(?P<way>增长|上升|增加|提高|增幅|下降|减少|降低)(?:了|为|达|达到)*$"
)
_BRACKETS: Final = re.compile(r"\([^()]*\)")
_FALLS: Final = {"下降", "减少", "降低"}
_NOT_ANSWERED: Final = re.compile(r"撤|转办|移送|不予受理|补正")
_COUNTS: Final = ("applications_received", "applications_finished", "applications_handled")
_APPLICATIONS, _DISPUTES, _OTHER = "applications", "disputes", "other"
_SAID: Final = {
    "none_received": ("applications_received", "none"),
    "no_reviews": ("reviews", "none"),
    "no_litigations": ("litigations", "none"),
    "no_fee": ("processing_fee", "none"),
    "none_carried_out": ("carried_out", "none"),
    "all_finished": ("all_finished", ""),
}


def extract(sections: Sequence[SectionFound], years: tuple[int, ...], agency: str | None = None) -> list[Stated]:
    """What the prose states, at most `MOST_STATED`. `years`: those the report may be about; `agency`: its body's name."""
    found: list[Stated] = []
    sentence = 0
    for section, following in pairwise([*sections, None]):
        if section is None or not section.text:
            continue
        page = section.page if following is None or following.page == section.page else None
        reader = _Reader(section.key, page, years, (agency or "").replace("人民政府", "政府"))
        for paragraph in paragraphs(section.text):
            reader.begin(paragraph)
            for piece in paragraph:
                sentence += 1
                found += reader.read(piece, sentence)
                if len(found) >= MOST_STATED:
                    return found[:MOST_STATED]
    return found


@dataclass(slots=True)
class _Reader:
    """One section, read piece by piece; what a paragraph said before is carried along."""

    section: str
    page: int | None
    years: tuple[int, ...]
    agency: str
    sentence: int = 0
    heading: str | None = None
    topic: str | None = None
    year: int | str | None = None
    scope: tuple[Scope, str] = ("unknown", "")
    disclosure: bool = False
    turns: list[tuple[int, str | None]] = field(default_factory=list)

    def begin(self, paragraph: Sequence[Piece]) -> None:
        """A new paragraph: its heading, or that of the paragraphs before, sets the topic."""
        first = paragraph[0].text[:24] if paragraph else ""
        if _HEADED.match(first):
            self.heading = _APPLICATIONS if "申请" in first and ABOUT_APPLICATIONS.search(first) else None
        elif self.section == "requests":
            self.heading = _APPLICATIONS
        self.topic = _DISPUTES if self.section == "disputes" else self.heading
        self.year = None
        self.scope = ("unknown", "")
        self.disclosure = False

    def read(self, piece: Piece, sentence: int) -> Iterator[Stated]:
        """What one piece states; then its topic, year and scope are remembered."""
        text = piece.text
        self.sentence = sentence
        self.turns = [(found.end(), found.lastgroup) for found in TOPICS.finditer(text)]
        yield from self._sayings(piece)
        yield from self._mentions(piece)
        self.disclosure = self._about_disclosure(text) and (not piece.ended or DISPUTE.search(text) is not None)
        self.topic = self._topic_at(len(text))
        if piece.ended and self.topic == _OTHER and self.heading == _APPLICATIONS:
            self.topic = self.heading
        self.year = year_before(text) or self.year
        self.scope = _scope(text) or self.scope

    def _topic_at(self, place: int) -> str | None:
        """What the present piece is about up to there, or what was said before it."""
        return next((topic for end, topic in reversed(self.turns) if end <= place), self.topic)

    def _about_disclosure(self, before: str) -> bool:
        """Whether cases named here are about disclosure: bodies that review others count all kinds of them."""
        told = self.section == "disputes" or _APPLICATIONS in (self.heading, self.topic) or self.disclosure
        return told or DISCLOSURE.search(before) is not None

    def _sayings(self, piece: Piece) -> Iterator[Stated]:
        about = self.topic == _APPLICATIONS
        for said in sayings(piece.text, about_applications=about):
            if said.kind == "all_finished" and self._topic_at(said.start) != _APPLICATIONS:
                continue
            if said.kind in ("no_reviews", "no_litigations") and not self._about_disclosure(piece.text[: said.end]):
                continue
            kind, basis = _SAID[said.kind]
            yield self._stated(piece, Sort(kind, basis, loose=said.loose), (said.start, said.end))

    def _mentions(self, piece: Piece) -> Iterator[Stated]:
        last: Sort | None = None
        last_dispute: str | None = None
        found: list[tuple[Mention, list[Stated]]] = []
        for before, mention in pairwise([None, *piece.mentions]):
            assert mention is not None
            lead = piece.text[0 if before is None else before.number.end : mention.number.start]
            if mention.number.unit == "%":
                self._share_or_growth(piece, mention, found)
                found.append((mention, []))
                continue
            sorts = tuple(self._sorts(piece, mention, lead, last, last_dispute))
            stated = [self._counted(piece, mention, lead, sort) for sort in sorts]
            found.append((mention, stated))
            last = sorts[-1] if sorts else last
            if len(sorts) == 1 and sorts[0].kind in ("reviews", "litigations", "direct", "after_review"):
                last_dispute = sorts[0].kind
            elif sorts and sorts[0].kind in ("cases", "reviews"):
                last_dispute = None
        for _, stated in found:
            yield from stated

    def _sorts(
        self, piece: Piece, mention: Mention, lead: str, last: Sort | None, last_dispute: str | None
    ) -> Iterator[Sort]:
        """What the number counts, where words, topic and place leave no doubt."""
        before = piece.text[: mention.number.start]
        if is_fee(mention, piece.text):
            yield Sort("processing_fee")
            return
        if mention.number.scale or not says_no_more(mention) or CHANGE.search(mention.head):
            return
        if mention.bracketed and not re.search("结转|公开|无法提供|不予处理|其他处理", mention.head):
            return
        if "复议" in piece.text or "诉" in piece.text:
            told = DISCLOSURE.search(before) is not None
            cases = dispute_sort(mention, last_dispute, told=told) if told or self._about_disclosure("") else ()
            yield from cases
            if cases:
                return
        topic = self._topic_at(mention.number.end + len(mention.tail))
        sort = application_sort(mention, self.years)
        if sort is not None and mention.number.unit not in ("个", "部", "元"):
            if topic == _APPLICATIONS or not sort.needs_topic:
                part = sort.kind == "applications_finished" and ("其中" in before or _NOT_ANSWERED.search(piece.text))
                yield replace(sort, loose=sort.loose or bool(part))
            return
        rule = document_sort(mention, lead, last.kind if last else None) if "范" in before or "规章" in before else None
        sort = rule or decision_sort(mention, before) or (information_sort(mention, lead) if "公开" in lead else None)
        if sort is not None:
            yield sort

    def _counted(self, piece: Piece, mention: Mention, lead: str, sort: Sort) -> Stated:
        number = mention.number
        value: int | Decimal = int(number.value) if number.value == number.value.to_integral_value() else number.value
        if sort.kind == "processing_fee":
            value = number.value * (10_000 if number.scale else 1)
        start = mention.start + (len(piece.text[mention.start : number.start]) - len(mention.head))
        end = number.end + (len(mention.tail) if sort.after or ABOUT_APPLICATIONS.match(mention.tail) else 0)
        stated = self._stated(piece, sort, (start, end), value, phrase=start + sort.at)
        prefix = lead[: len(lead) - len(mention.head) + sort.at] if len(mention.head) <= len(lead) else ""
        years_ago = last_end(OTHER_YEARS, prefix) > last_end(WHOLE_YEAR, prefix)
        before = piece.text[: start + sort.at]
        in_part = last_end(PART_OF_YEAR, before) > last_end(WHOLE_YEAR, before)
        return replace(
            stated,
            doubtful=number.blanks,
            other_year=stated.other_year or in_part or (years_ago and not sort.kind.startswith("carried")),
        )

    def _stated(
        self, piece: Piece, sort: Sort, span: tuple[int, int], value: int | Decimal = 0, *, phrase: int | None = None
    ) -> Stated:
        """`span`: the quote; `phrase`: where in the piece the words of the pattern begin, if later than the quote."""
        start, end = span
        before = piece.text[: start if phrase is None else phrase]
        year = year_before(before) or self.year
        scope, word = _scope(before) or _scope(piece.text[start:end]) or self.scope
        named = body_named(piece.text[1 + max(piece.text.rfind(sign, 0, start) for sign in ",:(") : end])
        return Stated(
            kind=sort.kind,
            value=value,
            quote=piece.printed[start:end].strip(" 、"),
            section=self.section,
            page=self.page,
            sentence=self.sentence,
            basis=sort.basis,
            scope=scope,
            scope_word=word,
            narrow=NARROW.search(piece.text[:end]) is not None or (named is not None and not self._is_own(named)),
            other_year=isinstance(year, int) and bool(self.years) and year not in self.years,
            loose=sort.loose,
        )

    def _is_own(self, name: str) -> bool:
        if re.search(r"[我本该](?:局|委|办|厅|镇|乡|街道|中心|[省市县区]政府)$", name):
            return True
        return bool(self.agency) and name.replace("人民政府", "政府")[-3:] in self.agency

    def _share_or_growth(self, piece: Piece, mention: Mention, found: list[tuple[Mention, list[Stated]]]) -> None:
        """Note a percentage with the count in front of it: as its share, or as growth on the year before."""
        if not found or len(found[-1][1]) != 1:
            return
        before, (count,) = found[-1]
        printed = str(mention.number.value)
        between = piece.text[before.number.end : mention.number.start]
        share = _SHARE.match(between)
        if share and (share["word"] or share["sign"] == "("):
            found[-1] = (before, [replace(count, share=printed, quote=_to(piece, count, mention.number.end))])
        growth = _GROWTH.match(between)
        if growth and count.kind in _COUNTS:
            value = mention.number.value * (-1 if growth["way"] in _FALLS else 1)
            quote = _to(piece, count, mention.number.end)
            basis = "applications_received" if re.search("申请|受理|收", growth["what"]) else count.kind
            found.append((mention, [replace(count, kind="growth", value=value, basis=basis, quote=quote)]))


def _to(piece: Piece, count: Stated, end: int) -> str:
    """The quote of a count, drawn out to where a percentage behind it ends."""
    start = piece.printed.find(count.quote)
    end += piece.text[end : end + 1] == ")"
    return piece.printed[start:end] if start >= 0 else count.quote


def _scope(text: str) -> tuple[Scope, str] | None:
    """Whose figures follow, by the last word that tells, and that word."""
    text = _BRACKETS.sub("", text)
    area, own = _last(AREA, text), _last(OWN, text)
    if area is not None and (own is None or area.end() > own.end()):
        return "area", area[0]
    return None if own is None else ("own", own[0])


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next(iter([*pattern.finditer(text)][-1:]), None)
