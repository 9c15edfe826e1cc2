"""Taking bytes in: safe once it returns, whatever else is down."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from services.ingest import intake
from services.ingest.intake import Delivery, accept
from services.ingest.keys import DEPOSITED
from services.ingest.receive import Receive
from services.platform import sweeper
from services.platform.db.engine import reading
from services.platform.db.models import Notice, Spool, Submission, Transition
from services.platform.stage_task import run
from services.platform.storage import original_key
from services.platform.sweeper import sweep_once
from tests.unit.platform.ground import Ground

GIVEN = Delivery(b"data", "a1", "年报.pdf", "upload", "id1", 2024)


@pytest.fixture(autouse=True)
def registered(ground: Ground) -> None:
    ground.register("a1", "a2")


def database_away(*_: object, **__: object) -> None:
    raise OperationalError("UPDATE", {}, Exception("server closed the connection"))


def spooled(row_id: int) -> bytes | None:
    with reading() as session:
        found = session.get(Spool, row_id)
        return found.data if found else None


def test_the_bytes_lie_where_originals_are_kept_and_the_bell_rings(ground: Ground) -> None:
    done = accept(GIVEN, ground.store, actor="t")
    assert done.new
    assert done.sha256 == hashlib.sha256(b"data").hexdigest()
    assert ground.store.objects == {("gouji-originals", original_key(done.sha256)): (b"data", {})}
    row = ground.row("submission", done.id)
    assert (row.bucket, row.version, row.nudged_at is not None) == (DEPOSITED, done.sha256, True)
    assert spooled(done.id) is None
    assert ground.nudged == [("ingest.extract", done.id)]


def test_what_was_measured_while_it_was_taken_in_is_received_at_once(ground: Ground) -> None:
    done = accept(GIVEN, ground.store, actor="t")
    row = ground.row("submission", done.id)
    assert (row.state, row.sha256, row.size, row.filename) == ("received", done.sha256, 4, "年报.pdf")
    assert ground.audit("submission", done.id) == [
        (None, "announced", "upload"),
        ("announced", "receiving", "claimed"),
        ("receiving", "received", "done"),
    ]
    assert ground.store.puts == 1, "the bytes are written once and never fetched"
    assert not run(Receive(), done.id), "a message that comes all the same finds nothing to do"


def test_an_agency_that_nobody_registered_is_refused_at_once_and_told_about(ground: Ground) -> None:
    done = accept(replace(GIVEN, agency_code="a3"), ground.store, actor="t")
    row = ground.row("submission", done.id)
    assert (row.state, row.reason_code) == ("rejected", "unknown_agency")
    (notice,) = ground.rows(Notice)
    assert ground.nudged == [("notify.compose", notice.id)]


def test_without_the_store_the_bytes_wait_in_the_database(ground: Ground) -> None:
    ground.store.away = True
    done = accept(GIVEN, ground.store, actor="t")
    assert spooled(done.id) == b"data"
    row = ground.row("submission", done.id)
    assert (row.state, row.bucket, row.version) == ("announced", DEPOSITED, done.sha256)
    assert ground.nudged == [("ingest.receive", done.id)]


def test_without_the_broker_it_is_taken_in_all_the_same(ground: Ground) -> None:
    ground.broker_away = True
    for identity in ("id1", "id2"):
        done = accept(replace(GIVEN, identity=identity, data=identity.encode()), ground.store, actor="t")
        assert done.new
        assert ground.state("submission", done.id) == "received"


@pytest.mark.parametrize("failing", ["claim", "advance"])
def test_a_database_that_fails_on_the_way_has_taken_nothing_in_and_trying_again_does(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    with monkeypatch.context() as away:
        away.setattr(f"services.ingest.receive.claims.{failing}", database_away)
        with pytest.raises(OperationalError):
            accept(GIVEN, ground.store, actor="t")
    assert (ground.count(Submission), ground.count(Transition), ground.nudged) == (0, 0, [])
    done = accept(GIVEN, ground.store, actor="t")
    assert (done.new, ground.state("submission", done.id)) == (True, "received")


def test_a_hand_in_that_waits_with_its_bytes_is_received_when_the_sweep_finds_it(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.store.away = True
    done = accept(GIVEN, ground.store, actor="t")
    ground.nudged.clear()
    ground.store.away = False
    monkeypatch.setattr(sweeper, "queue_length", lambda _queue: 0)
    ground.forget("submission", done.id)
    sweep_once(ground.config)
    assert ground.nudged == [("ingest.receive", done.id)]
    assert run(Receive(), done.id)
    assert ground.state("submission", done.id) == "received"


@pytest.mark.parametrize("first_away", [False, True])
@pytest.mark.parametrize("then_away", [False, True])
def test_trying_again_is_the_same_hand_in_whatever_came_and_went_between(
    ground: Ground, first_away: bool, then_away: bool
) -> None:
    ground.store.away = first_away
    first = accept(GIVEN, ground.store, actor="t")
    ground.store.away = then_away
    again = accept(GIVEN, ground.store, actor="t")
    assert (again.id, again.ref, again.new) == (first.id, first.ref, False)
    assert ground.count(Submission) == 1
    assert len(ground.nudged) == 1
    assert (spooled(first.id) is not None) == first_away


def test_the_same_bytes_again_are_told_as_such_with_the_earlier_reference(ground: Ground) -> None:
    first = accept(GIVEN, ground.store, actor="t")
    again = accept(replace(GIVEN, identity="id2"), ground.store, actor="t")
    assert (again.new, again.duplicate_of) == (True, first.ref)
    row = ground.row("submission", again.id)
    assert (row.state, row.duplicate_of) == ("duplicate", first.id)
    other = accept(replace(GIVEN, identity="id3", agency_code="a2"), ground.store, actor="t")
    assert other.duplicate_of is None
    assert ground.state("submission", other.id) == "received"
    assert ground.nudged == [("ingest.extract", first.id), ("ingest.extract", other.id)]


def test_without_the_database_nothing_is_promised(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "unit_of_work", database_away)
    with pytest.raises(OperationalError):
        accept(GIVEN, ground.store, actor="t")
    assert ground.nudged == []
