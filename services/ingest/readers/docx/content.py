"""A Word document as a person sees it: paragraphs and tables, nothing hidden, deleted or left to a list style."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Paragraph:
    """A paragraph that shows. ``text``: with line breaks; ``label``: its number in a list, printed in front of it.

    ``doubt``: why its figures may not be what is printed, in plain Chinese. ``picture``: it holds one; ``boxed``: it
    stands in a text box. ``runs_on``: its end does not show, it goes on in the next paragraph.
    """

    text: str
    label: str = ""
    doubt: str = ""
    picture: bool = False
    inline_picture: bool = False
    boxed: bool = False
    runs_on: bool = False

    @property
    def printed(self) -> str:
        """Label and text."""
        return (self.label + self.text).strip()


@dataclass(slots=True)
class Cell:
    """A table cell. ``start``: its first column in the grid; ``span``: how many columns it takes.

    ``above``: it is the lower part of a cell that begins in a row above. ``width``: as the cell states it, in points.
    """

    start: int
    span: int
    blocks: list[Block]
    above: bool = False
    width: float | None = None


@dataclass(slots=True)
class Row:
    """A table row. ``end``: one past its last column in the grid. ``indent``: points left free in front of it."""

    cells: list[Cell]
    end: int = 0
    indent: float | None = None


@dataclass(slots=True)
class Table:
    """A table. ``widths``: its grid columns in points. ``mirrored``: its first column stands at the right."""

    rows: list[Row] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    mirrored: bool = False


Block = Paragraph | Table
