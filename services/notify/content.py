"""What a letter says, in the order it says it: what is wrong, where, what to do, then every finding in full.

The templates only lay this out, so the text and the HTML part always say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from services.core.errors import REASONS
from services.core.finding import Severity
from services.notify.letter import Letter
from services.notify.listing import Heading, Lead, Listing, Part
from services.notify.wording import Paper, day, moment, quiet

Tone = Literal["mend", "ask", "good"]
"""mend: the recipient has to act; ask: to look; good: nothing to do."""

MOST_LEADS = 5
"""Most entries of the list at the top, so that the first screen still holds what to do."""


@dataclass(frozen=True, slots=True)
class Content:
    """The parts of a mail from top to bottom; empty ones are left out."""

    subject: str
    tone: Tone
    about: str
    headline: str
    source: str
    facts: tuple[str, ...]
    greeting: str
    opening: tuple[str, ...]
    leads: tuple[Lead, ...]
    leads_left: int
    steps: tuple[str, ...]
    link: str
    link_label: str
    parts: tuple[Part, ...]
    uncertain: tuple[str, ...]
    closing: tuple[str, ...]


_MEND = Heading("mend", "需要更正", "", (Severity.ERROR,), sure=True)
_CONFIRM = Heading(
    "confirm", "请核实", "有出入，但也可能有正当原因。确属实际情况的，不用改数。", (Severity.WARNING,), sure=True
)
_LOOK = Heading(
    "look",
    "请对照原件",
    "数字对不上，但不能排除是系统读错了。单位没有收到这一部分。",
    (Severity.ERROR, Severity.WARNING, Severity.INFO),
    sure=False,
)
_HINT = Heading("hint", "仅供参考", "不影响核对结果，单位没有收到这一部分。", (Severity.INFO,), sure=True)


_RENEWED = {
    "last_year": "系统收到上一年度的报告后，对这份报告又核对了一次",
    "earlier": "系统核对完此前报送的版本后，对这份报告又核对了一次",
    "part": "系统收到下级单位的报告后，对这份报告又核对了一次",
    "rules": "核对规则更新后，系统对这份报告又核对了一次",
}


def content(letter: Letter) -> Content:
    """The content of this letter."""
    said = _said(letter)
    why = _RENEWED.get(letter.renewed_for or "")
    first = [f"{why}，结果与上次告知的不同，请以这一次为准。"] if why else []
    if letter.progress is not None and letter.kind in ("verdict", "receipt"):
        first += [f"与上一版相比：{words}"] if (words := letter.progress.words()) else []
    return replace(said, opening=(*first, *said.opening))


def _said(letter: Letter) -> Content:
    if letter.kind == "verdict":
        return _to_reviewer(letter) if letter.recipient.role == "reviewer" else _to_agency(letter)
    if letter.kind == "receipt":
        return _receipt(letter)
    return _refusal(letter)


def _to_agency(letter: Letter) -> Content:
    listing = _listing(letter, (_MEND, _CONFIRM))
    errors, warnings = _count(listing, "mend"), _count(listing, "confirm")
    counted = _joined((errors, "处需要更正"), (warnings, "处请核实"))
    by = f"在{day(letter.due)}前" if letter.due else ""
    steps: tuple[str, ...]
    if errors:
        steps = (
            "请对照台账核对下列各处，以实际情况为准，不必为了凑平而改数。",
            f"改好后重新导出文件，{by}按原来的方式再报送一次。系统会自动核对并回复。",
            "如果核对后数字属实，不用改数，请向主管部门说明原因。",
        )
    else:
        steps = (
            "请对照台账核对下列各处。确属实际情况的，不用改数，请向主管部门说明原因。",
            f"确实填错的，改好后重新导出文件，{by}按原来的方式再报送一次。系统会自动核对并回复。",
        )
    return _content(
        letter,
        tone="mend" if errors else "ask",
        tag="请更正" if errors else "请核实",
        headline=counted,
        leads=listing.leads(("mend",) if errors else ("confirm",)),
        steps=steps,
        parts=listing.parts,
        closing=("另有部分内容主管部门正在人工核对，结果会另行告知。",) if letter.review_reason else (),
    )


def _to_reviewer(letter: Letter) -> Content:
    told = (
        "单位会同时收到这一部分。" if letter.agency_told else "名册里没有这个单位的联系人，单位还没有收到，请您转告。"
    )
    mend = Heading("mend", "需要单位更正", told, _MEND.severities, sure=True)
    confirm = Heading("confirm", "请单位核实", told, _CONFIRM.severities, sure=True)
    listing = _listing(letter, (_LOOK, mend, confirm, _HINT))
    look, unsure, hints = _count(listing, "look"), len(letter.uncertain), _count(listing, "hint")
    theirs = _count(listing, "mend") + _count(listing, "confirm")
    yours = _joined((look, "处请对照原件"), (unsure, "格没有把握"))
    opening = [f"需要人工核对的原因：{quiet(letter.review_reason)}"] if letter.review_reason else []
    if yours and (theirs or hints):
        opening.append(f"另外，{_joined((theirs, '处请单位处理'), (hints, '处仅供参考'))}，一并列在下面。")
    if yours or letter.review_reason:
        headline = yours or "请人工核对"
        steps: tuple[str, ...] = (
            "请打开核对页面，对照原件确认没有把握的内容。",
            "确认之前，系统不会就这些内容通知单位。",
        )
    else:
        headline = _joined((theirs, "处请单位处理"), (hints, "处仅供参考"))
        steps = ("这一版暂时不用您处理。单位重新报送后，系统会再核对一次。",)
    if theirs and not letter.agency_told:
        steps = (*steps[: len(steps) if yours else 0], "请把需要单位处理的内容转告单位，并在名册里补上联系人。")
    unread = _uncertain(letter)
    leads = (
        *listing.leads(("look",)),
        *(Lead(place, pages, "系统没有读准，请对照原件", "") for place, pages in unread),
    )
    return _content(
        letter,
        tone="ask" if yours or letter.review_reason or not letter.agency_told else "good",
        tag="请核对" if yours or letter.review_reason else "核对结果",
        headline=headline,
        opening=tuple(opening),
        leads=leads or listing.leads(("mend",)) or listing.leads(("confirm",)),
        steps=steps,
        parts=listing.parts,
        uncertain=tuple(f"{place}（{pages}）" if pages else place for place, pages in unread),
    )


def _joined(*counts: tuple[int, str]) -> str:
    return "，".join(f"{n} {what}" for n, what in counts if n)


def _receipt(letter: Letter) -> Content:
    if letter.clean:
        return _content(
            letter,
            tone="good",
            tag="已收到",
            headline="已收到，核对无误",
            short="核对无误",
            opening=("各表数字都已读取，没有发现需要更正的地方。您不用再做什么。",),
            closing=("这是系统核对的结果，不代替主管部门的审核。",),
        )
    return _content(
        letter,
        tone="good",
        tag="已收到",
        headline="已收到，正在人工核对",
        short="正在人工核对",
        opening=(
            "有些内容系统没有把握，主管部门会对照原件核对。",
            "您现在不用做什么。如有需要更正的地方，会与您联系。",
        ),
    )


def _refusal(letter: Letter) -> Content:
    reason = REASONS[letter.reason_code or ""]
    detail = quiet(letter.reason_detail, limit=200) or "详见系统记录"
    cause, next_step = reason.cause.format(detail=detail), reason.next_step.format(detail=detail)
    if letter.kind == "quarantined":
        return _content(
            letter,
            tone="ask",
            tag="请处理",
            headline="自动核对没有完成，请人工处理",
            short="自动核对没有完成",
            opening=(f"原因：{cause}",),
            steps=(next_step,),
            closing=("报送的原件没有丢失。单位没有收到通知。",),
        )
    reviewer = letter.recipient.role == "reviewer"
    told = "单位会同时收到这封通知。" if letter.agency_told else "名册里没有这个单位的联系人，请您转告。"
    return _content(
        letter,
        tone="ask" if reviewer else "mend",
        tag="未能受理",
        headline="这份文件未能受理",
        short=cause.rstrip("。"),
        opening=(f"原因：{cause}",),
        steps=(next_step,),
        closing=(told,) if reviewer else ("重新报送后，系统会自动核对并回复。",),
    )


def _content(
    letter: Letter,
    *,
    tone: Tone,
    tag: str,
    headline: str,
    short: str = "",
    opening: tuple[str, ...] = (),
    leads: tuple[Lead, ...] = (),
    steps: tuple[str, ...] = (),
    parts: tuple[Part, ...] = (),
    uncertain: tuple[str, ...] = (),
    closing: tuple[str, ...] = (),
) -> Content:
    agency = quiet(letter.agency_name, limit=80) or f"单位代码 {quiet(letter.agency_code, limit=64)}"
    about = f"{agency} {letter.year} 年度报告" if letter.year else f"{agency}报送的文件"
    version = f"（第 {letter.revision} 版）" if letter.revision else ""
    name = quiet(letter.recipient.name, limit=40)
    return Content(
        subject=f"【{tag}】{about}{version}：{short or headline}",
        tone=tone,
        about=f"{about}{version}",
        headline=headline,
        source=f"{quiet(letter.file_name, limit=80)}，{moment(letter.received_at)} 收到",
        facts=(f"单位代码：{quiet(letter.agency_code, limit=64)}", f"编号：{quiet(letter.submission, limit=64)}"),
        greeting=f"{name}，您好：" if name else "您好：",
        opening=opening,
        leads=leads[:MOST_LEADS],
        leads_left=max(len(leads) - MOST_LEADS, 0),
        steps=steps,
        link=letter.link,
        link_label="打开核对页面" if letter.recipient.role == "reviewer" else "查看原件和核对结果",
        parts=parts,
        uncertain=uncertain,
        closing=closing,
    )


def _paper(letter: Letter) -> Paper:
    return Paper(letter.layout, letter.year, letter.pages)


def _listing(letter: Letter, headings: tuple[Heading, ...]) -> Listing:
    return Listing(_paper(letter), letter.findings, headings)


def _uncertain(letter: Letter) -> list[tuple[str, str]]:
    """The uncertain cells as (place, page), one entry a row of the form and page."""
    paper = _paper(letter)
    rows: dict[tuple[str, str], list[str]] = {}
    for path in letter.uncertain:
        rows.setdefault((".".join(path.split(".")[:2]), paper.pages([path])), []).append(path)
    return [(place, pages) for (_, pages), paths in rows.items() for place in paper.places(paths)]


def _count(listing: Listing, key: str) -> int:
    return sum(part.count for part in listing.parts if part.key == key)
