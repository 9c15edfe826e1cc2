"""The commands of `gouji` and their exit statuses. 64 is wrong usage (sysexits' EX_USAGE), 78 unusable settings; others are each command's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import typer
from pydantic import ValidationError

from services.cli import local, operate, roles
from services.cli.check import check
from services.cli.rejudge import rejudge
from services.cli.rules import rules
from services.platform import logging
from services.platform.settings import Settings

USAGE = 64
CONFIGURATION = 78
"""Settings that cannot be used (sysexits' EX_CONFIG)."""
_TYPER_USAGE = 2
"""What Typer itself would exit with on wrong usage."""

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
    "Daily work": (operate.submit, operate.status, operate.ledger, operate.replay, rejudge),
    "Roles (one a container)": (roles.migrate, roles.serve, roles.worker, roles.sweep, roles.watch, roles.health),
}
for panel, commands in _PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(operate.agencies, name="agencies", rich_help_panel="Daily work")
app.add_typer(rules, name="rules", rich_help_panel="Daily work")
app.add_typer(operate.tokens, name="tokens", rich_help_panel="Daily work")
app.add_typer(operate.mails, name="mails", rich_help_panel="Daily work")


def main() -> None:
    """Entry point of the `gouji` program."""
    # answers go to standard output, what goes wrong to standard error; the roles set up their own logs
    logging.configure(level="WARNING", json=False)
    try:
        result = app(standalone_mode=False)
    except typer.TyperException as error:  # Typer's own: it does not raise those of the click package
        if error.message:  # none where the help was shown instead
            print(f"gouji: {error.format_message()}\nTry: gouji --help, gouji COMMAND --help", file=sys.stderr)
        sys.exit(USAGE if error.exit_code == _TYPER_USAGE else 1)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        print("gouji: the settings cannot be used.", file=sys.stderr)
        for fault in error.errors(include_input=False):
            name = "".join(f"GOUJI_{str(part).upper()}: " for part in fault["loc"])
            print(f"{name}{fault['msg'].removeprefix('Value error, ')}", file=sys.stderr)
        sys.exit(CONFIGURATION)
    sys.exit(result if isinstance(result, int) else 0)
