"""A document may make its reader do anything; the worker only ever sees a document or one of four errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.core.errors import CrashedError, RejectedError
from services.core.report import Format
from services.ingest.sandbox import ReaderDefectError, ReadingRoom, wire
from services.ingest.sandbox.launch import Outcome
from services.ingest.sandbox.wire import Ended
from tests.unit.ingest.misbehaving_reader import open_room, said

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def reading():
    """One room for many documents, as in a worker."""
    with open_room() as reading_room:
        yield reading_room


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
