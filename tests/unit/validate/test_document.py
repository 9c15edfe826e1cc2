from typing import Any

import pytest

from services.core.finding import Severity
from services.core.report import Report, SectionFound
from services.validate.judge import Context, judge
from services.validate.rules.example import CONTEXT, TALLYING
from tests.unit.validate.made import findings, only, rule_ids

SECTIONS = TALLYING.sections


def with_text(key: str, text: str) -> list[SectionFound]:
    return [s.model_copy(update={"text": text}) if s.key == key else s for s in SECTIONS]


def test_missing_sections_are_one_error():
    found = only(findings(sections=[SECTIONS[0], *SECTIONS[2:4], SECTIONS[5]]))
    assert (found.rule, found.severity) == ("D1", Severity.ERROR)
    assert "“二、主动公开政府信息情况”、“五、存在的主要问题及改进情况”" in found.message


def test_another_order_is_a_warning():
    found = only(findings(sections=[SECTIONS[1], SECTIONS[0], *SECTIONS[2:]]))
    assert (found.rule, found.severity) == ("D1", Severity.WARNING)
    assert "主动公开政府信息情况 → 总体情况 →" in found.message


def test_a_list_of_the_six_parts_in_front_is_no_other_order():
    assert not findings(sections=[SECTIONS[3], *SECTIONS])


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("overview", " \n", "“一、总体情况”：没有内容"),
        ("problems", "无", "“五、存在的主要问题及改进情况”：内容过少"),
        ("problems", "", "“五、存在的主要问题及改进情况”：没有内容"),
        ("other_matters", "无。", "“六、其他需要报告的事项”：没有写明信息处理费情况"),
        ("other_matters", "", "没有写明信息处理费情况"),
    ],
)
def test_a_section_that_says_nothing_is_a_warning(key: str, text: str, words: str):
    found = only(findings(sections=with_text(key, text)))
    assert (found.rule, found.severity) == ("D1", Severity.WARNING)
    assert words in found.message


@pytest.mark.parametrize("text", ["未收取信息处理费。", "无收费情况。", "本年度没有产生信息公开处理费"])
def test_section_6_that_speaks_of_fees_is_enough(text: str):
    assert not findings(sections=with_text("other_matters", text))


def test_fees_told_elsewhere_or_before_there_were_fees_are_not_asked_for():
    told = [
        s.model_copy(update={"text": s.text + "未收取信息处理费。"}) if s.key == "overview" else s
        for s in with_text("other_matters", "无")
    ]
    assert not findings(sections=told)
    old = TALLYING.model_copy(update={"year": 2019, "sections": with_text("other_matters", "无")})
    assert "D1" not in rule_ids(judge(old, CONTEXT).findings)


def test_a_published_result_has_no_prose_and_is_not_called_empty():
    bare = [s.model_copy(update={"text": ""}) for s in SECTIONS]
    report = TALLYING.model_copy(update={"sections": bare, "reading": None})
    assert not judge(report, CONTEXT).findings
    assert not judge(report.model_copy(update={"date": None}), CONTEXT).findings


def test_an_absent_period_is_a_warning():
    found = only(findings(reading={"period": None}))
    assert (found.rule, found.severity) == ("D2", Severity.WARNING)
    assert "2024年1月1日至2024年12月31日" in found.message


@pytest.mark.parametrize(
    ("period", "printed"),
    [
        (("2024-01-01", "2024-11-30"), "2024年1月1日至2024年11月30日"),
        (("2024-01-01", "2024-12-32"), "2024年1月1日至2024-12-32"),
    ],
)
def test_another_period_is_an_error_with_both_values(period: tuple[str, str], printed: str):
    found = only(findings(reading={"period": period}))
    assert (found.rule, found.severity) == ("D2", Severity.ERROR)
    assert f"统计期限写作{printed}，应为2024年1月1日至2024年12月31日。" in found.message
    assert (found.expected, found.actual) == ("2024年1月1日至2024年12月31日", printed)


def test_the_period_of_another_year_breaks_period_and_year():
    found = findings(reading={"period": ("2023-01-01", "2023-12-31")})
    assert rule_ids(found) == {"D2", "D3"}
    assert "标题为 2024 年，统计期限为 2023 年，本批次应报为 2024 年" in found[1].message


def test_without_any_year_a_whole_year_is_the_right_period():
    unknown: dict[str, Any] = {"year": None, "context": Context()}
    title = "示例县农业农村局政府信息公开工作年度报告"
    assert not findings(reading={"title": title}, **unknown)
    assert rule_ids(findings(reading={"title": title, "period": ("2024-02-01", "2024-12-31")}, **unknown)) == {"D2"}
    assert "D2" in rule_ids(findings(reading={"title": title, "period": ("2023-12-31", "2024-12-30")}, **unknown))


def test_a_title_of_another_year_is_one_error_and_the_right_period_and_date_are_left_alone():
    found = only(findings(year=2023, reading={"title": "示例县农业农村局 2023 年政府信息公开工作年度报告"}))
    assert (found.rule, found.severity, found.expected, found.actual) == ("D3", Severity.ERROR, 2024, "2023、2024")


def test_last_years_report_sent_again_is_told():
    found = findings(context=Context("example", None, 2025))
    assert rule_ids(found) == {"D3"}
    assert "本批次应报为 2025 年" in only(found).message


def test_a_title_without_a_year_or_with_two_says_nothing_about_the_year():
    assert not findings(reading={"title": "示例县农业农村局政府信息公开工作年度报告"})
    assert not findings(reading={"title": "示例县2023年至2024年政府信息公开工作年度报告"})


def test_without_a_title_the_years_known_are_compared():
    assert rule_ids(findings(year=2023, reading={"title": None, "period": None})) == {"D2", "D3"}
    without_batch = findings(year=2023, reading={"title": None}, context=Context(), date="2024-01-20", rule="D3")
    assert only(without_batch).expected == 2023


@pytest.mark.parametrize(
    ("fields", "reading", "words"),
    [
        ({"date": None}, {"date_text": None}, "没有找到报告日期，应在2025年1月1日至3月31日之间"),
        ({"date": None}, {"date_text": "2025 月 1 月 20 日"}, "报告日期写作“2025 月 1 月 20 日”，不是完整有效的日期"),
        ({"date": "2025-02-30"}, {"date_text": None}, "报告日期写作“2025-02-30”"),
        (
            {"date": "2024-12-31"},
            {"date_text": "2024年12月31日"},
            "报告日期为2024年12月31日，应在2025年1月1日至3月31日之间",
        ),
        ({"date": "2025-04-01"}, {}, "报告日期为2025年4月1日"),
    ],
)
def test_a_date_that_is_missing_invalid_or_out_of_season_is_a_warning(
    fields: dict[str, Any], reading: dict[str, Any], words: str
):
    found = only(findings(reading=reading, **fields))
    assert (found.rule, found.severity) == ("D4", Severity.WARNING)
    assert words in found.message


@pytest.mark.parametrize("day", ["2025-01-01", "2025-03-31"])
def test_the_first_and_the_last_day_of_the_season_are_right(day: str):
    assert not findings(date=day)


def test_without_a_known_year_only_the_date_itself_is_judged():
    report = TALLYING.model_copy(update={"year": 99999, "reading": None, "date": "2019-07-07"})
    assert not judge(report, Context()).findings


def test_a_document_that_could_not_be_read_at_all_is_not_blamed_for_missing_words():
    assert rule_ids(
        judge(
            Report(
                status="failed",
                reading=TALLYING.reading.model_copy(update={"period": None, "date_text": None})
                if TALLYING.reading
                else None,
            ),
            Context(),
        ).findings
    ) == {"B4"}
