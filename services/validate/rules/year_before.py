"""Figures against the same body's report on the year before: what one year hands to the next, and copied tables."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from services.core.finding import Severity
from services.core.form import Form, place, row_place
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import OLD_TABLE2, TALLYING, Example, a_year_before
from services.validate.rules.relations import Relation, relations
from services.validate.rules.sheet import Entry, Sheet
from services.validate.rules.table2 import fees_by_ten_thousand
from services.validate.rules.wording import column_name, listed, printed

_OLD_TABLE: Final = {**OLD_TABLE2["table2"], "normative_docs": [1, 1, 8]}


def _counted(value: Entry) -> int | None:
    """A count with a blank as 0; None where there is no whole number."""
    return 0 if value is None else value if isinstance(value, int) else None


@rule(
    "T2-3",
    severity=Severity.WARNING,
    table="table2",
    layouts=("2021",),
    title="现行有效件数等于上年现行有效加本年制发减本年废止",
    explanation="规章、行政规范性文件的现行有效件数，一般等于上年报告的现行有效件数加本年制发件数减本年废止件数。"
    "文件到期自然失效、机构调整划转等会使两者不同，说明即可。没有上年报告或上年用旧表样的不查。审核清单中的 Y2 即此条，不另提示。",
    basis="《政府信息公开工作年度报告格式》（{form}）表二第二十条第（一）项；上年度报告",
    example=Example(known={"last_year": a_year_before({"table2.normative_docs.2": 9})}),
)
def rule_t2_3(sheet: Sheet) -> Iterator[Discrepancy]:
    """Per row of 第（一）项: in_force = last year's in_force + made - repealed."""
    if sheet.last_year is None or sheet.last_year.forms["table2"].version != "2021":
        return
    for row in ("regulations", "normative_docs"):
        where = tuple(f"table2.{row}.{index}" for index in (2, 0, 1))
        in_force, before = sheet.cells.get(where[0]), sheet.a_year_ago(where[0])
        made, repealed = (_counted(sheet.cells.get(path, "")) for path in where[1:])
        if not isinstance(in_force, int) or not isinstance(before, int) or made is None or repealed is None:
            continue
        wanted = before + made - repealed
        if in_force != wanted:
            yield Discrepancy(
                where,
                f"{row_place('table2', row)}：上年现行有效 {before}，加本年制发 {made}，减本年废止 {repealed}，应为 {wanted}，"
                f"本年现行有效件数{sheet.said(where)} {in_force}，相差 {abs(in_force - wanted)}。",
                "请核对这几个数，也可能是上年报告的数有误；有文件自然失效或机构调整的，说明即可。",
                expected=wanted,
                actual=in_force,
            )


_DECISIONS: Final = ("licences", "penalties", "coercion")
_FACTOR: Final = 10
_SMALL: Final = 20
"""Figures up to this may grow tenfold by chance."""


def _decisions(shape: Form, row: str) -> str:
    """The path of 处理决定数量 in either layout."""
    declared = shape.table2_row[row]
    return f"table2.{row}" if declared.scalar else f"table2.{row}.{declared.columns.index('decisions')}"


@rule(
    "T2-6",
    severity=Severity.INFO,
    table="table2",
    title="许可、处罚、强制和收费与上年相差十倍以上",
    explanation="行政许可、行政处罚、行政强制的处理决定数量和行政事业性收费，两年都大于 20 而相差十倍以上的，仅供审核人参考；"
    "职能划转、统计口径变化都可能是原因。",
    basis="《政府信息公开工作年度报告格式》（{form}）表二；上年度报告",
    example=Example(known={"last_year": a_year_before({"table2.licences": 25})}),
)
def rule_t2_6(sheet: Sheet) -> Iterator[Discrepancy]:
    """Ten times last year's figure or a tenth, both above 20; one hint a row."""
    if sheet.last_year is None:
        return
    shape, shape_before = sheet.forms["table2"], sheet.last_year.forms["table2"]
    paths = [(_decisions(shape, row), _decisions(shape_before, row)) for row in _DECISIONS]
    if shape.version == shape_before.version == "2021" and fees_by_ten_thousand(sheet) is None:
        paths.append(("table2.fees", "table2.fees"))
    for path, path_before in paths:
        now, before = sheet.cells.get(path), sheet.a_year_ago(path_before)
        if not isinstance(now, int | Decimal) or not isinstance(before, int | Decimal):
            continue
        if min(now, before) > _SMALL and max(now, before) >= _FACTOR * min(now, before):
            yield Discrepancy(
                (path,),
                f"{place(path, shape.version)}：{sheet.said((path,))} {printed(now)}，上年为 {printed(before)}，相差十倍以上。",
                "请留意是否填错；确有变化的，不必修改。",
                expected=f"与上年 {printed(before)} 相近",
                actual=printed(now),
            )


@rule(
    "T2-7",
    severity=Severity.INFO,
    table="table2",
    layouts=("2019",),
    title="旧表样：上一年项目数量与上年报告衔接",
    explanation="2019 年格式的“上一年项目数量”应等于上年报告的“上一年项目数量”加“本年增/减”。不相等的仅供审核人参考。",
    basis="《政府信息公开工作年度报告格式》（国办公开办函〔2019〕60号）表二；上年度报告",
    example=Example(report=OLD_TABLE2, known={"last_year": a_year_before(**{**OLD_TABLE2, "table2": _OLD_TABLE})}),
)
def rule_t2_7(sheet: Sheet) -> Iterator[Discrepancy]:
    """Both years in the 2019 layout: last_year_items(y) = last_year_items(y-1) + change(y-1)."""
    if sheet.last_year is None or sheet.last_year.forms["table2"].version != "2019":
        return
    for row in sheet.forms["table2"].table2_rows:
        if "last_year_items" not in row.columns:
            continue
        items, change = (f"table2.{row.key}.{row.columns.index(column)}" for column in ("last_year_items", "change"))
        now = sheet.cells.get(items)
        before, added = sheet.a_year_ago(items), _counted(sheet.a_year_ago(change))
        if isinstance(now, int) and isinstance(before, int) and added is not None and now != before + added:
            yield Discrepancy(
                (items,),
                f"{place(items, '2019')}：{sheet.said((items,))} {now}，上年报告为 {before}，增减 {added}，合 {before + added}。",
                "请留意两年的数是否衔接。",
                expected=before + added,
                actual=now,
            )


@rule(
    "Y1",
    severity=Severity.ERROR,
    milder=(Severity.WARNING,),
    table="table3",
    title="上年结转等于上年报告的结转下年度",
    explanation="本年“上年结转”与上年报告的“结转下年度继续办理”是同一批申请，各列应当相等。总计不等的属于错误，连同不等的各列合为一条；"
    "总计相等而某列不等的，逐列提示。单位合并、分设、更名会使两者不同，说明即可。没有上年报告，或上年的数读得不确切的不查。",
    basis="《政府信息公开工作年度报告格式》（{form}）表三第二项、第四项；上年度报告",
    example=Example(
        known={"last_year": a_year_before({"table3.carried_out.natural": 3, "table3.carried_out.total": 3})}
    ),
)
def rule_y1(sheet: Sheet) -> Iterator[Discrepancy]:
    """Per column: carried_in = last year's carried_out; with the total wrong all of it is one matter."""
    layout = sheet.forms["table3"].version
    apart: dict[str, tuple[int, int]] = {}
    for column in sheet.forms["table3"].column_keys:
        now = _counted(sheet.cells.get(f"table3.carried_in.{column}", ""))
        before = _counted(sheet.a_year_ago(f"table3.carried_out.{column}"))
        if now is not None and before is not None and now != before:
            apart[column] = (now, before)
    end = "申请人类型归类不同、单位合并分设或更名的，说明即可。"
    if "total" not in apart:
        for column, (now, before) in apart.items():
            path = f"table3.carried_in.{column}"
            yield Discrepancy(
                (path,),
                f"{column_name(column, layout)}：上年结转{sheet.said((path,))} {now}，上年报告结转下年度为 {before}，相差 {abs(now - before)}。",
                f"请核对两年的数。{end}",
                expected=before,
                actual=now,
                severity=Severity.WARNING,
            )
        return
    now, before = apart.pop("total")
    where = tuple(f"table3.carried_in.{column}" for column in ("total", *apart))
    columns = [f"{column_name(c, layout).removeprefix('表三')} {n}，上年 {b}" for c, (n, b) in apart.items()]
    also = f"不相等的列：{listed(columns, '列')}。" if columns else ""
    yield Discrepancy(
        where,
        f"表三“二、上年结转”总计{sheet.said(where)} {now}，上年报告“四、结转下年度继续办理”总计为 {before}，相差 {abs(now - before)}。{also}"
        f"{_likelier_side(sheet, now, before)}",
        "请核对两年的数，看本年的上年结转或上年的结转下年度哪一个需要更正；单位合并、分设或更名的，说明即可。",
        expected=before,
        actual=now,
    )


def _likelier_side(sheet: Sheet, now: int, before: int) -> str:
    """Which year's report does not tally with the figure it has and would with the other's; empty when neither."""
    here = _gap(sheet)
    if here and now - here == before:
        return f"本年表三总计列不符合勾稽关系，上年结转如为 {before} 则符合。"
    there = _gap(sheet.last_year) if sheet.last_year else 0
    if there and before + there == now:
        return f"上年表三总计列不符合勾稽关系，结转下年度如为 {now} 则符合。"
    return ""


def _gap(sheet: Sheet) -> int:
    """By how much new + carried_in of the total column exceeds total + carried_out; 0 where not assessed."""
    balance: Relation = next(one for one in relations("T3-2", sheet.forms["table3"].version) if one.key == "total")
    found = sheet.balances.get(balance)
    return found.gap if found is not None and not found.at_least else 0


_ENOUGH: Final = 5
"""Weight of equal figures from which chance is no explanation: a figure below 3 weighs 1, below 10 2, others 3."""


@rule(
    "Y5",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="三张表的数字与上年完全相同",
    explanation="表二、表三、表四的全部数字与上年报告相同，又不全是 0 的，可能是沿用了上年的表格。"
    "只有个别小的数相同、也可能是巧合的，仅供审核人参考；除现行有效件数外全是 0 的不提示。",
    basis="《政府信息公开条例》第四十九条、第五十条（每年公布上一年度情况）",
    example=Example(
        known={
            "last_year": a_year_before({path: value for path, value in TALLYING.figures().items() if value is not None})
        },
    ),
)
def rule_y5(sheet: Sheet) -> Iterator[Discrepancy]:
    """Every cell equal to last year's, blanks as 0, both read for certain; figures that rightly stay are no evidence."""
    before = sheet.last_year
    if before is None or sheet.uncertain or before.uncertain or sheet.cells.keys() != before.cells.keys():
        return
    if not all(sheet.present(table) for table in ("table2", "table3", "table4")):
        return
    if any((value or 0) != (before.cells[path] or 0) for path, value in sheet.cells.items()):
        return
    weight = sum(_weight(sheet, path) for path in sheet.cells)
    if weight:
        yield Discrepancy(
            (),
            "表二、表三、表四的全部数字与上年报告完全相同。",
            "请确认各表填的是本年度的数据；确实相同的，说明即可。",
            expected="本年度数据",
            actual=f"与上年 {len(sheet.cells)} 格全部相同",
            severity=None if weight >= _ENOUGH else Severity.INFO,
        )


def _weight(sheet: Sheet, path: str) -> int:
    """How much an equal figure says. Sums, outcomes and what stays from year to year say nothing of their own."""
    value = sheet.cells[path]
    if not isinstance(value, int | Decimal) or value <= 0:
        return 0
    table, row, *rest = path.split(".")
    if table == "table2":
        column = sheet.forms["table2"].table2_row[row].columns[int(rest[0]) if rest else 0]
        independent = column not in {"in_force", "public_total", "last_year_items"}
    else:
        independent = rest[0] != "total" and (table == "table4" or row == "new")
    return (1 if value < 3 else 2 if value < 10 else 3) if independent else 0
