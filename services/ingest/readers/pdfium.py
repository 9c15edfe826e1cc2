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
from services.ingest.readers.letters import PageBox, read_letters
from services.ingest.readers.ruling import read_drawn
from services.ingest.readers.stand_in_font import use_stand_in_font
from services.ingest.recognise.lattice import Segment
from services.ingest.recognise.pages import PageInk

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

    def upright(self, boxes: list[PageBox]) -> list[tuple[float, float, float, float]]:
        """Boxes of page space as (x0, top, x1, bottom), upright, y downwards."""
        x0, y0, x1, y1 = self.x0, self.y0, self.x1, self.y1
        if self.turns == 0:
            return [(left - x0, y1 - top, right - x0, y1 - bottom) for left, bottom, right, top in boxes]
        if self.turns == 1:
            return [(bottom - y0, left - x0, top - y0, right - x0) for left, bottom, right, top in boxes]
        if self.turns == 2:
            return [(x1 - right, bottom - y0, x1 - left, top - y0) for left, bottom, right, top in boxes]
        return [(y1 - top, x1 - right, y1 - bottom, x1 - left) for left, bottom, right, top in boxes]


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
    """One page: its ink, and whether a picture covers most of it."""

    ink: PageInk
    picture: bool
    images: bool


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
    drawn = read_drawn(page, wide * tall)
    letters = read_letters(page, level=drawn.level)
    frame = _Frame(bounds.left, low, bounds.right, high, letters.turns)
    size = (wide, tall) if frame.turns % 2 == 0 else (tall, wide)
    ink = PageInk(number, *size, turn=(letters.turns - rotation) % 4)
    ink.glyphs = [(char, *box) for char, box in zip(letters.chars, frame.upright(letters.boxes), strict=True)]
    if letters.colours:
        ink.colours = dict(zip(ink.glyphs, letters.colours, strict=True))
    ink.horizontal, ink.vertical = _segments(frame.upright(drawn.rules))
    return PageRead(ink, drawn.covered, drawn.images)


def _segments(boxes: list[tuple[float, float, float, float]]) -> tuple[list[Segment], list[Segment]]:
    """Thin boxes as level and as plumb lines."""
    horizontal: list[Segment] = []
    vertical: list[Segment] = []
    for x0, top, x1, bottom in boxes:
        if x1 - x0 >= bottom - top:
            if x1 - x0 >= _SHORT:
                horizontal.append(((top + bottom) / 2, x0, x1))
        elif bottom - top >= _SHORT:
            vertical.append(((x0 + x1) / 2, top, bottom))
    return horizontal, vertical
