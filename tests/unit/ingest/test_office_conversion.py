"""Converting in batches: whatever one document does to the word processor, its neighbours come out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.demo.authored import consistent
from services.core.errors import CrashedError, GoujiError, RejectedError, RetryableError
from services.ingest.office import Limits, Office, convert, find_office
from services.ingest.office.confinement import call_filter, launch, order
from services.ingest.sandbox import confine
from tests.unit.ingest import stand_in_office
from tests.unit.ingest.drawn_reports import AGENCY
from tests.unit.ingest.written_documents import body, docx

MADE = docx(body(consistent(4, AGENCY, 2024)))
GOOD = b"{\\rtf1 good}"
QUICK = Limits(document_seconds=1.5, start_seconds=20, output_mb=1)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files; nothing may be left in it."""
    folder = tmp_path / "work"
    folder.mkdir()
    # only the work folder of each run is writable for the program, so it cannot count its starts elsewhere
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert [path.name for path in folder.iterdir()] == []


@pytest.fixture
def office(tmp_path: Path) -> Office:
    program = tmp_path / "program"
    program.mkdir()
    found = find_office(stand_in_office.install(program, MADE))
    assert found is not None
    return found


def told(results: list[bytes | RejectedError | CrashedError | RetryableError]) -> list[str]:
    """``docx`` for what came out, else the code of the refusal."""
    names = []
    for result in results:
        if isinstance(result, bytes):
            assert result == MADE
            names.append("docx")
        else:
            names.append(getattr(result, "code", "") or result.reason.code)  # type: ignore[union-attr]
    return names


def rtf(word: str) -> bytes:
    return b"{\\rtf1 %s}" % word.encode()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        (["a"], ["docx"]),
        (["a", "b", "c"], ["docx"] * 3),
        (["NOTHING"], ["damaged"]),
        (["a", "NOTHING", "b"], ["docx", "damaged", "docx"]),
        (["CRASH"], ["reader_crashed"]),
        (["a", "CRASH", "b", "c"], ["docx", "reader_crashed", "docx", "docx"]),
        (["CRASH", "CRASH", "a"], ["reader_crashed", "reader_crashed", "docx"]),
        (["a", "NOTHING", "CRASH", "b"], ["docx", "damaged", "reader_crashed", "docx"]),
        (["a", "HANG", "b"], ["docx", "reader_timeout", "docx"]),
        (["SLEEPER", "a"], ["reader_timeout", "docx"]),
        (["a", "LINK", "HUGE", "RUBBISH", "b"], ["docx", "damaged", "damaged", "damaged", "docx"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_neighbours_of_a_bad_document_come_out(
    work: Path, office: Office, words: list[str], expected: list[str]
) -> None:
    assert told(convert([rtf(word) for word in words], office, limits=QUICK)) == expected


def test_reasons_are_for_people() -> None:
    error: GoujiError
    for error in (RejectedError("damaged", "文字处理软件打不开"), CrashedError("reader_timeout", "60 秒")):
        assert "文件" in error.reason.text(error.detail)


def test_a_program_that_does_not_work_blames_no_document(work: Path, office: Office) -> None:
    (office.program.parent / "broken").touch()
    with pytest.raises(RetryableError, match="no display, no hope"):
        convert([GOOD], office, limits=QUICK)


def test_a_program_that_is_gone_blames_no_document(work: Path, office: Office) -> None:
    office.program.unlink()
    with pytest.raises(RetryableError, match="does not work"):
        convert([GOOD], office, limits=QUICK)


def test_documents_whose_turn_does_not_come_wait(work: Path, office: Office) -> None:
    late = ["service_unavailable"] * 2
    assert told(convert([GOOD, GOOD], office, limits=QUICK, seconds=0)) == late
    slow = Limits(document_seconds=600)
    assert told(convert([GOOD, rtf("HANG"), GOOD], office, limits=slow, seconds=4)) == ["docx", *late]
    assert told(convert([rtf("HANG"), GOOD], office, limits=slow, seconds=4)) == late


def test_the_program_is_found_by_name_and_says_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in_office.install(tmp_path, MADE)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    find_office.cache_clear()
    found = find_office()
    assert found == Office(tmp_path / "soffice", "9.8.7.6")
    assert found.engine == "libreoffice/9.8.7.6"
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    find_office.cache_clear()
    assert find_office() is None
    find_office.cache_clear()


@pytest.mark.parametrize("command", ["no-such-program", "/bin/true", "/etc/passwd"])
def test_a_command_that_is_no_word_processor_is_refused(command: str) -> None:
    with pytest.raises(ValueError, match="office_command"):
        find_office(command)


def until(condition: object, seconds: float = 15) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.02)


def processes(folder: Path) -> list[int]:
    """Processes that work in or beneath `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                place = (entry / "cwd").readlink()
            except OSError:
                continue
            if place.is_relative_to(folder):
                found.append(int(entry.name))
    return found


def test_a_killed_worker_takes_the_program_along_and_the_next_one_clears_up(tmp_path: Path, office: Office) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    code = (
        "import tempfile; from pathlib import Path; from services.ingest.office import Limits, Office, convert\n"
        f"tempfile.tempdir = {str(folder)!r}\n"
        f"convert([b'{{\\\\rtf1 HANG}}'], Office(Path({str(office.program)!r}), '1'), limits=Limits(document_seconds=500))"
    )
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    until(lambda: len(processes(folder)) == 1)
    until(lambda: list(folder.glob("*/out")))
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    until(lambda: not processes(folder))
    assert len(list(folder.iterdir())) == 1
    again = subprocess.run(
        [sys.executable, "-c", code.replace("HANG", "good")], cwd=ROOT, check=True, timeout=60, capture_output=True
    )
    assert again.returncode == 0
    assert list(folder.iterdir()) == []


PROBE = """
import json, os, resource, socket, sys
def tried(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return error.strerror
    return "done"
print(json.dumps({
    "inet": tried(socket.socket, socket.AF_INET), "inet6": tried(socket.socket, socket.AF_INET6),
    "netlink": tried(socket.socket, socket.AF_NETLINK), "unix": tried(socket.socket, socket.AF_UNIX),
    "write here": tried(open, "here", "w"), "write there": tried(open, sys.argv[1], "w"),
    "read there": tried(open, sys.argv[2]), "signal": tried(os.kill, int(sys.argv[3]), 0),
    "fork": tried(lambda: os.waitpid(os.fork() or os._exit(0), 0)), "environment": sorted(os.environ),
    "limits": [resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] for name in ("AS", "CPU", "FSIZE", "CORE")],
}))
"""


def test_the_program_has_no_network_no_secrets_and_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    secret = tmp_path / "secret"
    secret.write_text("s")
    monkeypatch.setenv("GOUJI_SECRET_KEY", "s" * 40)
    command = [sys.executable, "-I", "-c", PROBE, str(tmp_path / "x"), str(secret), str(os.getpid())]
    wanted = json.loads(order(command, folder, program=Path(sys.executable), memory_mb=2048, cpu_seconds=30, file_mb=5))
    wanted["readable"] += [sys.prefix, sys.base_prefix]
    done = subprocess.run(
        launch(json.dumps(wanted)), cwd=folder, env={}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["limits"] == [2048 * 2**20, 30, 5 * 2**20, 0]
    assert not any(name.startswith("GOUJI") for name in seen["environment"])
    assert (seen["unix"], seen["write here"], seen["fork"]) == ("done", "done", "done")
    protections = confine.available().names()
    if "seccomp" in protections:
        assert {seen["inet"], seen["inet6"], seen["netlink"]} == {"Operation not permitted"}
    if "landlock" in protections:
        assert {seen["write there"], seen["read there"]} == {"Permission denied"}
        version = confine._landlock(confine._SYS_LANDLOCK_CREATE, None, 0, confine._LANDLOCK_VERSION)
        assert seen["signal"] == ("Operation not permitted" if version >= 6 else "done")


def test_a_program_whose_parent_is_another_process_does_not_start(tmp_path: Path) -> None:
    wanted = json.loads(
        order(
            ["/bin/sh", "-c", "touch here"], tmp_path, program=Path("/bin/sh"), memory_mb=512, cpu_seconds=5, file_mb=1
        )
    )
    subprocess.run(launch(json.dumps(wanted | {"parent": 1})), cwd=tmp_path, env={}, check=True, timeout=60)
    assert not (tmp_path / "here").exists()


def test_there_is_a_filter_for_each_machine_with_a_table() -> None:
    assert len(call_filter("x86_64")) > len(call_filter("aarch64")) > 8 * 40
    assert call_filter("riscv64") == b""
