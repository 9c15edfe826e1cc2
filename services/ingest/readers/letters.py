"""The characters of a PDF page with their boxes, through pdfium."""

from __future__ import annotations

import ctypes
import math
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress, repeat
from typing import Any

from services.core.errors import RejectedError
from services.ingest.readers.colours import letter_colours
from services.ingest.readers.letter_boxes import even_boxes
from services.ingest.readers.pdfium_calls import Handle, Scratch, batches, bound
from services.ingest.recognise.stamps import Colour

_MOST_GLYPHS = 60_000
_UNKNOWN = "\ufffd"
_QUARTER = math.pi / 2
_NO_LETTERS = frozenset(["", *map(chr, range(ord(" ") + 1)), "\xa0", "\u3000", "\ufffe"])
"""Blanks, control characters, and what pdfium writes for a character that says nothing or only hyphenates."""

_load_text = bound("FPDFText_LoadPage", Handle)
_close_text = bound("FPDFText_ClosePage", None)
_count_chars = bound("FPDFText_CountChars")
_text_of = bound("FPDFText_GetText")
_unicode_of = bound("FPDFText_GetUnicode", ctypes.c_uint)
_loose_box_of = bound("FPDFText_GetLooseCharBox")
_angle_of = bound("FPDFText_GetCharAngle", ctypes.c_float)

object_of = bound("FPDFText_GetTextObject", Handle)
font_of = bound("FPDFTextObj_GetFont", ctypes.c_void_p)

_boxes = Scratch(4)
_units = (ctypes.c_ushort * (_MOST_GLYPHS + 1))()


@dataclass(slots=True)
class Letters:
    """What is printed in the main direction of a page, without blanks: one list for each thing known of a letter.

    ``numbers``: places in pdfium's text page. ``left``, ``bottom``, ``right``, ``top``: boxes in the page's own space,
    y upwards. ``turns``: clockwise quarter turns that make them upright. ``slanted``: how many characters at another
    angle (watermarks, stamps) were left out. ``colours``: where the page has more than one. ``digit_fonts``,
    ``fonts``: pdfium's pointers to the fonts of digits and of all characters, where they were asked for.
    """

    numbers: list[int] = field(default_factory=list)
    chars: list[str] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    bottom: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    top: list[float] = field(default_factory=list)
    turns: int = 0
    slanted: int = 0
    colours: list[Colour] | None = None
    digit_fonts: set[int | None] = field(default_factory=set)
    fonts: set[int | None] | None = None


def read_letters(page: Any, *, level: bool, coloured: bool, fonts: bool) -> Letters:
    """The letters of `page`.

    ``level`` says that no text on it is turned, so that no angle need be asked for; ``coloured`` and ``fonts``, that it
    may have several colours, and several fonts.

    Raises RejectedError: too_complex.
    """
    text_page = _load_text(page)
    if not text_page:
        return Letters()
    try:
        count = _count_chars(text_page)
        if count > _MOST_GLYPHS:
            raise RejectedError("too_complex", f"一页有{count}个字")
        chars = _characters(text_page, count)
        letters = Letters([index for index, char in enumerate(chars) if char not in _NO_LETTERS])
        letters.chars = [chars[index] for index in letters.numbers]
        _box(text_page, letters)
        letters = letters if level else _upright(text_page, letters)
        even_boxes(text_page, letters)
        if coloured:
            letters.colours = letter_colours(text_page, letters.numbers)
        if fonts:
            set_in = list(map(font_of, map(object_of, repeat(text_page), range(count))))
            letters.fonts = set(set_in)
            letters.digit_fonts = {
                set_in[number] for number, char in zip(letters.numbers, letters.chars, strict=True) if char.isdecimal()
            }
        return letters
    finally:
        _close_text(text_page)


def _characters(text_page: Any, count: int) -> Sequence[str]:
    """The character at each number of the text page, empty where there is none."""
    # the text in one piece leaves out what cannot be printed; its places are the numbers only when it is complete
    if _text_of(text_page, 0, count, _units) == count + 1:
        try:
            text = bytes(memoryview(_units)[:count]).decode("utf-16-le")
        except UnicodeDecodeError:
            text = ""
        if len(text) == count:
            return text
    return mended(list(map(_unicode_of, repeat(text_page), range(count))))


def mended(codes: Sequence[int]) -> list[str]:
    """The characters of UTF-16 codes, as many: one beyond the basic plane at its first code, nothing at its second.

    Half a character, and a code that is none, give U+FFFD.
    """
    chars = [chr(code) if code <= sys.maxunicode else _UNKNOWN for code in codes]
    for index, char in enumerate(chars):
        if "\ud800" <= char <= "\udfff":
            pair = char + "".join(chars[index + 1 : index + 2])
            whole = pair.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            chars[index] = whole if len(pair) == 2 and len(whole) == 1 else _UNKNOWN
            if chars[index] is whole:
                chars[index + 1] = ""
    return chars


def _box(text_page: Any, letters: Letters) -> None:
    for batch in batches(letters.numbers):
        deque(map(_loose_box_of, repeat(text_page), batch, _boxes.whole), maxlen=0)
        left, top, right, bottom = _boxes.columns(len(batch))  # the order in FS_RECTF
        letters.left += left
        letters.top += top
        letters.right += right
        letters.bottom += bottom


def _upright(text_page: Any, letters: Letters) -> Letters:
    """The letters at the angle that most of them have."""
    votes = [0, 0, 0, 0]
    quarters = [angle / _QUARTER for angle in map(_angle_of, repeat(text_page), letters.numbers)]
    for quarter in quarters:
        if abs(quarter - round(quarter)) < 0.02:
            votes[round(quarter) % 4] += 1
    main = max(range(4), key=votes.__getitem__)
    keep = [not 0.02 <= (quarter - main) % 4 <= 3.98 for quarter in quarters]
    return Letters(
        list(compress(letters.numbers, keep)),
        list(compress(letters.chars, keep)),
        list(compress(letters.left, keep)),
        list(compress(letters.bottom, keep)),
        list(compress(letters.right, keep)),
        list(compress(letters.top, keep)),
        turns=-main % 4,  # pdfium measures the angle clockwise in a space with y upwards
        slanted=keep.count(False),
    )
