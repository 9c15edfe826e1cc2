"""Blanks and shape: what keeps figures from being read or counted."""

from __future__ import annotations

from collections.abc import Iterator

from services.core.finding import Severity
from services.core.form import place
from services.core.report import Layout
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import Example, without_rows
from services.validate.rules.relations import SUM_RULES, relations
from services.validate.rules.sheet import Sheet, Table
from services.validate.rules.wording import TABLE_NAMES, cells_listed, listed, relation_name, row_name

_TABLES: tuple[Table, ...] = ("table2", "table3", "table4")
_HEADED_BY = {"table2": "proactive", "table3": "requests", "table4": "disputes"}


@rule(
    "B1",
    version=2,
    severity=Severity.WARNING,
    milder=(Severity.ERROR,),
    title="应填 0 的格留空或填了“-”“/”等符号",
    explanation="统计表中没有发生的事项应填 0。留空或填“-”“/”“无”等符号的，每张表只提示一次，列出格数和位置；核对合计时按 0 计。"
    "合计栏连同其他格空白而各项有数的，不核对合计，一并写明各项之和；其他因空白过多未能核对的合计也在这里一并列出。"
    "表三全部空白时属于错误。",
    basis="《政府信息公开工作年度报告格式》（{form}）表二、表三、表四",
    example=Example(
        {"table3.partial.research": None, "table3.reject_complaint.total": None, "table3.reject_complaint.legal": None}
    ),
)
def rule_b1(sheet: Sheet) -> Iterator[Discrepancy]:
    """One finding per table with the number and places of blank cells; an all blank table 3 is an error."""
    for table in _TABLES:
        blanks = sheet.blanks(table)
        if not blanks:
            continue
        name = TABLE_NAMES[table]
        found = len([path for path in sheet.cells if path.startswith(table)])
        if len(blanks) == found:
            yield Discrepancy(
                tuple(blanks),
                f"{name}读到的 {found} 格全部空白，没有任何数字。",
                "请填写各格，没有的填 0。",
                expected="数字或 0",
                actual="空白",
                severity=Severity.ERROR if table == "table3" else None,
            )
            continue
        yield Discrepancy(
            tuple(blanks),
            f"{name}有 {len(blanks)} 格空白或填了“-”“/”等符号：{listed(cells_listed(sheet, blanks), '处')}。"
            f"{_unstated_totals(sheet, table)}{_unassessed(sheet, table)}核对合计时空白按 0 计。",
            "没有的请填 0，有数的请补填。",
            expected="数字或 0",
            actual="空白",
        )


def _unstated_totals(sheet: Sheet, table: Table) -> str:
    """The blank totals whose sums were not judged though parts hold figures, with what these add up to; else nothing."""
    sums: dict[str, int] = {}
    for rule_id in (name for name, of in SUM_RULES.items() if of == table and name != "T3-2"):
        for relation in relations(rule_id, sheet.forms[table].version):
            parts = [sheet.cells.get(path, "") for path in relation.left]
            known = [part for part in parts if isinstance(part, int)]
            total, complete = sum(known), len(known) + parts.count(None) == len(parts)
            if complete and total and None in parts and sheet.cells.get(relation.stated, "") is None:
                sums.setdefault(relation.stated, total)
    if not sums:
        return ""
    layout = sheet.forms[table].version
    return f"其中合计栏空白而各项有数、因而未核对的：{listed([f'{place(path, layout)}（各项合计 {n}）' for path, n in sums.items()], '处')}。"


def _unassessed(sheet: Sheet, table: Table) -> str:
    """The sums over figures that so many blanks left without a judgement, in one sentence; else nothing."""
    named = []
    for rule_id in (name for name, of in SUM_RULES.items() if of == table):
        for relation in relations(rule_id, sheet.forms[table].version):
            cells = [sheet.cells.get(path, "") for path in relation.where]
            claims = any(isinstance(cell, int) and cell for cell in cells) and cells[0] is not None
            if claims and relation not in sheet.balances and not any(isinstance(cell, str) for cell in cells):
                named.append(relation_name(relation, sheet.forms[table].version))
    return f"因空白过多未能核对的：{listed(named, '处')}。" if named else ""


@rule(
    "B2",
    severity=Severity.ERROR,
    milder=(Severity.INFO,),
    table="table3",
    title="表三一行的数字多于 7 个",
    explanation="表三每行只有 7 列。读到的数字多于 7 个时：全部相同的，取 7 个，仅供审核人参考；不相同的，无法判断各属哪一列，该行不取数，请核对。",
    basis="《政府信息公开工作年度报告格式》（{form}）表三",
    example=Example(report=without_rows("deny_law"), reading={"row_widths": {"table3.deny_law": 9}}),
    on_failed=True,
)
def rule_b2(sheet: Sheet) -> Iterator[Discrepancy]:
    """More than seven figures in a row: one info for all rows of equal figures, one error for every other row."""
    shape = sheet.forms["table3"]
    wide = [key for key in shape.row_keys if sheet.row_widths.get(key, 0) > len(shape.column_keys)]
    alike = [key for key in wide if f"table3.{key}.total" in sheet.cells]
    if alike:
        names = [row_name("table3", key, shape.version).removesuffix("一行") for key in alike]
        counts = sorted({sheet.row_widths[key] for key in alike})
        yield Discrepancy(
            tuple(f"table3.{key}.{column}" for key in alike for column in shape.column_keys),
            f"表三有 {len(alike)} 行读到的数字多于 7 个（{'、'.join(map(str, counts))} 个），各数相同，已取 7 个："
            f"{listed(names, '行')}。",
            "表格可能在转换时重复了单元格，请留意。",
            expected="7 个数字",
            actual=f"{counts[-1]} 个数字",
            severity=Severity.INFO,
        )
    for key in wide:
        if key not in alike:
            yield _wrong_width(sheet, key, "无法判断各数属于哪一列，未取数。")


@rule(
    "B3",
    severity=Severity.ERROR,
    table="table3",
    title="表三一行的数字少于 7 个",
    explanation="表三每行应有 7 个数字。读到的少于 7 个、又无法判断缺哪一列时，该行不取数，请核对。能看出是哪一格空白的，按空白（B1）提示。",
    basis="《政府信息公开工作年度报告格式》（{form}）表三",
    example=Example(report=without_rows("deny_law"), reading={"row_widths": {"table3.deny_law": 6}}),
    on_failed=True,
)
def rule_b3(sheet: Sheet) -> Iterator[Discrepancy]:
    """Fewer than seven figures in a row, so that they cannot be told apart; placed blanks are rule B1's."""
    shape = sheet.forms["table3"]
    for key in shape.row_keys:
        width = sheet.row_widths.get(key)
        if width is not None and width < len(shape.column_keys) and f"table3.{key}.total" not in sheet.cells:
            yield _wrong_width(sheet, key, "无法判断缺的是哪一列，未取数。")


def _wrong_width(sheet: Sheet, key: str, why: str) -> Discrepancy:
    shape = sheet.forms["table3"]
    return Discrepancy(
        tuple(f"table3.{key}.{column}" for column in shape.column_keys),
        f"{row_name('table3', key, shape.version)}：应有 7 个数字，读到 {sheet.row_widths[key]} 个，{why}",
        "请核对该行，每列填一个数，没有的填 0。",
        expected="7 个数字",
        actual=f"{sheet.row_widths[key]} 个数字",
    )


@rule(
    "B4",
    severity=Severity.ERROR,
    title="统计表缺失或无法读取",
    explanation="表二、表三、表四缺少，或只有标题、下面没有可读取的数字（常见于把表格贴成图片）。请提供文字版表格。",
    basis="《政府信息公开条例》第五十条；《政府信息公开工作年度报告格式》（{form}）",
    example=Example(report={"table4": None, "layout": Layout(table2="2021", table3="2021")}),
    on_failed=True,
)
def rule_b4(sheet: Sheet) -> Iterator[Discrepancy]:
    """Tables of which nothing was found, all in one finding."""
    absent = [table for table in _TABLES if not sheet.present(table)]
    if not absent:
        return
    parts = [
        f"{TABLE_NAMES[table]}“{sheet.forms[table].titles[table]}”（{_why_absent(sheet, table)}）" for table in absent
    ]
    yield Discrepancy(
        (),
        f"没有读到统计表：{'、'.join(parts)}。",
        "请补上表格；表格是图片的，请改为文字版后重新报送。",
        expected="、".join(TABLE_NAMES[table] for table in _TABLES),
        actual="、".join(TABLE_NAMES[table] for table in _TABLES if table not in absent) or "无",
        # whether the table is absent or only unreadable to us cannot be told from a doubtful reading
        cause="document" if sheet.report.status == "ok" else "unclear",
    )


def _why_absent(sheet: Sheet, table: Table) -> str:
    width = sheet.reading.row_widths.get(table) if sheet.reading else None
    if table == "table4" and width:
        return f"应有 15 个数字，读到 {width} 个，无法对应"
    headed = any(section.key == _HEADED_BY[table] for section in sheet.report.sections)
    return "有标题，下面没有可读取的数字，可能是图片" if headed else "没有找到"
