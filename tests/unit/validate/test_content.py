from dataclasses import replace
from typing import Any

import pytest

from services.core.bodies import Level
from services.core.finding import Severity
from services.core.limits import LAW
from services.validate.judge import judge
from services.validate.rules.example import CONTEXT, TALLYING, with_prose
from tests.unit.validate.made import findings, only

OVERVIEW = TALLYING.sections[0].text


def test_no_contact_at_all_is_a_hint():
    found = only(findings(reading={"contact": {}}))
    assert (found.rule, found.severity) == ("D7", Severity.INFO)


@pytest.mark.parametrize(
    "contact", [{"address": "建设路1号"}, {"telephone": "0000-5550100"}, {"email": "a@b.test"}, {"fax": "0000-5550100"}]
)
def test_one_way_of_contact_is_enough(contact: dict[str, str]):
    assert not findings(reading={"contact": contact})


def test_a_postcode_alone_reaches_nobody():
    assert findings(reading={"contact": {"postcode": "000000"}}, rule="D7")


@pytest.mark.parametrize("text", ["咨询电话见网站", "联系方式：0000-5550100", "请致信office@example.test"])
def test_contact_anywhere_in_the_prose_counts(text: str):
    assert not findings(reading={"contact": {}}, rule="D7", **with_prose("overview", OVERVIEW + text))
    assert not findings(reading={"contact": {}, "opening": text}, rule="D7")


def test_aspects_that_section_1_does_not_touch_are_listed_in_one_hint():
    found = only(findings(rule="D8", **with_prose("overview", "2024年，我局主动公开信息，做好网站维护。")))
    assert found.severity is Severity.INFO
    assert "没有找到这些方面的内容：依申请公开、政府信息管理、监督保障。" in found.message


@pytest.mark.parametrize(
    "text",
    [
        "主动公开。收到申请0件。严格信息审核。用好公众号。开展业务培训。",
        "发布信息10条，未收到公开申请，定期清理规范性文件，依托县政府网站，接受社会监督。",
    ],
)
def test_other_words_for_the_five_aspects_count(text: str):
    assert not findings(rule="D8", **with_prose("overview", text))


def test_the_titles_listed_in_the_opening_are_no_account_of_applications():
    opening = "本报告由总体情况、主动公开政府信息情况、收到和处理政府信息公开申请情况等部分组成。"
    told = with_prose("overview", OVERVIEW.replace("办理依申请公开，", ""))
    assert findings(rule="D8", reading={"opening": opening}, **told)


def test_an_empty_section_1_is_told_by_d1_alone_and_the_old_format_has_no_five_aspects():
    assert not findings(rule="D8", **with_prose("overview", ""))
    assert not findings(rule="D8", year=2020, **with_prose("overview", "概述。"))


def test_an_area_is_asked_for_assessment_review_and_accountability():
    county = replace(CONTEXT, level=Level.COUNTY)
    found = only(findings(rule="D9", context=county))
    assert found.severity is Severity.INFO
    assert "没有找到这些内容：考核、社会评议、责任追究。" in found.message
    told = with_prose("problems", "对全县政务公开工作进行考核，开展社会评议，未发生责任追究情形。")
    assert not findings(rule="D9", context=county, **told)
    some = with_prose("problems", "开展第三方评估，无问责情况。")
    assert not findings(rule="D9", context=county, **some)


@pytest.mark.parametrize("level", [None, Level.TOWNSHIP, Level.DEPARTMENT, Level.CENTRAL, Level.INSTITUTION])
def test_departments_townships_and_unknown_bodies_are_not_asked(level: Level | None):
    context = replace(CONTEXT, level=level, body_name="临溪县人民政府")
    assert not findings(rule="D9", context=context)


def test_section_1_is_as_long_as_it_likes_where_no_limit_is_set():
    long = with_prose("overview", OVERVIEW + "公开。" * 2000)
    assert not findings(rule="D12", **long)
    limited = replace(CONTEXT, limits=replace(LAW, most_overview=1000))
    found = only(findings(rule="D12", context=limited, **long))
    assert (found.severity, found.expected) == (Severity.INFO, "不超过 1000 字")


def test_white_space_is_not_counted_and_the_limit_itself_is_allowed():
    limited = replace(CONTEXT, limits=replace(LAW, most_overview=10))
    assert not findings(rule="D12", context=limited, **with_prose("overview", "公 开\n公开公开公开公开"))
    assert findings(rule="D12", context=limited, **with_prose("overview", "公开公开公开公开公开。"))


def test_a_published_result_has_no_prose_to_judge():
    bare: Any = {"sections": [s.model_copy(update={"text": ""}) for s in TALLYING.sections], "reading": None}
    assert not judge(TALLYING.model_copy(update=bare), replace(CONTEXT, level=Level.COUNTY)).findings
