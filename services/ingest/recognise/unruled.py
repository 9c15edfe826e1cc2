"""Pages, or parts of pages, without cell borders: the tables of the form from where words stand.

What stands between the lines of a section with a table is laid out as that table (``unruled_table2`` to ``4``); the
rows and cells that come out are those a ruled table would give, so that recognition is shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from services.ingest.recognise import unruled_table2, unruled_table3, unruled_table4
from services.ingest.recognise.labels import name_of, row_names
from services.ingest.recognise.pages import FIGURE_ENDS, Glyph, PageInk, Placed, doubt_of, join, lines_of, prose
from services.ingest.recognise.primitives import Entry, Place, TableRow
from services.ingest.recognise.sections import section_key
from services.ingest.recognise.stamps import settle, usual
from services.ingest.recognise.unruled_columns import Columns, Laid, LaidRow
from services.ingest.recognise.words import GAPS, Word, box_of, text_of, words_of

_LARGE = 1.3
_TABLE_OF = {"proactive": 2, "requests": 3, "disputes": 4}


@dataclass(slots=True)
class Carried:
    """What a page needs to know of the pages before it: the table of the open section, and columns by table.

    ``texts``: lines of pages not looked at closely so far. ``laid``: pages with tables without borders.
    """

    table: int = 0
    columns: dict[int, Columns] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    laid: set[int] = field(default_factory=set)

    def open(self, section: str) -> None:
        """A section begins."""
        self.table = _TABLE_OF.get(section, 0)
        self.columns.clear()

    def catch_up(self) -> None:
        """Find the section that is open after pages on which nothing had to be laid out."""
        for text in self.texts:
            if key := section_key(text):
                self.open(key)
        self.texts.clear()


def loose_items(page: PageInk, lines: Sequence[list[Glyph]], grid: int, carried: Carried) -> tuple[list[Placed], int]:
    """What `lines`, which stand in no ruled table, print: lines of prose, and rows of tables without borders.

    `grid` is the number of the next table; the second value is the number after the last one used. `carried` is kept
    up to date.
    """
    texts = [join(line) for line in lines]
    if not any(text[-1] in FIGURE_ENDS for text in texts):
        carried.texts += texts
        return [prose(page, line) for line in lines], grid
    carried.catch_up()
    placed: list[Placed] = []
    start = 0
    for index, text in enumerate(texts):
        if (key := section_key(text)) is None:
            continue
        more, grid = _part(page, lines[start:index], grid, carried)
        placed += [*more, prose(page, lines[index])]
        start = index + 1
        carried.open(key)
    more, grid = _part(page, lines[start:], grid, carried)
    return placed + more, grid


def _part(page: PageInk, lines: Sequence[list[Glyph]], grid: int, carried: Carried) -> tuple[list[Placed], int]:
    """The lines between two section headings."""
    table = carried.table or _table_by_labels(lines)
    if table and page.odd:
        lines = _without_large_stamps(page, lines)
    laid = _lay_out(table, lines, carried) if table else []
    if page.odd:
        cells = ([g for w in words for g in w.glyphs] for one in laid for row in one.rows for words, _, _ in row.cells)
        page.odd -= usual(cells, page.colours, page.odd)
    placed: list[Placed] = []
    inside: set[int] = set()
    for one in laid:
        rows = [_row(page, row, grid) for row in one.rows]
        placed += [(row.height[0], [item]) for row, item in zip(one.rows, rows, strict=True)]
        inside |= {
            id(glyph) for row in one.rows for words, _, _ in row.cells for word in words for glyph in word.glyphs
        }
        inside |= {id(glyph) for row in one.rows for word in row.label for glyph in word.glyphs}
    if laid:
        grid += 1
        carried.table = table
        carried.laid.add(page.number)
        carried.columns[table] = laid[-1].columns
    for line in lines:
        middle = (line[0][2] + line[0][4]) / 2
        if any(one.top <= middle <= one.bottom for one in laid):
            continue
        rest = [glyph for glyph in line if id(glyph) not in inside]
        if rest:
            placed.append(prose(page, rest))
    return placed, grid


def _without_large_stamps(page: PageInk, lines: Sequence[list[Glyph]]) -> list[list[Glyph]]:
    """The lines of a table without characters that are both of a stamp's colour and larger than the table's own."""
    own = [g[4] - g[2] for line in lines for g in line if page.colours[g] not in page.odd]
    most = _LARGE * median(own) if own else float("inf")
    kept = ([g for g in line if page.colours[g] not in page.odd or g[4] - g[2] <= most] for line in lines)
    return [line for line in kept if line]


def _table_by_labels(lines: Sequence[list[Glyph]]) -> int:
    """Table 3 by its labels where no heading of a section says which table comes."""
    known = 0
    for line in lines:
        known += any(name_of(word.text) in row_names() for word in words_of(line))
        if known >= 2:
            return 3
    return 0


def _lay_out(table: int, lines: Sequence[list[Glyph]], carried: Carried) -> list[Laid]:
    """The table among `lines`, with the distance between words that makes most names of the form out of them."""
    glyphs = [glyph for line in lines for glyph in line]
    best: list[Laid] = []
    for gap in GAPS:
        words = words_of(glyphs, gap)
        if not any(word.is_figure for word in words):
            break
        laid = _lay_out_words(table, words, carried)
        if sum(one.known for one in laid) > sum(one.known for one in best):
            best = laid
        if laid and all(one.complete for one in laid):
            return laid
    return best


def _lay_out_words(table: int, words: Sequence[Word], carried: Carried) -> list[Laid]:
    if table == 2:
        return unruled_table2.lay_out(words, carried.columns.get(2))
    if table == 3:
        laid = unruled_table3.lay_out(words, carried.columns.get(3))
        return [laid] if laid else []
    return unruled_table4.lay_out(words)


def _row(page: PageInk, row: LaidRow, grid: int) -> TableRow:
    cells = []
    if row.label:
        box = box_of(row.label)
        cells.append(Entry(text_of(row.label), Place(page.number, page.seen(box)), box[0], box[2]))
    elif row.cells:
        left = row.cells[0][1]
        cells.append(Entry("", Place(page.number, page.seen((0.0, row.height[0], left, row.height[1]))), 0.0, left))
    for words, left, right in row.cells:
        cells.append(_cell(page, words, left, right, row))
    return TableRow(cells, grid=grid, page=page.number)


def _cell(page: PageInk, words: Sequence[Word], left: float, right: float, row: LaidRow) -> Entry:
    """A cell as wide as its column and as high as its words; an empty one is as high as its row."""
    top, bottom = row.height
    if words:
        top, bottom = min(w.top for w in words), max(w.bottom for w in words)
    glyphs, coloured = settle([glyph for word in words for glyph in word.glyphs], page.colours, page.odd)
    lines = list(lines_of(glyphs))
    text = "\n".join(join(line) for line in lines)
    return Entry(
        text, Place(page.number, page.seen((left, top, right, bottom))), left, right, coloured or doubt_of(lines)
    )
