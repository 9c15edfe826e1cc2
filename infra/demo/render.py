"""Renders an authored report to the documents that agencies send."""

from __future__ import annotations

from infra.demo.authored import AuthoredReport
from infra.demo.dumps import render_markdown, render_text
from infra.demo.grids import table2_grid, table3_grid, table4_grid
from infra.demo.press import COMPACT, NATIONAL, PAGE_WIDTH, Press, Style, wrap

__all__ = ["render_markdown", "render_pdf", "render_small", "render_text", "truncated"]


def render_pdf(report: AuthoredReport, *, compact: bool = False, break_rows: bool = False, password: str = "") -> bytes:
    """A PDF with a text layer and ruled tables in the national layout; equal reports give equal bytes.

    ``compact`` sets it small, on at most three pages, for load runs. ``break_rows`` lets a row of several text lines
    break over the page: its figures stay above, the rest of its label continues below. ``password`` encrypts the file
    so that it opens with that password only.
    """
    style = COMPACT if compact else NATIONAL
    shape = report.form
    press = Press(style, report.title, break_rows=break_rows, password=password)
    press.title(title_lines(report, style))
    press.prose(report.opening)
    tables = {"proactive": table2_grid, "requests": table3_grid, "disputes": table4_grid}
    for section in shape.sections:
        press.heading(section.heading)
        if section.key in tables:
            press.table(tables[section.key](report))
        else:
            press.prose(report.prose[section.key])
    press.closing([report.signature, report.date_text])
    return press.close()


def render_small(report: AuthoredReport) -> bytes:
    """The compact PDF of at most three pages, for load runs."""
    return render_pdf(report, compact=True)


def title_lines(report: AuthoredReport, style: Style) -> list[str]:
    """The title in one printed line, or in two with the name of the body on the first when it is too long."""
    width = PAGE_WIDTH - 2 * style.margin_x
    if len(wrap(report.title, width, style.title)) == 1:
        return [report.title]
    return [report.agency, report.title.removeprefix(report.agency)]


def truncated(pdf: bytes, kept: float = 0.3) -> bytes:
    """The first part of a file, as an interrupted transfer leaves it. ``kept`` is the share that arrived."""
    return pdf[: int(len(pdf) * kept)]
