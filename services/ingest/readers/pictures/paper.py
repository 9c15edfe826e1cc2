"""From a picture as scanned to dark ink on even white paper, at one resolution and upright.

Arrays are rows by columns of bytes. All later steps count in pixels of `DPI`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

DPI = 200
"""Resolution that everything is brought to: a figure of 9 points is 18 pixels high."""
POINT = DPI / 72
"""Pixels a point."""
_QUARTER = 4
_WIDE_ENOUGH = 1600
"""Pixels across (A4 has 1,654) from which a quarter of the size shows the tilt well enough; narrower pictures keep half."""
_STEEPEST = 6.0
"""Degrees up to which a page laid in askew is turned back."""
_COARSE, _FINE = 0.25, 0.05
_MOST_POINTS = 40_000
_LEAST_TILT = 0.04
_PAPER_KERNEL = 25
_DARKEST_PAPER = 40
_VIVID, _BRIGHT = 50, 110
"""Difference between the channels, and least brightness, that make a pixel coloured ink and no edge of black ink."""


@dataclass(frozen=True, slots=True)
class Paper:
    """``grey``: the upright picture, 255 is paper. ``tilt``: degrees it was turned back (counter-clockwise positive)."""

    grey: Grey
    tilt: float


def without_colour(pixels: NDArray[np.uint8]) -> Grey:
    """One channel, in which what is printed in a bright colour (seals, red heads) is as light as paper.

    Black stays black in every channel, also under a red seal; red ink is light in the red channel.
    """
    if pixels.ndim == 2:
        return pixels
    red, green, blue = cv2.split(pixels)
    brightest = cv2.max(cv2.max(red, green), blue)
    vivid = cv2.subtract(brightest, cv2.min(cv2.min(red, green), blue))
    coloured = cv2.bitwise_and(
        cv2.threshold(vivid, _VIVID, 255, cv2.THRESH_BINARY)[1],
        cv2.threshold(brightest, _BRIGHT, 255, cv2.THRESH_BINARY)[1],
    )
    return np.asarray(cv2.max(brightest, coloured), dtype=np.uint8)


def at_working_size(grey: Grey, dpi: float) -> Grey:
    """`grey`, scanned at `dpi`, at `DPI`."""
    scale = DPI / dpi
    if abs(scale - 1) < 0.01:
        return grey
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    return np.asarray(
        cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), dtype=np.uint8
    )


def even_light(grey: Grey) -> Grey:
    """`grey` with shadows and the paper's own shade taken out: paper is 255 everywhere, ink keeps its contrast."""
    small = cv2.resize(grey, None, fx=1 / _QUARTER, fy=1 / _QUARTER, interpolation=cv2.INTER_AREA)
    kernel = np.ones((_PAPER_KERNEL, _PAPER_KERNEL), np.uint8)
    paper = cv2.morphologyEx(cv2.medianBlur(small, 3), cv2.MORPH_CLOSE, kernel)
    paper = cv2.max(cv2.blur(paper, (_PAPER_KERNEL, _PAPER_KERNEL)), np.full_like(paper, _DARKEST_PAPER))
    large = cv2.resize(paper, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(grey, large, scale=255), dtype=np.uint8)


def tilt_of(grey: Grey) -> float:
    """Degrees by which lines of text and rules rise to the right: the angle with the sharpest rows of ink."""
    share = 1 / _QUARTER if grey.shape[1] >= _WIDE_ENOUGH else 1 / 2
    small = cv2.resize(grey, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    ys, xs = np.nonzero(small < 170)
    if len(xs) < 50:
        return 0.0
    if len(xs) > _MOST_POINTS:
        step = len(xs) // _MOST_POINTS + 1
        xs, ys = xs[::step], ys[::step]
    x, y = xs.astype(np.float32), ys.astype(np.float32)
    coarse = _sharpest(x, y, np.arange(-_STEEPEST, _STEEPEST + _COARSE, _COARSE))
    return _sharpest(x, y, np.arange(coarse - _COARSE, coarse + _COARSE + _FINE / 2, _FINE))


def _sharpest(x: NDArray[np.float32], y: NDArray[np.float32], angles: NDArray[np.float64]) -> float:
    best, sharpest = 0.0, -1.0
    offset = float(x.max()) * math.tan(math.radians(_STEEPEST + 1)) + 2
    for angle in angles:
        rows = (y + x * math.tan(math.radians(float(angle))) + offset).astype(np.int32)
        profile = np.bincount(rows).astype(np.float64)
        sharpness = float(np.square(profile).sum())
        # of two equally sharp angles the one nearer to upright
        if sharpness > sharpest * 1.0005 or (sharpness > sharpest * 0.9995 and abs(angle) < abs(best)):
            best, sharpest = float(angle), max(sharpness, sharpest)
    return best


def upright(grey: Grey) -> Paper:
    """`grey` turned so that its lines are level."""
    tilt = tilt_of(grey)
    if abs(tilt) < _LEAST_TILT:
        return Paper(grey, 0.0)
    high, wide = grey.shape
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), -tilt, 1.0)
    turned = cv2.warpAffine(grey, turn, (wide, high), flags=cv2.INTER_LINEAR, borderValue=255)
    return Paper(np.asarray(turned, dtype=np.uint8), tilt)


def as_scanned(x: float, y: float, paper: Paper) -> tuple[float, float]:
    """Where a point of the upright picture lies in the picture before it was turned, in the same pixels."""
    if not paper.tilt:
        return x, y
    high, wide = paper.grey.shape
    angle = math.radians(paper.tilt)
    dx, dy = x - wide / 2, y - high / 2
    return (
        wide / 2 + dx * math.cos(angle) + dy * math.sin(angle),
        high / 2 - dx * math.sin(angle) + dy * math.cos(angle),
    )


def clean(pixels: NDArray[np.uint8], dpi: float) -> Paper:
    """The picture without seals, in even light, at the working resolution, upright."""
    return upright(even_light(at_working_size(without_colour(pixels), dpi)))
