"""A total with its parts in one sentence: ``共 N 条，其中A类 n1 条、B类 n2 条``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.core.report import SectionFound
from services.validate.claims.sentences import Mention, Piece, paragraphs

_CHANNELS: Final = re.compile(
    r"网|微信|微博|公众号|抖音|平台|公开栏|电子屏|报|电视|广播|媒体|客户端|渠道|方式|公报|短信|APP|头条|视频号"
)
_ASIDE: Final = re.compile(
    r"废止|失效|撤|维持|纠正|名义|另|同时|此外|新增|较|占|同比|增|减|平均|办结|答复|结转|完成|分别|各|含|包括|总|累计|共|人次|其中"
)
_LONGEST_NAME: Final = 24
_LEAST: Final = 3
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Parts:
    """A stated total and the parts that the same sentence names after 其中."""

    total: int
    parts: tuple[int, ...]
    quote: str
    section: str


def parts_of(sections: Sequence[SectionFound]) -> Iterator[Parts]:
    """Totals with at least three parts of the same unit by kind; parts by channel, which may overlap, are left out."""
    for section in sections:
        if "其中" not in section.text:
            continue
        told = "\n".join(line for line in section.text.split("\n") if "其中" in line)
        for paragraph in paragraphs(told):
            for piece in paragraph:
                if "其中" in piece.text and (found := _parts(piece, section.key)) is not None:
                    yield found


def _parts(piece: Piece, section: str) -> Parts | None:
    at = piece.text.find("其中")
    counted = [m for m in piece.mentions if m.number.unit not in ("", "%", "元")]
    before = [m for m in counted if m.number.end <= at]
    if not before or piece.text.find("其中", at + 1) >= 0:
        return None
    whole = before[-1]
    after: list[Mention] = []
    for mention in (m for m in counted if m.number.start > at and not m.bracketed):
        name = mention.head.removeprefix("其中")
        if mention.number.unit != whole.number.unit or len(name) > _LONGEST_NAME or _ASIDE.search(name):
            return None
        after.append(mention)
    after = _listed_alike(piece, after)
    if not _LEAST <= len(after) <= _MOST or _CHANNELS.search(piece.text[at:]):
        return None
    if any(m.number.scale or m.number.blanks or m.number.value % 1 for m in (whole, *after)):
        return None
    if whole.bracketed or "," not in piece.text[whole.number.end : at + 1]:
        return None
    quote = piece.printed[whole.start : after[-1].number.end]
    return Parts(int(whole.number.value), tuple(int(m.number.value) for m in after), quote, section)


def _listed_alike(piece: Piece, mentions: list[Mention]) -> list[Mention]:
    """The mentions up to where the sign between them changes: what follows is no part of the list."""
    signs = [piece.text[before.number.end : before.number.end + 1] for before in mentions[:-1]]
    alike = next((index for index, sign in enumerate(signs) if sign != signs[0]), len(signs))
    return mentions[: alike + 1]
