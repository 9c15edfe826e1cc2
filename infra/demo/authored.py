"""Authored reports: what a document is going to say, before it is rendered. Fictional bodies only."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from infra.demo.invented import Size, draw_size, figures, prose
from services.core.form import Form, form, form_for_year, parse_path

Printed = int | Decimal | str | None
"""What a cell prints: a figure, a mark such as ``/``, or None for an empty cell."""

REPORTS: Final = Path(__file__).parent / "reports"
"""Folder of the reports that are kept as TOML files."""


@dataclass(frozen=True)
class AuthoredReport:
    """One annual report as its agency wrote it.

    ``table2`` holds one printed figure for a scalar row and a tuple for the others, ``table3`` seven a row in the
    form's column order, ``table4`` five a block by column key. Keys are those of the form's ``layout``. Prose may hold
    several paragraphs, one a line. ``truth`` gives, for each cell with a planted error, the figure that should stand
    there; it is empty in a report without planted errors.
    """

    agency: str
    year: int
    opening: str
    overview: str
    problems: str
    other_matters: str
    signature: str
    date_text: str
    table2: Mapping[str, Printed | tuple[Printed, ...]]
    table3: Mapping[str, tuple[Printed, ...]]
    table4: Mapping[str, Mapping[str, Printed]]
    layout: str = "2021"
    truth: Mapping[str, Printed] = field(default_factory=dict)

    @property
    def form(self) -> Form:
        """The form layout of all three tables."""
        return form(self.layout)

    @property
    def title(self) -> str:
        """The title in one line."""
        return f"{self.agency}{self.year}年政府信息公开工作年度报告"

    @property
    def prose(self) -> dict[str, str]:
        """The text of the sections without a table, by section key."""
        return {"overview": self.overview, "problems": self.problems, "other_matters": self.other_matters}

    def figure(self, path: str) -> Printed:
        """What the cell at ``path`` prints. Raises KeyError for a path that the layout does not have."""
        cell = parse_path(path, self.layout)
        if cell.table == "table2":
            printed = self.table2[cell.row]
            return printed[int(path.rsplit(".", 1)[1])] if isinstance(printed, tuple) else printed
        if cell.table == "table3":
            return self.table3[cell.row][self.form.column_keys.index(cell.column)]
        return self.table4[cell.row][cell.column]

    def paths(self) -> list[str]:
        """Every cell path of the three tables in printed order."""
        return [*self.form.paths("table2"), *self.form.paths("table3"), *self.form.paths("table4")]

    def tables(self) -> dict[str, Any]:
        """``table2``, ``table3`` and ``table4`` in the shape of a result; a blank or a mark is None."""
        return {
            "table2": {
                key: [_read(item) for item in printed] if isinstance(printed, tuple) else _read(printed)
                for key, printed in self.table2.items()
            },
            "table3": {"rows": {key: [_read(item) for item in row] for key, row in self.table3.items()}},
            "table4": {key: {c: _read(item) for c, item in block.items()} for key, block in self.table4.items()},
        }

    def with_printed(self, cells: Mapping[str, Printed]) -> AuthoredReport:
        """The same report with other contents in these cells, as if it had been written so. Raises KeyError."""
        report = self
        for path, printed in cells.items():
            report = _replaced(report, path, printed)
        return report


def with_error(report: AuthoredReport, errors: Mapping[str, Printed]) -> AuthoredReport:
    """The report with errors planted: cell path → what is printed instead. ``truth`` remembers the right figures.

    Raises KeyError for a path that the layout does not have and ValueError for an "error" that changes nothing.
    """
    truth = {path: report.truth.get(path, report.figure(path)) for path in errors}
    for path, printed in errors.items():
        if printed == truth[path] and type(printed) is type(truth[path]):
            raise ValueError(f"{path} already prints {printed!r}")
    return replace(report.with_printed(errors), truth={**report.truth, **truth})


def consistent(
    seed: int, agency: str, year: int, size: Size | None = None, *, layout: str | None = None
) -> AuthoredReport:
    """An invented report in which everything tallies; the same arguments give the same report.

    Most figures are zero, some run into thousands. ``size`` says how large the body's figures run (default: drawn as
    bodies are spread in the country); ``layout`` defaults to the one prescribed for the year. Reports of the same seed,
    body and size on successive years agree with one another.
    """
    shape = form(layout) if layout else form_for_year(year)
    scale = size or draw_size(seed, agency)
    table2, table3, table4 = figures(seed, agency, year, scale, shape)
    words = prose(agency, year, scale, table3, table4)
    return AuthoredReport(
        agency=agency,
        year=year,
        signature=agency,
        date_text=f"{year + 1}年1月{1 + seed % 28}日",
        table2=table2,
        table3=table3,
        table4=table4,
        layout=shape.version,
        opening=words["opening"],
        overview=words["overview"],
        problems=words["problems"],
        other_matters=words["other_matters"],
    )


def load_report(source: Path) -> AuthoredReport:
    """The report in a TOML file. Rows of table 3 and blocks of table 4 that it leaves out are all zero.

    ``[planted]`` maps cell paths to what is printed there instead of the right figure; an empty string is a blank.
    Raises KeyError when the form has no such row or cell.
    """
    data = tomllib.loads(source.read_text(encoding="utf-8"), parse_float=Decimal)
    layout = str(data.get("layout", "2021"))
    shape = form(layout)
    rows, blocks = data.get("table3", {}), data.get("table4", {})
    for unknown in ({*rows} - {*shape.row_keys}) | ({*blocks} - {block.key for block in shape.table4_blocks}):
        raise KeyError(unknown)
    nothing = (0,) * len(shape.column_keys)
    columns = [column.key for column in shape.table4_columns]
    report = AuthoredReport(
        agency=data["agency"],
        year=data["year"],
        opening=data["opening"].strip(),
        overview=data["overview"].strip(),
        problems=data["problems"].strip(),
        other_matters=data["other_matters"].strip(),
        signature=data["signature"],
        date_text=data["date"],
        table2={row.key: _from_toml(data["table2"][row.key]) for row in shape.table2_rows},
        table3={key: tuple(rows.get(key, nothing)) for key in shape.row_keys},
        table4={
            block.key: {key: blocks.get(block.key, {}).get(key, 0) for key in columns} for block in shape.table4_blocks
        },
        layout=layout,
    )
    planted = {path: None if printed == "" else printed for path, printed in data.get("planted", {}).items()}
    return with_error(report, planted) if planted else report


def _from_toml(value: Any) -> Printed | tuple[Printed, ...]:
    printed: Printed | tuple[Printed, ...] = tuple(value) if isinstance(value, list) else value
    return printed


def _read(printed: Printed) -> int | Decimal | None:
    return None if isinstance(printed, str) else printed


def _replaced(report: AuthoredReport, path: str, printed: Printed) -> AuthoredReport:
    report.figure(path)  # an unknown path raises here
    table, row, *rest = path.split(".")
    if table == "table2":
        before = report.table2[row]
        after = _put(before, int(rest[0]), printed) if isinstance(before, tuple) else printed
        return replace(report, table2={**report.table2, row: after})
    if table == "table3":
        index = report.form.column_keys.index(rest[0])
        return replace(report, table3={**report.table3, row: _put(report.table3[row], index, printed)})
    return replace(report, table4={**report.table4, row: {**report.table4[row], rest[0]: printed}})


def _put(row: tuple[Printed, ...], index: int, printed: Printed) -> tuple[Printed, ...]:
    return (*row[:index], printed, *row[index + 1 :])
