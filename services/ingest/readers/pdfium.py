"""Glyphs and rules of PDF pages through pdfium's C interface.

pdfium is not thread-safe: one process, one thread. Everything below calls the C functions directly, since the calls
for each character are most of the cost of reading a report.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pypdfium2 import raw

from services.core.errors import RejectedError
from services.ingest.recognise.lattice import Segment
from services.ingest.recognise.pages import PageInk

_MOST_GLYPHS = 60_000
_MOST_OBJECTS = 60_000
_DEEPEST_FORM = 8
_THIN = 3.0
"""A box thinner than this (points) is a drawn line."""
_SHORT = 3.0
"""Lines shorter than this are dots or parts of letters; dashes are longer."""
_PICTURE_SHARE = 0.8
_QUARTER = math.pi / 2

Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class _Frame:
    """The visible page in its own space (x0, y0, x1, y1, y upwards) and the clockwise quarter turns until upright."""

    x0: float
    y0: float
    x1: float
    y1: float
    turns: int

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """A box of page space as (x0, top, x1, bottom), upright, y downwards."""
        if self.turns == 0:
            return left - self.x0, self.y1 - top, right - self.x0, self.y1 - bottom
        if self.turns == 1:
            return bottom - self.y0, left - self.x0, top - self.y0, right - self.x0
        if self.turns == 2:
            return self.x1 - right, bottom - self.y0, self.x1 - left, top - self.y0
        return self.y1 - top, self.x1 - right, self.y1 - bottom, self.x1 - left


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
    letters, content_turns = _letters(page)
    frame = _Frame(bounds.left, low, bounds.right, high, content_turns % 4)
    wide, tall = bounds.right - bounds.left, high - low
    size = (wide, tall) if frame.turns % 2 == 0 else (tall, wide)
    ink = PageInk(number, *size, turn=(content_turns - rotation) % 4)
    ink.glyphs = [(char, *frame.box(*box)) for char, box in letters]
    drawing = _Drawing(frame, wide * tall)
    drawing.walk(page, _IDENTITY, 0)
    ink.horizontal, ink.vertical = drawing.horizontal, drawing.vertical
    return PageRead(ink, drawing.covered, drawing.images)


_Letter = tuple[str, tuple[float, float, float, float]]


def _letters(page: Any) -> tuple[list[_Letter], int]:
    """The characters with their boxes in page space, and the clockwise quarter turns that make them upright.

    Characters at another angle than most (watermarks, stamps) are left out.
    """
    text_page = raw.FPDFText_LoadPage(page)
    if not text_page:
        return [], 0
    try:
        count = raw.FPDFText_CountChars(text_page)
        if count > _MOST_GLYPHS:
            raise RejectedError("too_complex", f"一页有{count}个字")
        return _upright(_raw_letters(text_page, count))
    finally:
        raw.FPDFText_ClosePage(text_page)


def _raw_letters(text_page: Any, count: int) -> list[tuple[str, tuple[float, float, float, float], float]]:
    unicode_of, box_of, angle_of = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox, raw.FPDFText_GetCharAngle
    rect = raw.FS_RECTF()
    into = ctypes.byref(rect)
    letters = []
    for index in range(count):
        code = unicode_of(text_page, index)
        if code > 32 and code not in (0xA0, 0x3000) and box_of(text_page, index, into):
            char = chr(code) if code < 0x110000 else "\ufffd"
            box = (rect.left, rect.bottom, rect.right, rect.top)
            letters.append((char, box, angle_of(text_page, index)))
    return letters


def _upright(letters: list[tuple[str, tuple[float, float, float, float], float]]) -> tuple[list[_Letter], int]:
    votes = [0, 0, 0, 0]
    for _, _, angle in letters:
        quarter = angle / _QUARTER
        if abs(quarter - round(quarter)) < 0.02:
            votes[round(quarter) % 4] += 1
    main = max(range(4), key=votes.__getitem__)
    kept = []
    for char, box, angle in letters:
        off = (angle / _QUARTER - main) % 4
        if off < 0.02 or off > 3.98:
            kept.append((char, box))
    # pdfium measures the angle clockwise in a space with y upwards
    return kept, -main % 4


class _Drawing:
    """Collects the ruling of a page, also from within form XObjects."""

    def __init__(self, frame: _Frame, area: float) -> None:
        self.horizontal: list[Segment] = []
        self.vertical: list[Segment] = []
        self.covered = False
        self.images = False
        self._frame = frame
        self._area = area
        self._left = _MOST_OBJECTS
        self._bounds = [ctypes.c_float() for _ in range(4)]
        self._into = [ctypes.byref(value) for value in self._bounds]

    def walk(self, container: Any, matrix: Matrix, depth: int) -> None:
        """Every object of a page (depth 0) or form."""
        if depth == 0:
            count, get = raw.FPDFPage_CountObjects(container), raw.FPDFPage_GetObject
        else:
            count, get = raw.FPDFFormObj_CountObjects(container), raw.FPDFFormObj_GetObject
        self._left -= max(count, 0)
        if self._left < 0:
            raise RejectedError("too_complex", "一页的图形过多")
        for index in range(count):
            item = get(container, index)
            kind = raw.FPDFPageObj_GetType(item)
            if kind == raw.FPDF_PAGEOBJ_PATH:
                self._path(item, matrix)
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST_FORM:
                self.walk(item, _times(_matrix_of(item), matrix), depth + 1)
            elif kind == raw.FPDF_PAGEOBJ_IMAGE:
                self._image(item, matrix)

    def _box(self, item: Any, matrix: Matrix) -> tuple[float, float, float, float] | None:
        if not raw.FPDFPageObj_GetBounds(item, *self._into):
            return None
        left, bottom, right, top = (value.value for value in self._bounds)
        if matrix is not _IDENTITY:
            corners = [_apply(matrix, x, y) for x in (left, right) for y in (bottom, top)]
            left, right = min(c[0] for c in corners), max(c[0] for c in corners)
            bottom, top = min(c[1] for c in corners), max(c[1] for c in corners)
        return left, bottom, right, top

    def _image(self, item: Any, matrix: Matrix) -> None:
        box = self._box(item, matrix)
        self.images = True
        if box and (box[2] - box[0]) * (box[3] - box[1]) >= _PICTURE_SHARE * self._area:
            self.covered = True

    def _path(self, item: Any, matrix: Matrix) -> None:
        box = self._box(item, matrix)
        if box is None:
            return
        wide, tall = box[2] - box[0], box[3] - box[1]
        if wide < _THIN or tall < _THIN:
            self._line(*self._frame.box(*box))
            return
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        raw.FPDFPath_GetDrawMode(item, ctypes.byref(fill), ctypes.byref(stroke))
        pieces = list(_pieces(item, _times(_matrix_of(item), matrix)))
        if stroke.value:
            for x0, y0, x1, y1 in pieces:
                if abs(x1 - x0) < 1.0 or abs(y1 - y0) < 1.0:
                    self._line(*self._frame.box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
        elif fill.value:
            for part in _parts(pieces):
                if part[2] - part[0] < _THIN or part[3] - part[1] < _THIN:
                    self._line(*self._frame.box(*part))

    def _line(self, x0: float, top: float, x1: float, bottom: float) -> None:
        if x1 - x0 >= bottom - top:
            if x1 - x0 >= _SHORT:
                self.horizontal.append(((top + bottom) / 2, x0, x1))
        elif bottom - top >= _SHORT:
            self.vertical.append(((x0 + x1) / 2, top, bottom))


Piece = tuple[float, float, float, float]


def _pieces(item: Any, matrix: Matrix) -> Iterator[Piece]:
    """The straight pieces of a path, from point to point, in page space; (nan, …) parts it between figures."""
    x, y = ctypes.c_float(), ctypes.c_float()
    start = last = (0.0, 0.0)
    for index in range(min(raw.FPDFPath_CountSegments(item), _MOST_OBJECTS)):
        segment = raw.FPDFPath_GetPathSegment(item, index)
        if not raw.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y)):
            continue
        point = _apply(matrix, x.value, y.value)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield (*last, *point)
        last = point
        if raw.FPDFPathSegment_GetClose(segment):
            if last != start:
                yield (*last, *start)
            last = start


def _parts(pieces: list[Piece]) -> Iterator[Piece]:
    """The bounding boxes of the connected figures of a filled path."""
    box: list[float] | None = None
    end: tuple[float, float] | None = None
    for x0, y0, x1, y1 in pieces:
        if box is None or end != (x0, y0):
            if box is not None:
                yield (box[0], box[1], box[2], box[3])
            box = [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)]
        else:
            box = [min(box[0], x1), min(box[1], y1), max(box[2], x1), max(box[3], y1)]
        end = (x1, y1)
    if box is not None:
        yield (box[0], box[1], box[2], box[3])


def _matrix_of(item: Any) -> Matrix:
    matrix = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(item, ctypes.byref(matrix)):
        return _IDENTITY
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(one: Matrix, two: Matrix) -> Matrix:
    """`one` first, then `two`."""
    a, b, c, d, e, f = one
    g, h, i, j, k, m = two
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
