"""Reports on web pages: every figure, however the site wraps it, with the place where it stands in the source."""

from __future__ import annotations

import base64
import html
import quopri
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.demo.authored import AuthoredReport, consistent
from infra.demo.grids import Grid, GridCell
from services.core.errors import RejectedError
from services.core.report import DOUBTFUL, Format, Report
from services.ingest.readers import read_document
from tests.unit.ingest.drawn_reports import silent_errors, tables
from tests.unit.ingest.web_reports import Site, plain_cell, publish, table

AGENCY = "临溪县石桥镇人民政府"
AUTHORED = consistent(4, AGENCY, 2024)


def only_report(page: str | bytes) -> Report:
    data = page.encode() if isinstance(page, str) else page
    document = read_document(data, filename="x")
    assert document.format is Format.HTML
    (report,) = document.reports
    return report


def read_whole(page: str | bytes, authored: AuthoredReport = AUTHORED) -> Report:
    """The report of a page that must be read to the last figure, with everything around the tables."""
    report = only_report(page)
    assert (report.status, report.reason) == ("ok", None)
    assert tables(report) == authored.tables()
    assert len(report.cells) == len(authored.paths())
    assert (report.agency, report.year) == (authored.agency, authored.year)
    assert report.date == f"{authored.year + 1}-01-{int(authored.date_text.split('月')[1].rstrip('日')):02d}"
    assert [section.key for section in report.sections] == [section.key for section in authored.form.sections]
    for section in report.sections:
        assert section.text == authored.prose.get(section.key, ""), section.key
    assert report.reading is not None
    assert report.reading.signature == authored.signature
    return report


def at(source: str, report: Report, path: str, length: int) -> str:
    cell = report.cells[path]
    assert cell.line is not None
    assert cell.column is not None
    return source.split("\n")[cell.line - 1][cell.column - 1 :][:length]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("layout", ["2019", "2021"])
def test_a_published_report_reads_back_exactly_and_each_place_holds_its_figure(seed: int, layout: str) -> None:
    authored = consistent(seed, AGENCY, 2020 + seed % 5, layout=layout)
    source = publish(authored)
    report = read_whole(source, authored)
    for path, cell in report.cells.items():
        assert at(source, report, path, len(cell.text)) == cell.text, path


def word_cell(cell: GridCell) -> str:
    """As word processors write a cell: a paragraph of many spans, an empty one for nothing."""
    if not cell.text:
        return "<p class=MsoNormal><span lang=EN-US><o:p>&nbsp;</o:p></span></p>"
    cut = len(cell.text) // 2
    pieces = "".join(
        f"<span\nstyle='font-size:10.5pt;mso-ascii-font-family:\"Times New Roman\"'>{html.escape(piece)}</span>"
        for piece in (cell.text[:cut], cell.text[cut:])
        if piece
    )
    return f"\n<p class=MsoNormal align=center\nstyle='text-align:center'>{pieces}<span lang=EN-US><o:p></o:p></span></p>\n"


def spaced_cell(cell: GridCell) -> str:
    """Blanks of all widths around and, in words, inside; zero-width characters of web editors in figures."""
    text = cell.text
    if cell.path:
        return f"&nbsp;&#8203;\u3000{text}\ufeff&emsp; "
    return "\u3000".join(text[:2]) + "&nbsp; <br>\n" + "<br/>".join(html.escape(text[2:]))


def unclosed(grid: Grid) -> str:
    return re.sub(r"</t[dr]>", "", table(grid)).replace("<table>", "<TABLE border=1>").replace("<tr>", "<TR>")


def sectioned(grid: Grid) -> str:
    """The last rows in a foot that stands first in the source; the head in a part of its own."""
    whole = table(grid)
    rows = re.findall(r"<tr>.*?</tr>", whole)
    head, body, foot = rows[: grid.head], rows[grid.head : -1], rows[-1:]
    if not grid.head:
        return whole
    return (
        f"<table><caption>单位：件</caption><colgroup><col><col></colgroup><tfoot>{''.join(foot)}</tfoot>"
        f"<thead>{''.join(head)}</thead><tbody>{''.join(body)}</tbody></table>"
    )


def endless_spans(grid: Grid) -> str:
    """The rows of 三、本年度办理结果 in a part of their own, in which their head spans as many rows as can be written."""
    whole = table(grid)
    start = re.search(r'<tr><td rowspan="2\d">', whole)
    if start is None:
        return whole
    last = whole.rindex("<tr>")
    body = whole[start.start() : last].replace(start[0], '<tr><td rowspan="65534">')
    return f"{whole[: start.start()]}<tbody>{body}<tbody>{whole[last:]}"


def as_entities(cell: GridCell) -> str:
    return "".join(f"&#{ord(char)};" for char in cell.text)


def full_width(cell: GridCell) -> str:
    return cell.text.translate({ord("0") + n: 0xFF10 + n for n in range(10)}) if cell.path else plain_cell(cell)


def entry_field(cell: GridCell) -> str:
    if not cell.path:
        return plain_cell(cell)
    return f'<input type="hidden" value="999"><input readonly type=text name="f" value="{cell.text}" size=4>'


def own_table(cell: GridCell) -> str:
    return f"<table><tr><td>{plain_cell(cell)}</td></tr></table>" if cell.path else plain_cell(cell)


TABLES = {
    "word processor": lambda grid: table(grid, word_cell),
    "blanks and breaks": lambda grid: table(grid, spaced_cell),
    "nothing closed": unclosed,
    "head and foot apart": sectioned,
    "heading cells": lambda grid: table(grid).replace("<td", "<th").replace("</td", "</th"),
    "entities": lambda grid: table(grid, as_entities),
    "full width": lambda grid: table(grid, full_width),
    "entry fields": lambda grid: table(grid, entry_field),
    "a table in each cell": lambda grid: table(grid, own_table),
    "comments": lambda grid: table(grid, lambda c: f"<!-- 9 -->{plain_cell(c)}<!--[if mso]>7<![endif]-->"),
    "scripts": lambda grid: table(grid, lambda c: f"<script>w('<td>3</td>')</script>{plain_cell(c)}<style>b{{}}</style>"),
    "hidden parts": lambda grid: table(grid, lambda c: f"{plain_cell(c)}<i style='display : none'>8</i><b hidden>5</b>"),
    "hidden cells": lambda grid: table(grid).replace("</td>", '</td><td style="DISPLAY:none">77</td>'),
    "hidden rows": lambda grid: table(grid).replace("<tr>", "<tr hidden><td>规章<td>9<td>9<td>9</tr><tr>"),
    "tags in capitals": lambda grid: re.sub(r"<[^>]*>", lambda match: match[0].upper(), table(grid)),
    "cells set apart": lambda grid: table(grid).replace("><", ">\n\t <"),
    "empty rows": lambda grid: table(grid).replace("<table>", "<table><tr></tr>").replace("</table>", "<tr></tr></table>"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("seed", [2, 4, 11])
def test_no_way_of_writing_a_table_costs_a_figure(kind: str, seed: int) -> None:
    authored = consistent(seed, AGENCY, 2024)
    read_whole(publish(authored, Site(tables=TABLES[kind])), authored)


@pytest.mark.parametrize("kind", ["entities", "entry fields", "word processor", "blanks and breaks"])
def test_the_place_of_a_wrapped_figure_is_where_its_text_begins(kind: str) -> None:
    authored = consistent(4, AGENCY, 2024)
    source = publish(authored, Site(tables=TABLES[kind]))
    report = only_report(source)
    for path, cell in report.cells.items():
        first = f"&#{ord(cell.text[0])};" if kind == "entities" else cell.text[0]
        assert at(source, report, path, len(first)) == first, path


@pytest.mark.parametrize("span", ["65534", "0"])
def test_a_span_beyond_the_end_ends_with_its_part_of_the_table(span: str) -> None:
    source = publish(AUTHORED, Site(tables=endless_spans)).replace("65534", span)
    assert f'rowspan="{span}"' in source
    read_whole(source)


@pytest.mark.parametrize(
    "junk", ['colspan="x"', 'colspan="-3"', 'colspan=""', 'colspan="0"', 'rowspan="1.5" colspan=" 1 "']
)
def test_a_span_that_is_no_number_is_one_cell(junk: str) -> None:
    read_whole(publish(AUTHORED).replace("<td>", f"<td {junk}>"))


def test_lost_spans_leave_the_figures_in_their_order() -> None:
    source = publish(AUTHORED, Site(tables=lambda grid: table(grid, attributes=lambda _: "")))
    report = only_report(source)
    assert (report.status, tables(report)) == ("ok", AUTHORED.tables())


def nested(report: AuthoredReport, body: str) -> str:
    """An old portal: five layout tables in one another, menus, a metadata block, footers, scripts, a list of others."""
    menu = "".join(f'<td><a href="/{n}">栏目{n}</a></td>' for n in range(8))
    others = "".join(f"<li><a>邻县{n}镇人民政府2023年政府信息公开工作年度报告</a></li>" for n in range(12))
    block = (
        "<table><tr><td>索 引 号：</td><td>AA0123/2025-00007</td><td>发布机构：</td><td>县政府办公室</td></tr>"
        "<tr><td>名　　称：</td><td>年度报告</td><td>发布日期：</td><td>2025-01-31</td></tr></table>"
    )
    foot = "<tr><td>版权所有：云岭市人民政府 电话：0900-1234567<br>云ICP备00000000号</td></tr>"
    return (
        f"<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\"><html><head><title>x</title><script>document.write('<table>');"
        f"</script><style>td{{}}</style></head><body><table><tr>{menu}</tr></table><noscript>请启用脚本</noscript>"
        f"<ul>{others}</ul><table width=1000><tr><td width=200><ul>{others}</ul></td><td><table><tr><td>{block}"
        f"<table><tr><td><table><tr><td>{body}</td></tr></table></td></tr></table></td></tr></table></td></tr>{foot}</table>"
        f"<div>主办：云岭市人民政府办公室 邮箱：web@example.gov.cn</div><ul>{others}</ul><script>f('</td>')</script></body></html>"
    )


@pytest.mark.parametrize("kind", ["word processor", "nothing closed", "head and foot apart"])
def test_a_report_within_layout_tables_menus_and_footers_is_found_alone(kind: str) -> None:
    report = read_whole(publish(AUTHORED, Site(tables=TABLES[kind], around=nested)))
    assert report.reading is not None
    assert report.reading.title == AUTHORED.title
    assert "email" not in report.reading.contact or report.reading.contact["email"] != "web@example.gov.cn"


def flat(report: AuthoredReport, body: str) -> str:
    """A page on which menu, report and footer stand side by side in one element."""
    menu = "".join(f"<p>栏目{n}</p>" for n in range(90))
    return (
        f"<html><body>{menu}{body}<p>上一篇：没有了</p><p>主办：云岭市人民政府 联系电话：0900-1234567</p></body></html>"
    )


def test_menu_and_footer_in_the_same_element_are_told_by_their_words() -> None:
    report = read_whole(publish(AUTHORED, Site(around=flat)))
    assert report.reading is not None
    assert report.reading.contact.get("telephone") != "0900-1234567"


def test_a_title_above_the_body_and_a_signature_below_it_belong_to_the_report() -> None:
    def apart(report: AuthoredReport, body: str) -> str:
        return (
            f"<body><div class=nav><p>首页</p><p>信息公开</p></div><div><h1>{report.agency}<br>{report.year}年政府信息公开工作年度报告"
            f"</h1><div class=info>发布时间：2025-02-11 浏览次数：7</div></div><div><div>{body}</div><div><p>{report.signature}</p>"
            f"<p>{report.date_text}</p></div></div><div>版权所有 某某</div></body>"
        )

    read_whole(publish(AUTHORED, Site(around=apart, title=False, ending=False)))


def test_what_the_body_leaves_out_is_taken_from_head_and_metadata() -> None:
    def bare(report: AuthoredReport, body: str) -> str:
        return (
            f'<head><meta name="ArticleTitle" content="{report.title}"><meta name="PubDate" content="2025-01-22 10:00">'
            f"<title>{report.title}_云岭市人民政府</title></head><body>{body}</body>"
        )

    report = only_report(publish(AUTHORED, Site(around=bare, title=False, ending=False)))
    assert (report.agency, report.year, report.date) == (AGENCY, 2024, "2025-01-22")
    assert tables(report) == AUTHORED.tables()


def test_a_title_without_a_name_takes_the_publisher() -> None:
    def block(report: AuthoredReport, body: str) -> str:
        return (
            f"<body><table><tr><td>索引号</td><td>77</td></tr><tr><td>发布机构</td><td>{report.agency}</td></tr><tr>"
            f"<td>公开日期</td><td>2025年1月9日</td></tr></table><h2>2024年政府信息公开工作年度报告</h2>{body}</body>"
        )

    report = only_report(publish(AUTHORED, Site(around=block, title=False, ending=False)))
    assert (report.agency, report.year, report.date) == (AGENCY, 2024, "2025-01-09")


def test_a_whole_report_pasted_into_one_table_is_headings_prose_and_tables() -> None:
    def row(text: str) -> str:
        return f"<tr><td colspan=16>{html.escape(text)}</td></tr>"

    def rows(grid: Grid) -> str:
        return table(grid).removeprefix("<table>").removesuffix("</table>")

    read_whole(
        publish(
            AUTHORED,
            Site(tables=rows, paragraph=row, around=lambda _, body: f"<body><table>{body}</table></body>"),
        )
    )


def one_table_a_row(grid: Grid) -> str:
    """As some converters leave it: each row a table of its own under invented heads."""
    rows = re.findall(r"<tr>(.*?)</tr>", table(grid))
    return "".join(
        f"<table><tr>{''.join(f'<th>数据{n}</th>' for n in range(1, 1 + row.count('<td')))}</tr><tr>{row}</tr></table>"
        for row in rows
        if row
    )


@pytest.mark.parametrize("seed", range(4))
def test_rows_in_tables_of_their_own_are_put_together(seed: int) -> None:
    authored = consistent(seed, AGENCY, 2024)
    report = only_report(publish(authored, Site(tables=one_table_a_row)))
    assert (report.status, tables(report)) == ("ok", authored.tables())


def in_lines(grid: Grid, glue: str, close: str) -> str:
    rows = re.findall(r"<tr>(.*?)</tr>", table(grid))
    lines = [glue.join(re.findall(r"<td[^>]*>(.*?)</td>", row)) for row in rows]
    return f"<p>{close.join(lines)}</p>"


@pytest.mark.parametrize("seed", range(4))
def test_a_table_as_lines_with_bars_is_read(seed: int) -> None:
    authored = consistent(seed, AGENCY, 2024)
    source = publish(authored, Site(tables=lambda grid: in_lines(grid, " | ", "<br>")))
    report = only_report(source)
    assert (report.status, tables(report)) == ("ok", authored.tables())
    for path, cell in report.cells.items():
        assert at(source, report, path, len(cell.text)) == cell.text, path


@pytest.mark.parametrize("seed", range(4))
def test_a_table_whose_cells_are_lines_is_read_or_marked(seed: int) -> None:
    authored = consistent(seed, AGENCY, 2024)
    source = publish(authored, Site(tables=lambda grid: in_lines(grid, "</p>\n<p>", "</p>\n<p>")))
    report = only_report(source)
    assert silent_errors(report, authored) == []
    assert report.table3 is not None
    assert {"rows": report.table3.rows} == authored.tables()["table3"]
    for path, cell in report.cells.items():
        assert at(source, report, path, len(cell.text)) == cell.text, path


def test_markup_tables_in_markdown_leave_its_lines_alone() -> None:
    source = publish(AUTHORED, Site(paragraph=lambda text: f"{text}\n", around=lambda _, body: body))
    read_whole(source)


def test_tables_as_pictures_are_left_to_people_with_the_reason() -> None:
    source = publish(AUTHORED, Site(tables=lambda _: '<p><img src="table.png" alt="表"></p>'))
    report = only_report(source)
    assert report.status == "review"
    assert report.reason == "表二、表三、表四在网页上是图片，没有可读取的数字。请报送表格为文字的版本。"
    assert (report.agency, report.year, len(report.sections)) == (AGENCY, 2024, 6)
    assert (report.table2, report.table3, report.table4) == (None, None, None)


def test_one_table_as_a_picture_leaves_the_others_readable() -> None:
    source = publish(AUTHORED, Site(only=("proactive", "requests")))
    source = re.sub(r"(<p>四、[^<]*</p>)", r"\1<img src=a.png>", source, count=1)
    report = only_report(source)
    assert (report.status, report.table4) == ("review", None)
    assert report.reason is not None
    assert report.reason.startswith("表四在网页上是图片")
    assert tables(report) == AUTHORED.tables() | {"table4": None}


def test_a_page_of_nothing_but_pictures_has_no_text() -> None:
    with pytest.raises(RejectedError) as caught:
        only_report("<html><body><img src=1.jpg><img src=2.jpg></body></html>")
    assert caught.value.reason.code == "no_text"


ORNAMENTS = {
    "struck": ("{}<del>9</del>", "单元格里有被划去的文字"),
    "struck by style": ("<span style='text-decoration: line-through'>9</span>{}", "单元格里有被划去的文字"),
    "raised": ("{}<sup>2</sup>", "数字旁有上标或下标"),
    "lowered by style": ("{}<span style='vertical-align:sub'>1</span>", "数字旁有上标或下标"),
    "undecodable": ("{}\ufffd", "单元格里有无法识别的字符"),
}


@pytest.mark.parametrize("kind", ORNAMENTS)
def test_a_figure_with_struck_raised_or_broken_characters_is_not_vouched_for(kind: str) -> None:
    ornament, why = ORNAMENTS[kind]

    def cell(one: GridCell) -> str:
        return ornament.format(one.text) if one.path == "table2.licences" else plain_cell(one)

    report = only_report(publish(AUTHORED, Site(tables=lambda grid: table(grid, cell))))
    assert report.uncertain == ["table2.licences"]
    assert report.reading is not None
    assert report.reading.uncertain_why["table2.licences"] == why
    assert report.cells["table2.licences"].confidence == DOUBTFUL


def test_a_report_that_is_not_displayed_is_read_and_wholly_doubted() -> None:
    source = publish(AUTHORED, Site(around=lambda _, body: f"<body><div style='display:none'>{body}</div></body>"))
    report = only_report(source)
    assert (report.status, tables(report)) == ("review", AUTHORED.tables())
    assert report.uncertain == AUTHORED.paths()


def test_a_hidden_older_version_beside_the_report_is_not_read() -> None:
    older = publish(consistent(9, AGENCY, 2023), Site(around=lambda _, body: f"<div hidden>{body}</div>"))
    source = publish(AUTHORED, Site(around=lambda _, body: f"<body>{older}<div>{body}</div></body>"))
    read_whole(source)


def test_entities_are_decoded_once() -> None:
    authored = replace(AUTHORED, problems="网站上写着&nbsp;和&#49;，还有<b>；公开的内容还不够全面。")
    source = publish(authored)
    assert "&amp;nbsp;" in source
    read_whole(source, authored)


def test_two_reports_on_one_page_are_two_reports() -> None:
    one, two = consistent(1, AGENCY, 2023), consistent(2, "临溪县自然资源和规划局", 2024)
    body = "".join(publish(report, Site(around=lambda _, text: f"<div>{text}</div>")) for report in (one, two))
    reports = read_document(f"<body><p>首页</p>{body}<p>版权所有</p></body>".encode(), filename="x").reports
    assert [(report.agency, report.year) for report in reports] == [(one.agency, 2023), (two.agency, 2024)]
    assert [tables(report) for report in reports] == [one.tables(), two.tables()]


def test_a_report_shown_again_for_narrow_screens_is_one_report() -> None:
    body = publish(AUTHORED, Site(around=lambda _, text: f"<div>{text}</div>"))
    read_whole(f"<body><section class=pc>{body}</section><section class=phone>{body}</section></body>")


@pytest.mark.parametrize(
    "wrong", [{'rowspan="22"': 'rowspan="21"'}, {'rowspan="22"': 'rowspan="23"'}, {'rowspan="8"': ""}]
)
def test_wrong_spans_leave_the_figures_in_their_order(wrong: dict[str, str]) -> None:
    source = publish(AUTHORED)
    for right, written in wrong.items():
        assert right in source
        source = source.replace(right, written)
    report = only_report(source)
    assert (report.status, tables(report)) == ("ok", AUTHORED.tables())


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("gb2312", "utf-8"),  # says one thing and is another
        ("utf-8", "gb18030"),
        ("gb2312", "gbk"),
        ("GBK", "gb18030"),
        ("iso-8859-1", "gb18030"),
        ("", "gb18030"),
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("unicode", "utf-16"),
        ("", "utf-16-le"),
        ("", "utf-16-be"),
    ],
)
def test_the_encoding_is_found_whatever_the_page_says_of_it(declared: str, encoding: str) -> None:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    source = publish(AUTHORED).replace("<body>", f"<head>{meta}</head><body>")
    read_whole(source.encode(encoding))


def test_an_xml_declaration_says_the_encoding_too() -> None:
    source = '<?xml version="1.0" encoding="GB2312"?>\n' + publish(AUTHORED).replace("<br>", "<br/>")
    read_whole(source.encode("gb18030"))


def test_traditional_characters_are_read_where_the_page_says_so() -> None:
    text = (
        "<html><head><meta charset=big5></head><body><p>石橋鎮人民政府2024年政府信息公開工作年度報告</p></body></html>"
    )
    with pytest.raises(RejectedError) as caught:
        only_report(text.encode("big5"))
    assert caught.value.reason.code == "not_annual_report"


def test_a_byte_cut_out_of_a_character_does_not_cost_the_page() -> None:
    data = publish(AUTHORED).encode()
    cut = data.index("公开".encode(), 400) + 1
    report = only_report(data[:cut] + data[cut + 1 :])
    assert (report.status, tables(report)) == ("ok", AUTHORED.tables())


@pytest.mark.parametrize("transfer", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb2312"])
def test_a_page_saved_as_one_archive_is_read(transfer: str, encoding: str) -> None:
    body = publish(AUTHORED).encode("gb18030" if encoding == "gb2312" else encoding)
    packings: dict[str, Callable[[bytes], bytes]] = {
        "quoted-printable": quopri.encodestring,
        "base64": base64.encodebytes,
        "8bit": bytes,
    }
    packed = packings[transfer](body)
    archive = (
        b"From: <Saved by Blink>\r\nSubject: =?utf-8?Q?x?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n"
        b'\ttype="text/html";\r\n\tboundary="----MultipartBoundary--x7----"\r\n\r\n\r\n------MultipartBoundary--x7----\r\n'
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
        b"------MultipartBoundary--x7----\r\nContent-Type: text/html;\r\n charset="
        + encoding.encode()
        + b"\r\nContent-Transfer-Encoding: "
        + transfer.encode()
        + b"\r\nContent-Location: http://example.gov.cn/a.html\r\n\r\n"
        + packed
        + b"\r\n------MultipartBoundary--x7------\r\n"
    )
    read_whole(archive)


TAGS = [match.span() for match in re.finditer(r"<[^>]*>", publish(AUTHORED))]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TAGS), st.booleans())
def test_a_lost_or_doubled_tag_never_gives_a_wrong_figure_unmarked(spot: tuple[int, int], doubled: bool) -> None:
    source = publish(AUTHORED)
    start, end = spot
    source = source[:start] + (2 * source[start:end] if doubled else "") + source[end:]
    try:
        reports = read_document(source.encode(), filename="x").reports
    except RejectedError:
        return
    assert all(silent_errors(report, AUTHORED) == [] for report in reports)
