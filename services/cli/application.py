"""The commands of `gouji` and their exit statuses. 64 is wrong usage (sysexits' EX_USAGE); others are each command's."""

from __future__ import annotations

import sys

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
for command in (local.up, local.demo):
    app.command(rich_help_panel="Embedded stack")(command)
for command in (operate.submit, operate.status, operate.ledger, operate.replay):
    app.command(rich_help_panel="Daily work")(command)
app.add_typer(operate.agencies, name="agencies", rich_help_panel="Daily work")
app.add_typer(operate.tokens, name="tokens", rich_help_panel="Daily work")
app.add_typer(operate.mails, name="mails", rich_help_panel="Daily work")
for command in (roles.migrate, roles.serve, roles.worker, roles.sweep, roles.watch, roles.health):
    app.command(rich_help_panel="Roles (one a container)")(command)


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
