"""The document around the tables: sections, statistical period, year, date of report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.core.finding import Severity
from services.core.form import Section
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import TALLYING, Example
from services.validate.rules.sheet import Sheet
from services.validate.rules.wording import listed

_LEAST_PROSE = 10  # characters below which section 5 says nothing (rule D1)


def _thin(section: Section, text: str, *, fees_told: bool) -> str:
    """What is wanting in the prose of a section, as the end of a sentence; empty when nothing is."""
    bare = "".join(text.split())
    if section.key == "problems" and len(bare) < _LEAST_PROSE:
        return "内容过少，请写明存在的问题和改进措施" if bare else "没有内容，请写明存在的问题和改进措施"
    if section.key == "overview" and not bare:
        return "没有内容，请概述全年工作"
    if section.key == "other_matters" and "费" not in bare and not fees_told:
        return "没有写明信息处理费情况，请写明是否收取"
    return ""


@rule(
    "D1",
    severity=Severity.ERROR,
    milder=(Severity.WARNING,),
    title="六个部分齐全、依次排列、各有内容",
    explanation="年度报告应有六个部分，依次为总体情况、主动公开政府信息情况、收到和处理政府信息公开申请情况、"
    "政府信息公开行政复议和行政诉讼情况、存在的主要问题及改进情况、其他需要报告的事项。缺少的属于错误；"
    "次序不同、第一或第五部分没有实际内容、第六部分没有写明是否收取信息处理费的，予以提示。",
    basis="《政府信息公开条例》第五十条；《政府信息公开工作年度报告格式》（{form}）",
    example=Example(report={"sections": TALLYING.sections[:4] + TALLYING.sections[5:]}),
    on_failed=True,
)
def rule_d1(sheet: Sheet) -> Iterator[Discrepancy]:
    """Six sections found (error), in order, sections 1, 5 and 6 with the content asked for (warnings)."""
    if not sheet.has_prose:
        return
    standard = sheet.forms["table4"].sections
    keys = [section.key for section in sheet.report.sections]
    missing = [section.heading for section in standard if section.key not in keys]
    if missing:
        yield Discrepancy(
            (),
            f"没有找到这些部分的标题：{'、'.join(f'“{heading}”' for heading in missing)}。",
            "请按格式补全六个部分，标题用规定的名称。",
            expected="、".join(missing),
            actual="没有找到",
        )
    once = [section for section in standard if keys.count(section.key) == 1]
    if (order := [section.key for section in once]) != (found := [key for key in keys if key in order]):
        names = {section.key: section.title for section in standard}
        printed = " → ".join(names[key] for key in found)
        yield Discrepancy(
            (),
            f"各部分的次序与格式不同，报告中为：{printed}。",
            "请按格式规定的次序排列。",
            expected=" → ".join(section.title for section in once),
            actual=printed,
            severity=Severity.WARNING,
        )
    if sheet.reading is None:
        return  # a published result carries no prose, so its absence means nothing
    texts = {section.key: "".join(s.text for s in sheet.report.sections if s.key == section.key) for section in once}
    # 国办函〔2020〕109号 has been in force since 2021-01-01: earlier reports had no processing fees to tell of
    before_fees = sheet.year is not None and sheet.year < 2021
    fees_told = before_fees or any("处理费" in section.text for section in sheet.report.sections)
    for section in once:
        if wanting := _thin(section, texts[section.key], fees_told=fees_told):
            yield Discrepancy(
                (),
                f"“{section.heading}”：{wanting}。",
                "",
                expected=wanting.rpartition("，")[2],
                actual=texts[section.key].strip()[:40] or "没有内容",
                severity=Severity.WARNING,
            )


@rule(
    "D2",
    severity=Severity.ERROR,
    milder=(Severity.WARNING,),
    title="统计期限为报告年度 1 月 1 日至 12 月 31 日",
    explanation="报告应写明所列数据的统计期限，为报告年度的 1 月 1 日至 12 月 31 日。没有写明的予以提示；写成其他期限的属于错误。",
    basis="《政府信息公开条例》第四十九条、第五十条（年度报告）；DB51/T 2660—2019（编制规范，供参照）",
    example=Example(reading={"period": ("2024-01-01", "2024-11-30")}),
    on_failed=True,
)
def rule_d2(sheet: Sheet) -> Iterator[Discrepancy]:
    """The stated period is the reported year: absent gives a warning, another period an error."""
    if sheet.reading is None or not sheet.has_prose:
        return
    years = sheet.years or (() if sheet.period_year is None else (sheet.period_year,))
    wanted = "或".join(f"{year}年1月1日至{year}年12月31日" for year in years) or "1月1日至12月31日"
    period = sheet.reading.period
    if period is None:
        yield Discrepancy(
            (),
            f"没有找到统计期限，应为{wanted}。",
            "建议在开头写明“本报告所列数据的统计期限”。",
            expected=wanted,
            actual="没有找到",
            severity=Severity.WARNING,
        )
    elif period not in {(f"{year}-01-01", f"{year}-12-31") for year in years}:
        printed = f"{_in_words(period[0])}至{_in_words(period[1])}"
        yield Discrepancy(
            (),
            f"统计期限写作{printed}，应为{wanted}。",
            "请核对统计期限，并确认各表数据是全年的数据。",
            expected=wanted,
            actual=printed,
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _in_words(text: str) -> str:
    """``2024年1月1日`` for an ISO date, any other text as it is."""
    day = _day(text)
    return text[:40] if day is None else f"{day.year}年{day.month}月{day.day}日"


@rule(
    "D3",
    severity=Severity.ERROR,
    title="报告年度一致：标题、统计期限与本批次",
    explanation="标题中的年度、统计期限的年度与本批次应报的年度应当一致。不一致可能是沿用了上年的文件，也可能报错了文件。",
    basis="《政府信息公开条例》第四十九条（每年公布上一年度报告）",
    example=Example(reading={"title": "示例县农业农村局2023年政府信息公开工作年度报告"}, report={"year": 2023}),
    on_failed=True,
)
def rule_d3(sheet: Sheet) -> Iterator[Discrepancy]:
    """Year of title = year of period = batch year, as far as each is known."""
    known = {
        "标题": sheet.title_year,
        "统计期限": sheet.period_year,
        "本批次应报": sheet.context.expected_year,
    }
    said = [f"{name}为 {year} 年" for name, year in known.items() if year is not None]
    stated = [year for year in (sheet.title_year, sheet.period_year) if year is not None]
    if len({year for year in known.values() if year is not None}) > 1:
        yield Discrepancy(
            (),
            f"报告年度不一致：{'，'.join(said)}。",
            "请核对年度，并确认报送的是本年度的报告。",
            expected=sheet.context.expected_year or stated[0],
            actual=listed([str(year) for year in dict.fromkeys(stated)], "个"),
        )


@rule(
    "D4",
    severity=Severity.WARNING,
    title="报告日期有效，在次年 1 月 1 日至 3 月 31 日之间",
    explanation="报告末尾应有日期，写法完整有效，并在报告年度的次年 1 月 1 日至 3 月 31 日之间。没有日期、日期不完整或不在此期间的，予以提示。",
    basis="《政府信息公开条例》第四十九条（每年 1 月 31 日前、3 月 31 日前公布）",
    example=Example(report={"date": None}, reading={"date_text": "2025 月 1 月 20 日"}),
    on_failed=True,
)
def rule_d4(sheet: Sheet) -> Iterator[Discrepancy]:
    """The date of the report exists, is a day, and lies in the quarter after the reported year."""
    text = (sheet.reading.date_text if sheet.reading else None) or sheet.report.date
    day = _day(sheet.report.date or "")
    years = sheet.years
    span = "或".join(f"{year + 1}年1月1日至3月31日" for year in years) or "次年1月1日至3月31日"
    if text is None:
        if sheet.reading is not None and sheet.has_prose:
            yield Discrepancy(
                (), f"没有找到报告日期，应在{span}之间。", "请在文末写明日期。", expected=span, actual="没有找到"
            )
    elif day is None:
        yield Discrepancy(
            (),
            f"报告日期写作“{text.strip()[:40]}”，不是完整有效的日期。",
            "请改为“某年某月某日”的写法。",
            expected=span,
            actual=text.strip()[:40],
        )
    elif years and not any(date(year + 1, 1, 1) <= day <= date(year + 1, 3, 31) for year in years):
        yield Discrepancy(
            (),
            f"报告日期为{_in_words(day.isoformat())}，应在{span}之间。",
            "请核对日期。",
            expected=span,
            actual=day.isoformat(),
        )
