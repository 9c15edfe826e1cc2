"""A report as the rules see it: every cell of the form in one of five plain states, whatever the reader left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import Literal

from services.core.bodies import Level, level_of
from services.core.finding import Cause
from services.core.form import LAYOUTS, Form, form
from services.core.form.labels import squeeze
from services.core.limits import LAW, Limits
from services.core.report import Figure, Kind, Reading, Report
from services.validate.claims import Stated, extract
from services.validate.rules.passages import Passage, passages
from services.validate.rules.relations import Balance, Relation, balances

Entry = int | Decimal | str | None
"""int: whole number; Decimal: number with a fraction; str: what stands there, no number; None: blank or nil sign."""

Table = Literal["table2", "table3", "table4"]

TOO_LARGE = 10**15
"""No count or sum of a public body comes near; longer digits are a reading accident and are kept as text."""

_YEAR = re.compile(r"(?<!\d)(20\d\d)(?=年)")


@dataclass(frozen=True, slots=True)
class Part:
    """A body whose figures an area's report adds up; `report` is None while none is in."""

    code: str
    name: str
    report: Report | None


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about a submission from outside the document.

    `expected_year` is the batch year, `received_on` the day of receipt in Asia/Shanghai. `last_year` is the same body's
    report on the year before, `earlier` the version of this year's report that this one takes the place of. `parts`
    lists the bodies of an area's own report in that year, empty for every other body and where the list is not kept.
    """

    body_code: str | None = None
    body_name: str | None = None
    expected_year: int | None = None
    received_on: date | None = None
    level: Level | None = None
    limits: Limits = LAW
    last_year: Report | None = None
    earlier: Report | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """One report with its context. Everything derived is computed once and shared by all rules."""

    report: Report
    context: Context

    @cached_property
    def forms(self) -> dict[Table, Form]:
        """The layout in force for each table: the one the reader named, else the one its rows show."""
        layout = self.report.layout
        return {
            "table2": form(layout.table2 if layout.table2 in LAYOUTS else self._table2_layout()),
            "table3": form(layout.table3 if layout.table3 in LAYOUTS else self._table3_layout()),
            "table4": form(LAYOUTS[-1]),
        }

    @cached_property
    def cells(self) -> dict[str, Entry]:
        """Path → entry for every cell that was found. A path of the form that is missing here was not found.

        An empty figure that is in doubt and has no place in the document is one the reader filled in, not a blank.
        """
        stored = chain(self._table2_cells(), self._table3_cells(), self._table4_cells())
        placed = self.report.cells
        return {
            path: entry for path, entry in stored if entry is not None or path in placed or path not in self.uncertain
        }

    @cached_property
    def last_year(self) -> Sheet | None:
        """Last year's report of the same body, where it is known, could be read, and is on the year before."""
        earlier = self.context.last_year
        if earlier is None or earlier.status == "failed" or self.year is None or earlier.year != self.year - 1:
            return None
        return Sheet(earlier, Context(body_code=self.context.body_code, expected_year=earlier.year))

    @cached_property
    def level(self) -> Level | None:
        """The body's registered level, or the one its name leaves no doubt of."""
        return self.context.level or level_of(None, self.context.body_name or self.report.agency)

    def a_year_ago(self, path: str) -> Entry:
        """Last year's entry at `path` where that report vouches for it; ``""`` where it does not or is not known."""
        before = self.last_year
        return "" if before is None or path in before.uncertain else before.cells.get(path, "")

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """The prose by paragraphs, opening first; empty in a published result, which carries none."""
        return passages(self.report)

    @cached_property
    def balances(self) -> dict[Relation, Balance]:
        """Both sides of every relation of tables 3 and 4 that can be assessed."""
        return balances(self.cells, self.forms["table3"].version)

    @cached_property
    def stated(self) -> tuple[Stated, ...]:
        """What the prose states in figures, in printed order."""
        return tuple(extract(self.report.sections, self.years, self.context.body_name or self.report.agency))

    @cached_property
    def uncertain(self) -> frozenset[str]:
        """The cells that the reader does not vouch for."""
        return frozenset(self.report.uncertain)

    @cached_property
    def stored_rows(self) -> dict[str, list[Figure]]:
        """Rows of table 3 with exactly seven figures, as the reader stored them."""
        rows = self.report.table3.rows if self.report.table3 else {}
        width = len(self.forms["table3"].column_keys)
        return {key: row for key, row in rows.items() if row is not None and len(row) == width}

    @cached_property
    def row_widths(self) -> dict[str, int]:
        """Row key of table 3 → how many figures stood there, for the rows that had another number than seven.

        A row with none is a blank row and not listed here.
        """
        width = len(self.forms["table3"].column_keys)
        noted = {} if self.reading is None else self.reading.row_widths
        keys = {f"table3.{key}": key for key in self.forms["table3"].row_keys}
        return {keys[path]: count for path, count in noted.items() if path in keys and count not in (0, width)}

    @cached_property
    def blank_rows(self) -> frozenset[str]:
        """Row keys of table 3 whose label was found while no figure was."""
        if self.reading is None or self.report.table3 is None:
            return frozenset()
        paths = {*self.reading.blank_rows, *(path for path, count in self.reading.row_widths.items() if count == 0)}
        return frozenset(key for key in self.forms["table3"].row_keys if f"table3.{key}" in paths)

    @property
    def reading(self) -> Reading | None:
        return self.report.reading

    @property
    def has_prose(self) -> bool:
        """Whether headings were read at all, so that the absence of a text passage means something."""
        return bool(self.report.sections) or self.report.status != "failed"

    def present(self, table: Table) -> bool:
        """Whether anything of the table was found: a cell, or a row that could not be split into columns."""
        if any(path.startswith(table) for path in self.cells):
            return True
        return table == "table3" and bool(self.row_widths)

    def missing(self, table: Table) -> list[str]:
        """The paths of the table's layout that were not found, in printed order."""
        return [path for path in self.forms[table].paths(table) if path not in self.cells]

    def blanks(self, table: Table) -> list[str]:
        """The blank cells of the table, in printed order."""
        cells = self.cells
        return [path for path in self.forms[table].paths(table) if path in cells and cells[path] is None]

    def layout_of(self, path: str) -> str:
        """The layout under which a path is to be read."""
        return next((shape.version for table, shape in self.forms.items() if path.startswith(table)), LAYOUTS[-1])

    def cause(self, where: Iterable[str]) -> Cause:
        """Whose fault a finding about these cells is.

        A cell that was not found is in doubt unless every figure is vouched for. Findings without cells speak of
        headings and prose, which doubts about figures do not touch: only a failed reading makes them unclear.
        """
        vouched = self.report.status == "ok"
        doubted = [path in self.uncertain or not (vouched or path in self.cells) for path in where]
        if not doubted:
            return "unclear" if self.report.status == "failed" else "document"
        if not any(doubted):
            return "document"
        return "extraction" if all(doubted) else "unclear"

    def said(self, where: Iterable[str]) -> str:
        """The verb before a figure: the body reported it, or, where the reading is in doubt, it was read so."""
        return "填报" if self.cause(where) == "document" else "读作"

    @cached_property
    def title_year(self) -> int | None:
        """The year in the title; the report's year when no title was kept; None when a kept title names none or two."""
        title = self.reading.title if self.reading else None
        if title is None:
            return self.report.year
        years = set(_YEAR.findall(squeeze(title)))
        return int(years.pop()) if len(years) == 1 else None

    @cached_property
    def period_year(self) -> int | None:
        """The one year in which the stated period begins and ends, else None."""
        period = self.reading.period if self.reading else None
        years = {text[:4] for text in period or ()}
        year = years.pop() if len(years) == 1 else ""
        return int(year) if year.isascii() and year.isdigit() else None

    @cached_property
    def years(self) -> tuple[int, ...]:
        """The years that the report may be about: its own and the batch's. Rules accept what fits either."""
        known = {year for year in (self.report.year, self.context.expected_year) if year is not None}
        return tuple(sorted(year for year in known if date.min.year <= year < date.max.year))

    @property
    def year(self) -> int | None:
        """The reported year: the report's own, else the batch's."""
        return self.report.year if self.report.year is not None else self.context.expected_year

    def _table2_layout(self) -> str:
        stored = self.report.table2 or {}
        return "2019" if "procurement" in stored or isinstance(stored.get("licences"), list) else "2021"

    def _table3_layout(self) -> str:
        rows = self.report.table3.rows if self.report.table3 else {}
        return "2019" if rows.get("other_all") is not None and rows.get("other_other") is None else "2021"

    def _table2_cells(self) -> Iterator[tuple[str, Entry]]:
        stored = self.report.table2 or {}
        for row in self.forms["table2"].table2_rows:
            value = stored.get(row.key)
            if row.scalar:
                if row.key in stored and not isinstance(value, list):
                    yield self._cell(f"table2.{row.key}", value)
            elif isinstance(value, list) and len(value) == len(row.columns):
                for index, figure in enumerate(value):
                    yield self._cell(f"table2.{row.key}.{index}", figure)

    def _table3_cells(self) -> Iterator[tuple[str, Entry]]:
        shape = self.forms["table3"]
        columns = shape.column_keys
        for key in shape.row_keys:
            figures = self.stored_rows.get(key)
            if figures is None and key in self.blank_rows and key not in self.row_widths:
                figures = [None] * len(columns)
            if figures is None or (self.row_widths.get(key, 0) > len(columns) and len(set(figures)) > 1):
                continue  # more figures than columns, not all alike: which stands where cannot be told
            for column, figure in zip(columns, figures, strict=True):
                yield self._cell(f"table3.{key}.{column}", figure)

    def _table4_cells(self) -> Iterator[tuple[str, Entry]]:
        stored = self.report.table4 or {}
        for path in self.forms["table4"].paths("table4"):
            _, block, column = path.split(".")
            if column in stored.get(block, {}):
                yield self._cell(path, stored[block][column])

    def _cell(self, path: str, figure: Figure) -> tuple[str, Entry]:
        if figure is None:
            cell = self.report.cells.get(path)
            return path, cell.text.strip()[:40] if cell is not None and cell.kind is Kind.TEXT else None
        if isinstance(figure, int):
            return path, figure if abs(figure) < TOO_LARGE else f"{Decimal(figure):.3E}"
        if not figure.is_finite() or figure.adjusted() >= len(str(TOO_LARGE)) - 1:
            return path, f"{figure:.3E}"
        return path, int(figure) if figure == figure.to_integral_value() else figure
