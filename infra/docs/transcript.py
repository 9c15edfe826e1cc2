"""`make transcript`: run the demo once and keep what it printed in docs/transcripts/demo.txt."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.docs.__main__ import ROOT
from infra.embedded.supervisor import gouji_command

TRANSCRIPT = ROOT / "docs" / "transcripts" / "demo.txt"
_COLUMNS = "110"
_PATIENCE_SECONDS = 300.0


def record(target: Path) -> int:
    """Run `gouji demo --once` and write its output; returns its exit status. A failed run leaves the file as it was.

    It runs in an empty folder, so that only the project's own samples take part.
    """
    with tempfile.TemporaryDirectory(prefix="gouji-transcript-") as folder:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GOUJI_")}
        done = subprocess.run(
            [*gouji_command(), "demo", "--once"],
            cwd=folder,
            env={**clean, "COLUMNS": _COLUMNS},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        return done.returncode
    lines = (line.rstrip() for line in done.stdout.rstrip().splitlines())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("$ make demo ARGS=--once\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(record(TRANSCRIPT))
