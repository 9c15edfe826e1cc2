"""The fill colours of the letters of a PDF page, asked for one by one only where a page has several."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from itertools import repeat
from typing import Any

from services.ingest.readers.pdfium_calls import Scratch, batches, bound
from services.ingest.recognise.stamps import Colour

_fill_of = bound("FPDFText_GetFillColor")
_channels = Scratch(4, ctypes.c_uint)

_SAMPLE = 4
"""Of the letters that are no digits every fourth is asked first: a stamp has words, and words alone spoil no figure
unseen."""


def letter_colours(text_page: Any, chars: Sequence[str], indices: Sequence[int]) -> list[Colour] | None:
    """The colour of each letter (`indices` in pdfium's text page); None when the page has only one."""
    sample = [index for char, index in zip(chars, indices, strict=True) if char.isdigit() or index % _SAMPLE == 0]
    if len(set(_colours(text_page, sample))) <= 1:
        return None
    return _colours(text_page, indices)


def _colours(text_page: Any, indices: Sequence[int]) -> list[Colour]:
    colours: list[Colour] = []
    for batch in batches(indices):
        found = list(map(_fill_of, repeat(text_page), batch, *_channels.parts))
        columns = _channels.columns(len(batch))
        colours += [
            tuple(rgba) if known else (0, 0, 0, 255)
            for known, rgba in zip(found, zip(*columns, strict=True), strict=True)
        ]
    return colours
