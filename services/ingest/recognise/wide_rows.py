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
_FEWEST_ALONE = 10
"""A single row with a field or two too many has a stray one rather than spans."""
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
    if len(rows) == 1 and count < _FEWEST_ALONE:
        return []
    ways, telling = _best(rows, count, width)
    if not telling:  # no row with figures adds up: nothing can be said but of rows that say the same in every field
        rows = {key: entries for key, entries in rows.items() if len({squeeze(entry.text) for entry in entries}) == 1}
    found: dict[tuple[tuple[object, ...], ...], Reading] = {}
    for starts in ways:
        picked = {key: [entries[at] for at in starts] for key, entries in rows.items()}
        found.setdefault(tuple(tuple(squeeze(entry.text) for entry in one) for one in picked.values()), picked)
    return list(found.values()) if rows and len(found) <= _MOST_WAYS else []


def _best(rows: Mapping[str, Sequence[Entry]], count: int, width: int) -> tuple[list[tuple[int, ...]], bool]:
    """The spans through which every row adds up that adds up at all, and whether one of them says more than zeros."""
    values = {key: [parse_figure(entry.text).value or 0 for entry in entries] for key, entries in rows.items()}
    ways = list(_spans(rows, count, width))
    fit = {starts: {key for key, figures in values.items() if _adds_up(figures, starts)} for starts in ways}
    most = max(map(len, fit.values()), default=0)
    best = [starts for starts in ways if len(fit[starts]) == most]
    said = {key for starts in best for key in fit[starts] if any(values[key])}
    return best, bool(most) and (bool(said) or not any(any(figures) for figures in values.values()))


def _adds_up(figures: Sequence[int | Decimal], starts: Sequence[int]) -> bool:
    return sum(figures[at] for at in starts[:-1]) == figures[starts[-1]]


def _plain(entries: Sequence[Entry]) -> bool:
    printed = [parse_figure(entry.text) for entry in entries]
    return all(one.kind in (Kind.NUMBER, Kind.DASH) and not one.doubt for one in printed)


def _spans(rows: Mapping[str, Sequence[Entry]], count: int, width: int) -> Iterator[tuple[int, ...]]:
    """The first fields of `width` spans: wherever a row's figures differ side by side, a new span begins."""
    needed = {0}
    for entries in rows.values():
        texts = [squeeze(entry.text) for entry in entries]
        needed |= {at for at, (one, two) in enumerate(pairwise(texts), 1) if one != two}
    free = [at for at in range(count) if at not in needed]
    for more in combinations(free, width - len(needed)) if len(needed) <= width else ():
        yield tuple(sorted((*needed, *more)))


def spans_of(rows: Mapping[str, Sequence[Entry]], width: int) -> list[tuple[int, ...]]:
    """The ways in which all of `rows` can be read: for each, the first field of every column."""
    count = len(next(iter(rows.values())))
    if not width < count <= MOST_FIELDS or not all(map(_plain, rows.values())):
        return []
    return _best(rows, count, width)[0]


def tail(entries: Sequence[Entry], spans: Sequence[tuple[int, ...]], count: int, columns: int) -> list[Entry]:
    """The last `columns` figures of a row whose other figures stand elsewhere; empty where spans leave no single one.

    ``spans`` and ``count`` (fields) are those of the whole rows around it.
    """
    found: dict[tuple[str, ...], list[Entry]] = {}
    for starts in spans:
        shift = count - len(entries)
        own = [at - shift for at in starts[-columns:]]
        ends = [*own[1:], len(entries)]
        texts = [{squeeze(entry.text) for entry in entries[low:high]} for low, high in zip(own, ends, strict=True)]
        if own and own[0] == 0 and all(len(one) == 1 for one in texts):
            picked = [entries[at] for at in own]
            found[tuple(squeeze(entry.text) for entry in picked)] = picked
    return next(iter(found.values())) if len(found) == 1 else []
