"""The commands of `gouji` and their exit statuses. 64 is wrong usage (sysexits' EX_USAGE); others are each command's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click
import typer

from services.cli import local, operate, roles
from services.cli.check import check

USAGE = 64

app = typer.Typer(
    name="gouji",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Gouji 勾稽: reads annual open-government reports, checks that everything tallies, tells whom to mend what.",
)
app.command(rich_help_panel="Without servers")(check)
_PANELS: dict[str, tuple[Callable[..., Any], ...]] = {
    "Embedded stack": (local.up, local.demo),
    "Daily work": (operate.submit, operate.status, operate.ledger, operate.replay),
    "Roles (one a container)": (roles.migrate, roles.serve, roles.worker, roles.sweep, roles.watch, roles.health),
}
for panel, commands in _PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(operate.agencies, name="agencies", rich_help_panel="Daily work")
app.add_typer(operate.tokens, name="tokens", rich_help_panel="Daily work")
app.add_typer(operate.mails, name="mails", rich_help_panel="Daily work")


def main() -> None:
    """Entry point of the `gouji` program."""
    try:
        result = app(standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(USAGE)
    except click.ClickException as error:
        error.show()
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)
