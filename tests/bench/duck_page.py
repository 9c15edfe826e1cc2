"""pdfplumber's own table finder on the characters and lines that pypdfium2 gives, as a contender.

What pdfplumber's `TableFinder` and `Table.extract` want of a page is little: its box, characters and edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from pdfplumber.table import TableFinder

from services.ingest.readers.pdfium import open_pdf, page_count, read_page
from services.ingest.recognise.pages import PageInk

_SETTINGS: dict[str, Any] = {}


@dataclass
class DuckPage:
    """As much of a pdfplumber page as its table finder looks at."""

    bbox: tuple[float, float, float, float]
    chars: list[dict[str, Any]]
    edges: list[dict[str, Any]]


def duck(ink: PageInk) -> DuckPage:
    chars = [
        {
            "object_type": "char",
            "text": text,
            "x0": x0,
            "x1": x1,
            "top": top,
            "bottom": bottom,
            "doctop": top,
            "upright": True,
            "size": bottom - top,
            "fontname": "",
            "width": x1 - x0,
            "height": bottom - top,
        }
        for text, x0, top, x1, bottom in ink.glyphs
    ]
    edges = [_edge("h", x0, y, x1, y) for y, x0, x1 in ink.horizontal]
    edges += [_edge("v", x, top, x, bottom) for x, top, bottom in ink.vertical]
    return DuckPage((0.0, 0.0, ink.width, ink.height), chars, edges)


def _edge(orientation: str, x0: float, top: float, x1: float, bottom: float) -> dict[str, Any]:
    place = {"x0": x0, "x1": x1, "top": top, "bottom": bottom, "width": x1 - x0, "height": bottom - top}
    return {"object_type": "line", "orientation": orientation, **place}


def tables(data: bytes) -> list[list[list[str | None]]]:
    """The tables of a document, as pdfplumber's `extract_tables` gives them."""
    with open_pdf(data) as document:
        pages = [duck(read_page(document, index).ink) for index in range(page_count(document))]
    return [table.extract() for page in pages for table in TableFinder(cast("Any", page), _SETTINGS).tables]
