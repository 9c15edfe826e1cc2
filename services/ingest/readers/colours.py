"""The colours of what a PDF page shows: of text objects at once, of letters and lines only where there are several."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Sequence
from itertools import repeat
from typing import Any

from services.ingest.readers.pdfium_calls import Scratch, batches, bound
from services.ingest.recognise.stamps import Colour, is_red

_BLACK: Colour = (0, 0, 0, 255)

_fill_of_object = bound("FPDFPageObj_GetFillColor")
_stroke_of_object = bound("FPDFPageObj_GetStrokeColor")
_mode_of = bound("FPDFPath_GetDrawMode")
_fill_of_letter = bound("FPDFText_GetFillColor")
_channels = Scratch(4, ctypes.c_uint)
_modes = Scratch(2, ctypes.c_int)


def object_colours(objects: Sequence[Any]) -> set[Colour]:
    """The colours of text objects."""
    colours: set[Colour] = set()
    for batch in batches(objects):
        colours |= set(_colours(list(map(_fill_of_object, batch, *_channels.parts))))
    return colours


def without_red(paths: Sequence[Any]) -> list[Any]:
    """The path objects that are not drawn in the red of seals."""
    kept: list[Any] = []
    for batch in batches(paths):
        deque(map(_mode_of, batch, *_modes.parts), maxlen=0)
        _, stroked = _modes.columns(len(batch))
        strokes = _colours(list(map(_stroke_of_object, batch, *_channels.parts)))
        fills = _colours(list(map(_fill_of_object, batch, *_channels.parts)))
        kept += [
            path
            for path, stroke, line, fill in zip(batch, stroked, strokes, fills, strict=True)
            if not is_red(line if stroke else fill)
        ]
    return kept


def letter_colours(text_page: Any, numbers: Sequence[int]) -> list[Colour] | None:
    """The colour of each letter (`numbers` in pdfium's text page); None when there is only one."""
    colours: list[Colour] = []
    for batch in batches(numbers):
        colours += _colours(list(map(_fill_of_letter, repeat(text_page), batch, *_channels.parts)))
    return colours if len(set(colours)) > 1 else None


def _colours(found: Sequence[int]) -> list[Colour]:
    """What the calls left behind, black where a call says that it does not know."""
    rgba: list[Colour] = list(zip(*_channels.columns(len(found)), strict=True))
    return rgba if all(found) else [one if known else _BLACK for known, one in zip(found, rgba, strict=True)]
