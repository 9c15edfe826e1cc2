"""What the prose has to speak of: contact, the five aspects of section 1, assessment in an area; and its length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from services.core.bodies import Level
from services.core.finding import Severity
from services.core.limits import LAW
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import TALLYING, Example, with_prose
from services.validate.rules.passages import OPENING
from services.validate.rules.sheet import Sheet

_REACHED_BY: Final = frozenset({"address", "telephone", "email", "fax"})
_CONTACT: Final = re.compile(
    r"电话|邮箱|地址|联系方式|咨询热线|[A-Za-z0-9]@[A-Za-z0-9]|(?<!\d)0\d{2,3}[-—]\d{7,8}(?!\d)"
)

# Any word of the row will do: the wording is free, and a word too many only leaves a gap untold.
_ASPECTS: Final = {
    "主动公开": re.compile(r"主动公开|公开内容|公开信息|发布|公示"),
    "依申请公开": re.compile(r"申请"),
    "政府信息管理": re.compile(r"管理|审核|审查|清理|归档|目录|规范性文件|保密|更新"),
    "政府信息公开平台建设": re.compile(r"平台|网站|网页|公众号|新媒体|微信|微博|专栏|栏目|公开栏|专区|载体|渠道"),
    "监督保障": re.compile(r"监督|保障|考核|评议|培训|检查|领导小组|问责|责任"),
}
_ASSESSMENT: Final = {
    "考核": re.compile(r"考核|考评|绩效|评估|测评"),
    "社会评议": re.compile(r"评议|满意度|评估|测评|监督员|评价"),
    "责任追究": re.compile(r"追究|追责|问责"),
}
_WITHOUT_APPLICATIONS: Final = "2024年，本局主动公开政府信息，加强政府信息管理、平台建设和监督保障。"


@rule(
    "D7",
    severity=Severity.INFO,
    title="写明联系方式",
    explanation="报告中一般写明联系地址、电话或电子邮箱，方便公众联系。都没有找到的，仅供审核人参考。",
    basis="《政府信息公开条例》第四条（政府信息公开工作机构）；年度报告的通行写法",
    example=Example(reading={"contact": {}}),
)
def rule_d7(sheet: Sheet) -> Iterator[Discrepancy]:
    """An address, a telephone number or an e-mail address anywhere in the prose."""
    if sheet.reading is None or not sheet.has_prose:
        return
    if _REACHED_BY.isdisjoint(sheet.reading.contact) and not any(_CONTACT.search(p.text) for p in sheet.passages):
        yield Discrepancy(
            (),
            "没有找到联系地址、电话或电子邮箱。",
            "建议写明联系方式。",
            expected="地址、电话或电子邮箱",
            actual="没有找到",
        )


@rule(
    "D8",
    severity=Severity.INFO,
    years=(2021, 9999),
    title="总体情况写到五个方面",
    explanation="第一部分应写到主动公开、依申请公开、政府信息管理、政府信息公开平台建设、监督保障五个方面。没有找到相关内容的方面一并列出，仅供审核人参考。",
    basis="《政府信息公开工作年度报告格式》（国办公开办函〔2021〕30号）第一部分",
    example=Example(report=with_prose("overview", _WITHOUT_APPLICATIONS)),
)
def rule_d8(sheet: Sheet) -> Iterator[Discrepancy]:
    """Section 1 has a word on each of the five aspects; an empty section 1 is rule D1's."""
    if sheet.year is None or not any(passage.key == "overview" for passage in sheet.passages):
        return
    text = "".join(passage.text for passage in sheet.passages if passage.key in {OPENING, "overview"})
    # the opening often lists the titles of all sections, and these are no account of the year
    told = re.sub(r"收到和处理政府信息公开(?:的)?申请(?:的)?情况|主动公开政府信息情况", "", text)
    wanting = [name for name, words in _ASPECTS.items() if not words.search(told)]
    if wanting:
        yield Discrepancy(
            (),
            f"“总体情况”部分没有找到这些方面的内容：{'、'.join(wanting)}。",
            "第一部分应写到五个方面，没有发生的也请写明。",
            expected="、".join(_ASPECTS),
            actual=f"没有找到{'、'.join(wanting)}",
        )


@rule(
    "D9",
    severity=Severity.INFO,
    title="县级以上人民政府的报告写到考核、评议和责任追究",
    explanation="县级以上地方人民政府的年度报告，还应包括政府信息公开工作考核、社会评议和责任追究结果情况。没有找到的一并列出，仅供审核人参考。"
    "部门和乡镇的报告不查。",
    basis="《政府信息公开条例》第五十条第（四）项",
    example=Example(known={"level": Level.COUNTY}),
)
def rule_d9(sheet: Sheet) -> Iterator[Discrepancy]:
    """Assessment, public review and accountability, in the report of a government from county up."""
    if sheet.level is None or not sheet.level.governs_from_county_up or not sheet.passages:
        return
    wanting = [name for name, words in _ASSESSMENT.items() if not any(words.search(p.text) for p in sheet.passages)]
    if wanting:
        yield Discrepancy(
            (),
            f"没有找到这些内容：{'、'.join(wanting)}。",
            "县级以上人民政府的报告应写明工作考核、社会评议和责任追究结果情况，没有发生的也请写明。",
            expected="、".join(_ASSESSMENT),
            actual=f"没有找到{'、'.join(wanting)}",
        )


@rule(
    "D12",
    severity=Severity.INFO,
    title="总体情况的字数不超过本地规定",
    explanation="有的地方规定第一部分的字数上限（如 1000 字）。本地没有规定的不查。按字符数计，不计空格。",
    basis="当地关于年度报告编制工作的通知；《政府信息公开条例》第五十条",
    example=Example(
        report=with_prose("overview", f"{TALLYING.sections[0].text}{'及时更新公开目录和指南。' * 90}"),
        known={"limits": replace(LAW, most_overview=1000)},
    ),
)
def rule_d12(sheet: Sheet) -> Iterator[Discrepancy]:
    """Section 1 has at most as many characters as the region allows; no limit, no finding."""
    most = sheet.context.limits.most_overview
    if most is None or sheet.reading is None:
        return
    length = sum(len("".join(section.text.split())) for section in sheet.report.sections if section.key == "overview")
    if length > most:
        yield Discrepancy(
            (),
            f"“总体情况”部分约 {length} 字，本地规定不超过 {most} 字。",
            "请酌情精简。",
            expected=f"不超过 {most} 字",
            actual=f"{length} 字",
        )
