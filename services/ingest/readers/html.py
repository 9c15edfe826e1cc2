"""Reports published as web pages, saved pages among them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from services.core.errors import RejectedError
from services.core.report import Format, Report
from services.ingest.readers.html_charset import decode_page
from services.ingest.readers.html_grid import Shown, show
from services.ingest.readers.html_page import About, Region, about, find_region
from services.ingest.readers.html_tree import build
from services.ingest.readers.mhtml import is_mhtml, page_of
from services.ingest.readers.places import Places
from services.ingest.readers.reader import Bounds, Read
from services.ingest.readers.readings import all_vouched_for, fewest_open, read_as_dump, read_by_order
from services.ingest.recognise.primitives import Content, Item, Line, TableRow
from services.ingest.recognise.report import is_annual_report, recognise

ENGINE = "html/1"
_MOST_BYTES = 48 * 2**20
_MOST_TEXT = 3_000_000
_FEWEST_CHARACTERS = 30
_FEWEST_BARRED = 3
_BAR = re.compile(r"[|｜]")
_TABLES = {"proactive": "table2", "requests": "table3", "disputes": "table4"}
_NAMES = {"table2": "表二", "table3": "表三", "table4": "表四"}


def read_html(data: bytes, _bounds: Bounds) -> Read:
    """The reports of a web page (HTML, XHTML, or MHTML as browsers save it).

    Raises RejectedError: too_complex, damaged, no_text, not_annual_report.
    """
    if len(data) > _MOST_BYTES:
        raise RejectedError("too_complex", f"网页有{len(data) // 2**20} MB")
    source = page_of(data) if is_mhtml(data) else decode_page(data)
    reading = _read(source, with_hidden=False)
    if not reading.annual:
        hidden = _read(source, with_hidden=True)
        if hidden.annual:
            reading = hidden
    if not reading.annual:
        few = reading.characters < _FEWEST_CHARACTERS
        raise RejectedError("no_text" if few and reading.pictures else "not_annual_report")
    return Read(Format.HTML, ENGINE, _once(reading.reports))


def _once(reports: list[Report]) -> list[Report]:
    """Without a report that the page shows again with the same figures, as sites do for narrow screens."""
    kept: list[Report] = []
    for report in reports:
        if not any(_alike(report, one) for one in kept):
            kept.append(report)
    return kept


def _alike(one: Report, two: Report) -> bool:
    same = (one.table2, one.table3, one.table4) == (two.table2, two.table3, two.table4)
    return (
        same
        and one.year == two.year
        and one.table3 is not None
        and (one.agency or two.agency) == (two.agency or one.agency)
    )


@dataclass(slots=True)
class _Reading:
    reports: list[Report]
    annual: bool
    characters: int
    pictures: bool


def _read(source: str, *, with_hidden: bool) -> _Reading:
    page = build(source, with_hidden=with_hidden)
    shown = show(page)
    characters = sum(len(_text(item)) for item in shown.items)
    if characters > _MOST_TEXT:
        raise RejectedError("too_complex", f"网页有{characters}个字")
    region = find_region(shown)
    content = Content(Format.HTML, region.items)
    reports = recognise(content)
    annual = is_annual_report(content, reports)
    if annual and not all_vouched_for(reports):
        reports = fewest_open(reports, read_by_order(content), _line_by_line(shown, region, source))
    beside = about(page, shown)
    reports = [_complete(report, beside, region, alone=len(reports) == 1) for report in reports]
    return _Reading(reports, annual, characters, bool(shown.pictures))


def _text(item: Item) -> str:
    return item.text if isinstance(item, Line) else "".join(cell.text for cell in item.cells)


def _line_by_line(shown: Shown, region: Region, source: str) -> list[Report]:
    """As a text dump: sites publish tables as lines, a cell or a row in each, with bars or without."""
    if any(isinstance(item, TableRow) and len(item.cells) > 7 for item in region.items):
        return []
    printed = [line for index in region.indices if (line := shown.lines[index]) is not None]
    barred = sum(len(_BAR.findall(line.text)) > 1 for line in printed) >= _FEWEST_BARRED
    if barred:  # in a table of bars a row of two cells has only one, which is none to a dump
        printed = [replace(line, text=_BAR.sub("\t", line.text)) for line in printed]
    return read_as_dump(printed, Places(source))


def _complete(report: Report, beside: About, region: Region, *, alone: bool) -> Report:
    """The report with what the page says beside it, and a reason where its tables are pictures."""
    changes: dict[str, object] = {}
    if alone and not report.agency:
        agency = (beside.title.agency if beside.title else "") or beside.publisher
        changes["agency"] = agency[:200] or None
    if alone and report.year is None and beside.title is not None:
        changes["year"] = beside.title.year
    if alone and report.date is None and not (report.reading and report.reading.date_text):
        changes["date"] = beside.date or None
    pictured = [_NAMES[t] for key, t in _TABLES.items() if region.pictures.get(key) and getattr(report, t) is None]
    if pictured:
        words = f"{'、'.join(pictured)}在网页上是图片，没有可读取的数字。请报送表格为文字的版本。"
        changes |= {"status": "review", "reason": words}
    return report.model_copy(update=changes) if changes else report
