"""From the glyphs and rules of a page to lines and rows of cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.lattice import SLIVER, Lattice, Segment, find_lattices
from services.ingest.recognise.opening import is_page_number
from services.ingest.recognise.primitives import Box, Entry, Item, Line, Place, TableRow
from services.ingest.recognise.stamps import Colour, odd_colours, printed_over, settle, usual

Glyph = tuple[str, float, float, float, float]
"""A character and its box (x0, top, x1, bottom), upright, in points, y downwards. The box is the em box: as high as the
font size whatever the character."""

_BLANK_GAP = 0.45
"""Share of the font size that counts as a blank between two glyphs."""
_SMALL = 0.8
"""Digits lower than this share of the highest digit of their cell are superscripts, not figures."""
_OVERLAP = 0.5
_CROWD = 3
"""A cell that ends with so many figures, each by itself, is several cells between which no rule is drawn."""
FIGURE_ENDS = frozenset("0123456789０１２３４５６７８９/\\-－—–―─−无）)")
"""The characters with which a figure or nil sign, or a note behind one, may end."""
_MARGIN = 0.12
"""Share of the page at top and bottom in which page numbers stand."""


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
    inside: list[dict[int, list[Glyph]]] = [{} for _ in lattices]
    outside: list[Glyph] = []
    # a table inside a frame is found before the frame
    order = sorted(range(len(lattices)), key=lambda index: lattices[index].area)
    for glyph in page.glyphs:
        x, y = (glyph[1] + glyph[3]) / 2, (glyph[2] + glyph[4]) / 2
        for index in order:
            cell = lattices[index].cell_at(x, y)
            if cell is not None:
                inside[index].setdefault(cell, []).append(glyph)
                break
        else:
            outside.append(glyph)
    if page.odd:
        page.odd -= usual((cell for table in inside for cell in table.values()), page.colours, page.odd)
    placed: list[Placed] = []
    for lattice, contents in zip(lattices, inside, strict=True):
        rows = list(_rows(page, lattice, contents, grid))
        if any(_crowded(cell.text) for row in rows for cell in row.cells):
            # the rules part the table in one direction only
            outside += [glyph for glyphs in contents.values() for glyph in glyphs]
            continue
        placed.append((lattice.ys[0], [*rows]))
        grid += 1
    lines = [line for line in lines_of(outside) if not _is_page_number(page, line)]
    more, grid = loose(page, lines, grid)
    placed += more
    placed.sort(key=lambda one: one[0])
    return [item for _, items in placed for item in items], grid


def drop_stamps(page: PageInk) -> None:
    """Find the colours of stamps on `page`, and take the characters of stamps that lie over other text off it."""
    page.odd = odd_colours(page.colours.values())
    if page.odd and (gone := printed_over(page.glyphs, page.colours, page.odd)):
        page.glyphs = [glyph for glyph in page.glyphs if glyph not in gone]


def prose(page: PageInk, line: Sequence[Glyph]) -> Placed:
    """A printed line as an item."""
    top = min(glyph[2] for glyph in line)
    box = (min(g[1] for g in line), top, max(g[3] for g in line), max(g[4] for g in line))
    return top, [Line(join(line), Place(page=page.number, bbox=page.seen(box)))]


def _is_page_number(page: PageInk, line: Sequence[Glyph]) -> bool:
    top = min(glyph[2] for glyph in line)
    return not _MARGIN < top / page.height < 1 - _MARGIN and is_page_number(join(line))


def _crowded(text: str) -> bool:
    """Whether a cell holds the figures of several cells."""
    if not text or text[-1] not in FIGURE_ENDS:
        return False
    tail = text.split()[-_CROWD:]
    return len(tail) == _CROWD and all(looks_like_figure(token) for token in tail)


def _rows(page: PageInk, lattice: Lattice, contents: dict[int, list[Glyph]], grid: int) -> Iterable[TableRow]:
    entries: list[Entry | None] = []
    for number in range(len(lattice.cells)):
        box = lattice.box(number)
        glyphs, coloured = settle(contents.get(number, []), page.colours, page.odd)
        if not glyphs and min(box[2] - box[0], box[3] - box[1]) < SLIVER:
            entries.append(None)
            continue
        lines = list(lines_of(glyphs))
        text = "\n".join(join(line) for line in lines)
        entries.append(Entry(text, Place(page.number, page.seen(box)), box[0], box[2], coloured or doubt_of(lines)))
    wide = len(lattice.xs) - 1
    before: list[int] = []
    for row in range(len(lattice.ys) - 1):
        numbers = list(dict.fromkeys(lattice.owner[row * wide : (row + 1) * wide]))
        if numbers == before or lattice.ys[row + 1] - lattice.ys[row] < SLIVER:
            continue
        before = numbers
        cells = [entry for number in numbers if (entry := entries[number]) is not None]
        if cells:
            yield TableRow(cells, grid=grid, page=page.number)


def lines_of(glyphs: Sequence[Glyph]) -> Iterable[list[Glyph]]:
    """`glyphs` as printed lines from top to bottom, each from left to right."""
    line: list[Glyph] = []
    middle = 0.0
    for glyph in sorted(glyphs, key=lambda g: g[2] + g[4]):
        centre = (glyph[2] + glyph[4]) / 2
        if line and centre - middle > 0.45 * min(glyph[4] - glyph[2], line[0][4] - line[0][2]):
            line.sort(key=lambda g: g[1])
            yield line
            line = []
        if not line:
            middle = centre
        line.append(glyph)
    if line:
        line.sort(key=lambda g: g[1])
        yield line


def join(line: Sequence[Glyph]) -> str:
    """The text of one printed line, with a blank where the glyphs stand apart."""
    pieces: list[str] = []
    end = None
    for char, x0, top, x1, bottom in line:
        if end is not None and x0 - end > _BLANK_GAP * (bottom - top):
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
