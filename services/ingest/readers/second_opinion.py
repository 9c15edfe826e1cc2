"""The second, independent reading of PDF cells: pdfplumber's parser and pdfplumber's table finder."""

from __future__ import annotations

import io
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pdfplumber

from services.ingest.recognise.pages import Glyph, join, lines_of
from services.ingest.recognise.primitives import Box, Place
from services.ingest.recognise.stamps import Colour, odd_colours, printed_over, settle

_NEAR = 3.0
_SLANT = 0.02
_READING = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""The direction of lines, y upwards, on a page that is 0 to 3 quarter turns clockwise from upright."""
_UNDECIPHERED = "(cid:"
"""How pdfminer begins what it prints for a character it has no name for."""
_BLACK: Colour = (0, 0, 0, 255)

_KEPT = 4
"""Pages kept for the next question."""

_Question = tuple[Place, Box]


class SecondReading:
    """One document as pdfplumber sees it, page by page as it is asked.

    `turns`: page → quarter turns clockwise from the page as seen until its lines are level, where there are any.
    `loose`: pages on which cells need not have borders.
    """

    def __init__(self, data: bytes, *, turns: Mapping[int, int], loose: Container[int] = ()) -> None:
        self._data, self._turns, self._loose = data, turns, loose
        self._pages: dict[int, _Page] = {}

    def ask(self, places: Iterable[Place]) -> dict[Place, str | None]:
        """Place → the text that pdfplumber finds there, stamps left out.

        None where it cannot read the page or sees other cell borders.
        """
        wanted: dict[int, list[_Question]] = {}
        answers: dict[Place, str | None] = {}
        for place in places:
            answers[place] = None
            if place.page is not None and place.bbox is not None:
                wanted.setdefault(place.page, []).append((place, place.bbox))
        try:
            for number, page in self._read(sorted(wanted)):
                answers.update(page.answers(wanted[number]))
        except MemoryError:
            raise  # the sandbox's limit, not the file's syntax
        except Exception:  # noqa: BLE001 - a hostile file may break this parser in any way; no answer means doubt
            return answers
        return answers

    def _read(self, numbers: Sequence[int]) -> Iterator[tuple[int, _Page]]:
        """The pages asked for; the last few stay, since a page may hold the rows of many reports."""
        new = [number for number in numbers if number not in self._pages]
        yield from [(number, self._pages[number]) for number in numbers if number in self._pages]
        if not new:
            return
        with pdfplumber.open(io.BytesIO(self._data), pages=new) as document:
            for page in document.pages:
                number = page.page_number
                read = _Page(page, self._turns.get(number, 0), loose=number in self._loose)
                page.close()
                while len(self._pages) >= _KEPT:
                    del self._pages[next(iter(self._pages))]
                self._pages[number] = read
                yield number, read


class _Page:
    def __init__(self, page: Any, turn: int, *, loose: bool) -> None:
        self._turn, self._loose = turn, loose
        self._size = (float(page.width), float(page.height))
        self._cells: list[Box] = [self._upright(cell) for table in page.find_tables() for cell in table.cells]
        chars = [char for char in page.chars if not char["text"].isspace() and self._is_level(char["matrix"])]
        boxes = [self._upright((char["x0"], char["top"], char["x1"], char["bottom"])) for char in chars]
        glyphs: list[Glyph] = [(char["text"], *box) for char, box in zip(chars, boxes, strict=True)]
        self._colours = dict(zip(glyphs, map(_colour_of, chars), strict=True))
        self._odd = odd_colours(self._colours.values())
        gone = printed_over(glyphs, self._colours, self._odd) if self._odd else set()
        self._glyphs = [glyph for glyph in glyphs if glyph not in gone]

    def answers(self, questions: Iterable[_Question]) -> dict[Place, str | None]:
        return {place: self._text_in(self._upright(box)) for place, box in questions}

    def _is_level(self, matrix: Any) -> bool:
        a, b = matrix[0], matrix[1]
        x, y = _READING[self._turn]
        along, across = a * x + b * y, b * x - a * y
        return bool(along > 0 and abs(across) <= _SLANT * along)

    def _upright(self, box: Box) -> Box:
        """A box of the page as seen with its lines level."""
        x0, top, x1, bottom = box
        wide, high = self._size
        if self._turn == 1:
            return high - bottom, x0, high - top, x1
        if self._turn == 2:
            return wide - x1, high - bottom, wide - x0, high - top
        if self._turn == 3:
            return top, wide - x1, bottom, wide - x0
        return box

    def _text_in(self, box: Box) -> str | None:
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        own = [cell for cell in self._cells if cell[0] <= x < cell[2] and cell[1] <= y < cell[3]]
        same = any(all(abs(a - b) <= _NEAR for a, b in zip(cell, box, strict=True)) for cell in own)
        if own and not same and not (self._loose and all(_holds(cell, box) for cell in own)):
            return None
        inside = [
            glyph
            for glyph in self._glyphs
            if box[0] <= (glyph[1] + glyph[3]) / 2 < box[2] and box[1] <= (glyph[2] + glyph[4]) / 2 < box[3]
        ]
        text, _ = settle(inside, self._colours, self._odd)
        if any(glyph[0].startswith(_UNDECIPHERED) for glyph in text):
            return None
        return "\n".join(join(line) for line in lines_of(text))


def _holds(cell: Box, box: Box) -> bool:
    return (
        cell[0] - _NEAR <= box[0]
        and cell[1] - _NEAR <= box[1]
        and box[2] <= cell[2] + _NEAR
        and box[3] <= cell[3] + _NEAR
    )


def _colour_of(char: Any) -> Colour:
    """The fill colour as red, green and blue; black for patterns and for colours that are not told."""
    value = char.get("non_stroking_color")
    parts = [float(part) for part in value if isinstance(part, int | float)] if isinstance(value, tuple | list) else []
    if len(parts) == 1:
        parts *= 3
    elif len(parts) == 4:
        parts = [(1 - part) * (1 - parts[3]) for part in parts[:3]]
    if len(parts) != 3:
        return _BLACK
    red, green, blue = (round(255 * min(max(part, 0.0), 1.0)) for part in parts)
    return red, green, blue, 255
