"""Table 2 on a page without cell borders: rows by their labels, columns under the heads of each block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.core.form import form
from services.core.form.labels import squeeze
from services.ingest.recognise import table2
from services.ingest.recognise.labels import name_of
from services.ingest.recognise.unruled_columns import Bands, Columns, Laid, Span, columns_under, fits
from services.ingest.recognise.unruled_labels import Label, labels_in_stacks, longest_apart
from services.ingest.recognise.words import Word, clusters, columns_between

_MOST_COLUMNS = max(len(row.columns) for version in ("2019", "2021") for row in form(version).table2_rows)
_ROWS_APART = 12.0
"""A row further than this (font sizes) from every other row and head is prose that uses the same word."""
_SAME_LINE = 1.3


@dataclass(slots=True)
class _Head:
    """The heads of one block, from left to right."""

    labels: list[Label]

    @property
    def top(self) -> float:
        return min(label.top for label in self.labels)

    @property
    def bottom(self) -> float:
        return max(label.bottom for label in self.labels)


def lay_out(words: Sequence[Word], carried: Columns | None) -> list[Laid]:
    """The blocks of the part of table 2 among `words`, each with its heads where they are printed.

    None when no row with something beside it stands there. `carried`: the columns of the last heads on the page before.
    """
    labels = longest_apart(labels_in_stacks(words, _row_key, 3), across=True)
    heads = _heads(longest_apart(labels_in_stacks(words, _column_key), across=True))
    rows = [label for label in labels if _is_row(label, words, heads, continued=carried is not None)]
    if not rows:
        return []
    others = _titles(words)
    anchors: list[Label | _Head | Word] = sorted([*rows, *heads, *others], key=lambda one: one.top + one.bottom)
    anchors = _near(anchors)
    return _blocks(anchors, words, carried)


def _row_key(text: str) -> str | None:
    return table2.row_names().get(name_of(text))


def _column_key(text: str) -> str | None:
    return table2.column_key(name_of(text)) if text else None


def _is_row(label: Label, words: Sequence[Word], heads: Sequence[_Head], *, continued: bool) -> bool:
    """Whether figures stand right of the label, or it stands below heads of the table and nothing else beside it.

    `continued`: the heads stand on the page before.
    """
    low, high = label.top, label.bottom
    beside = [w for w in words if low <= w.middle <= high and all(w is not own for own in label.words)]
    right = [w for w in beside if w.x0 >= label.right]
    if any(word.x1 <= label.left for word in beside):
        return False
    if right:
        return any(word.is_figure for word in right) or not any(len(word.text) > 20 for word in right)
    return continued or any(one.last < label.first for head in heads for one in head.labels)


def _heads(labels: Sequence[Label]) -> list[_Head]:
    heads: list[_Head] = []
    for label in labels:
        middle = (label.first + label.last) / 2
        if heads:
            last = heads[-1].labels[-1]
            if abs((last.first + last.last) / 2 - middle) <= _SAME_LINE * label.words[0].size:
                heads[-1].labels.append(label)
                continue
        heads.append(_Head([label]))
    for head in heads:
        head.labels.sort(key=lambda one: one.left)
    return heads


def _titles(words: Sequence[Word]) -> list[Word]:
    """The titles of the blocks (第二十条第（一）项) and 信息内容: they end the row above them."""
    blocks = {squeeze(row.block) for version in ("2019", "2021") for row in form(version).table2_rows}
    return [word for word in words if squeeze(word.text) in blocks or squeeze(word.text) == "信息内容"]


def _near(anchors: list[Label | _Head | Word]) -> list[Label | _Head | Word]:
    kept: list[Label | _Head | Word] = []
    for index, one in enumerate(anchors):
        around = [*anchors[max(0, index - 1) : index], *anchors[index + 1 : index + 2]]
        size = one.bottom - one.top if isinstance(one, Word) else 10.0
        if not around or any(
            max(one.top - other.bottom, other.top - one.bottom) <= _ROWS_APART * size for other in around
        ):
            kept.append(one)
    return kept


def _blocks(anchors: Sequence[Label | _Head | Word], words: Sequence[Word], carried: Columns | None) -> list[Laid]:
    bands = Bands([(one.top, one.bottom) for one in anchors], words)
    laid: list[Laid] = []
    head: _Head | None = None
    rows: list[tuple[Label, Span]] = []
    columns = carried
    for number, anchor in enumerate(anchors):
        if isinstance(anchor, _Head):
            if rows or head is not None:
                laid.append(_laid(head, rows, words, columns))
                columns = laid[-1].columns
            head, rows = anchor, []
        elif isinstance(anchor, Label):
            rows.append((anchor, bands.edges(number)))
    if rows or head is not None:
        laid.append(_laid(head, rows, words, columns))
    laid[0].top = min(one.top for one in anchors)
    return laid


def _laid(
    head: _Head | None, rows: Sequence[tuple[Label, Span]], words: Sequence[Word], carried: Columns | None
) -> Laid:
    edge = max((label.right for label, _ in rows), default=head.labels[0].left - 1.0 if head else 0.0)
    beside: list[list[Word]] = []
    for label, (low, high) in rows:
        beside.append(
            [w for w in words if low <= w.middle < high and w.x0 >= label.right - 0.5 and w not in label.words]
        )
    columns = _columns(head, beside, edge, carried)
    result = Laid(columns)
    if head is not None:
        result.add_heads(head.top, head.bottom)
    for (label, height), own in zip(rows, beside, strict=True):
        result.add_row(label.words, own, height)
    result.known = len(rows) + (len(head.labels) if head else 0)
    result.complete = head is not None
    result.top = head.top if head else rows[0][0].top
    ends = [label.bottom for label, _ in rows] + ([head.bottom] if head else [])
    result.bottom = max([*ends, *(word.bottom for own in beside for word in own)])
    return result


def _columns(head: _Head | None, beside: Sequence[list[Word]], edge: float, carried: Columns | None) -> Columns:
    flat = [word for own in beside for word in own]
    right = max([word.x1 for word in flat], default=edge) + 100.0
    if head is None and carried is not None and fits(carried, [[w for w in own if w.is_figure] for own in beside]):
        (left, first), *rest = carried.spans
        return Columns([(max(left, edge + 0.5), first), *rest])
    if head is None:
        stretches = clusters(flat) or [(edge + 1.0, right)]
        left = (edge + stretches[0][0]) / 2
        return Columns(columns_between(stretches, left, right))
    left = (edge + min([edge + 2.0, *(label.left for label in head.labels), *(word.x0 for word in flat)])) / 2
    figures = [[word for word in own if word.is_figure] for own in beside]
    right = max(right, head.labels[-1].right + 100.0)
    return Columns(columns_under(head.labels, figures, left, right), [list(label.words) for label in head.labels])
