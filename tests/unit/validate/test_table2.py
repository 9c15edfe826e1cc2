from dataclasses import replace
from decimal import Decimal

import pytest

from services.core.bodies import Level
from services.core.finding import Severity
from services.core.report import Figure, Layout
from services.validate.judge import Context
from services.validate.rules.example import CONTEXT, OLD_TABLE2, TALLYING, a_year_before
from tests.unit.validate.made import findings, only, rule_ids


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("table2.licences", -1, "表二 行政许可 · 本年处理决定数量：填报“-1”，应为不小于 0 的整数"),
        ("table2.penalties", Decimal("0.5"), "填报“0.5”，应为不小于 0 的整数"),
        ("table2.normative_docs.2", -4, "表二 行政规范性文件 · 现行有效件数：填报“-4”"),
        ("table2.fees", Decimal("-12.50"), "表二 行政事业性收费 · 本年收费金额：填报“-12.5”，应为不小于 0 的数"),
    ],
)
def test_what_cannot_be_a_count_or_an_amount_is_named(path: str, value: Figure, words: str):
    found = only(findings({path: value}, rule="T2-1"))
    assert words in found.message
    assert found.severity is Severity.ERROR


def test_fees_may_have_decimals_and_be_whole():
    assert not findings({"table2.fees": Decimal("59237.2449")})
    assert not findings({"table2.fees": 0})


def test_the_change_column_of_the_2019_layout_may_be_negative_but_not_broken():
    assert rule_ids(findings(**OLD_TABLE2)) == {"T2-8"}
    found = only(findings({"table2.licences.1": Decimal("0.5")}, rule="T2-1", **OLD_TABLE2))
    assert "应为整数" in found.message


@pytest.mark.parametrize("value", ["absent", [1, 2], [0]])
def test_a_row_that_was_not_found_is_a_warning(value: object):
    table2 = dict(TALLYING.table2 or {})
    table2.pop("licences")
    if value != "absent":
        table2["licences"] = value  # type: ignore[assignment]  # a reader may leave a list where one figure belongs
    found = only(findings(table2=table2, layout=Layout(table2="2021", table3="2021")))
    assert (found.rule, found.severity) == ("T2-1", Severity.WARNING)
    assert "表二 行政许可" in found.message


def test_a_list_row_cut_short_is_a_warning():
    found = only(findings(table2={**(TALLYING.table2 or {}), "regulations": None}))
    assert (found.rule, found.severity) == ("T2-1", Severity.WARNING)


def test_an_absent_table_is_left_to_b4():
    assert rule_ids(findings(table2=None)) == {"B4"}


def test_more_made_than_in_force_is_asked_about_unless_repealed_in_the_same_year():
    found = only(findings({"table2.normative_docs.0": 20}))
    assert (found.rule, found.severity) == ("T2-2", Severity.WARNING)
    assert "本年制发件数填报 20，现行有效件数填报 9" in found.message
    assert not findings({"table2.normative_docs.0": 10})
    assert rule_ids(findings({"table2.normative_docs.0": 20, "table2.normative_docs.1": None})) == {"B1", "T2-2"}
    assert "T2-2" not in rule_ids(findings({"table2.normative_docs.0": 20, "table2.normative_docs.2": None}))


def test_the_old_columns_are_a_warning_from_2021_on():
    assert only(findings(**OLD_TABLE2)).severity is Severity.WARNING
    assert "T2-8" not in rule_ids(findings(year=2020, **OLD_TABLE2))
    without_name = {**OLD_TABLE2, "layout": Layout()}
    assert rule_ids(findings(**without_name)) == {"T2-8"}


@pytest.mark.parametrize("key", ["normative_docs", "table2.normative_docs"])
def test_the_old_row_name_alone_is_for_the_reviewer_only(key: str):
    found = only(findings(reading={"labels": {key: "规范性 文件"}}))
    assert (found.rule, found.severity) == ("T2-8", Severity.INFO)


def test_without_reading_notes_or_year_nothing_is_said_of_names_and_layouts():
    assert not findings(rule="T2-8", year=None, context=Context(), **OLD_TABLE2)


def test_a_township_with_rules_of_its_own_is_asked_whether_they_are_documents():
    township = replace(CONTEXT, level=Level.TOWNSHIP)
    found = only(findings({"table2.regulations.2": 6}, rule="T2-4", context=township))
    assert found.severity is Severity.WARNING
    assert found.where == ["table2.regulations.2"]
    assert "表二 规章：填报现行有效件数 6，本机关一般没有规章制定权，应为 0。" in found.message


@pytest.mark.parametrize("level", [Level.PROVINCE, Level.CITY, Level.CENTRAL])
def test_who_may_make_rules_may_report_them(level: Level):
    assert not findings({"table2.regulations.2": 6}, rule="T2-4", context=replace(CONTEXT, level=level))


@pytest.mark.parametrize("name", ["临溪市人民政府", "临溪县人民政府办公室", "国家统计局", "金融监督管理总局", None])
def test_who_may_be_such_a_body_is_not_asked(name: str | None):
    context = replace(CONTEXT, level=None, body_name=name)
    assert not findings({"table2.regulations.2": 6}, rule="T2-4", context=context, agency=name)


def test_no_rules_no_question_and_a_doubtful_figure_is_to_be_looked_at():
    assert not findings({"table2.regulations.2": None}, rule="T2-4")
    doubtful = only(findings({"table2.regulations.2": 6}, rule="T2-4", uncertain=["table2.regulations.2"]))
    assert doubtful.cause == "extraction"


def test_rules_in_the_old_layout_are_counted_otherwise_and_only_a_hint():
    old = {**OLD_TABLE2, "table2": {**OLD_TABLE2["table2"], "regulations": [0, 0, 3]}}
    assert only(findings(rule="T2-4", **old)).severity is Severity.INFO


@pytest.mark.parametrize("fees", ["59237.2449", "0.000001", "12.50000000", "3"])
def test_money_to_the_fen_is_right(fees: str):
    assert not findings({"table2.fees": Decimal(fees)}, rule="T2-5")


def test_less_than_a_fen_is_a_warning():
    found = only(findings({"table2.fees": Decimal("0.0000001")}, rule="T2-5"))
    assert (found.severity, found.expected) == (Severity.WARNING, "小数不多于 6 位")


@pytest.mark.parametrize(
    ("now", "before"), [("125000", "12.5"), ("12.5", "125000"), ("100000", "12.5"), ("12.5", "150000")]
)
def test_ten_thousand_times_last_years_fees_may_be_yuan(now: str, before: str):
    last = a_year_before({"table2.fees": Decimal(before)})
    found = only(findings({"table2.fees": Decimal(now)}, rule="T2-5", context=replace(CONTEXT, last_year=last)))
    assert found.severity is Severity.WARNING
    assert f"上年为 {before} 万元" in found.message


@pytest.mark.parametrize(
    ("now", "before"), [("99999", "12.5"), ("150001", "12.5"), ("1250", "12.5"), ("0", "12.5"), ("12.5", "0")]
)
def test_any_other_change_of_fees_is_no_matter_of_units(now: str, before: str):
    last = a_year_before({"table2.fees": Decimal(before)})
    assert not findings({"table2.fees": Decimal(now)}, rule="T2-5", context=replace(CONTEXT, last_year=last))


def test_fees_that_last_year_does_not_vouch_for_are_not_compared():
    last = a_year_before({"table2.fees": 125000}, uncertain=["table2.fees"])
    assert not findings(rule="T2-5", context=replace(CONTEXT, last_year=last))
