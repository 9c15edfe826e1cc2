"""Prose against table 4: reviews and litigations, none of them, and all of them together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from services.core.finding import Severity
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import Example, with_prose
from services.validate.rules.prose import BASIS
from services.validate.rules.prose_weighing import (
    BLOCKS,
    CHECK_BOTH,
    PERHAPS_A_PART,
    certain,
    conflicts,
    differing,
    mine,
    prose_cause,
    said_in,
    severity,
)
from services.validate.rules.sheet import Sheet

_NAMES: Final = {
    "reviews": "表四 行政复议",
    "litigations": "表四 行政诉讼",
    "direct": "表四 未经复议直接起诉",
    "after_review": "表四 复议后起诉",
}
_ENDINGS: Final = {"upheld": "结果维持", "corrected": "结果纠正", "pending": "尚未审结", "other": "其他结果"}
_WORDS: Final = {
    **{kind: f"{name} · 总计" for kind, name in _NAMES.items()},
    **{f"{kind}_{ending}": f"{name} · {word}" for kind, name in _NAMES.items() for ending, word in _ENDINGS.items()},
}


@rule(
    "N10",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="正文中行政复议、行政诉讼的件数与表四一致",
    explanation="正文写明因政府信息公开发生行政复议、行政诉讼多少件，以及维持、纠正、尚未审结各多少件的，应与表四一致。"
    "写“败诉”的，仅供审核人参考。",
    basis=BASIS,
    example=Example(report=with_prose("disputes", "因政府信息公开被申请行政复议3件，行政诉讼1件。")),
)
def rule_n10(sheet: Sheet) -> Iterator[Discrepancy]:
    """Reviews = review; litigations = direct + after_review; outcomes by column. ``没有`` is rule N11's."""
    for stated in mine(sheet, tuple(_WORDS)):
        if stated.basis != "none":
            yield from differing(sheet, stated, words=_WORDS[stated.kind])


@rule(
    "N11",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="正文写没有行政复议、行政诉讼的，表四应为 0",
    explanation="正文写明未发生因政府信息公开引起的行政复议或行政诉讼的，表四相应各格应为 0。",
    basis=BASIS,
    example=Example(report=with_prose("disputes", "本年度未发生政府信息公开行政复议、行政诉讼。")),
)
def rule_n11(sheet: Sheet) -> Iterator[Discrepancy]:
    """No reviews, no litigations: their totals are 0; one finding a phrase."""
    disputed = conflicts(sheet)
    told: dict[tuple[int, str], list[str]] = {}
    for stated in mine(sheet, ("reviews", "litigations")):
        if stated.basis == "none" and stated.kind not in disputed:
            told.setdefault((stated.sentence, stated.quote), []).append(stated.kind)
    for (sentence, quote), kinds in told.items():
        stated = next(one for one in sheet.stated if (one.sentence, one.quote) == (sentence, quote))
        cells = {f"table4.{block}.total": 0 for kind in kinds for block in BLOCKS[kind]}
        found = {path: value for path in cells if (value := certain(sheet, path))}
        if not found:
            continue
        where = tuple(found)
        grave = severity(sheet, stated, where)
        counts = "，".join(f"{_block_words(path)}填报 {value}" for path, value in found.items())
        yield Discrepancy(
            where,
            f"{said_in(sheet, stated)}，{counts}，两者不一致。",
            PERHAPS_A_PART if grave is Severity.INFO else CHECK_BOTH,
            expected=sum(found.values()),
            actual=0,
            severity=grave,
            cause=prose_cause(sheet),
        )


def _block_words(path: str) -> str:
    block = path.split(".")[1]
    return _WORDS["reviews" if block == "review" else block]


@rule(
    "N16",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="正文中复议诉讼案件的总数与表四一致",
    explanation="正文把行政复议和行政诉讼案件合起来写的，应等于表四三个总计之和。",
    basis=BASIS,
    example=Example(report=with_prose("disputes", "因政府信息公开引发的行政复议、行政诉讼案件6件。")),
)
def rule_n16(sheet: Sheet) -> Iterator[Discrepancy]:
    """Cases of all kinds = review + direct + after_review."""
    for stated in mine(sheet, ("cases",)):
        yield from differing(sheet, stated, words="表四行政复议与行政诉讼 · 总计")
