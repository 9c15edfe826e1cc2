"""Places, figures and dates in the words of a mail. Pure text; escaping is the template's business."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from services.core.form import Form, form, form_for_year, place, row_place
from services.core.report import Layout
from services.notify.headers import header_value
from services.platform.clock import CHINA

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
PROSE = "正文和格式"
"""Where a finding belongs that is about no table."""

_WWW = re.compile(r"\bwww\.", re.IGNORECASE)

_MANY = 7
"""More cells of one column than this are named as the column."""


class Paper:
    """One report's paper: names cells by the layout that each of its tables has, and knows their pages."""

    def __init__(self, layout: Layout, year: int | None, pages: Mapping[str, int]) -> None:
        self._layout = layout
        self._fallback = form_for_year(year or 9999).version
        self._pages = pages

    def form(self, table: str) -> Form:
        """The layout of this table, as detected or else as prescribed for the year."""
        return form(getattr(self._layout, table, None) or self._fallback)

    def cell(self, path: str) -> str:
        """A place in words: ``表三（一）予以公开 · 自然人``, ``表三（一）予以公开``, ``标题``, ``一、总体情况``."""
        table = path.partition(".")[0]
        try:
            return place(path, self.form(table).version)
        except (KeyError, ValueError):
            return self._elsewhere(path)

    def _elsewhere(self, path: str) -> str:
        head, _, rest = path.partition(".")
        if rest:
            try:
                return row_place(head, rest.split(".")[0], self.form(head).version)
            except (KeyError, StopIteration):
                pass
        for section in self.form("").sections:
            if section.key in (head, rest):
                return section.heading
        return _ELSEWHERE.get(head, "报告正文")

    def places(self, paths: Iterable[str]) -> tuple[str, ...]:
        """The cells in words, one entry a row: ``表三（一）予以公开 · 自然人、总计``; whole rows as 整行."""
        listed_paths = list(dict.fromkeys(paths))
        column = self._whole_column(listed_paths)
        if column:
            return (f"{self.table(listed_paths)}“{column}”一列（{len(listed_paths)} 格）",)
        columns: dict[str, list[str]] = {}
        widths: dict[str, int] = {}
        for path in listed_paths:
            row, _, name = self.cell(path).partition(" · ")
            listed = columns.setdefault(row, [])
            if name and name not in listed:
                listed.append(name)
                widths[row] = self._width(path)
        return tuple(
            f"{row}（整行 {len(listed)} 格）"
            if 1 < len(listed) == widths[row]
            else f"{row} · {'、'.join(listed)}"
            if listed
            else row
            for row, listed in columns.items()
        )

    def _whole_column(self, paths: list[str]) -> str:
        """The column's name when these are the many cells of one column of table 3; nobody wants them one by one."""
        if len(paths) <= _MANY or any(not path.startswith("table3.") for path in paths):
            return ""
        names = {self.cell(path).partition(" · ")[2] for path in paths}
        return names.pop() if len(names) == 1 else ""

    def _width(self, path: str) -> int:
        table, row, *_ = path.split(".")
        shape = self.form(table)
        if table == "table2":
            return len(shape.table2_row[row].columns)
        return len(shape.table3_columns if table == "table3" else shape.table4_columns)

    def pages(self, paths: Iterable[str]) -> str:
        """``第 3 页``, ``第 3、4 页``, or nothing where no page is known."""
        known = sorted({self._pages[path] for path in paths if path in self._pages})
        return f"第 {'、'.join(map(str, known))} 页" if known else ""

    def table(self, paths: Sequence[str]) -> str:
        """The table that a finding is about, by its first place: ``表三``, or ``正文和格式``."""
        head = paths[0].split(".")[0] if paths else ""
        return {"table2": "表二", "table3": "表三", "table4": "表四"}.get(head, PROSE)


def figure(value: object) -> str:
    """A figure as printed in a report: no exponent, no trailing zeros. Text stays text, on one line."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = Decimal(str(value))
        if not number.is_finite():
            return str(value)
        exact = number.normalize()
        return f"{exact:f}" if exact else "0"
    return quiet(str(value))


def gap(expected: object, actual: object) -> str:
    """``多 2`` or ``少 2`` of the printed figure against the expected one; nothing where they are no figures."""
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        difference = Decimal(str(actual)) - Decimal(str(expected))
        if difference:
            return f"{'多' if difference > 0 else '少'} {figure(abs(difference))}"
    return ""


def quiet(text: str, limit: int = 600) -> str:
    """Text from outside on one line, without controls, and without anything that mail readers turn into a link."""
    line = header_value(text, limit=limit)
    return _WWW.sub("www．", line.replace("://", "：//"))


def moment(at: datetime) -> str:
    """``2025年1月30日 23:05`` in China's time."""
    local = at.astimezone(CHINA)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def day(on: date) -> str:
    """``1月31日``."""
    return f"{on.month}月{on.day}日"
