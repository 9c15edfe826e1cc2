"""Table 4 on a page without cell borders: rows of five, ten or fifteen figures under the heads of their columns."""

from __future__ import annotations

from collections.abc import Sequence

from services.core.form import form
from services.core.form.labels import squeeze
from services.ingest.recognise.labels import name_of
from services.ingest.recognise.unruled_columns import Columns, Laid, LaidRow, columns_under, fits
from services.ingest.recognise.unruled_labels import Label, labels_in_stacks, longest_apart
from services.ingest.recognise.words import Word, rows_of

_FORM = form("2021")
_FIVE = len(_FORM.table4_columns)
_BLOCKS = {name_of(text): block.key for block in _FORM.table4_blocks for text in (block.label, *block.aliases)}
_GROUPS = {squeeze(block.group) for block in _FORM.table4_blocks if block.group}
_COLUMNS = {squeeze(text): column.key for column in _FORM.table4_columns for text in (column.label, *column.aliases)}
_LEADING = 1.6
"""Lines of one row of figures stand at most so many font sizes apart."""
_HEAD_REACH = 16.0
"""Heads stand at most so many font sizes above their figures."""


def lay_out(words: Sequence[Word], carried: Columns | None, *, closed: bool) -> list[Laid]:
    """The rows of figures of table 4 among `words`, each with the heads above it; none without a full set of heads.

    `carried`: the columns of heads at the foot of the page before. `closed`: the section ends behind `words`, so that
    heads with nothing below stand over empty cells.
    """
    names = longest_apart(labels_in_stacks(words, _name), across=True)
    heads = longest_apart(labels_in_stacks(words, _column), across=True)
    heads = [label for label in heads if not any(w in one.words for one in names for w in label.words)]
    laid: list[Laid] = []
    above = min((word.top for word in words), default=0.0)
    for lines in _rows(words):
        top, size = lines[0][0].top, lines[0][0].size
        over = [
            h
            for h in heads
            if above - 0.5 <= h.top and h.last < top + size / 2 and top - h.bottom <= _HEAD_REACH * size
        ]
        if columns := _columns(over, lines):
            laid.append(_laid(columns, lines, over, [n for n in names if above - 0.5 <= n.top and n.last < top], words))
        elif carried is not None and not heads and fits(carried, lines) and max(map(len, lines)) == len(carried.spans):
            laid.append(_laid(Columns(carried.spans), lines, [], names, words))
        else:
            continue
        above, carried = laid[-1].bottom, None
    rest = [head for head in heads if head.top >= above - 0.5]
    if columns := _columns(rest, []):
        laid.append(_laid(columns, [], rest, [name for name in names if name.top >= above - 0.5], words))
        laid[-1].awaits_row = not closed
        if closed:
            bottom = laid[-1].bottom
            laid[-1].add_row([], [], (bottom, bottom + rest[0].words[0].size))
    return laid


def _name(text: str) -> str | None:
    return _BLOCKS.get(name_of(text)) or ("group" if squeeze(text) in _GROUPS else None)


def _column(text: str) -> str | None:
    return _COLUMNS.get(squeeze(text))


def _rows(words: Sequence[Word]) -> list[list[list[Word]]]:
    """Rows of figures, each with its printed lines; at most the name of a block stands in front of one.

    Figures broken in narrow cells make a row of several lines, close to one another.
    """
    rows: list[list[list[Word]]] = []
    before: list[Word] = []
    for line in rows_of(words):
        figures = [word for word in line if word.is_figure]
        wordy = [word for word in line if not word.is_figure]
        if not figures or not all(name_of(w.text) in _BLOCKS and w.x1 <= figures[0].x0 for w in wordy):
            before = []
            continue
        if before and figures[0].middle - before[0].middle <= _LEADING * figures[0].size:
            rows[-1].append(figures)
        else:
            rows.append([figures])
        before = figures
    return rows


def _columns(heads: Sequence[Label], lines: Sequence[Sequence[Word]]) -> Columns | None:
    """The columns under `heads`, which tell how many there are; figures alone tell nothing."""
    ranked = sorted(heads, key=lambda label: label.left)
    if not ranked or len(ranked) % _FIVE:
        return None
    left = min([ranked[0].left, *(line[0].x0 for line in lines)]) - 1.0
    right = max([ranked[-1].right, *(line[-1].x1 for line in lines)]) + 1.0
    return Columns(columns_under(ranked, lines, left, right), [list(label.words) for label in ranked])


def _laid(
    columns: Columns,
    lines: Sequence[Sequence[Word]],
    heads: Sequence[Label],
    names: Sequence[Label],
    words: Sequence[Word],
) -> Laid:
    """The heads, and the row of figures below them when there is one."""
    result = Laid(columns, known=len(heads), labelled=False)
    if heads:
        top, bottom = min(label.top for label in heads), max(label.bottom for label in heads)
        over = sorted((n for n in names if n.key != "group" and n.first < top), key=lambda n: n.first)
        for number, name in enumerate(over):
            same_line = number > 0 and name.first - over[number - 1].first <= 0.5 * name.words[0].size
            _add_name(result, name, same_line=same_line)
        result.add_heads(top, bottom)
        result.top, result.bottom = min([top, *(name.top for name in names)]), bottom
    if lines:
        low, high = min(w.top for line in lines for w in line), max(w.bottom for line in lines for w in line)
        front = [n for n in names if n.first <= lines[0][0].middle <= n.last and n.right <= lines[0][0].x0]
        own = [w for w in words if low <= w.middle < high and w.x0 >= columns.spans[0][0] - 1.0]
        result.add_row(front[0].words if front else [], own, (low, high))
        result.top, result.bottom = result.top if heads else low, high
        result.complete = max(map(len, lines)) <= len(columns.spans)
    return result


def _add_name(laid: Laid, name: Label, *, same_line: bool) -> None:
    """The name of a block over the five columns in whose middle it stands."""
    spans = laid.columns.spans
    blocks = [(spans[k][0], spans[k + _FIVE - 1][1]) for k in range(0, len(spans), _FIVE)]
    centre = (name.left + name.right) / 2
    left, right = min(blocks, key=lambda block: abs((block[0] + block[1]) / 2 - centre))
    if not same_line:
        laid.rows.append(LaidRow([], [], (name.top, name.bottom)))
    laid.rows[-1].cells.append((list(name.words), left, right))
