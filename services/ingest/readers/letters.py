"""The characters of a PDF page with their boxes, through pdfium."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from services.core.errors import RejectedError
from services.ingest.readers.colours import letter_colours
from services.ingest.readers.pdfium_calls import BATCH, Handle, Scratch, bound
from services.ingest.recognise.stamps import Colour

_MOST_GLYPHS = 60_000
_QUARTER = math.pi / 2
_BLANKS = frozenset({0xA0, 0x3000})
_SPACE = 32
_BEYOND_UNICODE = 0x110000

_load_text = bound("FPDFText_LoadPage", Handle)
_close_text = bound("FPDFText_ClosePage", None)
_count_chars = bound("FPDFText_CountChars")
_unicode_of = bound("FPDFText_GetUnicode", ctypes.c_uint)
_loose_box_of = bound("FPDFText_GetLooseCharBox")
_angle_of = bound("FPDFText_GetCharAngle", ctypes.c_float)

PageBox = tuple[float, float, float, float]
"""left, bottom, right, top in the page's own space, y upwards."""


@dataclass(slots=True)
class Letters:
    """What is printed in the main direction of a page; blanks are left out.

    ``indices``: the number of each character in pdfium's text page. ``turns``: clockwise quarter turns that make them
    upright. ``slanted``: how many characters at another angle (watermarks, stamps) were left out. ``colours``: of each
    character, where the page has more than one colour.
    """

    chars: list[str] = field(default_factory=list)
    boxes: list[PageBox] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    turns: int = 0
    slanted: int = 0
    colours: list[Colour] | None = None


def read_letters(page: Any, *, level: bool) -> Letters:
    """The letters of `page`. ``level`` says that no text on it is turned, so that no angle need be asked for.

    Raises RejectedError: too_complex.
    """
    text_page = _load_text(page)
    if not text_page:
        return Letters()
    try:
        count = _count_chars(text_page)
        if count > _MOST_GLYPHS:
            raise RejectedError("too_complex", f"一页有{count}个字")
        letters = _all_letters(text_page, count)
        letters = letters if level else _upright(text_page, letters)
        letters.colours = letter_colours(text_page, letters.chars, letters.indices)
        return letters
    finally:
        _close_text(text_page)


_boxes = Scratch(4)


def _all_letters(text_page: Any, count: int) -> Letters:
    codes = list(map(_unicode_of, repeat(text_page), range(count)))
    boxes: list[PageBox] = []
    found: list[int] = []
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        found += map(_loose_box_of, repeat(text_page), numbers, _boxes.whole)
        left, top, right, bottom = _boxes.columns(len(numbers))  # the order in FS_RECTF
        boxes += zip(left, bottom, right, top, strict=True)
    indices = [i for i, code in enumerate(codes) if code > _SPACE and code not in _BLANKS and found[i]]
    chars = [chr(code) if (code := codes[i]) < _BEYOND_UNICODE else "\ufffd" for i in indices]
    return Letters(chars, [boxes[i] for i in indices], indices)


def _upright(text_page: Any, letters: Letters) -> Letters:
    """The letters at the angle that most of them have."""
    votes = [0, 0, 0, 0]
    quarters = [angle / _QUARTER for angle in map(_angle_of, repeat(text_page), letters.indices)]
    for quarter in quarters:
        if abs(quarter - round(quarter)) < 0.02:
            votes[round(quarter) % 4] += 1
    main = max(range(4), key=votes.__getitem__)
    kept = [i for i, quarter in enumerate(quarters) if not 0.02 <= (quarter - main) % 4 <= 3.98]
    return Letters(
        [letters.chars[i] for i in kept],
        [letters.boxes[i] for i in kept],
        [letters.indices[i] for i in kept],
        -main % 4,  # pdfium measures the angle clockwise in a space with y upwards
        len(letters.chars) - len(kept),
    )
