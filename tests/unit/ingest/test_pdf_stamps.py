"""Watermarks and seals over the tables go by their colour; coloured text that belongs there stays."""

from __future__ import annotations

import time

import pytest
from reportlab.lib.colors import Color, black, blue, lightgrey, red
from reportlab.pdfgen.canvas import Canvas

from infra.demo.authored import AuthoredReport, consistent, with_error
from infra.demo.grids import GridCell
from infra.demo.press import FONT
from services.core.report import DOUBTFUL
from services.ingest.readers.pdf_pages import read_pages
from services.ingest.recognise.bad_text import words_of
from services.ingest.recognise.stamps import ALONE, MIXED, Colour, odd_colours, printed_over, settle
from tests.unit.ingest.drawn_reports import AGENCY, TALL, Drawing, draw, read, silent_errors, tables

BLACK: Colour = (0, 0, 0, 255)
GREY: Colour = (200, 200, 200, 255)
RED: Colour = (220, 20, 20, 255)
BLUE: Colour = (0, 0, 220, 255)


@pytest.fixture(scope="module")
def authored() -> AuthoredReport:
    return consistent(11, AGENCY, 2024)


def level_words(colour: Color, size: int = 30) -> Drawing:
    def stamp(canvas: Canvas) -> None:
        canvas.setFillColor(colour)
        canvas.setFont(FONT, size)
        for y in range(300, int(TALL) - 100, 60):
            canvas.drawString(280, y, "内部2024资料")
        canvas.setFillColor(black)

    return Drawing(over=stamp)


@pytest.mark.parametrize("colour", [lightgrey, red, Color(0, 0, 0, alpha=0.15)], ids=["pale", "red", "faint"])
@pytest.mark.parametrize("lines", ["strokes", "none"])
def test_level_words_of_a_stamp_leave_every_figure_intact(authored: AuthoredReport, colour: Color, lines: str) -> None:
    how = level_words(colour)
    how.lines = lines
    report = read(draw(authored, how))
    assert (report.status, tables(report)) == ("ok", authored.tables()), report.reason


def test_black_words_over_the_figures_are_no_stamp_and_cast_doubt(authored: AuthoredReport) -> None:
    report = read(draw(authored, level_words(black)))
    assert report.status == "review"
    assert silent_errors(report, authored) == []


def seal(canvas: Canvas) -> None:
    canvas.setStrokeColor(red)
    canvas.setFillColor(red)
    for x, y in ((300, TALL - 420), (420, TALL - 700), (200, TALL - 900)):
        canvas.setLineWidth(3)
        canvas.circle(x, y, 60)
        star = canvas.beginPath()
        star.moveTo(x, y + 20)
        for step in range(1, 6):
            star.lineTo(x + (-1) ** step * 4 * step, y + 20 - 8 * step)
        star.close()
        canvas.drawPath(star, stroke=0, fill=1)
        canvas.setFont(FONT, 9)
        canvas.drawCentredString(x, y - 30, "公开专用章1")
    canvas.setStrokeColor(black)
    canvas.setFillColor(black)


@pytest.mark.parametrize("lines", ["strokes", "rectangles", "none"])
def test_round_seals_disturb_neither_figures_nor_cells(authored: AuthoredReport, lines: str) -> None:
    report = read(draw(authored, Drawing(over=seal, lines=lines)))
    assert tables(report) == authored.tables()
    assert silent_errors(report, authored) == []


def square_stamps(canvas: Canvas) -> None:
    canvas.setStrokeColor(red)
    canvas.setFillColor(red)
    canvas.setLineWidth(2)
    for x, y in ((300, TALL - 430), (380, TALL - 700), (150, TALL - 800)):
        canvas.rect(x, y, 110, 40)
        canvas.setFont(FONT, 16)
        canvas.drawCentredString(x + 55, y + 14, "已审核公章")
    canvas.setStrokeColor(black)
    canvas.setFillColor(black)


@pytest.mark.parametrize("lines", ["strokes", "rectangles", "thin", "none", "horizontal"])
def test_square_stamps_leave_the_cells_as_they_are(authored: AuthoredReport, lines: str) -> None:
    report = read(draw(authored, Drawing(over=square_stamps, lines=lines)))
    assert (report.status, tables(report)) == ("ok", authored.tables()), report.reason


def test_a_table_ruled_in_red_keeps_its_rules(authored: AuthoredReport) -> None:
    def go_on_in_red(canvas: Canvas, _: GridCell, __: float, ___: float) -> None:
        canvas.setStrokeColor(red)

    def head(canvas: Canvas) -> None:
        canvas.setFillColor(red)
        canvas.drawString(60, TALL - 40, "内部资料")

    report = read(draw(authored, Drawing(after_cell=go_on_in_red, over=head)))
    assert (report.status, tables(report)) == ("ok", authored.tables()), report.reason


def test_an_agencys_error_under_a_seal_is_found_by_both_readings(authored: AuthoredReport) -> None:
    wrong = with_error(authored, {"table3.granted.total": 7717})
    report = read(draw(wrong, level_words(red)))
    assert (report.status, report.figure("table3.granted.total")) == ("ok", 7717), report.reason


def coloured(paths: frozenset[str], colour: Color) -> Drawing:
    """The figures at `paths` in a colour of their own."""

    def paint(canvas: Canvas, cell: GridCell, x: float, y: float) -> None:
        if cell.path in paths:
            canvas.setFillColor(colour)
            canvas.setFont(FONT, 8)
            canvas.drawCentredString(x, y - 3, cell.text)
            canvas.setFillColor(black)

    return Drawing(texts=dict.fromkeys(paths, ""), after_cell=paint)


def test_one_red_figure_by_itself_stays_and_is_not_vouched_for(authored: AuthoredReport) -> None:
    path = "table3.granted.natural"
    report = read(draw(authored, coloured(frozenset({path}), red)))
    assert tables(report) == authored.tables()
    assert report.uncertain == [path]
    assert report.cells[path].confidence == DOUBTFUL
    assert report.reading is not None
    assert report.reading.uncertain_why[path] == ALONE


@pytest.mark.parametrize("colour", [red, blue, lightgrey], ids=["red", "blue", "pale"])
def test_a_table_whose_figures_are_coloured_is_read_as_any_other(authored: AuthoredReport, colour: Color) -> None:
    report = read(draw(authored, coloured(frozenset(authored.form.paths("table3")), colour)))
    assert (report.status, tables(report)) == ("ok", authored.tables()), report.reason


def test_a_blue_figure_is_no_stamp(authored: AuthoredReport) -> None:
    report = read(draw(authored, coloured(frozenset({"table2.licences"}), blue)))
    assert (report.status, tables(report)) == ("ok", authored.tables()), report.reason


def test_digits_of_two_colours_in_one_cell_are_not_vouched_for(authored: AuthoredReport) -> None:
    def beside(canvas: Canvas, cell: GridCell, x: float, y: float) -> None:
        if cell.path == "table2.licences":
            canvas.setFillColor(blue)
            canvas.setFont(FONT, 8)
            canvas.drawString(x + len(cell.text) * 2.2 + 1, y - 3, "7")
            canvas.setFillColor(black)

    report = read(draw(authored, Drawing(after_cell=beside)))
    assert report.uncertain == ["table2.licences"]
    assert report.reading is not None
    assert report.reading.uncertain_why["table2.licences"] == MIXED


def test_a_red_heading_stays(authored: AuthoredReport) -> None:
    def head(canvas: Canvas) -> None:
        canvas.setFillColor(red)
        canvas.setFont(FONT, 20)
        canvas.drawString(60, TALL - 40, "临溪县石桥镇人民政府文件")
        canvas.setFillColor(black)

    data = draw(authored, Drawing(over=head))
    assert read(data).status == "ok"
    assert "石桥镇人民政府文件" in words_of(read_pages(data, 10).pages[0].items)


def test_what_sticks_out_depends_on_what_the_page_is_printed_in() -> None:
    assert odd_colours([BLACK] * 9 + [GREY, RED, BLUE]) == {GREY, RED}
    assert odd_colours([RED] * 9 + [BLACK, (230, 30, 30, 255)]) == frozenset()
    assert odd_colours([GREY] * 9 + [BLACK, BLUE]) == frozenset()
    assert odd_colours([BLACK] * 3) == frozenset()


def test_a_run_of_stamp_characters_goes_when_one_of_them_lies_over_text() -> None:
    text = [("1", 100.0, 10.0, 105.0, 20.0), ("2", 105.0, 10.0, 110.0, 20.0)]
    stamp = [("专", 70.0, 12.0, 90.0, 32.0), ("用", 90.0, 12.0, 110.0, 32.0)]
    apart = [("号", 300.0, 10.0, 310.0, 20.0)]
    colours = dict.fromkeys(text, BLACK) | dict.fromkeys(stamp, RED) | dict.fromkeys(apart, RED)
    assert printed_over([*stamp, *text, *apart], colours, frozenset({RED})) == set(stamp)


def test_a_cell_keeps_its_own_colour() -> None:
    figure, stamp = ("5", 0.0, 0.0, 5.0, 10.0), ("章", 6.0, 0.0, 16.0, 10.0)
    colours = {figure: BLACK, stamp: RED}
    assert settle([figure, stamp], colours, frozenset({RED})) == ([figure], "")
    assert settle([stamp], colours, frozenset({RED})) == ([stamp], ALONE)
    assert settle([], colours, frozenset({RED})) == ([], "")
    assert settle([figure, stamp], {}, frozenset()) == ([figure, stamp], "")


def test_huge_and_crowded_characters_cost_little() -> None:
    glyphs = [("x", number * 1e-3, 0.0, 14_000.0, 14_000.0) for number in range(4000)]
    colours = {glyph: RED if number % 2 else BLACK for number, glyph in enumerate(glyphs)}
    started = time.process_time()
    assert len(printed_over(glyphs, colours, frozenset({RED}))) == 2000
    assert time.process_time() - started < 5
