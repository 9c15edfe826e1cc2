"""What reading costs: it grows with the pages of a document and with nothing else."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from infra.demo.authored import consistent
from infra.demo.press import FONT
from infra.demo.render import render_pdf
from services.core.errors import RejectedError
from services.ingest.readers import read_document, second_opinion
from services.platform.settings import Settings
from tests.unit.ingest.drawn_reports import AGENCY, line
from tests.unit.ingest.test_pdf_rendered import rebound

REPORT = render_pdf(consistent(3, AGENCY, 2024))
PAGES = 4


def cpu_seconds(read: Callable[[], object], *, times: int) -> float:
    """The least CPU time of several runs: what the work needs when the machine leaves it in peace."""
    spent = []
    for _ in range(times):
        began = time.thread_time()
        read()
        spent.append(time.thread_time() - began)
    return min(spent)


def test_a_page_of_a_long_document_costs_what_a_page_of_a_short_one_costs() -> None:
    short, long = rebound([REPORT] * 3), rebound([REPORT] * 30)
    few = cpu_seconds(lambda: read_document(short, filename="short.pdf"), times=5) / 3
    many = cpu_seconds(lambda: read_document(long, filename="long.pdf"), times=2) / 30
    assert many < 2 * few


def page_of_prose() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    line(canvas, "附件：本机关一年来主动公开的文件目录和会议情况。", 700)
    canvas.save()
    return out.getvalue()


def test_nine_hundred_pages_are_refused_at_once_and_read_within_the_limits_where_they_are_allowed() -> None:
    data = rebound([REPORT, *[page_of_prose()] * (900 - PAGES)])
    began = time.thread_time()
    with pytest.raises(RejectedError) as caught:
        read_document(data, filename="volume.pdf")
    assert time.thread_time() - began < 1
    assert caught.value.reason.code == "too_many_pages"
    assert caught.value.detail == "900页，上限300页"
    began = time.thread_time()
    (report,) = read_document(data, filename="volume.pdf", max_pages=900).reports
    assert time.thread_time() - began < Settings().reader_cpu_seconds
    assert report.status == "ok", report.reason


def one_row_again_and_again(rows: int) -> bytes:
    """A ruled page on which each row is the first of table 3, with sums that are wrong."""
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.setFont(FONT, 8)
    canvas.drawString(60, 820, f"{AGENCY}2024年政府信息公开工作年度报告")
    xs, ys = [60.0, 240.0, *(240.0 + 40 * i for i in range(1, 8))], [800.0 - 15 * i for i in range(rows + 1)]
    for x in xs:
        canvas.line(x, ys[0], x, ys[-1])
    for y in ys:
        canvas.line(xs[0], y, xs[-1], y)
    for top in ys[:-1]:
        canvas.drawString(64, top - 11, "一、本年新收政府信息公开申请数量")
        for x in xs[1:-1]:
            canvas.drawCentredString(x + 20, top - 11, "7")
    canvas.save()
    return out.getvalue()


def test_the_second_engine_parses_a_page_once_however_many_reports_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []

    class Counted(second_opinion._Page):
        def __init__(self, page: Any, turn: int, *, loose: bool) -> None:
            parsed.append(page.page_number)
            super().__init__(page, turn, loose=loose)

    monkeypatch.setattr(second_opinion, "_Page", Counted)
    reports = read_document(one_row_again_and_again(30), filename="x.pdf").reports
    assert len(reports) == 30
    assert parsed == [1]
