"""Prose against table 3: applications received, finished and carried over."""

from __future__ import annotations

from collections.abc import Iterator

from services.core.finding import Severity
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import Example, with_prose
from services.validate.rules.prose_weighing import (
    CHECK_BOTH,
    certain,
    differing,
    mine,
    prose_cause,
    said_in,
    severity,
)
from services.validate.rules.sheet import Sheet

BASIS = "《政府信息公开条例》第五十条；《政府信息公开工作年度报告格式》（{form}）"
ALL_BUT_ERROR = (Severity.INFO,)


@rule(
    "N1",
    severity=Severity.ERROR,
    milder=(Severity.WARNING, Severity.INFO),
    title="正文中收到的申请数与表三一致",
    explanation="正文写明收到、受理申请多少件的，应与表三本年新收的总计一致，也可以是本年新收与上年结转之和。"
    "写明是“新收”的，应与本年新收一致。只涉及本级或其他范围的，仅供审核人参考。",
    basis=BASIS,
    example=Example(report=with_prose("overview", "（二）依申请公开。本年度新收政府信息公开申请28件。")),
)
def rule_n1(sheet: Sheet) -> Iterator[Discrepancy]:
    """Received = new, or new + carried_in where the phrase does not say 新收. Nought is rule N2's."""
    for stated in mine(sheet, ("applications_received",)):
        if stated.value:
            before = certain(sheet, "table3.carried_in.total")
            new = certain(sheet, "table3.new.total")
            both = f"（连同上年结转为 {new + before}）" if new is not None and before and stated.basis != "new" else ""
            yield from differing(sheet, stated, firm=stated.basis == "new", note=both)


@rule(
    "N2",
    severity=Severity.ERROR,
    milder=(Severity.WARNING, Severity.INFO),
    title="正文写没有收到申请的，表三本年新收应为 0",
    explanation="正文写明未收到政府信息公开申请，或收到 0 件的，表三本年新收的总计应为 0。",
    basis=BASIS,
    example=Example(report=with_prose("overview", "（二）依申请公开。本年度未收到政府信息公开申请。")),
)
def rule_n2(sheet: Sheet) -> Iterator[Discrepancy]:
    """None received: new is 0. ``未收到`` is firm, ``0件`` may be of a kind of applications."""
    for stated in mine(sheet, ("applications_received",)):
        if not stated.value:
            yield from differing(sheet, stated, firm=stated.basis == "none")


@rule(
    "N3",
    severity=Severity.WARNING,
    milder=ALL_BUT_ERROR,
    title="正文中办结、答复的申请数与表三一致",
    explanation="正文写明办结、答复申请多少件的，应与表三（七）总计一致；不含上年结转，或不含撤回等未作答复的，也属一致。",
    basis=BASIS,
    example=Example(report=with_prose("overview", "（二）依申请公开。收到申请18件，办结12件。")),
)
def rule_n3(sheet: Sheet) -> Iterator[Discrepancy]:
    """Finished = total, with or without the carried over and those that needed no answer; handled also = received."""
    for stated in mine(sheet, ("applications_finished", "applications_handled")):
        yield from differing(sheet, stated)


@rule(
    "N4",
    severity=Severity.WARNING,
    milder=ALL_BUT_ERROR,
    title="正文写全部办结的，表三结转下年度应为 0",
    explanation="正文写明申请均已办结、办结率 100% 的，表三结转下年度继续办理的总计应为 0。只写明按时、在规定期限内答复的，"
    "尚未到期的申请可能不在其内，仅供审核人参考。",
    basis=BASIS,
    example=Example(report=with_prose("overview", "（二）依申请公开。收到申请18件，均已办结。")),
)
def rule_n4(sheet: Sheet) -> Iterator[Discrepancy]:
    """All finished: carried_out is 0, unless the prose also says what was carried over."""
    path = "table3.carried_out.total"
    left = certain(sheet, path)
    if not left or any(one.kind == "carried_out" and one.value for one in sheet.stated):
        return
    for stated in mine(sheet, ("all_finished",)):
        found = severity(sheet, stated, (path,))
        yield Discrepancy(
            (path,),
            f"{said_in(sheet, stated)}，表三 四、结转下年度继续办理 · 总计填报 {left}，两者不一致。",
            "有尚未到期的申请时，请确认这样写是否合适。" if found is Severity.INFO else CHECK_BOTH,
            expected=left,
            actual=0,
            severity=found,
            cause=prose_cause(sheet),
        )


@rule(
    "N9",
    severity=Severity.WARNING,
    milder=ALL_BUT_ERROR,
    title="正文中的结转数与表三一致",
    explanation="正文写明上年结转、结转下年度多少件的，应与表三第二项、第四项的总计一致。",
    basis=BASIS,
    example=Example(report=with_prose("overview", "（二）依申请公开。收到申请18件，上年结转3件。")),
)
def rule_n9(sheet: Sheet) -> Iterator[Discrepancy]:
    """Carried over from last year and into next year = rows carried_in and carried_out."""
    for stated in mine(sheet, ("carried_in", "carried_out")):
        yield from differing(sheet, stated)
