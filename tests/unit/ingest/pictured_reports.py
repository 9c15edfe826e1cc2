"""Pictures of reports and of single tables, as scanners give them. Needs the Chinese font of the corpus."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from infra.demo.authored import AuthoredReport
from infra.demo.grids import printed_text
from tests.corpus.drawing import EMBEDDED, Ink, draw
from tests.corpus.outside import FONT_FILE
from tests.corpus.ruling import Rules
from tests.corpus.scanning import Scan, rendered, scanned
from tests.corpus.sheet import Piece, Sheet, Table, TableKey, Words

DPI = 200
_HIGH, _MARGIN = 56, 60
_PIXELS_A_POINT = DPI / 72


def sheet_of(report: AuthoredReport) -> Sheet:
    texts = {path: printed_text(report.figure(path)) for path in report.paths()}
    truth = {path: None if isinstance(report.figure(path), str) else report.figure(path) for path in report.paths()}
    return Sheet(report, report, texts, truth, (report.title,))  # type: ignore[arg-type]  # strings are gone above


def pdf_of(report: AuthoredReport, pieces: Sequence[Piece] | None = None, *, tall: float = 1700.0) -> bytes:
    """The report, or some pieces of it, on one tall page with embedded fonts."""
    story = list(pieces) if pieces is not None else sheet_of(report).story()
    return draw([story], Ink(font=EMBEDDED, cell=9.0, body=10.5, rules=Rules("rectangles", 0.5), tall=tall))


def table_pdf(report: AuthoredReport, *keys: TableKey) -> bytes:
    """The title and some tables of a report, each under its heading, on one page."""
    sheet = sheet_of(report)
    pieces: list[Piece] = [Words("title", report.title)]
    names = {"table2": "proactive", "table3": "requests", "table4": "disputes"}
    for key in keys:
        heading = next(s.heading for s in report.form.sections if s.key == names[key])
        pieces += [Words("heading", heading, names[key]), Table(key, sheet.grid(key))]
    return pdf_of(report, pieces, tall=1100.0)


def scan_of(pdf: bytes, scan: Scan, seed: int = 1) -> bytes:
    return scanned(pdf, scan, random.Random(seed)).data


def page_of(pdf: bytes, dpi: int = DPI) -> NDArray[np.uint8]:
    """The first page as grey pixels."""
    return np.asarray(rendered(pdf, dpi, colour=False)[0])


def ruled(rows: Sequence[Sequence[str]], *, widths: Sequence[int], points: float = 10.5) -> NDArray[np.uint8]:
    """A page with one ruled table; text stands centred in its cells, on one line."""
    wide = sum(widths) + 2 * _MARGIN
    image = Image.new("L", (max(wide, 700), len(rows) * _HIGH + 2 * _MARGIN), 255)
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT_FILE, round(points * _PIXELS_A_POINT))
    for index, row in enumerate(rows):
        left, top = _MARGIN, _MARGIN + index * _HIGH
        for text, width in zip(row, widths, strict=True):
            pen.rectangle((left, top, left + width, top + _HIGH), outline=0, width=2)
            pen.text((left + width / 2, top + _HIGH / 2), text, font=font, fill=0, anchor="mm")
            left += width
    return np.asarray(image)


def written_tightly(page: NDArray[np.uint8], text: str, pitch: int, at: tuple[int, int]) -> NDArray[np.uint8]:
    """The page with `text` at a place, each character `pitch` pixels right of the one before."""
    image = Image.fromarray(page)
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT_FILE, round(10.5 * _PIXELS_A_POINT))
    for index, char in enumerate(text):
        pen.text((at[0] + index * pitch, at[1]), char, font=font, fill=0)
    return np.asarray(image)
