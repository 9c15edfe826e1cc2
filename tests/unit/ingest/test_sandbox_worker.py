"""What reading leaves behind in the worker and on its machine: nothing."""

from __future__ import annotations

import errno
import gc
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.core.errors import CrashedError, GoujiError, RetryableError
from services.core.report import Document, Format
from services.ingest.sandbox import ReaderDefectError, ReadingRoom, launch
from services.ingest.sandbox.launch import Outcome
from services.ingest.sandbox.room import _sealed
from services.ingest.sandbox.wire import Ended
from tests.unit.ingest.misbehaving_reader import READER, open_room, said

ROOT = Path(__file__).parents[3]


@pytest.fixture
def fresh():
    with open_room() as reading_room:
        yield reading_room


def zygote_of(reading_room: ReadingRoom) -> int:
    assert reading_room.protections
    assert reading_room._zygote
    return reading_room._zygote.pid


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def open_files_of(pid: int) -> list[str]:
    return sorted(fd.name for fd in Path(f"/proc/{pid}/fd").iterdir())


def test_two_hundred_documents_leave_no_descriptor_and_no_process_behind(fresh):
    said(fresh, "ok")
    gc.collect()
    before = open_files_of(os.getpid())
    zygote = zygote_of(fresh)
    at_rest = open_files_of(zygote)

    for number in range(200):
        if number % 4:
            said(fresh, "ok")
        else:
            with pytest.raises(GoujiError):
                said(fresh, ["reject encrypted", "kill-itself 9", "junk", "fail x"][number // 4 % 4])

    assert open_files_of(os.getpid()) == before
    assert zygote_of(fresh) == zygote
    assert children_of(zygote) == []
    assert open_files_of(zygote) == at_rest


def test_a_dead_zygote_is_replaced_unnoticed(fresh):
    said(fresh, "ok")
    first = zygote_of(fresh)

    os.kill(first, signal.SIGKILL)

    assert said(fresh, "ok") == "ok"
    assert zygote_of(fresh) != first


def test_a_zygote_that_hangs_is_replaced():
    with open_room(wall_seconds=0.3) as reading_room, pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "GRACE_SECONDS", 0.2)
        first = zygote_of(reading_room)
        os.kill(first, signal.SIGSTOP)

        with pytest.raises(CrashedError, match="reader_timeout"):
            said(reading_room, "ok")

        assert said(reading_room, "ok") == "ok"
        assert zygote_of(reading_room) != first


def test_stop_signals_to_the_whole_service_do_not_fail_a_document(fresh):
    zygote = zygote_of(fresh)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(zygote, number)

    assert said(fresh, "ok") == "ok"
    assert zygote_of(fresh) == zygote


def test_an_exception_in_the_middle_of_a_read_leaves_the_room_usable(fresh):
    class TimeLimitError(Exception):
        pass

    def strike(_number, _frame):
        raise TimeLimitError

    first = zygote_of(fresh)
    previous = signal.signal(signal.SIGALRM, strike)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(TimeLimitError):
            said(fresh, "sleep")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)

    assert not Path(f"/proc/{first}").exists()
    assert said(fresh, "ok") == "ok"


def test_a_forked_worker_gets_a_zygote_of_its_own(fresh):
    ours = zygote_of(fresh)
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.write(sink, f"{said(fresh, 'ok')} {zygote_of(fresh)}".encode())
            fresh.close()
            code = 0
        finally:
            os._exit(code)
    os.close(sink)
    with os.fdopen(source) as pipe:
        answer, theirs = pipe.read().split()

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert answer == "ok"
    assert int(theirs) != ours
    assert not Path(f"/proc/{theirs}").exists()
    assert said(fresh, "ok") == "ok"
    assert zygote_of(fresh) == ours


ABANDONED = f"""
import os, socket, sys
from services.ingest.sandbox import ReadingRoom, launch

drain = launch._drain

def report_then_drain(*arguments):
    room._zygote._control.recv(1, socket.MSG_PEEK)  # once the child exists
    zygote = room._zygote.pid
    with open(f"/proc/{{zygote}}/task/{{zygote}}/children") as children:
        print(zygote, children.read(), flush=True)
    return drain(*arguments)

launch._drain = report_then_drain
room = ReadingRoom(reader="{READER}", wall_seconds=60, cpu_seconds=5, memory_mb=256, max_pages=1)
assert room.protections
if os.fork() == 0:
    sys.stdin.read()  # keeps a copy of the zygote's socket open for as long as the test lasts
    os._exit(0)
room.read(b"sleep", filename="a.txt")
"""


def test_zygote_and_child_die_with_their_worker():
    command = [sys.executable, "-c", ABANDONED]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, env={"PYTHONPATH": str(ROOT)}) as worker:
        assert worker.stdout
        pidfds = [os.pidfd_open(int(pid)) for pid in worker.stdout.readline().split()]
        worker.kill()
        ended = [bool(select.select([pidfd], [], [], 5)[0]) for pidfd in pidfds]
    for pidfd in pidfds:
        os.close(pidfd)

    assert ended == [True, True]


def test_a_closed_room_leaves_no_process_and_opens_again(fresh):
    first = zygote_of(fresh)

    fresh.close()

    assert not Path(f"/proc/{first}").exists()
    assert said(fresh, "ok") == "ok"


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        ("services.ingest.no_such_reader:read", "No module named"),
        ("tests.unit.ingest.misbehaving_reader:no_such_function", "no_such_function"),
        ("tests.unit.ingest.misbehaving_reader:DEEDS", "is not a function"),
    ],
)
def test_a_reader_that_cannot_be_loaded_is_a_defect(reader, words):
    with open_room(reader) as reading_room, pytest.raises(ReaderDefectError, match=words):
        reading_room.read(b"ok", filename="a.txt")


def test_an_interpreter_that_does_not_start_is_the_surroundings_fault(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with open_room() as reading_room, pytest.raises(RetryableError, match="No such file"):
        reading_room.read(b"ok", filename="a.txt")


def test_a_machine_out_of_descriptors_is_the_surroundings_fault(fresh, monkeypatch):
    def exhausted(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "memfd_create", exhausted)

    with pytest.raises(RetryableError, match="Too many open files"):
        said(fresh, "ok")


def test_the_document_is_handed_over_under_seal():
    with _sealed(b"12") as document:
        assert os.read(document, 10) == b"12"
        with pytest.raises(PermissionError):
            os.write(document, b"13")
        with pytest.raises(PermissionError):
            os.truncate(document, 0)


def test_a_zygote_that_says_nothing_is_the_surroundings_fault(monkeypatch):
    monkeypatch.setattr(launch, "_BOOT", "raise SystemExit('no room on this machine')")
    with open_room() as reading_room, pytest.raises(RetryableError, match="no room on this machine"):
        reading_room.read(b"ok", filename="a.txt")


def test_a_machine_that_does_not_confine_reads_nothing(monkeypatch):
    monkeypatch.setattr(
        launch,
        "_BOOT",
        launch._BOOT.replace(
            "; main(", "; from services.ingest.sandbox import seccomp; seccomp.AUDIT_ARCH.clear(); main("
        ),
    )
    with open_room() as reading_room, pytest.raises(RetryableError, match="cannot be confined"):
        reading_room.read(b"ok", filename="a.txt")


def test_the_document_is_checked_again_in_the_worker():
    document = Document(file="a", sha256="1" * 64, format=Format.TEXT, engine="e", reports=[])
    output = b'{"document":' + document.model_dump_json().encode() + b"}"
    ended = Ended(code=0, cpu_seconds=0.1, peak_mb=50)

    assert open_room()._judge(Outcome(output, None, ended), "1" * 64) == document
