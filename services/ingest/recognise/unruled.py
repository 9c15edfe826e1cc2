"""Pages, or parts of pages, without cell borders: the tables of the form from where words stand.

What stands between the lines of a section with a table is laid out as that table (``unruled_table2`` to ``4``); the
rows and cells that come out are those a ruled table would give, so that recognition is shared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from services.ingest.recognise import unruled_table2, unruled_table3, unruled_table4
from services.ingest.recognise.labels import name_of, row_names
from services.ingest.recognise.pages import FIGURE_ENDS, Glyph, PageInk, Placed, doubt_of, join, lines_of, prose
from services.ingest.recognise.primitives import Entry, Place, TableRow
from services.ingest.recognise.sections import section_key
from services.ingest.recognise.stamps import settle, usual
from services.ingest.recognise.unruled_columns import Columns, Laid, LaidRow, Span
from services.ingest.recognise.words import GAPS, Word, box_of, text_of, words_of

_STRAY = "表中有数字不在任何一格里"
_MOST_WORDS = 3000
"""Words between two headings of a page; a page full of small table has some 400."""
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
    if not any(text[-1] in FIGURE_ENDS or text.endswith("总计") for text in texts):
        carried.texts += texts
        return [prose(page, line, text) for line, text in zip(lines, texts, strict=True)], grid
    carried.catch_up()
    placed: list[Placed] = []
    start = 0
    for index, text in enumerate(texts):
        if (key := section_key(text)) is None:
            continue
        more, grid = _part(page, lines[start:index], grid, carried, closed=True)
        placed += [*more, prose(page, lines[index])]
        start = index + 1
        carried.open(key)
    more, grid = _part(page, lines[start:], grid, carried, closed=False)
    return placed + more, grid


def _part(
    page: PageInk, lines: Sequence[list[Glyph]], grid: int, carried: Carried, *, closed: bool
) -> tuple[list[Placed], int]:
    """The lines between two section headings, or (not `closed`) up to the foot of the page."""
    table = carried.table or _table_by_labels(lines)
    if table and page.odd:
        lines = _without_large_stamps(page, lines)
    laid = _lay_out(table, lines, carried, closed=closed) if table else []
    if page.odd:
        cells = ([g for w in words for g in w.glyphs] for one in laid for row in one.rows for words, _, _ in row.cells)
        page.odd -= usual(cells, page.colours, page.odd)
    placed: list[Placed] = []
    for one in laid:
        doubt = _STRAY if _has_strays(one, lines) else ""
        placed += [(row.height[0], [_row(page, row, grid, doubt, labelled=one.labelled)]) for row in one.rows]
    if laid:
        grid += 1
        carried.table = table
        carried.laid.add(page.number)
        carried.columns.pop(table, None)
        if table != 4 or laid[-1].awaits_row:
            carried.columns[table] = laid[-1].columns
    inside = {id(glyph) for one in laid for glyph in _glyphs_of(one)}
    for line in lines:
        middle = (line[0][2] + line[0][4]) / 2
        if any(one.top <= middle <= one.bottom for one in laid):
            continue
        rest = [glyph for glyph in line if id(glyph) not in inside]
        if rest:
            placed.append(prose(page, rest))
    return placed, grid


def _glyphs_of(laid: Laid) -> Iterator[Glyph]:
    for row in laid.rows:
        for words in (row.label, *(words for words, _, _ in row.cells)):
            for word in words:
                yield from word.glyphs


def _has_strays(laid: Laid, lines: Sequence[list[Glyph]]) -> bool:
    """Whether digits stand among or close to the figures of the table and in no cell of it."""
    inside = {id(glyph) for glyph in _glyphs_of(laid)}
    left, right = laid.columns.spans[0][0], laid.columns.spans[-1][1]
    for line in lines:
        size = line[0][4] - line[0][2]
        if not laid.top - size <= (line[0][2] + line[0][4]) / 2 <= laid.bottom + size:
            continue
        rest = [g for g in line if id(g) not in inside and left <= (g[1] + g[3]) / 2 < right + size]
        if any(glyph[0].isdigit() for glyph in rest):
            return True
    return False


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


def _lay_out(table: int, lines: Sequence[list[Glyph]], carried: Carried, *, closed: bool) -> list[Laid]:
    """The table among `lines`, with the distance between words that makes most names of the form out of them."""
    glyphs = [glyph for line in lines for glyph in line]
    best: list[Laid] = []
    for gap in GAPS:
        words = words_of(glyphs, gap)
        if len(words) > _MOST_WORDS:
            break
        laid = _lay_out_words(table, words, carried, closed=closed)
        if sum(one.known for one in laid) > sum(one.known for one in best):
            best = laid
        if laid and all(one.complete for one in laid):
            return laid
    return best


def _lay_out_words(table: int, words: Sequence[Word], carried: Carried, *, closed: bool) -> list[Laid]:
    if table == 2:
        return unruled_table2.lay_out(words, carried.columns.get(2))
    if table == 3:
        laid = unruled_table3.lay_out(words, carried.columns.get(3))
        return [laid] if laid else []
    return unruled_table4.lay_out(words, carried.columns.get(4), closed=closed)


def _row(page: PageInk, row: LaidRow, grid: int, doubt: str, *, labelled: bool) -> TableRow:
    cells = []
    if row.label:
        box = box_of(row.label)
        cells.append(Entry(text_of(row.label), Place(page.number, page.seen(box)), box[0], box[2]))
    elif labelled and row.cells:
        left = row.cells[0][1]
        cells.append(Entry("", Place(page.number, page.seen((0.0, row.height[0], left, row.height[1]))), 0.0, left))
    for words, left, right in row.cells:
        cells.append(_cell(page, words, (left, right), row.height, row.doubt or doubt))
    return TableRow(cells, grid=grid, page=page.number)


def _cell(page: PageInk, words: Sequence[Word], across: Span, height: Span, doubt: str) -> Entry:
    """A cell as wide as its column and as high as its words; an empty one is as high as its row."""
    (left, right), (top, bottom) = across, height
    if words:
        top, bottom = min(w.top for w in words), max(w.bottom for w in words)
    glyphs, coloured = settle([glyph for word in words for glyph in word.glyphs], page.colours, page.odd)
    lines = list(lines_of(glyphs))
    text = "\n".join(join(line) for line in lines)
    place = Place(page.number, page.seen((left, top, right, bottom)))
    return Entry(text, place, left, right, coloured or doubt or doubt_of(lines))
