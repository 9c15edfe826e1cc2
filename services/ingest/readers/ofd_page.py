"""What an OFD page prints: glyphs where they stand, and the straight lines that rule its tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from services.core.errors import RejectedError
from services.ingest.readers import ofd_geometry as geometry
from services.ingest.readers.ofd_geometry import POINTS, Matrix, Point
from services.ingest.readers.ofd_package import PagePart
from services.ingest.recognise.pages import PageInk
from services.ingest.recognise.stamps import Colour

_MOST_GLYPHS = 60_000
_MOST_OBJECTS = 60_000
_DEEPEST = 12
"""Page blocks and composite units in one another."""
_ASCENT = 0.86
"""Share of the em box above the base line."""
_THIN = 3.0
"""A filled figure thinner than this (points) is a drawn line."""
_SHORT = 1.0
"""Shorter lines (points) are dots; text is never drawn as lines here, so that dashes of any length count."""
_STRAIGHT = 1.0
_LONG = 20.0
"""An edge of an outline that is not all level or upright counts as a line from this length (points) on: rounded boxes."""
_PICTURE_SHARE = 0.8
_OPAQUE = 255
_SAME = 0.1
"""Glyphs nearer than this share of their size are one, drawn twice to look bold."""

Units = Callable[[str], Element | None]
"""The composite unit of an identifier."""

Box = tuple[float, float, float, float]
_HEX = re.compile(r"#[0-9A-Fa-f]{2}")


@dataclass(slots=True)
class PageRead:
    """One page: its ink, and whether a picture covers most of it."""

    ink: PageInk
    picture: bool
    images: bool


@dataclass(slots=True)
class _Letter:
    text: str
    box: Box
    angle: float
    colour: Colour


def read_page(part: PagePart, number: int, units: Units) -> PageRead:
    """The ink of a page, upright. Raises RejectedError: too_complex, damaged."""
    left, top, wide, high = (value * POINTS for value in part.box)
    drawing = _Drawing(units, wide, high)
    placed: Matrix = (POINTS, 0.0, 0.0, POINTS, -left, -top)
    for page in part.contents:
        for content in page.iterfind("{*}Content"):
            drawing.walk(content, placed, 0)
    letters, turn = _upright(drawing.letters)
    size = (wide, high) if turn % 2 == 0 else (high, wide)
    ink = PageInk(number, *size, turn=turn)
    coloured = len({letter.colour for letter in letters}) > 1
    for letter in letters:
        glyphs = list(_glyphs(letter.text, _turned(letter.box, turn, wide, high)))
        ink.glyphs += glyphs
        if coloured:
            ink.colours.update(dict.fromkeys(glyphs, letter.colour))
    for line in drawing.lines:
        x0, y0, x1, y1 = _turned(line, turn, wide, high)
        if x1 - x0 >= y1 - y0:
            if x1 - x0 >= _SHORT:
                ink.horizontal.append(((y0 + y1) / 2, x0, x1))
        elif y1 - y0 >= _SHORT:
            ink.vertical.append(((x0 + x1) / 2, y0, y1))
    return PageRead(ink, drawing.covered, drawing.images)


def _upright(letters: list[_Letter]) -> tuple[list[_Letter], int]:
    """The letters at the angle that most of them have, and the clockwise quarter turns that make them upright."""
    votes = [0, 0, 0, 0]
    for letter in letters:
        if abs(letter.angle - round(letter.angle)) < 0.02:
            votes[round(letter.angle) % 4] += 1
    main = max(range(4), key=votes.__getitem__)
    kept = [one for one in letters if (off := (one.angle - main) % 4) < 0.02 or off > 3.98]
    return _once(kept), -main % 4


def _once(letters: list[_Letter]) -> list[_Letter]:
    """Without letters drawn again at the same place."""
    seen: set[tuple[str, int, int]] = set()
    kept = []
    for letter in letters:
        step = max(_SAME * (letter.box[3] - letter.box[1]), 0.05)
        at = round(letter.box[0] / step), round(letter.box[1] / step)
        if not any((letter.text, at[0] + dx, at[1] + dy) in seen for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
            seen.add((letter.text, *at))
            kept.append(letter)
    return kept


def _turned(box: Box, turn: int, wide: float, high: float) -> Box:
    x0, top, x1, bottom = box
    if turn == 1:
        return high - bottom, x0, high - top, x1
    if turn == 2:
        return wide - x1, high - bottom, wide - x0, high - top
    return (top, wide - x1, bottom, wide - x0) if turn == 3 else box


def _glyphs(text: str, box: Box) -> Iterator[tuple[str, float, float, float, float]]:
    """One glyph a character, side by side where several characters make one (ligatures)."""
    x0, top, x1, bottom = box
    breadth = (x1 - x0) / len(text)
    for index, char in enumerate(text):
        yield char, x0 + index * breadth, top, x0 + (index + 1) * breadth, bottom


class _Drawing:
    """Collects letters and lines in points, on the page as seen."""

    def __init__(self, units: Units, wide: float, high: float) -> None:
        self.letters: list[_Letter] = []
        self.lines: list[Box] = []
        self.covered = False
        self.images = False
        self._units = units
        self._wide, self._high = wide, high
        self._left = _MOST_OBJECTS

    def walk(self, container: Element, matrix: Matrix, depth: int) -> None:
        """Everything in a page, layer, block or unit."""
        for item in container:
            kind = item.tag.rpartition("}")[2]
            self._left -= 1
            if self._left < 0:
                raise RejectedError("too_complex", "一页的图形过多")
            if item.get("Visible", "true").lower() in ("false", "0"):
                continue
            if kind in ("Layer", "PageBlock"):
                self._deeper(item, matrix, depth)
            elif kind == "TextObject":
                self._text(item, _placed(item, matrix))
            elif kind == "PathObject":
                self._path(item, _placed(item, matrix))
            elif kind == "ImageObject":
                self._image(item, matrix)
            elif kind == "CompositeObject":
                unit = self._units(item.get("ResourceID", ""))
                for content in unit.iterfind("{*}Content") if unit is not None else ():
                    self._deeper(content, _placed(item, matrix), depth)

    def _deeper(self, container: Element, matrix: Matrix, depth: int) -> None:
        if depth >= _DEEPEST:
            raise RejectedError("too_complex", "图形层层嵌套")
        self.walk(container, matrix, depth + 1)

    def _text(self, item: Element, matrix: Matrix) -> None:
        size = geometry.number(item.get("Size"))
        colour = _colour(item)
        if size <= 0 or not colour[3]:
            return
        turn = round(geometry.number(item.get("CharDirection")) / 90) % 4
        down = round(geometry.number(item.get("ReadDirection")) / 90) % 2 == 1
        style = _Style(size, geometry.number(item.get("HScale"), 1.0) or 1.0, turn, down)
        angle = geometry.quarters(matrix) + turn
        for text, x, y, advance in _codes(item, style):
            if text.isspace() or ord(text[0]) < 32:
                continue
            if len(self.letters) >= _MOST_GLYPHS:
                raise RejectedError("too_complex", "一页的文字过多")
            box = _around([geometry.apply(matrix, *corner) for corner in _em_box(text, x, y, advance, style)])
            if 0 <= box[0] + box[2] <= 2 * self._wide and 0 <= box[1] + box[3] <= 2 * self._high:
                self.letters.append(_Letter(text, box, angle, colour))

    def _path(self, item: Element, matrix: Matrix) -> None:
        stroked = item.get("Stroke", "true").lower() not in ("false", "0")
        filled = item.get("Fill", "false").lower() in ("true", "1")
        data = "".join(part.text or "" for part in item.iterfind("{*}AbbreviatedData"))
        for points, straight in geometry.figures(data) if stroked or filled else ():
            outline = _around([geometry.apply(matrix, *point) for point in points])
            if outline[2] - outline[0] < _THIN or outline[3] - outline[1] < _THIN:
                self._line(outline)
            elif stroked:
                pieces = [_around([geometry.apply(matrix, *one) for one in ends]) for ends in straight]
                level = [one for one in pieces if one[2] - one[0] < _STRAIGHT or one[3] - one[1] < _STRAIGHT]
                # a star or a seal has edges that happen to be level
                ornament = len(level) < len(points) - 1
                for piece in level:
                    if not ornament or max(piece[2] - piece[0], piece[3] - piece[1]) >= _LONG:
                        self._line(piece)

    def _line(self, box: Box) -> None:
        if len(self.lines) >= _MOST_OBJECTS:
            raise RejectedError("too_complex", "一页的图形过多")
        x0, y0, x1, y1 = max(box[0], 0.0), max(box[1], 0.0), min(box[2], self._wide), min(box[3], self._high)
        if x0 <= x1 and y0 <= y1:  # what lies off the page is not seen
            self.lines.append((x0, y0, x1, y1))

    def _image(self, item: Element, matrix: Matrix) -> None:
        self.images = True
        bounds = geometry.box(item.get("Boundary"))
        if bounds is None:
            return
        x, y, wide, high = bounds
        seen = _around([geometry.apply(matrix, x, y), geometry.apply(matrix, x + wide, y + high)])
        if (seen[2] - seen[0]) * (seen[3] - seen[1]) >= _PICTURE_SHARE * self._wide * self._high:
            self.covered = True


def _placed(item: Element, matrix: Matrix) -> Matrix:
    """From an object's own space to the page's: its transformation, then its boundary's corner, then its surroundings."""
    bounds = geometry.box(item.get("Boundary")) or (0.0, 0.0, 0.0, 0.0)
    corner: Matrix = (1.0, 0.0, 0.0, 1.0, bounds[0], bounds[1])
    return geometry.times(geometry.times(geometry.matrix(item.get("CTM")), corner), matrix)


def _colour(item: Element) -> Colour:
    """The colour of a text object: grey, RGB or CMYK by the number of its channels, black where it names none."""
    fill = item.find("{*}FillColor")
    value = fill.get("Value", "") if fill is not None else ""
    channels = [int(one[1:], 16) for one in value.split() if _HEX.fullmatch(one)] or geometry.numbers(value)
    opacity = geometry.number(item.get("Alpha"), _OPAQUE)
    if fill is not None:
        opacity *= geometry.number(fill.get("Alpha"), _OPAQUE) / _OPAQUE
    if len(channels) == 4:
        channels = [255 * (1 - part / 255) * (1 - channels[3] / 255) for part in channels[:3]]
    red, green, blue = (channels * 3)[:3] if len(channels) in (1, 3) else (0, 0, 0)
    return _byte(red), _byte(green), _byte(blue), _byte(opacity)


def _byte(value: float) -> int:
    return min(255, max(0, round(value)))


@dataclass(frozen=True, slots=True)
class _Style:
    """``size``: em in the object's space; ``turn``: clockwise quarter turns of each glyph; ``down``: read downwards."""

    size: float
    stretch: float
    turn: int
    down: bool


def _codes(item: Element, style: _Style) -> Iterator[tuple[str, float, float, float]]:
    """The characters at each glyph's origin, and the distance to the next glyph (0 at the end)."""
    x = y = 0.0
    for code in item.iterfind("{*}TextCode"):
        x, y = geometry.number(code.get("X"), x), geometry.number(code.get("Y"), y)
        texts = list(_by_glyph(item, (code.text or "").strip("\r\n\t")))
        if len(texts) > _MOST_GLYPHS:
            raise RejectedError("too_complex", "一页的文字过多")
        across, along = _advances(code, texts, style)
        at_x, at_y = x, y
        for index, text in enumerate(texts):
            more = index + 1 < len(texts)
            step = abs(across[index]) + abs(along[index]) if more else 0.0
            if text:
                yield text, at_x, at_y, step
            if more:
                at_x, at_y = at_x + across[index], at_y + along[index]


def _by_glyph(item: Element, text: str) -> Iterator[str]:
    """The characters of each glyph: one, unless a transformation makes several of one (empty for further glyphs)."""
    merged: dict[int, tuple[int, int]] = {}
    for change in item.iterfind("{*}CGTransform"):
        codes, glyphs = (int(geometry.number(change.get(name), 1.0)) for name in ("CodeCount", "GlyphCount"))
        if codes != glyphs and 0 < codes <= 16 and 0 < glyphs <= 16:
            merged[int(geometry.number(change.get("CodePosition")))] = codes, glyphs
    position = 0
    while position < len(text):
        codes, glyphs = merged.get(position, (1, 1))
        yield text[position : position + codes]
        yield from [""] * (glyphs - 1)
        position += codes


def _advances(code: Element, texts: list[str], style: _Style) -> tuple[list[float], list[float]]:
    count = len(texts) - 1
    across, along = code.get("DeltaX"), code.get("DeltaY")
    if across is None and along is None:
        natural = [_breadth(text) * style.size * style.stretch for text in texts[:-1]]
        nothing = [0.0] * count
        return (nothing, natural) if style.down else (natural, nothing)
    none = [0.0] * count
    return (
        geometry.distances(across, count) or none,
        geometry.distances(along, count) or none,
    )


def _breadth(text: str) -> float:
    """In ems: Chinese characters are square, others about half as broad."""
    return sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.5 for char in text)


def _em_box(text: str, x: float, y: float, advance: float, style: _Style) -> list[Point]:
    broad = _breadth(text) * style.size * style.stretch
    if 0 < advance < broad and not style.down:
        broad = advance
    above, below = _ASCENT * style.size, (1 - _ASCENT) * style.size
    corners = ((0.0, -above), (broad, -above), (0.0, below), (broad, below))
    turns = (lambda a, b: (a, b), lambda a, b: (-b, a), lambda a, b: (-a, -b), lambda a, b: (b, -a))
    return [(x + dx, y + dy) for dx, dy in (turns[style.turn](*corner) for corner in corners)]


def _around(points: list[Point]) -> Box:
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return min(xs), min(ys), max(xs), max(ys)
