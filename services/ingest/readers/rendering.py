"""Pages of a PDF as pixels, through pdfium, one at a time and bounded."""

from __future__ import annotations

import ctypes
from typing import Any

from pypdfium2 import raw

from services.core.errors import RejectedError
from services.ingest.recognise.primitives import Box, Picture

_DPI = 200.0
_MOST_PIXELS = 16_000_000
"""A3 at 200 dpi has 7.7 million, A4 at 300 dpi 8.7 million."""
_POINTS = 72.0
_WHITE = 0xFFFFFFFF


def render(document: Any, index: int, area: Box | None = None) -> Picture:
    """Page `index` (from 0) or an `area` of it, in points of the page as seen, in colour at about 200 dpi.

    A larger page gives fewer dots per inch. Raises RejectedError: damaged.
    """
    page = raw.FPDF_LoadPage(document, index)
    if not page:
        raise RejectedError("damaged", f"第{index + 1}页无法打开")
    try:
        wide, high = raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page)
        x0, top, x1, bottom = area or (0.0, 0.0, wide, high)
        x0, top, x1, bottom = max(x0, 0.0), max(top, 0.0), min(x1, wide), min(bottom, high)
        points = max(x1 - x0, 1.0) * max(bottom - top, 1.0)
        scale = min(_DPI / _POINTS, (_MOST_PIXELS / points) ** 0.5)
        width, height = max(round((x1 - x0) * scale), 1), max(round((bottom - top) * scale), 1)
        place = (round(-x0 * scale), round(-top * scale), round(wide * scale), round(high * scale))
        pixels = _pixels(page, width, height, place)
        return Picture(pixels, width, height, 3, scale * _POINTS, wide, high, (x0, top, x1, bottom))
    finally:
        raw.FPDF_ClosePage(page)


def grey_rows(page: Any, area: Box, scale: float) -> list[bytes]:
    """An `area` of an open page (points, as seen) in grey, row by row, with `scale` pixels a point; at most 256 across."""
    x0, top, x1, bottom = area
    scale = min(scale, 256 / max(x1 - x0, bottom - top, 1.0))
    width, height = max(round((x1 - x0) * scale), 1), max(round((bottom - top) * scale), 1)
    wide, high = raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page)
    place = (round(-x0 * scale), round(-top * scale), round(wide * scale), round(high * scale))
    pixels = _pixels(page, width, height, place)
    dark = [min(one) for one in zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True)]
    return [bytes(dark[start : start + width]) for start in range(0, width * height, width)]


def _pixels(page: Any, width: int, height: int, place: tuple[int, int, int, int]) -> bytes:
    """Red, green and blue of each pixel; `place` is left, top, width and height of the whole page."""
    stride = -(-3 * width // 4) * 4
    buffer = (ctypes.c_ubyte * (stride * height))()
    bitmap = raw.FPDFBitmap_CreateEx(width, height, raw.FPDFBitmap_BGR, buffer, stride)
    if not bitmap:
        raise RejectedError("too_complex", "页面过大")
    try:
        raw.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
        flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER | raw.FPDF_RENDER_LIMITEDIMAGECACHE
        raw.FPDF_RenderPageBitmap(bitmap, page, *place, 0, flags)
    finally:
        raw.FPDFBitmap_Destroy(bitmap)
    if stride == 3 * width:
        return bytes(buffer)
    rows = memoryview(buffer).cast("B")
    return b"".join(rows[start : start + 3 * width] for start in range(0, stride * height, stride))
