"""Words of a table in running text: which label, group or head each piece is part of, and whose the figures are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.form import form
from services.ingest.recognise.labels import name_of
from services.ingest.recognise.printed import Run, Token, read_line, with_nil_words
from services.ingest.recognise.running import script3, table2_rows, table3_rows
from services.ingest.recognise.script import follow

ROWS = form("2021").table3_rows
GROUPS = {
    "": "",
    "results": "",
    "deny": "（三）不予公开",
    "unable": "（四）无法提供",
    "reject": "（五）不予处理",
    "other": "（六）其他处理",
}


def keys(texts: list[str]) -> list[str | None]:
    """The row that each text is part of, in the reading of all of them."""
    return [next((piece.key for piece in pieces if piece.key), None) for pieces in follow(script3(), texts)]


def printed(*lines: str) -> list[Token | Run]:
    return [one for number, line in enumerate(lines, 1) for one in read_line(line, number)]


@settings(deadline=None)
@given(st.data())
def test_labels_cut_anywhere_with_groups_between_are_followed(data: st.DataObject) -> None:
    texts: list[str] = []
    wanted: list[str | None] = []
    seen = {""}
    for row in ROWS:
        if row.group not in seen:
            texts += (
                [GROUPS[row.group][:3], GROUPS[row.group][3:]] if GROUPS[row.group] else ["三、", "本年度", "办理结果"]
            )
            wanted += [None] * (len(texts) - len(wanted))
            seen.add(row.group)
        label = f"{row.mark}{row.label}"
        cut = data.draw(st.integers(len(row.mark) + 1, len(label)))
        pieces = [piece for piece in (label[:cut], label[cut:]) if piece]
        texts += pieces
        wanted += [row.key if name_of(piece) else None for piece in pieces]
    assert keys(texts) == wanted


def test_a_page_that_breaks_off_a_label_leaves_the_row_after_it_alone() -> None:
    texts = ["一、本年新收政府信息公开申请数量", "二、上年结转政府", "（一）予以公开"]
    assert keys(texts) == ["new", "carried_in", "granted"]


@pytest.mark.parametrize(
    ("below", "texts", "wanted"),
    [
        ("unable_unclear", ["2.重复申请", "1.信访举报投诉类申请"], ["reject_repeat", "reject_complaint"]),
        ("other_no_fee", ["3.其他", "（七）总计"], ["other_other", "total"]),
        ("reject_confirm", ["（六）", "其他处理", "（七）", "总计"], [None, "other_all", None, "total"]),
        ("total", ["四、结转下年度继续办理"], ["carried_out"]),
        ("other_no_fee", ["（七）总计", "四、结转下年度继续办理", "3.其他"], ["total", "carried_out", "other_other"]),
    ],
)
def test_rows_in_another_order_and_ambiguous_names_go_by_words_and_marks(
    below: str, texts: list[str], wanted: list[str | None]
) -> None:
    order = [row.key for row in ROWS]
    before = [f"{row.mark}{row.label}" for row in ROWS[: order.index(below) + 1]]
    assert keys(before + texts)[len(before) :] == wanted


def test_words_of_no_label_are_part_of_no_row() -> None:
    texts = ["一、本年新收政府信息公开申请数量", "街道办事处", "二、上年结转政府信息公开申请数量"]
    assert keys(texts) == ["new", None, "carried_in"]
    assert follow(script3(), texts)[1][0].stray


@settings(deadline=None)
@given(st.lists(st.text(alphabet="申请人公开其他处理一二三（）.12政府信息总计", max_size=8), max_size=30))
def test_no_words_break_the_reading(texts: list[str]) -> None:
    assert len(follow(script3(), texts)) == len(texts)


FIGURES = "1 2 0 0 0 0 3"


@pytest.mark.parametrize(
    "lines",
    [
        ["2.没有现成信息需要另行制作 1 2 0 0 0 0 3"],
        ["2.没有现成信息需要", "另行制作", "1 2 0 0 0 0 3"],
        ["2.没有现成信息需要", "1 2 0 0 0 0 3", "另行制作"],
        ["2.没有现成信息需要 1 2 0 0 0 0 3", "另行制作"],
        ["2.没有现成信息需要 1 2 0 0 0 0 3 另行制作"],
        ["2.没有现成信息需要", "1", "2", "0", "0", "0", "0", "3", "另行制作"],
        ["（四）无 2.没有现成信息需要", "法提 另行制作 1 2 0 0 0 0 3", "供"],
        ["( 2 ) 没有 现 成 信息需 要另行", "制 作", "1 2 0 0 0", "0 3"],
        ["2.没有现成信息需要另行制作1 2 0 0 0 0 3"],
    ],
)
def test_figures_above_below_and_beside_their_label(lines: list[str]) -> None:
    around = ["1.本机关不掌握相关政府信息 0 0 0 0 0 0 0", *lines, "3.补正后申请内容仍不明确 0 0 0 0 0 0 0"]
    rows = table3_rows(printed(*around), 1)
    (row,) = (row for row in rows if "没有" in row.cells[0].text)
    assert " ".join(cell.text for cell in row.cells[1:]) == FIGURES
    assert not any(cell.doubt for cell in row.cells)


def test_figures_of_a_lost_label_are_given_to_none_of_its_neighbours() -> None:
    rows = table3_rows(
        printed("1.信访举报投诉类申请", "0 0 0 0 0 0 0", "1 0 0 0 0 0 1", "3.要求提供公开出版物", "0 0 0 0 0 0 0"),
        1,
    )
    assert all(len(row.cells) != 8 or row.cells[1].doubt for row in rows)


def test_a_page_number_among_figures_of_their_own_is_left_out_where_the_sum_tells() -> None:
    lines = ["2.重复申请", "5", "1", "0", "0", "4", "0", "0", "10", "3.要求提供公开出版物"]
    (row, *_) = table3_rows(printed(*lines), 1)
    assert len(row.cells) == 9  # two of the zeros could be the one too many, with different results
    (row, *_) = table3_rows(printed("2.重复申请", "5", "1", "0", "3", "0", "0", "0", "6", "3.要求提供公开出版物"), 1)
    assert [cell.text for cell in row.cells[1:]] == ["5", "1", "0", "0", "0", "0", "6"]


def test_blank_cells_are_found_by_the_columns_of_the_rows_around() -> None:
    rows = table3_rows(
        printed(
            "1.信访举报投诉类申请          1    0    0    0    0    0    1",
            "2.重复申请                    2    3                        5",
            "3.要求提供公开出版物          0    0    0    0    0    0    0",
            "4.无正当理由大量反复申请      0    0    0    0    0    0    0",
        ),
        1,
    )
    assert [cell.text for cell in rows[1].cells[1:]] == ["2", "3", "", "", "", "", "5"]
    assert not any(cell.doubt for cell in rows[1].cells)


def test_a_lost_cell_is_not_taken_for_a_blank_one_where_the_sum_is_wrong() -> None:
    rows = table3_rows(
        printed(
            "1.信访举报投诉类申请          1    0    0    0    0    0    1",
            "2.重复申请                    2    3    0    0    0    5",
            "3.要求提供公开出版物          0    0    0    0    0    0    0",
            "4.无正当理由大量反复申请      0    0    0    0    0    0    0",
        ),
        1,
    )
    assert all(cell.doubt for cell in rows[1].cells[1:])


@pytest.mark.parametrize(
    ("line", "figures"),
    [
        ("规章 0 0 0", ["0", "0", "0"]),
        ("行政规范性文件 22（其中修订 16 件） 1 30（含自然失效 2", ["22（其中修订 16 件）", "1", "30（含自然失效 2"]),
        ("行政处罚 无", ["无"]),
        ("行政处罚 –", ["–"]),
        ("行政许可1,234", ["1,234"]),
    ],
)
def test_figures_of_table_2_with_notes_and_nil_signs(line: str, figures: list[str]) -> None:
    rows = table2_rows(read_line(line, 1, nil_words=True), 1)
    assert [cell.text for cell in rows[0].cells[1:]] == figures


def test_nil_words_are_figures_only_where_no_label_is_in_pieces() -> None:
    assert not any(isinstance(one, Run) for one in printed("（四）", "无", "法", "提", "供"))
    for cells in (["无"] * 7, ["5", "无", "无", "无", "不适用", "无", "5"]):
        assert sum(isinstance(one, Run) for one in with_nil_words(printed("2.重复申请", *cells), 7)) == 7
    vertical = printed("8.属于行政查询事项 1 0 0 0 0 0 1", "无", "法", "提", "供")
    assert sum(isinstance(one, Run) for one in with_nil_words(vertical, 7)) == 1


@settings(deadline=None)
@given(st.text(max_size=60))
def test_every_token_stands_where_its_place_says(text: str) -> None:
    for one in read_line(text, 3):
        for token in one.figures if isinstance(one, Run) else (one,):
            assert token.place.line == 3
            assert token.place.column is not None
            assert text[token.place.column - 1 :].startswith(token.text)
