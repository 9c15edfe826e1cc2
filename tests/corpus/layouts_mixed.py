"""PDFs that are text and picture at once."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence

from PIL import Image
from pypdfium2 import PdfDocument

from tests.corpus.drawing import EMBEDDED, Area, Ink, areas_of, draw
from tests.corpus.layouts_scans import STYLES
from tests.corpus.registry import Made, Order, Shown, layout
from tests.corpus.scanning import Scan, letters, picture_pdf, rendered, worn

_INK = Ink(font=EMBEDDED)


@layout("mixed", needs=("font",), styles=STYLES)
def mixed_picture_pages(order: Order) -> Made:
    """The pages with table 3 are scanned pictures, the others text."""
    pdf = draw([order.sheet.story()], _INK)
    chosen = {area.page for area in areas_of([order.sheet.story()], _INK) if area.key == "table3"}
    scan = Scan(200, noise=3)
    pictures = [worn(page, scan, 0.0, order.rng) for page in rendered(pdf, scan.dpi, colour=False)]
    return Shown(_interleaved(pdf, picture_pdf(pictures, scan), chosen), pdf)


def _interleaved(text: bytes, pictures: bytes, chosen: set[int]) -> bytes:
    """The pages of ``text`` with the ``chosen`` ones (from 1) taken from ``pictures``."""
    one, two, out = PdfDocument(text), PdfDocument(pictures), PdfDocument.new()
    for index in range(len(one)):
        out.import_pages(two if index + 1 in chosen else one, [index])
    data = io.BytesIO()
    out.save(data)
    for document in (one, two, out):
        document.close()
    return data.getvalue()


@layout("mixed", needs=("font",), styles=STYLES)
def mixed_pasted_tables(order: Order) -> Made:
    """Table 3 or 4, or both, pasted as pictures into pages of text."""
    keys = order.rng.choice((("table3",), ("table4",), ("table3", "table4"), ("table2",)))
    story = order.sheet.story()
    pdf = draw([story], _INK)
    pages = rendered(pdf, 200, colour=False)
    pasted = {(area.key, area.page): _cropped(pages, area) for area in areas_of([story], _INK) if area.key in keys}
    return Shown(draw([story], Ink(font=EMBEDDED, pasted=pasted)), pdf)


def _cropped(pages: Sequence[Image.Image], area: Area) -> Image.Image:
    page = pages[area.page - 1]
    scale = 200 / 72
    x0, y0, x1, y1 = area.box
    return page.crop(
        (round(x0 * scale), round(page.height - y1 * scale), round(x1 * scale), round(page.height - y0 * scale))
    )


@layout("mixed", needs=("font",), styles=STYLES)
def mixed_wrong_hidden_text(order: Order) -> Made:
    """A scan whose hidden text layer has misread figures here and there."""
    return _hidden(order, lambda text: _misread(text, order.rng, 0.15))


@layout("mixed", needs=("font",), styles=STYLES)
def mixed_shifted_hidden_text(order: Order) -> Made:
    """A scan whose hidden text layer has every digit wrong in the same way."""
    turned = str.maketrans("0123456789", "".join(order.rng.sample("0123456789", 10)))
    return _hidden(order, lambda text: text.translate(turned))


@layout("mixed", needs=("font",), styles=STYLES)
def mixed_foreign_hidden_text(order: Order) -> Made:
    """A scan that carries the hidden text of another file: the same form, every figure 0."""
    return _hidden(order, lambda text: "0" if text.isdigit() else text)


@layout("mixed", needs=("font",), styles=STYLES)
def mixed_good_hidden_text(order: Order) -> Made:
    """A scan whose hidden text layer is right."""
    return _hidden(order, lambda text: text)


def _hidden(order: Order, misread: Callable[[str], str]) -> Made:
    pdf = draw([order.sheet.story()], _INK)
    scan = Scan(200, noise=3)
    pictures = [worn(page, scan, 0.0, order.rng) for page in rendered(pdf, scan.dpi, colour=False)]
    layers = [[(misread(text), x, y, size) for text, x, y, size in page] for page in letters(pdf)]
    return Shown(picture_pdf(pictures, scan, layers), pdf)


def _misread(text: str, rng: random.Random, share: float) -> str:
    """Digits taken for digits that look alike."""
    alike = {"0": "6", "1": "7", "3": "8", "5": "6", "6": "0", "7": "1", "8": "3", "9": "0", "2": "7", "4": "1"}
    return "".join(alike[char] if char in alike and rng.random() < share else char for char in text)
