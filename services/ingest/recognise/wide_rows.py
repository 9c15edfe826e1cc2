"""Rows with more figures than the table has columns, because a converter printed spanned cells once in each field.

A column that spans several fields repeats its figure there, and does so in all rows of the table. So the rows of one
grid with equally many fields must all be read through the same spans, and each row must add up. A row that adds up in
no way at all is the agency's own error: the spans of the other rows are its spans too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations, pairwise

from services.core.form.labels import squeeze
from services.core.report import Kind
from services.ingest.recognise.figures import parse_figure
from services.ingest.recognise.primitives import Entry

MOST_FIELDS = 14
"""More fields than this are no seven columns with spans."""
_MOST_WAYS = 200

Reading = dict[str, list[Entry]]
"""Row key → the figures of that row, one for each column."""


def readings(rows: Mapping[str, Sequence[Entry]], width: int) -> list[Reading]:
    """Every reading of `rows` (all with equally many fields) as `width` columns that differs in a figure.

    Empty when there are too many of them, or when a field is no plain figure.
    """
    count = len(next(iter(rows.values())))
    if not width < count <= MOST_FIELDS or not all(map(_plain, rows.values())):
        return []
    values = {key: [parse_figure(entry.text).value or 0 for entry in entries] for key, entries in rows.items()}
    ways = list(_spans(rows, count, width))
    fit = {starts: {key for key, figures in values.items() if _adds_up(figures, starts)} for starts in ways}
    best = set().union(*fit.values())
    if any(values[key] != [0] * count for key in rows) and not any(any(values[key]) for key in best):
        return []
    found: dict[tuple[tuple[object, ...], ...], Reading] = {}
    for starts in ways:
        if fit[starts] == best:
            picked = {key: [entries[at] for at in starts] for key, entries in rows.items()}
            found.setdefault(tuple(tuple(squeeze(entry.text) for entry in one) for one in picked.values()), picked)
    return list(found.values()) if len(found) <= _MOST_WAYS else []


def _adds_up(figures: Sequence[int | Decimal], starts: Sequence[int]) -> bool:
    return sum(figures[at] for at in starts[:-1]) == figures[starts[-1]]


def _plain(entries: Sequence[Entry]) -> bool:
    printed = [parse_figure(entry.text) for entry in entries]
    return all(one.kind is not Kind.TEXT and not one.doubt for one in printed)


def _spans(rows: Mapping[str, Sequence[Entry]], count: int, width: int) -> Iterator[tuple[int, ...]]:
    """The first fields of `width` spans: wherever a row's figures differ side by side, a new span begins."""
    needed = {0}
    for entries in rows.values():
        texts = [squeeze(entry.text) for entry in entries]
        needed |= {at for at, (one, two) in enumerate(pairwise(texts), 1) if one != two}
    free = [at for at in range(count) if at not in needed]
    for more in combinations(free, width - len(needed)) if len(needed) <= width else ():
        yield tuple(sorted((*needed, *more)))
