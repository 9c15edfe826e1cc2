"""Opening picture files by their headers alone, and whose fault it is when they do not open."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from services.core.errors import RejectedError

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF")
_MOST_PIXELS = 80_000_000
"""A page of A3 at 600 dpi has 70 million."""


def open_picture(data: bytes) -> Image.Image:
    """A picture file of which only the header was looked at. Raises RejectedError: damaged, too_complex."""
    with picture_errors():
        return Image.open(io.BytesIO(data), formats=FORMATS)


def pixels_of(image: Image.Image) -> int:
    """How many pixels the present page has. Raises RejectedError: damaged, too_complex."""
    wide, high = image.size
    if wide < 1 or high < 1:
        raise RejectedError("damaged", "图片没有内容")
    if wide * high > _MOST_PIXELS:
        raise RejectedError("too_complex", f"图片有{wide}×{high}个像素")
    return wide * high


@contextmanager
def picture_errors() -> Iterator[None]:
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
