"""Printed lines as words and figures with their columns: what is left of a table in running text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.primitives import Entry, Place

_NIL_WORDS = frozenset({"无", "不适用"})
_SURE = 3
"""So many nil signs in a row are figures."""
_MARK_INSIDE = re.compile(
    r"(?<=[^\s（(\d一二三四五六七八九十])(?=[（(][一二三四五六七][)）])"
    r"|(?<=[\u4e00-\u9fff）)”\"、])(?=\d[.．、]\s?[\u4e00-\u9fff])"
)
"""Where a list mark stands inside a token: two cells were printed without a blank between them."""
_FIGURE_AT_END = re.compile(r"^(?P<words>.*[\u4e00-\u9fff”\"）)])(?P<figure>\d[\d,，.．]*)$")
_NOTE = r"[^（）()]{0,40}(?:[)）]|$)"
_LIST_MARK = r"[（(]\s*(?:\d{1,2}|[一二三四五六七八九十]{1,2})\s*[)）]|(?:\d{1,2}|[一二三四五六七])\s+[、.．](?=\s*[\u4e00-\u9fff“\"])"
_TOKEN = re.compile(
    rf"(?:{_LIST_MARK})\S*|\d[\d,，.．]*(?:\s*[（(](?:其中|含|自然|修订|包括|已){_NOTE}|[（(](?![一二三四五六七八][)）]){_NOTE})|\S+"
)
"""A list mark is one token, and so is a figure with its note in brackets, blanks or not."""


@dataclass(slots=True, eq=False)
class Token:
    """Words or a figure. ``left``/``right``: its columns in the line, a Chinese character being two wide."""

    text: str
    place: Place
    left: int
    right: int

    def entry(self, doubt: str = "") -> Entry:
        """The token as a cell; running text has no columns that count, so it keeps only its place."""
        return Entry(self.text, self.place, doubt=doubt)


@dataclass(frozen=True, slots=True)
class Run:
    """Figures that follow one another in one line."""

    figures: tuple[Token, ...]


def read_line(text: str, number: int, *, nil_words: bool = False) -> list[Token | Run]:
    """The words and the runs of figures of one printed line, from left to right.

    ``nil_words``: 无 and 不适用 by themselves are figures too; elsewhere they may be a piece of a label.
    """
    found: list[Token | Run] = []
    tokens = [(start, token, looks_like_figure(token)) for start, token in _cut(text)]
    at = 0
    while at < len(tokens):
        end = at
        while end < len(tokens) and tokens[end][2]:
            end += 1
        run = [_token(text, start, token, number) for start, token, _ in tokens[at : max(end, at + 1)]]
        last = end == len(tokens) and (nil_words or run[0].text not in _NIL_WORDS)
        if end > at and (last or _is_run([token.text for token in run])):
            found.append(Run(tuple(run)))
        else:
            found += run
        at = max(end, at + 1)
    return found


def _token(text: str, start: int, token: str, number: int) -> Token:
    left = wide(text[:start])
    return Token(token, Place(line=number, column=start + 1), left, left + wide(token))


def _cut(text: str) -> Iterator[tuple[int, str]]:
    for match in _TOKEN.finditer(text):
        start, token = match.start(), match[0]
        if looks_like_figure(token):
            yield start, token
            continue
        tail = _FIGURE_AT_END.match(token)
        words = tail["words"] if tail else token
        cuts = [0, *(m.start() for m in _MARK_INSIDE.finditer(words)), len(words)]
        for low, high in pairwise(cuts):
            yield start + low, words[low:high]
        if tail:
            yield start + len(words), tail["figure"]


def _is_run(texts: Sequence[str]) -> bool:
    """Whether tokens that may be figures are, with words behind them: a sign between words says little."""
    return len(texts) >= _SURE or any(char.isdigit() for text in texts for char in text)


def with_nil_words(printed: Sequence[Token | Run], width: int) -> list[Token | Run]:
    """`printed` with 无 and 不适用 as figures where they stand among figures, each in a line of its own.

    They may be a piece of a label too; among figures they count when these are whole rows (of `width` figures) with
    them.
    """
    found: list[Token | Run] = []
    for among, group in groupby(printed, key=lambda one: isinstance(one, Run) or one.text in _NIL_WORDS):
        members = list(group)
        runs = [Run((one,)) if isinstance(one, Token) else one for one in members]
        whole = among and sum(len(run.figures) for run in runs) % width == 0
        found += runs if whole else members
    return found


def wide(text: str) -> int:
    """Columns that `text` takes where a Chinese character takes two."""
    return len(text) + sum(unicodedata.east_asian_width(char) in "FW" for char in text)
