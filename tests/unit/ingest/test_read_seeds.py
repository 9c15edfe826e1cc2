"""Two reports as they were published, kept beside the repository and never copied into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.core.form import form
from services.core.report import Document, Format, Report
from services.ingest.readers import read_document

SEEDS = Path(__file__).parents[4] / "shared" / "seeds"
TOWNSHIP = SEEDS / "000_758bb41bcdd076d3.txt"
OFFICE = SEEDS / "002_462e371033513210.txt"

pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="the folder ../shared/seeds is not beside this repository")

ZERO_TABLE3 = {key: [0] * 7 for key in form("2021").row_keys}
ZERO_TABLE4 = {
    block: dict.fromkeys(("upheld", "corrected", "other", "pending", "total"), 0)
    for block in ("review", "direct", "after_review")
}
SIX = ["overview", "proactive", "requests", "disputes", "problems", "other_matters"]


def document(path: Path) -> Document:
    return read_document(path.read_bytes(), filename=path.name)


def only_report(path: Path) -> Report:
    (report,) = document(path).reports
    return report


@pytest.mark.parametrize("path", [TOWNSHIP, OFFICE], ids=["township", "office"])
def test_every_figure_is_found_vouched_for_and_has_its_place(path: Path) -> None:
    report = only_report(path)
    assert (report.status, report.reason, report.uncertain) == ("ok", None, [])
    assert report.table3 is not None
    assert report.table3.rows == ZERO_TABLE3
    assert report.table4 == ZERO_TABLE4
    assert report.layout.model_dump() == {"table2": "2021", "table3": "2021", "table4": "2021"}
    assert len(report.cells) == 200
    lines = path.read_text(encoding="utf-8").split("\n")
    for cell_path, cell in report.cells.items():
        assert cell.line is not None
        assert cell.column is not None
        start = cell.column - 1
        assert lines[cell.line - 1][start : start + len(cell.text)] == cell.text, cell_path


def test_the_township_report() -> None:
    report = only_report(TOWNSHIP)
    assert document(TOWNSHIP).format is Format.TEXT
    assert (report.agency, report.year, report.date) == ("塔城乡人民政府", 2024, None)
    assert report.table2 == {
        "regulations": [0, 0, 0],
        "normative_docs": [0, 0, 0],
        "licences": 10,
        "penalties": 11,
        "coercion": 0,
        "fees": 0,
    }
    assert [section.key for section in report.sections] == SIX
    assert report.reading is not None
    assert report.reading.date_text is None
    assert report.reading.signature is None
    assert report.reading.period is None
    assert report.reading.contact == {}
    assert report.reading.labels["deny_safety"] == "3.危及 “三安全一稳定”"
    assert report.reading.row_widths == {}


def test_the_township_prose_is_joined_over_lines_and_pages() -> None:
    report = only_report(TOWNSHIP)
    text = {section.key: section.text for section in report.sections}
    assert "公示事项 21 件；新增广播电视" in text["overview"].replace("\n", "")
    assert "也能各司其职" not in text["overview"]
    assert "共同深化政务公开工作。二是建立村级机构" in text["overview"]
    assert text["problems"].startswith("回顾 2024 年政务信息公开工作")
    assert "不够及时全面及时" in text["problems"]
    assert text["other_matters"] == "未收取信息处理费、无减免情况，无其他需要报告的事项。"
    assert all(text[key] == "" for key in ("proactive", "requests", "disputes"))


def test_the_office_report() -> None:
    report = only_report(OFFICE)
    assert document(OFFICE).format is Format.MARKDOWN
    assert (report.agency, report.year, report.date) == ("塔城地区行署外事办公室", 2024, None)
    assert report.table2 == {
        "regulations": [0, 0, 0],
        "normative_docs": [0, 0, 0],
        "licences": 0,
        "penalties": 0,
        "coercion": 0,
        "fees": 0,
    }
    assert [section.key for section in report.sections] == SIX
    reading = report.reading
    assert reading is not None
    assert reading.period == ("2024-01-01", "2024-12-31")
    assert reading.date_text == "2025 月 1 月 20 日"
    assert reading.signature == "塔城地区行署外事办公室"
    assert reading.labels["normative_docs"] == "规范性文件"
    assert reading.labels["reject_confirm"] == "5. 要求行政机关确认或重新出具已获取信息"
    assert reading.contact["telephone"] == "0901-6223328"
    assert reading.contact["postcode"] == "834700"
    assert "email" not in reading.contact


def test_the_office_rows_after_the_page_break_hold_more_than_seven_figures() -> None:
    reading = only_report(OFFICE).reading
    assert reading is not None
    after_the_break = ("other_no_correction", "other_no_fee", "other_other", "total", "carried_out")
    assert reading.row_widths == {f"table3.{key}": 12 for key in after_the_break}


def test_the_same_bytes_in_the_national_encoding_read_the_same() -> None:
    recoded = TOWNSHIP.read_text(encoding="utf-8").encode("gb18030")
    (report,) = read_document(recoded, filename="gbk.txt").reports
    assert report == only_report(TOWNSHIP)
