"""OFD documents (GB/T 33190, the national fixed-layout format)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from services.core.errors import RejectedError
from services.core.report import Format, Report
from services.ingest.readers.ofd_package import Package
from services.ingest.readers.ofd_page import read_page
from services.ingest.readers.reader import Bounds, Read
from services.ingest.recognise.bad_text import words_of
from services.ingest.recognise.lattice import TooManyLinesError
from services.ingest.recognise.pages import page_items
from services.ingest.recognise.primitives import Content, Item
from services.ingest.recognise.report import is_annual_report, recognise
from services.ingest.recognise.sanity import is_language
from services.ingest.recognise.unruled import Carried, loose_items

ENGINE = "ofd/1"
_FEWEST_GLYPHS = 30
_MOST_GLYPHS = 1_000_000
_PICTURES = "文件的页面是图片，没有可读取的文字；请报送由文字处理软件直接导出的 OFD 或 PDF，或请人工核对。"


@dataclass(slots=True)
class _Seen:
    items: list[Item] = field(default_factory=list)
    glyphs: int = 0
    pictures: set[int] = field(default_factory=set)
    textless_pictures: set[int] = field(default_factory=set)


def read_ofd(data: bytes, bounds: Bounds) -> Read:
    """The reports of an OFD file; pages that are pictures leave it in review, for the lane that reads pictures.

    Raises RejectedError: encrypted, damaged, too_many_pages, too_complex, no_text, bad_text_layer, not_annual_report.
    """
    package = Package(data)
    if len(package) < 1:
        raise RejectedError("damaged", "没有页面")
    if len(package) > bounds.max_pages:
        raise RejectedError("too_many_pages", f"{len(package)}页，上限{bounds.max_pages}页")
    seen = _read(package)
    if seen.glyphs < _FEWEST_GLYPHS:
        if not seen.textless_pictures:
            raise RejectedError("no_text")
        return Read(Format.OFD, ENGINE, [Report(status="review", reason=_PICTURES)], needs="ocr")
    content = Content(Format.OFD, seen.items, pages=len(package), pictures=frozenset(seen.pictures))
    reports = recognise(content)
    annual = is_annual_report(content, reports)
    readable = not all(report.status == "failed" for report in reports)
    if not (annual and readable) and not is_language(words_of(seen.items)):
        raise RejectedError("bad_text_layer")
    if not annual and not seen.textless_pictures:
        raise RejectedError("not_annual_report")
    open_ends = any(report.status != "ok" for report in reports)
    return Read(Format.OFD, ENGINE, reports, needs="ocr" if open_ends and seen.textless_pictures else None)


def _read(package: Package) -> _Seen:
    seen = _Seen()
    grid = 1
    loose = partial(loose_items, carried=Carried())
    for index in range(len(package)):
        number = index + 1
        page = read_page(package.page(index), number, partial(package.unit, index))
        seen.glyphs += len(page.ink.glyphs)
        if seen.glyphs > _MOST_GLYPHS:
            raise RejectedError("too_complex", "文字过多")
        if page.picture:
            seen.pictures.add(number)
        if page.images and len(page.ink.glyphs) < _FEWEST_GLYPHS:
            seen.textless_pictures.add(number)
        try:
            items, grid = page_items(page.ink, grid, loose)
        except TooManyLinesError as error:
            raise RejectedError("too_complex", f"第{number}页的表格线过多") from error
        seen.items += items
    return seen
