"""What prose states in figures: numerals, phrases, and all that must not be taken for a figure of a table."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.report import SectionFound
from services.validate.claims import MOST_STATED, Parts, extract, parts_of
from services.validate.claims.numerals import chinese
from tests.unit.validate.claimed import counted, stated

RECEIVED, FINISHED = "applications_received", "applications_finished"
ASKED = "（二）依申请公开。"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("两百三十一", 231),
        ("十二", 12),
        ("二十", 20),
        ("一百零五", 105),
        ("一千零三十", 1030),
        ("三万二千", 32_000),
        ("二〇二四", 2024),
        ("〇", 0),
        ("零", 0),
        ("", None),
        ("百", None),
        ("二百二", 202),
        ("十百", None),
        ("一二百", None),
        ("万", None),
    ],
)
def test_chinese_numerals_have_their_value_and_other_strings_none(text: str, value: int | None):
    assert chinese(text) == value


@given(st.integers(1, 9999))
def test_every_count_below_ten_thousand_is_read_back_from_chinese_numerals(number: int):
    assert chinese(in_words(number)) == number


def in_words(number: int) -> str:
    """A count in Chinese numerals, as they are written out: 1005 is 一千零五, 12 is 十二."""
    text, gap = "", False
    for power, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // power % 10
        if digit:
            text += ("零" if gap and text else "") + "零一二三四五六七八九"[digit] + name
        gap = digit == 0
    return text.removeprefix("一") if text.startswith("一十") else text


# phrase → kinds and values that it states
STATES: list[tuple[str, list[tuple[str, int]]]] = [
    # N1: received, in all numerals, units and orders of words
    ("2024年，共收到政府信息公开申请28件。", [(RECEIVED, 28)]),
    ("2024年，共收到政府信息公开申请２８件。", [(RECEIVED, 28)]),
    ("2024 年，共收到政府信息公开申请 28 件。", [(RECEIVED, 28)]),
    ("全年受理政府信息公开申请1,234件。", [(RECEIVED, 1234)]),
    ("全年受理政府信息公开申请1，234件。", [(RECEIVED, 1234)]),
    ("共收到政府信息公开申请两百三十一件。", [(RECEIVED, 231)]),
    ("共收到政府信息公开申请十二份。", [(RECEIVED, 12)]),
    ("本局共收到8份政府信息公开申请，均为自然人申请。", [(RECEIVED, 8)]),
    ("接到依申请公开28条。", [(RECEIVED, 28)]),
    ("接收信息公开申请28宗。", [(RECEIVED, 28)]),
    ("受理依申请信息56条。", [(RECEIVED, 56)]),
    ("收到公民、法人和其他组织提交的政府信息公开申请3例。", [(RECEIVED, 3)]),
    (f"{ASKED}共收到申请7起。", [(RECEIVED, 7)]),
    ("收到政府信息依申请公开办理事项1件，已在规定时间内办结答复。", [(RECEIVED, 1)]),
    ("收到网络、信函等渠道提交的政府信息公开申请5件。", []),  # what stands between is not on the list
    ("通过网络、信函等渠道收到政府信息公开申请5件。", [(RECEIVED, 5)]),
    # N2, none received
    ("本年度未收到政府信息公开申请。", [(RECEIVED, 0)]),
    ("全年未接到信息公开申请；", [(RECEIVED, 0)]),
    ("2024年，未收到依申请公开事项.", [(RECEIVED, 0)]),
    ("没有收到公民、法人和其他组织提出的政府信息公开申请，", [(RECEIVED, 0)]),
    ("受理依申请公开政府信息0件。", [(RECEIVED, 0)]),
    ("无依申请公开件。", [(RECEIVED, 0)]),
    # N3, N4
    (f"{ASKED}办结28件。", [(FINISHED, 28)]),
    (f"{ASKED}办理上年度结转申请1件。答复11件。", [("carried_in", 1), (FINISHED, 11)]),
    (f"{ASKED}办结19件（含上年结转2件）。", [(FINISHED, 19), ("carried_in", 2)]),
    ("收到政府信息公开申请5件，均已办结。", [("all_finished", 0), (RECEIVED, 5)]),
    ("收到政府信息公开申请5件，办结率100%。", [("all_finished", 0), (RECEIVED, 5)]),
    # N5, N6
    (
        f"{ASKED}其中予以公开12件、部分公开5件、不予公开2件、无法提供7件、不予处理1件、其他处理1件。",
        [("granted", 12), ("partial", 5), ("denied", 2), ("unable", 7), ("rejected", 1), ("other_results", 1)],
    ),
    (f"{ASKED}部分公开67，占4.61%；", [("partial", 67)]),
    (f"{ASKED}12件予以公开，5件部分公开。", [("granted", 12), ("partial", 5)]),
    (f"{ASKED}予以公开及部分公开208件（17.46%）。", [("granted_and_partial", 208)]),
    (f"{ASKED}予以公开或部分公开59件、占45.3%。", [("granted_and_partial", 59)]),
    # N7, N8
    (f"{ASKED}自然人17件、法人或其他组织11件。", [("by_natural", 17), ("by_legal_persons", 11)]),
    (f"{ASKED}通过网络申请3件，通过信函申请2件，当面申请1件。", [("channel", 3), ("channel", 2), ("channel", 1)]),
    # N9
    (f"{ASKED}上年结转2件。", [("carried_in", 2)]),
    (f"{ASKED}上一年度结转政府信息公开申请2件。", [("carried_in", 2)]),
    (f"{ASKED}结转下年度继续办理2件。", [("carried_out", 2)]),
    (f"{ASKED}2件结转至下一年度办理。", [("carried_out", 2)]),
    (f"{ASKED}2件结转至2025年办理。", [("carried_out", 2)]),
    (f"{ASKED}1件顺延到下年度。", [("carried_out", 1)]),
    (f"{ASKED}无下年度结转。", [("carried_out", 0)]),
    # N10, N11, N16
    (
        "因政府信息公开被申请行政复议9件，其中维持5件、纠正1件；行政诉讼3件，维持1件。",
        [
            ("reviews", 9),
            ("reviews_upheld", 5),
            ("reviews_corrected", 1),
            ("litigations", 3),
            ("litigations_upheld", 1),
        ],
    ),
    ("因政府信息公开引发行政复议、行政诉讼各1件。", [("reviews", 1), ("litigations", 1)]),
    ("未发生政府信息公开行政复议、行政诉讼。", [("reviews", 0), ("litigations", 0)]),
    ("没有因政府信息公开引起的行政复议和行政诉讼事件。", [("reviews", 0), ("litigations", 0)]),
    ("未发生因政府信息公开提起的行政诉讼。", [("litigations", 0)]),
    ("政府信息公开行政复议、行政诉讼案件74件。", [("cases", 74)]),
    # N12, N13
    (
        "全年制发规章0件、规范性文件0件，废止0件，现行有效32件。",
        [("regulations_made", 0), ("normative_made", 0), ("normative_repealed", 0), ("normative_in_force", 32)],
    ),
    ("制定行政规范性文件3件，废止行政规范性文件2件。", [("normative_made", 3), ("normative_repealed", 2)]),
    ("作出行政许可决定1386件、行政处罚决定57件。", [("licences", 1386), ("penalties", 57)]),
    ("履行行政许可和行政处罚双公示制度，公示事项21件。", [("licences_and_penalties", 21)]),
    # N14
    ("收取政府信息公开信息处理费2230元。", [("processing_fee", 2230)]),
    ("收取信息处理费1.5万元。", [("processing_fee", 15_000)]),
    ("本年度未收取信息处理费。", [("processing_fee", 0)]),
    ("本年度没有产生信息公开处理费。", [("processing_fee", 0)]),
    # several of them in one sentence, as cities write them
    (
        "2024年，共收到10件依申请公开请求，2023年结转政府信息公开申请2件，共办结10件，结转2025年度继续办理2件；全市发生政府信息公开行政复议案件1起。",
        [(RECEIVED, 10), ("carried_in", 2), (FINISHED, 10), ("carried_out", 2), ("reviews", 1)],
    ),
    (
        "共受理政府信息公开申请16件，上年结转政府信息公开办理数量1件，共办结政府信息公开申请16件，结转至2025年办理1件。",
        [(RECEIVED, 16), (FINISHED, 16), ("carried_out", 1)],
    ),
    (
        "收到政府信息公开申请231件，较2023年增加23件，增长11.06%。其中，自然人申请200件；网络申请150件、信函申请81件。",
        [(RECEIVED, 231), ("by_natural", 200), ("channel", 150), ("channel", 81)],
    ),
    (
        "收到政府信息公开申请5件。发生行政复议2件。",
        [(RECEIVED, 5), ("reviews", 2)],
    ),
    # Y6
    ("收到政府信息公开申请130件，申请量同比增长103%。", [(RECEIVED, 130), ("growth", 103)]),
    ("收到政府信息公开申请130件，比上年下降12%。", [(RECEIVED, 130), ("growth", -12)]),
]


@pytest.mark.parametrize(("text", "expected"), STATES)
def test_a_phrase_states_its_figures(text: str, expected: list[tuple[str, int]]):
    assert counted(text) == expected


# sentences of real reports that look like figures of a table and are none
STATES_NOTHING = [
    "其中，11件按规定程序办结，8件申请人主动撤销。",  # 打浦桥街道 2025
    f"{ASKED}11件按规定程序办结，8件申请人主动撤销。",
    "全年报送规范性文件备案134件。",  # 宿迁 2024
    "审查规范性文件134件，清理规范性文件20件，修订规范性文件3件。",
    "办理人大代表建议12件、政协提案9件，按时办结率100%。",
    "办理12345热线工单2301件，均已办结。",
    "答复区长信箱留言312件，办结312件。",
    "办理网络问政18件，全部答复。",
    "全年主动公开政府信息1286条。",
    "通过微信公众号发布信息163条，网站发布信息372条。",
    "根据国办公开办函〔2021〕30号文件和国务院令第711号要求，",
    "如对本报告有疑问，请联系0901-6223328，邮编834700。",
    "统计期限自2024年1月1日起至2024年12月31日止。",
    "学习党的二十届三中全会精神，召开第12次会议。",
    "（其中住建局72件、自然资源局69件、民政局35件）",
    f"{ASKED}较上年增加12件。",
    f"{ASKED}比去年多收12件。",
    f"{ASKED}近200件申请，200余件申请。",
    "推进“一件事一次办”，把依申请公开一起纳入考核。",
    "依申请公开3项工作机制逐步健全。",
    "未收到行政许可申请，未发生安全事故。",
    "未收到减免信息公开申请费用的请求。",
    "受理行政复议案件300件，审结280件。",  # a body that reviews others, and not about disclosure
    "做好政务公开工作。受理行政复议案件300件。",
    "全年印发规范性文件备案报告6件。",
    "通过网络平台未收到政府信息公开申请，局邮箱未收到政府信息公开申请。",
    "未发生行政复议败诉、行政诉讼被纠错案件。",
    "因政府信息公开，未经复议直接起诉的情况已经减少。",
    "取消行政许可事项5项，公布行政处罚权力事项137项。",
    "公布行政许可5条，行政处罚2条。",
    "公众号解读政策文件12件，不予公开事项实行清单管理。",
    f"{ASKED}延期答复3件，书面答复2件，电话答复5件。",
    f"{ASKED}申请人主动撤回2件，补正4件。",
    f"{ASKED}予以公开、部分公开分别为8件、2件。",
    f"{ASKED}除1件结转外，其余均已办结。",
    "参加行政诉讼出庭应诉3件，应诉率100%。",
    "按每件100元、每页10元的标准收取信息处理费，邮寄费23元。",
    "市公安局收到群众来信5件。",
    "以县政府名义起草规范性文件5件，征求规范性文件意见3件。",
]


@pytest.mark.parametrize("text", STATES_NOTHING)
def test_a_sentence_about_something_else_states_nothing(text: str):
    assert [kind for kind, _ in counted(text) if kind != "disclosed_information"] == []


@pytest.mark.parametrize(
    "text",
    [
        "2022年，共收到政府信息公开申请28件。",  # 西柳镇 2023 speaks of 2022
        "上年共收到政府信息公开申请28件。",
        "2019年以来，累计收到政府信息公开申请280件。",
        "2023年，依申请公开工作有序开展。收到政府信息公开申请28件。",
        "上半年，收到政府信息公开申请8件。",
        "2024年上半年，全区共收到政府信息公开申请8件。",
    ],
)
def test_a_figure_of_another_year_or_time_is_marked_as_such(text: str):
    assert [one.other_year for one in stated(text)] == [True]


def test_this_year_named_again_counts():
    text = "2023年收到政府信息公开申请20件，2024年收到政府信息公开申请28件。"
    assert [(int(one.value), one.other_year) for one in stated(text)] == [(20, True), (28, False)]


@pytest.mark.parametrize(
    ("text", "scope", "narrow"),
    [
        ("全市共收到政府信息公开申请28件。", "area", False),
        ("全区各职能部门、镇街共收到政府信息公开申请28件。", "area", False),
        ("我局共收到政府信息公开申请28件。", "own", False),
        ("本机关收到政府信息公开申请28件。", "own", False),
        ("区政府办公室代表区政府受理政府信息公开申请17件。", "own", True),  # 洪泽区 2024
        ("局机关收到政府信息公开申请28件。", "own", True),
        ("市公安局收到政府信息公开申请28件。", "unknown", True),
        ("县农业农村局收到政府信息公开申请28件。", "unknown", False),
        ("收到政府信息公开申请28件。", "unknown", False),
    ],
)
def test_scope_words_tell_whose_figure_it_is(text: str, scope: str, narrow: bool):
    (one,) = stated(text)
    assert (one.scope, one.narrow) == (scope, narrow)


def test_blanks_between_digits_leave_a_doubt():
    assert [one.doubtful for one in stated("收到政府信息公开申请2 8件，收到政府信息公开申请28件。")] == [True, False]


def test_the_quote_is_the_phrase_as_printed_without_blanks():
    (one,) = stated("2024 年，我局共收到政府信息公开申请 ２８ 件（含转办）。")
    assert one.quote == "我局共收到政府信息公开申请２８件"
    assert one.published().model_dump() == {
        "kind": RECEIVED, "value": 28, "quote": one.quote, "page": 1, "scope": "own",
    }  # fmt: skip


def test_a_share_goes_with_the_count_in_front_of_it():
    shares = [(one.kind, one.share) for one in stated(f"{ASKED}予以公开答复966件,占66.48%;部分公开67,占4.61%。")]
    assert shares == [("granted", "66.48"), ("partial", "4.61")]


def test_the_page_is_given_only_where_the_section_ends_on_it():
    text = "收到政府信息公开申请5件。"
    sections = [
        SectionFound(key="overview", title="", page=1, text=text),
        SectionFound(key="proactive", title="", page=1, text=text),
        SectionFound(key="requests", title="", page=3, text=text),
    ]
    assert [one.page for one in extract(sections, (2024,))] == [1, None, 3]


def test_a_fee_keeps_its_fraction():
    (one,) = stated("收取信息处理费12.50元。")
    assert one.value == Decimal("12.50")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("全年公开465条，其中甲类120条、乙类204条、丙类140条。", (465, (120, 204, 140))),
        ("公开537条，其中网站306条、微信公众号200条、公开栏50条。", None),  # 棠景街: channels overlap
        ("公开349条，其中网站166条、微博100条、微信120条。", None),  # 浦江县卫生健康局
        ("公开465条，其中甲类120条、乙类345件。", None),  # two units
        ("公开465条，其中甲类120条。", None),
        ("办理112件，其中甲类40件、办结50件、乙类60件。", None),
        ("印发文件6件，其中以政府名义3件、以办公室名义3件，废止2件、宣布失效1件。", None),
    ],
)
def test_parts_are_named_after_their_total_in_one_sentence(text: str, parts: tuple[int, tuple[int, ...]] | None):
    found = list(parts_of([SectionFound(key="overview", title="", text=text)]))
    assert found == ([] if parts is None else [Parts(*parts, quote=text.removesuffix("。"), section="overview")])


@given(
    st.text(
        alphabet="收到受理答复办结申请信息公开政府共有的了、，。；（）1２3 〇十件条年2024上结转下度予以不全部未没有行政复议诉讼处理费元%《》",
        max_size=300,
    )
)
def test_any_text_is_read_without_failing(text: str):
    for one in stated(text):
        assert one.quote or one.value == 0 or one.kind
    list(parts_of([SectionFound(key="overview", title="", text=text)]))


@pytest.mark.parametrize(
    "unit",
    [
        "共有",
        "收到",
        "申请",
        "信息公开",
        "、",
        "未",
        "1",
        "1,",
        "没有行政复议",
        "《",
        "(",
        "均答复",
        "其中1条、",
        "收到申请1件，",
    ],
)
def test_hostile_repetition_costs_little(unit: str):
    started = time.perf_counter()
    found = stated(unit * (100_000 // len(unit)))
    assert len(found) <= MOST_STATED
    assert time.perf_counter() - started < 2
