"""Draws a report on PDF pages with reportlab, in the ways in which programs rule tables, break them and turn pages."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal

from PIL import Image
from reportlab import rl_config
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from infra.demo.grids import Grid, GridCell
from infra.demo.press import FONT, PAGE_HEIGHT, PAGE_WIDTH, wrap
from tests.corpus.outside import FONT_FILE
from tests.corpus.ruling import Rules, draw_rules
from tests.corpus.sheet import Piece, Table, Words

EMBEDDED: Final = "MicroHei"
_PAD: Final = 2.5

Turn = Literal["none", "stored", "drawn"]


@dataclass(frozen=True)
class Ink:
    """How a report is drawn.

    ``font``: `FONT`, which viewers bring along, or `EMBEDDED`. ``figures``: the figures' own font (Latin), where they
    have one, embedded. ``cell``/``body``: sizes in points. ``turn``: "stored"
    turns the content by ``degrees`` and the page back by /Rotate, "drawn" turns the content alone. ``wide``: tables of
    these keys stand on landscape pages. ``break_rows``: a row may be cut inside. ``repeat_head``: on each page.
    ``open_end``: the last row above a page break has no rule below. ``shuffled``: cells are stored in no order.
    ``letters``: every character is placed by itself. ``over``/``under``: drawn on each page after or before the rest.
    ``tall``: height of the upright page. ``pasted``: (table key, page) → picture in place of what stands there of it.
    ``slack``: points left empty at the start of the report, so that pages break elsewhere.
    """

    font: str = FONT
    figures: str = ""
    cell: float = 9.0
    body: float = 14.0
    rules: Rules = field(default_factory=Rules)
    align: Literal["centre", "right", "left"] = "centre"
    turn: Turn = "none"
    degrees: int = 0
    wide: frozenset[str] = frozenset()
    form: bool = False
    break_rows: bool = False
    repeat_head: bool = False
    open_end: bool = False
    upright_heads: bool = False
    shuffled: random.Random | None = None
    letters: bool = False
    running: str = ""
    folio: str = "— {n} —"
    margin: float = 70.0
    slack: float = 0.0
    over: Callable[[Canvas, float, float], None] | None = None
    under: Callable[[Canvas, float, float], None] | None = None
    encrypted: bool = False
    tall: float = PAGE_HEIGHT
    pasted: Mapping[tuple[str, int], Image.Image] = field(default_factory=dict)


@cache
def embedded_font() -> str:
    """The name of the embedded font, registered with reportlab."""
    pdfmetrics.registerFont(TTFont(EMBEDDED, FONT_FILE, subfontIndex=0))
    return EMBEDDED


def draw(stories: Sequence[Sequence[Piece]], ink: Ink) -> bytes:
    """The bytes of a PDF with these reports one after the other, each beginning on a new page."""
    out = io.BytesIO()
    lock = StandardEncryption("", ownerPassword="owner", strength=128) if ink.encrypted else None
    with binary_streams():
        draw_on(Canvas(out, invariant=1, pageCompression=1, encrypt=lock), stories, ink)
    return out.getvalue()


@contextmanager
def binary_streams() -> Iterator[None]:
    """PDF streams as programs write them today; reportlab's ASCII 85 takes longer than all the rest."""
    before = rl_config.useA85
    rl_config.useA85 = 0
    try:
        yield
    finally:
        rl_config.useA85 = before


@dataclass(frozen=True, slots=True)
class Area:
    """Where a table, or the part of it on one page (from 1), stands: x0, y0, x1, y1 in points, y upwards."""

    key: str
    page: int
    box: tuple[float, float, float, float]


def areas_of(stories: Sequence[Sequence[Piece]], ink: Ink) -> list[Area]:
    """Where the tables stand when `draw` draws the same."""
    return draw_on(Canvas(io.BytesIO(), invariant=1), stories, ink)


def draw_on(canvas: Any, stories: Sequence[Sequence[Piece]], ink: Ink) -> list[Area]:
    """The same on a canvas that takes the calls of reportlab's; gives where the tables stand."""
    pages = Pages(canvas, ink)
    for number, story in enumerate(stories):
        if number:
            pages.turn_over()
        pages.y -= ink.slack
        for piece in story:
            if isinstance(piece, Words):
                pages.words(piece)
            else:
                pages.table(piece)
    pages.close()
    return pages.areas


@dataclass(slots=True)
class _Strip:
    """A row, or the part of a row on one page. ``first``/``last``: its text lines."""

    row: int
    height: float
    first: int = 0
    last: int = 1000
    y: float = 0.0


class Pages:
    """Pages filled from the top. ``y``: where the next piece begins, in points from the bottom of the upright page."""

    def __init__(self, canvas: Any, ink: Ink) -> None:
        self.canvas, self.ink = canvas, ink
        self.font = embedded_font() if ink.font == EMBEDDED else ink.font
        if ink.figures:
            pdfmetrics.registerFont(TTFont(ink.figures, f"{ink.figures}.ttf"))
        self.number = 0
        self.width, self.height, self.y = PAGE_WIDTH, ink.tall, 0.0
        self.areas: list[Area] = []
        self._begin(wide=False)

    @property
    def room(self) -> float:
        """Points left above the bottom margin."""
        return self.y - self.ink.margin

    def _begin(self, *, wide: bool) -> None:
        self.number += 1
        self.width, self.height = (PAGE_HEIGHT, PAGE_WIDTH) if wide else (PAGE_WIDTH, self.ink.tall)
        ink, canvas, degrees = self.ink, self.canvas, self.ink.degrees % 360
        turned = ink.turn != "none" and degrees in (90, 270)
        canvas.setPageSize((self.height, self.width) if turned else (self.width, self.height))
        canvas.setPageRotation(degrees if ink.turn == "stored" else 0)
        if ink.turn != "none":
            shift = {90: (self.height, 0.0), 180: (self.width, self.height), 270: (0.0, self.width)}[degrees]
            canvas.translate(*shift)
            canvas.rotate(degrees)
        if ink.form:
            canvas.beginForm(f"page{self.number}", 0, 0, self.width, self.height)
        if ink.under:
            self._apart(ink.under)
        self.y = self.height - ink.margin
        if ink.running:
            self._text(ink.running, (self.font, 9), self.width / 2, self.height - ink.margin * 0.6, "centre")

    def _apart(self, paint: Callable[[Canvas, float, float], None]) -> None:
        self.canvas.saveState()
        paint(self.canvas, self.width, self.height)
        self.canvas.restoreState()

    def _end(self) -> None:
        if self.ink.folio:
            self._text(
                self.ink.folio.format(n=self.number), (self.font, 10), self.width / 2, self.ink.margin * 0.5, "centre"
            )
        if self.ink.over:
            self._apart(self.ink.over)
        if self.ink.form:
            self.canvas.endForm()
            self.canvas.doForm(f"page{self.number}")
        self.canvas.showPage()

    def turn_over(self, *, wide: bool = False) -> None:
        """End the page and begin another."""
        self._end()
        self._begin(wide=wide)

    def close(self) -> None:
        """End the document."""
        self._end()
        self.canvas.save()

    def words(self, piece: Words) -> None:
        """A title, heading, paragraph or signature."""
        size = self.ink.body * (1.4 if piece.kind == "title" else 1.0)
        align = {"title": "centre", "closing": "right"}.get(piece.kind, "left")
        indent = 2 * size if align == "left" else 0.0
        for number, line in enumerate(wrap(piece.text, self.width - 2 * self.ink.margin, size, indent=indent)):
            if self.room < 1.7 * size * (3 if piece.kind == "heading" else 1):
                self.turn_over(wide=self.width > self.height)
            self.y -= 1.7 * size
            x = {"centre": self.width / 2, "right": self.width - self.ink.margin, "left": self.ink.margin}[align]
            self._text(line, (self.font, size), x + (0.0 if number else indent), self.y, align)

    def table(self, table: Table) -> None:
        """A ruled table, continued on as many pages as it needs."""
        wide = table.key in self.ink.wide
        if wide != (self.width > self.height):
            self.turn_over(wide=wide)
        lattice = _Lattice(table.grid, self.width - 2 * self.ink.margin, self.ink)
        self.y -= 0.6 * self.ink.cell
        if self.room < sum(lattice.heights[: table.grid.head + 1]):
            self.turn_over(wide=wide)
        strips: list[_Strip] = []
        for row, height in enumerate(lattice.heights):
            strip = _Strip(row, height)
            if height > self.room and self.ink.break_rows:
                upper, strip = lattice.broken(strip, self.room)
                if upper:
                    self._place(strips, upper)
            if strip.height > self.room:
                self._strips(table.key, lattice, strips, ends=False)
                strips = []
                self.turn_over(wide=wide)
                for head in range(table.grid.head if self.ink.repeat_head else 0):
                    self._place(strips, _Strip(head, lattice.heights[head]))
            self._place(strips, strip)
        self._strips(table.key, lattice, strips, ends=True)
        self.y -= self.ink.cell
        if wide:
            self.turn_over()

    def _place(self, strips: list[_Strip], strip: _Strip) -> None:
        strip.y = self.y
        self.y -= strip.height
        strips.append(strip)

    def _strips(self, key: str, lattice: _Lattice, strips: list[_Strip], *, ends: bool) -> None:
        boxes: list[tuple[float, float, float, float]] = []
        texts: list[Callable[[], None]] = []
        for cell in lattice.grid.cells:
            own = [strip for strip in strips if cell.row <= strip.row < cell.row + cell.rows]
            if own:
                left, right = lattice.left[cell.column], lattice.left[cell.column + cell.columns]
                box = (self.ink.margin + left, own[-1].y - own[-1].height, self.ink.margin + right, own[0].y)
                boxes.append(box)
                lines = lattice.take(cell, own, box[3] - box[1])
                texts.append(self._cell_writer(cell, lines, box))
        if not boxes:
            return
        frame = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
        # a point more on every side, so that the outer rules are on the picture
        self.areas.append(Area(key, self.number, (frame[0] - 1, frame[1] - 1, frame[2] + 1, frame[3] + 1)))
        if picture := self.ink.pasted.get((key, self.number)):
            x0, y0, x1, y1 = self.areas[-1].box
            self.canvas.drawImage(ImageReader(picture), x0, y0, x1 - x0, y1 - y0)
            return
        draw_rules(self.canvas, self.ink.rules, boxes, open_end=self.ink.open_end and not ends)
        if self.ink.shuffled:
            self.ink.shuffled.shuffle(texts)
        for write in texts:
            write()

    def _cell_writer(
        self, cell: GridCell, lines: list[str], box: tuple[float, float, float, float]
    ) -> Callable[[], None]:
        size = self.ink.cell
        leading = size * 1.3
        align = self.ink.align if cell.path else cell.align
        x = {"centre": (box[0] + box[2]) / 2, "left": box[0] + _PAD, "right": box[2] - _PAD}[align]
        top = (box[1] + box[3]) / 2 + len(lines) * leading / 2 - leading / 2 - size * 0.36

        def write() -> None:
            for number, line in enumerate(lines):
                font = self.ink.figures if cell.path and line.strip().isascii() else ""
                self._text(line, (font or self.font, size), x, top - number * leading, align)

        return write

    def _text(self, text: str, letters: tuple[str, float], x: float, y: float, align: str) -> None:
        """One line in letters of a font and size."""
        text, (font, size) = text.strip(), letters
        self.canvas.setFont(font, size)
        width = pdfmetrics.stringWidth(text, font, size)
        x -= {"left": 0.0, "centre": width / 2, "right": width}[align]
        if not self.ink.letters:
            self.canvas.drawString(x, y, text)
            return
        for char in text:
            self.canvas.drawString(x, y, char)
            x += pdfmetrics.stringWidth(char, font, size)


class _Lattice:
    """A grid measured in points: column edges, row heights, wrapped lines."""

    def __init__(self, grid: Grid, width: float, ink: Ink) -> None:
        self.grid, self.ink = grid, ink
        unit = width / sum(grid.widths)
        self.left = [0.0]
        for share in grid.widths:
            self.left.append(self.left[-1] + share * unit)
        self.lines = {(cell.row, cell.column): self._wrapped(cell) for cell in grid.cells}
        self.heights = [self._needed(1)] * grid.height
        for cell in sorted(grid.cells, key=lambda item: item.rows):
            rows = range(cell.row, cell.row + cell.rows)
            missing = self._needed(len(self.lines[cell.row, cell.column])) - sum(self.heights[row] for row in rows)
            if missing > 0:
                self.heights[rows[-1]] += missing
        self.waiting = {place: list(lines) for place, lines in self.lines.items()}

    def _wrapped(self, cell: GridCell) -> list[str]:
        narrow = cell.columns == 1 and (cell.rows > 10 or len(self.grid.widths) == 15)
        if self.ink.upright_heads and narrow and not cell.path:
            return list(cell.text.replace(" ", ""))
        room = self.left[cell.column + cell.columns] - self.left[cell.column] - 2 * _PAD
        return wrap(cell.text, room, self.ink.cell)

    def _needed(self, lines: int) -> float:
        return lines * self.ink.cell * 1.3 + 2 * _PAD

    def broken(self, strip: _Strip, room: float) -> tuple[_Strip | None, _Strip]:
        """The row in two, as many lines in the upper part as fit; no upper part when none fits or none stays below."""
        own = [cell for cell in self.grid.cells if cell.row == strip.row and cell.rows == 1]
        lines = max((len(self.lines[cell.row, cell.column]) for cell in own), default=1)
        fitting = int((room - 2 * _PAD) // (self.ink.cell * 1.3))
        if strip.row < self.grid.head or not 0 < fitting < lines:
            return None, strip
        upper = _Strip(strip.row, self._needed(fitting), 0, fitting)
        return upper, _Strip(strip.row, self._needed(lines - fitting), fitting, lines)

    def take(self, cell: GridCell, strips: list[_Strip], height: float) -> list[str]:
        """The lines of a cell in these strips; a spanning cell fills its part on each page in turn."""
        if cell.rows == 1 or cell.row < self.grid.head:
            return self.lines[cell.row, cell.column][strips[0].first : strips[0].last]
        waiting = self.waiting[cell.row, cell.column]
        fitting = max(0, int((height - _PAD) // (self.ink.cell * 1.3)))
        taken, waiting[:] = waiting[:fitting], waiting[fitting:]
        return taken
