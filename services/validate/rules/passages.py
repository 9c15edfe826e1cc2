"""The report's prose as the rules about wording read it: paragraphs without white space, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.core.report import Report

OPENING = "opening"
"""The key of what stands before the first section."""

_LONGEST = 20_000
"""Longer prose belongs to no annual report; what lies beyond is left unread."""
_WIDE = str.maketrans(
    "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ",
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
)
_SENTENCE_END = re.compile(r"[。；！？;!?]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph: `place` in words, `key` of its section or ``OPENING``, `text` without white space.

    `continued`: the paragraph before it broke off in mid-sentence, so that its own first characters may stand there.
    """

    place: str
    key: str
    text: str
    continued: bool = False

    def quote(self, start: int, end: int, around: int = 10) -> str:
        """The words from `start` to `end` with a little of what stands beside them, for a message."""
        first, last = max(0, start - around), min(len(self.text), end + around)
        words = self.text[first:last].replace("“", "‘").replace("”", "’")
        return f"{'…' if first else ''}{words}{'…' if last < len(self.text) else ''}"


def passages(report: Report) -> tuple[Passage, ...]:
    """Opening and sections of a report by paragraphs, in printed order."""
    return tuple(_passages(report))


def _passages(report: Report) -> Iterator[Passage]:
    if report.reading is not None:
        yield from _paragraphs("开头部分", OPENING, report.reading.opening)
    for section in report.sections:
        yield from _paragraphs(f"“{bare(section.title)}”部分", section.key, section.text)


def _paragraphs(place: str, key: str, text: str) -> Iterator[Passage]:
    before = "。"
    for line in text[:_LONGEST].splitlines():
        if words := bare(line):
            yield Passage(place, key, words, continued=_SENTENCE_END.match(before[-1]) is None)
            before = words


def bare(text: str) -> str:
    """`text` without white space, with ASCII digits and capitals; its punctuation is left as printed."""
    return "".join(text.split()).translate(_WIDE)


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """The sentences of a paragraph with where each begins, cut at full stops and semicolons."""
    start = 0
    for end in _SENTENCE_END.finditer(text):
        yield start, text[start : end.start()]
        start = end.end()
    if start < len(text):
        yield start, text[start:]
