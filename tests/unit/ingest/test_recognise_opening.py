"""Title, sections, date and signature under the irregularities of real reports."""

from __future__ import annotations

import pytest

from infra.demo.authored import consistent
from infra.demo.render import render_markdown, render_text
from services.core.report import Report
from services.ingest.readers import read_document
from tests.unit.ingest.drawn_reports import tables

AUTHORED = consistent(7, "临溪县教育局", 2024, "county")
TEXT = render_text(AUTHORED)
MARKDOWN = render_markdown(AUTHORED)
HEADINGS = [section.heading for section in AUTHORED.form.sections]
KEYS = [section.key for section in AUTHORED.form.sections]
BODY = TEXT.index("根据")


def read(text: str) -> Report:
    (report,) = read_document(text.encode(), filename="dump").reports
    return report


@pytest.mark.parametrize(
    "head",
    [
        "临溪县教育局2024年政府信息公开工作年度报告",
        "临溪县教育局\n\n2024年政府信息公开工作年度报告",
        "临溪县\n\n教育局\n\n2024年政府信息公开工作年度报告",
        "临 溪 县 教 育 局\n\n２ ０ ２ ４ 年 政 府 信 息 公 开\n\n工 作 年 度 报 告",
        "临溪县教育局关于2024年度政府信息公开工作的年度报告",
        "临溪县教育局2024年政府信息公开工作年度报告（公开稿）",
        "2024年度临溪县教育局政府信息公开工作年度报告",
        "2024年临溪县教育局政府信息公开工作年度报告",
        "临教字〔2025〕3号\n\n临溪县教育局2024年政府信息公开工作年度报告",
        "临溪县教育局文件\n\n临教字〔2025〕3号\n\n临溪县教育局\n\n2024年政府信息公开工作年度报告",
        "〔临溪市〕\n\n临溪县教育局2024年政府信息公开工作年度报告",
        "附件1\n\n临溪县教育局2024年政府信息公开工作年度报告\n\n（2025年1月20日）",
        "索 引 号: 01234/2025-001\n发布机构: 临溪县教育局\n临溪县教育局2024年政府信息公开工作年度报告",
        "临溪县教育局二〇二四年政府信息公开工作年度报告",
        "# **临溪县教育局2024年政府信息公开工作年度报告**",
        "标题：临溪县教育局2024年政府信息公开工作年度报告",
    ],
)
def test_body_and_year_of_a_title(head: str) -> None:
    report = read(f"{head}\n\n{TEXT[BODY:]}")
    assert (report.agency, report.year) == ("临溪县教育局", 2024)


@pytest.mark.parametrize("text", [TEXT, MARKDOWN], ids=["text", "markdown"])
@pytest.mark.parametrize(
    "titles",
    [
        [heading[2:] for heading in HEADINGS],
        [f"{heading}：" for heading in HEADINGS],
        [f"{number}、{heading[2:]}" for number, heading in enumerate(HEADINGS, 1)],
        [f"（{heading[0]}）{heading[2:]}" for heading in HEADINGS],
        [f"第{heading[0]}部分 {heading[2:]}" for heading in HEADINGS],
        [" ".join(heading) for heading in HEADINGS],
        [
            "一、2023年政务公开总体情况",
            "三、行政机关主动公开政府信息情况",
            "四、收到和处理政府信息公开的申请情况",
            "五、因政府信息公开工作被申请行政复议、提起行政诉讼情况",
            "六、政府信息公开工作存在的主要问题及整改措施",
            "七、需要报告的其他事项",
        ],
    ],
    ids=["bare", "colon", "arabic", "brackets", "parts", "blanks", "shifted"],
)
def test_sections_are_found_by_their_words(text: str, titles: list[str]) -> None:
    for heading, title in zip(HEADINGS, titles, strict=True):
        text = text.replace(heading, title)
    report = read(text)
    assert [section.key for section in report.sections] == KEYS
    assert tables(report) == AUTHORED.tables()
    prose = {section.key: section.text for section in report.sections}
    assert prose["other_matters"].endswith("无其他需要报告的事项。")
    assert prose["problems"].startswith("存在的主要问题：")
    assert (report.date, report.reading.signature if report.reading else None) == ("2025-01-08", "临溪县教育局")


@pytest.mark.parametrize("dots", ["", "……3", " 3"])
def test_a_table_of_contents_is_no_section(dots: str) -> None:
    contents = "\n\n".join(f"{heading}{dots}" for heading in HEADINGS)
    report = read(TEXT.replace(HEADINGS[0], f"目录\n\n{contents}\n\n{HEADINGS[0]}", 1))
    assert [section.key for section in report.sections] == KEYS
    assert [section.title for section in report.sections] == HEADINGS
    assert tables(report) == AUTHORED.tables()


def test_headings_over_two_lines_and_in_front_of_their_text() -> None:
    text = TEXT
    for heading in HEADINGS[2:4]:
        text = text.replace(heading, f"{heading[:13]}\n{heading[13:]}")
    text = text.replace(f"{HEADINGS[4]}\n\n", f"{HEADINGS[4]}。").replace(f"{HEADINGS[5]}\n\n", f"{HEADINGS[5]}　　")
    report = read(text)
    assert [section.key for section in report.sections] == KEYS
    assert tables(report) == AUTHORED.tables()
    assert {section.key: section.text for section in report.sections}["other_matters"].startswith("本年度未收取")


@pytest.mark.parametrize("lost", [*HEADINGS[1:4], "all"])
def test_tables_are_read_where_their_heading_is_lost(lost: str) -> None:
    for text in (TEXT, MARKDOWN):
        for heading in HEADINGS if lost == "all" else [lost]:
            text = text.replace(heading, "")  # noqa: PLW2901 - each heading is taken from the same text
        assert tables(read(text)) == AUTHORED.tables()


@pytest.mark.parametrize(
    ("printed", "date"),
    [
        ("二〇二五年一月二十日", "2025-01-20"),
        ("2025.1.20", "2025-01-20"),
        ("2025-01-20", "2025-01-20"),
        ("2025 年 1 月 2 0 日", "2025-01-20"),
        ("2025 月 1 月 20 日", None),
        ("2025年2月30日", None),
        ("2025年1月", None),
        ("2025120日", None),
    ],
)
def test_the_date_as_printed_and_as_a_day_where_it_is_one(printed: str, date: str | None) -> None:
    report = read(TEXT.replace(AUTHORED.date_text, printed))
    assert report.date == date
    assert report.reading is not None
    assert report.reading.date_text == printed
    assert report.reading.signature == "临溪县教育局"


def test_rows_of_table_3_are_no_sections() -> None:
    report = read(TEXT)
    assert not any("结转" in section.title or "本年度办理结果" in section.title for section in report.sections)


@pytest.mark.parametrize("dump", [TEXT, MARKDOWN], ids=["text", "markdown"])
def test_the_prose_before_the_first_section_is_kept(dump: str):
    reading = read(dump).reading
    assert reading is not None
    kept = "".join(reading.opening.split())
    assert kept.startswith("根据《中华人民共和国政府信息公开条例》")
    assert kept.endswith("office@example.test）。")


def test_a_report_that_begins_with_its_first_section_has_no_opening():
    reading = read(TEXT[:BODY] + TEXT[TEXT.index(HEADINGS[0]) :]).reading
    assert reading is not None
    assert reading.opening == ""
