"""Numbers of OFD (GB/T 33190): boxes, matrices, runs of distances, and the straight lines of abbreviated paths."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from services.core.errors import RejectedError

POINTS = 72 / 25.4
"""Points in a millimetre, the unit of OFD."""

Matrix = tuple[float, float, float, float, float, float]
Point = tuple[float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?"
_NUMBERS = re.compile(_NUMBER)
_PATH = re.compile(rf"([SMLQBAC])|({_NUMBER})")
_LARGEST = 1e7
_MOST_TOKENS = 100_000
_OPERANDS = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}


def numbers(text: str | None) -> list[float]:
    """The numbers of a blank-separated list; those out of any sensible range raise RejectedError (damaged)."""
    return [_sensible(match) for match in _NUMBERS.findall((text or "")[:10_000])]


def _sensible(text: str) -> float:
    value = float(text)
    if abs(value) > _LARGEST:
        raise RejectedError("damaged", "版面尺寸超出合理范围")
    return value


def number(text: str | None, default: float = 0.0) -> float:
    """One number, `default` where there is none."""
    found = numbers(text)
    return found[0] if found else default


def box(text: str | None) -> tuple[float, float, float, float] | None:
    """x, y, width, height; None where they are not four numbers."""
    found = numbers(text)
    return (found[0], found[1], found[2], found[3]) if len(found) == 4 else None


def matrix(text: str | None) -> Matrix:
    """A transformation, the one that changes nothing where there are not six numbers."""
    found = numbers(text)
    return (found[0], found[1], found[2], found[3], found[4], found[5]) if len(found) == 6 else IDENTITY


def times(one: Matrix, two: Matrix) -> Matrix:
    """`one` first, then `two`."""
    a, b, c, d, e, f = one
    g, h, i, j, k, m = two
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def apply(by: Matrix, x: float, y: float) -> Point:
    """The point that `by` moves (x, y) to."""
    a, b, c, d, e, f = by
    return a * x + c * y + e, b * x + d * y + f


def quarters(by: Matrix) -> float:
    """The angle of the x axis under `by`, in clockwise quarter turns (y downwards)."""
    return math.atan2(by[1], by[0]) / (math.pi / 2)


def distances(text: str | None, count: int) -> list[float]:
    """`count` distances from glyph to glyph; ``g 3 4.2`` stands for 4.2 three times. The last one goes on."""
    tokens = (text or "").split()[: 3 * count + 3]
    found: list[float] = []
    index = 0
    while index < len(tokens) and len(found) < count:
        if tokens[index] == "g" and index + 2 < len(tokens):
            repeats, value = int(number(tokens[index + 1])), number(tokens[index + 2])
            found += [value] * max(0, min(repeats, count - len(found)))
            index += 3
        else:
            found.append(number(tokens[index]))
            index += 1
    return found + found[-1:] * (count - len(found))


Stroke = tuple[float, float, float, float]


def figures(data: str) -> Iterator[tuple[list[Point], list[tuple[Point, Point]]]]:
    """The figures of an abbreviated path: all their points (for the outline), and their straight pieces.

    Raises RejectedError: too_complex, damaged.
    """
    points: list[Point] = []
    straight: list[tuple[Point, Point]] = []
    start = last = (0.0, 0.0)
    for command, operands in _commands(data):
        end = (operands[-2], operands[-1]) if operands else start
        if command in "SM":
            if straight or len(points) > 1:
                yield points, straight
            points, straight, start = [end], [], end
        elif command == "C":
            if last != start:
                straight.append((last, start))
        else:
            points.append(end)
            if command == "L":
                straight.append((last, end))
        last = end
    if straight or len(points) > 1:
        yield points, straight


def _commands(data: str) -> Iterator[tuple[str, list[float]]]:
    command, operands = "", list[float]()
    for count, match in enumerate(_PATH.finditer(data)):
        if count > _MOST_TOKENS:
            raise RejectedError("too_complex", "一页的图形过多")
        if match[1]:
            command, operands = match[1], []
        elif command:
            operands.append(_sensible(match[2]))
        if command and len(operands) == _OPERANDS[command]:
            yield command, operands
            operands = []
            command = "" if command == "C" else command
