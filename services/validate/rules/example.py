"""A made-up report in which everything tallies, and small departures from it, for the rule book's examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from services.core.form import form
from services.core.report import Figure, Layout, Reading, Report, SectionFound, Table2, Table3, Table4
from services.validate.rules.sheet import Context

_ROWS: Final[dict[str, list[int]]] = {
    "new": [12, 3, 0, 1, 0, 2, 18],
    "carried_in": [2, 0, 0, 0, 0, 0, 2],
    "granted": [5, 1, 0, 1, 0, 1, 8],
    "partial": [2, 0, 0, 0, 0, 0, 2],
    "deny_third_party": [1, 1, 0, 0, 0, 0, 2],
    "unable_no_info": [3, 1, 0, 0, 0, 1, 5],
    "reject_complaint": [1, 0, 0, 0, 0, 0, 1],
    "other_no_correction": [1, 0, 0, 0, 0, 0, 1],
    "total": [13, 3, 0, 1, 0, 2, 19],
    "carried_out": [1, 0, 0, 0, 0, 0, 1],
}
_TABLE2: Final[Table2] = {
    "regulations": [0, 0, 0],
    "normative_docs": [2, 1, 9],
    "licences": 320,
    "penalties": 15,
    "coercion": 0,
    "fees": Decimal("12.5"),
}
_TABLE4: Final[Table4] = {
    "review": {"upheld": 2, "corrected": 1, "other": 0, "pending": 1, "total": 4},
    "direct": {"upheld": 0, "corrected": 0, "other": 0, "pending": 0, "total": 0},
    "after_review": {"upheld": 1, "corrected": 0, "other": 0, "pending": 0, "total": 1},
}
_PROSE: Final = {
    "overview": "2024年，本局主动公开政府信息，办理依申请公开，加强政府信息管理、平台建设和监督保障。",
    "problems": "存在的主要问题是解读形式单一。下一步将丰富图文解读。",
    "other_matters": "本年度未收取信息处理费，无其他需要报告的事项。",
}


def _table3(layout: str) -> Table3:
    spread: dict[str, list[Figure] | None] = {key: [*_ROWS.get(key, [0] * 7)] for key in form(layout).row_keys}
    if layout == "2019":
        spread["other_all"] = [*_ROWS["other_no_correction"]]
    return Table3(rows=spread)


TALLYING: Final = Report(
    agency="示例县农业农村局",
    year=2024,
    date="2025-01-20",
    layout=Layout(table2="2021", table3="2021", table4="2021"),
    status="ok",
    table2=_TABLE2,
    table3=_table3("2021"),
    table4=_TABLE4,
    sections=[
        SectionFound(key=section.key, title=section.heading, page=1, text=_PROSE.get(section.key, ""))
        for section in form("2021").sections
    ],
    reading=Reading(
        title="示例县农业农村局2024年政府信息公开工作年度报告",
        period=("2024-01-01", "2024-12-31"),
        date_text="2025年1月20日",
        signature="示例县农业农村局",
        contact={"address": "示例县建设路1号", "telephone": "0000-5550100"},
        labels={"normative_docs": "行政规范性文件"},
    ),
)
"""A complete report in which every identity holds and no rule finds anything."""

CONTEXT: Final = Context("example", "示例县农业农村局", 2024, date(2025, 1, 21))

ONE_ROW_OTHER: Final[dict[str, Any]] = {
    "table3": _table3("2019"),
    "layout": Layout(table2="2021", table3="2019", table4="2021"),
}
"""The same table 3 with （六）其他处理 as the one row of the 2019 layout."""

OLD_TABLE2: Final[dict[str, Any]] = {
    "layout": Layout(table2="2019", table3="2021", table4="2021"),
    "table2": {
        "regulations": [0, 0, 0],
        "normative_docs": [2, 2, 9],
        "licences": [12, 1, 320],
        "other_services": [3, 0, 40],
        "penalties": [8, 0, 15],
        "coercion": [2, -1, 0],
        "fees": [1, 0],
        "procurement": [6, Decimal("25.1")],
    },
}
"""The same body's table 2 in the 2019 layout."""


def with_figures(report: Report, figures: Mapping[str, Figure]) -> Report:
    """`report` with other figures at these cell paths. Raises KeyError where the report has no such row."""
    table2: Any = {key: [*row] if isinstance(row, list) else row for key, row in (report.table2 or {}).items()}
    rows: Any = {key: row and [*row] for key, row in (report.table3.rows if report.table3 else {}).items()}
    table4: Any = {key: {**block} for key, block in (report.table4 or {}).items()}
    for path, value in figures.items():
        table, row, *rest = path.split(".")
        if table == "table2" and not rest:
            table2[row] = value
        elif table == "table2":
            table2[row][int(rest[0])] = value
        elif table == "table3":
            rows[row][form("2021").column_keys.index(rest[0])] = value
        else:
            table4[row][rest[0]] = value
    changed = {"table2": table2, "table3": Table3(rows=rows), "table4": table4}
    kept = {key: value for key, value in changed.items() if getattr(report, key) is not None}
    return report.model_copy(update=kept)


@dataclass(frozen=True)
class Example:
    """A departure from ``TALLYING`` that one rule speaks about.

    Figures by path, fields of report and reading, and what is known from outside beyond ``CONTEXT``.
    """

    figures: Mapping[str, Figure] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        """What the example is to be judged in."""
        return replace(CONTEXT, **self.known)

    def build(self) -> Report:
        """The report of the example."""
        assert TALLYING.reading is not None
        reading = TALLYING.reading.model_copy(update=dict(self.reading))
        return with_figures(TALLYING.model_copy(update={**self.report, "reading": reading}), self.figures)


def nothing_happened() -> Report:
    """``TALLYING`` with 0 in every cell, as most bodies report."""
    return with_figures(TALLYING, dict.fromkeys((p for p, value in TALLYING.figures().items() if value is not None), 0))


def a_year_before(figures: Mapping[str, Figure] | None = None, **fields: Any) -> Report:
    """The body's report on 2023: it tallies, and hands on what ``TALLYING`` begins with, cases and documents in force."""
    handed_on = {
        "table2.normative_docs.2": 8,
        "table3.carried_out.natural": 2,
        "table3.carried_out.total": 2,
        "table3.new.natural": 13,
        "table3.new.total": 19,
    }
    reading = {
        "title": "示例县农业农村局2023年政府信息公开工作年度报告",
        "period": ("2023-01-01", "2023-12-31"),
        "date_text": "2024年1月20日",
    }
    prose = {"sections": [s.model_copy(update={"text": s.text.replace("2024年", "2023年")}) for s in TALLYING.sections]}
    fields = {"year": 2023, "date": "2024-01-20", **prose, **fields}
    return Example({**handed_on, **(figures or {})}, fields, reading).build()


def with_prose(key: str, text: str) -> dict[str, Any]:
    """The sections with another text in one of them."""
    return {"sections": [s.model_copy(update={"text": text}) if s.key == key else s for s in TALLYING.sections]}


def without_block(key: str) -> dict[str, Any]:
    """Table 4 without one of its blocks."""
    return {"table4": {block: figures for block, figures in _TABLE4.items() if block != key}}


def without_rows(*keys: str) -> dict[str, Any]:
    """Table 3 without these rows, as a reader leaves it that could not place them."""
    return {"table3": Table3(rows={**_table3("2021").rows, **dict.fromkeys(keys)})}
