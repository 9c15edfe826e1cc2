"""Taking bytes in: safe once it returns, whatever else is down."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from services.core.contracts import RECEIVE
from services.core.lifecycle import SubmissionState
from services.ingest import intake
from services.ingest.intake import Delivery, accept
from services.platform.db.engine import reading
from services.platform.db.models import Spool, Submission
from services.platform.storage import original_key
from tests.unit.platform.ground import Ground

GIVEN = Delivery(b"data", "a1", "年报.pdf", "upload", "id1", 2024)


def spooled(row_id: int) -> bytes | None:
    with reading() as session:
        found = session.get(Spool, row_id)
        return found.data if found else None


def test_the_bytes_lie_where_originals_are_kept_and_the_bell_rings(ground: Ground) -> None:
    done = accept(GIVEN, ground.store, actor="t")
    assert done.new
    assert done.sha256 == hashlib.sha256(b"data").hexdigest()
    assert ground.store.objects == {("gouji-originals", original_key(done.sha256)): (b"data", {})}
    assert ground.nudged == [("ingest.receive", done.id)]
    assert ground.row("submission", done.id).nudged_at is not None


def test_without_the_store_the_bytes_wait_in_the_database(ground: Ground) -> None:
    ground.store.away = True
    done = accept(GIVEN, ground.store, actor="t")
    assert spooled(done.id) == b"data"
    assert ground.nudged == [("ingest.receive", done.id)]


def test_without_the_broker_it_is_taken_in_all_the_same(ground: Ground) -> None:
    ground.broker_away = True
    assert accept(GIVEN, ground.store, actor="t").new
    assert accept(replace(GIVEN, identity="id2"), ground.store, actor="t").new


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
    ground.step(RECEIVE, first.id, SubmissionState.RECEIVED, sha256=first.sha256)
    assert accept(replace(GIVEN, identity="id2"), ground.store, actor="t").duplicate_of == first.ref
    assert accept(replace(GIVEN, identity="id3", agency_code="a2"), ground.store, actor="t").duplicate_of is None


def test_without_the_database_nothing_is_promised(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("INSERT", {}, Exception("away"))

    monkeypatch.setattr(intake, "unit_of_work", away)
    with pytest.raises(OperationalError):
        accept(GIVEN, ground.store, actor="t")
    assert ground.nudged == []
