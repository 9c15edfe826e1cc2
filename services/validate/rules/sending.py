"""Who hands a report in, and when: deadline, and the body in title, register and signature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from services.core.finding import Severity
from services.core.form.labels import squeeze
from services.core.names import likeness
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import Example
from services.validate.rules.sheet import Sheet

_ZONE = re.compile(r"(?:管委会|管理委员会)$")
_REPORT_WORDS = re.compile(r"(?:关于)?(?:20\d\d年?度?|二[〇○零][〇○零一二三四五六七八九]{2}年?度?)?的?政府信息公开.*$")
_YEAR_IN_FRONT = re.compile(r"^(?:20\d\d年?度?)")
_BODY_END = re.compile(
    r"(?:政府|公署|行署|办事处|街道|[局委厅办部院所署社会]|办公室|中心|支队|大队|总队|公司|集团|银行|学校|大学|学院|处|站|馆)$"
)
"""How the name of a body ends; the last line of a document may be anything."""


def _area(sheet: Sheet) -> bool:
    """Whether the body has, or may have, until 31 March: governments from county up, and whoever may be one."""
    if sheet.context.level is not None:
        return sheet.context.level.governs_from_county_up
    name = squeeze(sheet.context.body_name or sheet.report.agency or "")
    return sheet.level is None or _ZONE.search(name) is not None


def _day_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


@rule(
    "D5",
    severity=Severity.ERROR,
    milder=(Severity.WARNING,),
    title="在规定期限内报送",
    explanation="县级以上人民政府部门、乡镇、街道等应在次年 1 月 31 日前报送，县级以上地方人民政府为 3 月 31 日；本地规定更早的，以本地规定为准。"
    "晚于期限的予以提示，超过宽限天数的属于错误。不清楚是否为一级政府的，按较晚的期限。"
    "按期报送后修改重报的、补录往年报告的，不作迟报。",
    basis="《政府信息公开条例》第四十九条",
    example=Example(known={"received_on": date(2025, 2, 6)}),
)
def rule_d5(sheet: Sheet) -> Iterator[Discrepancy]:
    """Received after the last day: a warning; after the grace days: an error.

    A version that takes an earlier one's place is no late report, nor is one of a year long past, put on record.
    """
    received, years = sheet.context.received_on, sheet.years
    if received is None or not years or sheet.context.earlier is not None:
        return
    limits, year = sheet.context.limits, max(years)
    last_day = limits.last_day(year, area=_area(sheet))
    if received <= last_day or received.year > last_day.year:
        return
    late = (received - last_day).days
    after_grace = received > last_day + timedelta(days=limits.grace_days)
    yield Discrepancy(
        (),
        f"{year} 年度报告应在{_day_words(last_day)}前报送，收到日期为{_day_words(received)}，晚 {late} 天。",
        "请说明原因；此前已通过其他方式按期报送的，说明即可。",
        expected=last_day.isoformat(),
        actual=received.isoformat(),
        severity=None if after_grace else Severity.WARNING,
        cause="document",
    )


def _named_in_title(sheet: Sheet) -> str | None:
    """The body in the title, empty when the title names none, None when that cannot be told."""
    title = sheet.reading.title if sheet.reading else None
    if title is None:
        return None
    flat, agency = squeeze(title), squeeze(sheet.report.agency or "")
    if agency and agency in flat:
        return agency
    return None if _YEAR_IN_FRONT.sub("", _REPORT_WORDS.sub("", flat)) else ""


@rule(
    "D6",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="标题写明机关名称，与报送单位、落款一致",
    explanation="标题应写明编制报告的机关，与报送单位、文末落款一致。不一致可能是报错了文件，也可能沿用了别的单位的文字。"
    "省略上级地名、使用简称、由办公室署名的，视为一致；只差个别字的，或标题没有写机关而落款写明的，仅供审核人参考。",
    basis="《政府信息公开条例》第四十九条、第五十条",
    example=Example(reading={"title": "示例县水利局2024年政府信息公开工作年度报告"}, report={"agency": "示例县水利局"}),
)
def rule_d6(sheet: Sheet) -> Iterator[Discrepancy]:
    """Body in title = body that hands in = body that signs, as far as each is known."""
    if sheet.reading is None:
        return
    named, sender = _named_in_title(sheet), sheet.context.body_name
    signature = squeeze(sheet.reading.signature or "")
    signed = signature if _BODY_END.search(signature) else ""
    if named == "":
        wanted = sender or signed or "机关名称"
        yield Discrepancy(
            (),
            f"标题“{squeeze(sheet.reading.title or '')[:60]}”没有写明机关名称。",
            "请在标题中写明机关全称。",
            expected=f"{wanted}……年度报告",
            actual="没有机关名称",
            severity=Severity.INFO if signed else None,
        )
    pairs = [("标题中的机关", named or "", "报送单位", sender or "")]
    if named and sender and likeness(named, sender) == "same":
        pairs.append(("落款", signed, "标题中的机关", named))
    elif not sender or not named:
        pairs.append(("落款", signed, "报送单位" if sender else "标题中的机关", sender or named or ""))
    for place, found, other_place, other in pairs:
        if found and other and (alike := likeness(found, other)) != "same":
            yield Discrepancy(
                (),
                f"{place}为“{found[:60]}”，{other_place}为“{other[:60]}”，两者不一致。",
                "请核对机关名称，并确认报送的是本单位的报告；机关更名、合并或有两个名称的，说明即可。",
                expected=other[:60],
                actual=found[:60],
                severity=Severity.INFO if alike == "near" else None,
            )
