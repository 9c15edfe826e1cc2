from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.finding import Finding, Severity
from services.validate.rules.example import CONTEXT, TALLYING, a_year_before, with_prose
from services.validate.rules.other_years import repeated
from tests.unit.validate.made import findings, only, rule_ids

ASPECTS = "主动公开，办理依申请公开，加强政府信息管理、平台建设和监督保障。"


def strange(text: str, key: str = "overview", **fields: Any) -> list[Finding]:
    return findings(rule="Y3", **{**with_prose(key, text), **fields})


@pytest.mark.parametrize(
    "text",
    [
        "2023年，我局主动公开政府信息12条。",
        "（一）主动公开。2023年，全县公开政策文件30件。",
        "2023年度我局政府信息公开工作有序开展。",
        "一是2022年我镇受理申请2件。",
        "回顾2023年，政务公开工作取得进展。",
        "截至2023年12月31日，公开信息300条。",
    ],
)
def test_a_section_that_speaks_of_another_year_alone_is_a_warning(text: str):
    found = only(strange(text + ASPECTS))
    assert found.severity is Severity.WARNING
    assert "报告年度是 2024 年" in found.message
    assert "不必修改" in found.message


def test_beside_the_reported_year_it_is_for_the_reviewer_only():
    found = only(strange(f"2024年，本局{ASPECTS}\n2023年，我局主动公开政府信息12条。"))
    assert found.severity is Severity.INFO


@pytest.mark.parametrize(
    "text",
    [
        "2024年，我局主动公开政府信息12条。",
        "2023年，我局收到申请3件，2024年收到申请5件。",
        "2023年收到申请3件；2024年收到申请5件。",
        "2023年，我局收到申请3件，同比下降。",
        "2019年以来，我局主动公开信息3000条。",
        "2023年，县政府印发公开工作方案。",
        "2022年，我局成立政务公开领导小组。",
        "2021年机构改革后，公开职责由办公室承担。",
        "按照《2023年政务公开工作要点》公开信息。",
        "根据〔2019〕60号文件，公开信息。",
        "落实《基层政务公开标准目录（2021年版）》，公开信息。",
        "“十四五”规划（2021—2025年）执行情况公开。",
        "2021—2025年，我局公开规划执行情况。",
        "2025年，我局将进一步做好公开工作。",
        "下一步，到2026年实现公开全覆盖。",
        "公开2023年度部门决算和2024年度部门预算。",
        "公开2023年度部门决算。",
        "上年结转2023年申请3件，均已办结。",
        "办理2023年结转的申请2件。",
        "2023年，审计发现的公开问题已整改。",
        "2010年，我局开设公开专栏。",
        "2023年，我局荣获公开工作先进。",
        "1月召开2023年公开工作会议。",
    ],
)
def test_comparisons_plans_documents_and_history_are_left_alone(text: str):
    assert not strange(text + ASPECTS)


def test_a_heading_of_last_year_is_a_warning():
    titled = TALLYING.sections[0].model_copy(update={"title": "一、2023年政务公开总体情况"})
    found = only(findings(rule="Y3", sections=[titled, *TALLYING.sections[1:]]))
    assert found.severity is Severity.WARNING
    assert "标题“一、2023年政务公开总体情况”" in found.message


@pytest.mark.parametrize(
    "title",
    ["五、2024年存在的主要问题及2025年改进打算", "五、2023年与2024年存在的主要问题及改进情况", "五、2025年改进打算"],
)
def test_a_heading_of_this_year_or_of_plans_is_right(title: str):
    titled = [s.model_copy(update={"title": title}) if s.key == "problems" else s for s in TALLYING.sections]
    assert not findings(rule="Y3", sections=titled)


def test_an_opening_that_announces_another_report_is_a_warning():
    opening = "现公布示例县农业农村局2023年政府信息公开工作年度报告。"
    assert only(findings(rule="Y3", reading={"opening": opening})).severity is Severity.WARNING
    assert not findings(rule="Y3", reading={"opening": opening.replace("2023", "2024")})
    assert not findings(rule="Y3", reading={"opening": "与《示例县2023年政府信息公开工作年度报告》一并公布。"})


def test_when_the_whole_file_is_of_another_year_that_is_told_by_d3_alone():
    last = a_year_before()
    fields: dict[str, Any] = {"year": 2023, "date": "2024-01-20", "sections": last.sections}
    assert last.reading is not None
    reading = {"title": last.reading.title, "period": last.reading.period}
    found = findings(reading=reading, **fields)
    assert "D3" in rule_ids(found)
    assert "Y3" not in rule_ids(found)


@pytest.mark.parametrize(
    "plan",
    [
        "2024年将从以下方面进行改进：加强培训。",
        "2024年，我局将进一步加强培训。",
        "2024年度，本机关将继续努力做好工作。",
    ],
)
def test_a_plan_for_the_year_that_is_over_is_a_hint(plan: str):
    found = only(strange(plan, "problems"))
    assert (found.severity, found.expected) == (Severity.INFO, "2025 年的打算")


@pytest.mark.parametrize(
    "told",
    [
        "2025年，我局将进一步加强培训。",
        "2024年，我局将政务公开列入年度考核。",
        "下一步将继续加强培训，总结2024年工作。",
    ],
)
def test_plans_for_the_year_to_come_and_accounts_of_this_one_are_right(told: str):
    assert not strange(told, "problems")


def test_all_places_are_one_finding():
    text = f"2023年，我局主动公开信息。{ASPECTS}2023年，我局受理申请。"
    assert "2023 年" in only(strange(text)).message


# text taken over

PARAGRAPHS = [
    "围绕惠农补贴、农产品质量安全等群众关心的事项，及时公布实施方案、补贴名单和检查结果，并在村务公开栏张贴。",
    "畅通当面、信函、网络等申请渠道，逐件登记、研究、答复，疑难申请邀请法律顾问参与，没有逾期答复的情形。",
    "明确股室、分管领导和办公室三级审核，对历史信息逐条核对，失效的及时标注，涉及个人隐私的作遮挡处理。",
    "依托县政府门户网站农业农村专栏发布信息，调整栏目设置，增加检索和订阅入口，方便农户按乡镇和作物查找。",
    "把公开工作列入股室年度任务，组织两期业务培训，设立意见箱，接受群众监督，每季度开展一次自查。",
    "全年回应农户关心的灌溉用水问题，邀请种粮大户代表参加座谈，把意见采纳情况逐项反馈并在网上公布。",
    "梳理高标准农田项目从立项到验收的全部环节，编成一图读懂，同时用方言录制音频供村广播播放。",
    "对畜禽粪污处理补助资金的发放过程全程留痕，名单公示七天后再行拨付，接到的疑问当天答复清楚。",
    "重新设计办事指南的样式，删去陈旧的材料要求，标出容易出错的地方，并附上填写完好的样表。",
    "与司法所合作开展答复文书评查，抽取二十份逐句讨论，归纳出常见毛病并写成手册发给各股室。",
]


def copied(this: list[str], before: list[str]) -> list[Finding]:
    last = a_year_before(**with_prose("overview", "\n".join(before)))
    return findings(rule="Y4", context=replace(CONTEXT, last_year=last), **with_prose("overview", "\n".join(this)))


def test_the_same_text_again_is_a_warning_with_its_share():
    found = only(copied(PARAGRAPHS, PARAGRAPHS))
    assert found.severity is Severity.WARNING
    assert "约 100% 的文字与上年报告相同" in found.message


def test_other_numbers_in_the_same_text_make_no_other_text():
    assert copied(
        [f"{p}共{n}件。" for n, p in enumerate(PARAGRAPHS)], [f"{p}共{n}0件。" for n, p in enumerate(PARAGRAPHS)]
    )


def test_a_third_taken_over_is_nothing_to_tell():
    assert not copied(PARAGRAPHS[:9], PARAGRAPHS[6:])


def test_little_text_and_set_phrases_may_be_the_same():
    assert not copied(PARAGRAPHS[:3], PARAGRAPHS[:3])
    set_phrases = [
        f"根据《中华人民共和国政府信息公开条例》编制本报告，统计期限见上文，联系电话见网站，第{n}部分从略，其余各项依次列后。"
        for n in range(20)
    ]
    assert not copied(set_phrases, set_phrases)


def test_without_last_years_prose_nothing_is_compared():
    last = a_year_before(**with_prose("overview", "\n".join(PARAGRAPHS))).model_copy(update={"reading": None})
    assert not findings(
        rule="Y4", context=replace(CONTEXT, last_year=last), **with_prose("overview", "\n".join(PARAGRAPHS))
    )


@given(st.text("甲乙丙丁", max_size=80), st.text("甲乙丙丁", max_size=80))
def test_the_repeated_part_is_never_more_than_the_text_and_a_text_repeats_itself_wholly(one: str, other: str):
    assert 0 <= repeated(one, other) <= len(one)
    assert repeated(one, one) == (len(one) if len(one) >= 10 else 0)
    assert repeated(one, other + one) == repeated(one, one)
