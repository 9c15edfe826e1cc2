"""The seven columns of table 3: by the heading where it is printed over the figures, else in the fixed order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.core.form import form
from services.core.form.labels import squeeze
from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.placed import Chosen
from services.ingest.recognise.primitives import Entry, TableRow

_COLUMNS = form("2021").table3_columns
_KEYS = form("2021").column_keys
_NAMES = {squeeze(name): column.key for column in _COLUMNS for name in (column.label, *column.aliases)}
_STEMS = (
    ("自然", "natural"),
    ("商业", "commercial"),
    ("科研", "research"),
    ("社会", "social"),
    ("公益", "social"),
    ("法律", "legal"),
    ("服务", "legal"),
)
"""Beginnings of the lines of column heads that tell which column it is."""
_HEAD_ROWS = 12
_FEW = 5
"""A row with so many figures is no head."""
_NEAR = 3.0
"""PDF points by which the columns of one table may differ from page to page."""

Spans = tuple[tuple[float, float], ...]


@dataclass(slots=True)
class Columns:
    """``order``: the columns from left to right. ``spans``: grid → where the seven columns lie across the page.

    ``why``: the reason, in plain Chinese, for which the columns are not certain, else empty.
    """

    order: tuple[str, ...] = _KEYS
    spans: dict[int, Spans] = field(default_factory=dict)
    why: str = ""

    def pick(self, row: TableRow, cells: Sequence[Entry]) -> Chosen | None:
        """The seven cells of `row` by their place; None when places say nothing and the count must decide."""
        spans = self.spans.get(row.grid)
        if spans is None:
            return None
        if _one_by_one(spans, cells):
            return Chosen(list(cells), len(cells))
        picked: list[Entry] = []
        for left, right in spans:
            middle = (left + right) / 2
            here = [c for c in cells if c.left is not None and c.right is not None and c.left <= middle < c.right]
            if len(here) != 1 or (picked and picked[-1] is here[0]):
                return Chosen(None, len(cells))
            picked.append(here[0])
        words = [c for c in cells if c.text and not any(c is one for one in picked)]
        return Chosen(picked, len(picked)) if not words else Chosen(None, len(picked) + len(words))


def _one_by_one(spans: Spans, cells: Sequence[Entry]) -> bool:
    """Whether there are as many cells as columns, side by side, each about the middle of its own."""
    if len(cells) != len(spans):
        return False
    reach = -math.inf
    for (left, right), cell in zip(spans, cells, strict=True):
        if cell.left is None or cell.right is None or cell.left < reach:
            return False
        reach = cell.right
        if not cell.left <= (left + right) / 2 < reach:
            return False
    return True


def read_columns(rows: Sequence[TableRow]) -> Columns:
    """The columns of the table in `rows`, over all its grids (pages)."""
    columns = Columns()
    grids: dict[int, list[TableRow]] = {}
    for row in rows:
        grids.setdefault(row.grid, []).append(row)
    head: Spans | None = None
    for number, members in grids.items():
        if members[0].loose or members[0].cells[0].left is None:
            continue
        found = _by_heading(members)
        if found is not None:
            order, head = found
            if columns.spans and order != columns.order:
                columns.why = "各页表头的列次序不同"
            columns.order = order
            columns.spans[number] = head
        elif (own := _by_count(members)) is not None:
            # a heading on the page before counts only while the columns lie where it says
            columns.spans[number] = own
            if head is not None and not _alike(head, own):
                columns.why = "续页的列与表头对不上"
    if head is None and not _printed_in_order(rows):
        columns.why = "表头各列的次序与规定不符"
    return columns


def _by_heading(rows: Sequence[TableRow]) -> tuple[tuple[str, ...], Spans] | None:
    found: dict[str, tuple[float, float]] = {}
    for row in rows:
        for cell in row.cells:
            key = _NAMES.get(squeeze(cell.text))
            if key is not None and key not in found and cell.left is not None and cell.right is not None:
                found[key] = (cell.left, cell.right)
        if len(found) == len(_KEYS):
            break
    if len(found) != len(_KEYS):
        return None
    ranked = sorted(found.items(), key=lambda item: item[1])
    spans = tuple(span for _, span in ranked)
    apart = all(a[1] <= b[0] + _NEAR for a, b in pairwise(spans))
    return (tuple(key for key, _ in ranked), spans) if apart else None


def _by_count(rows: Sequence[TableRow]) -> Spans | None:
    """Where the last seven cells of most rows lie."""
    votes: Counter[Spans] = Counter()
    for row in rows:
        tail = row.cells[-len(_KEYS) :]
        if len(row.cells) > len(_KEYS) and all(looks_like_figure(cell.text) for cell in tail):
            votes[tuple((c.left or 0.0, c.right or 0.0) for c in tail)] += 1
    return votes.most_common(1)[0][0] if votes else None


def _alike(one: Spans, other: Spans) -> bool:
    shift = other[0][0] - one[0][0]
    return all(
        abs(a[0] + shift - b[0]) <= _NEAR and abs(a[1] + shift - b[1]) <= _NEAR for a, b in zip(one, other, strict=True)
    )


def _printed_in_order(rows: Sequence[TableRow]) -> bool:
    """Whether the heads, as far as they are printed, come in the form's order."""
    names: list[str] = []
    for row in rows[:_HEAD_ROWS]:
        if row.loose or sum(looks_like_figure(cell.text) and bool(cell.text) for cell in row.cells) >= _FEW:
            break
        names += [squeeze(cell.text) for cell in row.cells]
    return in_order(names)


def in_order(names: Sequence[str]) -> bool:
    """Whether column heads (also pieces of them) follow one another in the form's order; other words don't count.

    总计 and the spanning 法人或其他组织 stand at other heights of the head, so they come anywhere in reading order.
    """
    ranks = [rank for name in names if (rank := rank_of(name)) is not None and rank < len(_KEYS) - 1]
    return all(one <= two for one, two in pairwise(ranks))


def rank_of(name: str) -> int | None:
    """The place among the seven columns of a head, or of the piece of one, None for other words."""
    if name in _NAMES or name == "人":  # the second line of 自然人
        return _KEYS.index(_NAMES.get(name, "natural"))
    return next((_KEYS.index(key) for stem, key in _STEMS if name.startswith(stem)), None)


def is_piece(name: str) -> bool:
    """Whether `name` is a piece of a column head, not the whole of one."""
    return name not in _NAMES and rank_of(name) is not None
