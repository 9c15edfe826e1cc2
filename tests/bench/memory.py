"""Memory of the processes that read, over many documents: it must stay where it is.

Runs in a process of its own, ``python -m tests.bench.memory <documents> <way>``, so that nothing else counts.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from infra.demo.authored import consistent
from infra.demo.render import render_pdf

DIFFERENT = 40
"""Documents that differ; they come again in turn."""
_MEGABYTE = 2**20


def run(*, documents: int) -> None:
    """Print the resident memory at the start, in the middle and at the end, for each way to read."""
    print(f"Memory over {documents} text PDFs, resident at start, middle and end:")
    for way in ("reader", "worker"):
        subprocess.run([sys.executable, "-m", "tests.bench.memory", str(documents), way], check=True)


def main(documents: int, way: str) -> None:
    """Read so many documents in this process (``reader``) or through a reading room (``worker``)."""
    (reader if way == "reader" else worker)(documents)


def reader(documents: int) -> None:
    """One process that reads all documents by itself: what the reader leaves behind."""
    from services.ingest.readers import read_document

    files = _files()
    _watch(
        "one process that reads them all", documents, lambda n: read_document(files[n], filename="x.pdf"), {"": "self"}
    )


def worker(documents: int) -> None:
    """A worker's reading room: the worker, the process its children are forked from, and the largest child."""
    from services.ingest.extract import make_reading_room
    from services.platform.settings import Settings

    files = _files()
    with make_reading_room(Settings()) as room:
        room.read(files[0], filename="x.pdf")
        zygote = room._own_zygote()
        peaks: list[float] = []
        finish = zygote._finish

        def measured(*outcome: object) -> object:
            found = finish(*outcome)  # type: ignore[arg-type] # handed on as it came
            if found.ended is not None:
                peaks.append(found.ended.peak_mb)
            return found

        zygote._finish = measured  # type: ignore[method-assign,assignment] # the end of each child passes here
        _watch(
            "a worker",
            documents,
            lambda n: room.read(files[n], filename="x.pdf"),
            {"": "self", ", its zygote": str(zygote.pid)},
        )
        print(f"  {'its largest child':44}{max(peaks):7.1f} MB")


def _watch(name: str, documents: int, read: Callable[[int], object], processes: dict[str, str]) -> None:
    seen: dict[str, list[float]] = {label: [] for label in processes}
    for number in range(documents):
        read(number % DIFFERENT)
        if number in (DIFFERENT, documents // 2, documents - 1):
            for label, process in processes.items():
                seen[label].append(resident(process))
    for label, values in seen.items():
        print(f"  {name + label:44}" + "".join(f"{value:7.1f} MB" for value in values), flush=True)


def resident(process: str) -> float:
    """Resident memory in MB of a process id or ``self``."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / _MEGABYTE


def _files() -> list[bytes]:
    return [render_pdf(consistent(seed, f"临溪县第{seed}局", 2024)) for seed in range(DIFFERENT)]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
