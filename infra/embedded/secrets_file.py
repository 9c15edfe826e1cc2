"""The generated secrets of a one-command stack: made once, kept in a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from infra.embedded.process import StartError

# Name of the variable, bytes of randomness.
GENERATED = {
    "GOUJI_SECRET_KEY": 32,
    "GOUJI_HOOK_TOKEN": 24,
    "GOUJI_S3_ACCESS_KEY": 10,
    "GOUJI_S3_SECRET_KEY": 24,
}


def load_or_make(path: Path) -> dict[str, str]:
    """The secrets in `path` (`NAME=value` lines, mode 600); missing ones are made and added.

    Raises StartError when others can read the file: those secrets must count as known.
    """
    known: dict[str, str] = {}
    if path.exists():
        if path.stat().st_mode & 0o077:
            raise StartError(
                f"{path} can be read by others. Next step: delete it, so that new secrets are made, and start again."
            )
        lines = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
        known = {name: value for name, _, value in lines}
    made = {name: secrets.token_hex(size) for name, size in GENERATED.items() if not known.get(name)}
    if made:
        known |= made
        write_whole(path, "".join(f"{name}={value}\n" for name, value in known.items()))
    return known


def write_whole(path: Path, text: str) -> None:
    """Write beside it and rename, so that a crash leaves the old file or the new one, never half of one."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
