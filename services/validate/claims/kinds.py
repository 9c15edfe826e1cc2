"""What a number in prose counts, told by the words in front of it; nothing where they leave a doubt.

Every pattern ends at the number and admits only words that do not change what is counted. Repetitions are possessive,
so that no text makes them slow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from services.validate.claims.sentences import Mention
from services.validate.claims.words import APPLICATION

FILL: Final = r"(?:办理事项|办理件|事项|政府|信息|案件|办件|总数量|数量|总数|总量|共计|合计|共有|总计|申请|答复|决定|情况|情形|件数|[件类共为有达计的了到:])*+"
WHO: Final = (
    r"(?:公民|法人|社会|公众|群众|组织|个人|企业|单位|其他|申请人|提出|提交|递交|有效|各类|书面|[的或和及、与等向])*+"
)
_YEAR_NEXT: Final = r"(?:下|次|明|翌|(?P<{0}>20\d\d))一?个?年度?"
_ON: Final = r"(?:结转|转结|顺延|转入|转至|延至|留待|留转|延续)(?:到|至|入|给)?(?:在)?"
_STILL: Final = r"(?:继续|再)?(?:办理|处理|答复|办结)?(?:的)?"

_RECEIVED: Final = re.compile(
    rf"(?P<verb>新收到?|新受理|新接收|新增|收到|收悉|接收到?|接到|受理)"
    rf"(?P<join>了|并?(?:依法|按时|按期|及时)?(?:受理|办理|办结|答复|处理)了?|[和、及](?:办理|处理|答复|办结))?+"
    rf"{WHO}(?P<app>{APPLICATION})?{FILL}$"
)
_HANDLED: Final = re.compile(rf"(?:办理|处理|承办)了?{WHO}(?P<app>{APPLICATION})?{FILL}$")
_BARE: Final = re.compile(rf"^(?:20\d\d年度?|全年|本年度?|今年|年内|共有?|[我本全]\w|、)*+{APPLICATION}{FILL}$")
_FINISHED: Final = re.compile(
    rf"(?P<verb>办结|办理完毕|办理答复|答复|办复|回复)(?:了|完毕|完成)?+{WHO}(?P<app>{APPLICATION})?{FILL}$"
)
_TOLD_AFTER: Final = re.compile(rf"^(?:的)?{APPLICATION}")
_NOT_ALL_RECEIVED: Final = re.compile(
    r"未|没|不|转来|转办|移送|补正|撤|重复|来信|延期|分别|最|批次|所属|国家赔偿|许可|每|凡|如|若|协助|配合|指导|督促|督办|会同"
    r"|^(?:部门|单位|地区|乡镇|镇街|科室|区县|县区|机构|家)"
)
_NOT_ALL_FINISHED: Final = re.compile(
    r"每|凡|协助|配合|指导|督促|督办|会同|参与|延期|逾期|延长|超期|书面|口头|现场|电话|部分|直接|不予|公开|无法|处理|未|没|另|还|分别|补正|撤|结转|当场|当面|平均|内容|流程|文书"
)
_CARRIED_IN: Final = re.compile(
    rf"(?:[上前去]一?年度?|(?P<year>20\d\d)年度?)(?:末|底)?(?:结转|转结|转入|遗留)(?:到|至|入|来)?"
    rf"(?:(?:[本今当]|20\d\d)年度?)?{_STILL}{WHO}(?:{APPLICATION})?{FILL}$"
)
_CARRIED_OUT: Final = re.compile(rf"{_ON}{_YEAR_NEXT.format('year')}{_STILL}{WHO}(?:{APPLICATION})?{FILL}$")
_CARRIED_OUT_AFTER: Final = re.compile(
    rf"^(?:的)?(?:{APPLICATION}|申请)?(?:将|需|需要|按规定|依法|正常|因未到期|未到期)?{_ON}{_YEAR_NEXT.format('year')}{_STILL}$"
)
_OPEN_HEAD: Final = re.compile(r"^(?:其中|尚有|另有|还有|剩余|其余|未办结|有|另|仅|共)*+$")

_LEFT_HEAD: Final = re.compile(rf"^(?:其中|尚有|另有|还有|剩余|其余|未办结|有|另|仅|共)*+(?:{APPLICATION})?{FILL}$")

_SAYS_NO_MORE: Final = re.compile(
    rf"^(?:的)?(?:{APPLICATION}|申请|案件|行政复议|行政诉讼|答复)?(?:次|的)?"
    r"(?:$|[、和及与并占均已都皆较比且另含为由按依在将需]|(?:结转|顺延|留待|延续|转至|延至)|以及|全部|其中|同比|包括|办结|予以|同意|不予|部分|无法|其他|自然人|法人|[(,])"
)
_SAYS_NO_MORE_AFTER_WORDS: Final = re.compile(rf"^(?:的)?(?:{APPLICATION}|申请|案件)?(?:$|、)")

_MERGED: Final = re.compile(rf"(?:予以|同意|全部)?公开(?:以及|或者|[及和、或与/])(?:予以)?部分公开{FILL}$")
_RESULTS: Final = {
    "partial": re.compile(rf"(?<!不)部分公开{FILL}$"),
    "denied": re.compile(rf"(?:不予|不同意)公开{FILL}$"),
    "granted": re.compile(rf"(?<![不可])(?:予以|同意|全部|完全|全文)公开{FILL}$"),
    "unable": re.compile(rf"无法提供{FILL}$"),
    "rejected": re.compile(rf"不予处理{FILL}$"),
    "other_results": re.compile(rf"其他处理{FILL}$"),
}
_RESULT_WORDS: Final = (
    "部分公开",
    "不予公开",
    "不同意公开",
    "予以公开",
    "同意公开",
    "全部公开",
    "完全公开",
    "全文公开",
    "无法提供",
    "不予处理",
    "其他处理",
)
_RESULT_AFTER: Final = re.compile(
    rf"^(?:的)?(?:{APPLICATION}|申请)?(?:答复为|决定|依法|属于|为)?(?P<name>予以公开|同意公开|部分公开|不予公开|无法提供|不予处理|其他处理)(?:答复|决定)?$"
)
_SOME_RESULTS: Final = re.compile(r"主动|分别|各|涉|因|属于|秘密|第三|内部|过程|自然人|企业|法人")
_NAMES: Final = {
    "予以公开": "granted",
    "同意公开": "granted",
    "部分公开": "partial",
    "不予公开": "denied",
    "无法提供": "unable",
    "不予处理": "rejected",
    "其他处理": "other_results",
}

_BY: Final = r"(?:提出|提交|申请|的)*+"
_APPLICANTS: Final = {
    "by_natural": re.compile(rf"(?<!法)自然人{_BY}{FILL}$"),
    "by_legal_persons": re.compile(rf"法人(?:或者|[和或及、与])?其他组织{_BY}{FILL}$"),
    "by_commercial": re.compile(rf"商业企业{_BY}{FILL}$"),
    "by_research": re.compile(rf"科研机构{_BY}{FILL}$"),
    "by_social": re.compile(rf"社会公益组织{_BY}{FILL}$"),
    "by_legal": re.compile(rf"法律服务机构{_BY}{FILL}$"),
}
_CHANNEL: Final = re.compile(
    r"(?P<name>网络|网上|互联网|在线|线上|网站|电子邮件|电子邮箱|邮件|邮箱|信函|邮寄|信件|当面|现场|窗口|线下|传真)"
    rf"(?:提交|申请|方式|渠道|途径|形式|收到|接收|受理|递交|提出|平台|系统)*+{FILL}$"
)
_CHANNEL_NAMES: Final = {
    **dict.fromkeys(("网络", "网上", "互联网", "在线", "线上", "网站"), "online"),
    **dict.fromkeys(("电子邮件", "电子邮箱", "邮件", "邮箱"), "email"),
    **dict.fromkeys(("信函", "邮寄", "信件"), "letter"),
    **dict.fromkeys(("当面", "现场", "窗口", "线下"), "in_person"),
    "传真": "fax",
}
_BY_ONE_CHANNEL: Final = re.compile(
    r"(?:网络|网上|互联网|在线|线上|网站|邮件|邮箱|信函|邮寄|信件|当面|现场|窗口|线下|传真)(?!.*(?:等|各种|多种|各渠道|、))"
)


@dataclass(frozen=True, slots=True)
class Sort:
    """What a number counts: `kind` and `basis` as in `Stated`; `at`: where in the head the phrase begins.

    ``needs_topic``: the phrase does not itself say that it is about applications for information. ``after``: words
    behind the number belong to it.
    """

    kind: str
    basis: str = ""
    at: int = 0
    loose: bool = False
    needs_topic: bool = True
    after: bool = False


def says_no_more(mention: Mention) -> bool:
    """Whether nothing behind the number changes what it counts; Chinese numerals must end the phrase."""
    pattern = _SAYS_NO_MORE_AFTER_WORDS if mention.number.words else _SAYS_NO_MORE
    return pattern.match(mention.tail) is not None


def application_sort(mention: Mention, years: tuple[int, ...]) -> Sort | None:
    """What a number counts among applications and their results, None where it is none of that."""
    if not mention.number.unit:
        return result_sort(mention)
    if (
        "转" in mention.head
        or "延" in mention.head
        or "遗留" in mention.head
        or "转" in mention.tail
        or "延" in mention.tail
    ):
        carried = _carried(mention, years)
        if carried is not None:
            return carried
    return result_sort(mention) or _applicant(mention) or _channel(mention) or _count(mention)


def _carried(mention: Mention, years: tuple[int, ...]) -> Sort | None:
    head = mention.head
    if found := _CARRIED_IN.search(head):
        return None if "除" in head[: found.start()] else Sort("carried_in", at=found.start())
    found = _CARRIED_OUT.search(head)
    if found is None and _LEFT_HEAD.match(head):
        found = _CARRIED_OUT_AFTER.match(mention.tail)
    if found is None or "除" in head:
        return None
    into = int(found["year"]) if found["year"] else None
    kind = "carried_in" if into is not None and into in years else "carried_out"
    after = found.re is _CARRIED_OUT_AFTER
    return Sort(kind, at=0 if after else found.start(), after=after)


def result_sort(mention: Mention) -> Sort | None:
    """The group of results that a number counts; two of them together only where these are the first two."""
    head = mention.head
    named = sum(word in head for word in _RESULT_WORDS)
    if not named:
        after = _RESULT_AFTER.match(mention.tail) if mention.number.unit and _OPEN_HEAD.match(head) else None
        return Sort(_NAMES[after["name"]], after=True) if after else None
    if _SOME_RESULTS.search(head):
        return None
    if merged := _MERGED.search(head):
        return Sort("granted_and_partial", at=merged.start())
    if named > 1:
        return None
    for kind, pattern in _RESULTS.items():
        if found := pattern.search(head):
            return Sort(
                kind, at=found.start(), loose=mention.number.unit == "项"
            )  # or the items that one of them asks for
    return None


def _applicant(mention: Mention) -> Sort | None:
    head = mention.head
    if not ("人" in head or "企业" in head or "机构" in head or "组织" in head):
        return None
    for kind, pattern in _APPLICANTS.items():
        if (found := pattern.search(head)) and not re.search(r"[、和或及与]$", head[: found.start()]):
            return Sort(kind, at=found.start())
    return None


def _channel(mention: Mention) -> Sort | None:
    found = _CHANNEL.search(mention.head)
    if found is None or re.search(r"[、和或及与]$", mention.head[: found.start()]) or "分别" in mention.head:
        return None
    return Sort("channel", basis=_CHANNEL_NAMES[found["name"]], at=found.start())


def _count(mention: Mention) -> Sort | None:
    """Received, handled or finished."""
    told_after = _TOLD_AFTER.match(mention.tail) is not None
    if found := _RECEIVED.search(mention.head):
        return _received(found, told_after=told_after)
    if found := (_FINISHED.search(mention.head) or _HANDLED.search(mention.head)):
        told = bool(found["app"]) or told_after
        if _NOT_ALL_FINISHED.search(mention.head[: found.start()]):
            return None
        if found.re is _FINISHED:
            return Sort("applications_finished", at=found.start(), needs_topic=not told)
        return Sort("applications_handled", basis="handled", at=found.start(), needs_topic=False) if told else None
    if _BARE.match(mention.head):
        return Sort("applications_received", basis="handled", loose=True, needs_topic=False)
    return None


def _received(found: re.Match[str], *, told_after: bool) -> Sort | None:
    before, new = found.string[: found.start()], found["verb"].startswith("新")
    told = bool(found["app"]) or told_after
    part = "其中" in before and not new
    if part or _NOT_ALL_RECEIVED.search(before) or _BY_ONE_CHANNEL.search(before):
        return None
    if found["verb"] == "新增" and not told:
        return None
    handled = found["join"] not in (None, "", "了")
    basis = "new" if new or "本年新" in before else ""
    return Sort("applications_received", basis="handled" if handled else basis, at=found.start(), needs_topic=not told)
