"""A document may make its reader do anything; the worker only ever sees a document or one of four errors."""

from __future__ import annotations

import ast
import errno
import gc
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.core.errors import CrashedError, GoujiError, RejectedError, RetryableError
from services.core.report import Document, Format
from services.ingest.sandbox import ReaderDefectError, ReadingRoom, launch, wire
from services.ingest.sandbox.launch import Outcome
from services.ingest.sandbox.room import _sealed
from services.ingest.sandbox.wire import Ended

READER = "tests.unit.ingest.misbehaving_reader:read"
ROOT = Path(__file__).parents[3]


def open_room(reader=READER, **limits) -> ReadingRoom:
    usual = {"wall_seconds": 5.0, "cpu_seconds": 1, "memory_mb": 256, "max_pages": 300, "max_output_bytes": 2**20}
    return ReadingRoom(reader=reader, **(usual | limits))


@pytest.fixture(scope="module")
def reading():
    """One room for many documents, as in a worker."""
    with open_room() as reading_room:
        yield reading_room


@pytest.fixture
def fresh():
    with open_room() as reading_room:
        yield reading_room


def said(reading_room: ReadingRoom, deed: str) -> str:
    """What the misbehaving reader has to say after its deed."""
    return reading_room.read(deed.encode(), filename="a.txt").engine.partition("|")[0]


def zygote_of(reading_room: ReadingRoom) -> int:
    assert reading_room.protections
    assert reading_room._zygote
    return reading_room._zygote.pid


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def open_files_of(pid: int) -> list[str]:
    return sorted(fd.name for fd in Path(f"/proc/{pid}/fd").iterdir())


# what a document comes to


def test_a_document_comes_back_as_its_reader_understood_it(reading):
    document = reading.read(b"ok", filename="年报.txt")

    assert document.file == "年报.txt"
    assert document.engine == "ok|300"
    assert document.format is Format.TEXT


def test_a_refusal_keeps_its_code_and_detail(reading):
    with pytest.raises(RejectedError) as caught:
        reading.read(b"reject too_many_pages", filename="a.txt")

    assert (caught.value.reason.code, caught.value.detail) == ("too_many_pages", "37 页")


@pytest.mark.parametrize(
    ("deed", "end"), [("fail 坏", "坏坏坏"), ("exit 0", "SystemExit: 0"), ("return-dict", "not a Document")]
)
def test_a_failure_of_the_reader_is_a_defect_with_its_traceback(reading, deed, end):
    with pytest.raises(ReaderDefectError) as caught:
        said(reading, deed)

    assert end in caught.value.traceback.strip().rpartition("\n")[2]
    assert len(caught.value.traceback.encode()) <= 4096


@pytest.mark.parametrize(
    ("deed", "code", "detail"),
    [
        ("kill-itself 9", "reader_crashed", "信号 9"),
        ("segfault", "reader_crashed", "信号 11"),
        ("abort", "reader_crashed", "信号 6"),
        ("end 3", "reader_crashed", "退出码 3"),
        ("end 0", "reader_crashed", "读取结果格式不符"),
        ("junk", "reader_crashed", "读取结果格式不符"),
        ("invalid-document", "reader_crashed", "读取结果格式不符"),
        ("another-document", "reader_crashed", "读取结果与文件不符"),
        ("write-much", "reader_crashed", "读取结果超过 1 MB"),
        ("hang-up", "reader_crashed", "信号 9"),
        ("eat", "reader_memory", "256 MB"),
        ("eat-natively", "reader_memory", "256 MB"),
        ("wrap-memory-error", "reader_memory", "256 MB"),
        ("raise-memory-error", "reader_memory", "256 MB"),
        ("spin", "reader_timeout", "1 秒"),
    ],
)
def test_a_crash_has_the_code_of_its_cause(reading, deed, code, detail):
    zygote = zygote_of(reading)

    with pytest.raises(CrashedError) as caught:
        said(reading, deed)

    assert (caught.value.code, caught.value.detail) == (code, detail)
    assert said(reading, "ok") == "ok"
    assert zygote_of(reading) == zygote, "one bad document costs the others nothing"


def test_the_wall_clock_ends_a_reader_that_only_waits():
    with open_room(wall_seconds=0.5) as reading_room:
        zygote = zygote_of(reading_room)

        with pytest.raises(CrashedError) as caught:
            said(reading_room, "sleep")

        assert (caught.value.code, caught.value.detail) == ("reader_timeout", "0.5 秒")
        assert children_of(zygote) == []
        assert said(reading_room, "ok") == "ok"


def test_a_reader_that_ignores_its_processor_limit_is_killed(reading):
    with pytest.raises(CrashedError) as caught:
        said(reading, "spin-deaf")

    assert (caught.value.code, caught.value.detail) == ("reader_timeout", "1 秒")


def test_printing_100_megabytes_disturbs_nobody(reading, capfd):
    assert said(reading, "print-much") == "printed"
    assert capfd.readouterr().out == ""


def test_memory_running_out_in_the_worker_is_a_crash_of_the_reader(fresh, monkeypatch):
    def exhausted(_output):
        raise MemoryError

    monkeypatch.setattr(wire.Answer, "model_validate_json", exhausted)

    with pytest.raises(CrashedError, match="reader_memory"):
        said(fresh, "ok")


@given(output=st.binary() | st.text().map(str.encode))
@example(output=b'{"rejected": {"code": "no such code", "detail": ""}}')
@example(output=b'{"rejected": {"code": "encrypted", "detail": ""}, "failed": "both"}')
@example(output=b"{}")
@example(output=b"[" * 100_000)
@example(output=b'{"document": null}')
def test_no_answer_can_be_more_than_a_crash_unless_it_fits_the_schema(output):
    ended = Ended(code=0, cpu_seconds=0.1, peak_mb=50)

    with pytest.raises(CrashedError, match="读取结果格式不符"):
        open_room()._judge(Outcome(output, None, ended), "0" * 64)


@settings(deadline=None)  # the first example may start the zygote
@given(name=st.text(alphabet=st.characters(exclude_categories=()), max_size=600))
def test_any_file_name_passes(reading, name):
    document = reading.read(b"ok", filename=name)

    assert document.file == name.encode(errors="replace").decode()[:500]


# what the child cannot do


@pytest.mark.parametrize(
    "deed",
    [
        "socket AF_INET",
        "socket AF_UNIX",
        "exec",
        "fork",
        "thread",
        "signal-group",
        "leave-group",
        "raise-own-limits",
    ],
)
def test_the_child_has_no_network_no_programs_and_no_other_processes(reading, deed):
    _need(reading, "seccomp")

    assert said(reading, deed).startswith("denied")


def test_the_child_cannot_signal_the_worker(reading):
    _need(reading, "seccomp")

    assert said(reading, f"signal {os.getpid()}") == "denied 1"


@pytest.mark.parametrize("deed", ["write-file", "truncate-file", "delete-file"])
def test_the_child_cannot_change_files(reading, tmp_path, deed):
    _need(reading, "seccomp")
    file = tmp_path / "figures"
    file.write_text("12")

    assert said(reading, f"{deed} {file}").startswith("denied")
    assert file.read_text() == "12"


def test_the_child_cannot_read_other_files_or_the_workers_environment(reading, tmp_path):
    _need(reading, "landlock")
    (tmp_path / "secret").write_text("s")

    assert said(reading, f"read-file {tmp_path}/secret") == "denied 13"
    assert said(reading, f"read-file /proc/{os.getpid()}/environ") == "denied 13"
    assert said(reading, f"read-file {ROOT}/pyproject.toml") == "denied 13", "secrets may lie beside the program"


@pytest.mark.parametrize("module", ["decimal", "lzma", "zipfile", "services.core.form"])
def test_late_imports_work(reading, module):
    assert said(reading, f"import-late {module}") == module.partition(".")[0]


def test_the_child_holds_nothing_but_the_document_and_the_answer(monkeypatch):
    monkeypatch.setenv("GOUJI_S3_SECRET_KEY", "s3cret")
    with open_room() as reading_room, Path(__file__).open("rb") as other:
        os.set_inheritable(other.fileno(), True)
        state = ast.literal_eval(said(reading_room, "describe"))

    assert state["environment"] == ["LANG"]
    assert state["open"] == [0, 1, 2, 4]


def test_a_kernel_with_seccomp_lends_it_to_every_child(reading):
    if "Seccomp:" not in Path("/proc/self/status").read_text():
        pytest.skip("this kernel has no seccomp")

    assert "seccomp" in reading.protections


def test_without_seccomp_and_landlock_limits_still_hold_and_are_named(monkeypatch, tmp_path):
    lacking = "from services.ingest.sandbox import confine; confine._filter = confine._landlock_ruleset = lambda: None"
    monkeypatch.setattr(launch, "_BOOT", launch._BOOT.replace("; main(", f"; {lacking}; main("))
    with open_room() as reading_room:
        assert reading_room.protections == ("rlimits", "no_new_privs", "pdeathsig")
        assert said(reading_room, f"write-file {tmp_path}/file") == "denied 27", "files may not grow"
        assert ast.literal_eval(said(reading_room, "describe"))["own_group"]
        with pytest.raises(CrashedError, match="reader_memory"):
            said(reading_room, "eat")


def _need(reading_room: ReadingRoom, protection: str) -> None:
    if protection not in reading_room.protections:
        pytest.skip(f"this kernel has no {protection}")


# the worker


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
