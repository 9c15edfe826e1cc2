"""`gouji`: the command line, above all rooms."""

from services.cli.application import main

__all__ = ["main"]
