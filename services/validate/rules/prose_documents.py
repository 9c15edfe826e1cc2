"""Prose against table 2, and the processing fee, which no table has."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from services.core.finding import Severity
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import Example, with_prose
from services.validate.rules.prose import BASIS
from services.validate.rules.prose_weighing import (
    DOCUMENT_COLUMNS,
    DOCUMENT_ROWS,
    differing,
    mine,
    prose_cause,
    said_in,
    severity,
)
from services.validate.rules.sheet import Sheet
from services.validate.rules.wording import printed

_STEP: Final = 10  # 元: every amount of the fee table is a multiple of it


@rule(
    "N12",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    table="table2",
    layouts=("2021",),
    title="正文中规章、规范性文件的件数与表二一致",
    explanation="正文写明制发、废止、现行有效的规章或行政规范性文件多少件的，应与表二一致。写“印发”“发布”的，可能包括其他文件，仅供审核人参考；"
    "备案、审查、清理、修订的件数不作比较。",
    basis=BASIS,
    example=Example(report=with_prose("overview", "（一）主动公开。全年制发行政规范性文件3件，废止1件。")),
)
def rule_n12(sheet: Sheet) -> Iterator[Discrepancy]:
    """Rules made, repealed and in force = table 2, first block."""
    for stated in mine(sheet, tuple(f"{row}_{column}" for row in DOCUMENT_ROWS for column in DOCUMENT_COLUMNS)):
        yield from differing(sheet, stated)


@rule(
    "N13",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    table="table2",
    layouts=("2021",),
    title="正文中行政许可、行政处罚的件数与表二一致",
    explanation="正文写明作出行政许可、行政处罚、行政强制决定多少件的，应与表二一致。公示（双公示）等件数与决定数可能不同，仅供审核人参考。",
    basis=BASIS,
    example=Example(report=with_prose("overview", "（一）主动公开。全年作出行政许可决定302件。")),
)
def rule_n13(sheet: Sheet) -> Iterator[Discrepancy]:
    """Decisions taken = table 2; what was only shown or named beside them gives a hint."""
    for stated in mine(sheet, ("licences", "penalties", "coercion", "licences_and_penalties")):
        yield from differing(sheet, stated)


@rule(
    "N14",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    years=(2021, 9999),
    title="信息处理费是 10 元的整数倍",
    explanation="按规定的标准，信息处理费无论按件还是按页计，都是 10 元的整数倍。它与表二的行政事业性收费是两回事，不作比较。",
    basis="《政府信息公开信息处理费管理办法》（国办函〔2020〕109号）",
    example=Example(report=with_prose("other_matters", "本年度收取信息处理费235元。")),
)
def rule_n14(sheet: Sheet) -> Iterator[Discrepancy]:
    """The fee charged is a multiple of 10 yuan; never compared with table 2."""
    for stated in mine(sheet, ("processing_fee",)):
        amount = Decimal(stated.value)
        if amount % _STEP:
            yield Discrepancy(
                (),
                f"{said_in(sheet, stated)}，按收费标准应为 {_STEP} 元的整数倍。",
                "请核对金额，并确认收取的是信息处理费。",
                expected=f"{_STEP} 元的整数倍",
                actual=f"{printed(amount)} 元",
                severity=severity(sheet, stated, ()),
                cause=prose_cause(sheet),
            )
