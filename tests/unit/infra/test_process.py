from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra.embedded.process import (
    LOG_TURN_BYTES,
    Child,
    FolderLock,
    StartError,
    free_port,
    private_folder,
    socket_folder,
    wait_until,
)

ROOT = Path(__file__).resolve().parents[3]
FOREVER = "import signal, time; print('up', flush=True); signal.pause()"
DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()"
)


def python(code: str, log: Path, **options) -> Child:
    return Child("child", [sys.executable, "-c", code], log, **options)


def until(done, seconds: float = 10) -> None:
    wait_until(done, seconds=seconds, error=lambda: AssertionError("did not happen"))


def says_up(child: Child) -> bool:
    return child.log.exists() and "up" in child.log.read_text()


@pytest.fixture
def log(tmp_path):
    return tmp_path / "child.log"


def test_a_started_child_has_a_pid_file_and_a_log(log):
    child = python(FOREVER, log)
    child.start()
    until(lambda: says_up(child))
    assert (log.parent / "child.pid").read_text() == f"{child.pid}\n"
    assert child.stop(grace_seconds=5)
    assert child.exit_code() == -signal.SIGTERM
    assert not (log.parent / "child.pid").exists()


def test_a_child_that_ignores_sigterm_is_killed_after_the_grace_time(log):
    child = python(DEAF, log)
    child.start()
    until(lambda: says_up(child))
    assert child.stop(grace_seconds=0.1) is False
    assert child.exit_code() == -signal.SIGKILL


def test_what_a_child_leaves_in_its_session_ends_with_it(log, tmp_path):
    grandchild = tmp_path / "grandchild"
    code = (
        "import subprocess, sys, pathlib\n"
        f"p = subprocess.Popen([sys.executable, '-c', {FOREVER!r}])\n"
        f"pathlib.Path({str(grandchild)!r}).write_text(str(p.pid))\n"
    )
    child = python(code, log)
    child.start()
    until(lambda: not child.alive())
    until(lambda: not running(int(grandchild.read_text())))


def test_children_die_when_their_parent_is_killed(tmp_path):
    code = (
        "import pathlib, signal, sys\n"
        "from infra.embedded.process import Child\n"
        f"child = Child('inner', [sys.executable, '-c', {FOREVER!r}], pathlib.Path({str(tmp_path / 'inner.log')!r}))\n"
        "child.start()\n"
        "signal.pause()\n"
    )
    log = tmp_path / "inner.log"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        until(lambda: log.exists() and "up" in log.read_text())
        inner = int((tmp_path / "inner.pid").read_text())
        assert running(inner)
    finally:
        parent.kill()
        parent.wait()
    until(lambda: not running(inner))


def test_a_program_that_cannot_be_run_says_so_in_its_log(log):
    child = Child("child", ["/nowhere/server"], log)
    child.start()
    until(lambda: not child.alive())
    assert child.exit_code() == 127
    assert "cannot run /nowhere/server: No such file or directory" in str(child.failure("not usable"))


def test_a_failure_names_the_exit_code_and_the_end_of_the_log(log):
    child = python("import sys; print('x' * 9000); sys.exit('disk is full')", log)
    child.start()
    until(lambda: not child.alive())
    message = str(child.failure("not usable within 1 s"))
    assert message.startswith("child: not usable within 1 s; process ended with exit code 1.")
    assert message.endswith("disk is full")
    assert len(message) < 5000


def test_a_large_log_is_turned_once_at_the_next_start(log):
    log.write_bytes(b"old\n" * (LOG_TURN_BYTES // 4 + 1))
    child = python("print('new')", log)
    child.start()
    until(lambda: not child.alive())
    assert log.read_text() == "new\n"
    assert log.with_name("child.log.1").stat().st_size > LOG_TURN_BYTES


def test_a_free_port_is_the_preferred_one_unless_it_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port


def test_a_lock_is_held_once_and_lives_on_in_a_child_that_was_given_it(tmp_path, log):
    first, second = FolderLock(tmp_path / "lock"), FolderLock(tmp_path / "lock")
    first.acquire(message="taken")
    with pytest.raises(StartError, match="taken"):
        second.acquire(message="taken")
    child = python(FOREVER, log, keep_open=(first.fd,))
    child.start()
    until(lambda: says_up(child))
    first.release()
    with pytest.raises(StartError, match="taken"):
        second.acquire(message="taken")
    child.kill()
    second.acquire(message="taken", deadline_seconds=5)
    second.release()


def test_waiting_ends_early_when_the_process_has_died():
    with pytest.raises(StartError, match="died"):
        wait_until(lambda: False, seconds=60, alive=lambda: False, error=lambda: StartError("died"))


def test_a_path_too_long_for_a_socket_gets_a_short_private_stand_in(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    short, long = Path("/short"), Path("/" + "long" * 40)
    assert socket_folder(short) == short
    stand_in = socket_folder(long)
    assert stand_in.parent == tmp_path
    assert socket_folder(long) == stand_in
    assert stand_in.stat().st_mode & 0o777 == 0o700


def test_a_stand_in_folder_that_others_can_enter_is_refused(tmp_path):
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    with pytest.raises(StartError, match="not a private folder"):
        private_folder(open_to_all)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(StartError, match="not a private folder"):
        private_folder(link)


def running(pid: int) -> bool:
    """Whether the process runs; a zombie, which only its new parent can collect, counts as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
