"""What a numeric cell prints."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.form.declaration import NumberKind
from services.core.report import Kind
from services.ingest.recognise.figures import Printed, looks_like_figure, parse_figure

FULL_WIDTH = str.maketrans("0123456789,.-+", "０１２３４５６７８９，．－＋")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("１２", 12),
        ("1,234", 1234),
        ("11，398，889", 11398889),
        ("1 234 567", 1234567),
        ("-3", -3),
        ("〇", 0),
        ("零", 0),
        ("3.5", Decimal("3.5")),
        ("10件", 10),
    ],
)
def test_figures(text: str, value: int | Decimal) -> None:
    assert parse_figure(text).value == value
    assert parse_figure(text).kind is Kind.NUMBER
    assert parse_figure(text).doubt == ""


@pytest.mark.parametrize(
    ("text", "value", "note"),
    [
        ("22（其中修订 16 件）", 22, "其中修订16件"),
        ("26\n(自然失效2件)", 26, "自然失效2件"),
        ("55（含自然失效 29 件）", 55, "含自然失效29件"),
        ("42（含自然失效 30", 42, "含自然失效30"),
    ],
)
def test_a_note_in_brackets_stands_beside_the_figure(text: str, value: int, note: str) -> None:
    assert parse_figure(text) == Printed(value, Kind.NUMBER, note)


@pytest.mark.parametrize("text", ["", " ", "\u3000", "\n"])
def test_nothing_is_blank(text: str) -> None:
    assert parse_figure(text) == Printed(None, Kind.BLANK)


@pytest.mark.parametrize("text", ["/", "／", "-", "—", "–", "——", "---", "−", "无", "不适用", "\\", " － "])
def test_nil_signs_are_no_zeros(text: str) -> None:
    assert parse_figure(text) == Printed(None, Kind.DASH)


@pytest.mark.parametrize(
    "text", ["12①", "12²", "①", "见附件", "1,23", "O", "1/2", "12:30", "+4", "约10", "10以上", "1" * 13, "1" * 16]
)
def test_anything_else_gives_no_value_and_a_reason(text: str) -> None:
    printed = parse_figure(text)
    assert (printed.value, printed.kind) == (None, Kind.TEXT)
    assert printed.doubt


@pytest.mark.parametrize("text", ["1 0", "1\n2", "12 3456", "2\n491"])
def test_blanks_that_separate_no_thousands_are_doubted(text: str) -> None:
    assert parse_figure(text).value == int("".join(text.split()))
    assert parse_figure(text).doubt


@pytest.mark.parametrize("text", ["05", "007", "00"])
def test_a_figure_that_begins_with_zero_may_be_two_run_together(text: str) -> None:
    assert parse_figure(text).value == int(text)
    assert parse_figure(text).doubt
    assert not parse_figure("0").doubt
    assert not parse_figure("0.5", "money").doubt


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+4", 4),
        ("＋4", 4),
        ("-4", -4),
        ("－4", -4),
        ("−4", -4),
        ("—4", -4),
        ("增4", 4),
        ("增加4", 4),
        ("减少4", -4),
        ("0", 0),
    ],
)
def test_the_change_column_of_the_2019_form_has_signs(text: str, value: int) -> None:
    assert parse_figure(text, "signed").value == value


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("59237.2449", "万元", "59237.2449"),
        ("59237.2449", "", "59237.2449"),
        ("12345", "元", "1.2345"),
        ("1.2万元", "元", "1.2"),
        ("3000元", "", "0.3000"),
        ("3000（元）", "", "0.3000"),
        ("3000（元）", "万元", "0.3000"),
        ("1.2（单位：万元）", "元", "1.2"),
    ],
)
def test_money_is_given_in_ten_thousand_yuan(text: str, unit: str, value: str) -> None:
    assert parse_figure(text, "money", unit=unit).value == Decimal(value)


def test_money_in_an_unusual_unit_is_doubted() -> None:
    assert parse_figure("1.2", "money", unit="亿元").doubt
    assert not parse_figure("1.2万元", "money", unit="亿元").doubt


@given(
    st.integers(0, 10**9),
    st.sampled_from(["其中修订{}件", "含自然失效{}件", "修订 {} 件"]),
    st.integers(0, 999),
    st.sampled_from(["（{}）", "({})", " （{}）", "\n（{}）"]),
    st.booleans(),
)
def test_the_figure_before_a_note_is_the_figure(value: int, words: str, other: int, brackets: str, full: bool) -> None:
    text = f"{value}{brackets.format(words.format(other))}"
    printed = parse_figure(text.translate(FULL_WIDTH) if full else text)
    assert (printed.value, printed.kind, printed.doubt) == (value, Kind.NUMBER, "")
    assert str(other) in printed.note


@given(
    st.integers(0, 10**9),
    st.sampled_from(["元", "万元"]),
    st.sampled_from(["{}{}", "{} {}", "{}（{}）", "{}（单位：{}）"]),
)
def test_a_unit_in_the_cell_decides_whatever_the_head_says(value: int, unit: str, shape: str) -> None:
    for head in ("", "元", "万元"):
        amount = parse_figure(shape.format(value, unit), "money", unit=head).value
        assert amount == Decimal(value) / (10_000 if unit == "元" else 1)


@given(st.integers(min_value=0, max_value=10**12 - 1), st.sampled_from(["", ",", " "]), st.booleans())
def test_every_way_of_writing_a_whole_number_gives_that_number(value: int, separator: str, full_width: bool) -> None:
    text = f"{value:,}".replace(",", separator)
    assert parse_figure(text.translate(FULL_WIDTH) if full_width else text) == Printed(value, Kind.NUMBER)


LONGEST = 10**12 - 1


@pytest.mark.parametrize("number", ["count", "signed", "money"])
def test_a_figure_has_at_most_twelve_digits_and_a_longer_one_is_kept_as_text(number: NumberKind) -> None:
    assert parse_figure(f"{LONGEST}", number).value == LONGEST
    assert parse_figure(f"{LONGEST:,}", number).value == LONGEST
    for text in (f"{LONGEST + 1}", f"{LONGEST + 1:,}", f"-{LONGEST + 1}", f"{LONGEST + 1}.5", "0" * 13):
        printed = parse_figure(text, number)
        assert (printed.value, printed.kind) == (None, Kind.TEXT)
        assert printed.doubt


@given(st.decimals(min_value=0, max_value=10**8, places=4, allow_nan=False))
def test_decimals_are_exact(value: Decimal) -> None:
    assert parse_figure(f"{value:f}", "money").value == value


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser_and_every_value_is_made_of_digits_that_are_printed(text: str) -> None:
    printed = parse_figure(text)
    assert (printed.value is None) == (printed.kind is not Kind.NUMBER)
    if printed.value:
        assert any(char.isdigit() for char in text)
    assert looks_like_figure(text) in (True, False)


@given(st.integers(0, 10**6), st.text(alphabet="①②³¹²⑴", min_size=1, max_size=2))
def test_marks_of_footnotes_never_join_the_figure(value: int, mark: str) -> None:
    assert parse_figure(f"{value}{mark}").value is None
