"""An area's report against those of its bodies: sums of every cell, and who has not reported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from services.core.finding import Severity
from services.core.form import place
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import TALLYING, Example, nothing_happened, with_figures
from services.validate.rules.sheet import Context, Part, Sheet, Table
from services.validate.rules.wording import TABLE_NAMES, listed, printed

Number = int | Decimal

_TABLES: Final[tuple[Table, ...]] = ("table2", "table3", "table4")
_SHOWN: Final = (
    "table2.licences",
    "table2.penalties",
    "table3.new.total",
    "table3.total.total",
    "table4.review.total",
)
"""What is shown of the sum as long as it is not complete."""
_NAMES: Final = 30
_MOST: Final = Decimal("0.6")
"""Share of the differing cells that one body's figures must explain before it is named."""

_PARTS: Final = (
    Part("a", "示例县农业农村局本级", TALLYING),
    Part("b", "示例县石桥镇人民政府", with_figures(nothing_happened(), {"table2.penalties": 4})),
)


@dataclass(frozen=True)
class _Sum:
    """The cells of an area's report beside those of the bodies whose reports could be read."""

    sheet: Sheet

    @cached_property
    def bodies(self) -> list[tuple[str, Sheet]]:
        """Name and sheet of each body whose report could be read."""
        known = [(part.name, part.report) for part in self.sheet.context.parts]
        return [
            (name, Sheet(report, Context(expected_year=self.sheet.year)))
            for name, report in known
            if report is not None and report.status != "failed"
        ]

    def figures(self, path: str) -> list[Number] | None:
        """What each body has at `path`; None when it is not known of all of them for certain."""
        found = [_number(body, path, self.sheet) for _, body in self.bodies]
        known = [figure for figure in found if figure is not None]
        return known if len(known) == len(found) else None

    def compared(self, table: Table) -> Iterator[tuple[str, Number, list[Number]]]:
        """(path, the area's figure, the bodies' figures) for every cell that all of them vouch for."""
        for path in self.sheet.forms[table].paths(table):
            own, others = _number(self.sheet, path, self.sheet), self.figures(path)
            if own is not None and others is not None:
                yield path, own, others


def _number(body: Sheet, path: str, area: Sheet) -> Number | None:
    """A body's figure at a cell of the area's form, a blank as 0; None when it is in doubt or under another form."""
    table = "table2" if path.startswith("table2") else "table3"
    value = body.cells.get(path, "")
    if path in body.uncertain or (table == "table2" and body.forms["table2"].version != area.forms["table2"].version):
        return None
    return 0 if value is None else None if isinstance(value, str) else value


def _total(figures: Sequence[Number]) -> Decimal:
    return sum((Decimal(figure) for figure in figures), Decimal(0))


def _lacking(sheet: Sheet) -> tuple[list[str], list[str]]:
    """Names of the bodies whose report is not in, and of those whose report could not be read."""
    parts = sheet.context.parts
    absent = [part.name for part in parts if part.report is None]
    return absent, [part.name for part in parts if part.report is not None and part.report.status == "failed"]


@rule(
    "H1",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="本地区报告的各格等于所属单位之和",
    explanation="汇总本地区的报告，表二至表四每一格应等于所属部门、乡镇、街道和本机关办公室的数之和。全部单位的报告都读到时才核对，每张表合为一条；"
    "相差正好等于某一个单位的数的，指出该单位。垂直管理的单位未计入、转办的申请重复计数、只报本机关办公室的，都会使两者不同，说明即可。"
    "还有单位没有报送时不作判断，只把已收到的合计列给审核人。",
    basis="各地关于县级报告“汇总本地所有公开主体的数据”的要求；《政府信息公开条例》第四十九条",
    example=Example(known={"parts": _PARTS}),
)
def rule_h1(sheet: Sheet) -> Iterator[Discrepancy]:
    """Each cell = the sum of the bodies' cells, one finding a table; with bodies lacking, one hint with what is known."""
    if not sheet.context.parts:
        return
    absent, unread = _lacking(sheet)
    if absent or unread:
        yield _not_yet(sheet, absent, unread)
        return
    added = _Sum(sheet)
    for table in _TABLES:
        if apart := [found for found in added.compared(table) if found[1] != _total(found[2])]:
            yield _not_equal(added, table, apart)


def _not_equal(added: _Sum, table: Table, apart: Sequence[tuple[str, Number, list[Number]]]) -> Discrepancy:
    layout = added.sheet.forms[table].version
    gaps = [own - sum(others) for _, own, others in apart]
    lines = [
        f"{place(path, layout)}（本报告 {printed(own)}，合计 {printed(_total(others))}，相差 {printed(abs(own - _total(others)))}）"
        for path, own, others in apart
    ]
    return Discrepancy(
        tuple(path for path, _, _ in apart),
        f"{TABLE_NAMES[table]}有 {len(apart)} 格与所属 {len(added.bodies)} 个单位的合计不一致：{listed(lines, '格')}。"
        f"{_explained([name for name, _ in added.bodies], [others for _, _, others in apart], gaps)}",
        "请核对本报告和各单位的数；有垂直管理单位未计入、转办申请重复计数等情况的，说明即可。",
        expected=printed(_total(apart[0][2])),
        actual=printed(apart[0][1]),
    )


def _explained(names: Sequence[str], figures: Sequence[list[Number]], gaps: Sequence[Number]) -> str:
    """The one body whose figures are the differences, left out or counted twice; empty when there is none or several."""
    for sign, words in ((1, "可能重复计入了该单位"), (-1, "可能没有计入该单位")):
        told = [
            sum(gap == sign * others[index] for others, gap in zip(figures, gaps, strict=True))
            for index in range(len(names))
        ]
        most = max(told)
        if most and told.count(most) == 1 and most >= _MOST * len(gaps):
            where = "相差" if most == len(gaps) else f"其中 {most} 格的相差"
            return f"{where}正好等于{names[told.index(most)]}的数，{words}。"
    return ""


def _not_yet(sheet: Sheet, absent: Sequence[str], unread: Sequence[str]) -> Discrepancy:
    lacking = [f"没有报送 {len(absent)} 个"] if absent else []
    lacking += [f"未能读取 {len(unread)} 个（{listed(unread, '个')}）"] if unread else []
    shown, above = [], []
    added = _Sum(sheet)
    for table in _TABLES:
        for path, own, others in added.compared(table):
            known = _total(others)
            words = f"{place(path, sheet.forms[table].version)} {printed(known)}（本报告 {printed(own)}"
            if others and path in _SHOWN and known <= own:
                shown.append(f"{words}，其余 {printed(own - known)}）")
            if known > own:
                above.append(f"{words}）")
    total = len(sheet.context.parts)
    got = total - len(absent) - len(unread)
    so_far = f"已收到的 {got} 个单位合计：{'、'.join(shown)}。" if shown else ""
    too_much = f"有 {len(above)} 格已收到的合计已经大于本报告：{listed(above, '格')}。" if above else ""
    return Discrepancy(
        (),
        f"所属 {total} 个单位中，{'，'.join(lacking)}，暂不能核对各格是否等于所属单位之和。{so_far}{too_much}",
        "报告收齐后会再次核对。",
        expected=f"{total} 个单位的报告",
        actual=f"{got} 个单位的报告",
        severity=Severity.INFO,
    )


@rule(
    "H2",
    severity=Severity.INFO,
    title="尚未报送的单位",
    explanation="列出本地区名单中还没有收到本年度报告的单位，供审核人催报。名单每年可能调整。",
    basis="《政府信息公开条例》第四十九条",
    example=Example(known={"parts": (*_PARTS, Part("c", "示例县白塔镇人民政府", None))}),
)
def rule_h2(sheet: Sheet) -> Iterator[Discrepancy]:
    """The names of the bodies whose report is not in."""
    absent, _ = _lacking(sheet)
    if absent:
        names = listed(absent, "个单位", limit=_NAMES)
        yield Discrepancy(
            (),
            f"所属 {len(sheet.context.parts)} 个单位中有 {len(absent)} 个没有收到 {sheet.year or '本'} 年度的报告：{names}。",
            "请催报；机构已撤并的，请更新名单。",
            expected=f"{len(sheet.context.parts)} 个单位都已报送",
            actual=names,
        )
