"""Plain text dumps and Markdown or tab-separated conversions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.core.errors import RejectedError
from services.core.form.labels import squeeze
from services.core.report import Format
from services.ingest.readers.fields import GridReader, separator_of
from services.ingest.readers.reader import Bounds, Read
from services.ingest.readers.traditional import is_traditional, simplified
from services.ingest.recognise.primitives import Content, Item, Line, Place
from services.ingest.recognise.printed import Run, Token, read_line, with_nil_words
from services.ingest.recognise.report import is_annual_report, recognise
from services.ingest.recognise.running import table2_rows, table3_rows, table4_rows
from services.ingest.recognise.sections import heading_in_front, plain, section_key

ENGINE = "text/2"
_PAGE_NUMBER = re.compile(
    r"^\s*(?:[-—–－]+\s*\d{1,3}\s*[-—–－]+|第\s*\d{1,3}\s*页.*|\d{1,3}\s*/\s*\d{1,3}|[Pp]age\s*\d{1,3}.*)\s*$"
)
_NUMBER_IN_FRONT = re.compile(r"^\s*[-—–－]+\s*\d{1,3}\s*[-—–－]+(?=\s*[\u4e00-\u9fff（(])")
"""A page number that stands in one line with the first words of the next page."""
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_LONE_NUMBER = re.compile(r"^\s*\d{1,3}\s*$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u200b-\u200f\u2060\ufeff]")
_SENTENCE = re.compile(r"[。；！？]")
_TABLES = {"proactive": 2, "requests": 3, "disputes": 4}
_WIDTHS = {2: 1, 3: 7, 4: 15}
"""Figures in a row of a table."""
_ROWS = {2: table2_rows, 3: table3_rows, 4: table4_rows}
_MOST_LINES = 50_000
_LONGEST_LINE = 20_000
_MOST_TOKENS = 20_000
_BLOCK_TITLE = re.compile(r"^第二十条第[（(][一二三四五六七八九]")
_FEW_GRIDS = 3


def read_dump(data: bytes, _bounds: Bounds) -> Read:
    """The reports of a text dump. Raises RejectedError: unsupported_format, too_complex, not_annual_report."""
    content = read_text(decode(data))
    reports = recognise(content)
    if not is_annual_report(content, reports):
        raise RejectedError("not_annual_report")
    return Read(content.format, ENGINE, reports)


def decode(data: bytes) -> str:
    """The text of `data`: UTF-8 (with or without mark), UTF-16 with mark, else GB18030. Raises RejectedError."""
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise RejectedError("unsupported_format", "既不是文字也不是已知的文档格式")


def read_text(text: str) -> Content:
    """A dump as neutral items. Raises RejectedError: too_complex.

    Lines with tabs or pipes are rows of a grid (``markdown``); other lines in the three sections with tables are cut
    into rows by what the form is known to say there.
    """
    if is_traditional(text):
        text = simplified(text)
    lines = _LINE_END.split(text)
    if len(lines) > _MOST_LINES:
        raise RejectedError("too_complex", f"{len(lines)}行")
    if any(len(line) > _LONGEST_LINE for line in lines):
        raise RejectedError("too_complex", "有过长的行")
    marked = sum(bool(separator_of(line)) or line.startswith("#") or "**" in line for line in lines)
    dump = _Dump(_kept(lines))
    return Content(Format.MARKDOWN if marked >= _FEW_GRIDS else Format.TEXT, dump.items())


def _kept(lines: Sequence[str]) -> list[tuple[int, str]]:
    """(number, text) of the lines without page numbers, control characters made blanks."""
    numbers = _numbers_at_breaks(lines)
    kept = []
    for number, line in enumerate(lines, 1):
        if number in numbers or _PAGE_NUMBER.match(line.replace("\f", " ")):
            kept.append((number, ""))
        else:
            text = _CONTROL.sub(" ", line).replace("\f", " ")
            kept.append((number, _NUMBER_IN_FRONT.sub(lambda m: " " * len(m[0]), text)))
    return kept


def _numbers_at_breaks(lines: Sequence[str]) -> set[int]:
    """Lines with a bare number at the foot of each page, where form feeds part pages and the numbers count them."""
    feet: list[int] = []
    last = 0
    for number, line in enumerate(lines, 1):
        if "\f" in line and last:
            feet.append(last)
        if line.strip(" \f\t"):
            last = number
    values = [lines[foot - 1].strip() for foot in feet]
    counted = [int(value) for value in values if _LONE_NUMBER.match(value)]
    steady = len(counted) == len(feet) >= 2 and all(b - a == 1 for a, b in pairwise(counted))
    return set(feet) if steady else set()


@dataclass(slots=True)
class _Dump:
    """The kept lines of a dump on their way to items."""

    lines: list[tuple[int, str]]
    found: list[Item] = field(default_factory=list)
    grids: GridReader = field(default_factory=GridReader)

    def items(self) -> list[Item]:
        region, waiting = 0, list[tuple[int, str]]()
        tail = 0  # the line with the rest of a heading
        for number, text, begins in self._regions():
            if begins is not None:
                self._close(region, waiting)
                region, waiting = begins, []
                if section_key(text) or heading_in_front(text):
                    self.found.append(Line(text.strip(), Place(line=number, column=1)))
                    continue
                tail = self._tail_of_heading(number)
            if tail and text.strip():
                self.found.append(Line(text.strip(), Place(line=number, column=1)))
                tail = tail if number < tail else 0
                continue
            waiting.append((number, text))
        self._close(region, waiting)
        return self.found

    def _regions(self) -> Iterator[tuple[int, str, int | None]]:
        """Each line with the table (2, 3, 4, or 0 for prose) that begins with it, None where nothing changes."""
        region = 0
        for at, (number, text) in enumerate(self.lines):
            begins = self._begins(at, text, region)
            if begins is not None:
                region = begins
            yield number, text, begins

    def _begins(self, at: int, text: str, region: int) -> int | None:
        if not text.strip():
            return None
        if key := section_key(text) or (heading_in_front(text) or ("",))[0]:
            return _TABLES.get(key, 0)
        following = next((t for _, t in self.lines[at + 1 : at + 4] if t.strip()), "")
        if self._wrapped_heading(text, following):
            return _TABLES.get(section_key(plain(text).strip() + plain(following).strip()) or "", 0)
        return _told_by_words(squeeze(text), region)

    @staticmethod
    def _wrapped_heading(text: str, following: str) -> bool:
        head, tail = plain(text).strip(), plain(following).strip()
        if not re.match(r"^[一二三四五六七八九]、", squeeze(head)) or len(squeeze(tail)) > 14 or section_key(tail):
            return False
        return section_key(head + tail) is not None and not _SENTENCE.search(head)

    def _tail_of_heading(self, number: int) -> int:
        """The number of the line that ends the heading begun in line `number`, 0 when none begins there."""
        following = next(((n, t) for n, t in self.lines[number : number + 3] if t.strip()), (0, ""))
        return following[0] if self._wrapped_heading(self.lines[number - 1][1], following[1]) else 0

    def _close(self, region: int, lines: list[tuple[int, str]]) -> None:
        if any(separator_of(text) for _, text in lines):
            self.found += self.grids.items(lines, table=bool(region))
        elif region:
            self._running(region, lines)
        else:
            self.found += [Line(t.strip(), Place(line=n, column=1)) for n, t in lines if t.strip()]

    def _running(self, region: int, lines: list[tuple[int, str]]) -> None:
        printed: list[Token | Run] = []
        prose: list[Line] = []
        others: list[Line] = []
        for number, text in lines:
            if not text.strip():
                continue
            line = Line(text.strip(), Place(line=number, column=1))
            if _SENTENCE.search(text):
                prose.append(line)
            else:
                others.append(line)
                printed += read_line(text, number, nil_words=region == _TABLES["proactive"])
        if len(printed) > _MOST_TOKENS:
            raise RejectedError("too_complex", "表格里的文字过多")
        printed = with_nil_words(printed, _WIDTHS[region])
        rows = _ROWS[region](printed, self.grids.next_grid()) if any(isinstance(p, Run) for p in printed) else []
        last = max((cell.place.line or 0 for row in rows for cell in row.cells), default=0)
        prose += [line for line in others if (line.place.line or 0) > last]
        merged: list[Item] = [*prose, *rows]
        merged.sort(key=_line_of)
        self.found += merged


def _line_of(item: Item) -> int:
    place = item.place if isinstance(item, Line) else item.cells[0].place
    return place.line or 0


def _told_by_words(flat: str, region: int) -> int | None:
    """The table that begins with this line although no heading is above it."""
    if region != 2 and _BLOCK_TITLE.match(flat):
        return 2
    if region != 3 and (flat.startswith(("一、本年新收政府信息公开申请", "申请人情况")) or "勾稽关系为" in flat):
        return 3
    if region != 4 and (flat.startswith(("行政复议行政诉讼", "结果维持结果纠正")) or flat == "行政复议"):
        return 4
    return None
