"""Who reports on which year: title, period, contact, signature and date."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.core.form.labels import squeeze
from services.ingest.recognise.primitives import Item, Line
from services.ingest.recognise.sections import heading_in_front, join_lines, plain, section_key

_HAN_DIGITS = {char: str(value) for value, char in enumerate("〇一二三四五六七八九")} | {"○": "0", "零": "0", "Ｏ": "0"}
_YEAR = r"(?:(?:19|20)\d{2}|二[〇○零][〇○零一二三四五六七八九]{2})"
_TITLE = re.compile(
    rf"^(?P<agency>.{{0,60}}?)(?:关于)?(?:(?P<year>{_YEAR})年?度?)?的?政府信息公开(?:工作)?(?:年度)?(?:报告|年报)(?:[（(].{{0,20}}[)）])?$"
)
_NO_NAME = re.compile(
    r"^(?:.{0,40}文件)?(?:.{0,20}[（(〔【\[]\d{4}[)）〕】\]]第?\d{1,4}号)?(?:附件\d{0,2}[:：]?)?(?:标题[:：])?(?:[〔【\[][^〕】\]]{1,12}[〕】\]])?"
)
"""What may stand above the name in a title: letterhead, document number, 附件1, a place in brackets."""
_YEAR_IN_FRONT = re.compile(rf"^(?P<year>{_YEAR})年度?")
_NAME = re.compile(r"^[\u4e00-\u9fff（）()·\d、]{2,40}$")
_DATE = re.compile(
    rf"(?P<y>{_YEAR}|\d{{2,4}})[年月./-](?P<m>[\d一二三四五六七八九十]{{1,3}})[月年./-](?P<d>[\d一二三四五六七八九十]{{1,3}})日?$"
)
_GOOD_DATE = re.compile(
    rf"^(?P<y>{_YEAR})(?:年|[./-])(?P<m>[\d一二三四五六七八九十]{{1,3}})(?:月|[./-])(?P<d>[\d一二三四五六七八九十]{{1,3}})日?$"
)
_DAMAGED_DATE = re.compile(r"^20\d{4,6}日$")
"""A date whose 年 and 月 were lost on the way: ``2025120日``."""
_DATE_PIECES = re.compile(r"^[\d\s〇○零一二三四五六七八九十年月日./-]{5,24}$")
_DAY = rf"({_YEAR})年(\d{{1,2}})月(\d{{1,2}})日"
_PERIOD = re.compile(rf"{_DAY}起?(?:至|到|—+|-+|~|～)(?:{_DAY}|(\d{{1,2}})月(\d{{1,2}})日)")
_PAGE_NUMBER = re.compile(
    r"^(?:[-—–·\s]*\d{1,3}[-—–·\s]*|第\s*\d{1,3}\s*页[\s,，/]*(?:共\s*\d{1,3}\s*页)?|\d{1,3}\s*/\s*\d{1,3})$"
)
_ODD_YEAR = re.compile(r"\d{4}年?度?$")
_CONTACT = {
    "address": re.compile(r"地\s*址\s*[:：]?\s*([^，,；;。）)\n]{4,60})"),
    "postcode": re.compile(r"邮\s*(?:政\s*)?编\s*码?\s*[:：]?\s*(\d{6})(?!\d)"),
    "telephone": re.compile(r"电\s*话[^\d\n]{0,8}((?:\+?86-?)?\d[\d-]{5,14}\d)"),
    "fax": re.compile(r"传\s*真[^\d\n]{0,4}(\d[\d-]{5,14}\d)"),
    "email": re.compile(r"([A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4})"),
}
_TITLE_LINES = 4
_TITLE_REACH = 60
_END_REACH = 25
_LONGEST_TITLE = 120
_OPENING_LINES = 60
_LONGEST_OPENING = 20_000


@dataclass(frozen=True, slots=True)
class Title:
    """A report's title: which items it takes (first, one past the last), the body and the year it names.

    ``odd_year``: a year is printed that is none of our time, so the digits of the text layer may be wrong.
    """

    first: int
    end: int
    text: str
    agency: str
    year: int | None
    odd_year: bool = False


def is_page_number(text: str) -> bool:
    """Whether a line by itself may be a page number: ``3``, ``— 3 —``, ``第 3 页 共 7 页``, ``3/7``."""
    return bool(_PAGE_NUMBER.match(text.strip()))


def _arabic(text: str) -> str:
    return "".join(_HAN_DIGITS.get(char, char) for char in text)


def _without_odd_year(name: str) -> tuple[str, bool]:
    bare = _ODD_YEAR.sub("", name)
    return bare, bare != name


def _texts(items: Sequence[Item], index: int) -> str:
    item = items[index]
    return plain(item.text).strip() if isinstance(item, Line) else ""


def title_at(items: Sequence[Item], index: int) -> Title | None:
    """The title that begins at item `index`, over up to four lines; None when none begins there."""
    joined = ""
    for end in range(index, min(index + _TITLE_LINES, len(items))):
        if not isinstance(items[end], Line):
            return None
        text = _texts(items, end)
        if (_DATE_PIECES.match(text) and "月" in text) or (end == index and is_page_number(text)):
            return None
        joined += text
        flat = squeeze(joined)
        if len(flat) > _LONGEST_TITLE or section_key(_texts(items, end)):
            return None
        match = _TITLE.match(flat)
        if match and flat and not any(mark in flat for mark in "，。；：,;:"):
            year = int(_arabic(match["year"])) if match["year"] else None
            agency, odd = _without_odd_year(_NO_NAME.sub("", match["agency"].removesuffix("关于")))
            leading = _YEAR_IN_FRONT.match(agency)
            if leading and year is None:
                agency, year = agency[leading.end() :], int(_arabic(leading["year"]))
            return Title(index, end + 1, joined, agency, year, odd_year=odd and year is None)
    return None


def find_title(items: Sequence[Item]) -> Title | None:
    """The report's title near the head of `items`. A title that begins with the year takes the body's name above it."""
    for index in range(min(_TITLE_REACH, len(items))):
        found = title_at(items, index)
        if found is None:
            continue
        if found.agency:
            return found
        above = next((i for i in range(index - 1, -1, -1) if _texts(items, i)), None)
        name = squeeze(_texts(items, above)) if above is not None else ""
        if above is not None and _NAME.match(name) and not _DATE_PIECES.match(name):
            return Title(above, found.end, f"{_texts(items, above)}{found.text}", name, found.year, found.odd_year)
        return found
    return None


def find_opening(items: Sequence[Item], title: Title | None) -> str:
    """The prose between the title and whatever comes first, a section or a table; empty without a title."""
    lines: list[str] = []
    for item in items[title.end : title.end + _OPENING_LINES] if title else ():
        if not isinstance(item, Line) or section_key(item.text) or heading_in_front(item.text):
            break
        lines.append(plain(item.text))
    return join_lines(lines)[:_LONGEST_OPENING]


def find_period(text: str) -> tuple[str, str] | None:
    """First and last day of the statistical period that `text` states, as ISO dates."""
    flat = squeeze(text)
    for match in _PERIOD.finditer(flat):
        around = flat[max(0, match.start() - 25) : match.end() + 12]
        if not re.search(r"统计|期限|时限|数据|起止|本报告", around):
            continue
        year, month, day = _arabic(match[1]), match[2], match[3]
        last = (_arabic(match[4]), match[5], match[6]) if match[4] else (year, match[7], match[8])
        first_day, last_day = _iso(year, month, day), _iso(*last)
        if first_day and last_day:
            return first_day, last_day
    return None


def find_contact(text: str) -> dict[str, str]:
    """Address, postcode, telephone, fax and email as far as `text` states them."""
    flat = unicodedata.normalize("NFKC", text)
    return {key: match[1].strip()[:100] for key, pattern in _CONTACT.items() if (match := pattern.search(flat))}


@dataclass(frozen=True, slots=True)
class Ending:
    """Signature and date. ``date`` is ISO, None when the printed date is no date; ``first`` is where the ending begins."""

    signature: str | None = None
    date_text: str | None = None
    date: str | None = None
    first: int | None = None


def find_ending(items: Sequence[Item], title: Title | None) -> Ending:
    """The last date line with the body's name beside or above it; else a date line right under the title."""
    lines = [i for i, item in enumerate(items) if isinstance(item, Line) and plain(item.text).strip()]
    for position in range(len(lines) - 1, max(-1, len(lines) - 1 - _END_REACH), -1):
        index = lines[position]
        text = _texts(items, index)
        found = _date_line(text)
        if found is None:
            continue
        signature, date_text = found
        first = index
        if not signature and position:
            above = squeeze(_texts(items, lines[position - 1]))
            if (
                _NAME.match(above)
                and section_key(above) is None
                and (title is None or lines[position - 1] >= title.end)
            ):
                signature, first = above, lines[position - 1]
        return Ending(signature or None, date_text, parse_date(date_text), first)
    for index in lines:
        if title is not None and title.end <= index < title.end + 2:
            text = _texts(items, index).strip("（）()")
            if (found := _date_line(text)) is not None:
                return Ending(None, found[1], parse_date(found[1]))
    return Ending()


def _date_line(text: str) -> tuple[str, str] | None:
    """(name in front, date as printed) when `text` is a date line, whether or not the date is a valid one."""
    flat = squeeze(text)
    if len(flat) > 60 or not flat.endswith(("日", "月", *"0123456789")):
        return None
    if _DAMAGED_DATE.match(flat):
        return "", text
    if _DATE_PIECES.match(text) and sum(mark in flat for mark in "年月日") >= 2:
        return "", text
    match = _DATE.search(flat)
    if match is None or ("年" not in match[0] and "月" not in match[0] and match.start() > 0):
        return None
    name = flat[: match.start()]
    if name and not _NAME.match(name):
        return None
    start = len(text) - next(n for n in range(len(text) + 1) if squeeze(text[len(text) - n :]) == match[0])
    return name, text[start:].strip()


def parse_date(text: str) -> str | None:
    """ISO form of a printed date; None when it is damaged or no day of the calendar."""
    match = _GOOD_DATE.match(squeeze(text))
    return _iso(match["y"], match["m"], match["d"]) if match else None


def _iso(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(_arabic(year)), _small(month), _small(day)).isoformat()
    except ValueError:
        return None


def _small(text: str) -> int:
    """12, 十二 and 二十一 as numbers. Raises ValueError for anything else."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return int(_arabic(text))
    return 10 * (int(_arabic(tens)) if tens else 1) + (int(_arabic(ones)) if ones else 0)
