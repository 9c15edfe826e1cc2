"""Table 2, disclosure on one's own motion: documents, decisions, fees."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from services.core.finding import Severity
from services.core.form import parse_path, place, row_place
from services.core.form.declaration import NumberKind
from services.core.form.labels import normalise
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import OLD_TABLE2, Example
from services.validate.rules.sheet import Entry, Sheet
from services.validate.rules.wording import listed, printed

_WANTED: dict[NumberKind, str] = {"count": "不小于 0 的整数", "signed": "整数", "money": "不小于 0 的数"}


def _fits(value: Entry, number: NumberKind) -> bool:
    if number == "money":
        return isinstance(value, (int, Decimal)) and value >= 0
    return isinstance(value, int) and (number == "signed" or value >= 0)


@rule(
    "T2-1",
    severity=Severity.ERROR,
    milder=(Severity.WARNING,),
    table="table2",
    title="表二数量为不小于 0 的整数，金额不小于 0",
    explanation="表二的件数、数量应填不小于 0 的整数，行政事业性收费金额（万元）应填不小于 0 的数，可以有小数。"
    "2019 年格式的“本年增/减”可以是负数。没有读到的行只作提示。",
    basis="《政府信息公开工作年度报告格式》（{form}）表二",
    example=Example({"table2.fees": Decimal("-12.5")}),
)
def rule_t2_1(sheet: Sheet) -> Iterator[Discrepancy]:
    """Counts are whole numbers ≥ 0, changes whole numbers, money ≥ 0. Rows not found give one warning."""
    shape = sheet.forms["table2"]
    for path in shape.paths("table2"):
        value = sheet.cells.get(path)
        number = shape.table2_column[parse_path(path, shape.version).column].number
        if value is not None and not _fits(value, number):
            yield Discrepancy(
                (path,),
                f"{place(path, shape.version)}：{sheet.said((path,))}“{printed(value)}”，应为{_WANTED[number]}。",
                "请改为实际数，没有的填 0。",
                expected=_WANTED[number],
                actual=printed(value),
            )
    missing = sheet.missing("table2")
    if missing and sheet.present("table2"):
        rows = dict.fromkeys(path.split(".")[1] for path in missing)
        yield Discrepancy(
            tuple(missing),
            f"没有完整读到以下各行：{listed([row_place('table2', row, shape.version) for row in rows], '行')}。",
            "请按格式补全，没有的填 0。",
            expected=f"{len(shape.paths('table2'))} 个数",
            actual=f"{len(shape.paths('table2')) - len(missing)} 个数",
            severity=Severity.WARNING,
        )


@rule(
    "T2-2",
    severity=Severity.WARNING,
    table="table2",
    layouts=("2021",),
    title="本年制发件数一般不大于现行有效件数",
    explanation="当年制发的规章、行政规范性文件，除当年又废止的以外，年末应当仍然有效。"
    "制发件数大于现行有效件数与废止件数之和时，请核对或作说明。",
    basis="《政府信息公开工作年度报告格式》（{form}）表二第二十条第（一）项",
    example=Example({"table2.normative_docs.0": 20}),
)
def rule_t2_2(sheet: Sheet) -> Iterator[Discrepancy]:
    """Per row of 第（一）项: made ≤ in_force, unless what is missing may have been repealed in the same year."""
    for row in ("regulations", "normative_docs"):
        where = tuple(f"table2.{row}.{index}" for index in range(3))
        made, repealed, in_force = (sheet.cells.get(path, "") for path in where)
        repealed = 0 if repealed is None else repealed
        if not (isinstance(made, int) and isinstance(repealed, int) and isinstance(in_force, int)):
            continue
        if made > in_force + max(repealed, 0):
            yield Discrepancy(
                where,
                f"{row_place('table2', row)}：本年制发件数{sheet.said(where)} {made}，现行有效件数{sheet.said(where)} {in_force}，"
                f"本年废止件数 {repealed}，制发的比现行有效的多 {made - in_force}。",
                "请核对这三个数；确有特殊情况的，说明即可。",
                expected=f"不大于 {in_force + max(repealed, 0)}",
                actual=made,
            )


@rule(
    "T2-4",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    table="table2",
    title="没有规章制定权的机关，规章一行应为 0",
    explanation="规章只能由国务院部门，省、自治区、直辖市和设区的市、自治州的人民政府制定。县级人民政府、乡镇、街道和地方部门的规章一行应填 0，"
    "常见的是把行政规范性文件填在了规章一行。单位层级不清楚的不查；2019 年格式统计的是公开数量，仅供审核人参考。",
    basis="《立法法》第九十一条、第九十三条；《政府信息公开工作年度报告格式》（{form}）表二第二十条第（一）项",
    example=Example({"table2.regulations.0": 1, "table2.regulations.2": 6}),
)
def rule_t2_4(sheet: Sheet) -> Iterator[Discrepancy]:
    """No figure but 0 in the row 规章 of a body that may make none."""
    if sheet.level is None or sheet.level.may_make_regulations or not _level_is_sure(sheet):
        return
    layout = sheet.forms["table2"].version
    paths = [path for path in sheet.forms["table2"].paths("table2") if path.startswith("table2.regulations.")]
    where = tuple(path for path in paths if isinstance(value := sheet.cells.get(path), int) and value > 0)
    if where:
        figures = "、".join(f"{place(path, layout).partition('·')[2].strip()} {sheet.cells[path]}" for path in where)
        yield Discrepancy(
            where,
            f"{row_place('table2', 'regulations', layout)}：{sheet.said(where)}{figures}，本机关一般没有规章制定权，应为 0。",
            "请核对是否应填在行政规范性文件一行；统计口径不同的，说明即可。",
            expected=0,
            actual=figures,
            severity=Severity.INFO if layout == "2019" else None,
        )


def _level_is_sure(sheet: Sheet) -> bool:
    """A registered level, or a name with a region in it: bodies of the State Council have such endings as 总局 too."""
    name = sheet.context.body_name or sheet.report.agency or ""
    return sheet.context.level is not None or any(rank in name[:-1] for rank in "省市县区旗州盟乡镇")


_MOST_DECIMALS = 6
"""万元 to the fen."""


@rule(
    "T2-5",
    severity=Severity.WARNING,
    table="table2",
    layouts=("2021",),
    title="行政事业性收费以万元为单位",
    explanation="行政事业性收费金额的单位是万元。小数多于六位（不足一分），或约为上年的一万倍或万分之一（上下 20%）的，可能是把元当作了万元，请核对。",
    basis="《政府信息公开工作年度报告格式》（{form}）表二第二十条第（八）项，单位为万元",
    example=Example({"table2.fees": Decimal("12.34567891")}),
)
def rule_t2_5(sheet: Sheet) -> Iterator[Discrepancy]:
    """More than six decimals; ten thousand times last year's fees or a ten-thousandth of them, within 20 %."""
    path = "table2.fees"
    fees = sheet.cells.get(path)
    if not isinstance(fees, int | Decimal) or fees <= 0:
        return
    money = f"{place(path)}：{sheet.said((path,))} {printed(fees)} 万元"
    decimals = len(printed(fees).partition(".")[2])
    if decimals > _MOST_DECIMALS:
        yield Discrepancy(
            (path,),
            f"{money}，小数有 {decimals} 位，折合不足一分。",
            "请核对金额和单位。",
            expected=f"小数不多于 {_MOST_DECIMALS} 位",
            actual=printed(fees),
        )
    before = fees_by_ten_thousand(sheet)
    if before is not None:
        yield Discrepancy(
            (path,),
            f"{money}，上年为 {printed(before)} 万元，相差约一万倍，其中一年可能是以元为单位填报的。",
            "请核对单位；金额确实如此的，说明即可。",
            expected=f"与上年 {printed(before)} 万元相近",
            actual=printed(fees),
        )


def fees_by_ten_thousand(sheet: Sheet) -> int | Decimal | None:
    """Last year's fees when this year's are about ten thousand times them or a ten-thousandth; else None."""
    fees, before = sheet.cells.get("table2.fees"), sheet.a_year_ago("table2.fees")
    if not isinstance(fees, int | Decimal) or not isinstance(before, int | Decimal) or fees <= 0 or before <= 0:
        return None
    more, less = max(fees, before), min(fees, before)
    return before if 8_000 * less <= more <= 12_000 * less else None


@rule(
    "T2-8",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    table="table2",
    years=(2021, 9999),
    title="2021 年度起表二的表样与行名",
    explanation="2021 年度起表二用本年制发、本年废止、现行有效等栏目，行名为“行政规范性文件”。"
    "仍用 2019 年旧表样的予以提示；只是行名写作“规范性文件”的，仅供审核人参考。",
    basis="《政府信息公开工作年度报告格式》（国办公开办函〔2021〕30号）表二",
    example=Example(report=OLD_TABLE2),
)
def rule_t2_8(sheet: Sheet) -> Iterator[Discrepancy]:
    """2019 columns in a report on 2021 or later (warning); the old row label in the new columns (info)."""
    if sheet.year is None or not sheet.present("table2"):
        return
    if sheet.forms["table2"].version == "2019":
        yield Discrepancy(
            (),
            f"表二：{sheet.year} 年度应使用现行表样（本年制发件数、本年废止件数、现行有效件数等栏目），"
            "报告中是 2019 年旧表样（本年新制作数量等栏目）。",
            "请改用现行表样重新填报。",
            expected="2021 年表样",
            actual="2019 年表样",
        )
        return
    labels = sheet.reading.labels if sheet.reading else {}
    label = labels.get("table2.normative_docs", labels.get("normative_docs", ""))
    if normalise(label) == "规范性文件":
        yield Discrepancy(
            (),
            f"{row_place('table2', 'normative_docs')}：行名印为“{label.strip()[:40]}”，现行格式为“行政规范性文件”。",
            "建议改用现行名称。",
            expected="行政规范性文件",
            actual=label.strip()[:40],
            severity=Severity.INFO,
        )
