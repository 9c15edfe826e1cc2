"""Table 4 on a page without cell borders: rows of five, ten or fifteen figures under the heads of their columns."""

from __future__ import annotations

from collections.abc import Sequence

from services.core.form import form
from services.core.form.labels import squeeze
from services.ingest.recognise.labels import name_of
from services.ingest.recognise.unruled_columns import Columns, Laid, LaidRow, columns_under
from services.ingest.recognise.unruled_labels import Label, labels_in_stacks, longest_apart
from services.ingest.recognise.words import Word, rows_of

_FORM = form("2021")
_FIVE = len(_FORM.table4_columns)
_BLOCKS = {name_of(text): block.key for block in _FORM.table4_blocks for text in (block.label, *block.aliases)}
_GROUPS = {squeeze(block.group) for block in _FORM.table4_blocks if block.group}
_COLUMNS = {squeeze(text): column.key for column in _FORM.table4_columns for text in (column.label, *column.aliases)}
_HEAD_REACH = 16.0
"""Heads stand at most so many font sizes above their figures."""


def lay_out(words: Sequence[Word]) -> list[Laid]:
    """The rows of figures of table 4 among `words`, each with the heads above it; none without a full set of heads."""
    names = longest_apart(labels_in_stacks(words, _name), across=True)
    columns = longest_apart(labels_in_stacks(words, _column), across=True)
    columns = [label for label in columns if not any(w in one.words for one in names for w in label.words)]
    laid: list[Laid] = []
    above = min((word.top for word in words), default=0.0)
    for line in _lines(words):
        top = min(word.top for word in line)
        size = line[0].size
        over = [
            c
            for c in columns
            if above - 0.5 <= c.top and c.last < line[0].middle and top - c.bottom <= _HEAD_REACH * size
        ]
        one = _laid(line, over, [n for n in names if above - 0.5 <= n.top and n.last < line[0].middle], words)
        if one is not None:
            laid.append(one)
            above = one.bottom
    return laid


def _name(text: str) -> str | None:
    return _BLOCKS.get(name_of(text)) or ("group" if squeeze(text) in _GROUPS else None)


def _column(text: str) -> str | None:
    return _COLUMNS.get(squeeze(text))


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    """Lines on which figures stand and, at most, the name of a block in front of them."""
    lines = []
    for row in rows_of(words):
        figures = [word for word in row if word.is_figure]
        wordy = [word for word in row if not word.is_figure]
        if figures and all(name_of(word.text) in _BLOCKS and word.x1 <= figures[0].x0 for word in wordy):
            lines.append(figures)
    return lines


def _laid(line: Sequence[Word], heads: Sequence[Label], names: Sequence[Label], words: Sequence[Word]) -> Laid | None:
    """One row under its heads. The heads tell how many columns there are; figures alone tell nothing."""
    ranked = sorted(heads, key=lambda label: label.left)
    count = len(ranked)
    if count == 0 or count % _FIVE:
        return None
    left = min(ranked[0].left, line[0].x0) - 1.0
    right = max(ranked[-1].right, line[-1].x1) + 1.0
    spans = columns_under(ranked, [line], left, right)
    result = Laid(Columns(spans, [list(label.words) for label in ranked]))
    head_top, head_bottom = min(label.top for label in ranked), max(label.bottom for label in ranked)
    over = sorted((n for n in names if n.key != "group" and n.first < head_top), key=lambda n: n.first)
    for number, name in enumerate(over):
        same_line = number > 0 and name.first - over[number - 1].first <= 0.5 * name.words[0].size
        _add_name(result, name, same_line=same_line)
    result.add_heads(head_top, head_bottom)
    low = max(head_bottom, line[0].top - 0.6 * line[0].size)
    high = max(word.bottom for word in line) + 0.3 * line[0].size
    front = [n for n in names if n.first <= line[0].middle <= n.last and n.right <= line[0].x0]
    own = [w for w in words if low <= w.middle < high and w.x0 >= spans[0][0]]
    result.add_row(front[0].words if front else [], own, (low, high))
    result.top = min([head_top, *(name.top for name in names)])
    result.bottom = high
    result.known = count
    result.complete = len(line) <= count
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
