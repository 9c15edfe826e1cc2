"""Every layout of the corpus by name: its class, what it needs on the machine, and the function that makes a document."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.corpus import figure_styles
from tests.corpus.sheet import Sheet, Truth

Tool = Literal["chromium", "soffice", "pdftotext", "font"]

CLASSES: Final = (
    "ruled",
    "stamped",
    "rotated",
    "two_in_one",
    "unruled",
    "bad_fonts",
    "mixed",
    "scan",
    "scan_rough",
    "office",
    "html",
    "ofd",
    "csv",
    "dumps",
    "comparison",
)
"""The classes of documents in the order in which they are reported."""


@dataclass(frozen=True)
class Job:
    """Work for a program outside: print ``source`` with Chromium, or convert it with LibreOffice to ``target``.

    ``then`` gets the result: the document, or what remains to be done. ``options`` are Chromium's for printing.
    """

    tool: Tool
    source: bytes
    suffix: str
    target: str
    then: Callable[[bytes], Made]
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """A document that shows what ``pdf`` says in text: pictures of its pages, or the same with spoilt fonts.

    ``askew``: degrees (anticlockwise) by which each page is turned against ``pdf``, all pages by none when empty.
    """

    data: bytes
    pdf: bytes
    askew: tuple[float, ...] = ()


Made = bytes | Job | Shown


@dataclass(frozen=True)
class Order:
    """What a layout is asked for: the reports to print, and chance of its own."""

    sheets: tuple[Sheet, ...]
    rng: random.Random

    @property
    def sheet(self) -> Sheet:
        """The first report, for layouts of one."""
        return self.sheets[0]


@dataclass(frozen=True)
class Layout:
    """A way to make a document. ``styles``: figure styles it can print. ``forms``: the form layouts it prints."""

    name: str
    kind: str
    make: Callable[[Order], Made]
    suffix: str
    needs: tuple[Tool, ...]
    reports: int
    styles: frozenset[str]
    forms: tuple[str, ...]
    worded: bool


@dataclass(frozen=True)
class Sample:
    """A finished document with its truth. ``shown``: for documents whose own text is absent or wrong."""

    layout: str
    kind: str
    number: int
    suffix: str
    data: bytes
    truths: tuple[Truth, ...]
    shown: Shown | None = None

    @property
    def name(self) -> str:
        return f"{self.layout}-{self.number}.{self.suffix}"


LAYOUTS: Final[dict[str, Layout]] = {}


def layout(
    kind: str,
    *,
    suffix: str = "pdf",
    needs: tuple[Tool, ...] = (),
    reports: int = 1,
    styles: frozenset[str] = figure_styles.ALL,
    forms: tuple[str, ...] = ("2021",),
    worded: bool = True,
) -> Callable[[Callable[[Order], Made]], Callable[[Order], Made]]:
    """Register the function below as a layout of class ``kind``; its name is the layout's.

    ``forms``: "2021", "2019", "2019/2021" (table 2 of 2019 above a table 3 of 2021) and "2021/2019". ``worded``:
    labels may be worded otherwise and rows exchanged.
    """
    if kind not in CLASSES:
        raise ValueError(kind)

    def register(make: Callable[[Order], Made]) -> Callable[[Order], Made]:
        name = make.__name__
        if name in LAYOUTS:
            raise ValueError(name)
        LAYOUTS[name] = Layout(name, kind, make, suffix, needs, reports, styles, forms, worded)
        return make

    return register
