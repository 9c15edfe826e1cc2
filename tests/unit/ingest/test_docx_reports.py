"""Whole reports as Word documents, written in the ways of word processors, read back to the last figure."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from infra.demo.authored import AuthoredReport, consistent, with_error
from infra.demo.grids import GridCell, table2_grid, table3_grid, table4_grid
from services.core.errors import RejectedError
from services.core.report import PROVED, Format, Report
from services.ingest.readers import read_document
from tests.unit.ingest.drawn_reports import silent_errors, tables
from tests.unit.ingest.written_documents import (
    NAMESPACES,
    STRICT,
    W,
    body,
    document,
    docx,
    level,
    numbering,
    package,
    paragraph,
    run,
    styles,
    table,
)

AGENCIES = ("临溪县石桥镇人民政府", "临溪县自然资源和规划局", "云岭市人民政府办公室")


def only_report(data: bytes) -> Report:
    found = read_document(data, filename="report")
    assert found.format is Format.DOCX
    (report,) = found.reports
    return report


def assert_exact(report: Report, authored: AuthoredReport) -> None:
    assert (report.status, report.reason) == ("ok", None)
    assert tables(report) == authored.tables()
    assert len(report.cells) == len(authored.paths())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("layout", ["2019", "2021"])
def test_a_report_reads_back_exactly(seed: int, layout: str) -> None:
    authored = consistent(seed, AGENCIES[seed % 3], 2019 + seed, layout=layout)
    report = only_report(docx(body(authored)))
    assert_exact(report, authored)
    assert (report.agency, report.year) == (authored.agency, authored.year)
    assert [section.key for section in report.sections] == [section.key for section in authored.form.sections]
    assert report.reading is not None
    assert (report.reading.signature, report.reading.date_text) == (authored.signature, authored.date_text)
    assert {cell.confidence for path, cell in report.cells.items() if not path.startswith("table2")} == {PROVED}


def test_an_agency_error_is_read_as_printed() -> None:
    wrong = with_error(consistent(4, AGENCIES[0], 2024), {"table3.granted.natural": 977})
    assert_exact(only_report(docx(body(wrong))), wrong)


def test_two_reports_in_one_file_are_two_reports() -> None:
    first, second = consistent(1, AGENCIES[0], 2023), consistent(2, AGENCIES[1], 2024)
    reports = read_document(docx(body(first) + body(second)), filename="two").reports
    assert [(report.agency, report.year) for report in reports] == [(AGENCIES[0], 2023), (AGENCIES[1], 2024)]
    assert [tables(report) for report in reports] == [first.tables(), second.tables()]


AUTHORED = consistent(7, AGENCIES[1], 2024, "prefecture")


def in_frame(content: str, *, columns: int = 1) -> str:
    """A table whose only filled cell holds `content`."""
    empty = f"<w:tc><w:tcPr/>{paragraph('')}</w:tc>" * (columns - 1)
    grid = '<w:gridCol w:w="4000"/>' * columns
    return (
        f"<w:tbl><w:tblPr/><w:tblGrid>{grid}</w:tblGrid><w:tr>{empty}"
        f"<w:tc><w:tcPr/>{content}{paragraph('')}</w:tc></w:tr></w:tbl>"
    )


def in_box(content: str, *, alternatives: bool) -> str:
    """A paragraph with a text box, as new programs write it (twice, for old ones too) and as old ones do."""
    box = f"<w:txbxContent>{content}{paragraph('')}</w:txbxContent>"
    old = f"<w:pict><v:shape><v:textbox>{box}</v:textbox></v:shape></w:pict>"
    new = (
        "<w:drawing><wp:anchor><a:graphic><a:graphicData><wps:wsp><wps:txbx>"
        f"{box}</wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing>"
    )
    both = (
        f'<mc:AlternateContent><mc:Choice Requires="wps">{new}</mc:Choice><mc:Fallback>{old}</mc:Fallback>'
        "</mc:AlternateContent>"
    )
    return paragraph(f"<w:r>{both if alternatives else old}</w:r>")


def in_control(content: str) -> str:
    return f"<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def every(wrap: Callable[[str], str]) -> dict[str, str]:
    """All three tables, each wrapped."""
    grids = {"proactive": table2_grid(AUTHORED), "requests": table3_grid(AUTHORED), "disputes": table4_grid(AUTHORED)}
    return {key: wrap(table(grid)) for key, grid in grids.items()}


FLOATING = '<w:tblpPr w:leftFromText="180" w:rightFromText="180" w:vertAnchor="text" w:tblpX="91" w:tblpY="1"/>'


@pytest.mark.parametrize(
    "content",
    [
        in_frame(body(AUTHORED)),
        in_frame(in_frame(body(AUTHORED))),
        in_frame(body(AUTHORED), columns=2),
        body(AUTHORED, every(in_frame)),
        body(AUTHORED, every(lambda markup: in_box(markup, alternatives=True))),
        body(AUTHORED, every(lambda markup: in_box(markup, alternatives=False))),
        body(AUTHORED, every(in_control)),
        body(AUTHORED, {"requests": table(table3_grid(AUTHORED), properties=FLOATING)}),
        in_control(body(AUTHORED)),
        in_box(body(AUTHORED), alternatives=True),
    ],
    ids=[
        "whole report in a frame", "frame in a frame", "frame of two columns", "tables in frames", "tables in boxes",
        "tables in old boxes", "tables in controls", "floating table", "report in a control", "report in a box",
    ],
)  # fmt: skip
def test_what_only_frames_the_tables_makes_no_difference(content: str) -> None:
    report = only_report(docx(content))
    assert_exact(report, AUTHORED)
    assert (report.agency, report.year) == (AUTHORED.agency, AUTHORED.year)
    assert len(report.sections) == 6


@pytest.mark.parametrize("at", [4, 9, 17, 24])
def test_a_table_in_two_parts_is_one(at: int) -> None:
    grid = table3_grid(AUTHORED)
    parts = table(grid, rows=slice(0, at)) + paragraph("") + table(grid, rows=slice(at, None))
    assert_exact(only_report(docx(body(AUTHORED, {"requests": parts}))), AUTHORED)


def test_section_headings_in_rows_of_a_table_are_headings() -> None:
    """The whole report as one table: headings and prose in rows of one cell, the tables between them."""
    pieces = []
    for element in ET.fromstring(document(body(AUTHORED)).decode())[0]:
        if element.tag == f"{{{W}}}p":
            markup = ET.tostring(element, encoding="unicode")
            pieces.append(f'<w:tr><w:tc><w:tcPr><w:gridSpan w:val="15"/></w:tcPr>{markup}</w:tc></w:tr>')
        elif element.tag == f"{{{W}}}tbl":
            pieces += [ET.tostring(row, encoding="unicode") for row in element.iter(f"{{{W}}}tr")]
    report = only_report(docx(f"<w:tbl><w:tblPr/>{''.join(pieces)}</w:tbl>"))
    assert [section.key for section in report.sections] == [section.key for section in AUTHORED.form.sections]
    assert silent_errors(report, AUTHORED) == []
    assert tables(report) == AUTHORED.tables()


def test_numbers_that_a_list_prints_are_read() -> None:
    """Neither headings nor rows carry their numbers; lists give 一、 and （一） and 1. to them."""

    def write(cell: GridCell) -> str:
        match = re.match(r"(?:(\d)\.|（([一二三四五六七])）)(.*)", cell.text, re.DOTALL)
        if match is None or not match[3]:
            return paragraph(cell.text)
        place = "2" if match[1] else "1"
        return paragraph(match[3], f'<w:numPr><w:ilvl w:val="{place}"/><w:numId w:val="2"/></w:numPr>')

    heads = level(0, "chineseCountingThousand", "%1、", '<w:suff w:val="nothing"/>')
    rows = (
        level(0, "none", "")
        + level(1, "chineseCounting", "（%2）", '<w:suff w:val="nothing"/>')
        + level(2, "decimal", "%3.", '<w:suff w:val="space"/>')
    )
    content = body(AUTHORED, {"requests": table(table3_grid(AUTHORED), write)}, numbered=True)
    report = only_report(docx(content, numbering=numbering(heads, rows)))
    assert_exact(report, AUTHORED)
    assert [section.title for section in report.sections] == [section.heading for section in AUTHORED.form.sections]
    assert report.reading is not None
    assert report.reading.labels["deny_process"] == "6. 属于四类过程性信息"
    assert report.reading.labels["granted"] == "（一）予以公开"


def test_labels_without_their_numbers_do_too() -> None:
    def write(cell: GridCell) -> str:
        return paragraph(re.sub(r"^(?:\d\.|（[一二三四五六七]）)(?=.)", "", cell.text))

    content = body(AUTHORED, {"requests": table(table3_grid(AUTHORED), write)})
    report = only_report(docx(content))
    assert silent_errors(report, AUTHORED) == []
    assert report.table3 is not None


def changed(cell: GridCell) -> str:
    """Every figure was another one before a change that is tracked and not yet accepted."""
    if not cell.path:
        return paragraph(cell.text)
    about = 'w:id="7" w:author="甲" w:date="2025-01-02T03:04:05Z"'
    old = f"<w:del {about}><w:r><w:delText>9{cell.text}</w:delText></w:r></w:del>"
    moved = f"<w:moveFrom {about}>{run('8')}</w:moveFrom>"
    return paragraph(f"{old}{moved}<w:ins {about}>{run(cell.text)}</w:ins>")


def hidden(cell: GridCell) -> str:
    return paragraph(run("3", "<w:vanish/>") + run(cell.text) + run("3", '<w:rStyle w:val="Secret"/>'))


def in_fields(cell: GridCell) -> str:
    if not cell.path:
        return paragraph(cell.text)
    step = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    code = f"{step.format('begin')}<w:r><w:instrText> =SUM(LEFT) </w:instrText></w:r>{run('55')}"
    return paragraph(f"{code}{step.format('separate')}{run(cell.text)}{step.format('end')}")


def scattered(cell: GridCell) -> str:
    """Each character a run, some in links, tags and controls, with bookmarks and proofing marks between them."""
    wraps = (
        "{}", "<w:hyperlink>{}</w:hyperlink>", "<w:smartTag>{}</w:smartTag>", '<w:bookmarkStart w:id="1" w:name="b"/>{}',
        "<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>", '<w:proofErr w:type="spellStart"/>{}', "<w:ins>{}</w:ins>",
        "<w:fldSimple>{}</w:fldSimple>",
    )  # fmt: skip
    return paragraph("".join(wraps[n % len(wraps)].format(run(char)) for n, char in enumerate(cell.text)))


def letter_by_letter(cell: GridCell) -> str:
    """Upright text the way people make it: a paragraph or a line break for each character of a label."""
    if cell.path or cell.rows < 3:
        return paragraph(cell.text)
    return "".join(map(paragraph, cell.text[:3])) + paragraph(
        "<w:br/>".join(run(c)[:-6] for c in cell.text[3:]) + "</w:r>"
    )


def padded(cell: GridCell) -> str:
    return paragraph("") + paragraph(f" {cell.text}\u00ad\u200b ") + paragraph("")


def one_column_inside(cell: GridCell) -> str:
    """The cell's text in a table of one cell, as pasting leaves it."""
    return f"<w:tbl><w:tblPr/><w:tr><w:tc><w:tcPr/>{paragraph(cell.text)}</w:tc></w:tr></w:tbl>{paragraph('')}"


SECRET = styles(
    '<w:style w:type="character" w:styleId="Secret"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>'
)


@pytest.mark.parametrize(
    "write", [changed, hidden, in_fields, scattered, padded, one_column_inside], ids=lambda write: write.__name__
)
def test_only_what_shows_is_read(write: Callable[[GridCell], str]) -> None:
    shown = {
        "proactive": table(table2_grid(AUTHORED), write),
        "requests": table(table3_grid(AUTHORED), write),
        "disputes": table(table4_grid(AUTHORED), write),
    }
    assert_exact(only_report(docx(body(AUTHORED, shown), styles=SECRET)), AUTHORED)


def strict(main: bytes) -> bytes:
    return main.replace(W.encode(), STRICT.encode())


def other_prefix(main: bytes) -> bytes:
    return main.replace(b"w:", b"x:").replace(b"xmlns:w=", b"xmlns:x=")


@pytest.mark.parametrize("change", [strict, other_prefix, lambda main: main.decode().encode("utf-16")])
def test_variants_of_the_markup_are_read(change: Callable[[bytes], bytes]) -> None:
    assert_exact(only_report(package({"word/document.xml": change(document(body(AUTHORED)))})), AUTHORED)


@pytest.mark.parametrize(
    ("main", "main_type"),
    [
        ("word/document.xml", "application/vnd.ms-word.document.macroEnabled.main+xml"),
        ("word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"),
        ("word/document2.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"),
        ("doc/main.xml", "application/vnd.ms-word.template.macroEnabledTemplate.main+xml"),
        ("Word/Document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"),
    ],
)
def test_the_main_part_is_found_by_content_types_and_relations(main: str, main_type: str) -> None:
    heads = level(0, "chineseCounting", "%1、", '<w:suff w:val="nothing"/>')
    folder = main.rpartition("/")[0]
    content = document(body(AUTHORED, numbered=True))
    parts = {main: content, f"{folder}/numbering.xml": numbering(heads)}
    report = only_report(package(parts, main=main, main_type=main_type))
    assert_exact(report, AUTHORED)
    assert report.sections[0].title == "一、总体情况"


def test_a_flat_xml_document_is_read() -> None:
    heads = level(0, "chineseCounting", "%1、", '<w:suff w:val="nothing"/>')
    flat = "http://schemas.microsoft.com/office/2006/xmlPackage"
    package_data = docx(body(AUTHORED, numbered=True), numbering=numbering(heads))
    parts = []
    with zipfile.ZipFile(io.BytesIO(package_data)) as archive:
        for name in archive.namelist():
            inner = re.sub(r"^<\?xml.*?\?>", "", archive.read(name).decode())
            parts.append(f'<pkg:part pkg:name="/{name}"><pkg:xmlData>{inner}</pkg:xmlData></pkg:part>')
    data = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<?mso-application progid="Word.Document"?>\r\n'
        f'<pkg:package xmlns:pkg="{flat}">{"".join(parts)}</pkg:package>'
    )
    report = only_report(data.encode())
    assert_exact(report, AUTHORED)
    assert report.sections[0].title == "一、总体情况"


def test_headers_footers_and_notes_are_not_mixed_in() -> None:
    aside = (
        f"<w:hdr {NAMESPACES}>{paragraph('二、主动公开政府信息情况')}{table(table3_grid(AUTHORED))}</w:hdr>".encode()
    )
    content = body(AUTHORED).replace("</w:t></w:r>", '</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>')
    report = only_report(docx(content, header1=aside, footer1=aside, footnotes=aside, comments=aside))
    assert_exact(report, AUTHORED)
    assert len(report.sections) == 6


def test_a_table_of_contents_is_no_heading() -> None:
    lines = "".join(paragraph(section.heading + "\t1", '<w:pStyle w:val="11"/>') for section in AUTHORED.form.sections)
    look = styles('<w:style w:type="paragraph" w:styleId="11"><w:name w:val="toc 1"/></w:style>')
    gallery = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
    in_gallery = f"<w:sdt><w:sdtPr>{gallery}</w:sdtPr><w:sdtContent>{lines}</w:sdtContent></w:sdt>"
    for contents in (lines, in_gallery):
        report = only_report(docx(contents + body(AUTHORED), styles=look))
        assert_exact(report, AUTHORED)
        assert "依申请" in report.sections[0].text


PICTURE = (
    "<w:drawing><wp:inline><a:graphic><a:graphicData><pic:pic><pic:blipFill>"
    '<a:blip r:embed="rId9"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>'
)


def test_a_table_that_is_a_picture_is_said_to_be_missing_with_the_reason() -> None:
    report = only_report(docx(body(AUTHORED, {"disputes": paragraph(f"<w:r>{PICTURE}</w:r>")})))
    assert report.status == "review"
    assert report.reason is not None
    assert "图片" in report.reason
    assert report.table4 is None
    assert tables(report) | {"table4": None} == AUTHORED.tables() | {"table4": None}


def test_a_document_of_pictures_has_no_text() -> None:
    with pytest.raises(RejectedError) as caught:
        only_report(docx(paragraph(f"<w:r>{PICTURE}</w:r>") * 4))
    assert caught.value.reason.code == "no_text"


def test_a_place_is_the_number_of_the_row_among_paragraphs_and_rows_and_of_the_cell_in_it() -> None:
    report = only_report(docx(body(AUTHORED)))
    shown = []
    for element in ET.fromstring(document(body(AUTHORED)).decode())[0]:
        rows = element.findall(f"{{{W}}}tr") if element.tag == f"{{{W}}}tbl" else [element]
        shown += [row for row in rows if row.tag == f"{{{W}}}tr" or "".join(row.itertext())]
    for path, cell in report.cells.items():
        assert cell.line is not None
        assert cell.column is not None
        inside = shown[cell.line - 1].findall(f"{{{W}}}tc")[cell.column - 1]
        assert "".join(inside.itertext()) == cell.text == f"{AUTHORED.figure(path)}", path
        assert cell.page is None
