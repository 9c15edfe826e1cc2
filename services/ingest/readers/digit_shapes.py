"""Whether a PDF shows the digits that its text layer names: a font's map may exchange digits among one another.

Labels and sums find that as a rule (``recognise.confidence``). What they cannot tell is looked at: digits that no sum in
the same font tells apart, in a font whose item numbers do not vouch for them.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, Final

from pypdfium2 import raw

from services.core.report import Cell, Report
from services.ingest.readers.glyph_shapes import looks_like
from services.ingest.readers.letters import font_of, object_of
from services.ingest.readers.pdfium import open_pdf, read_page
from services.ingest.readers.rendering import grey_rows
from services.ingest.recognise.exchange import untold_digits, vouched_by_items
from services.ingest.recognise.primitives import Box

_SURE: Final = 0.9
"""Likelihood from which a glyph shows another digit than the text names; measured in 32 fonts, none is mistaken there."""
_SAMPLES: Final = 2
_MOST_PAGES: Final = 8
_POINTS: Final = ".．、"
"""What stands behind an item number."""
_HIGH: Final = 48.0
"""Pixels to which the box of a glyph is brought."""


def shows_other_digits(data: bytes, report: Report, *, one_font: bool) -> bool:
    """Whether a digit of the report's figures that nothing vouches for is printed as another one.

    `one_font`: all digits of the document are set in one font.
    """
    vouched = vouched_by_items(report)
    if one_font and untold_digits(report) <= vouched:
        return False
    cells = {path: cell for path, cell in report.cells.items() if cell.page and cell.bbox and _digits(cell.text)}
    pages = sorted({cell.page for cell in cells.values() if cell.page})[:_MOST_PAGES]
    with open_pdf(data) as document, ExitStack() as looks:
        looked = {number: _Page(document, number) for number in pages}
        for page in looked.values():
            looks.callback(page.close)
        return _any_other(report, cells, looked, vouched)


def _any_other(report: Report, cells: Mapping[str, Cell], looked: Mapping[int, _Page], vouched: frozenset[str]) -> bool:
    by_font: dict[int, dict[str, Cell]] = {}
    for path, cell in cells.items():
        page = looked.get(cell.page or 0)
        first = next(page.digits_in(cell), None) if page else None
        if page and first is not None:
            by_font.setdefault(page.font(first), {})[path] = cell
    for font, own in by_font.items():
        items = any(font in page.item_fonts() for page in looked.values())
        for digit in untold_digits(report, own.keys()) - (vouched if items else frozenset()):
            plain = _digits(digit)
            if any(sign.isdigit() and sign != plain and sure >= _SURE for sign, sure in _shown(looked, own, digit)):
                return True
    return False


def _shown(looked: Mapping[int, _Page], cells: Mapping[str, Cell], digit: str) -> Iterator[tuple[str, float]]:
    """What some printed examples of `digit` look like."""
    left = _SAMPLES
    for cell in cells.values():
        page = looked.get(cell.page or 0)
        if page is None or digit not in cell.text:
            continue
        for index in page.digits_in(cell):
            if page.char(index) == digit:
                yield page.look(index)
                left -= 1
                break
        if not left:
            return


class _Page:
    """A page that is looked at: its letters once more, and the page itself for fonts and pixels."""

    def __init__(self, document: Any, number: int) -> None:
        read = read_page(document, number - 1)
        self._glyphs, self._numbers = read.ink.glyphs, read.numbers
        self._seen = read.ink.seen
        self._page = raw.FPDF_LoadPage(document, number - 1)
        self._text = raw.FPDFText_LoadPage(self._page)
        boxes = [(index, self._box(index)) for index, glyph in enumerate(self._glyphs) if _digits(glyph[0])]
        self._placed = sorted(((box[1] + box[3]) / 2, (box[0] + box[2]) / 2, index) for index, box in boxes)
        self._item_fonts: set[int] | None = None

    def close(self) -> None:
        raw.FPDFText_ClosePage(self._text)
        raw.FPDF_ClosePage(self._page)

    def char(self, index: int) -> str:
        return self._glyphs[index][0]

    def digits_in(self, cell: Cell) -> Iterator[int]:
        """The digits printed in a cell of this page."""
        assert cell.bbox is not None
        x0, top, x1, bottom = cell.bbox
        for _, x, index in self._placed[bisect_left(self._placed, (top,)) : bisect_right(self._placed, (bottom,))]:
            if x0 <= x <= x1:
                yield index

    def item_fonts(self) -> set[int]:
        """The fonts of item numbers (``3.``)."""
        if self._item_fonts is None:
            chars = [glyph[0] for glyph in self._glyphs]
            self._item_fonts = {
                self.font(index)
                for index in range(len(chars) - 2)
                if _digits(chars[index]) and chars[index + 1] in _POINTS and not _digits(chars[index + 2])
                if not (index and _digits(chars[index - 1]))
            }
        return self._item_fonts

    def font(self, index: int) -> int:
        return font_of(object_of(self._text, self._numbers[index])) or 0

    def look(self, index: int) -> tuple[str, float]:
        box = self._box(index)
        return looks_like(grey_rows(self._page, box, _HIGH / max(box[3] - box[1], 1.0)))

    def _box(self, index: int) -> Box:
        return self._seen(self._glyphs[index][1:])


def _digits(text: str) -> str:
    """The digits in `text`, in ASCII."""
    if text.isascii():
        return "".join(char for char in text if char.isdigit())
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char in "0123456789")
