"""A report as one document prints it: the text in every cell, every label in its wording, and the exact truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from infra.demo.authored import AuthoredReport
from infra.demo.grids import Grid, GridCell, table2_grid, table3_grid, table4_grid
from services.core.report import Figure

TableKey = Literal["table2", "table3", "table4"]
TABLE_OF_SECTION: Mapping[str, TableKey] = {"proactive": "table2", "requests": "table3", "disputes": "table4"}


@dataclass(frozen=True, slots=True)
class Truth:
    """What must be read from one report: every cell, and the facts beside the tables.

    ``figures``: cell path → figure, None for a blank or nil sign. ``printed``: cell path → the text in the cell.
    ``layouts``: table → form layout. ``date`` is an ISO date.
    """

    agency: str
    year: int
    date: str
    layouts: Mapping[str, str]
    figures: Mapping[str, Figure]
    printed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of a document that is no table. ``section`` is the key of the section it opens or belongs to."""

    kind: Literal["title", "opening", "heading", "prose", "closing"]
    text: str
    section: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the form as one document prints it."""

    key: TableKey
    grid: Grid


Piece = Words | Table


@dataclass(frozen=True)
class Sheet:
    """One report as it is going to be printed.

    ``proactive`` gives table 2 and ``report`` everything else; they differ when a document mixes form layouts.
    ``texts``: cell path → text printed. ``truth``: cell path → figure that must be read. ``head``/``body``: a head or
    row label as the form prints it → as this document prints it. ``exchanged``: pairs of table 3 rows that stand in
    each other's place. ``headings``: section key → heading as printed.
    """

    report: AuthoredReport
    proactive: AuthoredReport
    texts: Mapping[str, str]
    truth: Mapping[str, Figure]
    title: tuple[str, ...]
    head: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    exchanged: tuple[tuple[str, str], ...] = ()
    headings: Mapping[str, str] = field(default_factory=dict)

    def paths(self) -> list[str]:
        """Every cell path in printed order."""
        others = self.report.form
        return [*self.proactive.form.paths("table2"), *others.paths("table3"), *others.paths("table4")]

    def known(self) -> Truth:
        """The truth of this report."""
        month, day = self.report.date_text.split("年")[1].removesuffix("日").split("月")
        return Truth(
            agency=self.report.agency,
            year=self.report.year,
            date=f"{self.report.date_text[:4]}-{int(month):02}-{int(day):02}",
            layouts={"table2": self.proactive.layout, "table3": self.report.layout, "table4": "2021"},
            figures=dict(self.truth),
            printed=dict(self.texts),
        )

    def grid(self, table: TableKey) -> Grid:
        """One table with its texts, wording and exchanged rows."""
        if table == "table2":
            made = table2_grid(self.proactive)
            heads = {cell.row for cell in made.cells if cell.text == "信息内容"}
            return self._worded(made, lambda cell: cell.row in heads)
        made = table3_grid(self.report) if table == "table3" else table4_grid(self.report)
        worded = self._worded(made, lambda cell: cell.row < made.head)
        return self._exchanged(worded, made) if table == "table3" else worded

    def _worded(self, grid: Grid, is_head: Callable[[GridCell], bool]) -> Grid:
        cells = []
        for cell in grid.cells:
            if cell.path:
                text = self.texts[cell.path]
            else:
                text = (self.head if is_head(cell) else self.body).get(cell.text, cell.text)
            cells.append(replace(cell, text=text))
        return replace(grid, cells=tuple(cells))

    def _exchanged(self, grid: Grid, made: Grid) -> Grid:
        at = {cell.path.split(".")[1]: cell.row for cell in made.cells if cell.path}
        place = {at[a]: at[b] for pair in self.exchanged for a, b in (pair, pair[::-1])}
        cells = [replace(c, row=place.get(c.row, c.row)) if c.rows == 1 else c for c in grid.cells]
        return replace(grid, cells=tuple(sorted(cells, key=lambda cell: (cell.row, cell.column))))

    def story(self) -> list[Piece]:
        """The whole report in reading order."""
        report = self.report
        pieces: list[Piece] = [Words("title", line) for line in self.title]
        pieces += [Words("opening", paragraph) for paragraph in report.opening.splitlines()]
        for section in report.form.sections:
            heading = self.headings.get(section.key, section.heading)
            pieces.append(Words("heading", heading, section.key))
            if section.key in TABLE_OF_SECTION:
                key = TABLE_OF_SECTION[section.key]
                pieces.append(Table(key, self.grid(key)))
            else:
                pieces += [Words("prose", line, section.key) for line in report.prose[section.key].splitlines()]
        return [*pieces, Words("closing", report.signature), Words("closing", report.date_text)]


def rows_of(grid: Grid) -> list[list[str]]:
    """The texts of a grid on its raster; a spanning cell stands in its first field, the others are empty."""
    rows = [[""] * len(grid.widths) for _ in range(grid.height)]
    for cell in grid.cells:
        rows[cell.row][cell.column] = cell.text
    return rows


def part_of(grid: Grid, first: int, last: int, *, drop_rows: int = 0) -> Grid:
    """The columns ``first`` to ``last`` (exclusive) of a grid as a table of its own, without its first rows."""
    cells = [
        replace(cell, column=cell.column - first, row=max(cell.row - drop_rows, 0))
        for cell in grid.cells
        if first <= cell.column < last and cell.row + cell.rows > drop_rows
    ]
    return Grid(grid.widths[first:last], grid.height - drop_rows, max(grid.head - drop_rows, 0), tuple(cells))
