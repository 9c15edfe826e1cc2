"""`make transcript`: run demo and check once, and keep what they printed in docs/transcripts/."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.demo.samples import authored_samples
from infra.docs import ROOT
from infra.embedded.supervisor import gouji_command

SHOWN = "linxi-ziran"
"""The sample with planted slips."""

_COLUMNS = "100"
_PATIENCE_SECONDS = 300.0


def excerpt(transcript: Path, *, findings: int) -> str:
    """The beginning of a transcript, up to and with so many findings of its first table, as a fenced passage."""
    lines = transcript.read_text(encoding="utf-8").splitlines()
    rules = [number for number, line in enumerate(lines) if line.startswith("├")]
    return "\n".join(["```text", *lines[: rules[findings - 1]], "…", "```", ""])


def record(folder: Path) -> int:
    """Run `gouji demo --once` and `gouji check` and write what they print; returns the demo's exit status.

    A failed demo leaves the files as they were. All runs in an empty folder, so that only the project's own samples
    take part.
    """
    with tempfile.TemporaryDirectory(prefix="gouji-transcript-") as place:
        demo = _run(place, "demo", "--once")
        if demo.returncode:
            print(demo.stdout, file=sys.stderr)
            return demo.returncode
        sample = next(found for found in authored_samples() if found.agency_code == SHOWN)
        (Path(place) / sample.name).write_bytes(sample.content)
        check = _run(place, "check", sample.name)
    folder.mkdir(parents=True, exist_ok=True)
    _keep(folder / "demo.txt", "make demo ARGS=--once", demo.stdout)
    _keep(folder / "check.txt", f"gouji check {sample.name}", check.stdout)
    return 0


def _run(place: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GOUJI_")}
    return subprocess.run(
        [*gouji_command(), *arguments],
        cwd=place,
        env={**clean, "COLUMNS": _COLUMNS},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=_PATIENCE_SECONDS,
    )


def _keep(target: Path, command: str, output: str) -> None:
    lines = (line.rstrip() for line in output.rstrip().splitlines())
    target.write_text(f"$ {command}\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(record(ROOT / "docs" / "transcripts"))
