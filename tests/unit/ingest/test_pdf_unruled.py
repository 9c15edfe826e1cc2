"""Tables whose cells no rule parts: rows by the labels that lines make up, columns by where the figures stand.

The rule under test is one: a figure is right, or it is not vouched for.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest
from reportlab.pdfgen.canvas import Canvas

from infra.demo.authored import AuthoredReport, consistent, with_error
from infra.demo.grids import GridCell
from infra.demo.press import FONT
from services.ingest.recognise.pages import Glyph, PageInk, page_items
from services.ingest.recognise.primitives import Item, Line, TableRow
from services.ingest.recognise.unruled import Carried, loose_items
from services.ingest.recognise.unruled_labels import labels_in_lines, labels_in_stacks, longest_apart, table3_key
from services.ingest.recognise.words import clusters, columns_between, text_of, words_of
from tests.unit.ingest.drawn_reports import AGENCY, Drawing, draw, read, silent_errors, tables


@pytest.fixture(scope="module")
def authored() -> AuthoredReport:
    return consistent(11, AGENCY, 2024)


@pytest.mark.parametrize("lines", ["none", "horizontal"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("layout", ["2019", "2021"])
def test_tables_without_cell_borders_read_to_the_last_figure(lines: str, seed: int, layout: str) -> None:
    authored = consistent(seed, AGENCY, 2024, layout=layout)
    report = read(draw(authored, Drawing(lines=lines)))
    assert (report.status, report.reason) == ("ok", None)
    assert tables(report) == authored.tables()
    assert silent_errors(report, authored) == []


@pytest.mark.parametrize("how", [{"sideways": True}, {"rotate": 90}, {"form": True}], ids=str)
def test_pages_without_borders_may_be_turned(authored: AuthoredReport, how: dict[str, bool]) -> None:
    report = read(draw(authored, Drawing(lines="none", **how)))  # type: ignore[arg-type]  # one option at a time
    assert (report.status, tables(report)) == ("ok", authored.tables())


def test_the_box_of_a_cell_holds_its_figure_alone(authored: AuthoredReport) -> None:
    data = draw(authored, Drawing(lines="none"))
    report = read(data)
    boxes = [cell.bbox for cell in report.cells.values() if cell.bbox]
    assert len(boxes) == len(authored.paths())
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_two_rows_exchanged_follow_their_labels(authored: AuthoredReport) -> None:
    one, two = "1.属于国家秘密", "4.保护第三方合法权益"
    report = read(draw(authored, Drawing(lines="none", rows={one: two, two: one})))
    assert tables(report) == authored.tables()


def test_swapped_column_heads_move_the_figures_with_them(authored: AuthoredReport) -> None:
    words = {"商业企业": "科研机构", "科研机构": "商业企业"}
    report = read(draw(authored, Drawing(lines="none", words=words)))
    for row, figures in authored.table3.items():
        assert report.figure(f"table3.{row}.research") == figures[1]
        assert report.figure(f"table3.{row}.commercial") == figures[2]


def test_a_damaged_label_is_placed_and_doubted(authored: AuthoredReport) -> None:
    report = read(draw(authored, Drawing(lines="none", words={"4.保护第三方合法权益": "4.保护第二方合法利益"})))
    assert {path.split(".")[1] for path in report.uncertain} == {"deny_third_party"}
    assert silent_errors(report, authored) == []


def test_a_label_that_says_something_else_places_nothing(authored: AuthoredReport) -> None:
    report = read(draw(authored, Drawing(lines="none", words={"4.保护第三方合法权益": "4.本地自设的情形"})))
    assert report.table3 is not None
    assert report.table3.rows["deny_third_party"] is None
    assert silent_errors(report, authored) == []


def test_a_row_without_its_label_makes_its_neighbours_uncertain(authored: AuthoredReport) -> None:
    report = read(draw(authored, Drawing(lines="none", words={"2.重复申请": ""})))
    assert report.table3 is not None
    assert report.table3.rows["reject_repeat"] is None
    assert "table3.reject_repeat.natural" in report.uncertain
    assert silent_errors(report, authored) == []


def test_nil_signs_and_blanks_are_no_zeros(authored: AuthoredReport) -> None:
    blanks = {"table3.deny_law.natural": "—", "table3.deny_law.research": "", "table4.review.upheld": ""}
    report = read(draw(authored, Drawing(lines="none", texts=blanks)))
    written = authored.with_printed(dict.fromkeys(blanks))
    assert [report.figure(path) for path in blanks] == [None] * len(blanks)
    assert silent_errors(report, written) == []
    assert len(report.cells) == len(authored.paths())


def test_an_empty_row_and_an_empty_column_keep_their_place(authored: AuthoredReport) -> None:
    row = [f"table3.deny_law.{column}" for column in authored.form.column_keys]
    column = [f"table3.{key}.research" for key in authored.form.row_keys]
    written = authored.with_printed(dict.fromkeys([*row, *column]))
    report = read(draw(authored, Drawing(lines="none", texts=dict.fromkeys([*row, *column], ""))))
    assert silent_errors(report, written) == []
    assert all(path in report.cells for path in (*row, *column))
    assert report.figure("table3.new.social") == authored.figure("table3.new.social")


def test_tables_without_any_figure_are_empty_and_not_absent(authored: AuthoredReport) -> None:
    paths = [*authored.form.paths("table3"), *authored.form.paths("table4")]
    report = read(draw(authored, Drawing(lines="none", texts=dict.fromkeys(paths, ""))))
    assert {path for path in paths if path in report.cells} == set(paths)
    assert all(report.figure(path) is None for path in paths)


def test_a_figure_broken_in_its_narrow_cell_is_read_whole_or_doubted(authored: AuthoredReport) -> None:
    path = "table3.carried_out.total"

    def broken(canvas: Canvas, cell: GridCell, x: float, y: float) -> None:
        if cell.path == path:
            canvas.setFont(FONT, 8)
            canvas.drawCentredString(x, y + 2, "1，2")
            canvas.drawCentredString(x, y - 8, "34")

    written = authored.with_printed({path: 1234})
    report = read(draw(authored, Drawing(lines="none", texts={path: ""}, after_cell=broken)))
    assert silent_errors(report, written) == []
    assert path in report.uncertain


def test_a_number_beside_the_last_column_casts_doubt_on_the_table(authored: AuthoredReport) -> None:
    def beside(canvas: Canvas, cell: GridCell, x: float, y: float) -> None:
        if cell.path == "table3.granted.total":
            canvas.setFont(FONT, 8)
            canvas.drawString(x + 24, y - 3, "7")

    report = read(draw(authored, Drawing(lines="none", after_cell=beside)))
    assert report.status == "review"
    assert "table3.granted.total" in report.uncertain
    assert silent_errors(report, authored) == []


def test_an_agencys_error_is_vouched_for_after_a_second_reading(authored: AuthoredReport) -> None:
    wrong = with_error(authored, {"table3.granted.total": 7717})
    for lines in ("none", "horizontal"):
        report = read(draw(wrong, Drawing(lines=lines)))
        assert (report.status, report.figure("table3.granted.total")) == ("ok", 7717), report.reason


def test_so_it_is_on_a_page_printed_sideways(authored: AuthoredReport) -> None:
    wrong = with_error(authored, {"table3.granted.total": 7717})
    for lines in ("none", "strokes"):
        report = read(draw(wrong, Drawing(lines=lines, sideways=True)))
        assert (report.status, report.figure("table3.granted.total")) == ("ok", 7717), report.reason


def line_of(text: str, x: float, y: float, size: float = 10.0) -> list[Glyph]:
    """A printed line: Han characters one size wide, others half; a blank takes half a size."""
    glyphs: list[Glyph] = []
    for char in text:
        wide = size if ord(char) > 0x2000 else size / 2
        if not char.isspace():
            glyphs.append((char, x, y, x + wide, y + size))
        x += wide
    return glyphs


def items_of(glyphs: Iterable[Glyph], carried: Carried | None = None) -> list[Item]:
    page = PageInk(1, 600.0, 800.0, glyphs=list(glyphs))
    known = carried or Carried()
    items, _ = page_items(page, 1, lambda ink, lines, grid: loose_items(ink, lines, grid, known))
    return items


FIVE = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")


def disputes(y: float, heads: Iterable[str], figures: Iterable[str], pitch: float = 50.0) -> list[Glyph]:
    """A row of heads and, if there are any, a row of figures 20 points below."""
    glyphs = [glyph for k, head in enumerate(heads) for glyph in line_of(head, 40 + k * pitch, y)]
    return glyphs + [glyph for k, text in enumerate(figures) for glyph in line_of(text, 55 + k * pitch, y + 20)]


def figure_rows(items: Iterable[Item]) -> list[list[str]]:
    return [
        [c.text for c in item.cells] for item in items if isinstance(item, TableRow) and item.cells[-1].text.isdigit()
    ]


def test_heads_at_the_foot_of_a_page_wait_for_their_figures() -> None:
    carried = Carried()
    first = items_of([*line_of("四、政府信息公开行政复议、行政诉讼情况", 40, 600), *disputes(700, FIVE, [])], carried)
    assert figure_rows(first) == []
    second = items_of([g for k in range(5) for g in line_of(str(k), 55 + 50 * k, 120)], carried)
    assert figure_rows(second) == [["0", "1", "2", "3", "4"]]


def test_heads_over_nothing_in_a_section_that_ends_are_an_empty_row() -> None:
    glyphs = [*line_of("四、政府信息公开行政复议、行政诉讼情况", 40, 100), *disputes(150, FIVE, [])]
    items = items_of([*glyphs, *line_of("五、存在的主要问题及改进情况", 40, 250)])
    rows = [item for item in items if isinstance(item, TableRow)]
    assert [cell.text for cell in rows[-1].cells] == [""] * 5


def test_figures_without_heads_are_no_table() -> None:
    glyphs = [*line_of("四、政府信息公开行政复议、行政诉讼情况", 40, 100), *disputes(150, [], "01234")]
    assert all(isinstance(item, Line) for item in items_of(glyphs))


def test_a_page_number_goes_and_a_figure_near_the_foot_stays() -> None:
    prose = line_of("本年度没有收取信息处理费，也没有其他需要报告的事项。", 40, 700)
    assert len(items_of([*prose, *line_of("— 3 —", 290, 770)])) == 1
    assert len(items_of([*prose, *line_of("3", 290, 712)])) == 2


def test_words_part_where_columns_do_and_at_list_marks() -> None:
    line = [*line_of("（五）不予1.信访举报投诉类申请", 40, 100), *line_of("12", 240, 100), *line_of("7", 280, 100)]
    assert [word.text for word in words_of(line)] == ["（五）不予", "1.信访举报投诉类申请", "12", "7"]
    assert [word.text for word in words_of(line_of("第二十条第（一）项", 40, 100))] == ["第二十条第（一）项"]
    assert [word.text for word in words_of(line_of("59.1237", 40, 100))] == ["59.1237"]


def test_a_label_is_a_run_of_lines_that_the_form_knows() -> None:
    words = words_of([*line_of("5.要求行政机关确认或", 40, 100), *line_of("重新出具已获取信息", 40, 112)])
    (label,) = longest_apart(labels_in_lines(words, table3_key))
    assert (label.key, label.text) == ("reject_confirm", "5.要求行政机关确认或\n重新出具已获取信息")
    far = words_of([*line_of("5.要求行政机关确认或", 40, 100), *line_of("重新出具已获取信息", 40, 150)])
    assert labels_in_lines(far, table3_key) == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("3.其他", "other_other"),
        ("（3）其他", "other_other"),
        ("（六）其他", "other_all"),
        ("（七）总计", "total"),
        ("其他", None),
        ("总计", None),
        ("本年新收政府信息公开申请数量", "new"),
    ],
)
def test_names_that_columns_have_too_need_their_mark(text: str, key: str | None) -> None:
    assert table3_key(text) == key


def test_a_head_is_a_stack_of_words() -> None:
    words = words_of([*line_of("法律服", 40, 100), *line_of("其他", 90, 106), *line_of("务机构", 40, 112)])
    (stack,) = labels_in_stacks(words, lambda text: text if text == "法律服务机构" else None)
    assert text_of(stack.words) == "法律服\n务机构"


def test_columns_meet_halfway_between_what_stands_in_them() -> None:
    words = words_of([*line_of("1", 100, 10), *line_of("12", 97, 30), *line_of("3", 150, 10)])
    assert clusters(words) == [(97.0, 107.0), (150.0, 155.0)]
    assert columns_between(clusters(words), 90.0, 160.0) == [(90.0, 128.5), (128.5, 160.0)]


def test_a_page_full_of_labels_or_figures_is_given_up_quickly() -> None:
    heading = line_of("二、主动公开政府信息情况", 40, 10)
    labels = [g for k in range(2000) for g in line_of("规章 0", 40 + k % 20 * 28, 30 + k // 20 * 5.0, 4)]
    started = time.process_time()
    assert all(isinstance(item, Line) for item in items_of([*heading, *labels]))
    assert time.process_time() - started < 5
