"""Table 3 on a page without cell borders: rows by the labels that lines make up, columns by where figures stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.core.form import form
from services.core.form.labels import squeeze
from services.ingest.recognise.labels import group_names, name_of
from services.ingest.recognise.unruled_columns import Bands, Cells, Columns, Laid, LaidRow, Span, columns_under, fits
from services.ingest.recognise.unruled_labels import Label, labels_in_lines, labels_in_stacks, longest_apart, table3_key
from services.ingest.recognise.words import BEGINS_GROUP, BEGINS_ITEM, Word, clusters, columns_between, rows_of

_WIDTH = len(form("2021").column_keys)
_NAMES = {
    squeeze(name): column.key for column in form("2021").table3_columns for name in (column.label, *column.aliases)
}
_CORNER = squeeze(form("2021").table3_corner)
_FEWEST_EMPTY_ROWS = 5
"""So many labels make a table even when all its cells are empty."""
_FULL_LINE = 4
"""A line with so many figures is a row of the table whatever stands beside it."""
_REACH = 8.0
"""Rows of one table lie at most so many font sizes apart."""
_HALF_REACH = 3.0
_HEAD_REACH = 14.0
_CLEARLY = 0.2
_FAR = "数字离另一行的行名更近，可能错了行"
_OFF = 0.45


@dataclass(slots=True)
class _Anchor:
    """One row: its label (None: not told), the words printed as one, and the lines from `first` to `last`."""

    first: float
    last: float
    top: float
    bottom: float
    label: Label | None = None
    words: list[Word] = field(default_factory=list)


def lay_out(words: Sequence[Word], carried: Columns | None) -> Laid | None:
    """The rows of the part of table 3 among `words`; None when no label of it stands there.

    `carried`: where its columns lay on the page before.
    """
    spans = _labels(words)
    figures = [word for word in words if word.is_figure]
    lines = rows_of(figures)
    spans = [
        span
        for span in spans
        if name_of(span.text) not in group_names() or span.key != "other_all" or _inside(span, lines)
    ]
    if not spans:
        return None
    rows = _rows(spans, lines)
    if not rows and len(spans) < _FEWEST_EMPTY_ROWS:
        return None  # a word of prose
    columns = _columns(rows, spans, words, carried)
    if columns is None:
        return None
    anchors = _anchors(spans, rows, words, columns)
    return _laid(anchors, words, columns)


def _labels(words: Sequence[Word]) -> list[Label]:
    """The labels of the rows. The words of a label begin in its own column, right of the heads that span rows."""
    wordy = [word for word in words if not word.is_figure]
    edges = [-1e9]
    for mark in (BEGINS_GROUP, BEGINS_ITEM):
        begin = [word.x0 for word in wordy if mark.match(word.text)]
        if begin:
            edges.append(min(begin) + 1.0)
    found: list[Label] = []
    for edge in edges:
        found += labels_in_lines([word for word in wordy if word.x1 > edge], table3_key)
    return longest_apart(found)


def _inside(span: Label, lines: Sequence[Sequence[Word]]) -> bool:
    return any(_distance(span, line[0]) == 0 for line in lines)


def _distance(span: Label, word: Word) -> float:
    reach = _OFF * min(word.size, span.words[0].size)
    return max(span.first - reach - word.middle, word.middle - span.last - reach, 0.0)


def _rows(spans: Sequence[Label], lines: Sequence[list[Word]]) -> list[tuple[Label | None, list[Word]]]:
    """The lines of figures of the table: beside a label, or full and within reach of one that is."""
    told: list[tuple[Label | None, list[Word]]] = []
    for line in lines:
        near = min(spans, key=lambda span: (_distance(span, line[0]), abs(span.first + span.last - 2 * line[0].middle)))
        right = [word for word in line if word.x0 >= near.right - 1.0]
        if _distance(near, line[0]) == 0 and right:
            told.append((near, right))
        elif len(line) >= _FULL_LINE:
            told.append((None, line))
    if not told:
        return []
    inner = [index for index, (span, _) in enumerate(told) if span is not None]
    if not inner:
        return []
    low, high = inner[0], inner[-1]
    reach = _REACH * told[low][1][0].size
    while low > 0 and told[low][1][0].middle - told[low - 1][1][0].middle <= reach:
        low -= 1
    while high + 1 < len(told) and told[high + 1][1][0].middle - told[high][1][0].middle <= reach:
        high += 1
    return told[low : high + 1]


def _columns(
    rows: Sequence[tuple[Label | None, list[Word]]],
    spans: Sequence[Label],
    words: Sequence[Word],
    carried: Columns | None,
) -> Columns | None:
    lines = [line for _, line in rows]
    flat = [word for line in lines for word in line]
    edge = max(span.right for span in spans)
    top = min([spans[0].top, *(word.top for word in flat)])
    first = min([word.x0 for word in flat], default=edge)
    if carried is not None and fits(carried, lines) and edge <= carried.spans[0][0] + 1.0:
        known = _known_heads(words, top, first)
        (left, right), end = carried.spans[-1], max([word.x1 + 1.0 for word in flat], default=0.0)
        carried = Columns([*carried.spans[:-1], (left, max(right, end))])
        return Columns(carried.spans, [list(head.words) for head in known] or _heads(words, top, carried.spans))
    over = _known_heads(words, top, first)
    stretches = _stretches(lines)
    if stretches is None and over:
        stretches = [
            (column[0] + 0.1, column[1] - 0.1) for column in columns_under(over, lines, edge, over[-1].right + 9.0)
        ]
    if stretches is None:
        return None
    pitch = min(b[0] - a[1] for a, b in pairwise(stretches))
    left = max(stretches[0][0] - max(pitch, 2.0) / 2, min((stretches[0][0] + edge) / 2, stretches[0][0] - 0.5))
    columns = columns_between(stretches, left, stretches[-1][1] + max(pitch, 2.0) / 2)
    return Columns(columns, [list(head.words) for head in over] or _heads(words, top, columns))


def _known_heads(words: Sequence[Word], top: float, left: float) -> list[Label]:
    """The seven heads from left to right, when each of them is printed once above the first row; else none."""
    above = _head_words(words, top, left - 40.0)
    found: dict[str, Label] = {}
    for label in longest_apart(labels_in_stacks(above, _head_name), across=True):
        found[label.key] = label  # the lowest of two is the head, the other a part of a head over several columns
    return sorted(found.values(), key=lambda label: label.left) if len(found) == _WIDTH else []


def _head_name(text: str) -> str | None:
    return _NAMES.get(squeeze(text))


def _heads(words: Sequence[Word], top: float, columns: Sequence[Span]) -> list[Cells]:
    """What stands over each column on this page; empty when nothing does."""
    heads = [_head(words, top, column) for column in columns]
    return heads if any(heads) else []


def _stretches(lines: Sequence[Sequence[Word]]) -> list[tuple[float, float]] | None:
    """Where the figures of the columns stand, by the lines that fill all of them; None when no line does."""
    full = [line for line in lines if len(line) == _WIDTH]
    if not full:
        found = clusters([word for line in lines for word in line])
        return found if len(found) == _WIDTH else None
    stretches = [(min(line[k].x0 for line in full), max(line[k].x1 for line in full)) for k in range(_WIDTH)]
    if any(a[1] >= b[0] for a, b in pairwise(stretches)):
        return None
    return stretches


def _head_words(words: Sequence[Word], top: float, left: float) -> list[Word]:
    """The words between the head's top and the first row, right of the labels."""
    above = [word for word in words if word.middle < top and word.x1 > left and not word.is_figure]
    near: list[Word] = []
    edge = top
    for word in sorted(above, key=lambda w: -w.middle):
        if edge - word.bottom > 3 * word.size or top - word.bottom > _HEAD_REACH * word.size:
            break
        edge = min(edge, word.top)
        near.append(word)
    return near


def _head(words: Sequence[Word], top: float, column: tuple[float, float]) -> Cells:
    """What is printed over a column, without the heads that span several: the name that its words end with."""
    above = [w for w in _head_words(words, top, column[0]) if column[0] <= w.centre < column[1]]
    ordered = [word for row in rows_of(above) for word in row]
    for start in range(len(ordered)):
        part = ordered[start:]
        if squeeze("".join(word.text for word in part)) in _NAMES:
            return part
    return [word for word in ordered if word.x1 - word.x0 <= column[1] - column[0]]


def _anchors(
    spans: Sequence[Label],
    rows: Sequence[tuple[Label | None, list[Word]]],
    words: Sequence[Word],
    columns: Columns,
) -> list[_Anchor]:
    anchors = [_Anchor(span.first, span.last, span.top, span.bottom, span, list(span.words)) for span in spans]
    anchors += [
        _Anchor(line[0].middle, line[0].middle, line[0].top, line[0].bottom) for label, line in rows if label is None
    ]
    anchors.sort(key=lambda one: one.first + one.last)
    _spare_words(anchors, words, columns)
    return sorted(anchors, key=lambda one: one.first + one.last)


def _spare_words(anchors: list[_Anchor], words: Sequence[Word], columns: Columns) -> None:
    """Words of no known label go to the row of figures without one that they stand beside, or are half a row at an edge."""
    used = {id(word) for anchor in anchors for word in anchor.words}
    left = columns.spans[0][0]
    spare = [w for w in words if id(w) not in used and w.centre < left and not w.is_figure]
    marked = [word.x0 for word in words if BEGINS_ITEM.match(word.text)]
    marked = marked or [word.x0 for word in words if BEGINS_GROUP.match(word.text)]
    if marked:  # what stands further left spans rows
        spare = [word for word in spare if word.x1 > min(marked) + 1.0]
    low, high = anchors[0], anchors[-1]
    for word in spare:
        nameless = [one for one in anchors if one.label is None]
        near = min(nameless, key=lambda one: abs(one.first - word.middle), default=None)
        between = near is not None and not any(
            one.label is not None
            and min(near.first, word.middle) <= one.last
            and one.first <= max(near.first, word.middle)
            for one in anchors
        )
        if near is not None and between and abs(near.first - word.middle) <= _HALF_REACH * word.size:
            near.words.append(word)
            near.top, near.bottom = min(near.top, word.top), max(near.bottom, word.bottom)
    used |= {id(word) for anchor in anchors for word in anchor.words}
    rest = [word for word in spare if id(word) not in used]
    head = max((word.middle for head in columns.heads for word in head), default=-1.0)
    rest = [w for w in rest if w.middle > head and squeeze(w.text).strip("（）()") not in _CORNER]
    for end, away in ((low, -1), (high, 1)):
        half: list[Word] = []
        edge = end.first if away < 0 else end.last
        for word in sorted(rest, key=lambda w: away * w.middle):
            if away * (word.middle - edge) > 0 and away * (word.middle - edge) <= _HALF_REACH * word.size:
                half.append(word)
                edge = word.middle
        if half:
            rows = rows_of(half)
            anchors.append(
                _Anchor(
                    rows[0][0].middle,
                    rows[-1][0].middle,
                    min(w.top for w in half),
                    max(w.bottom for w in half),
                    None,
                    half,
                )
            )


def _laid(anchors: Sequence[_Anchor], words: Sequence[Word], columns: Columns) -> Laid:
    laid = Laid(columns)
    used = {id(word) for anchor in anchors for word in anchor.words}
    bands = Bands([(one.top, one.bottom) for one in anchors], words)
    in_columns = [w for w in words if id(w) not in used and columns.spans[0][0] <= w.centre < columns.spans[-1][1]]
    if columns.heads:
        laid.add_heads(min(word.top for head in columns.heads for word in head), anchors[0].top)
    head = max((word.middle + word.size / 2 for head in columns.heads for word in head), default=None)
    for number, anchor in enumerate(anchors):
        low, high = bands.edges(number)
        if head is not None:
            low = max(low, head)
        laid.add_row(anchor.words, [w for w in in_columns if low <= w.middle < high], (low, high))
    _doubt_far_figures(anchors, laid.rows[-len(anchors) :])
    laid.top = laid.rows[0].height[0]
    laid.bottom = max(anchors[-1].bottom, laid.rows[-1].height[1])
    heads = sum(_head_name("".join(word.text for word in head)) is not None for head in columns.heads)
    laid.known = sum(one.label is not None for one in anchors) + heads
    laid.complete = heads == len(columns.heads) and all(one.label is not None for one in anchors)
    return laid


def _doubt_far_figures(anchors: Sequence[_Anchor], rows: Sequence[LaidRow]) -> None:
    """Rows are not certain when a figure of one stands nearer to the label of the other."""
    for number, row in enumerate(rows):
        for word in (word for words, _, _ in row.cells for word in words):
            own = _away(anchors[number], word)
            for other in (number - 1, number + 1):
                if 0 <= other < len(rows) and _away(anchors[other], word) < own - _CLEARLY * word.size:
                    row.doubt = rows[other].doubt = _FAR


def _away(anchor: _Anchor, word: Word) -> float:
    return max(anchor.first - word.middle, word.middle - anchor.last, 0.0)
