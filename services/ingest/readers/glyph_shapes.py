"""What a single glyph looks like, told by the small glyph net without any library of numbers.

The reader of pictures runs the same weights (``pictures/glyphs.npz``) with numpy; here a few glyphs of a document are
looked at where pictures are not read at all.
"""

from __future__ import annotations

import math
import struct
import zipfile
from collections.abc import Sequence
from functools import cache
from importlib import resources
from operator import mul
from typing import Final

CLASSES: Final = "0123456789/+"
"""Index of the net's outputs; one more output stands for everything else."""
SIDE: Final = 20
"""Pixels of the square that a glyph is brought to, its proportions kept."""
_ROOM: Final = SIDE - 2
_INK: Final = 160
"""Grey below which a pixel is ink."""
_FEWEST: Final = 9
"""Pixels of height below which a glyph has no shape."""

Rows = Sequence[Sequence[int]]
"""Grey values (0 black, 255 white) by row."""


def looks_like(grey: Rows) -> tuple[str, float]:
    """The sign that the one glyph on `grey` shows and how likely it is; an empty sign for anything else, and 0."""
    square = _framed(grey)
    if square is None:
        return "", 0.0
    layers = _layers()
    values = square
    for weights, bias in layers[:-1]:
        values = [max(0.0, sum(map(mul, row, values)) + start) for row, start in zip(weights, bias, strict=True)]
    weights, bias = layers[-1]
    scores = [sum(map(mul, row, values)) + start for row, start in zip(weights, bias, strict=True)]
    powers = [math.exp(score - max(scores)) for score in scores]
    best = max(range(len(powers)), key=powers.__getitem__)
    return (CLASSES[best], powers[best] / sum(powers)) if best < len(CLASSES) else ("", 0.0)


def _framed(grey: Rows) -> list[float] | None:
    """The ink (0 to 1) of the glyph, row by row, in the middle of a square; None where there is too little of it."""
    tall = [y for y, row in enumerate(grey) if min(row, default=255) < _INK]
    if not tall or tall[-1] - tall[0] + 1 < _FEWEST:
        return None
    rows = grey[tall[0] : tall[-1] + 1]
    wide = [x for x in range(len(rows[0])) if any(row[x] < _INK for row in rows)]
    glyph = [row[wide[0] : wide[-1] + 1] for row in rows]
    high, across = len(glyph), len(glyph[0])
    scale = _ROOM / max(high, across)
    columns, lines = max(1, round(across * scale)), max(1, round(high * scale))
    narrow = [_shrunk(row, columns) for row in glyph]
    small = [list(one) for one in zip(*(_shrunk(column, lines) for column in zip(*narrow, strict=True)), strict=True)]
    ink = [[255.0 - value for value in row] for row in small]
    paper = min(*map(min, ink), 40.0)
    most = max(*map(max, ink), 1.0 + paper) - paper
    square = [0.0] * (SIDE * SIDE)
    top, left = (SIDE - lines) // 2, (SIDE - columns) // 2
    for y, row in enumerate(ink):
        start = (top + y) * SIDE + left
        square[start : start + columns] = [(value - paper) / most for value in row]
    return square


def _shrunk(values: Sequence[float], count: int) -> list[float]:
    """`values` in `count` equal parts, each the mean of what lies in it; parts of a value count as such."""
    step = len(values) / count
    means = []
    for part in range(count):
        start, end = part * step, (part + 1) * step
        first, last = int(start), min(len(values), math.ceil(end - 1e-9))
        weighed = sum(values[at] * (min(end, at + 1) - max(start, at)) for at in range(first, max(last, first + 1)))
        means.append(weighed / step)
    return means


Layer = tuple[list[tuple[float, ...]], tuple[float, ...]]


@cache
def _layers() -> tuple[Layer, ...]:
    """Weights by output, and biases, of the three layers."""
    packed = resources.files(__package__) / "pictures" / "glyphs.npz"
    with packed.open("rb") as file, zipfile.ZipFile(file) as archive:
        names = [name for layer in _LAYERS for name in (layer, f"{layer}_bias")]
        stored = {name: _array(archive.read(f"{name}.npy")) for name in names}
    return tuple((list(zip(*_rows(stored[name]), strict=True)), stored[f"{name}_bias"][0]) for name in _LAYERS)


_LAYERS: Final = ("first", "second", "last")

Array = tuple[tuple[float, ...], int]
"""The values row by row, and how many make a row."""


def _array(data: bytes) -> Array:
    """The half-precision floats of a .npy file (its format, version 1.0: magic, header length, header, values)."""
    (length,) = struct.unpack_from("<H", data, 8)
    header = data[10 : 10 + length].decode("latin-1")
    if "'descr': '<f2'" not in header or "'fortran_order': False" not in header:
        raise ValueError(f"unexpected array: {header.strip()}")
    shape = [int(size) for size in header.partition("'shape': (")[2].partition(")")[0].split(",") if size.strip()]
    values = struct.unpack_from(f"<{math.prod(shape)}e", data, 10 + length)
    return values, shape[-1]


def _rows(array: Array) -> list[tuple[float, ...]]:
    values, width = array
    return [values[start : start + width] for start in range(0, len(values), width)]
