"""Figures read glyph by glyph: a cell's blobs are cut into glyphs, told by the glyph net, and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.ingest.readers.glyph_shapes import CLASSES
from services.ingest.readers.pictures.glyphs import GlyphNet, framed
from services.ingest.readers.pictures.ink import INK, Band, Blob
from services.ingest.readers.pictures.paper import Grey

SURE = 0.85
"""Least likelihood at which a glyph counts as told."""
_MOST_GLYPHS = 16
_LEAST_HEIGHT = 9
_LEAN = 0.13
"""Pixels to the right a slash goes for each pixel up, at least; no upright 1 leans so far."""
_STRAIGHT = 0.085
"""How far the ink of a straight stroke lies off its axis, in heights of the glyph, as a mean square."""
_DOT, _DASH_HEIGHT, _DASH_SHAPE = 0.34, 0.34, 1.5
_CLEAR = 2
"""Pixels between a glyph and the next one, a point included; what is nearer and smaller is a piece of it."""
_PIECE = 0.7
_WIDE = 0.95
"""A glyph wider than this share of its height may be several digits that touch."""


@dataclass(slots=True)
class Glyphs:
    """A line of writing cut into glyphs. ``marks``: what is told by size and place alone, '' where the net must tell."""

    boxes: list[Blob]
    marks: list[str]
    squares: list[NDArray[np.float32]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NetRead:
    """``text`` as far as told; ``sure``: the least likelihood of its glyphs, 0 when one is no part of a figure.

    ``others``: the share of its glyphs that are no part of a figure.
    """

    text: str
    sure: float
    others: float = 1.0


def cut(band: Band, grey: Grey) -> Glyphs | None:
    """The glyphs of a line that may be a figure or nil sign; None when it is something else by its build."""
    boxes = _stacked(band.blobs)
    if len(boxes) > _MOST_GLYPHS:
        return None
    tallest = max(box.high for box in boxes)
    if tallest < _LEAST_HEIGHT:
        dashes = all(box.wide >= 2.2 * box.high and box.wide >= 5 for box in boxes)
        return Glyphs(boxes, ["-"] * len(boxes)) if dashes and len(boxes) <= 2 else None
    glyphs = Glyphs([], [])
    base = float(np.median([box.bottom for box in boxes if box.high > 0.7 * tallest]))
    for box in boxes:
        mark = _mark(box, tallest, base)
        if mark != "speck":
            glyphs.boxes.append(box)
            glyphs.marks.append(mark)
    _drop_stray_points(glyphs)
    for box, mark in zip(glyphs.boxes, glyphs.marks, strict=True):
        if not mark:
            glyphs.squares.append(framed(grey[box.top : box.bottom, box.left : box.right]))
    return glyphs


def _stacked(blobs: Sequence[Blob]) -> list[Blob]:
    """Blobs over one another, and small ones right beside another, are one glyph."""
    boxes: list[Blob] = []
    for blob in blobs:
        last = boxes[-1] if boxes else None
        shared = min(last.right, blob.right) - max(last.left, blob.left) if last else 0
        broken = shared > -_CLEAR and min(last.high, blob.high) < _PIECE * max(last.high, blob.high) if last else False
        if last and (shared > 0.5 * min(last.wide, blob.wide) or broken):
            boxes[-1] = Blob(
                min(last.left, blob.left),
                min(last.top, blob.top),
                max(last.right, blob.right),
                max(last.bottom, blob.bottom),
                last.area + blob.area,
            )
        else:
            boxes.append(blob)
    return boxes


def _mark(box: Blob, tallest: int, base: float) -> str:
    if box.high <= _DASH_HEIGHT * tallest and box.wide >= _DASH_SHAPE * box.high and box.wide >= 0.3 * tallest:
        return "-" if box.bottom < base - 0.15 * tallest else "_"
    if box.high <= _DOT * tallest and box.wide <= _DOT * tallest:
        low = abs(box.bottom - base) <= 0.15 * tallest
        return "." if low and box.area >= 4 else ("," if box.top > base - 0.3 * tallest else "speck")
    if box.high <= 0.55 * tallest and box.wide <= 0.4 * tallest and box.bottom > base + 0.05 * tallest:
        return ","
    return ""


def _drop_stray_points(glyphs: Glyphs) -> None:
    """A point or comma counts between two digits only; elsewhere it is dust."""
    kept = [
        index
        for index, mark in enumerate(glyphs.marks)
        if mark not in (".", ",") or (0 < index < len(glyphs.marks) - 1)
    ]
    glyphs.boxes = [glyphs.boxes[index] for index in kept]
    glyphs.marks = [glyphs.marks[index] for index in kept]


def tell(candidates: Sequence[Glyphs], grey: Grey, net: GlyphNet) -> list[NetRead]:
    """What each candidate says, all glyphs of a page in one go."""
    squares = [square for one in candidates for square in one.squares]
    likely = net.likelihoods(np.stack(squares)) if squares else np.zeros((0, len(CLASSES) + 1), np.float32)
    reads: list[NetRead] = []
    start = 0
    for one in candidates:
        reads.append(_put_together(one, likely[start : start + len(one.squares)], grey, net))
        start += len(one.squares)
    return reads


def leading_digits(band: Band, grey: Grey, net: GlyphNet) -> str:
    """The digits at the head of a line of words, up to the first glyph that is none."""
    text = ""
    boxes = _stacked(band.blobs)[:_MOST_GLYPHS]
    tallest = max(box.high for box in boxes)
    for box in boxes:
        if box.high <= 0.55 * tallest and box.wide <= 0.4 * tallest and box.bottom > band.bottom - 0.5 * tallest:
            text += ","
            continue
        told, sure = _told(
            box, net.likelihoods(framed(grey[box.top : box.bottom, box.left : box.right])[None])[0], grey, net
        )
        if sure < SURE or not told.isdigit():
            break
        text += told
    return text.strip(",")


def _put_together(glyphs: Glyphs, likely: NDArray[np.float32], grey: Grey, net: GlyphNet) -> NetRead:
    text, sure, index, others = "", 1.0, 0, 0
    for box, mark in zip(glyphs.boxes, glyphs.marks, strict=True):
        if mark:
            text += mark
            continue
        told, how = _told(box, likely[index], grey, net)
        index += 1
        text += told
        sure = min(sure, how)
        others += not told
    return NetRead(text, sure, others / max(1, len(glyphs.boxes)))


def _told(box: Blob, likely: NDArray[np.float32], grey: Grey, net: GlyphNet) -> tuple[str, float]:
    best = int(likely.argmax())
    slash = _is_slash(box, grey)
    digit_for_sure = best < len(CLASSES) and CLASSES[best] != "/" and likely[best] >= SURE
    if slash and not digit_for_sure:
        return "/", max(SURE, float(likely[CLASSES.index("/")]))
    if best < len(CLASSES) and (box.wide <= _WIDE * box.high or likely[best] >= SURE):
        contradicted = slash != (CLASSES[best] == "/") if CLASSES[best] in "1/" else False
        return CLASSES[best], 0.0 if contradicted else float(likely[best])
    if box.wide > _WIDE * box.high:
        return _touching(box, grey, net)
    return "", 0.0


def _touching(box: Blob, grey: Grey, net: GlyphNet) -> tuple[str, float]:
    """Digits that touch, parted where least ink is near the places that equal widths give."""
    best = ("", 0.0)
    cutting = 255 - grey[box.top : box.bottom, box.left : box.right].astype(np.int32)
    profile = cutting.sum(axis=0)
    usual = round(box.wide / (0.62 * box.high))
    for count in {max(2, usual), max(2, usual - 1), usual + 1}:
        edges = [
            0,
            *(_valley(profile, box.wide * part / count, box.wide / count) for part in range(1, count)),
            box.wide,
        ]
        pieces = [grey[box.top : box.bottom, box.left + a : box.left + b] for a, b in pairwise(edges)]
        if any(piece.shape[1] < 3 for piece in pieces):
            continue
        likely = net.likelihoods(np.stack([framed(_trimmed(piece)) for piece in pieces]))
        digits = likely[:, :10]
        sure = float(digits.max(axis=1).min())
        if sure > best[1]:
            best = ("".join(str(digit) for digit in digits.argmax(axis=1)), sure)
    return best


def _valley(profile: NDArray[np.int64], place: float, pitch: float) -> int:
    low, high = max(1, round(place - 0.25 * pitch)), min(len(profile) - 1, round(place + 0.25 * pitch) + 1)
    return low + int(profile[low:high].argmin()) if high > low else round(place)


def _trimmed(piece: Grey) -> Grey:
    rows = np.nonzero((piece < INK).any(axis=1))[0]
    columns = np.nonzero((piece < INK).any(axis=0))[0]
    return piece[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) and len(columns) else piece


def _is_slash(box: Blob, grey: Grey) -> bool:
    """Whether the glyph is one straight stroke that leans to the right, by its shape alone."""
    ink = np.clip(INK - grey[box.top : box.bottom, box.left : box.right].astype(np.float64), 0, None)
    total = ink.sum()
    if total <= 0 or box.high < 1.1 * box.wide:
        return False
    y, x = np.mgrid[0 : ink.shape[0], 0 : ink.shape[1]]
    dx, dy = x - (ink * x).sum() / total, y - (ink * y).sum() / total
    spread = (ink * dy * dy).sum()
    if spread <= 0:
        return False
    lean = -(ink * dx * dy).sum() / spread
    off = np.sqrt((ink * (dx + lean * dy) ** 2).sum() / total)
    return bool(lean >= _LEAN and off <= _STRAIGHT * box.high)
