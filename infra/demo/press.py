"""A small press: sets headings, prose and ruled tables with spans on PDF pages."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from infra.demo.grids import Grid, GridCell

FONT: Final = "STSong-Light"
"""A font of the Adobe-GB1 collection that PDF viewers bring along: no font file, and a text layer in Unicode."""

PAGE_WIDTH, PAGE_HEIGHT = 595.276, 841.89
"""A4 in points."""

pdfmetrics.registerFont(UnicodeCIDFont(FONT))

_TOKEN = re.compile(r"[0-9A-Za-z.,:@%+\-]+|.", re.DOTALL)
_NOT_FIRST: Final = frozenset("，。；：、？！）》〉〕”’%…")
_NOT_LAST: Final = frozenset("（《〈〔“‘")


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes in points. ``body``/``leading`` for prose, ``cell``/``cell_leading`` for tables."""

    margin_x: float
    margin_top: float
    margin_bottom: float
    title: float
    body: float
    leading: float
    cell: float
    cell_leading: float
    pad: float


NATIONAL: Final = Style(
    margin_x=74, margin_top=94, margin_bottom=88, title=22, body=16, leading=29, cell=10.5, cell_leading=15, pad=3.5
)
"""Type area and sizes of official documents (GB/T 9704): 三号 prose, 二号 title, small type in tables."""

COMPACT: Final = Style(
    margin_x=48, margin_top=48, margin_bottom=48, title=14, body=9.5, leading=14, cell=8, cell_leading=10, pad=1.5
)
"""A whole report on two or three pages."""


@lru_cache(maxsize=4096)
def _em(token: str) -> float:
    """Width of a token in units of the font size."""
    return float(pdfmetrics.stringWidth(token, FONT, 1000)) / 1000


def wrap(text: str, width: float, size: float, indent: float = 0) -> list[str]:
    """Lines of at most ``width`` points; figures stay whole and no line begins with a closing mark.

    A token wider than the line stands alone and sticks out. ``indent`` (points) shortens the first line only.
    """
    lines: list[str] = []
    line: list[str] = []
    used, room = 0.0, width - indent
    for token in _TOKEN.findall(text):
        length = _em(token) * size
        if line and used + length > room + 0.01:
            if len(line) == 1 and token in _NOT_FIRST:  # the mark hangs over the edge of a very narrow column
                line.append(token)
                continue
            carried: list[str] = []
            while len(line) > 1 and ((carried or [token])[0] in _NOT_FIRST or line[-1] in _NOT_LAST):
                carried.insert(0, line.pop())
            lines.append("".join(line))
            line, room = carried, width
            used = sum(_em(item) * size for item in line)
        line.append(token)
        used += length
    return [*lines, "".join(line)] if line or not lines else lines


@dataclass(slots=True)
class _Strip:
    """A table row, or the part of a row that stands on one page. ``first``/``last`` name its text lines."""

    row: int
    height: float
    first: int = 0
    last: int = 1000
    y: float = 0.0


class Press:
    """Fills pages from the top. Every method sets one piece; ``close`` gives the bytes."""

    def __init__(self, style: Style, title: str, *, break_rows: bool = False, password: str = "") -> None:
        self.style = style
        self.break_rows = break_rows
        self.buffer = io.BytesIO()
        lock = StandardEncryption(password, strength=128) if password else None
        # invariant: no clock and no random document ID, so that equal reports give equal bytes
        self.canvas = Canvas(
            self.buffer, pagesize=(PAGE_WIDTH, PAGE_HEIGHT), invariant=1, pageCompression=1, encrypt=lock
        )
        self.canvas.setTitle(title)
        self.page = 1
        self.y = PAGE_HEIGHT - style.margin_top

    @property
    def width(self) -> float:
        """Width of the type area in points."""
        return PAGE_WIDTH - 2 * self.style.margin_x

    @property
    def room(self) -> float:
        """Points left above the bottom margin."""
        return self.y - self.style.margin_bottom

    def title(self, lines: list[str]) -> None:
        """The title, centred, one printed line each."""
        for line in lines:
            self._line(line, self.style.title, self.style.title * 1.6, align="centre")
        self.space(0.5)

    def heading(self, text: str) -> None:
        """A section heading; it takes at least two more lines along to its page."""
        if self.room < 3 * self.style.leading:
            self.next_page()
        self.prose(text)

    def prose(self, text: str) -> None:
        """Paragraphs, one a line of ``text``, each indented by two characters."""
        size = self.style.body
        for paragraph in text.splitlines():
            for index, line in enumerate(wrap(paragraph.strip(), self.width, size, indent=2 * size)):
                self._line(line, size, self.style.leading, indent=0 if index else 2 * size)

    def closing(self, lines: list[str]) -> None:
        """Signature and date at the right."""
        self.space(1)
        for line in lines:
            self._line(line, self.style.body, self.style.leading, align="right")

    def space(self, lines: float) -> None:
        """Leave this many prose lines empty."""
        self.y -= lines * self.style.leading

    def next_page(self) -> None:
        """End the page with its number and begin another."""
        self._folio()
        self.canvas.showPage()
        self.page += 1
        self.y = PAGE_HEIGHT - self.style.margin_top

    def close(self) -> bytes:
        """End the document and give its bytes."""
        self._folio()
        self.canvas.save()
        return self.buffer.getvalue()

    def table(self, grid: Grid) -> None:
        """A ruled table. It continues on the next page between rows, or inside one when ``break_rows`` is set."""
        lattice = _Lattice(grid, self.width, self.style)
        if self.room < sum(lattice.heights[: grid.head + 1]):
            self.next_page()
        strips: list[_Strip] = []
        for row, height in enumerate(lattice.heights):
            strip = _Strip(row, height)
            if height > self.room and self.break_rows:
                upper, strip = lattice.broken(strip, self.room)
                if upper:
                    self._place(strips, upper)
            if strip.height > self.room:
                self._draw(lattice, strips)
                strips = []
                self.next_page()
            self._place(strips, strip)
        self._draw(lattice, strips)
        self.space(0.4)

    def _place(self, strips: list[_Strip], strip: _Strip) -> None:
        strip.y = self.y
        self.y -= strip.height
        strips.append(strip)

    def _draw(self, lattice: _Lattice, strips: list[_Strip]) -> None:
        self.canvas.setLineWidth(0.5)
        for cell in lattice.grid.cells:
            own = [strip for strip in strips if cell.row <= strip.row < cell.row + cell.rows]
            if own:
                left, right = lattice.left[cell.column], lattice.left[cell.column + cell.columns]
                top, bottom = own[0].y, own[-1].y - own[-1].height
                x = self.style.margin_x + left
                self.canvas.rect(x, bottom, right - left, top - bottom)
                lines = lattice.take(cell, own, top - bottom)
                self._cell_text(cell, lines, (x, right - left, top, bottom))

    def _cell_text(self, cell: GridCell, lines: list[str], box: tuple[float, float, float, float]) -> None:
        x, width, top, bottom = box
        size, leading = self.style.cell, self.style.cell_leading
        baseline = (top + bottom) / 2 + len(lines) * leading / 2 - leading / 2 - size * 0.36
        for line in lines:
            if cell.align == "left":
                self.canvas.setFont(FONT, size)
                self.canvas.drawString(x + self.style.pad, baseline, line)
            elif line:
                self.canvas.setFont(FONT, size)
                self.canvas.drawString(x + (width - _width(line, size)) / 2, baseline, line)
            baseline -= leading

    def _line(self, text: str, size: float, leading: float, *, indent: float = 0, align: str = "left") -> None:
        if self.room < leading:
            self.next_page()
        self.y -= leading
        spare = self.width - _width(text, size)
        shift = {"left": indent, "centre": spare / 2, "right": spare - 2 * size}[align]
        self.canvas.setFont(FONT, size)
        self.canvas.drawString(self.style.margin_x + shift, self.y + (leading - size) / 2 + size * 0.12, text)

    def _folio(self) -> None:
        text = f"— {self.page} —"
        size = min(self.style.body, 14)
        self.canvas.setFont(FONT, size)
        self.canvas.drawString((PAGE_WIDTH - _width(text, size)) / 2, self.style.margin_bottom * 0.55, text)


def _width(text: str, size: float) -> float:
    return sum(_em(token) for token in _TOKEN.findall(text)) * size


class _Lattice:
    """A grid measured in points: column edges, row heights, wrapped lines."""

    def __init__(self, grid: Grid, width: float, style: Style) -> None:
        self.grid = grid
        self.style = style
        unit = width / sum(grid.widths)
        self.left = [0.0]
        for share in grid.widths:
            self.left.append(self.left[-1] + share * unit)
        self.lines = {(cell.row, cell.column): self._wrapped(cell) for cell in grid.cells}
        self.heights = self._measured()
        self.waiting = {place: list(lines) for place, lines in self.lines.items()}

    def _wrapped(self, cell: GridCell) -> list[str]:
        room = self.left[cell.column + cell.columns] - self.left[cell.column] - 2 * self.style.pad
        return wrap(cell.text, room, self.style.cell)

    def _measured(self) -> list[float]:
        heights = [self._needed(1)] * self.grid.height
        for cell in sorted(self.grid.cells, key=lambda item: item.rows):
            rows = range(cell.row, cell.row + cell.rows)
            missing = self._needed(len(self.lines[cell.row, cell.column])) - sum(heights[row] for row in rows)
            if missing > 0:
                heights[rows[-1]] += missing
        return heights

    def _needed(self, lines: int) -> float:
        return lines * self.style.cell_leading + 2 * self.style.pad

    def broken(self, strip: _Strip, room: float) -> tuple[_Strip | None, _Strip]:
        """The row in two, as many lines in the upper part as fit; no upper part when not one line fits or none stays."""
        lines = max(
            len(self.lines[cell.row, cell.column])
            for cell in self.grid.cells
            if cell.row == strip.row and cell.rows == 1
        )
        fitting = int((room - 2 * self.style.pad) // self.style.cell_leading)
        if strip.row < self.grid.head or not 0 < fitting < lines:
            return None, strip
        upper = _Strip(strip.row, self._needed(fitting), 0, fitting)
        return upper, _Strip(strip.row, self._needed(lines - fitting), fitting, lines)

    def take(self, cell: GridCell, strips: list[_Strip], height: float) -> list[str]:
        """The lines of a cell that stand in these strips; a spanning cell fills its part on each page in turn."""
        if cell.rows == 1:
            return self.lines[cell.row, cell.column][strips[0].first : strips[0].last]
        waiting = self.waiting[cell.row, cell.column]
        fitting = max(0, int((height - self.style.pad) // self.style.cell_leading))
        taken, waiting[:] = waiting[:fitting], waiting[fitting:]
        return taken
