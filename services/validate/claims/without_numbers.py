"""What prose states without a number: none received, no disputes, no fee, nothing carried over, all finished."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.validate.claims.words import ABOUT_APPLICATIONS, APPLICATION

_NOT: Final = r"(?<![如若对从并])(?P<not>尚未|未曾|从未|没有|未|没|无|不存在)"
_ANY: Final = (
    r"(?:公民|法人|社会|公众|群众|组织|个人|企业|单位|其他|任何|有关|关于|各类|相关|涉及|提出|提交|递交|申请人|机关|书面|形式"
    r"|[的和或及、与对向本我局委办厅乡镇村人一件起例条份个到过任])*+"
)
_NONE_RECEIVED: Final = re.compile(
    rf"{_NOT}(?:收到|接到|接收到?|受理|产生|发生|有)?(?:过|任何)?{_ANY}(?:要求)?(?:{APPLICATION})"
    r"(?:件|事项|信息|案件|情况|情形|办件|业务|需求|行为|的|申请)*+(?P<end>$|[,()]|[、和及也且])"
)
_ONE_WAY: Final = re.compile(r"除|网|邮|信函|当面|平台|系统|窗口|传真|季度|半年|月")
_NO_DISPUTE: Final = re.compile(rf"{_NOT}(?!经)(?P<what>[^,;()]{{0,60}}?(?:复议|诉讼)[^,;()]{{0,24}})")
_NOT_NONE: Final = re.compile(
    r"败诉|纠错|纠正|撤销|不利|责令|超期|维持|审结|终结|履行|意见|逾期|能力|未经|经验|机制|制度"
)
_NO_FEE: Final = re.compile(rf"{_NOT}(?:收取|产生|发生|收到|有|涉及)?[^,;()]{{0,16}}?处理费")
_NONE_LEFT: Final = re.compile(
    r"(?:没有|未有|无)(?:申请)?(?:结转|顺延)?(?:到|至)?(?:下|次)一?年度?(?:继续)?(?:办理)?(?:的)?(?:结转)?(?:的)?(?:申请|件|事项|情况)*(?:$|[,、()])"
)
_ALL: Final = re.compile(
    r"(?P<all>均|全部|都|皆|全数)(?:已|已经)?(?P<how>[^,;()]{0,14}?)(?:予以|进行|作出|完成|得到)?(?P<verb>办结|答复|办理完毕|办复|回复)(?:完毕)?(?P<end>.{0,3})"
)
_RATE: Final = re.compile(
    r"(?P<how>按时|按期|及时)?(?:办结|答复|办复)率(?:均)?(?:达到|保持|达|为|是)?(?:了)?(?:100|百分之百)%?"
)
_IN_TIME: Final = re.compile(r"按时|按期|期限|时限|及时|规定|法定|日内|时间")
_SOME: Final = re.compile(r"未|其余|剩余|除|其中|结转|上年|部分|不予|无法|补正|撤|延期")


@dataclass(frozen=True, slots=True)
class Said:
    """A statement without a number: its `kind`, where it stands, and whether its words leave a doubt."""

    kind: str
    start: int
    end: int
    loose: bool = False


def sayings(text: str, *, about_applications: bool) -> Iterator[Said]:
    """The statements of a piece; `about_applications`: what was said before it was about applications."""
    denied = any(word in text for word in ("未", "没", "无", "不存在"))
    if denied:
        yield from _denials(text)
    told = any(word in text for word in ("均", "全部", "都", "皆", "全数", "率"))
    if told and (about_applications or ABOUT_APPLICATIONS.search(text)):
        yield from _finished(text)


def _denials(text: str) -> Iterator[Said]:
    if "申请" in text and (found := _NONE_RECEIVED.search(text)):
        end = found.start("end")
        rest = text[end:]
        in_front = re.split("[,;:()]", text[: found.start()])[-1]
        of_all = not _ONE_WAY.search(in_front) and not re.match(r"[、和及](?:的)?(?:行政)?(?:许可|处罚)", rest)
        if of_all:
            yield Said("none_received", found.start(), end)
    if "复议" in text or "诉讼" in text:
        for found in _NO_DISPUTE.finditer(text):
            what = found["what"]
            if _NOT_NONE.search(what) or "一" in found["not"] or "无一" in text or re.search(r"\d", what):
                continue
            if "复议" in what:
                yield Said("no_reviews", found.start(), found.end())
            if "诉讼" in what:
                yield Said("no_litigations", found.start(), found.end())
    if "处理费" in text and (found := _NO_FEE.search(text)):
        yield Said("no_fee", found.start(), found.end())
    if "转" in text and (found := _NONE_LEFT.search(text)):
        yield Said("none_carried_out", found.start(), found.end())


def _finished(text: str) -> Iterator[Said]:
    found = _ALL.search(text)
    if found is not None:
        before = re.split("[,;()]", text[: found.start()])[-1]
        if not _SOME.search(before) and not _SOME.search(found["how"]) and not re.match("率|的", found["end"]):
            yield Said("all_finished", found.start(), found.start("end"), loose=bool(_IN_TIME.search(found["how"])))
            return
    if (found := _RATE.search(text)) and not _SOME.search(text[max(0, found.start() - 12) : found.start()]):
        yield Said("all_finished", found.start(), found.end(), loose=found["how"] is not None)
