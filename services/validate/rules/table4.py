"""Table 4, review and litigation: three blocks of five figures."""

from __future__ import annotations

from collections.abc import Iterator

from services.core.finding import Severity
from services.core.form import place
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import Example, without_block
from services.validate.rules.relations import relations
from services.validate.rules.sheet import Sheet
from services.validate.rules.wording import block_name, gap_words, listed, printed, stated_words, sum_words, term


@rule(
    "T4-1",
    version=2,
    severity=Severity.ERROR,
    table="table4",
    title="表四每部分：四种结果之和等于总计",
    explanation="表四的行政复议、未经复议直接起诉、复议后起诉三部分，结果维持、结果纠正、其他结果、尚未审结相加，应等于该部分的总计。"
    "空白按 0 计；空白过半，或总计连同其他格空白时，不作判断，但已有的数之和已经超过总计的仍会指出。",
    basis="《政府信息公开工作年度报告格式》（{form}）表四“总计”",
    example=Example({"table4.review.total": 0}),
)
def rule_t4_1(sheet: Sheet) -> Iterator[Discrepancy]:
    """Per block: upheld + corrected + other + pending = total."""
    shape = sheet.forms["table4"]
    for relation in relations("T4-1", shape.version):
        found = sheet.balances.get(relation)
        if found is not None and found.gap:
            parts = " + ".join(
                f"{column.label} {term(sheet, path)}"
                for column, path in zip(shape.table4_columns, relation.left, strict=False)
            )
            yield Discrepancy(
                relation.where,
                f"{block_name(relation.key, shape.version)}：{parts}，{sum_words(found)} {found.left}，"
                f"“总计”{stated_words(sheet, relation)}，{gap_words(found)}",
                "请核对这五个数。",
                expected=found.left,
                actual=found.right,
            )


@rule(
    "T4-2",
    severity=Severity.ERROR,
    table="table4",
    title="表四 15 个数齐全，均为不小于 0 的整数",
    explanation="表四共 15 格，统计的是件数，每一格应填不小于 0 的整数。缺少的格一并列出；负数、小数或文字逐格指出。",
    basis="《政府信息公开工作年度报告格式》（{form}）表四，统计单位为件",
    example=Example(report=without_block("after_review")),
)
def rule_t4_2(sheet: Sheet) -> Iterator[Discrepancy]:
    """15 figures, whole numbers ≥ 0; blanks are rule B1's, an absent table rule B4's."""
    if not sheet.present("table4"):
        return
    layout = sheet.forms["table4"].version
    missing = sheet.missing("table4")
    if missing:
        yield Discrepancy(
            tuple(missing),
            f"表四应有 15 个数，读到 {15 - len(missing)} 个，没有读到："
            f"{listed([place(path, layout) for path in missing], '处')}。",
            "请按格式补全，没有的填 0。",
            expected="15 个数",
            actual=f"{15 - len(missing)} 个数",
        )
    for path in sheet.forms["table4"].paths("table4"):
        value = sheet.cells.get(path)
        if value is not None and not (isinstance(value, int) and value >= 0):
            yield Discrepancy(
                (path,),
                f"{place(path, layout)}：{sheet.said((path,))}“{printed(value)}”，应为不小于 0 的整数。",
                "请改为实际件数，没有的填 0。",
                expected="不小于 0 的整数",
                actual=printed(value),
            )
