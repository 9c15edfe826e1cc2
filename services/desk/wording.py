"""Rows and findings in the words of the page. Pure text; escaping is the template's business."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from services.core.errors import REASONS, Reason
from services.core.finding import Repair
from services.core.form import form, form_for_year, place, row_place
from services.core.lifecycle import STATE_WORDS, SubmissionState
from services.core.matters import Matter, held_words, matters, origin_words, statement
from services.platform.db.models import Submission, Transition
from services.platform.db.repositories.overview import Judged, Spot
from services.platform.http.problems import filled

SOURCES = {"folder": "投递文件夹", "event": "存储空间", "upload": "网络报送", "sweep": "定期清点"}
ROLES = {"agency": "报送单位", "reviewer": "主管部门", "operator": "系统管理员"}
MAIL_KINDS = {"verdict": "核对意见", "receipt": "核对回执", "rejected": "未受理说明", "quarantined": "待处理提示"}
SEVERITIES = {"error": "需更正", "warning": "请核实", "info": "供参考"}
STATUSES = {"ok": "数字均已确认", "review": "部分数字待人工确认", "failed": "未能读出统计表"}
RENEWED = {
    "last_year": "收到上一年度的报告后重新核对过",
    "earlier": "核对完此前的版本后重新核对过",
    "part": "收到下级单位的报告后重新核对过",
    "rules": "核对规则更新后重新核对过",
}
"""Why the verdict on a version is not the first one."""
DOUBT = "待确认"
"""Instead of a severity where the reading itself may be at fault: nobody is told to mend what may be misread."""
CAUSES = {"extraction": "可能是读取有误，请对照原件", "unclear": "尚不能分清是文件有误还是读取有误，请对照原件"}

_OURS = frozenset(
    {"reader_crashed", "reader_timeout", "reader_memory", "worker_lost", "service_unavailable", "internal_error"}
)
"""Reasons whose detail is technical: shown to operators only."""

_ELSEWHERE = {
    "title": "标题",
    "period": "统计期限",
    "date": "落款日期",
    "signature": "落款单位",
    "contact": "联系方式",
    "table2": "表二",
    "table3": "表三",
    "table4": "表四",
}
_STEPS = {
    SubmissionState.RECEIVING: "开始接收",
    SubmissionState.RECEIVED: "原件已妥善保存",
    SubmissionState.EXTRACTING: "开始读取",
    SubmissionState.FOR_OCR: "含有扫描或图片页面，转入图像识别",
    SubmissionState.READING_PICTURES: "开始识别图像",
    SubmissionState.FOR_OFFICE: "需先转换格式再读取",
    SubmissionState.CONVERTING: "开始转换格式",
    SubmissionState.EXTRACTED: "读取完成",
    SubmissionState.JUDGING: "开始核对",
    SubmissionState.STORED: "核对完成，结果已入库",
    SubmissionState.DUPLICATE: "与此前报送的文件内容完全相同，不再重复核对",
}


def state_word(state: str) -> str:
    """A submission's or mail's state as people read it."""
    return next((word for known, word in STATE_WORDS.items() if known == state), state)


def reason_of(row: Submission, *, technical: bool) -> Reason | None:
    """Why a submission ended, with its detail filled in; None while it has not, or ended well."""
    known = REASONS.get(row.reason_code or "")
    return filled_reason(known, row.reason_detail or "", technical=technical) if known else None


def filled_reason(reason: Reason, detail: str, *, technical: bool) -> Reason:
    """The reason with its detail, which for causes of our own is told only where `technical` says so."""
    detail = detail if technical or reason.code not in _OURS else ""
    last = detail.strip().splitlines()[-1] if detail.strip() else ""
    return Reason(reason.code, filled(reason.cause, last), filled(reason.next_step, last))


def step_words(step: Transition) -> str:
    """One line of the audit in a few words."""
    if step.before is None:
        return f"已登记（来自{SOURCES.get(step.cause, step.cause)}）"
    if step.cause == "replay":
        return "重新处理"
    if step.cause == "retry":
        return "暂时未能完成，稍后自动重试"
    reason = REASONS.get(step.cause)
    if reason and step.after in {SubmissionState.REJECTED, SubmissionState.QUARANTINED}:
        return filled_reason(reason, step.detail or "", technical=False).cause
    if reason:
        return "处理中断，自动重试"
    return _STEPS.get(SubmissionState(step.after), state_word(step.after))


@dataclass(frozen=True, slots=True)
class Point:
    """One matter, ready to print. ``broken`` says what does not tally where it is more than one thing."""

    number: int
    severity: str
    severity_word: str
    place: str
    spot: str
    message: str
    broken: tuple[str, ...]
    expected: str
    actual: str
    basis: str
    doubt: str
    fixes: tuple[str, ...]
    rule: str


_MANY = 7
"""More cells of one column than this are named as the column."""


_WHOLE = 5
"""As many columns of one row as table 4 has, or more, are the whole row."""


class Places:
    """Names the cells of one report by the layout that each of its tables has."""

    def __init__(self, judged: Judged) -> None:
        self._layout = judged.row.layout
        self._fallback = form_for_year(judged.row.year or 9999).version
        self._spots = judged.spots

    def cell(self, path: str) -> str:
        """`表三（一）予以公开 · 总计`; whole rows, sections and the rest of the paper by their names."""
        table, _, rest = path.partition(".")
        layout = str(self._layout.get(table) or self._fallback)
        try:
            return place(path, layout)
        except (KeyError, ValueError):
            pass
        try:
            return row_place(table, rest.split(".")[0], layout)
        except (KeyError, StopIteration):
            pass
        for section in form(layout).sections:
            if section.key in (table, rest):
                return section.heading
        return _ELSEWHERE.get(table, "报告正文")

    def cells(self, paths: Iterable[str]) -> str:
        """Several cells, those of one row together: `表三（一）予以公开 · 自然人、总计；表四 行政复议 · 总计`."""
        listed = list(dict.fromkeys(paths))
        named = {self.cell(path).partition(" · ")[2] for path in listed}
        if len(listed) > _MANY and len(named) == 1 and all(path.startswith("table3.") for path in listed):
            return f"表三“{named.pop()}”一列（{len(listed)} 格）"
        rows: dict[str, list[str]] = {}
        for path in listed:
            row, _, column = self.cell(path).partition(" · ")
            columns = rows.setdefault(row, [])
            if column and column not in columns:
                columns.append(column)
        return "；".join(_row(row, columns) for row, columns in rows.items())

    def spot(self, paths: Iterable[str]) -> str:
        """`第 3 页`, or for texts `第 41 行`; nothing where the place is not known."""
        known = [self._spots[path] for path in paths if path in self._spots]
        return _numbers(known, "page", "页") or _numbers(known, "line", "行")

    def point(self, number: int, matter: Matter) -> Point:
        """One matter in words."""
        finding, *others = matter.findings
        where = [repair.cell for repair in matter.only_way] if others else finding.where
        where = where or [path for each in matter.findings for path in each.where[:1]]
        told = [statement(each) for each in matter.findings]
        return Point(
            number=number,
            severity=str(finding.severity) if matter.sure else "doubt",
            severity_word=SEVERITIES[finding.severity] if matter.sure else DOUBT,
            place=self.cells(where) or "报告正文",
            spot=self.spot(where),
            message=origin_words(matter) if others else told[0],
            broken=tuple(told) if others else (),
            expected="" if others or finding.between_places else figure(finding.expected),
            actual="" if others or finding.between_places else figure(finding.actual),
            basis="；".join(dict.fromkeys(each.basis for each in matter.findings)),
            doubt=CAUSES.get(finding.cause, ""),
            fixes=tuple("，同时".join(map(self._fix, way)) + _also(matter) for way in matter.ways),
            rule="、".join(each.rule for each in matter.findings),
        )

    def _fix(self, repair: Repair) -> str:
        before = "（空白）" if repair.from_ is None else f" {repair.from_} "
        return f"将{self.cell(repair.cell)}由{before}改为 {repair.to}"


def _also(matter: Matter) -> str:
    """What a way settles beside the finding it stands with."""
    others = len({name for way in matter.ways for repair in way for name in repair.settles}) - 1
    if len(matter.findings) > 1:
        return f"，{held_words(matter)}"
    return f"，可同时消除另外 {others} 处不符" if others > 0 else ""


def _numbers(spots: Iterable[Spot], part: str, word: str) -> str:
    numbers = sorted({getattr(spot, part) for spot in spots} - {None})
    return f"第 {'、'.join(map(str, numbers))} {word}" if numbers else ""


def figure(value: float | str | None) -> str:
    """A figure as people write it: no exponent, no trailing zeros. Nothing for None."""
    if value is None or isinstance(value, str):
        return value or ""
    return f"{Decimal(str(value)).normalize():f}"


def points(judged: Judged) -> list[Point]:
    """What is to be mended, numbered: what the document itself says first, and there the gravest first."""
    places = Places(judged)
    order = list(SEVERITIES)
    ranked = sorted(judged.findings, key=lambda f: (f.cause != "document", order.index(f.severity)))
    return [places.point(number, matter) for number, matter in enumerate(matters(ranked), 1)]


def masked(email: str) -> str:
    """An address without its local part."""
    return "***@" + email.rsplit("@", 1)[-1]


def _row(row: str, columns: list[str]) -> str:
    if len(columns) >= _WHOLE:
        return f"{row}（整行）"
    return f"{row} · {'、'.join(columns)}" if columns else row
