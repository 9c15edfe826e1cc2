"""What a paragraph or a cell of a Word document says, and when its figure is not vouched for."""

from __future__ import annotations

import pytest

from infra.demo.grids import GridCell, table3_grid
from services.core.report import DOUBTFUL
from services.ingest.readers.docx.layout import Layout
from services.ingest.readers.docx.parts import open_document
from services.ingest.readers.docx.story import Story
from services.ingest.recognise.figures import parse_figure
from services.ingest.recognise.primitives import Item, Line, TableRow
from tests.unit.ingest.test_docx_reports import AUTHORED, PICTURE, SECRET, in_box, only_report
from tests.unit.ingest.written_documents import body, docx, level, numbering, paragraph, run, styles, table


def items(content: str, **parts: bytes) -> list[Item]:
    opened = open_document(docx(content, **parts))
    layout = Layout()
    layout.add(Story(opened).blocks(opened.body))
    return layout.items


def lines(content: str, **parts: bytes) -> list[str]:
    found = items(content, **parts)
    assert all(isinstance(item, Line) for item in found)
    return [item.text for item in found if isinstance(item, Line)]


def rows(content: str, **parts: bytes) -> list[list[str]]:
    return [[cell.text for cell in item.cells] for item in items(content, **parts) if isinstance(item, TableRow)]


def small_table(*cells: str) -> str:
    return f"<w:tbl><w:tblPr/><w:tr>{''.join(f'<w:tc><w:tcPr/>{cell}</w:tc>' for cell in cells)}</w:tr></w:tbl>"


T = "<w:r><w:t>{}</w:t></w:r>".format


@pytest.mark.parametrize(
    ("inline", "text"),
    [
        (T("1") + T("2"), "12"),
        ("<w:r><w:t>1</w:t><w:tab/><w:t>2</w:t></w:r>", "1\t2"),
        ("<w:r><w:t>1</w:t><w:br/><w:t>2</w:t><w:cr/><w:t>3</w:t></w:r>", "1\n2\n3"),
        ("<w:r><w:noBreakHyphen/></w:r>", "-"),
        ("<w:r><w:t>予以</w:t><w:softHyphen/><w:t>公开</w:t></w:r>", "予以公开"),
        ("<w:r><w:t>予\u00ad以\u200b公\ufeff开</w:t></w:r>", "予以公开"),
        ('<w:r><w:sym w:font="Symbol" w:char="F037"/></w:r>', "7"),
        ('<w:r><w:sym w:font="宋体" w:char="2014"/></w:r>', "—"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F08C"/></w:r>', "\ufffd"),
        ('<w:r><w:sym w:font="Wingdings" w:char="no"/></w:r>', "\ufffd"),
        ("<w:r><w:ruby><w:rt><w:r><w:t>yu</w:t></w:r></w:rt><w:rubyBase>" + T("予") + "</w:rubyBase></w:ruby></w:r>", "予"),
        ("<m:oMath><m:r><m:t>12</m:t></m:r></m:oMath>", "12"),
        ("<m:oMathPara><m:oMath><m:r><m:t>12</m:t></m:r></m:oMath></m:oMathPara>", "12"),
        ("<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den/></m:f></m:oMath>", "\ufffd"),
        ('<w:bdo w:val="rtl">' + T("12") + "</w:bdo>", "\u202e12"),
        ("<w:del>" + T("9") + "</w:del>" + T("1"), "1"),
        ("<w:moveFrom>" + T("9") + "</w:moveFrom><w:moveTo>" + T("1") + "</w:moveTo>", "1"),
        ("<w:ins><w:del>" + T("9") + "</w:del>" + T("1") + "</w:ins>", "1"),
        ('<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>1</w:t></w:r>', "1"),
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>9</w:t></w:r>" + T("1"), "1"),
        ('<w:r><w:fldChar w:fldCharType="begin"/></w:r>' + T("9") + '<w:r><w:fldChar w:fldCharType="end"/></w:r>' + T("1"), "1"),
        ('<w:r><w:fldChar w:fldCharType="end"/></w:r>' + T("1"), "1"),
        ("<w:r><w:annotationRef/><w:lastRenderedPageBreak/><w:t>1</w:t></w:r>", "1"),
    ],
)  # fmt: skip
def test_inline_content(inline: str, text: str) -> None:
    assert rows(small_table(paragraph(inline), paragraph("x"))) == [[text, "x"]]


def test_the_branch_that_a_program_of_today_shows_is_taken_and_only_that() -> None:
    def alternatives(requires: str) -> str:
        return (
            f'<mc:AlternateContent><mc:Choice Requires="{requires}">{T("1")}</mc:Choice>'
            f"<mc:Fallback>{T('2')}</mc:Fallback></mc:AlternateContent>"
        )

    assert lines(paragraph(alternatives("wps"))) == ["1"]
    assert lines(paragraph(alternatives("w14 wps"))) == ["1"]
    assert lines(paragraph(alternatives("future"))) == ["2"]
    assert lines(paragraph(f"<w:r>{alternatives('wps').replace('<w:r>', '').replace('</w:r>', '')}</w:r>")) == ["1"]
    assert (
        lines(paragraph(f'<mc:AlternateContent><mc:Choice Requires="new">{T("1")}</mc:Choice></mc:AlternateContent>x'))
        == []
    )


DELETED_END = "<w:rPr><w:del w:id='1'/></w:rPr>"


@pytest.mark.parametrize("end", [DELETED_END, "<w:rPr><w:vanish/></w:rPr>", "<w:rPr><w:specVanish/></w:rPr>"])
def test_a_paragraph_whose_end_does_not_show_goes_on_in_the_next(end: str) -> None:
    content = paragraph("一、总体", end) + paragraph("情况") + paragraph("今年")
    assert lines(content) == ["一、总体情况", "今年"]


def test_a_field_over_several_paragraphs_shows_its_result() -> None:
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>IF 1</w:instrText></w:r>'
    content = (
        paragraph(begin + '<w:r><w:fldChar w:fldCharType="separate"/></w:r>' + T("甲"))
        + paragraph("乙")
        + paragraph(T("丙") + '<w:r><w:fldChar w:fldCharType="end"/></w:r>')
    )
    assert lines(content) == ["甲", "乙", "丙"]


HIDDEN = '<w:style w:type="{}" w:styleId="{}"{}><w:name w:val="x"/>{}<w:rPr><w:vanish/></w:rPr></w:style>'.format


def test_hidden_by_style_is_hidden() -> None:
    look = styles(
        HIDDEN("paragraph", "P", "", ""),
        HIDDEN("character", "C", "", ""),
        '<w:style w:type="character" w:styleId="D"><w:basedOn w:val="C"/></w:style>',
        '<w:style w:type="character" w:styleId="Loop"><w:basedOn w:val="Loop"/></w:style>',
    )
    in_p = '<w:pStyle w:val="P"/>'
    assert lines(paragraph("9", in_p) + paragraph("1"), styles=look) == ["1"]
    assert lines(paragraph(run("9", '<w:rStyle w:val="D"/>') + run("1")), styles=look) == ["1"]
    assert lines(paragraph(run("1", '<w:rStyle w:val="Loop"/>')), styles=look) == ["1"]
    # set by both styles, the toggle is off; set on the run itself, that decides
    assert lines(paragraph(run("1", '<w:rStyle w:val="C"/>'), in_p), styles=look) == ["1"]
    assert lines(paragraph(run("1", '<w:vanish w:val="false"/>'), in_p), styles=look) == ["1"]
    default = styles(HIDDEN("paragraph", "Normal", ' w:default="1"', ""))
    assert lines(paragraph("9"), styles=default) == []


def test_text_boxes_follow_the_paragraph_they_hang_on() -> None:
    box = in_box(paragraph("盒中"), alternatives=True).replace("<w:r>", "<w:r><w:t>正文</w:t>", 1)
    assert lines(box + paragraph("其后")) == ["正文", "盒中", "其后"]


CELL = "table3.granted.natural"
FIGURE = f"{AUTHORED.figure(CELL)}"
RAISED = '<w:vertAlign w:val="superscript"/>'
LIST = "<w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr>"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (paragraph(run(FIGURE) + run("1", RAISED)), "上标"),
        (paragraph(run(FIGURE) + run("1", RAISED.replace("super", "sub"))), "上标"),
        (paragraph(run(FIGURE) + run("1", '<w:position w:val="6"/>')), "上标"),
        (paragraph(run(FIGURE) + run("1", '<w:rStyle w:val="Note"/>')), "上标"),
        (paragraph(run("7", "<w:strike/>") + run(FIGURE)), "删除线"),
        (paragraph(run(FIGURE, "<w:dstrike/>")), "删除线"),
        (paragraph(FIGURE, LIST), "自动编号"),
        (paragraph(f"<w:r>{PICTURE}</w:r>"), "图片"),
        (paragraph(run(FIGURE) + f"<w:r>{PICTURE}</w:r>"), "图片"),
        (in_box(paragraph(FIGURE), alternatives=True), "文本框"),
        (paragraph(f"{FIGURE} 件左右"), "数字"),
        (paragraph(f"\u202e{FIGURE}"), "数字"),
        (paragraph("1") + paragraph(FIGURE), "空格或换行"),
    ],
)
def test_a_figure_that_may_be_another_one_is_marked(content: str, why: str) -> None:
    def write(cell: GridCell) -> str:
        return content if cell.path == CELL else paragraph(cell.text)

    shown = {"requests": table(table3_grid(AUTHORED), write)}
    note = styles(f'<w:style w:type="character" w:styleId="Note"><w:rPr>{RAISED}</w:rPr></w:style>')
    report = only_report(docx(body(AUTHORED, shown), styles=note, numbering=numbering(level(0, "decimal", "%1."))))
    assert report.status == "review"
    assert report.uncertain == [CELL]
    assert report.cells[CELL].confidence == DOUBTFUL
    assert report.reading is not None
    assert why in report.reading.uncertain_why[CELL]


def test_raised_or_struck_words_leave_the_figure_alone() -> None:
    def write(cell: GridCell) -> str:
        if cell.path != CELL:
            return paragraph(cell.text)
        return paragraph(run(cell.text) + run("（含转交）", RAISED) + run("", "<w:strike/>"))

    report = only_report(docx(body(AUTHORED, {"requests": table(table3_grid(AUTHORED), write)})))
    assert (report.status, report.figure(CELL)) == ("ok", AUTHORED.figure(CELL))


def test_the_same_hidden_style_serves_reports() -> None:
    assert lines(paragraph(run("9", '<w:rStyle w:val="Secret"/>') + run("1")), styles=SECRET) == ["1"]


def test_a_figure_in_the_digits_of_an_old_symbol_font_is_one() -> None:
    inline = "".join(f'<w:r><w:sym w:font="Symbol" w:char="F0{ord(digit):02X}"/></w:r>' for digit in "120")
    ((text, _),) = rows(small_table(paragraph(inline), paragraph("x")))
    assert parse_figure(text).value == 120
