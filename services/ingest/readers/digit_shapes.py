"""Whether a PDF shows the digits that its text layer names: a font's map may exchange digits among one another.

Labels and sums find that as a rule (``recognise.confidence``). What they cannot tell is looked at: digits that no sum in
the same font tells apart, in a font whose item numbers do not vouch for them.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, Self

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
    untold = untold_digits(report, but=vouched) if one_font else frozenset()
    if one_font and not untold:
        return False
    cells = {path: cell for path, cell in report.cells.items() if cell.page and cell.bbox and _digits(cell.text)}
    with open_pdf(data) as document, _Pages(document) as pages:
        if one_font:
            return _any_other(pages, cells, untold)
        return any(
            _any_other(pages, own, untold_digits(report, own.keys(), but=vouched if items else frozenset()))
            for own, items in _by_font(pages, cells)
        )


def _by_font(pages: _Pages, cells: Mapping[str, Cell]) -> list[tuple[dict[str, Cell], bool]]:
    """The cells by the font of their figure, and whether item numbers are set in it too."""
    by_font: dict[int, dict[str, Cell]] = {}
    numbers = sorted({cell.page for cell in cells.values() if cell.page})[:_MOST_PAGES]
    for path, cell in cells.items():
        page = pages.get(cell.page) if cell.page in numbers else None
        first = next(page.digits_in(cell), None) if page else None
        if page and first is not None:
            by_font.setdefault(page.font(first), {})[path] = cell
    items = {font for number in numbers for font in pages.get(number).item_fonts()}
    return [(own, font in items) for font, own in by_font.items()]


def _any_other(pages: _Pages, cells: Mapping[str, Cell], untold: AbstractSet[str]) -> bool:
    for digit in sorted(untold):
        plain = _digits(digit)
        if any(sign.isdigit() and sign != plain and sure >= _SURE for sign, sure in _shown(pages, cells, digit)):
            return True
    return False


def _shown(pages: _Pages, cells: Mapping[str, Cell], digit: str) -> Iterator[tuple[str, float]]:
    """What some printed examples of `digit` look like."""
    left = _SAMPLES
    for cell in cells.values():
        if digit not in cell.text:
            continue
        page = pages.get(cell.page)
        found = next((index for index in page.digits_in(cell) if page.char(index) == digit), None)
        if found is not None:
            yield page.look(found)
            left -= 1
        if not left:
            return


class _Pages:
    """The pages of a document that are looked at, each opened when it is first asked for."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._open: dict[int | None, _Page] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for page in self._open.values():
            page.close()

    def get(self, number: int | None) -> _Page:
        """Page `number`, from 1."""
        if number not in self._open:
            self._open[number] = _Page(self._document, number or 1)
        return self._open[number]


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
