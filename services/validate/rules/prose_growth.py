"""Prose against last year's report: growth of applications."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from services.core.finding import Severity
from services.validate.claims import Stated
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import Example, a_year_before, with_prose
from services.validate.rules.prose import BASIS
from services.validate.rules.prose_weighing import covers, mine, prose_cause, said_in, sums
from services.validate.rules.sheet import Sheet
from services.validate.rules.wording import printed

_NEW: Final = ("table3.new.total",)
_BOTH: Final = ("table3.new.total", "table3.carried_in.total")
_DONE: Final = ("table3.total.total",)
_CHOICES: Final = {
    "applications_received": (_NEW, _BOTH),
    "applications_handled": (_NEW, _BOTH, _DONE),
    "applications_finished": (_DONE,),
}
_TOLERANCE: Final = {0: Decimal(1), 1: Decimal("0.1")}
_FINE: Final = Decimal("0.02")


@rule(
    "Y6",
    severity=Severity.INFO,
    title="正文中的同比增减与上年报告的数字相符",
    explanation="正文写明申请数同比增长或下降百分之几的，按本年和上年报告表三的数字计算核对：写两位小数的差 0.02 以内、写一位小数的差 0.1 以内、"
    "不写小数的差 1 以内都算相符。不相符的仅供审核人参考。",
    basis=BASIS,
    example=Example(
        report=with_prose("overview", "（二）依申请公开。收到申请18件，同比增长25%。"),
        known={"last_year": a_year_before({"table3.new.natural": 10, "table3.new.total": 16})},
    ),
)
def rule_y6(sheet: Sheet) -> Iterator[Discrepancy]:
    """Year-on-year growth as stated against the stored figures of both years."""
    if sheet.last_year is None:
        return
    for stated in mine(sheet, ("growth",)):
        found = _growth(sheet, sheet.last_year, stated)
        decimals = max(0, -int(Decimal(stated.value).as_tuple().exponent))
        near = _TOLERANCE.get(decimals, _FINE)
        if not found or any(abs(right - Decimal(stated.value)) <= near for right in found):
            continue
        right = f"{found[0]:.2f}%"
        yield Discrepancy(
            _CHOICES[stated.basis][0],
            f"{said_in(sheet, stated)}，按本年和上年报告的数字计算为 {right}（下降为负），两者不同。",
            "请留意；统计口径不同的，无需修改。",
            expected=right,
            actual=f"{printed(Decimal(stated.value))}%",
            cause=prose_cause(sheet),
        )


def _growth(sheet: Sheet, before: Sheet, stated: Stated) -> list[Decimal]:
    """Growth in percent by every way of counting; nothing where a figure is missing, in doubt or was 0 before."""
    if not covers(sheet, stated):
        return []
    found = []
    for choice in _CHOICES[stated.basis]:
        now, then = sums(sheet, choice), sums(before, choice)
        if now is None or then is None or then[0] <= 0:
            return []
        found.append(Decimal(100 * (now[0] - then[0])) / Decimal(then[0]))
    return found
