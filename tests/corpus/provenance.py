"""Whether the place given with a figure holds that figure, found by opening the document anew."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from pypdfium2 import PdfDocument, raw

from services.core.report import Cell
from tests.corpus.provenance_docx import lines_of
from tests.corpus.registry import Sample

Evidence = Callable[[Cell, str], bool]
"""Whether the place of a cell holds the text that is printed in it."""

_TAG = re.compile(r"<[^<>]*>")
_FAR = 3000
"""Characters of a page's source in which the figure that begins there must stand."""
_FINE = 1000
"""Device units a point when a seen box is turned into page space."""


def squeezed(text: str) -> str:
    """NFKC without white space or soft line ends, dashes unified: what two readings of one place have in common."""
    flat = unicodedata.normalize("NFKC", text)
    kept = (char for char in flat if not char.isspace() and unicodedata.category(char) not in ("Cc", "Cf"))
    return "".join("-" if char in "—–―─−‐‑" else char for char in kept)


def evidence(sample: Sample, data: bytes) -> Evidence:
    """The check for a document. Text formats are checked by line and column of their decoded text."""
    if sample.shown is not None:
        return _PdfText(sample.shown.pdf, stamped=sample.kind != "bad_fonts", askew=sample.shown.askew)
    if data.startswith(b"%PDF"):
        return _PdfText(data, stamped=sample.kind == "stamped", turned=sample.kind == "rotated")
    if sample.suffix in ("md", "txt", "csv"):
        return _LineText(data)
    if sample.suffix == "html":
        return _MarkupText(data)
    if data.startswith(b"PK"):
        return _WordText(data)
    return _given


def _given(cell: Cell, _printed: str) -> bool:
    """Where the place cannot be read anew: that there is one."""
    return (cell.page is not None and cell.bbox is not None) or (cell.line is not None and cell.column is not None)


_Letter = tuple[str, float, float]
_Box = tuple[float, float, float, float]


class _PdfText:
    """Reads boxes of a PDF through its text layer.

    ``stamped``: marks printed across the figures may stand among them. ``turned``: pdfium gives the characters of lines
    that lie on their side in another order. ``askew``: degrees by which each page is shown turned.
    """

    def __init__(
        self, data: bytes, *, stamped: bool = False, turned: bool = False, askew: tuple[float, ...] = ()
    ) -> None:
        self._document = PdfDocument(data)
        self._stamped, self._turned, self._askew = stamped, turned, askew
        self._pages: dict[int, list[_Letter]] = {}

    def __call__(self, cell: Cell, printed: str) -> bool:
        if cell.page is None or cell.bbox is None or cell.page > len(self._document):
            return False
        page = self._document[cell.page - 1]
        box = _turned_back(cell.bbox, self._askew[cell.page - 1], page.get_size()) if self._askew else cell.bbox
        left, bottom, right, top = _in_page_space(page, box)
        inside = [char for char, x, y in self._letters(cell.page) if left <= x <= right and bottom <= y <= top]
        found = squeezed("".join(inside))
        wanted = squeezed(printed)
        if found == wanted or (self._turned and sorted(found) == sorted(wanted)):
            return True
        return self._stamped and _scattered(wanted, found)

    def _letters(self, number: int) -> list[_Letter]:
        """The characters of a page with the middles of their boxes, in page space."""
        if number not in self._pages:
            text_page = self._document[number - 1].get_textpage()
            letters = []
            for index in range(text_page.count_chars()):
                char = text_page.get_text_range(index, 1)
                x0, y0, x1, y1 = text_page.get_charbox(index)
                letters.append((char, (x0 + x1) / 2, (y0 + y1) / 2))
            self._pages[number] = letters
        return self._pages[number]


def _turned_back(bbox: _Box, degrees: float, size: tuple[float, float]) -> _Box:
    """The box on the page that stands straight: a place keeps the size of its cell when the page is turned."""
    angle = math.radians(degrees)
    across, down = (bbox[0] + bbox[2]) / 2 - size[0] / 2, (bbox[1] + bbox[3]) / 2 - size[1] / 2
    # turned clockwise, with y downwards
    x = across * math.cos(angle) - down * math.sin(angle) + size[0] / 2
    y = across * math.sin(angle) + down * math.cos(angle) + size[1] / 2
    wide, tall = bbox[2] - bbox[0], bbox[3] - bbox[1]
    return x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2


def _in_page_space(page: Any, bbox: _Box) -> _Box:
    """left, bottom, right, top in the page's own space of a box seen from the top left of the page as shown."""
    width, height = page.get_size()
    corners = []
    for x, y in (bbox[:2], bbox[2:]):
        across, up = raw.c_double(), raw.c_double()
        size = (0, 0, round(width * _FINE), round(height * _FINE), 0)
        raw.FPDF_DeviceToPage(page, *size, round(x * _FINE), round(y * _FINE), across, up)
        corners.append((across.value, up.value))
    (x0, y0), (x1, y1) = corners
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _scattered(wanted: str, found: str) -> bool:
    """Whether the characters of `wanted` stand in `found` in their order."""
    rest = iter(found)
    return all(char in rest for char in wanted)


def decoded(data: bytes) -> str:
    """The text of a file in one of the encodings that the corpus writes."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


class _LineText:
    """Reads lines and columns of a text."""

    def __init__(self, data: bytes) -> None:
        text = decoded(data)
        self._lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def __call__(self, cell: Cell, printed: str) -> bool:
        if cell.line is None or cell.column is None or cell.line > len(self._lines):
            return False
        rest = self._lines[cell.line - 1][cell.column - 1 :]
        return self._begins(rest, cell.line, printed)

    def _begins(self, rest: str, _line: int, printed: str) -> bool:
        return squeezed(rest).lstrip('"*').startswith(squeezed(printed))


class _MarkupText(_LineText):
    """Reads lines and columns of a page's source, as what is shown from there on."""

    def _begins(self, rest: str, line: int, printed: str) -> bool:
        source = "\n".join([rest, *self._lines[line : line + 5]])[:_FAR]
        return squeezed(html.unescape(_TAG.sub("", source))).startswith(squeezed(printed))


class _WordText:
    """Reads rows and cells of a Word document."""

    def __init__(self, data: bytes) -> None:
        self._lines = lines_of(data)

    def __call__(self, cell: Cell, printed: str) -> bool:
        if cell.line is None or cell.column is None or cell.line > len(self._lines):
            return False
        row = self._lines[cell.line - 1]
        return cell.column <= len(row) and squeezed(row[cell.column - 1]) == squeezed(printed)
