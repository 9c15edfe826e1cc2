"""Table 4 from rows of cells."""

from __future__ import annotations

import pytest

from services.ingest.recognise.confidence import assess
from services.ingest.recognise.primitives import Entry, Place, TableRow
from services.ingest.recognise.table4 import read_table4

OUTCOMES = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
BOX = (0.0, 100.0, 20.0, 130.0)


def upright(heads: tuple[str, ...], figures: tuple[str, ...]) -> list[TableRow]:
    """The table with its heads and figures, each cell 20 points wide."""
    blocks = [Entry("行政复议", left=0, right=100), Entry("未经复议直接起诉", left=100, right=200)]
    blocks.append(Entry("复议后起诉", left=200, right=300))
    columns = [Entry("\n".join(text), left=20.0 * at, right=20.0 * (at + 1)) for at, text in enumerate(heads)]
    cells = [
        Entry(text, Place(1, BOX), 20.0 * at, 20.0 * (at + 1), figure=(0.0, 118.0, 20.0, 130.0))
        for at, text in enumerate(figures)
    ]
    return [TableRow(blocks), TableRow(columns), TableRow(cells)]


@pytest.mark.parametrize("printed", ["持\n24", "24\n持"])
def test_the_end_of_an_upright_head_that_runs_into_the_figure_below_is_given_back_to_the_head(printed: str):
    heads = (*OUTCOMES, "结果维", *OUTCOMES[1:], *OUTCOMES)
    table = read_table4(upright(heads, (*"00000", printed, *"0006", *"00000")))
    assert table is not None
    placed = table.figures["table4.direct.upheld"]
    assert (placed.printed.value, placed.doubt, placed.entry.text) == (24, "", "24")
    assert placed.entry.place.bbox == (0.0, 118.0, 20.0, 130.0)


@pytest.mark.parametrize(("head", "figure"), [("结果维持", "持\n24"), ("结果纠", "持\n24"), ("结果维", "持\n约24")])
def test_other_words_before_a_figure_stay_and_the_figure_is_not_taken(head: str, figure: str):
    heads = (*OUTCOMES, head, *OUTCOMES[1:], *OUTCOMES)
    table = read_table4(upright(heads, (*"00000", figure, *"0006", *"00000")))
    assert table is not None
    assert table.figures["table4.direct.upheld"].printed.value is None
    assert table.figures["table4.direct.upheld"].doubt


def test_a_figure_printed_over_the_end_of_the_head_is_taken_but_not_vouched_for():
    heads = (*OUTCOMES, "结果维", *OUTCOMES[1:], *OUTCOMES)
    table = read_table4(upright(heads, (*"00000", "持24", *"0006", *"00000")))
    assert table is not None
    placed = table.figures["table4.direct.upheld"]
    assert (placed.printed.value, placed.doubt) == (24, "数字与别的字重叠")


@pytest.mark.parametrize(("joined", "doubt"), [("00", ""), ("10", "两格之间的格线没有认出")])
def test_a_cell_as_wide_as_two_is_parted_and_believed_where_the_sums_hold(joined: str, doubt: str):
    rows = upright(OUTCOMES * 3, tuple("0" * 15))
    figures = rows[2].cells
    figures[6:8] = [Entry(joined, Place(1, BOX), figures[6].left, figures[7].right)]
    table = read_table4(rows)
    assert table is not None
    assert len(table.figures) == 15
    held, _ = assess(table, 4)
    for column in ("corrected", "other"):
        placed = table.figures[f"table4.direct.{column}"]
        assert placed.weak == "两格之间的格线没有认出"
        assert (f"table4.direct.{column}" in held) is not bool(doubt)
    assert table.figures["table4.direct.corrected"].printed.value == int(joined[0])


def test_a_joined_cell_with_another_number_of_signs_is_left_alone():
    rows = upright(OUTCOMES * 3, tuple("0" * 15))
    figures = rows[2].cells
    figures[6:8] = [Entry("120", Place(1, BOX), figures[6].left, figures[7].right)]
    table = read_table4(rows)
    assert table is not None
    assert "table4" in table.missing
