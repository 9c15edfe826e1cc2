"""The pages of a PDF, read as text one by one, and what else stands on them."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from services.core.errors import RejectedError
from services.core.report import Format
from services.ingest.readers.pdfium import PageRead, open_pdf, page_count, read_page
from services.ingest.recognise.lattice import TooManyLinesError
from services.ingest.recognise.pages import Glyph, PageInk, Placed, page_items
from services.ingest.recognise.primitives import Box, Content, Item
from services.ingest.recognise.unruled import Carried, loose_items

FEWEST_GLYPHS = 30
"""A page with fewer characters holds no text to speak of."""
_MOST_GLYPHS = 1_000_000
_TAIL = 2048
_PICTURE_SHARE = 0.8
_FEWEST_SHAPES = 30
"""A page without text but with so many drawn things may hold its words as outlines."""


@dataclass(slots=True)
class SeenPage:
    """A page (`number` from 1) and its items. ``pictures``: their boxes as seen.

    ``covered``: pictures cover most of it, so that its text may be a hidden layer, kept in ``ink``. ``wordless``: it
    shows something but holds no text.
    """

    number: int
    items: list[Item]
    glyphs: int
    width: float
    height: float
    turn: int = 0
    pictures: list[Box] = field(default_factory=list)
    covered: bool = False
    wordless: bool = False
    ink: PageInk | None = None

    @property
    def is_scan(self) -> bool:
        return self.covered or self.wordless


@dataclass(slots=True)
class SeenPages:
    """All pages of a document. ``loose``: pages with tables without cell borders. ``digit_fonts``: those of digits.

    ``mute``: pages that show text of which nothing is known.
    """

    pages: list[SeenPage] = field(default_factory=list)
    loose: set[int] = field(default_factory=set)
    digit_fonts: set[int | None] = field(default_factory=set)
    mute: set[int] = field(default_factory=set)

    @property
    def glyphs(self) -> int:
        return sum(page.glyphs for page in self.pages)

    def content(self, read_as_pictures: Iterable[int] = ()) -> Content:
        """Everything in reading order; on covered pages not `read_as_pictures` only the hidden text is known."""
        hidden = {page.number for page in self.pages if page.covered} - set(read_as_pictures)
        items = [item for page in self.pages for item in page.items]
        mute = frozenset(self.mute - set(read_as_pictures))
        return Content(Format.PDF, items, pages=len(self.pages), pictures=frozenset(hidden), mute=mute)


def read_pages(data: bytes, max_pages: int) -> SeenPages:
    """The pages of a PDF. Raises RejectedError: encrypted, damaged, too_many_pages, too_complex."""
    _check_end(data)
    seen = SeenPages()
    carried = Carried(laid=seen.loose)

    def loose(page: PageInk, lines: Sequence[list[Glyph]], grid: int) -> tuple[list[Placed], int]:
        return loose_items(page, lines, grid, carried)

    grid, glyphs = 1, 0
    with open_pdf(data) as document, uncollected():
        number = page_count(document)
        if number < 1:
            raise RejectedError("damaged", "没有页面")
        if number > max_pages:
            raise RejectedError("too_many_pages", f"{number}页，上限{max_pages}页")
        for index in range(number):
            page = read_page(document, index)
            glyphs += len(page.ink.glyphs)
            seen.digit_fonts |= page.digit_fonts
            if page.mute:
                seen.mute.add(index + 1)
            if glyphs > _MOST_GLYPHS:
                raise RejectedError("too_complex", "文字过多")
            seen.pages.append(_seen(page))
            try:
                seen.pages[-1].items, grid = page_items(page.ink, grid, loose)
            except TooManyLinesError as error:
                raise RejectedError("too_complex", f"第{index + 1}页的表格线过多") from error
    return seen


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for circles of garbage meanwhile: pages are many small tuples and hold none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _seen(page: PageRead) -> SeenPage:
    ink = page.ink
    wide, high = (ink.width, ink.height) if ink.turn % 2 == 0 else (ink.height, ink.width)
    shown = [
        (max(x0, 0.0), max(top, 0.0), min(x1, wide), min(bottom, high))
        for x0, top, x1, bottom in page.pictures
        if x0 < wide and top < high and x1 > 0 and bottom > 0
    ]
    covered = sum((x1 - x0) * (bottom - top) for x0, top, x1, bottom in shown) >= _PICTURE_SHARE * wide * high
    few = len(ink.glyphs) < FEWEST_GLYPHS
    return SeenPage(
        ink.number,
        [],
        len(ink.glyphs),
        wide,
        high,
        ink.turn,
        shown,
        covered=covered,
        wordless=few and (bool(shown) or page.objects >= _FEWEST_SHAPES + len(ink.glyphs)),
        ink=ink if covered else None,
    )


def _check_end(data: bytes) -> None:
    """A file without its end mark is not all there: pdfium would repair it and show what is left, or an older state."""
    end = data.rfind(b"%%EOF")
    if end < 0 or (len(data) - end > _TAIL and b" obj" in data[end:]):
        raise RejectedError("damaged", "文件没有结尾，可能没有传完")
