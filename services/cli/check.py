"""`gouji check`: read and judge documents with no server at all."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from services.cli.findings_table import cell_place, console, findings_table
from services.cli.precheck import Beside, Checked, File, OfficeCommandError
from services.cli.precheck import check as judged
from services.core.finding import Severity
from services.core.report import Document
from services.ingest.extract import make_reading_room
from services.ingest.sandbox import ReadingRoom
from services.platform.settings import settings
from services.validate.judge import Context

EXIT_ERRORS = 1
EXIT_UNREADABLE = 2

_STATUS = {"ok": "[green]读取完整[/]", "review": "[yellow]部分数字需人工核对[/]", "failed": "[red]未能读取[/]"}


def check(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Documents to check.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file, one a line (docs/api.md).")] = False,
    year: Annotated[int | None, typer.Option(help="The year the report should be on.")] = None,
    agency: Annotated[str | None, typer.Option(help="The full name of the body the report should be of.")] = None,
    last_year: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, readable=True, help="The same body's report on the year before."),
    ] = None,
    earlier: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, readable=True, help="The version before: tells what is settled."),
    ] = None,
) -> int:
    """Read and judge documents. Exit status: 0 no errors found, 1 errors found, 2 some document could not be read."""
    if (last_year or earlier) and len(files) > 1:
        raise typer.BadParameter("--last-year and --earlier belong to one document; give one")
    out = console()
    context = Context(body_code=None, body_name=agency, expected_year=year, received_on=None)
    try:
        with make_reading_room(settings()) as room:
            given = [_file(path) if path else None for path in (last_year, earlier)]
            beside, unread = Beside.read(room, last_year=given[0], earlier=given[1])
            _say(unread)
            worst = EXIT_UNREADABLE if unread else 0
            for file in files:
                checked = judged(room, _file(file), lambda _: context, beside)
                _say(checked.notes)
                if as_json:
                    print(json.dumps(checked.document.published(), ensure_ascii=False), flush=True)
                else:
                    _show(out, checked)
                worst = max(worst, _status(checked.document))
    except OfficeCommandError as error:
        raise typer.BadParameter(str(error)) from error
    return worst


def check_file(room: ReadingRoom, file: Path, context: Context) -> Document:
    """One document, read in the sandbox and judged; an unreadable one gives a single failed report with the reason."""
    return judged(room, _file(file), lambda _: context).document


def _file(path: Path) -> File:
    """The document; of one that is too large no more than is needed to say so."""
    with path.open("rb") as stream:
        return File(path.name, stream.read(settings().max_bytes + 1))


def _say(notes: Iterable[str]) -> None:
    for note in notes:
        print(note, file=sys.stderr)


def _status(document: Document) -> int:
    if any(report.status == "failed" for report in document.reports) or not document.reports:
        return EXIT_UNREADABLE
    errors = any(found.severity is Severity.ERROR for report in document.reports for found in report.findings)
    return EXIT_ERRORS if errors else 0


def _show(console: Console, checked: Checked) -> None:
    document = checked.document
    console.rule(f"[bold]{escape(document.file)}[/]")
    for report, told in zip_longest(document.reports, checked.progress):
        title = f"{report.agency or '（未识别单位）'}  {report.year or '（未识别年份）'}年"
        console.print(f"[bold]{escape(title)}[/]  {_STATUS[report.status]}  [dim]{document.seconds:.2f} 秒[/]")
        if report.reason:
            console.print(escape(report.reason))
        pages = {path: cell.page for path, cell in report.cells.items() if cell.page}
        if report.uncertain:
            shown = "、".join(cell_place(path, report.layout, pages) for path in report.uncertain[:8])
            more = f" 等 {len(report.uncertain)} 处" if len(report.uncertain) > 8 else ""
            console.print(f"[yellow]请对照原文核对：[/]{escape(shown)}{more}")
        if told is not None and told.words():
            console.print(f"[bold]与上一版相比：[/]{told.words()}")
        if report.findings:
            console.print(findings_table(report.findings, report.layout, pages))
        elif report.status == "ok":
            console.print("[green]全部勾稽关系成立，没有发现问题。[/]")
