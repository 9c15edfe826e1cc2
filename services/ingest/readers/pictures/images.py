"""Picture files: opened with their headers looked at first, decoded page by page."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from services.core.errors import RejectedError

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF")
_MOST_PIXELS = 80_000_000
"""A page of A3 at 600 dpi has 70 million."""
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
    with _errors():
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    with image:
        decoded = 0
        for number in range(max_pages + 1):
            with _errors():
                if not _seek(image, number):
                    return
            if number == max_pages:
                raise RejectedError("too_many_pages", f"超过{max_pages}页")
            decoded += _pixels(image)
            if decoded > _MOST_PIXELS_IN_ALL:
                raise RejectedError("too_complex", "图片总像素过多")
            with _errors():
                sheet = _sheet(image)
            yield sheet


@contextmanager
def _errors() -> Iterator[None]:
    """What Pillow raises for a damaged or pretending file as the document's fault."""
    try:
        with warnings.catch_warnings():
            # remarks on odd tags and on size; sizes are judged here
            warnings.simplefilter("ignore")
            yield
    except Image.DecompressionBombError as error:
        raise RejectedError("too_complex", "图片像素过多") from error
    except UnidentifiedImageError as error:
        raise RejectedError("damaged", "图片无法打开") from error
    except (OSError, ValueError, TypeError, SyntaxError, EOFError, KeyError, IndexError, OverflowError) as error:
        # the decoders' ways of saying that bytes are missing or make no sense
        raise RejectedError("damaged", "图片不完整") from error


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


def _pixels(image: Image.Image) -> int:
    wide, high = image.size
    if wide < 1 or high < 1:
        raise RejectedError("damaged", "图片没有内容")
    if wide * high > _MOST_PIXELS:
        raise RejectedError("too_complex", f"图片有{wide}×{high}个像素")
    return wide * high


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
