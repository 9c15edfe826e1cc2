"""Findings as a table for the terminal, the same for `check`, `status` and the demo; one row a matter."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.core.finding import Finding, Severity
from services.core.form import place
from services.core.matters import Matter, advice, matters, statement
from services.core.report import Layout

WIDTH_WITHOUT_TERMINAL = 110

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_WORDS = {Severity.ERROR: "错误", Severity.WARNING: "提醒", Severity.INFO: "提示"}
_PLACES_SHOWN = 2


def console() -> Console:
    """A console as wide as the terminal; wide enough for the tables when output goes to a file."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH_WITHOUT_TERMINAL)


def findings_table(findings: Sequence[Finding], layout: Layout, pages: Mapping[str, int]) -> Table:
    """One row a matter: rules, cells, both figures, message. `pages`: cell path → page, where there are pages."""
    table = Table(show_lines=True, expand=True)
    table.add_column("规则", no_wrap=True, width=6)
    table.add_column("位置", ratio=4, overflow="fold")
    table.add_column("应为", no_wrap=True, justify="right")
    table.add_column("填报", no_wrap=True, justify="right")
    table.add_column("说明", ratio=7, overflow="fold")
    for matter in matters(findings):
        first = matter.findings[0]
        expected, actual = _figures(matter)
        table.add_row(
            "\n".join([f"[{_COLOURS[first.severity]}]{_WORDS[first.severity]}[/]", *(f.rule for f in matter.findings)]),
            escape(_places(matter, layout, pages)),
            _short(expected),
            _short(actual),
            escape(_message(matter, layout)),
        )
    return table


def _message(matter: Matter, layout: Layout) -> str:
    """What to change, then what does not tally; a finding of its own says both in its message."""
    if len(matter.findings) == 1:
        return matter.findings[0].message
    broken = (f"· {statement(finding)}" for finding in matter.findings)
    return "\n".join([advice(matter, lambda path: cell_place(path, layout, {})), *broken])


def _figures(matter: Matter) -> tuple[float | str | None, float | str | None]:
    """Right and wrong figure: of the cell that settles several findings, else of the finding."""
    first = matter.findings[0]
    if len(matter.findings) == 1:
        return (None, None) if first.between_places else (first.expected, first.actual)
    if len(matter.only_way) == 1:
        return matter.only_way[0].to, matter.only_way[0].from_
    return None, None


def _short(value: float | str | None) -> str:
    """A figure for the narrow columns; texts stand in the message."""
    return "" if value is None or isinstance(value, str) else str(value)


def _places(matter: Matter, layout: Layout, pages: Mapping[str, int]) -> str:
    cells = [repair.cell for repair in matter.only_way]
    if not cells:
        several = len(matter.findings) > 1
        cells = [path for finding in matter.findings for path in (finding.where[:1] if several else finding.where)]
    shown = [cell_place(path, layout, pages) for path in cells[:_PLACES_SHOWN]]
    if len(cells) > _PLACES_SHOWN:
        shown.append(f"等 {len(cells)} 处")
    return "\n".join(shown)


def cell_place(path: str, layout: Layout, pages: Mapping[str, int]) -> str:
    """The cell in words, with its page where there is one."""
    version = getattr(layout, path.split(".", 1)[0], None) or "2021"
    try:
        words = place(path, version)
    except (KeyError, ValueError):
        words = path
    return f"{words}（第 {pages[path]} 页）" if path in pages else words
