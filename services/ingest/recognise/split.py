"""Which rows belong to which table, and which items to which report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from services.ingest.recognise import table2, table3, table4
from services.ingest.recognise.labels import REMEMBERED, match_row, match_row_behind_group
from services.ingest.recognise.opening import title_at
from services.ingest.recognise.primitives import Item, Line, TableRow
from services.ingest.recognise.sections import section_key

_TABLES = {"proactive": 2, "requests": 3, "disputes": 4}


@dataclass(slots=True)
class Tables:
    """The rows of one report by table number (2, 3, 4)."""

    rows: dict[int, list[TableRow]] = field(default_factory=lambda: {2: [], 3: [], 4: []})

    def take(self, number: int, rows: list[TableRow]) -> None:
        """Move `rows` to a table; number 0 drops them."""
        if number:
            self.rows[number].extend(rows)
        rows.clear()


def split_reports(items: Sequence[Item]) -> list[list[Item]]:
    """One list of items a report. A new report begins where a row comes again that a report holds once.

    The cut lies at the last title above the repeated row, else at the last heading above it. A title that only
    comes again as a running head cuts nothing.
    """
    cuts = [0]
    seen: set[str] = set()
    last_row = 0
    for index, item in enumerate(items):
        if isinstance(item, Line):
            continue
        key = _opening_row(item)
        if key is None:
            if match_row(item.cells[0].text) or table4.is_heading(item):
                last_row = index
            continue
        if key in seen and "new" in seen:
            cuts.append(_cut(items, last_row + 1, index))
            seen = set()
        seen.add(key)
        last_row = index
    ends = [*cuts[1:], len(items)]
    return [list(items[start:end]) for start, end in zip(cuts, ends, strict=True)]


def _opening_row(row: TableRow) -> str | None:
    """The two rows that open table 2 and table 3, told exactly."""
    if not (row.loose or any(_names_opening_row(cell.text) for cell in row.cells)):
        return None
    key = table2.row_key(row)
    if key == "regulations":
        return key
    return "new" if table3.row_key(row) == "new" else None


def _names_opening_row(text: str) -> bool:
    """Whether a cell with this text may name such a row."""
    return _opens(text) if len(text) <= REMEMBERED else _may_open(text)


def _may_open(text: str) -> bool:
    return (
        table2.named_row(text)[0] == "regulations" or match_row(text) == "new" or match_row_behind_group(text) == "new"
    )


_opens = lru_cache(maxsize=4096)(_may_open)


def _cut(items: Sequence[Item], low: int, high: int) -> int:
    for index in range(low, high):
        if title := title_at(items, index):
            later = title_at(items, index + 1)
            if later is not None and later.end == title.end:
                continue  # the line above the title belongs to the report before
            above = index - 1
            takes_name = not title.agency and above >= low and isinstance(items[above], Line)
            return above if takes_name else index
    headings = [i for i in range(low, high) if isinstance(one := items[i], Line) and section_key(one.text)]
    if headings:
        return headings[0]
    last = items[high]
    grid = last.grid if isinstance(last, TableRow) else 0
    return next((i for i in range(low, high) if isinstance(one := items[i], TableRow) and one.grid == grid), high)


def split_tables(items: Sequence[Item]) -> Tables:
    """The rows of one report by table. Rows that say nothing go with the rows around them in their grid."""
    tables = Tables()
    kinds = _kinds(items)
    state = 0
    told: int | None = None  # the grid whose table is known
    waiting: list[TableRow] = []
    for index, item in enumerate(items):
        if isinstance(item, Line):
            if key := section_key(item.text):
                tables.take(state, waiting)
                state = _TABLES.get(key, 0)
            continue
        if waiting and waiting[0].grid != item.grid:
            tables.take(state, waiting)
        kind = kinds.get(index, 0)
        if kind or told == item.grid:
            state, told = kind or state, item.grid
            tables.take(state, waiting)
            tables.take(state, [item])
        else:
            waiting.append(item)
    tables.take(state, waiting)
    return tables


def _kinds(items: Sequence[Item]) -> dict[int, int]:
    kinds: dict[int, int] = {}
    previous: str | None = None
    for index, item in enumerate(items):
        if isinstance(item, Line):
            continue
        if key := table3.row_key(item, previous):
            kinds[index], previous = 3, key
        elif table4.is_heading(item):
            kinds[index] = 4
        elif table2.row_key(item) or table2.is_heading(item):
            kinds[index] = 2
    return kinds
