"""What the child that reads a document has given up before it sees the document."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from services.core.errors import CrashedError
from services.ingest.sandbox import ReadingRoom, launch
from tests.unit.ingest.misbehaving_reader import open_room, said

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def reading():
    """One room for many documents, as in a worker."""
    with open_room() as reading_room:
        yield reading_room


def _need(reading_room: ReadingRoom, protection: str) -> None:
    if protection not in reading_room.protections:
        pytest.skip(f"this kernel has no {protection}")


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
    assert state["folder"] == "/"


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
        state = ast.literal_eval(said(reading_room, "describe"))
        assert (state["own_group"], state["no_new_privs"]) == (True, True)
        with pytest.raises(CrashedError, match="reader_memory"):
            said(reading_room, "eat")
