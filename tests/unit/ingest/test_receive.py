"""`ingest.receive`: the one place that decides what an announcement means."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import func, select

from services.ingest.intake import Delivery, accept
from services.ingest.receive import Receive
from services.platform.db.engine import reading
from services.platform.db.models import Notice, Spool, Submission
from services.platform.settings import settings
from services.platform.stage_task import run
from tests.unit.platform.ground import Ground


@pytest.fixture(autouse=True)
def registered(ground: Ground) -> None:
    ground.register("a1", "a2")


def received(ground: Ground, row_id: int) -> Any:
    assert run(Receive(), row_id)
    return ground.row("submission", row_id)


def spool_count() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Spool)) or 0


def test_the_original_is_kept_under_its_hash_and_reading_follows(ground: Ground) -> None:
    row = received(ground, ground.deposit("a1", b"data", filename="年报 2024.pdf"))
    sha256 = hashlib.sha256(b"data").hexdigest()
    assert (row.state, row.sha256, row.size, row.filename) == ("received", sha256, 4, "年报 2024.pdf")
    assert ground.store.objects["gouji-originals", f"{sha256[:2]}/{sha256}"][0] == b"data"
    assert ground.nudged == [("ingest.extract", row.id)]


@pytest.mark.parametrize("agency", ["a3", "", "*"])
def test_an_agency_that_nobody_registered_is_refused_before_its_bytes_are_fetched(ground: Ground, agency: str) -> None:
    row = received(ground, ground.announce(agency, key="x/2024/never-there"))
    assert (row.state, row.reason_code) == ("rejected", "unknown_agency")


@pytest.mark.parametrize(("data", "code"), [(b"", "empty"), (b"x" * 101, "too_large"), (b"x" * 9999, "too_large")])
def test_empty_and_too_large_documents_are_refused_and_not_kept(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, data: bytes, code: str
) -> None:
    monkeypatch.setenv("GOUJI_MAX_BYTES", "100")
    settings.cache_clear()
    row = received(ground, ground.deposit("a1", data))
    assert (row.state, row.reason_code, row.sha256) == ("rejected", code, None)
    assert not [key for bucket, key in ground.store.objects if bucket == "gouji-originals"]
    assert [notice.kind for notice in ground.rows(Notice)] == ["rejected"]


def test_a_document_of_just_the_largest_size_is_taken(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOUJI_MAX_BYTES", "100")
    settings.cache_clear()
    assert received(ground, ground.deposit("a1", b"x" * 100)).state == "received"


def test_what_was_deleted_or_overwritten_before_it_was_fetched_is_gone(ground: Ground) -> None:
    deleted = ground.announce("a1")
    overwritten = ground.deposit("a1", b"old")
    ground.store.put("gouji-inbox", ground.row("submission", overwritten).object_key, b"new")
    for row_id, code in ((deleted, "vanished"), (overwritten, "overwritten")):
        row = received(ground, row_id)
        assert (row.state, row.reason_code, row.sha256) == ("rejected", code, None)
    assert not [key for bucket, key in ground.store.objects if bucket == "gouji-originals"]


def test_what_overwrote_it_is_received_by_its_own_announcement(ground: Ground) -> None:
    old = ground.deposit("a1", b"old")
    key = ground.row("submission", old).object_key
    new = ground.announce("a1", key=key, version=ground.store.put("gouji-inbox", key, b"new").version)
    assert received(ground, new).sha256 == hashlib.sha256(b"new").hexdigest()
    assert received(ground, old).state == "rejected"


def test_a_store_that_is_away_is_no_fault_of_the_document(ground: Ground) -> None:
    row_id = ground.deposit("a1", b"data")
    ground.store.away = True
    row = received(ground, row_id)
    assert (row.state, row.setbacks) == ("announced", 1)


def test_the_same_bytes_of_the_same_body_are_worked_on_once(ground: Ground) -> None:
    first = received(ground, ground.deposit("a1", b"data"))
    puts = ground.store.puts
    second = received(ground, ground.deposit("a1", b"data"))
    assert (second.state, second.duplicate_of, second.sha256) == ("duplicate", first.id, first.sha256)
    assert ground.store.puts == puts + 1, "the original is not written again"
    assert ground.nudged == [("ingest.extract", first.id)]
    assert ground.count(Notice) == 0


def test_of_two_that_are_received_at_the_same_moment_one_goes_on(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ground.deposit("a1", b"data"), ground.deposit("a1", b"data")
    keep = ground.store.keep_original

    def while_the_other_is_quicker(*given: Any) -> Any:
        monkeypatch.setattr(ground.store, "keep_original", keep)
        run(Receive(), second)
        return keep(*given)

    monkeypatch.setattr(ground.store, "keep_original", while_the_other_is_quicker)
    assert received(ground, first).duplicate_of == second
    assert [row.state for row in ground.rows(Submission)] == ["duplicate", "received"]


def test_the_same_bytes_of_another_body_are_worked_on_normally(ground: Ground) -> None:
    rows = [received(ground, ground.deposit(agency, b"data")) for agency in ("a1", "a2")]
    assert [(row.state, row.duplicate_of) for row in rows] == [("received", None)] * 2


def test_spooled_bytes_move_to_the_store_when_it_is_back(ground: Ground) -> None:
    ground.store.away = True
    done = accept(Delivery(b"data", "a1", "年报.pdf", "upload", "id"), ground.store, actor="t")
    assert received(ground, done.id).state == "announced"
    assert spool_count() == 1
    ground.store.away = False
    ground.make_due("submission", done.id)
    row = received(ground, done.id)
    assert (row.state, row.filename) == ("received", "年报.pdf")
    assert spool_count() == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("a\nb\x00\x1b[31m.pdf", "a�b��[31m.pdf"), ("", "rows-own.pdf"), ("长" * 300, "长" * 255)],
)
def test_a_name_that_others_wrote_into_the_store_is_made_fit_to_show(ground: Ground, sent: str, kept: str) -> None:
    put = ground.store.put("gouji-inbox", "a1/2024/x", b"data", meta={"filename": sent})
    row_id = ground.announce("a1", key="a1/2024/x", version=put.version, filename="rows-own.pdf")
    assert received(ground, row_id).filename == kept
