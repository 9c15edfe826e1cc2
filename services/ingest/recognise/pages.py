"""From the glyphs and rules of a page to lines and rows of cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import itemgetter

from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.lattice import SLIVER, Lattice, Segment, find_lattices
from services.ingest.recognise.opening import is_page_number
from services.ingest.recognise.primitives import Box, Entry, Item, Line, Place, TableRow
from services.ingest.recognise.stamps import Colour, odd_colours, printed_over, settle, usual

Glyph = tuple[str, float, float, float, float]
"""A character and its box (x0, top, x1, bottom), upright, in points, y downwards. The box is the em box: as high as the
font size whatever the character."""

_LEVEL = 0.45
"""Share of the font size by which glyphs of one line may stand higher or lower."""
_BLANK_GAP = 0.45
"""Share of the font size that counts as a blank between two glyphs."""
_SMALL = 0.8
"""Digits lower than this share of the highest digit of their cell are superscripts, not figures."""
_OVERLAP = 0.5
_CROWD = 3
"""A cell that ends with so many figures, each by itself, is several cells between which no rule is drawn."""
FIGURE_ENDS = frozenset("0123456789０１２３４５６７８９/\\-－—–―─−无）)")
"""The characters with which a figure or nil sign, or a note behind one, may end."""
_ALONE = 0.5
"""A page number keeps this share of its own height from everything else."""
_MARGIN = 0.12
"""Share of the page at top and bottom in which page numbers stand."""


_first, _left, _top, _bottom, _height = (itemgetter(*places) for places in ((0,), (1,), (2,), (4,), (2, 4)))


@dataclass(slots=True)
class PageInk:
    """What a page prints, in upright coordinates. ``turn``: quarter turns clockwise from the page as seen to upright.

    ``width``/``height``: the upright page. ``colours``: of each glyph, where the page has more than one; ``odd``: those that
    only stamps have.
    """

    number: int
    width: float
    height: float
    glyphs: list[Glyph] = field(default_factory=list)
    horizontal: list[Segment] = field(default_factory=list)
    vertical: list[Segment] = field(default_factory=list)
    turn: int = 0
    colours: dict[Glyph, Colour] = field(default_factory=dict)
    odd: frozenset[Colour] = frozenset()

    def seen(self, box: Box) -> Box:
        """An upright box in the coordinates of the page as a person sees it."""
        x0, top, x1, bottom = box
        if self.turn == 1:
            x0, top, x1, bottom = top, self.width - x1, bottom, self.width - x0
        elif self.turn == 2:
            x0, top, x1, bottom = self.width - x1, self.height - bottom, self.width - x0, self.height - top
        elif self.turn == 3:
            x0, top, x1, bottom = self.height - bottom, x0, self.height - top, x1
        return round(x0, 2), round(top, 2), round(x1, 2), round(bottom, 2)


Placed = tuple[float, list[Item]]
"""Items with the height at which they stand on the page."""

Loose = Callable[[PageInk, Sequence[list[Glyph]], int], tuple[list[Placed], int]]
"""What the printed lines of a page that stand in no ruled table are; takes and gives the number of the next grid."""


def page_items(page: PageInk, grid: int, loose: Loose) -> tuple[list[Item], int]:
    """Lines and rows of `page` from top to bottom, and the number of the next grid.

    `loose` tells what stands outside of ruled tables. Raises TooManyLinesError (``lattice``).
    """
    drop_stamps(page)
    lattices = find_lattices(page.horizontal, page.vertical) if page.horizontal and page.vertical else []
    tables, outside = _sort_into(lattices, page.glyphs)
    if page.odd:
        page.odd -= usual((cell for table in tables for cell in table.contents.values()), page.colours, page.odd)
    placed: list[Placed] = []
    tables_at: list[tuple[float, float]] = []
    for table in tables:
        rows = list(_rows(page, table, grid))
        if any(_crowded(cell.text) for row in rows for cell in row.cells):
            # the rules part the table in one direction only
            outside += [glyph for glyphs in table.contents.values() for glyph in glyphs]
            continue
        placed.append((table.lattice.ys[0], [*rows]))
        tables_at.append((table.lattice.ys[0], table.lattice.ys[-1]))
        grid += 1
    if tables_at and not any(glyph[2] >= tables_at[-1][1] for glyph in outside):
        _doubt_end(placed[-1][1])
    lines = _without_page_numbers(page, list(lines_of(outside)), tables_at)
    more, grid = loose(page, lines, grid)
    placed += more
    placed.sort(key=lambda one: one[0])
    return [item for _, items in placed for item in items], grid


def _doubt_end(rows: Sequence[Item]) -> None:
    """Doubt the empty cells at the end of the last row that prints anything, where the page prints nothing below it.

    A page whose instructions break off looks like that, and no reader of PDFs says that they broke off.
    """
    for row in reversed(rows):
        cells = row.cells if isinstance(row, TableRow) else []
        last = max((index for index, cell in enumerate(cells) if cell.text.strip()), default=-1)
        if last >= 0:
            if any(char.isdigit() for char in cells[last].text):
                for cell in cells[last + 1 :]:
                    cell.doubt = cell.doubt or "这一页印到这里就没有内容了，后面的空格未必真是空的"
            return


def drop_stamps(page: PageInk) -> None:
    """Find the colours of stamps on `page`, and take the characters of stamps that lie over other text off it."""
    page.odd = odd_colours(page.colours.values())
    if page.odd and (gone := printed_over(page.glyphs, page.colours, page.odd)):
        page.glyphs = [glyph for glyph in page.glyphs if glyph not in gone]


def prose(page: PageInk, line: Sequence[Glyph], text: str = "") -> Placed:
    """A printed line as an item; `text` where it is known already."""
    _, lefts, tops, rights, bottoms = zip(*line, strict=True)
    top = min(tops)
    box = page.seen((min(lefts), top, max(rights), max(bottoms)))
    return top, [Line(text or join(line), Place(page.number, box))]


def _without_page_numbers(
    page: PageInk, lines: list[list[Glyph]], tables: Sequence[tuple[float, float]]
) -> list[list[Glyph]]:
    """`lines`, from top to bottom, without those at the page's top and bottom that are page numbers.

    A page number stands by itself: the second line of a figure that is broken in its cell stands close to the first.
    """
    margin = _MARGIN * page.height
    extents = [(min(map(_top, line)), max(map(_bottom, line))) for line in lines]
    kept = list(lines)
    for index, (line, (top, bottom)) in enumerate(zip(lines, extents, strict=True)):
        if margin < top < page.height - margin or not is_page_number(join(line)):
            continue
        others = [*extents[:index], *extents[index + 1 :], *tables]
        away = _ALONE * (bottom - top)
        if all(bottom + away <= other[0] or other[1] + away <= top for other in others):
            kept.remove(line)
    return kept


def _crowded(text: str) -> bool:
    """Whether a cell holds the figures of several cells."""
    if len(text) < 2 * _CROWD - 1 or text[-1] not in FIGURE_ENDS:
        return False
    tail = text.split()[-_CROWD:]
    return len(tail) == _CROWD and all(looks_like_figure(token) for token in tail)


@dataclass(slots=True)
class _Filled:
    """A table and the glyphs in each of its cells, in the order of the file. ``alone``: no smaller table lies on it."""

    lattice: Lattice
    contents: dict[int, list[Glyph]]
    alone: bool


def _sort_into(lattices: Sequence[Lattice], glyphs: list[Glyph]) -> tuple[list[_Filled], list[Glyph]]:
    """The tables with their glyphs, and the glyphs outside all tables."""
    tables = [_Filled(lattice, {}, alone=True) for lattice in lattices]
    if not tables:
        return tables, glyphs
    # a table inside a frame is found before the frame
    order = sorted(tables, key=lambda table: table.lattice.area)
    for number, table in enumerate(order):
        table.alone = not any(_touch(table.lattice, smaller.lattice) for smaller in order[:number])
    outside: list[Glyph] = []
    # neighbours in the file mostly stand in one cell: its part of the grid (x0, y0, x1, y1) is remembered
    here: list[Glyph] = []
    x0 = x1 = y0 = y1 = 0.0
    for glyph in glyphs:
        x, y = (glyph[1] + glyph[3]) / 2, (glyph[2] + glyph[4]) / 2
        if x0 <= x < x1 and y0 <= y < y1:
            here.append(glyph)
            continue
        for table in order:
            unit = table.lattice.unit_at(x, y)
            if unit is not None:
                column, row = unit
                xs, ys = table.lattice.xs, table.lattice.ys
                place = table.contents.setdefault(table.lattice.owner[row * (len(xs) - 1) + column], [])
                place.append(glyph)
                if table.alone:
                    here, x0, y0, x1, y1 = place, xs[column], ys[row], xs[column + 1], ys[row + 1]
                break
        else:
            outside.append(glyph)
    return tables, outside


def _touch(one: Lattice, two: Lattice) -> bool:
    across = one.xs[0] < two.xs[-1] and two.xs[0] < one.xs[-1]
    return across and one.ys[0] < two.ys[-1] and two.ys[0] < one.ys[-1]


def _rows(page: PageInk, table: _Filled, grid: int) -> Iterable[TableRow]:
    entries = _entries(page, table)
    for numbers in table.lattice.rows():
        cells = [entry for number in numbers if (entry := entries[number]) is not None]
        if cells:
            yield TableRow(cells, grid=grid, page=page.number)


def _entries(page: PageInk, table: _Filled) -> list[Entry | None]:
    """The cells of a table by number, None for the space between double lines."""
    xs, ys, contents = table.lattice.xs, table.lattice.ys, table.contents
    # upright, a place is made of the table's lines, and each is rounded once
    lines = ([round(x, 2) for x in xs], [round(y, 2) for y in ys]) if page.turn == 0 else None
    entries: list[Entry | None] = []
    for number, (top, bottom, left, right) in enumerate(table.lattice.cells):
        x0, y0, x1, y1 = xs[left], ys[top], xs[right], ys[bottom]
        text, doubt = _cell_text(page, contents[number]) if number in contents else ("", "")
        if not text and (x1 - x0 < SLIVER or y1 - y0 < SLIVER):
            entries.append(None)
            continue
        if lines:
            seen = (lines[0][left], lines[1][top], lines[0][right], lines[1][bottom])
        else:
            seen = page.seen((x0, y0, x1, y1))
        entry = Entry(text, Place(page.number, seen), x0, x1, doubt)
        if text and text[0].isdigit() != text[-1].isdigit():
            entry.figure = page.seen(_digits_beside_words(contents[number]))
        entries.append(entry)
    return entries


def _digits_beside_words(glyphs: Sequence[Glyph]) -> Box:
    """Where the digits stand in a cell that prints words too, without the middle of a word that is printed over them."""
    digits = [glyph for glyph in glyphs if glyph[0].isdigit()]
    _, lefts, tops, rights, bottoms = zip(*digits, strict=True)
    middle = (min(tops) + max(bottoms)) / 2
    others = [(word[2] + word[4]) / 2 for word in glyphs if not word[0].isdigit()]
    above = [(centre + middle) / 2 for centre in others if centre < middle]
    below = [(centre + middle) / 2 for centre in others if centre > middle]
    return min(lefts), max([min(tops), *above]), max(rights), min([max(bottoms), *below])


def _cell_text(page: PageInk, glyphs: list[Glyph]) -> tuple[str, str]:
    """What a cell prints, line by line, and why that may not be certain."""
    coloured = ""
    if page.colours:
        glyphs, coloured = settle(glyphs, page.colours, page.odd)
    if len(glyphs) == 1:
        return glyphs[0][0], coloured
    lines = [glyphs] if _is_line(glyphs) else list(lines_of(glyphs))
    text = join(lines[0]) if len(lines) == 1 else "\n".join([join(line) for line in lines])
    if coloured or sum(map(str.isdigit, text)) < 2:
        return text, coloured
    return text, doubt_of(lines)


def _is_line(glyphs: Sequence[Glyph]) -> bool:
    """Whether `glyphs` are one printed line already, in order: most cells are, and need no sorting."""
    _, end, top, _, bottom = glyphs[0]
    for _, left, high, _, low in glyphs:
        if high != top or low != bottom or left < end:
            return False
        end = left
    return True


def lines_of(glyphs: Iterable[Glyph]) -> Iterable[list[Glyph]]:
    """`glyphs` as printed lines from top to bottom, each from left to right."""
    # what follows one another at one height moves as one
    runs = [(top + bottom, bottom - top, list(run)) for (top, bottom), run in groupby(glyphs, _height)]
    line: list[Glyph] = []
    middle = first = 0.0
    for twice, high, run in sorted(runs, key=_first):
        centre = twice / 2
        if line and centre - middle > _LEVEL * min(high, first):
            line.sort(key=_left)
            yield line
            line = []
        if not line:
            middle, first = centre, high
        line += run
    if line:
        line.sort(key=_left)
        yield line


def join(line: Sequence[Glyph]) -> str:
    """The text of one printed line, with a blank where the glyphs stand apart."""
    pieces: list[str] = []
    end = math.inf
    for char, x0, top, x1, bottom in line:
        if x0 - end > _BLANK_GAP * (bottom - top):
            pieces.append(" ")
        pieces.append(char)
        end = x1
    return "".join(pieces)


def doubt_of(lines: Sequence[Sequence[Glyph]]) -> str:
    """Why the digits of a cell may not be one figure: printed over one another, or of two sizes."""
    digits = [glyph for line in lines for glyph in line if glyph[0].isdigit()]
    if len(digits) < 2:
        return ""
    heights = [glyph[4] - glyph[2] for glyph in digits]
    if min(heights) < _SMALL * max(heights):
        return "数字大小不一，可能有上标或印章"
    for line in lines:
        for one, two in pairwise(line):
            if (one[0].isdigit() or two[0].isdigit()) and one[3] - two[1] > _OVERLAP * min(
                one[3] - one[1], two[3] - two[1]
            ):
                return "数字与别的字重叠"
    return ""
