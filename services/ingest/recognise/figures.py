"""What a numeric cell prints: a figure, nothing, a nil sign, or words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from services.core.form.declaration import NumberKind
from services.core.report import Figure, Kind

_NIL = frozenset({"无", "不适用", "N/A", "n/a"})
_NIL_SIGN = re.compile(r"[/\\]|[-—–―─−]{1,6}")
_MINUS = re.compile(r"^[—–−](?=\d)")
_NUMBER = re.compile(r"(?P<sign>[+-]?)(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?P<part>\.\d+)?")
_UNIT = re.compile(r"(?:万元|元|件|条|项|个|宗|起|次|份|例|部)")
_UNIT_IN_BRACKETS = re.compile(r"[(（](?:单位[:：]?)?(万元|元)[)）]")
_USUAL_UNITS = ("", "元", "万元")
_GROUPED_BY_BLANKS = re.compile(r"\d{1,3}(?: \d{3})+(?:\.\d+)?")
_NOTE_CUT_OFF = re.compile(r"[(（](?:其中|含|自然|修订|包括)[^()（）]*$")
_CHANGE_WORD = re.compile(r"(增加?|减少?)(?=\d)")
_MOST_DIGITS = 12
_LONGEST = 120
"""Characters in a cell with a figure and its note; a longer cell holds prose."""
_TEN_THOUSAND_YUAN_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Printed:
    """A parsed cell. ``note``: words beside the figure. ``doubt``: why the value may be meant otherwise, else empty."""

    value: Figure
    kind: Kind
    note: str = ""
    doubt: str = ""


_BLANK = Printed(None, Kind.BLANK)


def parse_figure(text: str, number: NumberKind = "count", *, unit: str = "") -> Printed:
    """The figure that `text` prints. ``unit`` is what the column head says, 元 or 万元; money is given in 万元.

    Nil signs and blanks give no value, never 0. Words give kind ``text``. A count with decimals or below zero keeps
    its value: whether it may stand there is for the rules to say.
    """
    if len(text) > _LONGEST:
        return Printed(None, Kind.TEXT, doubt="单元格里不是数字")
    return _parse(text, number, unit)


@lru_cache(maxsize=4096)
def _parse(text: str, number: NumberKind, unit: str) -> Printed:
    if not text or text.isspace():
        return _BLANK
    if any(unicodedata.category(char) == "No" for char in text):
        # 12² and 12① would become 122 and 121 in NFKC
        return Printed(None, Kind.TEXT, doubt="数字旁有上标或带圈数字")
    flat = " ".join(unicodedata.normalize("NFKC", text).split())
    tight = flat.replace(" ", "")
    if not tight:
        return _BLANK
    if tight in _NIL or _NIL_SIGN.fullmatch(tight):
        return Printed(None, Kind.DASH)
    if tight in ("零", "〇", "○"):
        return Printed(0, Kind.NUMBER)
    return _number(flat, tight, number, unit, broken="\n" in text.strip())


def _number(flat: str, tight: str, number: NumberKind, unit: str, *, broken: bool) -> Printed:
    sign_word = _CHANGE_WORD.match(tight) if number == "signed" else None
    body = tight[sign_word.end() :] if sign_word else tight
    if number == "signed":
        body = _MINUS.sub("-", body)
    match = _NUMBER.match(body)
    if match is None or len(match["whole"].replace(",", "")) > _MOST_DIGITS:
        return Printed(None, Kind.TEXT, doubt="单元格里不是数字")
    unit_match = _UNIT_IN_BRACKETS.match(body, match.end()) or _UNIT.match(body, match.end())
    end = unit_match.end() if unit_match else match.end()
    unit_said = (unit_match[1] if unit_match.re is _UNIT_IN_BRACKETS else unit_match[0]) if unit_match else ""
    rest = body[end:]
    note, doubt = _note(rest)
    if doubt == "text" or (match["sign"] == "+" and number != "signed"):
        return Printed(None, Kind.TEXT, doubt="单元格里不是单纯的数字")
    value = _value(match, negative=bool(sign_word and sign_word[1].startswith("减")))
    if unit_said:
        note = f"{unit_said}，{note}" if note else unit_said
    said = unit_said or unit
    if number == "money":
        amount = Decimal(value)
        value = amount.scaleb(-_TEN_THOUSAND_YUAN_DIGITS) if said == "元" else amount
        if unit not in _USUAL_UNITS and not unit_said:
            doubt = doubt or f"金额的单位是{unit}，请换算成万元核对"
    elif said in ("元", "万元"):
        doubt = doubt or "件数单元格里写有金额单位"
    if len(match["whole"]) > 1 and match["whole"].startswith("0"):
        doubt = doubt or "数字以0开头，可能是两个数字连在一起"
    return Printed(value, Kind.NUMBER, note, doubt or _blanks_inside(flat, match[0], broken))


def _value(match: re.Match[str], *, negative: bool) -> int | Decimal:
    digits = match["whole"].replace(",", "")
    value: int | Decimal = Decimal(digits + match["part"]) if match["part"] else int(digits)
    return -value if negative or match["sign"] == "-" else value


def _note(rest: str) -> tuple[str, str]:
    """The note after a figure, and a doubt; the doubt ``text`` means that this is no figure with a note."""
    if not rest:
        return "", ""
    if rest[0] in "(（[【〔" and rest[-1] in ")）]】〕":
        return rest[1:-1], ""
    if _NOTE_CUT_OFF.match(rest):  # the note goes on in the next line
        return rest[1:], ""
    if rest.startswith(("其中", "含", "包括")):
        return rest, "数字后的说明没有加括号"
    return "", "text"


def _blanks_inside(flat: str, digits: str, broken: bool) -> str:  # noqa: FBT001 - private, read at one place
    """A doubt when blanks stand inside the digits other than as thousands separators; a line break separates nothing."""
    seen, end = 0, 0
    for end, char in enumerate(flat, 1):  # noqa: B007 - the position is what the loop is for
        seen += char in "0123456789,.+-"
        if seen == len(digits):
            break
    printed = flat[:end].lstrip("增加减少+-（ ")
    if " " not in printed or (_GROUPED_BY_BLANKS.fullmatch(printed) and not broken):
        return ""
    return "数字中间有空格或换行"


def looks_like_figure(text: str) -> bool:
    """Whether a cell may hold a figure: a number, with or without a note, nothing, or a nil sign."""
    return len(text) <= _LONGEST and _like_figure(text)


@lru_cache(maxsize=4096)
def _like_figure(text: str) -> bool:
    return parse_figure(text, "signed").kind is not Kind.TEXT
