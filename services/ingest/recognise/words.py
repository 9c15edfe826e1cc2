"""Glyphs of a page without cell borders as words, stacks of words and columns. Pure geometry: points, y downwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.pages import Glyph, join, lines_of
from services.ingest.recognise.primitives import Box

GAPS = (0.34, 0.22, 0.5)
"""Shares of the font size that part two words. Labels in neighbouring columns may stand as near as blanks inside a
label are wide, so what is printed must show which share is right; the first one fits most documents."""
_GROUP_MARK = r"[（(][一二三四五六七][）)]"
_ITEM_MARK = r"(?:[（(]?[1-8１-８][)）.．、](?!\d)|[①-⑧])"
_MARK_INSIDE = re.compile(rf"(?<=[^（(第])(?={_GROUP_MARK})|(?<=[\u4e00-\u9fff）)、])(?={_ITEM_MARK})")
BEGINS_GROUP = re.compile(_GROUP_MARK)
BEGINS_ITEM = re.compile(_ITEM_MARK)
_FIGURE_BEHIND = re.compile(r"(?<=[\u4e00-\u9fff）”」])(?=[+-]?[\d０-９][\d０-９,，.]*$)")
_GLUED = 0.1
_PIECE = re.compile(r"\d+(?:[,，.．]\d+)*[,，]?")


@dataclass(slots=True, eq=False)
class Word:
    """Glyphs of one line that stand together, and their common box.

    ``is_figure``: it prints a number, a piece of one that is broken in its cell, or a nil sign.
    """

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    glyphs: Sequence[Glyph]
    is_figure: bool = False

    @property
    def middle(self) -> float:
        """The height of its line."""
        return (self.top + self.bottom) / 2

    @property
    def centre(self) -> float:
        """The middle across."""
        return (self.x0 + self.x1) / 2

    @property
    def size(self) -> float:
        """The height of its glyph boxes, about the font size."""
        return self.bottom - self.top


def word_of(glyphs: Sequence[Glyph]) -> Word:
    """`glyphs`, from left to right, as one word."""
    text = join(glyphs)
    return Word(
        text,
        min(g[1] for g in glyphs),
        min(g[2] for g in glyphs),
        max(g[3] for g in glyphs),
        max(g[4] for g in glyphs),
        glyphs,
        looks_like_figure(text) or _PIECE.fullmatch(text) is not None,
    )


def words_of(glyphs: Sequence[Glyph], gap: float = GAPS[0]) -> list[Word]:
    """The words of `glyphs` from top to bottom and left to right; `gap` (of the font size) parts them.

    A list mark of the form (``（三）``, ``1.``) always begins a word, and a figure right behind words is one by itself
    when there is a gap at all.
    """
    words: list[Word] = []
    for line in lines_of(glyphs):
        for part in _apart(line, gap):
            words += [word_of(piece) for piece in _at_marks(part)]
    return words


def _apart(line: Sequence[Glyph], gap: float) -> Iterator[list[Glyph]]:
    part: list[Glyph] = []
    for glyph in line:
        if part and glyph[1] - max(g[3] for g in part[-2:]) > gap * (glyph[4] - glyph[2]):
            yield part
            part = []
        part.append(glyph)
    if part:
        yield part


def _at_marks(part: list[Glyph]) -> Iterator[list[Glyph]]:
    text = "".join(glyph[0] for glyph in part)
    if len(text) != len(part):  # a glyph that stands for several characters
        yield part
        return
    cuts = [match.start() for match in _MARK_INSIDE.finditer(text)]
    behind = _FIGURE_BEHIND.search(text)
    if behind is not None and not _open_bracket(text[: behind.start()]):
        before, after = part[behind.start() - 1], part[behind.start()]
        if after[1] - before[3] > _GLUED * (after[4] - after[2]):
            cuts.append(behind.start())
    start = 0
    for cut in [*sorted(cuts), len(part)]:
        yield part[start:cut]
        start = cut


def _open_bracket(text: str) -> bool:
    """Whether `text` ends within a note in brackets."""
    flat = text.replace("（", "(").replace("）", ")")
    return flat.count("(") > flat.count(")")


def rows_of(words: Iterable[Word]) -> list[list[Word]]:
    """`words` by printed line, from top to bottom, each from left to right."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda w: w.middle):
        if rows and word.middle - rows[-1][0].middle <= 0.45 * min(word.size, rows[-1][0].size):
            rows[-1].append(word)
        else:
            rows.append([word])
    for row in rows:
        row.sort(key=lambda w: w.x0)
    return rows


def text_of(words: Iterable[Word]) -> str:
    """The text of a cell: its printed lines, joined by line breaks, with a blank where words stand apart."""
    return "\n".join(join(line) for line in lines_of([glyph for word in words for glyph in word.glyphs]))


def box_of(words: Sequence[Word]) -> Box:
    """The common box of one or more words."""
    return (
        min(w.x0 for w in words),
        min(w.top for w in words),
        max(w.x1 for w in words),
        max(w.bottom for w in words),
    )


def clusters(words: Iterable[Word]) -> list[tuple[float, float]]:
    """The stretches across that words cover, from left to right; words that overlap across share one."""
    found: list[list[float]] = []
    for word in sorted(words, key=lambda w: w.x0):
        if found and word.x0 < found[-1][1]:
            found[-1][1] = max(found[-1][1], word.x1)
        else:
            found.append([word.x0, word.x1])
    return [(left, right) for left, right in found]


def columns_between(stretches: Sequence[tuple[float, float]], left: float, right: float) -> list[tuple[float, float]]:
    """Columns that meet halfway between neighbouring stretches, from `left` to `right`."""
    edges = [left, *((a[1] + b[0]) / 2 for a, b in pairwise(stretches)), right]
    return list(pairwise(edges))
