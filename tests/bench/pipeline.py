"""Reports a second from folder to sent mail with 1 and 2 extraction workers, and what a report costs beyond reading."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from services.platform.db.models import Mail
from tests.faults.house import ROLES, House

REPORTS = 150
LATENCY_ROUNDS = 5
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cpu:
    """CPU seconds so far: of the roles without their reading children, of the reading children, of the servers."""

    roles: float
    reading: float
    servers: float

    def __sub__(self, other: Cpu) -> Cpu:
        return Cpu(self.roles - other.roles, self.reading - other.reading, self.servers - other.servers)


def _stat(pid: int) -> tuple[float, float]:
    """(own CPU, CPU of children already collected) of a process, in seconds; zeros when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0, 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK, (int(fields[13]) + int(fields[14])) / _TICK


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _is_reading(pid: int) -> bool:
    try:
        return b"sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def _tree(pid: int) -> tuple[float, float]:
    """(CPU outside reading, CPU of reading) of a process and everything below it."""
    own, collected = _stat(pid)
    if _is_reading(pid):
        return 0.0, own + collected + sum(sum(_stat(child)) for child in _children(pid))
    outside, inside = own, 0.0
    for child in _children(pid):
        child_outside, child_inside = _tree(child)
        outside += child_outside
        inside += child_inside
    return outside, inside


def measure(house: House) -> Cpu:
    outside = inside = 0.0
    for child in house.roles.values():
        more_outside, more_inside = _tree(child.pid or 0)
        outside += more_outside
        inside += more_inside
    servers = sum(sum(_stat(server.pid or 0)) for server in house.stack.servers)
    return Cpu(outside, inside, servers)


def _build(folder: Path, workers: int, *, quiet: float) -> House:
    commands = {**ROLES, "extract": (*ROLES["extract"][:-1], str(workers))}
    usual = {"sweep_seconds": 5, "listing_seconds": 60, "rescan_seconds": 60, "renudge_seconds": 30}
    settings = {**usual, "quiet_seconds": quiet, "log_level": "WARNING"}
    return House(folder, settings=settings, commands=commands)


def throughput(workers: int, *, postgres: bool) -> None:
    """Drop all reports at once and print reports a second and the CPU of each part."""
    with tempfile.TemporaryDirectory() as name:
        house = _build(Path(name), workers, quiet=0.4)
        house.postgres = postgres
        with house:
            house.register([f"body{number}" for number in range(REPORTS + 6)])
            files = [house.make(number, erroneous=number % 2 == 0) for number in range(REPORTS + 6)]
            house.start()
            for number in range(6):  # every process has met its first report before anything is measured
                house.drop(f"body{number}", files[number])
            house.wait(house.settled, 120, "warm")
            before = measure(house)
            began = time.perf_counter()
            for number in range(6, REPORTS + 6):
                house.drop(f"body{number}", files[number])
            house.wait(house.settled, 300, "all reports are through")
            wall = time.perf_counter() - began
            cost = measure(house) - before
            with house.session() as session:
                sent = session.scalar(select(func.count()).where(Mail.state == "sent"))
    total = cost.roles + cost.reading
    database = "PostgreSQL" if postgres else "SQLite"
    print(
        f"  {database}, {workers} extraction worker(s): {REPORTS / wall:5.1f} reports/s, {sent} mails; CPU a report: "
        f"reading {cost.reading / REPORTS * 1000:.1f} ms, everything else {cost.roles / REPORTS * 1000:.1f} ms "
        f"({cost.roles / total:.0%} outside extraction), servers {cost.servers / REPORTS * 1000:.1f} ms"
    )


def latency() -> None:
    """Print the idle time from dropped file to sent mail, without the folder's quiet time."""
    quiet = 0.5
    with tempfile.TemporaryDirectory() as name:
        house = _build(Path(name), 1, quiet=quiet)
        with house:
            house.register([f"body{number}" for number in range(LATENCY_ROUNDS + 1)])
            house.start()
            seconds = []
            for number in range(LATENCY_ROUNDS + 1):
                data = house.make(number, erroneous=True)
                began = time.perf_counter()
                house.drop(f"body{number}", data)
                house.wait(house.settled, 60, "sent")
                if number:
                    seconds.append(time.perf_counter() - began - quiet)
    print(
        f"  idle, one report, folder to sent mail beyond the quiet time: median {statistics.median(seconds):.2f} s, "
        f"worst {max(seconds):.2f} s of {LATENCY_ROUNDS}"
    )


def run() -> None:
    print(f"\nPipeline, {REPORTS} small PDFs, every second one with an error, folder to sent mail:")
    for workers in (1, 2):
        throughput(workers, postgres=False)
    throughput(2, postgres=True)
    latency()
