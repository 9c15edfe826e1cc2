from dataclasses import replace

import pytest

from services.core.finding import Finding, Severity
from services.core.report import Cell, Figure, Kind, Report
from services.validate.rules.example import CONTEXT, a_year_before, without_block
from tests.unit.validate.made import findings, only, rule_ids


def test_a_block_that_does_not_add_up_shows_its_parts():
    found = only(findings({"table4.review.total": 0}))
    assert found.rule == "T4-1"
    assert found.message.startswith(
        "表四“行政复议”：结果维持 2 + 结果纠正 1 + 其他结果 0 + 尚未审结 1，合计 4，“总计”填报 0，相差 4。请核对这五个数。"
    )
    assert (found.expected, found.actual) == (4, 0)
    assert found.where[0] == "table4.review.total"


def test_a_block_of_litigation_is_named_with_its_head():
    found = only(findings({"table4.direct.upheld": 1}))
    assert "表四“行政诉讼·未经复议直接起诉”" in found.message


def test_a_blank_part_counts_as_0_after_it_has_been_named():
    found = findings({"table4.review.other": None, "table4.review.total": 9})
    assert rule_ids(found) == {"B1", "T4-1"}
    assert "其他结果 0" in found[0].message
    assert "（空白按 0 计）" in found[0].message


def test_missing_figures_are_listed():
    found = only(findings(**without_block("after_review")))
    assert found.rule == "T4-2"
    assert "应有 15 个数，读到 10 个" in found.message
    assert found.where == [f"table4.after_review.{c}" for c in ("upheld", "corrected", "other", "pending", "total")]


def test_negative_counts_and_words_are_named():
    words = Cell(page=1, text=" 见附件 ", kind=Kind.TEXT, confidence=0.9)
    found = findings(
        {"table4.review.other": -1, "table4.direct.total": None}, rule="T4-2", cells={"table4.direct.total": words}
    )
    assert [finding.actual for finding in found] == ["-1", "见附件"]
    assert "表四 行政复议 · 其他结果：填报“-1”" in found[0].message


def test_an_absent_table_is_left_to_b4():
    assert rule_ids(findings(table4=None)) == {"B4"}


def after(last: Report, figures: dict[str, Figure] | None = None, rule: str | None = None) -> list[Finding]:
    return findings(figures or {}, rule=rule, context=replace(CONTEXT, last_year=last))


def test_pending_cases_that_do_not_show_again_are_a_hint():
    found = only(after(a_year_before({"table4.review.pending": 5, "table4.review.total": 8}), rule="T4-3"))
    assert found.severity is Severity.INFO
    assert "上年“尚未审结” 5 件，本年“总计”填报 4 件" in found.message


def test_as_many_cases_as_were_pending_are_enough():
    assert not after(a_year_before({"table4.review.pending": 4, "table4.review.total": 7}), rule="T4-3")


def test_doubtful_and_unreadable_reports_of_last_year_are_not_compared():
    pending: dict[str, Figure] = {"table4.review.pending": 5, "table4.review.total": 8}
    assert not after(a_year_before(pending, uncertain=["table4.review.pending"]), rule="T4-3")
    assert not after(a_year_before(pending, status="failed"), rule="T4-3")
    assert not after(a_year_before(pending, year=2022), rule="T4-3")


NO_APPLICATIONS: dict[str, Figure] = {"table3.new.total": 0, "table3.carried_in.total": 0}


def test_cases_without_applications_in_two_years_are_a_hint():
    found = only(after(a_year_before(NO_APPLICATIONS), NO_APPLICATIONS, "T4-4"))
    assert found.severity is Severity.INFO
    assert "表四“行政复议”总计 4 件" in found.message


@pytest.mark.parametrize("one", list(NO_APPLICATIONS))
def test_an_application_in_either_year_explains_cases(one: str):
    some: dict[str, Figure] = {**NO_APPLICATIONS, one: 1}
    assert not after(a_year_before(some), NO_APPLICATIONS, "T4-4")
    assert not after(a_year_before(NO_APPLICATIONS), some, "T4-4")


def test_without_last_years_report_or_without_cases_nothing_is_asked():
    assert not findings(NO_APPLICATIONS, rule="T4-4")
    none: dict[str, Figure] = {f"table4.{block}.total": 0 for block in ("review", "after_review")}
    assert not after(a_year_before(NO_APPLICATIONS), {**NO_APPLICATIONS, **none}, "T4-4")


def test_direct_cases_are_a_hint_from_2024_on():
    direct: dict[str, Figure] = {"table4.direct.other": 1, "table4.direct.total": 1}
    assert only(findings(direct)).severity is Severity.INFO
    assert not findings(direct, rule="T4-5", year=2023)
    assert not findings(rule="T4-5")
