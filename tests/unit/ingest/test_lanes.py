"""What extract does with a document that only a slower lane can read."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from services.core.contracts import EXTRACT, READ_PICTURES, RECEIVE
from services.core.errors import CrashedError, RejectedError
from services.core.lifecycle import SubmissionState
from services.core.report import Document, Format, Lane, Report
from services.ingest import extract, lanes
from services.ingest.extract import Extract
from services.ingest.lanes import Convert, ReadPictures
from services.ingest.office import Office
from services.platform.db.models import Extraction
from services.platform.settings import settings
from services.platform.stage_task import run, run_batch
from tests.unit.platform.ground import Ground

SHA = "a" * 64


class Room:
    """Stands in for a reading room: gives one answer to everything."""

    def __init__(self, answer: Document | Exception) -> None:
        self.answer = answer

    def read(self, data: bytes, *, filename: str) -> Document:
        assert (data, filename) == (b"bytes", "年度报告.pdf")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def document(*, needs: Lane | None = None, engine: str = "plain") -> Document:
    report = Report(status="review", reason="这是扫描件。")
    return Document(file="x", sha256=SHA, format=Format.PDF_SCAN, engine=engine, reports=[report], needs=needs)


@pytest.fixture
def received(ground: Ground) -> int:
    ground.store.keep_original(SHA, b"bytes")
    row_id = ground.announce()
    ground.step(RECEIVE, row_id, SubmissionState.RECEIVED, sha256=SHA)
    return row_id


@pytest.fixture
def lane(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GOUJI_OCR_LANE", "true")
    monkeypatch.setenv("GOUJI_OFFICE_LANE", "true")
    settings.cache_clear()
    yield
    settings.cache_clear()


def read_by(monkeypatch: pytest.MonkeyPatch, answer: Document | Exception) -> None:
    monkeypatch.setattr(extract, "reading_room", lambda: Room(answer))


def kept(ground: Ground) -> list[Document]:
    return [Document.model_validate_json(zlib.decompress(row.document)) for row in ground.rows(Extraction)]


def test_without_the_lane_what_could_be_read_is_kept_and_judged(
    ground: Ground, received: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, document(needs="ocr"))
    run(Extract(), received)
    assert ground.state("submission", received) == "extracted"
    assert [one.reports[0].reason for one in kept(ground)] == ["这是扫描件。"]


@pytest.mark.usefixtures("lane")
def test_pictures_go_to_their_own_queue_and_are_read_there(
    ground: Ground, received: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, document(needs="ocr"))
    run(Extract(), received)
    assert ground.state("submission", received) == "for_ocr"
    assert ground.nudged[-1] == ("ingest.read_pictures", received)
    assert kept(ground) == []

    monkeypatch.setattr(lanes, "_picture_room_of", lambda _pid: Room(document(engine="pictures")))
    run(ReadPictures(), received)
    assert ground.audit("submission", received)[-3:] == [
        ("extracting", "for_ocr", "needs_ocr"),
        ("for_ocr", "reading_pictures", "claimed"),
        ("reading_pictures", "extracted", "done"),
    ]
    assert [one.engine for one in kept(ground)] == ["pictures"]


@pytest.mark.usefixtures("lane")
def test_a_document_that_needs_no_lane_takes_none(
    ground: Ground, received: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, document())
    run(Extract(), received)
    assert ground.state("submission", received) == "extracted"


def test_pictures_have_limits_of_their_own() -> None:
    config = settings()
    assert config.time_limits(READ_PICTURES.task) == (config.lane_soft_seconds, config.lane_hard_seconds)
    room = lanes.make_picture_room(config)
    assert (room._limits.memory_mb, room._limits.cpu_seconds) == (config.ocr_memory_mb, config.ocr_cpu_seconds)


def test_what_the_reader_refuses_for_another_reason_is_refused(
    ground: Ground, received: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, RejectedError("damaged", "x"))
    run(Extract(), received)
    assert ground.state("submission", received) == "rejected"


@pytest.mark.usefixtures("lane")
def test_an_office_file_goes_to_the_queue_where_it_is_converted(
    ground: Ground, received: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, RejectedError("office_missing", "doc"))
    run(Extract(), received)
    assert ground.state("submission", received) == "for_office"
    assert ground.nudged[-1] == ("ingest.convert", received)


def test_without_the_lane_an_office_file_is_refused_with_the_way_out(
    ground: Ground, received: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, RejectedError("office_missing", "doc"))
    run(Extract(), received)
    row = ground.row("submission", received)
    assert (row.state, row.reason_code) == ("rejected", "office_missing")


def office_files(ground: Ground, *contents: bytes) -> list[int]:
    """Submissions that wait to be converted, with these originals."""
    rows = []
    for number, data in enumerate(contents):
        sha256 = hashlib.sha256(data).hexdigest()
        row_id = ground.announce(f"b{number}")
        if data:
            ground.store.keep_original(sha256, data)
        ground.step(RECEIVE, row_id, SubmissionState.RECEIVED, sha256=sha256)
        ground.step(EXTRACT, row_id, SubmissionState.FOR_OFFICE)
        rows.append(row_id)
    return rows


class Reader:
    """Stands in for the reading room behind the converter."""

    def read(self, data: bytes, *, filename: str) -> Document:
        if data == b"docx: defect":
            raise KeyError(filename)
        if data == b"docx: crash":
            raise CrashedError("reader_crashed", "x")
        return document(engine="docx/1")


def test_a_batch_of_office_files_is_converted_by_one_call_and_each_ends_as_it_must(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[bytes]] = []

    def converter(documents: Sequence[bytes], office: Office, *, seconds: float) -> list[Any]:
        assert (office, seconds) == (Office(Path("/soffice"), "7.4"), settings().office_wall_seconds)
        calls.append(list(documents))
        return [RejectedError("damaged", "x") if data == b"{\\rtf bad" else b"docx: " + data[6:] for data in documents]

    monkeypatch.setattr(lanes, "convert", converter)
    monkeypatch.setattr(lanes, "find_office", lambda _command: Office(Path("/soffice"), "7.4"))
    monkeypatch.setattr(lanes, "reading_room", Reader)
    contents = (b"{\\rtf good", b"{\\rtf bad", b"", b"{\\rtf defect", b"{\\rtf crash")
    good, bad, lost, defect, crash = office_files(ground, *contents)
    assert run_batch(Convert(), bad) == 5
    assert calls == [[contents[1], contents[0], contents[3], contents[4]]]
    states = {row: ground.state("submission", row) for row in (good, bad, lost, defect, crash)}
    assert states == {
        good: "extracted",
        bad: "rejected",
        lost: "for_office",
        defect: "quarantined",
        crash: "for_office",
    }
    (read,) = kept(ground)
    assert (read.format, read.sha256) == (Format.DOC, hashlib.sha256(contents[0]).hexdigest())
    assert read.engine == "libreoffice/7.4 docx/1"


def test_an_office_worker_without_libreoffice_lets_its_rows_wait(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "find_office", lambda _command: None)
    (row_id,) = office_files(ground, b"{\\rtf good")
    run_batch(Convert(), row_id)
    row = ground.row("submission", row_id)
    assert (row.state, row.setbacks) == ("for_office", 1)
