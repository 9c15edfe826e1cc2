"""What the layouts of the three tables on pages without cell borders share: columns, bands, and rows laid out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.ingest.recognise.unruled_labels import Label
from services.ingest.recognise.words import Word, columns_between

Span = tuple[float, float]
Cells = list[Word]

_SLACK = 0.25
"""Share of its width by which a figure may reach over the middle between two columns, which narrower ones told."""
_OUTER = 1.1
"""Figures this near to a row, in font sizes, belong to it."""
_MARGIN = 1.0


@dataclass(slots=True)
class Columns:
    """Where the columns of figures lie across, and the words of the head over each (empty where none is printed)."""

    spans: list[Span]
    heads: list[Cells] = field(default_factory=list)


@dataclass(slots=True)
class LaidRow:
    """One row: the words of its label, its cells as (words, left, right), and the height it takes (top, bottom).

    ``doubt``: why its figures may not be its own, else empty.
    """

    label: Cells
    cells: list[tuple[Cells, float, float]]
    height: Span
    doubt: str = ""


@dataclass(slots=True)
class Laid:
    """A table, or the part of it on one page: rows of words by cell, between `top` and `bottom`.

    ``known``: how many names of the form were found in it. ``complete``: nothing in it was left without its name.
    ``awaits_row``: heads at the foot of a page, whose figures may come on the next one. ``labelled``: a column of labels
    stands in front, printed or not.
    """

    columns: Columns
    rows: list[LaidRow] = field(default_factory=list)
    top: float = 0.0
    bottom: float = 0.0
    known: int = 0
    complete: bool = True
    awaits_row: bool = False
    labelled: bool = True

    def add_heads(self, top: float, bottom: float) -> None:
        """A row of the heads over the columns, where any are printed."""
        if self.columns.heads:
            cells = [(head, *span) for head, span in zip(self.columns.heads, self.columns.spans, strict=True)]
            self.rows.append(LaidRow([], cells, (top, bottom)))

    def add_row(self, label: Cells, words: Iterable[Word], height: Span) -> None:
        """A row with each of `words` in the column it stands in."""
        own = list(words)
        cells = [([w for w in own if left <= w.centre < right], left, right) for left, right in self.columns.spans]
        self.rows.append(LaidRow(label, cells, height))


def fits(columns: Columns, lines: Iterable[Sequence[Word]]) -> bool:
    """Whether every figure of `lines` stands within one of `columns`, and no two of a line in the same.

    The outermost edges are only as far out as the figures of one page; wider ones may reach over them.
    """
    last = len(columns.spans) - 1
    for line in lines:
        taken = set()
        for word in line:
            inside = [k for k, (left, right) in enumerate(columns.spans) if left <= word.centre < right]
            if not inside or inside[0] in taken:
                return False
            left, right = columns.spans[inside[0]]
            slack = _SLACK * (word.x1 - word.x0)
            over_left = inside[0] > 0 and word.x0 < left - slack
            over_right = inside[0] < last and word.x1 > right + slack
            if over_left or over_right:
                return False
            taken.add(inside[0])
    return True


def columns_under(heads: Sequence[Label], lines: Sequence[Sequence[Word]], left: float, right: float) -> list[Span]:
    """The columns of figures under `heads`, which stand from left to right, between `left` and `right`.

    Lines with a figure for each head pair them in order; figures set flush right may stand nearer to the next head.
    Without such a line, figures go to the nearest head.
    """
    full = [line for line in lines if len(line) == len(heads)]
    if full:
        found = [(min(line[k].x0 for line in full), max(line[k].x1 for line in full)) for k in range(len(heads))]
        if all(a[1] < b[0] for a, b in pairwise(found)):
            return columns_between(found, left, right)
    centres = [(head.left + head.right) / 2 for head in heads]
    stretches = [[head.left, head.right] for head in heads]
    for line in lines:
        for word in line:
            near = min(stretches, key=lambda one: abs(centres[stretches.index(one)] - word.centre))
            near[0], near[1] = min(near[0], word.x0), max(near[1], word.x1)
    return columns_between([(a, b) for a, b in stretches], left, right)


class Bands:
    """The heights that belong to each of several rows: halfway to the next one, and to figures close to the outer ones.

    A figure that is broken in its cell takes more lines than its label.
    """

    def __init__(self, extents: Sequence[Span], words: Sequence[Word]) -> None:
        self._extents = extents
        self._figures = [word for word in words if word.is_figure]

    def edges(self, number: int) -> Span:
        """Top and bottom of row `number`."""
        top, bottom = self._extents[number]
        low = self._reached(top, -1) if number == 0 else (self._extents[number - 1][1] + top) / 2
        last = number + 1 == len(self._extents)
        high = self._reached(bottom, 1) if last else (bottom + self._extents[number + 1][0]) / 2
        return low, high

    def _reached(self, edge: float, away: int) -> float:
        """Where the figures end that follow one another beyond `edge`, upwards (-1) or downwards (1)."""
        for word in sorted(self._figures, key=lambda w: away * w.middle):
            if away * (word.middle - edge) > 0 and away * (word.middle - edge) <= _OUTER * word.size:
                edge = word.bottom if away > 0 else word.top
        return edge + away * _MARGIN
