"""Which pages of a PDF, or parts of pages, have to be read as pictures; reading them; and saying so when nobody can."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.core.report import Report
from services.ingest.readers.pdf_pages import FEWEST_GLYPHS, SeenPage, SeenPages
from services.ingest.readers.pdfium import open_pdf
from services.ingest.readers.rendering import render
from services.ingest.recognise.bad_text import is_bad_text
from services.ingest.recognise.confidence import DISTRUST
from services.ingest.recognise.pages import join, lines_of
from services.ingest.recognise.primitives import Box, Item, PictureReader, Place, TableRow

_LEAST_WIDTH, _LEAST_SHARE = 0.3, 0.015
"""A picture narrower or smaller than these shares of the page is an emblem or a signature, no table."""

_SEAM = 2.0
"""Strips of one picture lie this near to one another (points)."""
_MOST_STRIPS, _MOST_AREAS = 2000, 6
_ADVICE = "请人工核对原件，或请报送单位改报由文字处理软件直接导出的 PDF。"
_SCAN = "文件是扫描件，页面都是图片，表格中的数字没有读出。" + _ADVICE
_HIDDEN = "文件是扫描件，页面都是图片，其中隐藏的文字未必与图片一致，不能采信。" + _ADVICE
_OUTLINES = "文件里没有可以读取的文字，表格中的数字没有读出。" + _ADVICE
_PAGES_ARE_PICTURES = "第{pages}页是扫描件或图片，其中的数字没有可靠地读出。" + _ADVICE
_TABLES_ARE_PICTURES = "第{pages}页有图片，表格可能在图片里，其中的数字没有读出。" + _ADVICE
_BAD_TEXT = "第{pages}页的文字编码异常，显示的字与实际存储的不一致，其中的数字不能采信。请人工核对原件，或请报送单位重新导出 PDF（嵌入标准字体）后再报送。"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page to be read as a picture, or the `area` of it (points, as seen) that is one."""

    page: int
    area: Box | None = None
    bad_text: bool = False


def wanted_pictures(seen: SeenPages, reports: Sequence[Report], *, annual: bool) -> list[Wanted]:
    """What is to be read as pictures, given what the text says; nothing when the text says it all.

    Pictures on text pages count only in an annual report of which something is missing.
    """
    if annual and not any(_is_lacking(report, seen) for report in reports):
        return []
    wanted: list[Wanted] = []
    distrusted = _distrusted_pages(reports)
    for page in seen.pages:
        if page.is_scan:
            wanted.append(Wanted(page.number))
        elif page.glyphs >= FEWEST_GLYPHS and (page.number in distrusted or is_bad_text(page.items)):
            wanted.append(Wanted(page.number, bad_text=True))
        elif annual:
            wanted += [Wanted(page.number, box) for box in _whole_pictures(page)]
    return wanted


def _is_lacking(report: Report, seen: SeenPages) -> bool:
    """Whether a table or row is missing, no digit is vouched for, or some stand on a scanned page."""
    covered = {page.number for page in seen.pages if page.covered}
    if any(cell.page in covered for cell in report.cells.values()):
        return True
    if not (report.table2 and report.table3 and report.table4):
        return True
    if any(path not in report.cells for path in report.uncertain):
        return True
    return _is_distrusted(report)


def _is_distrusted(report: Report) -> bool:
    """Whether all digits of the report are in doubt, as when the text layer says others than are printed."""
    return report.reading is not None and not DISTRUST.isdisjoint(report.reading.uncertain_why.values())


def _distrusted_pages(reports: Iterable[Report]) -> set[int]:
    return {cell.page for report in reports if _is_distrusted(report) for cell in report.cells.values() if cell.page}


def _whole_pictures(page: SeenPage) -> list[Box]:
    """The largest pictures of a page that may be tables; strips of one picture are put together."""
    whole: list[Box] = []
    for box in sorted(page.pictures[:_MOST_STRIPS], key=lambda one: (one[0], one[1])):
        last = whole[-1] if whole else None
        if last and abs(last[0] - box[0]) <= _SEAM and abs(last[2] - box[2]) <= _SEAM and box[1] <= last[3] + _SEAM:
            whole[-1] = (min(last[0], box[0]), last[1], max(last[2], box[2]), max(last[3], box[3]))
        else:
            whole.append(box)
    tables = sorted((box for box in whole if _may_be_table(page, box)), key=_size, reverse=True)
    return sorted(tables[:_MOST_AREAS], key=lambda one: one[1])


def _may_be_table(page: SeenPage, box: Box) -> bool:
    return box[2] - box[0] >= _LEAST_WIDTH * page.width and _size(box) >= _LEAST_SHARE * page.width * page.height


def _size(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def read_wanted(data: bytes, seen: SeenPages, wanted: Sequence[Wanted], pictures: PictureReader) -> set[int]:
    """Put what `pictures` reads into the pages of `seen`; gives the pages that were read as pictures as a whole.

    A covered page in whose picture no row is found keeps its text: the picture is a background. Raises RejectedError:
    damaged.
    """
    grid = 1 + max((item.grid for page in seen.pages for item in page.items if isinstance(item, TableRow)), default=0)
    done: set[int] = set()
    with open_pdf(data) as document:
        for one in wanted:
            page = seen.pages[one.page - 1]
            items = pictures(render(document, one.page - 1, one.area), one.page)
            rows = [item for item in items if isinstance(item, TableRow)]
            for row in rows:
                row.grid += grid
                row.page = one.page
            grid = max([grid, *(row.grid for row in rows)]) + 1
            if one.area is not None:
                page.items = _inserted(page.items, items, one.area[1])
            elif one.bad_text or rows or page.glyphs < FEWEST_GLYPHS:
                page.items = items
                done.add(one.page)
    return done


def _inserted(items: list[Item], more: list[Item], top: float) -> list[Item]:
    """`more` before the first of `items` that stands below `top`."""
    at = next(
        (index for index, item in enumerate(items) if (place := _top(item)) is not None and place > top), len(items)
    )
    return [*items[:at], *more, *items[at:]]


def _top(item: Item) -> float | None:
    place = item.cells[0].place if isinstance(item, TableRow) else item.place
    return place.bbox[1] if place.bbox else None


def hidden_text(seen: SeenPages, places: Iterable[Place]) -> dict[Place, str | None]:
    """Place → the hidden text of a scanned page there; None where the page has none."""
    answers: dict[Place, str | None] = {}
    for place in places:
        ink = seen.pages[place.page - 1].ink if place.page else None
        if ink is None or place.bbox is None or not ink.glyphs:
            answers[place] = None
            continue
        x0, top, x1, bottom = place.bbox
        inside = []
        for glyph in ink.glyphs:
            box = ink.seen(glyph[1:])
            if x0 <= (box[0] + box[2]) / 2 < x1 and top <= (box[1] + box[3]) / 2 < bottom:
                inside.append(glyph)
        answers[place] = "\n".join(join(line) for line in lines_of(inside))
    return answers


def unread(seen: SeenPages, reports: Sequence[Report], wanted: Sequence[Wanted]) -> list[Report]:
    """The reports for a person to look at, since nobody here reads the `wanted` pictures; one at least."""
    reason = _reason(seen, wanted)
    empty = Report(status="review", reason=reason)
    return [_to_review(report, reason) for report in reports] or [empty]


def _to_review(report: Report, reason: str) -> Report:
    kept = report.reason if report.status == "review" and report.cells else None
    return report.model_copy(update={"status": "review", "reason": reason + (kept or "")})


def _reason(seen: SeenPages, wanted: Sequence[Wanted]) -> str:
    if all(page.is_scan for page in seen.pages):
        if seen.glyphs >= FEWEST_GLYPHS:
            return _HIDDEN
        return _SCAN if any(page.pictures for page in seen.pages) else _OUTLINES
    parts = (
        (_BAD_TEXT, {one.page for one in wanted if one.bad_text}),
        (_PAGES_ARE_PICTURES, {one.page for one in wanted if not one.bad_text and one.area is None}),
        (_TABLES_ARE_PICTURES, {one.page for one in wanted if one.area is not None}),
    )
    return "".join(text.format(pages="、".join(map(str, sorted(pages)))) for text, pages in parts if pages)
