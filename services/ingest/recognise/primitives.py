"""What every reader hands over: lines of prose and rows of cells, in reading order, each with its place.

Nothing here knows a file format. A row's cells stand from left to right; a cell that spans rows is the *same* object
in each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from services.core.report import Format

Box = tuple[float, float, float, float]
"""x0, top, x1, bottom in PDF points from the top left of the page as seen."""


class Place(NamedTuple):
    """Page (from 1) and box in page formats; line and column (from 1) in text formats (``core.report.Cell``)."""

    page: int | None = None
    bbox: Box | None = None
    line: int | None = None
    column: int | None = None


NOWHERE = Place()


@dataclass(slots=True, eq=False)
class Entry:
    """One cell. ``left``/``right`` are its extent across, in the reading direction; None where columns have no place.

    ``doubt`` says, in plain Chinese, why the text itself may not be what is printed (glyphs over one another, digits of
    two sizes, words printed over a picture); empty when there is no such reason. ``weak``: the same where it is settled
    when every sum through the figure holds. ``figure``: where the digits stand of a cell that begins or ends with
    words.
    """

    text: str
    place: Place = NOWHERE
    left: float | None = None
    right: float | None = None
    doubt: str = ""
    weak: str = ""
    figure: Box | None = None


@dataclass(slots=True, eq=False)
class TableRow:
    """One row of cells. ``grid`` numbers the table it stands in.

    ``loose`` marks a row cut from running text, whose first cell holds everything printed since the row before.
    ``weak``: a doubt about the row, in plain Chinese, that is settled when every sum through its figures holds.
    """

    cells: list[Entry]
    grid: int = 0
    loose: bool = False
    page: int | None = None
    weak: str = ""


@dataclass(slots=True, eq=False)
class Line:
    """One printed line (or paragraph) outside the tables."""

    text: str
    place: Place = NOWHERE


Item = Line | TableRow

SecondOpinion = Callable[[Iterable[Place]], dict[Place, str | None]]
"""Reads places again with another engine: the text found there, or None when that engine sees no such cell."""


@dataclass(slots=True)
class Content:
    """One document in neutral form, in reading order. ``pictures``: pages that are a picture in the main.

    ``recognised``: words of it were told from pictures, so that any digit in its prose may be misread. ``distrust``:
    why no digit of its text is to be believed, else empty. ``mute``: pages that show text which could not be read.
    """

    format: Format
    items: list[Item]
    pages: int = 0
    pictures: frozenset[int] = field(default_factory=frozenset)
    recognised: bool = False
    distrust: str = ""
    mute: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Picture:
    """A page, or the part of it that is a picture, as pixels.

    ``pixels``: rows from the top, no padding, ``channels`` bytes a pixel (1 grey, 3 RGB), so that ``len(pixels)`` is
    ``width * height * channels``. ``dpi``: pixels per inch across and down alike. ``page_width``/``page_height``: the
    page as a person sees it, in points. ``area``: the part of that page which the pixels show, in points from its top
    left: pixel (column, row) lies at ``area[0] + column * 72 / dpi``, ``area[1] + row * 72 / dpi``.
    """

    pixels: bytes
    width: int
    height: int
    channels: Literal[1, 3]
    dpi: float
    page_width: float
    page_height: float
    area: Box


class PictureReader(Protocol):
    """Reads a picture of a page: lines of prose and rows of cells, in reading order.

    Places are given in points of the page as seen (not of the picture), with `number`, the page (from 1). Grids are
    numbered from 1 in each call; the caller makes them unique. What is not certain carries ``Entry.doubt``. A picture
    without words gives an empty list. Nothing is raised for what the picture shows. ``engine`` names reader and
    version for the result.
    """

    engine: str

    def __call__(self, picture: Picture, number: int) -> list[Item]:
        """The items of `picture`, which shows page `number` or a part of it."""
        ...
