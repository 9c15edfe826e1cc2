"""Prose against itself: totals and their parts, and figures of one thing that differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from services.core.finding import Severity
from services.validate.claims import Parts, Stated, parts_of
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import Example, with_prose
from services.validate.rules.prose import BASIS
from services.validate.rules.prose_weighing import agrees, choices, conflicts, figure, prose_cause, section_name, sums
from services.validate.rules.sheet import Sheet
from services.validate.rules.wording import listed

_LITTLE: Final = 100  # parts that lack less than one in so many look like a slip, more like an incomplete list


@rule(
    "N15",
    severity=Severity.INFO,
    title="正文中的总数与其中各类之和",
    explanation="正文写“共多少条，其中甲类多少条、乙类多少条”的，各类之和大于总数，或只差很少时，供审核人参考。"
    "按渠道写的可能重复计算，差得较多的可能没有列全，都不提示。",
    basis=BASIS,
    example=Example(
        report=with_prose("overview", "全年公开信息465条，其中政策文件120条、规划计划204条、财政信息140条。")
    ),
)
def rule_n15(sheet: Sheet) -> Iterator[Discrepancy]:
    """Parts by kind exceed their total, or fall short of it by less than one in a hundred (at least by 1)."""
    for found in parts_of(sheet.report.sections):
        together = sum(found.parts)
        short = found.total - together
        if short < 0 or 0 < short <= max(1, found.total // _LITTLE):
            yield _parts_differ(sheet, found, together)


def _parts_differ(sheet: Sheet, found: Parts, together: int) -> Discrepancy:
    return Discrepancy(
        (),
        f"{section_name(sheet, found.section)}中写有“{found.quote}”，各类合计 {together}，与总数 {found.total} 不同。",
        "请留意是否有误；各类有交叉或没有列全的，无需修改。",
        expected=found.total,
        actual=together,
        cause=prose_cause(sheet),
    )


@rule(
    "N17",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="正文前后写的同一数字一致",
    explanation="正文在不同地方写同一件事的数字不同时，提示核对。一处是本年新收、一处连同上年结转这样都与表格相符的，不算不同；"
    "主动公开信息的条数可能统计口径不同，仅供审核人参考。",
    basis=BASIS,
    example=Example(
        report=with_prose(
            "overview",
            "（二）依申请公开。收到申请20件。\n（五）监督保障。对收到的申请加强督办，全年收到政府信息公开申请16件。",
        )
    ),
)
def rule_n17(sheet: Sheet) -> Iterator[Discrepancy]:
    """Figures of one kind that cannot all be right, with what the tables say where they tell."""
    for members in conflicts(sheet).values():
        told = [agrees(sheet, one) for one in members]
        yield _differ(sheet, members, Severity.WARNING if None not in told else Severity.INFO)
    shown = [
        one for one in sheet.stated if one.kind == "disclosed_information" and not (one.other_year or one.doubtful)
    ]
    if len({one.value for one in shown}) > 1 and len({one.scope for one in shown}) == 1:
        yield _differ(sheet, shown, Severity.INFO)


def _differ(sheet: Sheet, members: list[Stated], severity: Severity) -> Discrepancy:
    by_value = {one.value: one for one in reversed(members)}
    first, *others = reversed(by_value.values())
    quotes = [f"“{one.quote}”" for one in (first, *others)]
    known = next((sums(sheet, choice) for choice in choices(sheet, first)), None)
    table = f"，表格中为 {known[0]}" if known else ""
    return Discrepancy(
        tuple(path for path in choices(sheet, first)[0]) if known else (),
        f"正文前后不一致：{listed(quotes, '处')}{table}。",
        "请核对后统一。" if severity is Severity.WARNING else "统计口径不同的，无需修改。",
        expected=known[0] if known else figure(first.value),
        actual=listed([str(figure(one.value)) for one in (first, *others)], "个"),
        severity=severity,
        cause=prose_cause(sheet),
    )
