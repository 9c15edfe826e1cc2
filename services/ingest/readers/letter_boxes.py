"""Even boxes for the letters of fonts that do not say how high their lines are.

Where a font gives no sound ascent and descent, pdfium makes the box of a letter as high as its outline: a comma then
lies below the line that its neighbours stand on. Boxes are made anew from the base line and the size of the type.
"""

from __future__ import annotations

import ctypes
import math
from itertools import repeat
from typing import TYPE_CHECKING, Any

from services.ingest.readers.pdfium_calls import BATCH, Scratch, batches, bound

if TYPE_CHECKING:
    from services.ingest.readers.letters import Letters

_origin_of = bound("FPDFText_GetCharOrigin")
_size_of = bound("FPDFText_GetFontSize", ctypes.c_double)
_matrix_of = bound("FPDFText_GetMatrix")
_origins = Scratch(2, ctypes.c_double)
_matrices = Scratch(6)

_MARKS = frozenset("，、。．.,：；:;·—-")
_LOW = 0.6
"""A mark whose box is lower than this share of the letter before it has a box of its own height."""
_ASCENT, _DESCENT = 0.88, -0.12


def even_boxes(text_page: Any, letters: Letters) -> None:
    """Give the upright `letters` boxes of one height, when marks among them show that they have boxes of their own."""
    if letters.turns or not _uneven(letters):
        return
    for batch_start, batch in zip(range(0, len(letters.numbers), BATCH), batches(letters.numbers), strict=True):
        found = list(map(_origin_of, repeat(text_page), batch, *_origins.parts))
        found_too = list(map(_matrix_of, repeat(text_page), batch, _matrices.whole))
        sizes = list(map(_size_of, repeat(text_page), batch))
        _, heights = _origins.columns(len(batch))
        across, up = _matrices.columns(len(batch))[2:4]
        for index, known in enumerate(zip(found, found_too, strict=True)):
            size = sizes[index] * math.hypot(across[index], up[index])
            if all(known) and size > 0:
                letters.top[batch_start + index] = heights[index] + _ASCENT * size
                letters.bottom[batch_start + index] = heights[index] + _DESCENT * size


def _uneven(letters: Letters) -> bool:
    top, bottom = letters.top, letters.bottom
    for index, char in enumerate(letters.chars):
        if char in _MARKS and index:
            before = index - 1
            on_line = bottom[before] - 1.0 <= (top[index] + bottom[index]) / 2 <= top[before]
            if on_line and top[index] - bottom[index] < _LOW * (top[before] - bottom[before]):
                return True
    return False
