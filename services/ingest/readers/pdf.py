"""PDF reports with a text layer and ruled tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from services.core.errors import RejectedError
from services.core.report import Format
from services.ingest.readers.pdfium import open_pdf, page_count, read_page
from services.ingest.readers.reader import Bounds, Read
from services.ingest.readers.second_opinion import read_again
from services.ingest.recognise.lattice import TooManyLinesError
from services.ingest.recognise.pages import Glyph, PageInk, Placed, page_items
from services.ingest.recognise.primitives import Content, Item, Line, Place, SecondOpinion, TableRow
from services.ingest.recognise.report import is_annual_report, recognise
from services.ingest.recognise.sanity import is_language
from services.ingest.recognise.unruled import Carried, loose_items

ENGINE = f"pdf/1 pypdfium2/{version('pypdfium2')}"
_FEWEST_GLYPHS = 30
_MOST_GLYPHS = 1_000_000
_TAIL = 2048


@dataclass(slots=True)
class _Seen:
    items: list[Item] = field(default_factory=list)
    glyphs: int = 0
    pages: int = 0
    pictures: set[int] = field(default_factory=set)
    textless_pictures: set[int] = field(default_factory=set)
    turns: dict[int, int] = field(default_factory=dict)
    loose: set[int] = field(default_factory=set)


def read_pdf(data: bytes, bounds: Bounds) -> Read:
    """The reports of a PDF.

    Raises RejectedError: encrypted, damaged, too_many_pages, too_complex, no_text, bad_text_layer, not_annual_report.
    """
    read = _read(data, bounds.max_pages)
    content = Content(Format.PDF, read.items, pages=read.pages, pictures=frozenset(read.pictures))
    if read.glyphs < _FEWEST_GLYPHS:
        raise RejectedError("no_text")
    reports = recognise(content, _second_opinion(data, read))
    annual = is_annual_report(content, reports)
    if not annual and not is_language(_text(read.items)):
        raise RejectedError("bad_text_layer")
    if not annual:
        raise RejectedError("no_text" if read.textless_pictures else "not_annual_report")
    failed = all(report.status == "failed" for report in reports)
    if failed and read.textless_pictures:
        raise RejectedError("no_text")
    if failed and not is_language(_text(read.items)):
        raise RejectedError("bad_text_layer")
    return Read(Format.PDF, ENGINE, reports)


def _second_opinion(data: bytes, read: _Seen) -> SecondOpinion:
    def ask(places: Iterable[Place]) -> dict[Place, str | None]:
        return read_again(data, places, turns=read.turns, loose=read.loose)

    return ask


def _read(data: bytes, max_pages: int) -> _Seen:
    _check_end(data)
    read = _Seen()
    grid = 1
    carried = Carried(laid=read.loose)

    def loose(page: PageInk, lines: Sequence[list[Glyph]], grid: int) -> tuple[list[Placed], int]:
        return loose_items(page, lines, grid, carried)

    with open_pdf(data) as document:
        read.pages = page_count(document)
        if read.pages < 1:
            raise RejectedError("damaged", "没有页面")
        if read.pages > max_pages:
            raise RejectedError("too_many_pages", f"{read.pages}页，上限{max_pages}页")
        for index in range(read.pages):
            page = read_page(document, index)
            number = index + 1
            read.glyphs += len(page.ink.glyphs)
            if read.glyphs > _MOST_GLYPHS:
                raise RejectedError("too_complex", "文字过多")
            if page.picture:
                read.pictures.add(number)
            if page.images and len(page.ink.glyphs) < _FEWEST_GLYPHS:
                read.textless_pictures.add(number)
            if page.ink.turn:
                read.turns[number] = page.ink.turn
            try:
                items, grid = page_items(page.ink, grid, loose)
            except TooManyLinesError as error:
                raise RejectedError("too_complex", f"第{number}页的表格线过多") from error
            read.items += items
    return read


def _check_end(data: bytes) -> None:
    """A file without its end mark is not all there: pdfium would repair it and show what is left, or an older state."""
    end = data.rfind(b"%%EOF")
    if end < 0 or (len(data) - end > _TAIL and b" obj" in data[end:]):
        raise RejectedError("damaged", "文件没有结尾，可能没有传完")


def _text(items: list[Item]) -> str:
    pieces: list[str] = []
    for item in items:
        if isinstance(item, Line):
            pieces.append(item.text)
        elif isinstance(item, TableRow):
            pieces += [cell.text for cell in item.cells]
    return "\n".join(pieces)
