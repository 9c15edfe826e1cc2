"""Plain text dumps and Markdown or tab-separated conversions."""

from __future__ import annotations

import re

from services.core.errors import RejectedError
from services.core.form.labels import squeeze
from services.core.report import Format
from services.ingest.readers.reader import Bounds, Read
from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.primitives import Content, Entry, Item, Line, Place, TableRow
from services.ingest.recognise.report import is_annual_report, recognise
from services.ingest.recognise.sections import section_key

ENGINE = "text/1"
_PAGE_NUMBER = re.compile(r"^\s*(?:[-—–]+\s*\d{1,3}\s*[-—–]+|第\s*\d{1,3}\s*页.*)\s*$")
_RULE = re.compile(r"^\s*\|?[\s:|+-]*-{2,}[\s:|+-]*\|?\s*$")
_TOKEN = re.compile(r"\S+")
_WITH_TABLE = frozenset({"proactive", "requests", "disputes"})
_LONGEST_LABEL = 400
_MOST_LINES = 50_000
_MOST_CELLS = 200


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
    """A dump as neutral items. Tabs or pipes make it a table dump (``markdown``), else lines are cut into rows."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > _MOST_LINES:
        raise RejectedError("too_complex", f"{len(lines)}行")
    tabular = sum("\t" in line.strip("\n ") or line.count("|") >= 2 for line in lines)
    if tabular >= 3:
        return Content(Format.MARKDOWN, _table_items(lines))
    marked = any(line.startswith("#") or "**" in line for line in lines)
    return Content(Format.MARKDOWN if marked else Format.TEXT, _dump_items(lines))


def _table_items(lines: list[str]) -> list[Item]:
    """Consecutive lines with tabs or pipes are one grid; empty cells keep their place."""
    items: list[Item] = []
    grid, inside = 0, False
    for number, line in enumerate(lines, 1):
        separator = "\t" if "\t" in line else "|" if line.count("|") >= 2 else ""
        if not separator:
            inside = inside and not line.strip()
            if line.strip() and not _PAGE_NUMBER.match(line):
                items.append(Line(line.strip(), Place(line=number, column=1)))
                inside = False
            elif not line.strip():
                inside = False
            continue
        if _RULE.match(line):
            continue
        grid += not inside
        inside = True
        cells = _cells(line, separator, number)
        if len(cells) > _MOST_CELLS:
            raise RejectedError("too_complex", f"第{number}行有{len(cells)}个单元格")
        items.append(TableRow(cells, grid=grid))
    return items


def _cells(line: str, separator: str, number: int) -> list[Entry]:
    body, shift = line, 0
    if separator == "|":
        shift = len(line) - len(line.lstrip()) + 1 if line.lstrip().startswith("|") else 0
        body = line[shift:].rstrip()
        body = body.removesuffix("|")
    cells, at = [], shift
    for piece in body.split(separator):
        lead = len(piece) - len(piece.lstrip())
        cells.append(Entry(piece.strip().replace("**", ""), Place(line=number, column=at + lead + 1)))
        at += len(piece) + 1
    return cells


def _dump_items(lines: list[str]) -> list[Item]:
    """Lines of prose; inside the three sections with tables also rows: the words since the last row, then figures."""
    items: list[Item] = []
    words: list[str] = []
    open_row: TableRow | None = None
    tables = False
    for number, line in enumerate(lines, 1):
        if not line.strip() or _PAGE_NUMBER.match(line):
            continue
        text = line.strip()
        if key := section_key(text):
            tables, words, open_row = key in _WITH_TABLE, [], None
            items.append(Line(text, Place(line=number, column=1)))
            continue
        label, figures = _trailing_figures(line, number) if tables else (text, [])
        if not figures:
            words.append(text)
            items.append(Line(text, Place(line=number, column=1)))
            open_row = None
        elif not label and open_row is not None and not words:
            open_row.cells.extend(figures)  # a row of figures wrapped over two lines
        else:
            words.append(label)
            open_row = TableRow(
                [Entry("".join(words)[-_LONGEST_LABEL:], Place(line=number, column=1)), *figures], loose=True
            )
            items.append(open_row)
            words = []
    return _without_table_words(items)


def _trailing_figures(line: str, number: int) -> tuple[str, list[Entry]]:
    """The words of a line and the figures at its end."""
    tokens = list(_TOKEN.finditer(line))
    first = len(tokens)
    while first and looks_like_figure(tokens[first - 1][0]):
        first -= 1
    figures = [Entry(token[0], Place(line=number, column=token.start() + 1)) for token in tokens[first:]]
    return line[: tokens[first].start()].strip() if figures else line.strip(), figures


def _without_table_words(items: list[Item]) -> list[Item]:
    """Lines whose words went into a row's label are no prose: those between the first and last row of a section."""
    kept: list[Item] = []
    pending: list[Item] = []
    for item in items:
        if isinstance(item, TableRow):
            kept += [one for one in pending if isinstance(one, Line) and _is_prose(one.text)]
            pending = []
            kept.append(item)
        elif section_key(item.text):
            kept += [*pending, item]
            pending = []
        else:
            pending.append(item)
    return kept + pending


def _is_prose(text: str) -> bool:
    return squeeze(text).endswith("。")
