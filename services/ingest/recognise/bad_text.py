"""Whether the text of a page is what a person sees there: broken font maps give other characters, never other words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.ingest.recognise import table2, table3, table4
from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.primitives import Item, Line, TableRow
from services.ingest.recognise.sanity import is_language

_FEWEST_LETTERS = 20
_TABLE_WIDTH = 5
"""A row with so many figures is one of table 3 or 4."""
_FEWEST_ROWS = 3
_KNOWN_SHARE = 0.5
"""Sound files name at least four in five of their rows as the form does, files with broken font maps none."""


def words_of(items: Iterable[Item]) -> str:
    """Everything that `items` print."""
    pieces: list[str] = []
    for item in items:
        pieces += [item.text] if isinstance(item, Line) else [cell.text for cell in item.cells]
    return "\n".join(pieces)


def is_bad_text(items: Sequence[Item]) -> bool:
    """Whether `items` (one page) are no language, or hold rows of figures of which few have a name of the form."""
    letters = "".join(char for char in words_of(items) if not char.isdigit() and not char.isspace())
    if len(letters) >= _FEWEST_LETTERS and not is_language(letters):
        return True
    rows, known = 0, 0
    previous: str | None = None
    for item in items:
        if isinstance(item, Line):
            tokens = item.text.split()
            rows += len(tokens) >= _TABLE_WIDTH and all(looks_like_figure(token) for token in tokens[-_TABLE_WIDTH:])
        elif _has_figures(item):
            rows += 1
            key = table3.row_key(item, previous)
            known += key is not None or table2.row_key(item) is not None
            previous = key or previous
        elif table4.is_heading(item):
            known += 1
    return rows >= _FEWEST_ROWS and known < _KNOWN_SHARE * rows


def _has_figures(row: TableRow) -> bool:
    tail = row.cells[-_TABLE_WIDTH:]
    return len(tail) == _TABLE_WIDTH and all(cell.text and looks_like_figure(cell.text) for cell in tail)
