"""Table 4, review and litigation: three blocks of five figures."""

from __future__ import annotations

from collections.abc import Iterator

from services.core.finding import Severity
from services.core.form import form, place
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import Example, a_year_before, without_block
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


@rule(
    "T4-3",
    severity=Severity.INFO,
    table="table4",
    title="上年尚未审结的案件在本年有交代",
    explanation="上年尚未审结的案件，本年一般应列入已结或仍未审结。上年“尚未审结”大于本年“总计”的，仅供审核人参考；"
    "各地对是否重复列入的做法不一。",
    basis="《政府信息公开工作年度报告格式》（{form}）表四“尚未审结”",
    example=Example(known={"last_year": a_year_before({"table4.review.pending": 6, "table4.review.total": 9})}),
)
def rule_t4_3(sheet: Sheet) -> Iterator[Discrepancy]:
    """Per block: last year's pending cases are at most this year's total."""
    layout = sheet.forms["table4"].version
    for block in sheet.forms["table4"].table4_blocks:
        path = f"table4.{block.key}.total"
        pending, total = sheet.a_year_ago(f"table4.{block.key}.pending"), sheet.cells.get(path)
        if isinstance(pending, int) and isinstance(total, int) and pending > total >= 0:
            yield Discrepancy(
                (path,),
                f"{block_name(block.key, layout)}：上年“尚未审结” {pending} 件，本年“总计”{sheet.said((path,))} {total} 件。",
                "上年未审结的案件本年一般会再次列入，请留意；做法不同的，不必修改。",
                expected=f"不小于 {pending}",
                actual=total,
            )


_APPLICATIONS = ("table3.new.total", "table3.carried_in.total")


@rule(
    "T4-4",
    severity=Severity.INFO,
    table="table4",
    title="两年都没有申请而有复议、诉讼",
    explanation="本年和上年都没有收到申请，却有复议或诉讼案件的，仅供审核人参考；案件可能起于更早的申请，也可能统计了其他案件。",
    basis="《政府信息公开工作年度报告格式》（{form}）表三、表四",
    example=Example(
        {
            f"table3.{row}.{column}": 0
            for row in form("2021").row_keys
            for column in ("natural", "commercial", "research", "social", "legal", "other", "total")
        },
        known={
            "last_year": a_year_before(
                {f"table3.{row}.{column}": 0 for row in ("new", "carried_in") for column in ("natural", "total")}
            )
        },
    ),
)
def rule_t4_4(sheet: Sheet) -> Iterator[Discrepancy]:
    """No application in two years, and yet a case this year."""
    here = [sheet.cells.get(path) for path in _APPLICATIONS]
    before = [sheet.a_year_ago(path) for path in _APPLICATIONS]
    totals = {f"table4.{block.key}.total": block.key for block in sheet.forms["table4"].table4_blocks}
    cases = {path: value for path in totals if isinstance(value := sheet.cells.get(path), int) and value > 0}
    if cases and here == [0, 0] and before == [0, 0]:
        layout = sheet.forms["table4"].version
        said = "、".join(f"{block_name(totals[path], layout)}总计 {count} 件" for path, count in cases.items())
        yield Discrepancy(
            (*cases, *_APPLICATIONS),
            f"{said}，而本年和上年表三的新收、上年结转都是 0。",
            "请确认这些案件与政府信息公开申请有关；起于更早的申请的，不必修改。",
            expected="有申请，或没有案件",
            actual=said,
        )


@rule(
    "T4-5",
    severity=Severity.INFO,
    table="table4",
    years=(2024, 9999),
    title="2024 年度起未经复议直接起诉的案件",
    explanation="2024 年起，对不予公开提起诉讼的，应先申请行政复议，“未经复议直接起诉”一般会减少。有数的仅供审核人参考；其他情形仍可直接起诉。",
    basis="《行政复议法》第二十三条第一款第（四）项；《政府信息公开工作年度报告格式》（{form}）表四",
    example=Example({"table4.direct.upheld": 1, "table4.direct.total": 1}),
)
def rule_t4_5(sheet: Sheet) -> Iterator[Discrepancy]:
    """Cases taken to court without review, since review comes first for refusals."""
    path = "table4.direct.total"
    total = sheet.cells.get(path)
    if sheet.year is not None and isinstance(total, int) and total > 0:
        yield Discrepancy(
            (path,),
            f"{place(path)}：{sheet.said((path,))} {total} 件。2024 年起对不予公开决定应先申请复议。",
            "请留意是否有应归入“复议后起诉”的；依法可以直接起诉的，不必修改。",
            expected="一般为 0",
            actual=total,
        )
