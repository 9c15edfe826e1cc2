"""Finding the word processor, and how it is called."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_NAMES: Final = ("soffice", "libreoffice")
_BINARY: Final = "soffice.bin"
_VERSION: Final = re.compile(r"LibreOffice\w*\s+(\d+(?:\.\d+)*)")
_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Office:
    """A LibreOffice on this machine: the program file and its version, such as 7.4.7.2."""

    program: Path
    version: str

    @property
    def engine(self) -> str:
        """The name under which results mention it."""
        return f"libreoffice/{self.version}"


@cache
def find_office(command: str = "") -> Office | None:
    """LibreOffice by `command` (the setting ``office_command``); empty looks for it on the search path.

    None when none is found that way. Raises ValueError when `command` is no LibreOffice. Asks the program for its
    version once a process.
    """
    names = (command,) if command else _NAMES
    found = next((place for name in names if (place := shutil.which(name))), None)
    version = _version(found) if found else None
    if found is None or version is None:
        if command:
            raise ValueError(f"office_command {command!r} is no LibreOffice that can be started")
        return None
    # the script of that name starts the program as a grandchild, which would outlive a worker that is killed
    beside = Path(found).resolve().with_name(_BINARY)
    return Office(beside if beside.is_file() else Path(found).resolve(), version)


def _version(program: str) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603 - the program that the settings name
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(answer.stdout)
    return match[1] if match else None
