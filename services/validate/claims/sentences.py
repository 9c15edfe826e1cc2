"""Prose cut into the pieces within which a phrase may speak: paragraphs, and parts of sentences up to 。 or ；."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from services.validate.claims.numerals import Number, numbers

_WIDTHS = str.maketrans(
    {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)}
    | {"、": "、", "﹪": "%", "〇": "〇", "．": ".", "\u3000": " "}
)
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9０-９])\s+(?=[0-9０-９])")
_TITLE = re.compile(r"《[^《》]{0,80}》")
_STOP = re.compile(r"[。;!?]|\.(?!\d)")
_DELIMITERS = ",:()"
_CLAUSE_END = re.compile(r"[,:、()]")
_LONGEST_HEAD = 80
_LONGEST_PARAGRAPH = 5_000
_LONGEST_SECTION = 30_000


@dataclass(frozen=True, slots=True)
class Mention:
    """A number with the words that belong to it.

    `head`: from the number or sign before it; `tail`: up to the next sign or number; `start`: where the head begins.
    `bracketed`: it stands in brackets.
    """

    number: Number
    head: str
    tail: str
    start: int
    bracketed: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence: `text` in half-width digits and signs, `printed` as it stands there, character by character.

    Titles in 《》 are blotted out of `text`. `ended`: a full stop follows.
    """

    text: str
    printed: str
    ended: bool
    mentions: tuple[Mention, ...] = field(compare=False)


def paragraphs(text: str) -> Iterator[list[Piece]]:
    """The paragraphs of a section, each as its pieces; what is unreasonably long is left out."""
    for line in text[:_LONGEST_SECTION].split("\n"):
        if line and len(line) <= _LONGEST_PARAGRAPH:
            yield list(_pieces(line))


def _pieces(line: str) -> Iterator[Piece]:
    kept = _BETWEEN_DIGITS.sub("\x00", line)
    printed = "".join(kept.split()).replace("\x00", " ")
    text = _TITLE.sub(lambda title: "□" * len(title[0]), printed.translate(_WIDTHS))
    start = 0
    for stop in _STOP.finditer(text):
        yield _piece(text[start : stop.start()], printed[start : stop.start()], ended=stop[0] != ";")
        start = stop.end()
    if start < len(text):
        yield _piece(text[start:], printed[start:], ended=True)


def _piece(text: str, printed: str, *, ended: bool) -> Piece:
    return Piece(text, printed, ended, tuple(_mentions(text)))


def _mentions(text: str) -> Iterator[Mention]:
    found = [number for number in numbers(text) if number.unit or not _is_date(text, number)]
    before = 0
    for number, following in pairwise([*found, None]):
        assert number is not None
        signs = [text.rfind(sign, before, number.start) for sign in _DELIMITERS]
        start = max(before, 1 + max(signs))
        if start == before and before and text[before : before + 1] == "、":
            start += 1
        end = _CLAUSE_END.search(text, number.end)
        stop = min(len(text) if end is None else end.start(), len(text) if following is None else following.start)
        depth = text.count("(", 0, number.start) - text.count(")", 0, number.start)
        head = text[start : number.start][-_LONGEST_HEAD:]
        yield Mention(number, head, text[number.end : max(stop, number.end)], start, depth > 0)
        if number.unit:
            before = number.end


def _is_date(text: str, number: Number) -> bool:
    return text[number.end : number.end + 1] in set("年月日时分点号期场家人名天个届楼室层户周")
