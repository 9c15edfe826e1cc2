"""The ruling of a page: long straight runs of ink become the segments from which lattices are built."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from services.ingest.readers.pictures.paper import POINT, Grey
from services.ingest.recognise.lattice import Segment

_INK_OF_RULES = 205
"""A hairline scanned at 150 dpi and blurred is hardly darker than this; paper is 255."""
_LONG = round(22 * POINT)
"""Longer than any stroke of a character, the widest heading's included."""
_SHORT = round(10.5 * POINT)
"""Least length of an upright rule: the height of the flattest row."""
_GAP = 3
_FLANK = (3, 6)
"""Distance in pixels, from and to, at which the paper beside a rule is looked at."""
_MOST_FLANK = 0.7
_THICKEST = round(4 * POINT)
_REACH = round(1.5 * POINT)
_LOWEST_ROW = round(120 * POINT)
"""How far below the last level rule a row without one may reach."""
_MOST_PIECES = 3000

Piece = tuple[float, int, int]
"""Position across, first and last pixel along."""


@dataclass(slots=True)
class Ruling:
    """Segments in points of the upright picture, and the mask (255) of the ink that they are made of."""

    horizontal: list[Segment]
    vertical: list[Segment]
    ink: NDArray[np.uint8]


def find_rules(grey: Grey) -> Ruling:
    """The table rules of an upright picture. Beyond 3,000 pieces it is no ruling but a pattern: none are given."""
    dark = np.asarray(cv2.threshold(grey, _INK_OF_RULES, 255, cv2.THRESH_BINARY_INV)[1], dtype=np.uint8)
    ink = np.zeros_like(dark)
    level = _pieces(dark, _LONG, ink)
    if not level:
        return Ruling([], [], ink)
    upright = _upright_pieces(dark, level, ink)
    if len(level) + len(upright) > _MOST_PIECES:
        return Ruling([], [], np.zeros_like(dark))
    return Ruling(_in_points(level), _in_points(upright), ink)


def _upright_pieces(dark: NDArray[np.uint8], level: list[Piece], ink: NDArray[np.uint8]) -> list[Piece]:
    """The upright pieces of tables, looked for where level rules are, from the first to one row below the last."""
    top = max(0, int(min(at for at, _, _ in level)) - _LOWEST_ROW)
    bottom = min(dark.shape[0], int(max(at for at, _, _ in level)) + _LOWEST_ROW)
    left = max(0, min(start for _, start, _ in level) - _REACH)
    right = min(dark.shape[1], max(end for _, _, end in level) + 1 + _REACH)
    window = (slice(top, bottom), slice(left, right))
    turned = np.ascontiguousarray(dark[window].T)
    marked = np.zeros_like(turned)
    found = [(at + left, start + top, end + top) for at, start, end in _pieces(turned, _SHORT, marked)]
    ink[window] |= marked.T
    return [piece for piece in found if _holds(piece, level)]


def _in_points(pieces: list[Piece]) -> list[Segment]:
    return [((at + 0.5) / POINT, start / POINT, (end + 1) / POINT) for at, start, end in pieces]


def _pieces(dark: NDArray[np.uint8], length: int, ink: NDArray[np.uint8]) -> list[Piece]:
    """The runs along the rows of `dark`; their ink is marked in `ink`."""
    source = np.ascontiguousarray(dark)
    closed = cv2.morphologyEx(source, cv2.MORPH_CLOSE, np.ones((1, _GAP), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    runs = np.asarray(opened, dtype=np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8, ltype=cv2.CV_32S)
    pieces: list[Piece] = []
    for left, top, wide, high, _ in stats[1:count].tolist():
        window = (slice(top, top + high), slice(left, left + wide))
        if high > _THICKEST or _flanked(source, left, top, wide, high):
            continue
        pieces.append((top + (high - 1) / 2, left, left + wide - 1))
        ink[window] |= runs[window]
    return pieces


def _flanked(dark: NDArray[np.uint8], left: int, top: int, wide: int, high: int) -> bool:
    """Whether there is as much ink beside a run as beside a stroke in a line of text."""
    above = dark[max(0, top - _FLANK[1]) : max(0, top - _FLANK[0]), left : left + wide]
    below = dark[top + high + _FLANK[0] : top + high + _FLANK[1], left : left + wide]
    shares = [float(np.count_nonzero(part.max(axis=0))) / wide for part in (above, below) if part.shape[0]]
    return sum(shares) > _MOST_FLANK


def _holds(piece: Piece, level: list[Piece]) -> bool:
    """Whether an upright piece is part of a table: very long, or with its ends on level rules."""
    at, start, end = piece
    if end - start >= 2 * _LONG:
        return True
    crossing = [y for y, left, right in level if left - _REACH <= at <= right + _REACH]
    ends = sum(any(abs(y - place) <= _REACH for y in crossing) for place in (start, end))
    return ends == 2 or (ends == 1 and end - start >= _LONG)
