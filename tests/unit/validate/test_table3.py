from decimal import Decimal

import pytest

from services.core.finding import Severity
from services.core.report import Cell, Figure, Kind, Layout, Table3
from services.validate.judge import Context
from services.validate.rules.example import ONE_ROW_OTHER, TALLYING, without_rows
from tests.unit.validate.made import findings, only, rule_ids


def test_a_row_that_does_not_add_up_is_told_with_place_both_values_and_difference():
    found = only(findings({"table3.granted.total": 7}, rule="T3-1"))
    assert found.message.startswith("表三“（一）予以公开”一行：前六列合计 8，“总计”列填报 7，相差 1。请核对该行各列。")
    assert (found.expected, found.actual, found.severity) == (8, 7, Severity.ERROR)
    assert found.where[0] == "table3.granted.total"
    assert set(found.where) == {
        f"table3.granted.{c}" for c in ("natural", "commercial", "research", "social", "legal", "other", "total")
    }


def test_a_column_out_of_balance_shows_the_four_numbers():
    found = only(findings({"table3.carried_in.natural": 3}, rule="T3-2"))
    assert (
        "表三“自然人”一列：第一项加第二项为 12 + 3 = 15，第三项（七）总计加第四项为 13 + 1 = 14，相差 1。"
        in found.message
    )
    assert (found.expected, found.actual) == (15, 14)


def test_results_that_do_not_add_up_to_the_total_row():
    found = only(findings({"table3.granted.other": 3}, rule="T3-3"))
    assert (
        "表三“法人或其他组织·其他”一列：第三项（一）至（六）各行合计 4，“（七）总计”行填报 2，相差 2。" in found.message
    )
    assert (found.expected, found.actual) == (4, 2)


def test_in_the_2019_layout_one_row_stands_for_the_three_of_other_handling():
    assert rule_ids(findings(**ONE_ROW_OTHER)) == {"T3-8"}
    found = findings({"table3.other_all.natural": 2}, **ONE_ROW_OTHER)
    assert {"T3-1", "T3-3"} < rule_ids(found)


def test_the_one_row_of_the_old_layout_is_a_warning_from_2021_on_only():
    assert only(findings(rule="T3-8", **ONE_ROW_OTHER)).severity is Severity.WARNING
    assert not findings(rule="T3-8", year=2020, **ONE_ROW_OTHER)
    assert not findings(rule="T3-8", year=None, context=Context(), **ONE_ROW_OTHER)


def test_the_layout_is_taken_from_the_rows_when_the_reader_names_none():
    assert rule_ids(findings(layout=Layout(), table3=ONE_ROW_OTHER["table3"])) == {"T3-8"}
    assert not findings(layout=Layout(table2="x", table3="x", table4="x"))


@pytest.mark.parametrize(
    ("value", "printed"),
    [(-2, "-2"), (Decimal("1.50"), "1.5"), (10**20, "1.000E+20"), (Decimal("1e400"), "1.000E+400")],
)
def test_a_figure_that_is_no_whole_number_from_0_up_is_named(value: Figure, printed: str):
    found = only(findings({"table3.partial.natural": value}, rule="T3-4"))
    assert found.message.startswith(f"表三（二）部分公开 · 自然人：填报“{printed}”，应为不小于 0 的整数。")
    assert found.actual == printed


def test_a_decimal_without_fraction_is_a_whole_number():
    assert not findings({"table3.partial.natural": Decimal("2.0")})


def test_words_in_a_cell_are_named_and_no_sum_is_judged_with_them():
    words = Cell(line=1, column=1, text="若干", kind=Kind.TEXT, confidence=0.9)
    found = findings({"table3.partial.natural": None}, cells={"table3.partial.natural": words})
    assert only(found).rule == "T3-4"
    assert "填报“若干”" in only(found).message


def test_a_fraction_gives_one_complaint_and_no_sum():
    assert rule_ids(findings({"table3.partial.natural": Decimal("1.5")})) == {"T3-4"}


def test_missing_rows_are_listed_once_and_the_sums_over_them_are_not_judged():
    found = only(findings(**without_rows("deny_law", "granted")))
    assert found.rule == "T3-5"
    assert "读到 23 行" in found.message
    assert "表三“（一）予以公开”、表三“（三）不予公开 2.其他法律行政法规禁止公开”" in found.message
    assert (found.expected, found.actual) == ("25 行", "23 行")


def test_a_row_with_another_number_of_columns_is_not_found():
    rows = {**(TALLYING.table3.rows if TALLYING.table3 else {}), "new": [1, 2, 3]}
    assert rule_ids(findings(table3=Table3(rows=rows))) == {"T3-5"}


def test_many_missing_rows_are_cut_short_in_the_sentence_not_in_the_list():
    kept = ("new", "total")
    rows = {key: row for key, row in (TALLYING.table3.rows if TALLYING.table3 else {}).items() if key in kept}
    found = only(findings(rule="T3-5", table3=Table3(rows=rows)))
    assert "等 23 行" in found.message
    assert len(found.where) == 23 * 7


def test_missing_rows_of_a_doubtful_reading_are_not_held_against_the_body():
    sure, unsure = (only(findings(status=status, **without_rows("deny_law"))) for status in ("ok", "review"))
    assert (sure.cause, unsure.cause) == ("document", "extraction")
    assert "请对照原文核对" in unsure.message
    assert "请按格式补全" not in unsure.message


def carried(out: int, new: int = 40) -> dict[str, Figure]:
    rest = new + 2 - out
    return {
        "table3.new.natural": new - 6,
        "table3.new.total": new,
        "table3.carried_out.natural": out,
        "table3.carried_out.total": out,
        "table3.total.total": rest,
    }


def test_more_than_a_fourth_carried_over_is_a_hint():
    found = only(findings(carried(11), rule="T3-6"))
    assert found.severity is Severity.INFO
    assert "填报 11，超过本年新收 40 件的四分之一" in found.message


@pytest.mark.parametrize(("out", "new"), [(10, 40), (0, 40), (5, 19), (19, 19)])
def test_a_fourth_and_a_few_cases_are_nothing_to_ask_about(out: int, new: int):
    assert not findings(carried(out, new), rule="T3-6")


def test_more_carried_over_than_there_was_is_told_once_by_the_balance():
    assert "T3-2" in rule_ids(findings({"table3.carried_out.total": 60}))
    assert not findings({"table3.carried_out.total": 60}, rule="T3-6")


def test_more_carried_over_than_there_was_is_told_where_the_balance_hides_it():
    hidden: dict[str, Figure] = {"table3.carried_out.total": 25, "table3.total.total": -5}
    assert "多于本年新收 18 与上年结转 2 之和" in only(findings(hidden, rule="T3-6")).message


KINDS = ("natural", "commercial", "research", "social", "legal", "other")


def test_rows_with_nothing_but_a_total_are_one_warning():
    blank: dict[str, Figure] = {f"table3.{row}.{kind}": None for row in ("new", "granted") for kind in KINDS}
    found = only(findings(blank, rule="T3-7"))
    assert found.severity is Severity.WARNING
    assert "表三有 2 行只填了“总计”列" in found.message


@pytest.mark.parametrize(
    "figures",
    [
        {f"table3.granted.{kind}": None for kind in KINDS[1:]},
        {f"table3.deny_law.{kind}": None for kind in KINDS},
        {f"table3.granted.{kind}": 0 for kind in KINDS},
        {f"table3.granted.{kind}": None for kind in (*KINDS, "total")},
    ],
    ids=["one kind", "a total of nought", "noughts", "all blank"],
)
def test_a_row_with_a_kind_or_without_a_total_is_none_of_these(figures: dict[str, Figure]):
    assert not findings(figures, rule="T3-7")
