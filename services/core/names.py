"""Whether two printed names are of one body: regions in front, offices that sign for it, short and full names."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final, Literal

Likeness = Literal["same", "near", "other"]

_BRACKETED: Final = re.compile(r"[（(【\[〔].{0,30}?[）)】\]〕]")
_DECORATION: Final = re.compile(r"[\s“”\"'‘’《》<>·*#:：，,。、]+")
_REGION: Final = re.compile(r"([^省市县区旗盟]{1,14})[省市县区旗盟]")
_OFFICE: Final = re.compile(
    r"(?:党政|党政综合|综合|政务公开|政务服务|信息公开|行政)?(?:办公室|办公厅|工作领导小组.{0,5})$"
)
_ALIKE: Final = 0.75
"""Share of common characters from which two names may be one name with a slip, in the document or in its reading."""


def likeness(one: str, other: str) -> Likeness:
    """How two names of bodies compare.

    ``same``: nothing speaks against one body, a missing region in front, an office signing for it, an abbreviation
    (发改委, 市监局) and a bracketed second name included. ``near``: a character or two apart. ``other``: another body.
    """
    a, b = _plain(one), _plain(other)
    if not a or not b or _abbreviates(a, b):
        return "same"
    (regions_a, core_a), (regions_b, core_b) = _split(a), _split(b)
    elsewhere = bool(regions_a and regions_b) and not any(x in y or y in x for x in regions_a for y in regions_b)
    if not elsewhere and _abbreviates(core_a, core_b):
        return "same"
    return "near" if SequenceMatcher(None, a, b, autojunk=False).ratio() >= _ALIKE else "other"


def _plain(name: str) -> str:
    bare = _DECORATION.sub("", _BRACKETED.sub("", name[:200])).replace("人民政府", "政府").replace("行政公署", "行署")
    return _OFFICE.sub("", bare)


def _split(name: str) -> tuple[list[str], str]:
    """The names of the regions in front, without their ranks, and the rest."""
    regions, start = [], 0
    while (match := _REGION.match(name, start)) and match.end() < len(name):
        regions.append(match[1])
        start = match.end()
    return regions, name[start:]


def _abbreviates(a: str, b: str) -> bool:
    """Whether the characters of the shorter name stand in the longer one in the same order."""
    short, long = sorted((a, b), key=len)
    rest = iter(long)
    return all(char in rest for char in short)
