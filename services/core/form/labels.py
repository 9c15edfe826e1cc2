"""Normal form of printed labels, so that two printings of one label compare equal."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BRACKETS = str.maketrans({"(": "（", ")": "）", "〔": "（", "〕": "）", "【": "（", "】": "）"})
_PUNCTUATION = re.compile(r"[\s“”\"'‘’《》<>、，,。；;：:·.．\-—–_*/\\|]+")
# A list mark in front of a label: 1. 1、 (1) （一） 一、 - also damaged ones such as "一)" (seen in real reports).
# In upright type the point may come to stand before its number: "．3其他".
_MARK = re.compile(
    r"^(?:（?(?:\d{1,2}|[一二三四五六七八九十]{1,3})(?:）|[.．、])|[.．、](?:\d|[一二三四五六七八九十]{1,3})(?![\d.]))"
)
# ① is looked for before NFKC, which makes it a plain 1 that belongs to the label as far as anyone can tell.
_CIRCLED = re.compile(r"^\s*[①-⑳]")


_REMEMBERED = 40
"""Labels and figures come again and again, sentences do not: longer texts are not kept."""


def squeeze(text: str) -> str:
    """`text` in NFKC without any white space; digits are ASCII afterwards."""
    return _squeezed(text) if len(text) <= _REMEMBERED else _squeeze(text)


def _squeeze(text: str) -> str:
    return "".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).split())


_squeezed = lru_cache(maxsize=4096)(_squeeze)


def without_mark(text: str) -> str:
    """`text` squeezed, brackets unified, without the list mark in front (``1.``, ``（三）``, ``四、``)."""
    bare = _CIRCLED.sub("", text, count=1)
    flat = squeeze(bare).translate(_BRACKETS)
    return flat if bare != text else _MARK.sub("", flat, count=1)


def normalise(text: str) -> str:
    """The form in which labels are compared: no mark, no white space, no punctuation; brackets are kept out too.

    ``3.危及 “三安全一稳定”`` and ``危及三安全一稳定`` both give ``危及三安全一稳定``.
    """
    bare = without_mark(text)
    return _PUNCTUATION.sub("", bare).replace("（", "").replace("）", "")
