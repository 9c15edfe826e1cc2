"""`gouji check`: read and judge documents with no server at all."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from services.cli.findings_table import cell_place, console, findings_table
from services.core.errors import CrashedError, RejectedError, RetryableError
from services.core.finding import Severity
from services.core.report import Document, Format, Report
from services.ingest.extract import make_reading_room
from services.ingest.office import Office, convert, find_office
from services.ingest.readers.office import as_office_document
from services.ingest.sandbox import ReadingRoom
from services.platform.settings import settings
from services.validate.judge import Context, judge

EXIT_ERRORS = 1
EXIT_UNREADABLE = 2

_WITH_OFFICE = "本机装有 LibreOffice 时可以直接检查（不在搜索路径中的，用 GOUJI_OFFICE_COMMAND 指明）。"

_STATUS = {"ok": "[green]读取完整[/]", "review": "[yellow]部分数字需人工核对[/]", "failed": "[red]未能读取[/]"}


def check(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Documents to check.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file, one a line (docs/api.md).")] = False,
    year: Annotated[int | None, typer.Option(help="The year the report should be on.")] = None,
    agency: Annotated[str | None, typer.Option(help="The full name of the body the report should be of.")] = None,
) -> int:
    """Read and judge documents. Exit status: 0 no errors found, 1 errors found, 2 some document could not be read."""
    worst = 0
    out = console()
    context = Context(body_code=None, body_name=agency, expected_year=year, received_on=None)
    with make_reading_room(settings()) as room:
        for file in files:
            document = check_file(room, file, context)
            if as_json:
                print(json.dumps(document.published(), ensure_ascii=False), flush=True)
            else:
                _show(out, document)
            worst = max(worst, _status(document))
    return worst


def check_file(room: ReadingRoom, file: Path, context: Context) -> Document:
    """One document, read in the sandbox and judged; an unreadable one gives a single failed report with the reason."""
    started = time.perf_counter()
    limit = settings().max_bytes
    with file.open("rb") as stream:
        data = stream.read(limit + 1)
    try:
        _refuse_size(data, limit)
        document = _read(room, data, file.name)
    except (RejectedError, CrashedError) as error:
        document = Document(
            file=file.name,
            sha256=hashlib.sha256(data).hexdigest(),
            format=Format(error.detail) if error.reason.code == "office_missing" else _looks_like(data),
            engine="none",
            reports=[Report(status="failed", reason=_reason(error))],
        )
    else:
        document = document.model_copy(update={"reports": [judge(report, context) for report in document.reports]})
    return document.model_copy(update={"file": file.name, "seconds": round(time.perf_counter() - started, 4)})


def _read(room: ReadingRoom, data: bytes, name: str) -> Document:
    """The document, converted first where it needs that and LibreOffice is here."""
    try:
        return room.read(data, filename=name)
    except RejectedError as error:
        if error.reason.code != "office_missing":
            raise
        missing = error
    office = _office()
    if office is None:
        raise missing
    try:
        (converted,) = convert([data], office)
    except RetryableError as error:
        raise missing from error
    if isinstance(converted, RetryableError):
        raise missing from converted
    if not isinstance(converted, bytes):
        raise converted
    return as_office_document(
        room.read(converted, filename=name),
        original_sha256=hashlib.sha256(data).hexdigest(),
        original=Format(missing.detail),
        engine=office.engine,
    )


def _office() -> Office | None:
    try:
        return find_office(settings().office_command)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _reason(error: RejectedError | CrashedError) -> str:
    text = error.reason.text(error.detail)
    return f"{text}{_WITH_OFFICE}" if error.reason.code == "office_missing" else text


def _refuse_size(data: bytes, limit: int) -> None:
    if not data:
        raise RejectedError("empty")
    if len(data) > limit:
        raise RejectedError("too_large", f"上限 {limit // 2**20} MB")


def _looks_like(data: bytes) -> Format:
    return Format.PDF if data[:1024].lstrip().startswith(b"%PDF") else Format.TEXT


def _status(document: Document) -> int:
    if any(report.status == "failed" for report in document.reports) or not document.reports:
        return EXIT_UNREADABLE
    errors = any(found.severity is Severity.ERROR for report in document.reports for found in report.findings)
    return EXIT_ERRORS if errors else 0


def _show(console: Console, document: Document) -> None:
    console.rule(f"[bold]{escape(document.file)}[/]")
    for report in document.reports:
        title = f"{report.agency or '（未识别单位）'}  {report.year or '（未识别年份）'}年"
        console.print(f"[bold]{escape(title)}[/]  {_STATUS[report.status]}  [dim]{document.seconds:.2f} 秒[/]")
        if report.reason:
            console.print(escape(report.reason))
        pages = {path: cell.page for path, cell in report.cells.items() if cell.page}
        if report.uncertain:
            shown = "、".join(cell_place(path, report.layout, pages) for path in report.uncertain[:8])
            more = f" 等 {len(report.uncertain)} 处" if len(report.uncertain) > 8 else ""
            console.print(f"[yellow]请对照原文核对：[/]{escape(shown)}{more}")
        if report.findings:
            console.print(findings_table(report.findings, report.layout, pages))
        elif report.status == "ok":
            console.print("[green]全部勾稽关系成立，没有发现问题。[/]")
