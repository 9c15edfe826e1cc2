"""Prose against tables: each rule trips, and each sentence that has fooled others does not."""

from dataclasses import replace
from typing import Any

import pytest

from services.core.bodies import Level
from services.core.finding import Finding, Severity
from services.core.report import Figure
from services.validate.rules.example import CONTEXT, a_year_before
from tests.unit.validate.claimed import held_against, table3
from tests.unit.validate.look_alikes import LOOK_ALIKES
from tests.unit.validate.made import findings, only, rule_ids

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741 - the letters of the rule book
ASKED = "（二）依申请公开。"
AREA: dict[str, Any] = {
    "agency": "示例县人民政府",
    "context": replace(CONTEXT, body_name="示例县人民政府", level=Level.COUNTY),
}

# The tallying report: received 18, carried in 2, finished 19, carried out 1; granted 8, partial 2, denied 2, unable 5,
# rejected 1, other 1; natural 12 new; review 4 (2 upheld, 1 corrected, 1 pending), after review 1 upheld; documents
# 2/1/9, licences 320, penalties 15.

WRONG: list[tuple[str, str, Severity]] = [
    ("N1", "本年度新收政府信息公开申请28件。", E),
    ("N1", "共收到政府信息公开申请28件。", W),
    ("N1", "共收到政府信息公开申请２８件。", W),
    ("N1", "受理政府信息公开申请二十八件。", W),
    ("N1", "新收政府信息公开申请20件。", E),  # 18 + 2 is not what was newly received
    ("N2", "本年度未收到政府信息公开申请。", E),
    ("N2", "受理政府信息公开申请0件。", W),
    ("N3", f"{ASKED}收到申请18件，办结12件。", W),
    ("N3", "答复政府信息公开申请21件。", W),
    ("N3", "办理政府信息公开申请25件。", W),
    ("N4", f"{ASKED}收到申请18件，均已办结。", W),
    ("N4", f"{ASKED}收到申请18件，全部在规定期限内答复。", I),
    ("N4", f"{ASKED}收到申请18件，按时办结率100%。", I),
    ("N4", f"{ASKED}收到申请18件，办结率达100%。", W),
    ("N5", f"{ASKED}其中予以公开7件。", W),
    ("N5", f"{ASKED}部分公开3件。", W),
    ("N5", f"{ASKED}不予公开1件，无法提供5件。", W),
    ("N5", f"{ASKED}其他处理0件。", W),
    ("N6", f"{ASKED}予以公开及部分公开11件。", W),
    ("N6", f"{ASKED}予以公开8件，占24.11%。", W),
    ("N6", f"{ASKED}无法提供5件（62.3%）。", W),
    ("N7", f"{ASKED}自然人11件、法人或其他组织6件。", W),
    ("N7", f"{ASKED}商业企业2件。", W),
    ("N8", f"{ASKED}收到申请18件，其中网络申请12件、信函申请8件。", W),
    ("N8", f"{ASKED}收到申请18件，其中网络申请12件、信函申请4件。", I),
    ("N9", f"{ASKED}上年结转3件。", W),
    ("N9", f"{ASKED}结转下年度继续办理4件。", W),
    ("N9", f"{ASKED}无结转下年度申请。", W),
    ("N10", "因政府信息公开被申请行政复议3件。", W),
    ("N10", "因政府信息公开被提起行政诉讼2件。", W),
    ("N10", "因政府信息公开被申请行政复议4件，其中纠正2件。", W),
    ("N10", "因政府信息公开被申请行政复议4件，败诉2件。", I),
    ("N11", "未发生因政府信息公开引起的行政复议、行政诉讼。", W),
    ("N11", "因政府信息公开提起的行政诉讼没有发生，无政府信息公开行政诉讼。", W),
    ("N12", "全年制发行政规范性文件3件，废止1件。", W),
    ("N12", "全年制发行政规范性文件2件，废止2件。", W),
    ("N12", "制定规章1件。", W),
    ("N12", "发布规范性文件5件。", I),
    ("N13", "作出行政许可决定302件。", W),
    ("N13", "作出行政处罚决定51件。", W),
    ("N13", "公示行政许可302件。", I),
    ("N13", "落实双公示制度，公示事项21件。", I),
    ("N14", "收取信息处理费235元。", W),
    ("N15", "全年公开信息465条，其中政策文件120条、规划计划204条、财政信息140条。", I),  # 信丰县卫生健康委 2023
    ("N15", "全年公开信息400条，其中政策文件120条、规划计划204条、财政信息140条。", I),
    ("N16", "因政府信息公开引发的行政复议、行政诉讼案件6件。", W),
    ("N17", f"{ASKED}收到申请20件。\n五是强化监督，全年收到政府信息公开申请16件。", W),
    ("N17", "网站审计专栏公开信息20条。\n通过网站专栏公开政府信息16条。", I),  # 杨凌示范区审计局 2022
]


@pytest.mark.parametrize(("rule", "text", "severity"), WRONG)
def test_a_sentence_that_contradicts_the_tables_is_found(rule: str, text: str, severity: Severity):
    found = only(held_against(text))
    assert (found.rule, found.severity, found.cause) == (rule, severity, "document")
    assert "中写有“" in found.message or "正文前后不一致：“" in found.message
    assert found.expected is not None


RIGHT = [
    "本年度新收政府信息公开申请18件，上年结转2件；办结19件，结转下年度1件。",
    "共收到政府信息公开申请20件。",  # with those carried in: 宿迁 2024, 沭阳县
    "共受理政府信息公开申请20件，其中本年新收18件，上年结转2件。",
    "共受理政府信息公开申请十八件。",
    f"{ASKED}收到申请18件，办结17件，另有上年结转2件办结。",
    f"{ASKED}收到申请18件，均已办结，1件结转下年度办理。",
    f"{ASKED}办结19件（含上年结转2件），其中予以公开8件、部分公开2件、不予公开2件、无法提供5件、不予处理1件、其他处理1件。",
    f"{ASKED}予以公开及部分公开10件（52.63%）。",
    f"{ASKED}予以公开及部分公开10件，占52.6%。",
    f"{ASKED}予以公开8件，占42.1%；部分公开2件，占10.5%。",
    f"{ASKED}予以公开8件，占44.4%。",  # of those received
    f"{ASKED}自然人12件、法人或其他组织6件。",
    f"{ASKED}自然人14件、法人或其他组织6件。",  # with those carried in
    f"{ASKED}自然人13件、法人或其他组织6件。",  # of those finished
    f"{ASKED}收到申请18件，其中网络申请12件、信函申请5件、当面申请1件。",
    "因政府信息公开被申请行政复议4件，其中维持2件、纠正1件、尚未审结1件；行政诉讼1件，维持1件。",
    "因政府信息公开发生行政复议、行政诉讼案件5件。",
    "因政府信息公开，未经复议直接起诉0件，复议后起诉1件。",
    "制发行政规范性文件2件，废止1件，现行有效9件；制定规章0件。",
    "作出行政许可决定320件、行政处罚决定15件，公示双公示信息335件。",
    "收取信息处理费2230元、3940元、380元、400元、880元。",
    "本年度未收取信息处理费。",
]

# what the field has seen held against bodies that were right, or would be
LOOK_ALIKE = [
    f"{ASKED}11件按规定程序办结，8件申请人主动撤销。",  # 打浦桥街道 2025: 11 is not the total
    f"{ASKED}办理上年度结转申请2件。答复17件。",
    f"{ASKED}办理上年度结转申请2件。答复19件。",
    "全年报送规范性文件备案134件。",  # 宿迁 2024: cases put on file
    "区政府办公室代表区政府受理政府信息公开申请17件。",  # 洪泽区 2024: table 95
    "全年主动公开政府信息890条，其中政策文件300条、财政预决算202条、招考信息200条。",  # 泰安市财政局: a partial list
    "全年公开537条，其中网站306条、微信公众号200条、宣传栏90条。",  # 棠景街道
    "全年公开349条，其中网站166条、微博150条、微信120条。",  # 浦江县卫生健康局
    f"{ASKED}收到申请18件，其中网络申请7件、信函申请6件、当面申请5件。",  # 东阳市自然资源局 2023: no overlap, adds up
    "2023年，共收到政府信息公开申请28件。",  # 西柳镇 2023 speaks of the year before
    "较上年28件减少10件。",
    f"{ASKED}申请量较上年增加28件。",
    "办理人大代表建议12件、政协提案9件，全部按时办结。",
    "收到12345热线工单2301件，办结2301件，办结率100%。",
    "收到区长信箱留言312件，答复312件。",
    "开展网络问政，答复网民提问28件，均已答复。",
    "主动公开信息1286条，制作解读材料33件。",
    "贯彻国办公开办函〔2021〕30号，执行国务院令第711号，电话0901-6223328。",
    "召开第28次会议，学习政府信息公开申请办理规范5次。",
    "（其中住建局72件、自然资源局69件、民政局35件）",
    f"{ASKED}收到申请18件（其中县住建局答复7件，县民政局答复9件）。",
    f"{ASKED}延期答复3件，书面答复12件。",
    f"{ASKED}申请人撤回3件，转办5件。",
    "局机关收到政府信息公开申请5件。",
    "受理行政复议案件300件，审结280件，办理行政应诉28件。",  # of a body that reviews others
    "未发生行政复议败诉和行政诉讼被纠错的情况。",
    "未收到行政许可申请。未收到重复申请，未收到当面提出的申请。",
    "审核规范性文件28件，修订规范性文件3件，转发规范性文件5件。",
    "取消行政许可事项12项，公布行政处罚事项137项，公布行政处罚信息2条。",
    "信息处理费按每件100元、每页10元收取，邮寄费23元另收。",
    "行政事业性收费35元。",
    f"{ASKED}近30件申请，200余件咨询。",
    f"{ASKED}做好28项依申请公开工作。依申请公开3项制度全面落实。",
    f"{ASKED}除1件结转外，其余均已办结。",
    f"{ASKED}予以公开、部分公开分别为9件、3件。",
    "2024年1月至6月收到政府信息公开申请9件，10月收到政府信息公开申请3件。",
    f"{ASKED}收到申请 2 8 件。",  # a blank in the number: which number it is cannot be told
]


@pytest.mark.parametrize("text", RIGHT)
def test_a_sentence_that_agrees_with_the_tables_is_left_alone(text: str):
    assert held_against(text) == []


@pytest.mark.parametrize("text", LOOK_ALIKE)
def test_a_sentence_about_something_else_is_never_held_against_the_tables(text: str):
    assert [found.message for found in held_against(text) if found.severity is not I] == []


@pytest.mark.parametrize("text", LOOK_ALIKES)
@pytest.mark.parametrize("heading", ["", ASKED])
def test_no_body_is_asked_to_mend_what_only_looks_like_a_contradiction(heading: str, text: str):
    assert [found.message for found in held_against(heading + text) if found.severity is not I] == []


def test_the_figures_of_real_reports_that_were_wrongly_found_fault_with_agree():
    withdrawn = table3(
        new=19, carried_in=0, granted=11, other_other=8, other_no_correction=0, partial=0, total=19, carried_out=0
    )
    rest = table3(deny_third_party=0, unable_no_info=0, reject_complaint=0)
    text = f"{ASKED}收到申请19件，11件按规定程序办结，8件申请人主动撤销；答复11件。"
    assert held_against(text, {**withdrawn, **rest}) == []  # 打浦桥街道 2025: 11 + 8 = 19
    merged = table3(new=713, carried_in=36, total=749, carried_out=0)
    assert held_against("受理政府信息公开申请749件。", merged) == []  # 宿迁, 沭阳县: 713 + 36


def test_all_finished_while_one_is_carried_over():
    found = only(held_against(f"{ASKED}收到申请18件，均已办结。"))  # 上海市科委 2024
    assert "表三 四、结转下年度继续办理 · 总计填报 1" in found.message


def test_prose_of_noughts_beside_documents_in_the_table():
    text = "全年制发规范性文件0件，废止0件，现行有效0件。"  # 西柳镇 2023: table 4/0/32
    found = held_against(
        text, {"table2.normative_docs.0": 4, "table2.normative_docs.1": 0, "table2.normative_docs.2": 32}
    )
    assert [(f.rule, f.expected, f.actual) for f in found] == [("N12", 4, 0), ("N12", 32, 0)]


def test_the_message_quotes_the_phrase_and_names_place_figure_and_what_to_do():
    found = only(held_against("2024年，我局共收到 政府信息公开申请 28 件。"))
    assert found.message == (
        "“总体情况”中写有“我局共收到政府信息公开申请28件”，表三 一、本年新收政府信息公开申请数量 · 总计填报 18"
        "（连同上年结转为 20），两者不一致。请核对正文和表格，改正有误的一处。"
    )
    assert (found.where, found.expected, found.actual) == (["table3.new.total"], 18, 28)


@pytest.mark.parametrize(
    "path", ["table3.new.total", "table3.carried_in.total"], ids=["what it is compared with", "what it may include"]
)
@pytest.mark.parametrize("state", ["uncertain", "blank"])
def test_a_figure_is_not_held_against_a_cell_that_is_in_doubt_or_blank(path: str, state: str):
    text = "收到政府信息公开申请28件。"
    if state == "blank":
        assert held_against(text, {path: None}) == []
    else:
        assert held_against(text, uncertain=[path], status="review") == []


@pytest.mark.parametrize("table", ["table2", "table3", "table4"])
def test_a_table_that_is_not_there_contradicts_nothing(table: str):
    gone: dict[str, Any] = {table: None}
    text = "收到政府信息公开申请28件，均已办结；制发规范性文件7件；因政府信息公开被申请行政复议9件。"
    rules = {"table2": {"N1", "N4", "N10"}, "table3": {"N10", "N12"}, "table4": {"N1", "N4", "N12"}}
    assert rule_ids(held_against(text, **gone)) == rules[table]


def test_prose_that_was_read_from_a_picture_is_to_be_looked_at_and_not_held_against_the_body():
    text = "收到政府信息公开申请28件，均已办结。"
    found = held_against(text, reading={"prose_doubt": True})
    assert {f.cause for f in found} == {"unclear"}
    assert all("请对照原文核对" in f.message for f in found)
    assert not any(f.for_agency for f in found)


def test_a_total_found_wrong_by_its_own_row_is_not_told_twice():
    figures: dict[str, Figure] = {"table3.new.total": 28}
    assert held_against("收到政府信息公开申请18件。", figures) == []
    assert (
        only(held_against("新收政府信息公开申请20件。", figures)).severity is W
    )  # where the table does not tally: no error


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("全县共新收政府信息公开申请28件。", W),
        ("新收政府信息公开申请28件。", W),
        ("县政府办公室新收政府信息公开申请28件。", I),
        ("本机关新收政府信息公开申请28件。", I),
        ("县公安局新收政府信息公开申请28件。", I),
    ],
)
def test_a_part_of_an_area_is_a_hint_only(text: str, severity: Severity):
    assert only(held_against(text, **AREA)).severity is severity


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("全县共新收政府信息公开申请28件。", I),  # 迎宾路街道 2021 reports the city's applications
        ("我局新收政府信息公开申请28件。", E),
        ("局属单位新收政府信息公开申请28件。", I),
    ],
)
def test_an_areas_figure_in_a_departments_report_is_a_hint_only(text: str, severity: Severity):
    assert [f.severity for f in held_against(text)] in ([severity], [])


def test_growth_is_compared_with_last_years_report():
    before = a_year_before({"table3.new.natural": 10, "table3.new.total": 16})
    known = replace(CONTEXT, last_year=before)
    found = only(held_against("收到政府信息公开申请18件，同比增长12.55%。", context=known))
    assert (found.rule, found.severity, found.expected, found.actual) == ("Y6", I, "12.50%", "12.55%")
    for right in ("增长12.51%", "增长12.5%", "上升12.4%", "增长13%", "增长12%"):
        assert held_against(f"收到政府信息公开申请18件，同比{right}。", context=known) == []
    assert rule_ids(held_against("收到政府信息公开申请18件，同比下降12.5%。", context=known)) == {"Y6"}
    assert held_against("收到政府信息公开申请18件，同比下降12.5%。") == []  # nothing is known of last year
    assert held_against("收到政府信息公开申请18件，网站访问量同比增长80%。", context=known) == []


def test_the_figures_of_one_report_that_the_field_has_seen():
    figures = table3(new=3702, carried_in=0)
    before = a_year_before(table3(new=3662, carried_in=0))
    known = replace(CONTEXT, last_year=before)
    text = "收到政府信息公开申请3702件，同比增长1.05%。"  # 宿迁 2024 says 1.05 %, the figures give more
    assert rule_ids(held_against(text, figures, context=known)) == {"Y6"}


def test_two_figures_that_both_fit_are_no_contradiction():
    text = f"{ASKED}新收政府信息公开申请18件。\n五是强化监督，全年收到政府信息公开申请20件。"
    assert held_against(text) == []


def test_one_of_two_figures_that_fits_leaves_one_finding():
    text = f"{ASKED}收到申请18件。\n五是强化监督，全年收到政府信息公开申请16件。"
    found = only(held_against(text))
    assert (found.rule, found.expected) == ("N17", 18)
    assert "“收到申请18件”、“全年收到政府信息公开申请16件”，表格中为 18" in found.message


def test_processing_fee_is_never_compared_with_administrative_charges():
    text = "本年度未收取信息处理费。"
    found: list[Finding] = [f for f in findings({"table2.fees": 880}) if f.rule.startswith("N")]
    assert found == []
    assert held_against(text, {"table2.fees": 880}, key="other_matters") == []
