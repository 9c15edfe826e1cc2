"""What is written on a page, apart from the ruling: blobs of connected ink, and the lines of text they make up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from services.ingest.readers.pictures.paper import Grey

INK = 178
"""Darker than this is written."""
FAINT = 222
"""Lighter than this after a little blurring is paper; between the two something may be written."""
_SPECK = 5
"""Blobs of fewer pixels are dust; a full stop of 8 points has nine."""
_SMALL = 14
_LEAST_GAP = 2
_EM_RATIO = 0.74
"""Height of a digit as a share of the height of Chinese text of the same size."""


@dataclass(frozen=True, slots=True)
class Blob:
    """The bounding box of connected ink in pixels, right and bottom exclusive, and its number of pixels."""

    left: int
    top: int
    right: int
    bottom: int
    area: int

    @property
    def wide(self) -> int:
        return self.right - self.left

    @property
    def high(self) -> int:
        return self.bottom - self.top


@dataclass(slots=True)
class Band:
    """A line of writing: from top to bottom (exclusive), with its blobs from left to right."""

    top: int
    bottom: int
    blobs: list[Blob]

    @property
    def high(self) -> int:
        return self.bottom - self.top

    @property
    def left(self) -> int:
        return min(blob.left for blob in self.blobs)

    @property
    def right(self) -> int:
        return max(blob.right for blob in self.blobs)


def written(grey: Grey, ruling: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mask (255) of the ink that is no rule."""
    dark = cv2.threshold(grey, INK - 1, 255, cv2.THRESH_BINARY_INV)[1]
    if ruling.any():
        dark[cv2.dilate(ruling, np.ones((5, 5), np.uint8)) > 0] = 0
    return np.asarray(dark, dtype=np.uint8)


def blobs_of(mask: NDArray[np.uint8]) -> list[Blob]:
    """The blobs of a mask, dust left out."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    kept = stats[1:count]
    kept = kept[kept[:, cv2.CC_STAT_AREA] >= _SPECK]
    return [Blob(left, top, left + wide, top + high, area) for left, top, wide, high, area in kept.tolist()]


def bands_of(blobs: Sequence[Blob], em: float = 0.0) -> list[Band]:
    """The lines of writing that `blobs` make up, from top to bottom, each parted from the next by a level gap.

    ``em``: height of the writing on this page, where known: parts of one line (the strokes of 三) are joined, and two
    lines that touch are parted.
    """
    bands: list[Band] = []
    for blob in sorted(blobs, key=lambda one: one.top):
        if bands and blob.top < bands[-1].bottom + _LEAST_GAP:
            bands[-1].bottom = max(bands[-1].bottom, blob.bottom)
            bands[-1].blobs.append(blob)
        else:
            bands.append(Band(blob.top, blob.bottom, [blob]))
    if em:
        bands = [part for band in _joined(bands, em) for part in _parted(band, em)]
    for band in bands:
        band.blobs.sort(key=lambda one: one.left)
    return bands


def _joined(bands: Sequence[Band], em: float) -> list[Band]:
    joined: list[Band] = []
    for band in bands:
        last = joined[-1] if joined else None
        if (
            last is not None
            and min(band.high, last.high) < 0.5 * em
            and band.top - last.bottom <= 0.4 * em
            and band.bottom - last.top <= 1.2 * em
        ):
            last.bottom = max(last.bottom, band.bottom)
            last.blobs += band.blobs
        else:
            joined.append(band)
    return joined


def _parted(band: Band, em: float) -> list[Band]:
    count = round(band.high / (1.25 * em))
    if band.high < 1.7 * em or count < 2:
        return [band]
    step = band.high / count
    parts: list[list[Blob]] = [[] for _ in range(count)]
    for blob in band.blobs:
        middle = (blob.top + blob.bottom) / 2 - band.top
        parts[min(count - 1, int(middle / step))].append(blob)
    return [Band(min(b.top for b in part), max(b.bottom for b in part), part) for part in parts if part]


def em_of(bands: Sequence[Band]) -> float:
    """The height of Chinese writing in most of these lines, in pixels; 0 when there are none."""
    words = [band.high for band in bands if band.high >= _SMALL and band.right - band.left > 2.5 * band.high]
    if words:
        return float(np.median(words))
    single = [band.high for band in bands if band.high >= _SMALL]
    return float(np.median(single)) / _EM_RATIO if single else 0.0


def line_picture(grey: Grey, band: Band, em: float) -> Grey:
    """The band by itself on paper, with the margin that the neural reader is used to."""
    high = band.high
    lack = max(0, round(0.85 * em) - high)
    margin = max(2, round(0.12 * max(high, em)))
    cut = grey[band.top : band.bottom, band.left : band.right]
    return np.pad(cut, ((margin + lack // 2, margin + lack - lack // 2), (margin, margin)), constant_values=255)


def looks_empty(grey: Grey) -> bool:
    """Whether nothing at all, not even faint writing, is on this piece of paper."""
    if grey.shape[0] < 6 or grey.shape[1] < 6:
        return True
    soft = cv2.blur(grey, (3, 3))
    faint = np.asarray(soft < FAINT, dtype=np.uint8)
    if not faint.any():
        return True
    count, _, stats, _ = cv2.connectedComponentsWithStats(faint, connectivity=8)
    return not any(part[3] >= 9 and part[4] >= 18 for part in stats[1:count].tolist())
