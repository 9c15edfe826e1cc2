"""Single glyphs told apart by a small net of our own: the ten digits, the slash, the plus, and everything else.

It shares nothing with the neural reader of lines, so that the two are independent opinions, and costs a thousandth.
The weights (``glyphs.npz``) come from ``infra/glyphs/train.py``.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from services.ingest.readers.glyph_shapes import SIDE
from services.ingest.readers.pictures.paper import Grey

_EDGE = 1


def framed(glyph: Grey) -> NDArray[np.float32]:
    """The ink (0 to 1) of one glyph, cropped to its ink beforehand, in the middle of a square."""
    high, wide = glyph.shape
    room = SIDE - 2 * _EDGE
    scale = room / max(high, wide)
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    small = cv2.resize(glyph, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    ink = 255.0 - small.astype(np.float32)
    ink -= min(float(ink.min()), 40.0)
    square = np.zeros((SIDE, SIDE), np.float32)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = ink / max(float(ink.max()), 1.0)
    return square


class GlyphNet:
    """Two layers of weights; given many glyphs at once."""

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        self._first, self._first_bias = weights["first"], weights["first_bias"]
        self._second, self._second_bias = weights["second"], weights["second_bias"]
        self._last, self._last_bias = weights["last"], weights["last_bias"]

    def likelihoods(self, squares: NDArray[np.float32]) -> NDArray[np.float32]:
        """Glyphs (n, SIDE, SIDE) → likelihoods (n, classes + 1), the last for everything else."""
        flat = squares.reshape(len(squares), -1)
        hidden = np.maximum(flat @ self._first + self._first_bias, 0)
        hidden = np.maximum(hidden @ self._second + self._second_bias, 0)
        scores = hidden @ self._last + self._last_bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


@cache
def glyph_net() -> GlyphNet:
    """The net with the weights that come with the program."""
    with (resources.files(__package__) / "glyphs.npz").open("rb") as file, np.load(file) as stored:
        return GlyphNet({name: stored[name].astype(np.float32) for name in stored.files})
