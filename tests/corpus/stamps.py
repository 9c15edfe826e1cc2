"""What is printed across a page after it was made: watermarks and seals."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Final

from reportlab.lib.colors import Color
from reportlab.pdfgen.canvas import Canvas

Paint = Callable[[Canvas, float, float], None]
"""Paints on a page of this width and height in points."""

WATERMARKS: Final = ("政府信息公开", "仅供公开使用", "临溪县人民政府办公室", "2024-01-31", "内部审核 0318", "样稿123")
_RED: Final = ((0.9, 0.05, 0.05), (0.85, 0.1, 0.15), (1.0, 0.0, 0.0))
_PALE: Final = ((0.8, 0.8, 0.8), (0.85, 0.85, 0.95), (0.9, 0.8, 0.8), (0.75, 0.85, 0.75))


def watermark(font: str, rng: random.Random) -> Paint:
    """Words across the whole page at an angle, once in large type or many times in small, pale or half transparent."""
    text, angle = rng.choice(WATERMARKS), rng.choice((30, 35, 45, 55, -30, -45))
    many = rng.random() < 0.6
    size = rng.uniform(14, 24) if many else rng.uniform(48, 72)
    clear = rng.random() < 0.5
    colour = Color(0.4, 0.4, 0.4, alpha=0.25) if clear else Color(*rng.choice(_PALE))

    def paint(canvas: Canvas, width: float, height: float) -> None:
        canvas.setFillColor(colour)
        canvas.setFont(font, size)
        steps = [(x, y) for x in range(60, int(width), 170) for y in range(60, int(height), 130)]
        for x, y in steps if many else [(width / 2, height / 2)]:
            canvas.saveState()
            canvas.translate(x, y)
            canvas.rotate(angle)
            canvas.drawCentredString(0, 0, text)
            canvas.restoreState()

    return paint


def seal(font: str, body: str, rng: random.Random, pages: Sequence[int] = ()) -> Paint:
    """A round red seal somewhere on the page: the body's name along the rim, a star, words and a number below.

    ``pages`` (from 1): on these pages only.
    """
    red = Color(*rng.choice(_RED), alpha=rng.choice((1.0, 0.8, 0.6)))
    across, up = rng.uniform(0.45, 0.75), rng.uniform(0.25, 0.7)
    number = "".join(rng.choice("0123456789") for _ in range(13))
    words = rng.choice(("", "信息公开专用章", "办公室"))
    radius = 58.0
    seen = 0

    def paint(canvas: Canvas, width: float, height: float) -> None:
        nonlocal seen
        seen += 1
        if pages and seen not in pages:
            return
        canvas.translate(width * across, height * up)
        canvas.setStrokeColor(red)
        canvas.setFillColor(red)
        canvas.setLineWidth(3)
        canvas.circle(0, 0, radius)
        canvas.setFont(font, 13)
        _along_rim(canvas, body[:14], radius - 16, 210, -240)
        canvas.setFont(font, 5)
        _along_rim(canvas, number, radius - 6, 240, 60)
        _star(canvas, 14)
        if words:
            canvas.setFont(font, 11)
            canvas.drawCentredString(0, -radius * 0.5, words)

    return paint


def _along_rim(canvas: Canvas, text: str, radius: float, start: float, sweep: float) -> None:
    """Characters on a circle from the angle ``start`` over ``sweep`` degrees; a negative sweep reads from outside."""
    for index, char in enumerate(text):
        angle = start + sweep * (index + 0.5) / len(text)
        canvas.saveState()
        canvas.translate(radius * math.cos(math.radians(angle)), radius * math.sin(math.radians(angle)))
        canvas.rotate(angle - 90 if sweep < 0 else angle + 90)
        canvas.drawCentredString(0, 0, char)
        canvas.restoreState()


def _star(canvas: Canvas, radius: float) -> None:
    path = canvas.beginPath()
    for index in range(10):
        reach, angle = (radius if index % 2 == 0 else radius * 0.4), math.radians(90 + 36 * index)
        point = (reach * math.cos(angle), reach * math.sin(angle))
        if index:
            path.lineTo(*point)
        else:
            path.moveTo(*point)
    path.close()
    canvas.drawPath(path, stroke=0, fill=1)


def both(*paints: Paint) -> Paint:
    """Several of them one over the other."""

    def paint(canvas: Canvas, width: float, height: float) -> None:
        for one in paints:
            canvas.saveState()
            one(canvas, width, height)
            canvas.restoreState()

    return paint
