"""The embedded stack at the command line: everything real, on this machine, with one command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.platform.settings import Settings

if TYPE_CHECKING:
    from infra.embedded.supervisor import Running


def up(
    postgres: Annotated[bool, typer.Option(help="PostgreSQL instead of the SQLite file.")] = False,
) -> int:
    """Start servers, workers, sweeper, watcher and HTTP service; stop all with Ctrl-C."""
    with start(Settings(), postgres=postgres) as running:
        where(running)
        running.wait()
    return 0


def demo(
    once: Annotated[bool, typer.Option("--once", help="End by itself when the samples are through.")] = False,
    postgres: Annotated[bool, typer.Option(help="PostgreSQL instead of the SQLite file.")] = False,
    state: Annotated[Path | None, typer.Option(help="State folder; default .gouji/demo, begun anew each time.")] = None,
) -> int:
    """Start everything, drop sample reports, and show what becomes of each."""
    from services.cli.demonstration import run_demo

    return run_demo(state or Path(".gouji/demo"), postgres=postgres, once=once, begin_anew=state is None)


def start(config: Settings, *, postgres: bool) -> Running:
    """Start the embedded stack, or end the program with a plain message when it cannot be started."""
    try:
        from infra.embedded.process import StartError
        from infra.embedded.supervisor import up as bring_up
    except ImportError as error:
        print(f"The embedded servers are not installed ({error.name}). Next step: make setup.", file=sys.stderr)
        raise typer.Exit(1) from error
    try:
        return bring_up(config, postgres=postgres)
    except StartError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


def where(running: Running) -> None:
    """Say where to look."""
    print(f"页面        {running.desk_url}")
    if running.mail_url:
        print(f"收到的邮件  {running.mail_url}")
    print(f"对象存储    http://{running.s3_endpoint}  收件桶 {running.settings.s3_inbox}")
    print(f"投递文件夹  {running.drop_folder}/<单位代码>/[<年份>/]文件")
    print(f"日志        {running.logs}")
    print("按 Ctrl-C 停止。", flush=True)
