"""What a number counts beside applications: disputes, documents, decisions, information, money."""

from __future__ import annotations

import re
from typing import Final

from services.validate.claims.kinds import FILL, Sort
from services.validate.claims.sentences import Mention

_FILL: Final = r"(?:共计|合计|共有|总计|数量|总数|[件类共为有达计的了到:])*+"
_CASES: Final = re.compile(
    rf"(?:行政)?复议(?:案件|案)?(?:以及|[和及、与或])?(?:行政)?诉讼(?:类|相关)?(?:案件|案|事项)?{_FILL}(?P<each>各)?$"
)
_RELATED: Final = re.compile(rf"(?:相关|涉诉|此类|该类)案件{_FILL}$")
_DISPUTES: Final = {
    "direct": re.compile(rf"未经(?:行政)?复议直接(?:起诉|提起诉讼)(?:案件|的)*+{_FILL}$"),
    "after_review": re.compile(rf"(?:经)?(?:行政)?复议后(?:再)?(?:起诉|提起诉讼|诉讼)(?:案件|的)*+{_FILL}$"),
    "reviews": re.compile(rf"(?<!经)行政复议(?:案件|案|申请|事项)*+{_FILL}$"),
    "litigations": re.compile(rf"行政诉讼(?:案件|案|事项)*+{_FILL}$"),
}
_ENDINGS: Final = {
    "upheld": re.compile(rf"(?:结果)?维持{_FILL}$"),
    "corrected": re.compile(rf"(?:结果)?(?:被)?纠正{_FILL}$"),
    "pending": re.compile(rf"(?:尚未|未)审结{_FILL}$"),
    "other": re.compile(rf"其他结果{_FILL}$"),
}
_REVIEWING: Final = re.compile(r"办理|审理|受理|审结|代理|承办")  # as those do who review other bodies
_LOST: Final = re.compile(rf"败诉{_FILL}$")
_OF_OTHER_MATTERS: Final = re.compile(r"因|涉|作为|配合|协助|参与")
_NOT_CASES: Final = re.compile(r"未|没|无|不|应诉率|出庭|上年|分别|涉及\w{0,6}人|意见书|建议书")

_MAKE: Final = r"(?P<verb>制定|制发|出台|制订|印发|发布)(?:并?(?:印发|发布|公布|实施|出台))?了?"
_NORM: Final = r"(?:行政)?规范性文件"
_RULE: Final = r"(?:地方)?(?:政府|部门)?规章"
_NORM_MADE: Final = re.compile(rf"(?:{_MAKE}{_NORM}|{_NORM}(?P<after>制定|制发|出台|制订)){FILL}$")
_RULE_MADE: Final = re.compile(rf"(?:{_MAKE}{_RULE}|{_RULE}(?P<after>制定|制发|出台|制订)){FILL}$")
_REPEALED: Final = re.compile(rf"废止了?(?P<noun>{_NORM}|{_RULE})?{FILL}$")
_IN_FORCE: Final = re.compile(
    rf"(?:现行有效(?:的)?(?P<noun>{_NORM}|{_RULE})?|(?P<front>{_NORM}|{_RULE})现行有效){FILL}$"
)
_NOUN: Final = re.compile(rf"^(?P<noun>{_NORM}|{_RULE}){FILL}$")
_NOT_MADE: Final = re.compile(
    r"备案|审查|清理|报备|审核|评估|修订|修改|征求|党|解读|拟|起草|名义|转发|公开|含|未|没|不|失效|报送|累计|归集"
)

_DECISION: Final = re.compile(
    rf"(?P<firm>[作做]出(?:了)?(?:各类)?)?行政(?P<what>许可|处罚|强制)(?P<rest>决定|信息|案件)?{FILL}$"
)
_BOTH: Final = re.compile(rf"行政许可(?:以及|[、和及与/])(?:行政)?处罚(?:等)?(?:双公示)?(?:信息|决定|事项)?{FILL}$")
_SHOWN: Final = re.compile(rf"公示(?:事项|信息)?{FILL}$")
_NOT_DECIDED: Final = re.compile(
    r"取消|撤销|注销|变更|延续|公开|公布|下放|承接|清单|减少|委托|案卷|未|没|不|目录|受理|权责|项目|录入|归集|罚款|流程|标准|其中|上年|分别"
)
_DECISIONS: Final = {"许可": "licences", "处罚": "penalties", "强制": "coercion"}

_INFORMATION: Final = re.compile(r"(?:主动)?公开(?:各类|政府|政务|审计|工作)*+信息(?:共计|合计|共|总数|[为计达])*+$")
_NO_FEE: Final = re.compile(r"邮寄|复印|成本|标准|每件|每页|每条|/[页件条]|快递|检索|罚|起征")
_NOT_CHARGED: Final = re.compile(r"减免|免收|退|应收|多收")


def dispute_sort(mention: Mention, before: str | None, *, told: bool) -> tuple[Sort, ...]:
    """Cases counted; `before`: the kind of the count in front of it, which an outcome belongs to.

    `told`: the sentence itself says that they are about disclosure.
    """
    head = mention.head
    if not told and _OF_OTHER_MATTERS.search(head):
        return ()
    if _NOT_CASES.search(head.replace("未经", "").replace("尚未审结", "").replace("未审结", "")):
        return ()
    cases = _CASES.search(head)
    if cases and cases["each"]:
        return (Sort("reviews", at=cases.start()), Sort("litigations", at=cases.start()))
    if found := cases or _RELATED.search(head):
        return (Sort("cases", at=found.start()),)
    sort = next(
        (
            Sort(kind, at=found.start(), loose=_REVIEWING.search(head[: found.start()]) is not None)
            for kind, one in _DISPUTES.items()
            if (found := one.search(head))
        ),
        None,
    )
    if sort is None and before is not None:
        sort = _ending(head, before)
    return (sort,) if sort else ()


def _ending(head: str, of: str) -> Sort | None:
    for ending, pattern in _ENDINGS.items():
        if found := pattern.search(head):
            return Sort(f"{of}_{ending}", at=found.start())
    found = _LOST.search(head)
    return Sort(f"{of}_corrected", at=found.start(), loose=True) if found else None


def document_sort(mention: Mention, lead: str, before: str | None) -> Sort | None:
    """Rules made, repealed, in force. `lead`: all words since the number before; `before`: what that one counted."""
    head = mention.head
    if _NOT_MADE.search(lead):
        return None
    for prefix, pattern in (("normative", _NORM_MADE), ("regulations", _RULE_MADE)):
        if found := pattern.search(head):
            verb = found["verb"] or found["after"]
            return Sort(f"{prefix}_made", at=found.start(), loose=verb in ("印发", "发布"))
    held = before.split("_") if before else ["", ""]
    for ending, pattern in (("repealed", _REPEALED), ("in_force", _IN_FORCE)):
        if found := pattern.search(head):
            noun = found["noun"] or (found.groupdict().get("front") or "")
            prefix = ("regulations" if "规章" in noun else "normative") if noun else held[0]
            return Sort(f"{prefix}_{ending}", at=found.start()) if prefix else None
    if before and before.endswith("_made") and (found := _NOUN.match(head)):
        return Sort("regulations_made" if "规章" in found["noun"] else "normative_made", at=0)
    return None


def decision_sort(mention: Mention, piece: str) -> Sort | None:
    """Licences, penalties, coercion; `piece` is the part of the sentence in front of the number."""
    head, unit = mention.head, mention.number.unit
    if unit not in ("件", "宗", "起", "例", "次", "项", "条", "份") or _NOT_DECIDED.search(head):
        return None
    if found := _BOTH.search(head):
        return Sort("licences_and_penalties", at=found.start(), loose=True)
    if found := _DECISION.search(head):
        counted = head[found.start() :]
        if "事项" in counted or "申请" in counted or unit == "项" or (unit == "条" and not found["firm"]):
            return None
        return Sort(_DECISIONS[found["what"]], at=found.start(), loose=not found["firm"])
    one_alone = ("许可" in head) != ("处罚" in head)
    if (
        not one_alone
        and ("双公示" in piece or ("许可" in piece and "处罚" in piece))
        and (found := _SHOWN.search(head))
    ):
        return Sort("licences_and_penalties", at=found.start(), loose=True)
    return None


def information_sort(mention: Mention, lead: str) -> Sort | None:
    """Information disclosed on one's own motion on the web site, which no table counts."""
    if mention.number.unit not in ("条", "件", "份") or (found := _INFORMATION.search(mention.head)) is None:
        return None
    if "其中" in lead or re.search(r"公众号|微信|微博|抖音|公开栏|电子屏|客户端|新媒体|报刊|电视", lead):
        return None
    return (
        Sort("disclosed_information", basis="site", at=found.start())
        if re.search("网站|网页|栏目|专栏", lead)
        else None
    )


def is_fee(mention: Mention, piece: str) -> bool:
    """Whether a sum in 元 is processing fee charged."""
    if mention.number.unit != "元" or "处理费" not in piece[: mention.number.start] or _NO_FEE.search(piece):
        return False
    if _NOT_CHARGED.search(mention.head):
        return False
    return mention.number.scale in ("", "万")
