from __future__ import annotations

import os
import signal
import sys
import textwrap
from pathlib import Path

import pytest

from infra.embedded.process import StartError, wait_until
from infra.embedded.supervisor import BACKOFF_LAST_SECONDS, STEADY_SECONDS, Kept, Role, Supervisor

# Writes a line when it begins and one when it is told to stop; `deaf` never stops, `brief` ends at once.
STAND_IN = textwrap.dedent("""
    import os, signal, sys
    role, journal = sys.argv[1], os.environ["JOURNAL"]
    def note(what):
        fd = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(fd, f"{what} {role}\\n".encode())
        os.close(fd)
    def stop(*_):
        note("stops")
        sys.exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if role == "deaf" else stop)
    note("begins")
    if role == "brief":
        sys.exit("nothing to do")
    while True:
        signal.pause()
""")


class Journal:
    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    def until(self, line: str, times: int = 1) -> None:
        wait_until(lambda: self.lines().count(line) >= times, seconds=20, error=lambda: AssertionError(f"no {line}"))


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


@pytest.fixture
def supervise(tmp_path, journal):
    begun = []

    def begin(*roles: Role, grace_seconds: float = 10) -> Supervisor:
        command = [sys.executable, "-c", STAND_IN]
        env = {**os.environ, "JOURNAL": str(journal.path)}
        supervisor = Supervisor(roles, command, env, tmp_path, grace_seconds=grace_seconds)
        begun.append(supervisor)
        supervisor.start()
        return supervisor

    yield begin
    for supervisor in begun:
        supervisor.stop()


def test_roles_begin_with_their_arguments_and_log_to_a_file_of_their_own(supervise, journal, tmp_path):
    supervisor = supervise(Role("sweep", ("sweep",)), Role("short", ("brief",)))
    journal.until("begins sweep")
    journal.until("begins brief")
    wait_until(
        lambda: "nothing to do" in (tmp_path / "short.log").read_text(),
        seconds=10,
        error=lambda: AssertionError("silent"),
    )
    assert supervisor.pids()["sweep"] == int((tmp_path / "sweep.pid").read_text())


def test_a_role_that_was_killed_begins_again(supervise, journal):
    supervisor = supervise(Role("sweep", ("sweep",)))
    journal.until("begins sweep")
    os.kill(supervisor.pids()["sweep"], signal.SIGKILL)
    journal.until("begins sweep", times=2)
    assert not supervisor.hopeless("sweep")


def test_a_role_that_always_ends_is_soon_called_hopeless(supervise):
    supervisor = supervise(Role("serve", ("brief",)))
    wait_until(lambda: supervisor.hopeless("serve"), seconds=30, error=lambda: AssertionError("still hoped for"))
    assert "nothing to do" in str(supervisor.failure("serve", "did not answer"))


def test_intake_stops_before_the_workers_do(supervise, journal):
    supervisor = supervise(Role("worker", ("worker",), stops=1), Role("serve", ("serve",), stops=0))
    journal.until("begins serve")
    journal.until("begins worker")
    supervisor.stop()
    assert journal.lines()[-2:] == ["stops serve", "stops worker"]
    assert supervisor.pids() == {}


def test_a_role_that_will_not_stop_is_killed_after_the_grace_time(supervise, journal):
    supervisor = supervise(Role("deaf", ("deaf",)), grace_seconds=0.2)
    journal.until("begins deaf")
    supervisor.stop()
    assert supervisor.pids() == {}


class Clockwork:
    """Something to keep alive, without a process and without a clock."""

    name = "clockwork"

    def __init__(self, *, startable: bool = True) -> None:
        self.starts = 0
        self.runs = False
        self.startable = startable

    def start(self) -> None:
        self.starts += 1
        if not self.startable:
            raise StartError("broken")
        self.runs = True

    def alive(self) -> bool:
        return self.runs


def waits(kept: Kept, ends: int) -> list[float]:
    """Let it end `ends` times at once after each start; the seconds waited each time."""
    now, found = 0.0, []
    kept.begin(now)
    for _ in range(ends):
        if isinstance(kept.what, Clockwork):
            kept.what.runs = False
        if kept.retry_at is None:
            kept.look(now)
        assert kept.retry_at is not None
        found.append(kept.retry_at - now)
        now = kept.retry_at
        kept.look(now)
    return found


@pytest.mark.parametrize("startable", [True, False])
def test_the_wait_doubles_up_to_its_bound(startable):
    found = waits(Kept(Clockwork(startable=startable)), 9)
    assert found == [0.5, 1, 2, 4, 8, 16, *[BACKOFF_LAST_SECONDS] * 3]


def test_nothing_is_started_before_the_wait_is_over():
    thing = Clockwork()
    kept = Kept(thing)
    kept.look(100.0)
    kept.look(100.4)
    assert thing.starts == 0
    kept.look(100.5)
    assert thing.starts == 1


def test_after_a_steady_run_an_end_counts_as_the_first_again():
    thing = Clockwork()
    kept = Kept(thing)
    waits(kept, 6)
    began = kept.began
    thing.runs = False
    kept.look(began + STEADY_SECONDS)
    assert kept.ends == 1
