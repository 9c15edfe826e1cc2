"""What a web page is made of, as far as it bears on reports: runs of text, breaks, pictures, tables."""

from __future__ import annotations

from dataclasses import dataclass, field

RAISED, STRUCK, UNSEEN = 1, 2, 4
"""Marks of a run: superscript or subscript; struck through; hidden from who looks at the page."""


@dataclass(slots=True, eq=False)
class Node:
    """An element, as far as it tells what stands together."""

    parent: Node | None
    depth: int
    name: str = ""


@dataclass(slots=True)
class Run:
    """A piece of text in the source from `start` to `end`; `keeps` its line ends, as in ``pre``."""

    start: int
    end: int
    node: Node
    mark: int = 0
    keeps: bool = False


@dataclass(slots=True)
class Picture:
    """An image, where it stands in the source."""

    start: int
    node: Node


class Break:
    """The end of a line."""


BREAK = Break()


@dataclass(slots=True, eq=False)
class Cell:
    """A table cell; `start` is where its content begins. Spans are bounded as browsers bound them (0: to the end)."""

    start: int
    rows: int = 1
    columns: int = 1
    flow: list[Piece] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Part:
    """The rows of a ``thead``, ``tbody`` or ``tfoot``."""

    name: str
    rows: list[list[Cell]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Table:
    """`stray`: text that stands in the table outside its cells, which browsers show above it."""

    node: Node
    start: int
    parts: list[Part] = field(default_factory=list)
    caption: Cell | None = None
    stray: list[Piece] = field(default_factory=list)

    def in_order(self) -> list[Part]:
        """The parts as they are shown: the first head at the top and the first foot at the bottom wherever they stand."""
        head = next((part for part in self.parts if part.name == "thead"), None)
        foot = next((part for part in self.parts if part.name == "tfoot"), None)
        middle = [part for part in self.parts if part is not head and part is not foot]
        return [part for part in (head, *middle, foot) if part is not None]


Piece = Run | Break | Picture | Table


@dataclass(slots=True)
class Page:
    """`flow`: everything shown, in order. `meta`: what ``meta`` tags say, by lower-case name. `title`: runs of the title."""

    source: str
    flow: list[Piece] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    title: list[Run] = field(default_factory=list)
