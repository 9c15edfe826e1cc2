"""Opening PDFs and reading their pages through pdfium's C interface.

pdfium is not thread-safe: one process, one thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pypdfium2 import raw

from services.core.errors import RejectedError
from services.ingest.readers.letters import Letters, read_letters
from services.ingest.readers.ruling import Drawn, read_drawn
from services.ingest.readers.stand_in_font import use_stand_in_font
from services.ingest.recognise.lattice import Segment
from services.ingest.recognise.pages import Glyph, PageInk
from services.ingest.recognise.primitives import Box

_SHORT = 3.0
"""Lines shorter than this are dots or parts of letters; dashes are longer."""

use_stand_in_font()


@dataclass(slots=True)
class _Frame:
    """The visible page in its own space (x0, y0, x1, y1, y upwards) and the clockwise quarter turns until upright."""

    x0: float
    y0: float
    x1: float
    y1: float
    turns: int

    def glyphs(self, letters: Letters) -> list[Glyph]:
        """Letters with their boxes as (x0, top, x1, bottom), upright, y downwards."""
        x0, y0, x1, y1 = self.x0, self.y0, self.x1, self.y1
        boxes = zip(letters.chars, letters.left, letters.bottom, letters.right, letters.top, strict=True)
        if self.turns == 0:
            return [(char, left - x0, y1 - top, right - x0, y1 - bottom) for char, left, bottom, right, top in boxes]
        if self.turns == 1:
            return [(char, bottom - y0, left - x0, top - y0, right - x0) for char, left, bottom, right, top in boxes]
        if self.turns == 2:
            return [(char, x1 - right, bottom - y0, x1 - left, top - y0) for char, left, bottom, right, top in boxes]
        return [(char, y1 - top, x1 - right, y1 - bottom, x1 - left) for char, left, bottom, right, top in boxes]

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        if self.turns == 0:
            return left - self.x0, self.y1 - top, right - self.x0, self.y1 - bottom
        if self.turns == 1:
            return bottom - self.y0, left - self.x0, top - self.y0, right - self.x0
        if self.turns == 2:
            return self.x1 - right, bottom - self.y0, self.x1 - left, top - self.y0
        return self.y1 - top, self.x1 - right, self.y1 - bottom, self.x1 - left

    def segments(self, drawn: Drawn) -> tuple[list[Segment], list[Segment]]:
        """The level and the plumb lines, upright, y downwards."""
        horizontal: list[Segment] = []
        vertical: list[Segment] = []
        for rule in drawn.rules:
            x0, top, x1, bottom = self.box(*rule)
            if x1 - x0 >= bottom - top:
                if x1 - x0 >= _SHORT:
                    horizontal.append(((top + bottom) / 2, x0, x1))
            elif bottom - top >= _SHORT:
                vertical.append(((x0 + x1) / 2, top, bottom))
        for frame in drawn.frames:
            x0, top, x1, bottom = self.box(*frame)
            if x1 - x0 >= _SHORT:
                horizontal += ((top, x0, x1), (bottom, x0, x1))
            if bottom - top >= _SHORT:
                vertical += ((x0, top, bottom), (x1, top, bottom))
        return horizontal, vertical


@contextmanager
def open_pdf(data: bytes) -> Iterator[Any]:
    """An open pdfium document. Raises RejectedError: encrypted, damaged."""
    # pdfium reads from `data` itself, which the caller's frame keeps alive
    document = raw.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        if raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD:
            raise RejectedError("encrypted")
        raise RejectedError("damaged", "PDF 结构不完整")
    try:
        yield document
    finally:
        raw.FPDF_CloseDocument(document)


def page_count(document: Any) -> int:
    return int(raw.FPDF_GetPageCount(document))


@dataclass(slots=True)
class PageRead:
    """One page: its ink, where pictures stand on it (as a person sees the page), and how many objects it has.

    ``numbers``: the place of each glyph of the ink in pdfium's text page. ``digit_fonts``: pdfium's pointers to the fonts
    of its digits, or of all its text where that is one font. ``mute``: text is set in a font that gives no characters.
    """

    ink: PageInk
    pictures: list[Box]
    objects: int
    numbers: list[int]
    digit_fonts: set[int | None]
    mute: bool = False


def read_page(document: Any, index: int) -> PageRead:
    """Page `index` (from 0). Raises RejectedError: damaged, too_complex."""
    page = raw.FPDF_LoadPage(document, index)
    if not page:
        raise RejectedError("damaged", f"第{index + 1}页无法打开")
    try:
        return _read(page, index + 1)
    finally:
        raw.FPDF_ClosePage(page)


def _read(page: Any, number: int) -> PageRead:
    rotation = int(raw.FPDFPage_GetRotation(page))
    bounds = raw.FS_RECTF()
    if not raw.FPDF_GetPageBoundingBox(page, bounds):
        bounds = raw.FS_RECTF(0.0, raw.FPDF_GetPageHeightF(page), raw.FPDF_GetPageWidthF(page), 0.0)
    low, high = sorted((bounds.bottom, bounds.top))
    wide, tall = bounds.right - bounds.left, high - low
    drawn = read_drawn(page)
    coloured = len(drawn.colours) > 1 or drawn.unseen
    letters = read_letters(
        page, level=drawn.level and not drawn.unseen, coloured=coloured, fonts=len(drawn.fonts) > 1 or drawn.unseen
    )
    frame = _Frame(bounds.left, low, bounds.right, high, letters.turns)
    size = (wide, tall) if frame.turns % 2 == 0 else (tall, wide)
    ink = PageInk(number, *size, turn=(letters.turns - rotation) % 4)
    ink.glyphs = frame.glyphs(letters)
    if letters.colours:
        ink.colours = dict(zip(ink.glyphs, letters.colours, strict=True))
    ink.horizontal, ink.vertical = frame.segments(drawn)
    pictures = [ink.seen(frame.box(*picture)) for picture in drawn.pictures]
    mute = letters.fonts is not None and not drawn.fonts <= letters.fonts
    return PageRead(ink, pictures, drawn.objects, letters.numbers, letters.digit_fonts or drawn.fonts, mute)
