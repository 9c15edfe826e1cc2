from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.bodies import Level
from services.core.finding import Finding, Severity
from services.core.limits import Limits
from services.validate.rules.example import CONTEXT, TALLYING, a_year_before
from tests.unit.validate.made import findings, only


def late(received: date | None, **known: Any) -> list[Finding]:
    return findings(rule="D5", context=replace(CONTEXT, received_on=received, **known))


def test_the_last_day_is_in_time_and_the_next_is_a_warning_with_both_days():
    assert not late(date(2025, 1, 31))
    found = only(late(date(2025, 2, 1)))
    assert found.severity is Severity.WARNING
    assert (found.expected, found.actual) == ("2025-01-31", "2025-02-01")
    assert "应在2025年1月31日前报送，收到日期为2025年2月1日，晚 1 天。" in found.message


def test_the_grace_days_are_a_warning_and_what_comes_after_them_an_error():
    assert only(late(date(2025, 2, 10))).severity is Severity.WARNING
    assert only(late(date(2025, 2, 11))).severity is Severity.ERROR


@given(st.dates(date(2024, 12, 1), date(2025, 12, 31)), st.integers(0, 60), st.tuples(st.just(1), st.integers(1, 31)))
def test_severity_grows_with_the_day_and_never_before_the_deadline(received: date, grace: int, deadline: Any):
    found = late(received, limits=Limits(deadline=deadline, grace_days=grace))
    last = date(2025, *deadline)
    if received <= last:
        assert not found
    else:
        error = received > last + timedelta(days=grace)
        assert only(found).severity is (Severity.ERROR if error else Severity.WARNING)


def test_governments_from_county_up_have_until_the_end_of_march():
    assert not late(date(2025, 3, 31), level=Level.COUNTY)
    assert only(late(date(2025, 4, 1), level=Level.COUNTY)).expected == "2025-03-31"


@pytest.mark.parametrize("level", [Level.TOWNSHIP, Level.DEPARTMENT, Level.INSTITUTION, Level.CENTRAL])
def test_others_have_until_the_end_of_january(level: Level):
    assert late(date(2025, 2, 6), level=level)


@pytest.mark.parametrize("name", ["宿迁市人民政府", "临溪县人民政府办公室", "临溪经济开发区管理委员会", "国家统计局"])
def test_who_may_be_a_government_is_given_the_later_day(name: str):
    assert not late(date(2025, 3, 31), body_name=name)


def test_without_a_day_or_a_year_nothing_is_late():
    assert not late(None)
    unknown = replace(CONTEXT, expected_year=None, received_on=date(2025, 2, 6))
    assert not findings(rule="D5", context=unknown, year=None)


def test_a_mended_version_of_a_report_that_was_there_in_time_is_not_late():
    assert not late(date(2025, 2, 20), earlier=TALLYING)


def test_an_old_report_put_on_record_is_not_late():
    assert not late(date(2026, 1, 10))


def test_last_years_report_sent_by_mistake_is_told_by_d3_and_not_called_a_year_late():
    assert not findings(rule="D5", year=2023, context=replace(CONTEXT, received_on=date(2025, 1, 20)))


def named(
    title: str, agency: str | None = None, signature: str | None = "示例县农业农村局", **known: Any
) -> list[Finding]:
    return findings(
        rule="D6",
        agency=agency,
        reading={"title": f"{title}2024年政府信息公开工作年度报告", "signature": signature},
        context=replace(CONTEXT, **known),
    )


def test_another_body_in_the_title_is_a_warning_that_names_both():
    found = only(named("示例县水利局", "示例县水利局", None))
    assert found.severity is Severity.WARNING
    assert "标题中的机关为“示例县水利局”，报送单位为“示例县农业农村局”" in found.message
    assert (found.expected, found.actual) == ("示例县农业农村局", "示例县水利局")


def test_another_signature_is_a_warning():
    found = only(named("示例县农业农村局", "示例县农业农村局", "示例县水利局"))
    assert "落款为“示例县水利局”，标题中的机关为“示例县农业农村局”" in found.message


def test_title_and_signature_of_another_body_are_one_finding():
    only(named("示例县水利局", "示例县水利局", "示例县水利局"))


@pytest.mark.parametrize(
    "signature", [None, "特此报告", "示例县农业农村局办公室", "农业农村局", "（此件公开发布）", "县农业农村局"]
)
def test_a_missing_short_or_office_signature_is_no_other_body(signature: str | None):
    assert not named("示例县农业农村局", "示例县农业农村局", signature)


def test_a_name_one_character_apart_is_for_the_reviewer_only():
    assert only(named("示列县农业农村局", "示列县农业农村局", None)).severity is Severity.INFO


def test_a_title_without_a_name_is_a_warning_and_a_hint_when_the_signature_names_it():
    assert only(named("", "示例县农业农村局")).severity is Severity.INFO
    found = only(named("", None, None))
    assert found.severity is Severity.WARNING
    assert "没有写明机关名称" in found.message


def test_without_a_register_title_and_signature_are_compared():
    assert not named("示例县农业农村局", "示例县农业农村局", body_name=None)
    assert named("示例县农业农村局", "示例县农业农村局", "示例县水利局", body_name=None)


def test_white_space_and_brackets_in_names_do_not_matter():
    found = findings(
        rule="D6",
        agency="示例县农业农村局(乡村振兴局)",
        reading={"title": "示例县 农业农村局（乡村振兴局） 2024 年 政府信息公开工作年度报告"},
    )
    assert not found


def test_a_published_result_and_an_unknown_title_say_nothing_about_names():
    assert not findings(rule="D6", reading={"title": None})
    last = a_year_before()
    assert last.reading is not None
    assert last.reading.title == "示例县农业农村局2023年政府信息公开工作年度报告"
