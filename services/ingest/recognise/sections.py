"""The six sections, found by the words of their titles and never by their number alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from services.core.form import form
from services.core.form.labels import squeeze
from services.core.report import SectionFound
from services.ingest.recognise.labels import name_of
from services.ingest.recognise.primitives import Item, Line

_LONGEST_TITLE = 45
_LONGEST_LINE = 1000
"""A longer line is no heading, however many blanks and marks stand in it."""
_NUMBERED = re.compile(r"^[一二三四五六七八九十]{1,3}[、.．,，:：)）]?")
_PART = re.compile(r"^第[一二三四五六七八九十]{1,2}(?:部分|章)[、:：]?")
_HEAD_OF_PARAGRAPH = re.compile(
    r"^(?P<title>[一二三四五六七八九十]、[^。：:]{4,40}?)[。：:\s]\s*(?P<text>\S.*)$", re.DOTALL
)
_SENTENCE_END = "。；！？!?;"
_SENTENCE_ENDS = frozenset(_SENTENCE_END)
_NEW_PARAGRAPH = re.compile(r"^(?:[（(][一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}、)")
_DECORATION = re.compile(r"^[#*\s>]+|[*#\s]+$")
_LONGEST_TEXT = 200_000

# Title words for headings that are no known variant; a numeral in front is required there.
_WORDS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("disputes", lambda t: ("行政复议" in t or "行政诉讼" in t) and "情况" in t),
    ("requests", lambda t: "申请" in t and "公开" in t and ("收到" in t or "处理" in t) and "情况" in t),
    ("proactive", lambda t: "主动公开" in t and "情况" in t),
    ("problems", lambda t: "问题" in t and any(word in t for word in ("改进", "整改", "措施", "打算", "下一步"))),
    ("other_matters", lambda t: "事项" in t and "报告" in t and ("其他" in t or "其它" in t)),
    ("overview", lambda t: "总体情况" in t or "基本情况" in t or "工作概况" in t),
)


def plain(text: str) -> str:
    """A line without Markdown decoration."""
    return _DECORATION.sub("", text.replace("**", ""))


@cache
def _titles() -> dict[str, str]:
    return {
        name_of(title): section.key
        for version in ("2021", "2019")
        for section in form(version).sections
        for title in (section.title, *section.aliases)
    }


def section_key(text: str) -> str | None:
    """The section whose heading `text` is, None for prose, table rows and everything else."""
    return _section_key(text) if len(text) <= _LONGEST_LINE else None


@lru_cache(maxsize=1024)  # each line of a document is asked about on several occasions
def _section_key(text: str) -> str | None:
    flat = squeeze(plain(text))
    if not flat or len(flat) > _LONGEST_TITLE or not _SENTENCE_ENDS.isdisjoint(flat):
        return None
    bare = _PART.sub("", flat)
    name = name_of(bare)
    if name in _titles():
        return _titles()[name]
    if bare == flat and not _NUMBERED.match(flat):
        return None
    return next((key for key, fits in _WORDS if fits(name)), None)


def heading_in_front(text: str) -> tuple[str, str, str] | None:
    """(key, title, text) of a paragraph that begins with a known section title, number and all; None for others."""
    whole = plain(text).strip()
    match = _HEAD_OF_PARAGRAPH.match(whole) if name_of(whole) not in _titles() else None
    key = _titles().get(name_of(match["title"])) if match else None
    return (key, match["title"], match["text"]) if match and key else None


def find_sections(items: Sequence[Item]) -> list[SectionFound]:
    """The sections in printed order, each with its prose; a later heading with the words of one already found is prose."""
    found: list[tuple[str, str, int | None, list[str]]] = []
    skip = False
    rows = 0
    for index, item in enumerate(items):
        if skip:
            skip = False
            continue
        if not isinstance(item, Line):
            rows += 1
            continue
        following = items[index + 1] if index + 1 < len(items) else None
        key, title, skip = _heading(item, following)
        in_front = heading_in_front(item.text)
        if in_front:
            key, title, _ = in_front
        at = next((n for n, one in enumerate(found) if one[0] == key), None)
        if at is not None and not rows and not any(one[3] for one in found[at:]):
            del found[at:]  # a table of contents
            at = None
        if key is not None and at is None:
            found.append((key, title, item.place.page, [in_front[2]] if in_front else []))
            continue
        skip = False
        if found and (text := plain(item.text)):
            found[-1][3].append(text)
    return [
        SectionFound(key=key, title=title[:500], page=page, text=join_lines(lines)[:_LONGEST_TEXT])
        for key, title, page, lines in found
    ]


def _heading(line: Line, following: Item | None) -> tuple[str | None, str, bool]:
    """Key and title of the heading that begins here; the third value tells that it takes the next line too."""
    title = plain(line.text).strip()
    key = section_key(title)
    if isinstance(following, Line) and _NUMBERED.match(squeeze(title)):
        tail = plain(following.text).strip()
        whole = title + tail
        if len(squeeze(tail)) <= 12 and name_of(whole) in _titles() and name_of(title) not in _titles():
            return section_key(whole), whole, True
    return key, title, False


def join_lines(lines: Sequence[str]) -> str:
    """Printed lines as paragraphs: a line that does not end a sentence goes on in the next one."""
    text: list[str] = []
    widest = max((len(line) for line in lines), default=0)
    previous = ""
    for raw in lines:
        line = raw.strip()
        if not line:
            continue
        short_head = bool(_NEW_PARAGRAPH.match(previous)) and len(previous) < 0.75 * widest
        ends = not previous or previous[-1] in _SENTENCE_END or short_head or _NEW_PARAGRAPH.match(line)
        text.append(("\n" if text and ends else "") + line)
        previous = line
    return "".join(text)
