"""Table 3, applications: 25 rows (23 in the 2019 layout) by seven columns with its printed 勾稽关系."""

from __future__ import annotations

from collections.abc import Iterator

from services.core.finding import Severity
from services.core.form import place
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import ONE_ROW_OTHER, Example, without_rows
from services.validate.rules.relations import SUM_RULES, relations
from services.validate.rules.sheet import Sheet
from services.validate.rules.wording import (
    column_name,
    gap_words,
    listed,
    printed,
    row_name,
    stated_words,
    sum_words,
    term,
)


@rule(
    "T3-1",
    version=2,
    severity=Severity.ERROR,
    table="table3",
    title="表三每行：前六列之和等于“总计”列",
    explanation="表三每一行的自然人、商业企业、科研机构、社会公益组织、法律服务机构、其他六列相加，应等于该行“总计”列。"
    "空白按 0 计；一行空白过半，或“总计”列连同其他格空白时，不作判断，只提示空白；"
    "但已有的数之和已经超过“总计”列的，仍会指出。",
    basis="《政府信息公开工作年度报告格式》（{form}）表三“总计”列",
    example=Example({"table3.granted.total": 7}),
)
def rule_t3_1(sheet: Sheet) -> Iterator[Discrepancy]:
    """Per row: natural + commercial + research + social + legal + other = total."""
    layout = sheet.forms["table3"].version
    for relation in relations("T3-1", layout):
        found = sheet.balances.get(relation)
        if found is not None and found.gap:
            yield Discrepancy(
                relation.where,
                f"{row_name('table3', relation.key, layout)}：前六列{sum_words(found)} {found.left}，"
                f"“总计”列{stated_words(sheet, relation)}，{gap_words(found)}",
                "请核对该行各列。",
                expected=found.left,
                actual=found.right,
            )


@rule(
    "T3-2",
    version=2,
    severity=Severity.ERROR,
    table="table3",
    title="表三每列：第一项加第二项等于第三项加第四项",
    explanation="表三左上角印有勾稽关系：每一列中，本年新收（第一项）加上年结转（第二项），应等于本年度办理结果总计（第三项）加结转下年度继续办理（第四项）。"
    "空白按 0 计；空白过半，或总计连同其他格空白时，能证明空白都是 0 的，或一边已有的数已经超过另一边的，仍会指出，其余不作判断。",
    basis="《政府信息公开工作年度报告格式》（{form}）表三所印勾稽关系：第一项加第二项之和，等于第三项加第四项之和",
    example=Example({"table3.carried_in.natural": 3}),
)
def rule_t3_2(sheet: Sheet) -> Iterator[Discrepancy]:
    """Per column: new + carried_in = total + carried_out."""
    layout = sheet.forms["table3"].version
    for relation in relations("T3-2", layout):
        found = sheet.balances.get(relation)
        if found is not None and found.gap:
            new, carried_in, total, carried_out = (term(sheet, path) for path in (*relation.left, *relation.right))
            doubt = "" if sheet.cause(relation.where) == "document" else "按读取结果，"
            yield Discrepancy(
                relation.where,
                f"{column_name(relation.key, layout)}：{doubt}第一项加第二项为 "
                f"{new} + {carried_in} = {found.left}，第三项（七）总计加第四项为 "
                f"{total} + {carried_out} = {found.right}，{gap_words(found)}",
                "按表中所印勾稽关系两者应当相等，请核对该列这四个数。",
                expected=found.left,
                actual=found.right,
            )


@rule(
    "T3-3",
    version=2,
    severity=Severity.ERROR,
    table="table3",
    title="表三每列：第三项（一）至（六）之和等于（七）总计",
    explanation="表三每一列中，本年度办理结果（一）至（六）各行相加，应等于“（七）总计”行。"
    "2019 年格式的“（六）其他处理”只有一行，按这一行计算。空白按 0 计；空白过半，或总计连同其他格空白时，"
    "能证明空白都是 0 的，或各行已有的数之和已经超过（七）总计的，仍会指出，其余不作判断。",
    basis="《政府信息公开工作年度报告格式》（{form}）表三第三项“（七）总计”",
    example=Example({"table3.granted.natural": 6}),
)
def rule_t3_3(sheet: Sheet) -> Iterator[Discrepancy]:
    """Per column: the sum of the result rows = total, with ``other_all`` for three rows in the 2019 layout."""
    layout = sheet.forms["table3"].version
    for relation in relations("T3-3", layout):
        found = sheet.balances.get(relation)
        if found is not None and found.gap:
            yield Discrepancy(
                relation.where,
                f"{column_name(relation.key, layout)}：第三项（一）至（六）各行{sum_words(found)} {found.left}，"
                f"“（七）总计”行{stated_words(sheet, relation)}，{gap_words(found)}",
                "请核对该列各行。",
                expected=found.left,
                actual=found.right,
            )


@rule(
    "T3-4",
    severity=Severity.ERROR,
    table="table3",
    title="表三各格应为不小于 0 的整数",
    explanation="表三统计的是件数，每一格应填不小于 0 的整数。负数、小数或文字会被指出。",
    basis="《政府信息公开工作年度报告格式》（{form}）表三，统计单位为件",
    example=Example({"table3.partial.natural": -2}),
)
def rule_t3_4(sheet: Sheet) -> Iterator[Discrepancy]:
    """Every figure is a whole number ≥ 0; blanks are rule B1's."""
    shape = sheet.forms["table3"]
    for path in shape.paths("table3"):
        value = sheet.cells.get(path)
        if value is not None and not (isinstance(value, int) and value >= 0):
            yield Discrepancy(
                (path,),
                f"{place(path, shape.version)}：{sheet.said((path,))}“{printed(value)}”，应为不小于 0 的整数。",
                "请改为实际件数，没有的填 0。",
                expected="不小于 0 的整数",
                actual=printed(value),
            )


@rule(
    "T3-5",
    version=2,
    severity=Severity.ERROR,
    table="table3",
    title="表三各行、七列齐全",
    explanation="表三应有 25 行（2019 年格式 23 行）、7 列，每行每列各一次。缺少的行会一并列出。"
    "某行数字多于或少于 7 个时，由 B2、B3 说明，不重复提示。",
    basis="《政府信息公开工作年度报告格式》（{form}）表三",
    example=Example(report=without_rows("deny_law", "reject_repeat")),
    on_failed=True,
)
def rule_t3_5(sheet: Sheet) -> Iterator[Discrepancy]:
    """All rows found with seven figures; a table without any row is rule B4's."""
    shape = sheet.forms["table3"]
    absent = {path.split(".")[1] for path in sheet.missing("table3")} - sheet.row_widths.keys()
    if not absent or not sheet.present("table3"):
        return
    rows = [key for key in shape.row_keys if key in absent]
    sums = [relation for name, of in SUM_RULES.items() if of == "table3" for relation in relations(name, shape.version)]
    left_open = sum(relation not in sheet.balances for relation in sums)
    names = listed([row_name("table3", key, shape.version).removesuffix("一行") for key in rows], "行")
    yield Discrepancy(
        tuple(f"table3.{key}.{column}" for key in rows for column in shape.column_keys),
        f"表三应有 {len(shape.row_keys)} 行、每行 7 个数字，读到 {len(shape.row_keys) - len(rows)} 行，没有读到或不足 7 个的：{names}。"
        f"因此表三 {len(sums)} 处合计中有 {left_open} 处未能核对。",
        "请按格式补全这些行，没有的填 0。",
        expected=f"{len(shape.row_keys)} 行",
        actual=f"{len(shape.row_keys) - len(rows)} 行",
    )


_MUCH_CARRIED = 4
"""A fourth of the year's applications; 20 working days for an answer, 40 when extended, are a twelfth to a sixth."""
_FEW = 20
"""With fewer applications than this a share says nothing."""


@rule(
    "T3-6",
    severity=Severity.INFO,
    table="table3",
    title="结转下年度的件数合乎答复期限",
    explanation="申请一般在 20 个工作日内答复，可延长一次。本年新收不少于 20 件而结转下年度的多于其四分之一，或结转的多于新收与上年结转之和的，仅供审核人参考。",
    basis="《政府信息公开条例》第三十三条；《政府信息公开工作年度报告格式》（{form}）表三第四项",
    example=Example(
        {
            "table3.new.natural": 32,
            "table3.new.total": 38,
            "table3.carried_out.natural": 21,
            "table3.carried_out.total": 21,
        }
    ),
)
def rule_t3_6(sheet: Sheet) -> Iterator[Discrepancy]:
    """Carried over to next year: at most what there was, which T3-2 tells where it can; rarely above a fourth."""
    where = tuple(f"table3.{row}.total" for row in ("carried_out", "new", "carried_in"))
    carried_out, new, carried_in = (0 if (v := sheet.cells.get(path, "")) is None else v for path in where)
    if not (isinstance(carried_out, int) and isinstance(new, int) and isinstance(carried_in, int)):
        return
    place_words = f"{row_name('table3', 'carried_out', sheet.forms['table3'].version)}“总计”列"
    if carried_out > max(new, 0) + max(carried_in, 0):
        balance = next(one for one in relations("T3-2", sheet.forms["table3"].version) if one.key == "total")
        known = sheet.balances.get(balance)
        if known is None or not known.gap:
            yield Discrepancy(
                where,
                f"{place_words}{sheet.said(where)} {carried_out}，多于本年新收 {new} 与上年结转 {carried_in} 之和。",
                "请核对这几个数。",
                expected=f"不大于 {new + carried_in}",
                actual=carried_out,
            )
    elif new >= _FEW and carried_out * _MUCH_CARRIED > new:
        yield Discrepancy(
            where,
            f"{place_words}{sheet.said(where)} {carried_out}，超过本年新收 {new} 件的四分之一。",
            "年末集中收到申请的属于正常，请留意。",
            expected=f"一般不大于 {new // _MUCH_CARRIED}",
            actual=carried_out,
        )


@rule(
    "T3-7",
    severity=Severity.WARNING,
    table="table3",
    title="表三分申请人类型填报，不只填总计",
    explanation="表三按自然人和五类法人或其他组织分列。一行只有“总计”列有数、前六列全部空白的，请按申请人类型补填。各行合为一条。",
    basis="《政府信息公开工作年度报告格式》（{form}）表三申请人情况",
    example=Example(
        {
            f"table3.{row}.{column}": None
            for row in ("new", "granted")
            for column in ("natural", "commercial", "research", "social", "legal", "other")
        }
    ),
)
def rule_t3_7(sheet: Sheet) -> Iterator[Discrepancy]:
    """Rows with a figure in the last column and six blanks before it, all in one finding."""
    shape = sheet.forms["table3"]
    rows = []
    for key in shape.row_keys:
        *kinds, total = (sheet.cells.get(f"table3.{key}.{column}", "") for column in shape.column_keys)
        if isinstance(total, int) and total > 0 and all(figure is None for figure in kinds):
            rows.append(key)
    if rows:
        names = listed([row_name("table3", key, shape.version).removesuffix("一行") for key in rows], "行")
        yield Discrepancy(
            tuple(f"table3.{key}.{column}" for key in rows for column in shape.column_keys),
            f"表三有 {len(rows)} 行只填了“总计”列，前六列空白：{names}。",
            "请按申请人类型补填前六列，没有的填 0。",
            expected="七列都有数",
            actual="只有总计",
        )


@rule(
    "T3-8",
    severity=Severity.WARNING,
    table="table3",
    layouts=("2019",),
    years=(2021, 9999),
    title="2021 年度起表三“（六）其他处理”应分三行",
    explanation="2021 年度起的格式把“（六）其他处理”分为逾期不补正、逾期未缴费、其他三行。仍用一行的旧表样时予以提示，数字照常核对。",
    basis="《政府信息公开工作年度报告格式》（国办公开办函〔2021〕30号）表三第三项（六）",
    example=Example(report=ONE_ROW_OTHER),
)
def rule_t3_8(sheet: Sheet) -> Iterator[Discrepancy]:
    """Table 3 of the 2019 layout in a report on 2021 or later."""
    if sheet.year is not None and sheet.present("table3"):
        yield Discrepancy(
            (),
            f"表三“（六）其他处理”：{sheet.year} 年度应分三行填报，报告中只有一行（2019 年旧表样）。",
            "请改用现行表样，把这一行拆分到三个小项。",
            expected="三行",
            actual="一行",
        )
