"""The ways in which programs rule the cells of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in points, y upwards."""

Kind = Literal["rectangles", "strokes", "filled", "double", "long", "horizontal", "three_lines", "none"]


@dataclass(frozen=True, slots=True)
class Rules:
    """``kind``: a rectangle a cell; four strokes a cell; thin filled boxes; two parallel strokes; strokes as long as
    the table where cells line up; rules between rows only; rules above and below the head and at the end; none.

    ``width`` in points, ``dash`` on and off in points, ``grey`` from 0 (black) to 1.
    """

    kind: Kind = "rectangles"
    width: float = 0.5
    dash: tuple[float, float] | None = None
    grey: float = 0.0


def draw_rules(canvas: Any, rules: Rules, boxes: Sequence[Box], *, open_end: bool) -> None:
    """The rules around these cells. ``open_end``: nothing below the lowest of them."""
    if rules.kind == "none" or not boxes:
        return
    canvas.saveState()
    canvas.setLineWidth(rules.width)
    canvas.setStrokeGray(rules.grey)
    canvas.setFillGray(rules.grey)
    if rules.dash:
        canvas.setDash(*rules.dash)
    lowest = min(box[1] for box in boxes)
    if rules.kind == "rectangles" and not open_end:
        for x0, y0, x1, y1 in boxes:
            canvas.rect(x0, y0, x1 - x0, y1 - y0)
    else:
        for line in _lines(rules.kind, boxes):
            if not (open_end and line[1] == line[3] == lowest):
                _draw(canvas, rules, line)
    canvas.restoreState()


def _lines(kind: Kind, boxes: Sequence[Box]) -> list[Box]:
    """The lines to draw, each once."""
    across = {(x0, y, x1, y) for x0, y0, x1, y1 in boxes for y in (y0, y1)}
    down = {(x, y0, x, y1) for x0, y0, x1, y1 in boxes for x in (x0, x1)}
    if kind == "three_lines":
        left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
        levels = sorted({box[3] for box in boxes}, reverse=True)
        chosen = (levels[0], levels[min(1, len(levels) - 1)], min(box[1] for box in boxes))
        return [(left, y, right, y) for y in dict.fromkeys(chosen)]
    if kind == "horizontal":
        return sorted(across)
    if kind == "long":
        return [*_joined(sorted(across, key=lambda s: (s[1], s[0])), 0), *_joined(sorted(down), 1)]
    return sorted(across | down)


def _joined(lines: Sequence[Box], axis: int) -> list[Box]:
    """Lines that lie on one another or end to end, as one."""
    joined: list[Box] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last and last[1 - axis] == line[1 - axis] and line[axis] <= last[axis + 2] + 0.01:
            end = max(last[axis + 2], line[axis + 2])
            joined[-1] = (last[0], last[1], end, last[3]) if axis == 0 else (last[0], last[1], last[2], end)
        else:
            joined.append(line)
    return joined


def _draw(canvas: Any, rules: Rules, line: Box) -> None:
    x0, y0, x1, y1 = line
    half = rules.width / 2
    if rules.kind == "filled":
        canvas.rect(x0 - half, y0 - half, x1 - x0 + rules.width, y1 - y0 + rules.width, stroke=0, fill=1)
    elif rules.kind == "double":
        apart = 0.9 + rules.width
        dx, dy = (apart / 2, 0.0) if x0 == x1 else (0.0, apart / 2)
        canvas.line(x0 - dx, y0 - dy, x1 - dx, y1 - dy)
        canvas.line(x0 + dx, y0 + dy, x1 + dx, y1 + dy)
    else:
        canvas.line(x0, y0, x1, y1)
