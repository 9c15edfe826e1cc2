"""Prose against table 3: results, their shares, applicants, and the channels that applications came by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from services.core.finding import Severity
from services.validate.claims import Stated
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import Example, with_prose
from services.validate.rules.prose import BASIS
from services.validate.rules.prose_weighing import (
    APPLICANT_COLUMNS,
    PERHAPS_A_PART,
    RESULT_ROWS,
    covers,
    differing,
    mine,
    prose_cause,
    said_in,
    severity,
    sums,
)
from services.validate.rules.sheet import Sheet

_GROUPS: Final = {
    "granted": "表三（一）予以公开 · 总计",
    "partial": "表三（二）部分公开 · 总计",
    "denied": "表三（三）不予公开各项 · 总计",
    "unable": "表三（四）无法提供各项 · 总计",
    "rejected": "表三（五）不予处理各项 · 总计",
    "other_results": "表三（六）其他处理各项 · 总计",
}
_APPLICANTS: Final = {
    "by_natural": "表三 一、本年新收 · 自然人",
    "by_legal_persons": "表三 一、本年新收 · 法人或其他组织各列",
    "by_commercial": "表三 一、本年新收 · 商业企业",
    "by_research": "表三 一、本年新收 · 科研机构",
    "by_social": "表三 一、本年新收 · 社会公益组织",
    "by_legal": "表三 一、本年新收 · 法律服务机构",
}
_ALL_RESULTS: Final = (*RESULT_ROWS, "other_results")
_NEAR: Final = 3  # pieces of sentences within which channels belong to the applications named before


@rule(
    "N5",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="正文中各类办理结果的件数与表三一致",
    explanation="正文写明予以公开、部分公开、不予公开、无法提供、不予处理、其他处理各多少件的，应与表三该项（有细项的为各细项之和）的总计一致。",
    basis=BASIS,
    example=Example(report=with_prose("overview", "（二）依申请公开。办结申请19件，其中予以公开6件，部分公开2件。")),
)
def rule_n5(sheet: Sheet) -> Iterator[Discrepancy]:
    """Each group of results = the sum of its rows, column total."""
    for stated in mine(sheet, tuple(_GROUPS)):
        yield from differing(sheet, stated, words=_GROUPS[stated.kind])


@rule(
    "N6",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="正文中合并写的办理结果及其占比与表三一致",
    explanation="正文把予以公开和部分公开合并写的，应与表三两项之和一致。写有占比的，应等于该件数占办理结果总计、本年新收或两项合计的比例，"
    "四舍五入或截去尾数均可。",
    basis=BASIS,
    example=Example(
        report=with_prose("overview", "（二）依申请公开。办结申请19件，其中予以公开及部分公开10件（62.63%）。")
    ),
)
def rule_n6(sheet: Sheet) -> Iterator[Discrepancy]:
    """Granted and partial together = both rows; a share is that of some whole, give or take its last decimal."""
    for stated in mine(sheet, ("granted_and_partial",)):
        yield from differing(sheet, stated, words="表三（一）予以公开与（二）部分公开 · 总计")
    for stated in mine(sheet, _ALL_RESULTS):
        if stated.share is not None and isinstance(stated.value, int):
            yield from _share(sheet, stated, stated.share)


def _share(sheet: Sheet, stated: Stated, printed: str) -> Iterator[Discrepancy]:
    totals = (("table3.total.total",), ("table3.new.total",), ("table3.new.total", "table3.carried_in.total"))
    known = [sums(sheet, choice) for choice in totals]
    wholes = [whole for values in known if values is not None for whole in values]
    said = [one.value for one in mine(sheet, ("applications_received", "applications_finished"))]
    last = Decimal(1).scaleb(-len(printed.partition(".")[2]))
    shares = [Decimal(100 * stated.value) / Decimal(whole) for whole in (*wholes, *said) if whole]
    if None in known or not shares or any(abs(share - Decimal(printed)) <= last for share in shares):
        return
    right = f"{shares[0]:.{len(printed.partition('.')[2])}f}%"
    found = severity(sheet, stated, ("table3.total.total",))
    yield Discrepancy(
        ("table3.total.total",),
        f"{said_in(sheet, stated)}，按表三（七）总计 {wholes[0]} 件计算为 {right}，两者不一致。",
        PERHAPS_A_PART if found is Severity.INFO else "请核对件数和占比。",
        expected=right,
        actual=f"{printed}%",
        severity=found,
        cause=prose_cause(sheet),
    )


@rule(
    "N7",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="正文中按申请人写的件数与表三一致",
    explanation="正文写明自然人、法人或其他组织各申请多少件的，应与表三相应各列的本年新收一致；加上上年结转，或按办理结果计的，也属一致。",
    basis=BASIS,
    example=Example(
        report=with_prose("overview", "（二）依申请公开。收到申请18件，其中自然人11件、法人或其他组织6件。")
    ),
)
def rule_n7(sheet: Sheet) -> Iterator[Discrepancy]:
    """By applicant = the columns of new, of new and carried_in together, or of total."""
    for stated in mine(sheet, tuple(APPLICANT_COLUMNS)):
        yield from differing(sheet, stated, words=_APPLICANTS[stated.kind])


@rule(
    "N8",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="正文中各渠道的申请数加起来等于收到的申请数",
    explanation="一件申请只经一个渠道提出。正文写明网络、信函、当面等各多少件的，合计超过收到的申请数时提示核对；合计较少的，可能没有列全，仅供审核人参考。",
    basis=BASIS,
    example=Example(report=with_prose("overview", "（二）依申请公开。收到申请18件，其中网络申请12件、信函申请8件。")),
)
def rule_n8(sheet: Sheet) -> Iterator[Discrepancy]:
    """Channels named after a figure of applications add up to it."""
    received: Stated | None = None
    channels: list[Stated] = []
    for stated in (*mine(sheet, ("applications_received", "channel")), None):
        if stated is not None and stated.kind == "channel":
            near = received is not None and stated.sentence - received.sentence <= _NEAR
            channels += [stated] if near else []
            continue
        if received is not None:
            yield from _channels(sheet, received, channels)
        received, channels = stated, []


def _channels(sheet: Sheet, received: Stated, channels: Sequence[Stated]) -> Iterator[Discrepancy]:
    together = sum(channel.value for channel in channels)
    each_once = len({channel.basis for channel in channels}) == len(channels)
    if len(channels) < 2 or not each_once or together == received.value:
        return
    more = together > received.value
    quotes = "、".join(f"“{channel.quote}”" for channel in channels)
    sure = more and covers(sheet, received) and not received.loose
    yield Discrepancy(
        (),
        f"{said_in(sheet, received)}，按渠道写的{quotes}合计 {together}，两者不一致。",
        "请核对各渠道的件数。" if more else "如没有把渠道列全，无需修改。",
        expected=int(received.value),
        actual=int(together),
        severity=None if sure else Severity.INFO,
        cause=prose_cause(sheet),
    )
