"""Dumps of every kind read back to the last figure, and what cannot be told is marked."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pdfplumber
import pypdfium2
import pytest

from infra.demo.authored import AuthoredReport, consistent
from infra.demo.grids import Grid, table3_grid
from infra.demo.render import render_markdown, render_pdf, render_text
from services.core.report import PROVED, Report
from services.ingest.readers import read_document
from services.ingest.readers.traditional import is_traditional
from tests.unit.ingest import worse_dumps
from tests.unit.ingest.drawn_reports import silent_errors, tables
from tests.unit.ingest.worse_dumps import RENDERERS, TABLES, WIDE, fields, laid_out, wide

AGENCY = "临溪县自然资源和规划局"
SIZES = ("township", "department", "county", "prefecture")
COUNTY = consistent(7, AGENCY, 2024, "county")
BEFORE = consistent(7, AGENCY, 2023, "county")


def authored(seed: int) -> AuthoredReport:
    old = seed % 5 == 4
    return consistent(seed, AGENCY, 2020 if old else 2024, SIZES[seed % 4])  # type: ignore[arg-type]  # the four sizes


def only_report(text: str | bytes) -> Report:
    (report,) = read_document(text if isinstance(text, bytes) else text.encode(), filename="dump").reports
    return report


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", RENDERERS)
def test_a_dump_reads_back_exactly(name: str, seed: int) -> None:
    report = authored(seed)
    read = only_report(RENDERERS[name](report, random.Random(seed)))
    assert (read.status, read.reason, read.uncertain) == ("ok", None, [])
    assert tables(read) == report.tables()
    assert (read.agency, read.year) == (report.agency, report.year)
    assert [section.key for section in read.sections] == [section.key for section in report.form.sections]


def by_pdfium(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    pages = [document[index].get_textpage().get_text_range() for index in range(len(document))]
    document.close()
    return "\f".join(pages)


def by_pdfplumber(data: bytes, *, layout: bool = False) -> str:
    with pdfplumber.open(io.BytesIO(data)) as document:
        return "\n".join(page.extract_text(layout=layout) or "" for page in document.pages)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "extract",
    [by_pdfium, by_pdfplumber, lambda data: by_pdfplumber(data, layout=True)],
    ids=["pdfium", "words", "layout"],
)
def test_the_text_that_other_programs_take_from_a_pdf_reads_back_exactly(
    extract: Callable[[bytes], str], seed: int
) -> None:
    report = authored(seed)
    read = only_report(extract(render_pdf(report, break_rows=seed == 1)))
    assert (read.status, read.reason) == ("ok", None)
    assert tables(read) == report.tables()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n\n", "\f\n").encode(),
        lambda text: text.replace("\n\n", "\u2028").encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("gb18030"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("公开", "公\x07开").replace(" 0", " \x0b0").encode(),
        lambda text: text.replace("信息", "信\u200b息").encode(),
        lambda text: text.replace(" ", "\u00a0").encode(),
        lambda text: text.replace(" ", "\u3000").encode(),
        lambda text: text.translate(str.maketrans("0123456789", "０１２３４５６７８９")).encode(),
        lambda text: re.sub(r"[年月](?=\d)", "", text).encode(),
    ],
    ids=[
        "crlf",
        "feeds",
        "separators",
        "bom",
        "gb18030",
        "utf16",
        "control",
        "zero_width",
        "nbsp",
        "ideographic",
        "full_width",
        "lost_words",
    ],
)
def test_odd_characters_change_no_figure(spoil: Callable[[str], bytes]) -> None:
    read = only_report(spoil(render_text(COUNTY)))
    assert (read.status, tables(read)) == ("ok", COUNTY.tables())


def test_traditional_characters_with_exchanged_words_are_turned_back_in_place() -> None:
    table = str.maketrans(
        "务开请数据关系为项总计业机构组织类处办结转续规范许强废现费额单万决诉讼复议审后维纠国护权属内过执询没补确访举报无当获缴纳区这况进问题县",
        "務開請數據關係為項總計業機構組織類處辦結轉續規範許強廢現費額單萬決訴訟復議審後維糾國護權屬內過執詢沒補確訪舉報無當獲繳納區這況進問題縣",
    )
    text = render_text(COUNTY).replace("信息", "資訊").replace("文件", "檔案").translate(table)
    assert is_traditional(text)
    assert not is_traditional(render_text(COUNTY))
    read = only_report(text)
    assert (read.status, read.agency, tables(read)) == ("ok", AGENCY, COUNTY.tables())
    lines = text.split("\n")
    for path, cell in read.cells.items():
        assert cell.line is not None
        assert cell.column is not None
        assert lines[cell.line - 1][cell.column - 1 :].startswith(cell.text), path


@contextmanager
def heads_exchanged(one: str, two: str) -> Iterator[None]:
    """The renderers print these two heads of table 3 at each other's place."""

    def grid(report: AuthoredReport) -> Grid:
        words = {one: two, two: one}
        whole = table3_grid(report)
        cells = tuple(
            replace(cell, text=words.get(cell.text, cell.text)) if cell.row < whole.head else cell
            for cell in whole.cells
        )
        return replace(whole, cells=cells)

    worse_dumps.TABLES["requests"] = grid
    try:
        yield
    finally:
        worse_dumps.TABLES["requests"] = table3_grid


def columns_exchanged(report: AuthoredReport, one: int, two: int) -> AuthoredReport:
    rows = {key: list(row) for key, row in report.table3.items()}
    for row in rows.values():
        row[one], row[two] = row[two], row[one]
    return replace(report, table3={key: tuple(row) for key, row in rows.items()})


@pytest.mark.parametrize("pair", [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 5)])
def test_columns_in_another_order_are_read_by_their_heads_or_doubted(pair: tuple[int, int]) -> None:
    labels = [column.label for column in COUNTY.form.table3_columns]
    printed = columns_exchanged(COUNTY, *pair)
    with heads_exchanged(labels[pair[0]], labels[pair[1]]):
        for name, render in RENDERERS.items():
            # beside the 勾稽 note the columns of a head in pieces are not to be relied on
            if (name, pair) != ("columned", (0, 1)):
                read = only_report(render(printed, random.Random(5)))
                assert silent_errors(read, COUNTY) == [], name
        assert tables(only_report(RENDERERS["pipes"](printed, random.Random(5)))) == COUNTY.tables()


@pytest.mark.parametrize("render", [render_text, render_markdown], ids=["text", "markdown"])
def test_rows_in_another_order_go_by_their_labels(render: Callable[[AuthoredReport], str]) -> None:
    text = render(COUNTY)
    lines = text.split("\n")
    first = next(index for index, line in enumerate(lines) if "属于行政执法案卷" in line)
    second = next(index for index, line in enumerate(lines) if "属于行政查询事项" in line)
    lines[first], lines[second] = lines[second], lines[first]
    read = only_report("\n".join(lines))
    assert (read.status, tables(read)) == ("ok", COUNTY.tables())


def beside(one: AuthoredReport, two: AuthoredReport, row: Callable[[str, Grid, Grid], list[str]]) -> str:
    """A print that compares two reports: their tables side by side."""
    out = [one.title]
    for section in one.form.sections:
        out.append(section.heading)
        if section.key in TABLES:
            out += row(section.key, TABLES[section.key](one), TABLES[section.key](two))
        else:
            out.append(one.prose[section.key])
    return "\n".join(out)


def with_layout(key: str, one: Grid, two: Grid) -> list[str]:
    left, right = laid_out(one, WIDE[key]), laid_out(two, WIDE[key])
    edge = max(map(wide, left)) + 4
    return [a + " " * (edge - wide(a)) + b for a, b in zip(left, right, strict=True)]


def with_tabs(_key: str, one: Grid, two: Grid) -> list[str]:
    return ["\t".join([*a, *b]) for a, b in zip(fields(one), fields(two), strict=True)]


def with_blanks(_key: str, one: Grid, two: Grid) -> list[str]:
    return [" ".join(text for text in [*a, *b] if text) for a, b in zip(fields(one), fields(two), strict=True)]


@pytest.mark.parametrize("row", [with_layout, with_tabs, with_blanks])
@pytest.mark.parametrize("order", [(COUNTY, BEFORE), (BEFORE, COUNTY)], ids=["this_first", "last_first"])
def test_of_two_tables_side_by_side_none_is_taken_for_the_report(
    row: Callable[[str, Grid, Grid], list[str]], order: tuple[AuthoredReport, AuthoredReport]
) -> None:
    for read in read_document(beside(*order, row).encode(), filename="dump").reports:
        assert read.status != "ok"
        for report in order:
            assert silent_errors(read, report) == []


def test_blanks_between_thousands_join_where_the_sums_leave_one_way() -> None:
    large = consistent(3, AGENCY, 2024, "prefecture")
    text = re.sub(r"(?<= )\d{4,6}(?=[ \n])", lambda m: f"{int(m[0]):,}".replace(",", " "), render_text(large))
    assert re.search(r"\d \d{3} ", text)
    read = only_report(text)
    assert silent_errors(read, large) == []
    assert read.table3 is not None
    assert read.table3.rows["new"] == list(large.table3["new"])


def test_an_item_number_parted_from_its_label_keeps_the_figures_for_the_label_below() -> None:
    text = render_markdown(COUNTY, repeated=False)
    apart, found = re.subn(r"1\. 属于国家秘密((?:\t\d+)+)", r"(1)\1\n\t\t属于国家秘密\t", text)
    read = only_report(apart)
    assert (found, read.status) == (1, "ok")
    assert tables(read) == COUNTY.tables()


def test_the_item_number_of_another_row_names_no_label_below() -> None:
    text = render_markdown(COUNTY, repeated=False)
    read = only_report(re.sub(r"1\. 属于国家秘密((?:\t\d+)+)", r"(4)\1\n\t\t属于国家秘密\t", text))
    assert read.status == "review"
    assert silent_errors(read, COUNTY) == []


def test_a_label_that_is_only_part_of_the_form_s_is_never_proved() -> None:
    text = render_markdown(COUNTY, repeated=False).replace("4. 保护第三方合法权益", "4. 保护第三方合法")
    cells = only_report(text).cells
    confidences = {path: cell.confidence for path, cell in cells.items() if path.startswith("table3.deny_third_party.")}
    assert len(confidences) == 7
    assert max(confidences.values()) < PROVED


def test_a_label_that_is_only_like_the_form_s_is_doubtful() -> None:
    text = render_markdown(COUNTY, repeated=False).replace("4. 保护第三方合法权益", "4. 保护第三方合法利益")
    read = only_report(text)
    assert {path.split(".")[1] for path in read.uncertain} == {"deny_third_party"}


@pytest.mark.parametrize(
    ("head", "label", "share"),
    [
        ("本年收费金额（单位：元）", "行政事业性收费", 10_000),
        ("本年收费金额", "行政事业性收费（元）", 10_000),
        ("本年收费金额（单位：万元）", "行政事业性收费", 1),
        ("本年收费金额", "行政事业性收费（单位：万元）", 1),
    ],
)
def test_the_unit_of_fees_is_that_of_head_or_label(head: str, label: str, share: int) -> None:
    report = replace(COUNTY, table2={**COUNTY.table2, "fees": 123400})
    for render in (
        render_text,
        render_markdown,
        lambda one: RENDERERS["columned"](one, random.Random(1)),
    ):
        text = (
            render(report)
            .replace("本年收费金额（单位：万元）", "@")
            .replace("行政事业性收费", label)
            .replace("@", head)
        )
        read = only_report(text)
        assert "table2.fees" not in read.uncertain
        assert read.figure("table2.fees") == Decimal(123400) / share


@pytest.mark.parametrize(
    ("head", "label"),
    [("本年收费金额（单位：元）", "行政事业性收费（万元）"), ("本年收费金额（单位：亿元）", "行政事业性收费")],
)
def test_units_that_contradict_or_are_unusual_are_doubted(head: str, label: str) -> None:
    report = replace(COUNTY, table2={**COUNTY.table2, "fees": 12})
    text = (
        render_markdown(report)
        .replace("本年收费金额（单位：万元）", "@")
        .replace("行政事业性收费", label)
        .replace("@", head)
    )
    assert "table2.fees" in only_report(text).uncertain
