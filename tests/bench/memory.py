"""Memory of the processes that read, over many documents: it must stay where it is.

Runs in a process of its own, ``python -m tests.bench.memory <folder> <documents> <way>``, so that nothing else counts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

DIFFERENT = 40
"""Documents that differ; they come again in turn."""
_MEGABYTE = 2**20


def run(*, documents: int) -> None:
    """Print resident memory before the first document, after a few, in the middle and at the end, for each way to read."""
    from infra.demo.authored import consistent
    from infra.demo.render import render_pdf

    print(f"Memory over {documents} text PDFs, resident before, after {DIFFERENT}, in the middle, at the end:")
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(DIFFERENT):
            report = render_pdf(consistent(seed, f"临溪县第{seed}局", 2024))
            (Path(folder) / f"{seed}.pdf").write_bytes(report)
        for way in ("reader", "worker"):
            command = [sys.executable, "-m", "tests.bench.memory", folder, str(documents), way]
            subprocess.run(command, check=True)


def main(folder: Path, documents: int, way: str) -> None:
    """Read so many documents in this process (``reader``) or through a reading room (``worker``)."""
    files = [(folder / f"{seed}.pdf").read_bytes() for seed in range(DIFFERENT)]
    (_reader if way == "reader" else _worker)(files, documents)


def _reader(files: list[bytes], documents: int) -> None:
    """One process that reads all documents by itself: what the reader leaves behind."""
    from services.ingest.readers import read_document

    def read(data: bytes) -> object:
        return read_document(data, filename="x.pdf")

    _watch(documents, files, read, {"one process that reads them all": "self"})


def _worker(files: list[bytes], documents: int) -> None:
    """A worker with its queue and database libraries, the process its children are forked from, the largest child."""
    from services.ingest.extract import make_reading_room
    from services.platform.settings import Settings

    with make_reading_room(Settings()) as room:
        zygote = room._own_zygote()
        peaks: list[float] = []
        finish = zygote._finish

        def measured(*outcome: object) -> object:
            found = finish(*outcome)  # type: ignore[arg-type] # handed on as it came
            if found.ended is not None:
                peaks.append(found.ended.peak_mb)
            return found

        zygote._finish = measured  # type: ignore[method-assign,assignment] # the end of each child passes here
        names = {"a worker with its libraries": "self", "its zygote, from which children are forked": str(zygote.pid)}
        _watch(documents, files, lambda data: room.read(data, filename="x.pdf"), names)
        print(f"  {'its largest child':44}{max(peaks):39.1f} MB")


def _watch(documents: int, files: list[bytes], read: Callable[[bytes], object], processes: dict[str, str]) -> None:
    seen = {label: [_resident(process)] for label, process in processes.items()}
    for number in range(documents):
        read(files[number % DIFFERENT])
        if number in (DIFFERENT, documents // 2, documents - 1):
            for label, process in processes.items():
                seen[label].append(_resident(process))
    for label, values in seen.items():
        print(f"  {label:44}" + "".join(f"{value:7.1f} MB" for value in values), flush=True)


def _resident(process: str) -> float:
    """Resident memory in MB of a process id or ``self``."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / _MEGABYTE


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
