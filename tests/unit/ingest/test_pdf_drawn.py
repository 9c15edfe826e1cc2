"""Ruled PDFs drawn in the ways that programs draw them, and in the ways that spoil them.

The rule under test is one: a figure is right, or it is not vouched for.
"""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from infra.demo.authored import AuthoredReport, consistent, with_error
from infra.demo.grids import GridCell
from infra.demo.press import FONT, PAGE_WIDTH
from services.core.errors import RejectedError
from services.core.report import DOUBTFUL, PROVED, READ, Kind
from services.ingest.readers import read_document
from tests.unit.ingest.drawn_reports import AGENCY, TALL, Drawing, draw, line, read, silent_errors, tables


@pytest.fixture(scope="module")
def authored() -> AuthoredReport:
    return consistent(11, AGENCY, 2024)


@pytest.mark.parametrize(
    "how",
    [
        Drawing(),
        Drawing(lines="rectangles"),
        Drawing(lines="thin"),
        Drawing(lines="dashed"),
        Drawing(open_sides=True),
        Drawing(form=True),
        Drawing(rotate=90),
        Drawing(rotate=180),
        Drawing(rotate=270),
        Drawing(sideways=True),
        Drawing(sideways=True, rotate=90),
        Drawing(sideways=True, rotate=270),
        Drawing(form=True, rotate=270),
    ],
    ids=lambda how: (
        f"{how.lines}{'-form' * how.form}-{how.rotate}{'-sideways' * how.sideways}{'-open' * how.open_sides}"
    ),
)
def test_every_way_of_drawing_the_same_report_reads_the_same(authored: AuthoredReport, how: Drawing) -> None:
    report = read(draw(authored, how))
    assert report.status == "ok", report.reason
    assert tables(report) == authored.tables()
    assert report.agency == AGENCY
    assert [section.key for section in report.sections] == [section.key for section in authored.form.sections]


def watermark(canvas: Canvas) -> None:
    canvas.saveState()
    canvas.setFont(FONT, 40)
    canvas.setFillGray(0.8)
    for y in range(100, int(TALL), 150):
        canvas.saveState()
        canvas.translate(200, y)
        canvas.rotate(45)
        canvas.drawString(0, 0, "内部2024资料56789")
        canvas.restoreState()
    canvas.restoreState()


def test_a_slanted_watermark_over_the_figures_is_left_out(authored: AuthoredReport) -> None:
    report = read(draw(authored, Drawing(over=watermark)))
    assert report.status == "ok", report.reason
    assert tables(report) == authored.tables()


def test_a_level_stamp_over_the_figures_is_never_read_as_figures(authored: AuthoredReport) -> None:
    def stamp(canvas: Canvas) -> None:
        canvas.setFont(FONT, 30)
        for y in range(300, int(TALL) - 100, 60):
            canvas.drawString(300, y, "2024年1月")

    report = read(draw(authored, Drawing(over=stamp)))
    assert report.status == "review"
    assert silent_errors(report, authored) == []


def test_raised_note_numbers_do_not_join_the_figure(authored: AuthoredReport) -> None:
    def footnote(canvas: Canvas, cell: GridCell, x: float, y: float) -> None:
        if cell.path == "table2.licences":
            canvas.setFont(FONT, 5)
            canvas.drawString(x + len(cell.text) * 2 + 1, y + 1, "1")

    report = read(draw(authored, Drawing(after_cell=footnote)))
    assert report.uncertain == ["table2.licences"]
    assert report.status == "review"
    assert report.cells["table2.licences"].confidence == DOUBTFUL


def test_a_note_in_brackets_is_kept_beside_the_figure(authored: AuthoredReport) -> None:
    written = authored.with_printed({"table2.normative_docs.2": 22})
    report = read(draw(written, Drawing(texts={"table2.normative_docs.2": "22（其中修订16件）"})))
    assert report.figure("table2.normative_docs.2") == 22
    assert report.reading is not None
    assert report.reading.notes["table2.normative_docs.2"] == "其中修订16件"
    assert report.status == "ok"


def test_nil_signs_and_blanks_are_no_zeros(authored: AuthoredReport) -> None:
    report = read(draw(authored, Drawing(texts={"table3.deny_law.natural": "—", "table3.deny_law.research": ""})))
    assert report.figure("table3.deny_law.natural") is None
    assert report.cells["table3.deny_law.natural"].kind is Kind.DASH
    assert report.cells["table3.deny_law.research"].kind is Kind.BLANK
    assert report.status == "ok"


def test_fees_under_a_head_in_yuan_are_given_in_ten_thousand_yuan(authored: AuthoredReport) -> None:
    written = authored.with_printed({"table2.fees": Decimal(12345)})
    data = draw(written, Drawing())
    assert read(data).figure("table2.fees") == 12345

    head = "本年收费金额（单位：万元）"
    report = read(draw(written, Drawing(words={head: "本年收费金额（单位：元）"})))
    assert report.figure("table2.fees") == Decimal("1.2345")


def test_words_in_a_numeric_cell_are_reported_as_words(authored: AuthoredReport) -> None:
    report = read(draw(authored, Drawing(texts={"table3.granted.natural": "见附"})))
    assert report.figure("table3.granted.natural") is None
    assert report.cells["table3.granted.natural"].kind is Kind.TEXT
    assert report.cells["table3.granted.natural"].text == "见附"
    assert silent_errors(report, authored.with_printed({"table3.granted.natural": "见附"})) == []


@pytest.mark.parametrize("path", ["table2.licences", "table2.fees"])
def test_more_digits_than_any_figure_has_are_kept_as_text_and_doubted(authored: AuthoredReport, path: str) -> None:
    digits = "1" * 13
    report = read(draw(authored, Drawing(texts={path: digits})))
    cell = report.cells[path]
    assert (report.figure(path), cell.kind, cell.text) == (None, Kind.TEXT, digits)
    assert path in report.uncertain
    assert report.status == "review"


def test_an_error_of_the_agency_is_read_as_printed_and_vouched_for(authored: AuthoredReport) -> None:
    wrong = with_error(authored, {"table3.granted.total": 7717})
    report = read(draw(wrong, Drawing()))
    assert report.figure("table3.granted.total") == 7717
    assert report.status == "ok", report.reason
    assert report.cells["table3.granted.total"].confidence == READ
    assert report.cells["table3.new.natural"].confidence == PROVED


def test_a_missing_table_is_null_and_named_in_the_reason(authored: AuthoredReport) -> None:
    report = read(draw(authored, Drawing(sections=("proactive", "requests"))))
    assert report.table4 is None
    assert report.layout.table4 is None
    assert report.status == "review"
    assert "表四" in (report.reason or "")


def test_swapped_column_heads_move_the_figures_with_them(authored: AuthoredReport) -> None:
    report = read(draw(authored, Drawing(words={"商业企业": "科研机构", "科研机构": "商业企业"})))
    for row, figures in authored.table3.items():
        assert report.figure(f"table3.{row}.research") == figures[1]
        assert report.figure(f"table3.{row}.commercial") == figures[2]


def test_two_rows_exchanged_follow_their_labels(authored: AuthoredReport) -> None:
    one, two = "1.属于国家秘密", "4.保护第三方合法权益"
    report = read(draw(authored, Drawing(rows={one: two, two: one})))
    assert tables(report) == authored.tables()


@pytest.mark.parametrize(
    ("label", "misprint"),
    [
        ("2.其他法律行政法规禁止公开", "2.其他法律行政止公开"),
        ("3.危及“三安全一稳定”", "3、危及 三安全一稳定"),
        ("（七）总计", "(七)总 计"),
        ("四、结转下年度继续办理", "四、结转下一年度继续办理"),
    ],
)
def test_known_misprints_of_labels_are_read(authored: AuthoredReport, label: str, misprint: str) -> None:
    assert tables(read(draw(authored, Drawing(words={label: misprint})))) == authored.tables()


def test_an_unknown_misprint_of_a_label_is_placed_and_doubted(authored: AuthoredReport) -> None:
    report = read(draw(authored, Drawing(words={"4.保护第三方合法权益": "4.保护第二方合法利益"})))
    assert report.status == "review"
    assert {path.split(".")[1] for path in report.uncertain} == {"deny_third_party"}
    assert silent_errors(report, authored) == []


def test_a_label_that_says_something_else_places_nothing(authored: AuthoredReport) -> None:
    report = read(draw(authored, Drawing(words={"4.保护第三方合法权益": "4.本地自设的情形"})))
    assert report.table3 is not None
    assert report.table3.rows["deny_third_party"] is None
    assert "table3.deny_third_party.natural" in report.uncertain


def test_a_picture_over_the_whole_page_makes_every_figure_doubtful(authored: AuthoredReport) -> None:
    def scan(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(_grey_picture()), 0, 0, PAGE_WIDTH, TALL)

    report = read(draw(authored, Drawing(over=scan)))
    assert report.status == "review"
    assert all(cell.confidence == DOUBTFUL for cell in report.cells.values())


def _grey_picture() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("L", (60, 150), 230).save(out, "PNG")
    out.seek(0)
    return out


def test_a_letter_is_no_annual_report() -> None:
    out = io.BytesIO()
    canvas = Canvas(out)
    for number in range(20):
        line(canvas, "关于召开全县道路交通安全工作会议的通知，请各单位按时参加并做好准备工作。", 800 - 24 * number)
    canvas.save()
    with pytest.raises(RejectedError) as caught:
        read_document(out.getvalue(), filename="letter.pdf")
    assert caught.value.reason.code == "not_annual_report"


@pytest.mark.parametrize("permuted", ["1234567890", "0132456789", "0213456789", "9123456780", "9876543210"])
def test_a_character_map_with_only_the_digits_exchanged_is_never_trusted(
    authored: AuthoredReport, permuted: str
) -> None:
    table = str.maketrans("0123456789", permuted)
    report = read(draw(authored, Drawing(spell=lambda text: text.translate(table))))
    assert report.status != "ok"
    assert silent_errors(report, authored) == []
