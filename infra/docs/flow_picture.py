"""docs/pictures/flow*.svg: one report's way through the house, drawn in English and in Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH, _HEIGHT = 1180, 470
_INK, _SOFT, _LINE = "#1d2b3a", "#5b6b7b", "#8a99a8"
_FACES: Final = {"in": "#eaf2fb", "work": "#ffffff", "truth": "#fff4dc", "side": "#f3f5f7", "out": "#e9f6ec"}
_TIP: Final = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    f'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="{_LINE}"/></marker></defs>'
)
_FONT: Final = (
    "'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei','Segoe UI',Helvetica,Arial,sans-serif"
)


@dataclass(frozen=True, slots=True)
class Words:
    """The labels in one language. Boxes are (title, line below); `announce` is a caption of two lines."""

    title: str
    sources: tuple[tuple[str, str], ...]
    stages: tuple[tuple[str, str], ...]
    ledger: tuple[str, str]
    store: tuple[str, str]
    broker: tuple[str, str]
    sweep: tuple[str, str]
    desk: tuple[str, str]
    inbox: tuple[str, str]
    balance: tuple[str, str]
    announce: tuple[str, str]


ENGLISH: Final = Words(
    title="One report's way from hand-in to mail",
    sources=(
        ("Drop folder", "when the file stands still"),
        ("Bucket event", "webhook with a token"),
        ("HTTP upload", "POST /api/submissions"),
        ("Bucket listing", "finds what events lost"),
    ),
    stages=(
        ("receive", "one row an object"),
        ("extract", "confined child"),
        ("judge", "one transaction"),
        ("compose", "frozen bytes"),
        ("send", "claimed, once"),
    ),
    ledger=("Database: the ledger", "every submission, notice and mail is a row with a state; a claim is one conditional update"),
    store=("Object store", "inbox and originals"),
    broker=("Broker: the doorbell", "carries ids to all workers; may forget everything"),
    sweep=("Sweeper", "re-dispatches due rows"),
    desk=("Pages and API", "states, findings, replay"),
    inbox=("Inbox", "agency, reviewer"),
    balance=("gouji ledger", "folder, buckets and tables must agree"),
    announce=("All four only announce;", "receive decides, once."),
)  # fmt: skip

CHINESE: Final = Words(
    title="一份报告从报送到邮件的过程",
    sources=(
        ("投递文件夹", "文件写完后接收"),
        ("对象存储事件", "带令牌的推送"),
        ("HTTP 上传", "POST /api/submissions"),
        ("定时清点", "找回漏报的事件"),
    ),
    stages=(
        ("receive 接收", "一个对象一行"),
        ("extract 读取", "隔离的子进程"),
        ("judge 核对", "结果一次写入"),
        ("compose 成文", "内容从此固定"),
        ("send 发送", "认领后只发一次"),
    ),
    ledger=("数据库：账本", "每份报送、通知、邮件各占一行，各有状态；认领就是一次带条件的更新"),
    store=("对象存储", "收件桶、原件桶"),
    broker=("消息队列：门铃", "只向各工作进程传编号，全部丢失也不要紧"),
    sweep=("清扫进程", "按账本重新派发到期任务"),
    desk=("页面和接口", "状态、问题、重新处理"),
    inbox=("收件箱", "报送单位、审核人"),
    balance=("gouji ledger 对账", "文件夹、存储桶与各表必须相符"),
    announce=("四个入口只作登记，", "由 receive 统一判定一次"),
)


def drawing(words: Words) -> str:
    """The picture as SVG text; it has its own light background, so it reads on dark pages too."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-family="{_FONT}">',
        f"<title>{escape(words.title)}</title>",
        _TIP,
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="14" fill="#fbfcfd"/>',
        *_sources(words),
        *_stages(words),
        *_ledger(words),
        *_sides(words),
    ]
    return "\n".join([*parts, "</svg>", ""])


_SOURCE_X, _SOURCE_W = 24, 190
_STAGE_X, _STAGE_W, _STAGE_GAP, _STAGE_Y = 270, 128, 24, 134
_STEP = _STAGE_W + _STAGE_GAP
_LEDGER_Y, _SIDE_Y, _TOP_Y = 262, 384, 20
_INBOX_X = _STAGE_X + 5 * _STEP


def _sources(words: Words) -> Iterable[str]:
    for index, label in enumerate(words.sources):
        y = 47 + index * 62
        yield _box(_SOURCE_X, y, (_SOURCE_W, 50), label, "in")
        yield _arrow((_SOURCE_X + _SOURCE_W, y + 25), (_STAGE_X - 4, _STAGE_Y + 30))
    for index, line in enumerate(words.announce):
        yield _text(_SOURCE_X + _SOURCE_W / 2, 322 + index * 18, line, size=12, fill=_SOFT)


def _stages(words: Words) -> Iterable[str]:
    middle = _STAGE_Y + 30
    for index, label in enumerate(words.stages):
        x = _STAGE_X + index * _STEP
        yield _box(x, _STAGE_Y, (_STAGE_W, 60), label, "work")
        yield _arrow((x + _STAGE_W, middle), (x + _STEP - 3, middle))
        yield _arrow((x + _STAGE_W / 2, _STAGE_Y + 63), (x + _STAGE_W / 2, _LEDGER_Y - 3), both=True)
    yield _box(_INBOX_X, _STAGE_Y, (126, 60), words.inbox, "out")


def _ledger(words: Words) -> Iterable[str]:
    yield _box(_STAGE_X, _LEDGER_Y, (_INBOX_X + 126 - _STAGE_X, 62), words.ledger, "truth")


def _sides(words: Words) -> Iterable[str]:
    """Above the stages what they use, below the ledger who else reads and writes it."""
    for first, last, label, dashed in ((0, 1, words.store, False), (2, 4, words.broker, True)):
        x, width = _STAGE_X + first * _STEP, (last - first) * _STEP + _STAGE_W
        yield _box(x, _TOP_Y, (width, 56), label, "side")
        for index in range(first, last + 1):
            middle = _STAGE_X + index * _STEP + _STAGE_W / 2
            yield _arrow((middle, _TOP_Y + 59), (middle, _STAGE_Y - 3), both=not dashed, dashed=dashed)
    third = (_INBOX_X + 126 - _STAGE_X - 2 * _STAGE_GAP) / 3
    for index, label in enumerate((words.sweep, words.balance, words.desk)):
        left = _STAGE_X + index * (third + _STAGE_GAP)
        yield _box(left, _SIDE_Y, (third, 62), label, "side")
        yield _arrow((left + third / 2, _SIDE_Y - 3), (left + third / 2, _LEDGER_Y + 65), both=True)


def _box(x: float, y: float, size: tuple[float, float], label: tuple[str, str], face: str) -> str:
    (width, height), (title, line) = size, label
    middle = x + width / 2
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="9" fill="{_FACES[face]}" stroke="{_LINE}"/>'
        + _text(middle, y + height / 2 - 4, title, size=15, weight=600)
        + _text(middle, y + height / 2 + 15, line, size=12, fill=_SOFT)
    )


def _text(
    x: float, y: float, words: str, *, size: int, weight: int = 400, anchor: str = "middle", fill: str = _INK
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{fill}">'
        f"{escape(words)}</text>"
    )


def _arrow(start: tuple[float, float], end: tuple[float, float], *, both: bool = False, dashed: bool = False) -> str:
    (x1, y1), (x2, y2) = start, end
    extra = ' marker-start="url(#tip)"' if both else ""
    extra += ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<path d="M{x1:g} {y1:g} {x2:g} {y2:g}" stroke="{_LINE}" stroke-width="1.4" fill="none" '
        f'marker-end="url(#tip)"{extra}/>'
    )
