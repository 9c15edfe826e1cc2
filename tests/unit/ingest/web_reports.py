"""Publishes an authored report as a web page in the ways that sites do, and in the ways that spoil it."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.demo.authored import AuthoredReport
from infra.demo.grids import Grid, GridCell, table2_grid, table3_grid, table4_grid

GRIDS = {"proactive": table2_grid, "requests": table3_grid, "disputes": table4_grid}


def plain_cell(cell: GridCell) -> str:
    """The content of a table cell, without any ornament."""
    return html.escape(cell.text)


def spans(cell: GridCell) -> str:
    """The span attributes of a cell."""
    rows = f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
    return rows + (f' colspan="{cell.columns}"' if cell.columns > 1 else "")


def table(
    grid: Grid, content: Callable[[GridCell], str] = plain_cell, attributes: Callable[[GridCell], str] = spans
) -> str:
    """A grid as a table element."""
    rows = []
    for row in range(grid.height):
        cells = sorted((cell for cell in grid.cells if cell.row == row), key=lambda cell: cell.column)
        rows.append("<tr>" + "".join(f"<td{attributes(c)}>{content(c)}</td>" for c in cells) + "</tr>")
    return "<table>\n" + "\n".join(rows) + "\n</table>"


@dataclass
class Site:
    """How a site publishes. ``tables``: the grid as markup; ``around``: the whole page around the report's body."""

    tables: Callable[[Grid], str] = table
    paragraph: Callable[[str], str] = lambda text: f"<p>{html.escape(text)}</p>"
    around: Callable[[AuthoredReport, str], str] = lambda _, body: (
        f"<!DOCTYPE html><html><body>\n{body}\n</body></html>"
    )
    title: bool = True
    ending: bool = True
    only: tuple[str, ...] = field(default=("proactive", "requests", "disputes"))


def publish(report: AuthoredReport, site: Site | None = None) -> str:
    """The page of a report."""
    how = site or Site()
    parts = [how.paragraph(report.title)] if how.title else []
    parts += [how.paragraph(text) for text in report.opening.splitlines()]
    for section in report.form.sections:
        parts.append(how.paragraph(section.heading))
        if section.key in GRIDS:
            parts.append(how.tables(GRIDS[section.key](report)) if section.key in how.only else "")
        else:
            parts += [how.paragraph(text) for text in report.prose[section.key].splitlines()]
    if how.ending:
        parts += [how.paragraph(report.signature), how.paragraph(report.date_text)]
    return how.around(report, "\n".join(parts))
