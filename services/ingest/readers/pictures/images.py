"""Picture files: opened with their headers looked at first, decoded page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from services.core.errors import RejectedError
from services.ingest.readers.picture_file import open_picture, picture_errors, pixels_of

_MOST_PIXELS_IN_ALL = 2_000_000_000
_A4_WIDTH = 210 / 25.4
_NARROWEST, _WIDEST = 5.0, 14.0
"""Inches between which the shorter side of a sheet of paper lies."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: rows by columns of grey or RGB bytes, and the pixels per inch."""

    pixels: NDArray[np.uint8]
    dpi: float


def sheets(data: bytes, max_pages: int) -> Iterator[Sheet]:
    """The pages of a picture file, one at a time.

    Where the file names no believable resolution, the shorter side is taken for that of a sheet of A4. Raises
    RejectedError: damaged, too_complex (before anything is decoded), too_many_pages.
    """
    with open_picture(data) as image:
        decoded = 0
        for number in range(max_pages + 1):
            with picture_errors():
                if not _seek(image, number):
                    return
            if number == max_pages:
                raise RejectedError("too_many_pages", f"超过{max_pages}页")
            decoded += pixels_of(image)
            if decoded > _MOST_PIXELS_IN_ALL:
                raise RejectedError("too_complex", "图片总像素过多")
            with picture_errors():
                sheet = _sheet(image)
            yield sheet


def _seek(image: Image.Image, number: int) -> bool:
    if number == 0:
        return True
    if image.format != "TIFF":
        return False  # further frames of a GIF or PNG are an animation, no pages
    try:
        image.seek(number)
    except EOFError:
        return False
    return True


def _sheet(image: Image.Image) -> Sheet:
    dpi = _dpi(image)
    upright = ImageOps.exif_transpose(image)
    return Sheet(_array(upright), dpi)


def _array(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image, dtype=np.float32)
        top = float(values.max())
        return np.asarray(values * (255 / top) if top > 255 else values, dtype=np.uint8)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        return np.asarray(Image.alpha_composite(paper, clear).convert("RGB"))
    return np.asarray(image.convert("RGB"))


def _dpi(image: Image.Image) -> float:
    shorter = min(image.size)
    named = image.info.get("dpi")
    try:
        dpi = float(named[0]) if named else 0.0
    except (TypeError, ValueError, ZeroDivisionError):
        dpi = 0.0
    if dpi > 0 and _NARROWEST <= shorter / dpi <= _WIDEST:
        return dpi
    return shorter / _A4_WIDTH
