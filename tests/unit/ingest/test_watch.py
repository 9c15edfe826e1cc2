"""The folder watcher: take in, commit, move, in that order; and bring the folder in line with the verdicts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from services.core.contracts import EXTRACT, JUDGE
from services.core.lifecycle import SubmissionState
from services.ingest import folder, intake
from services.ingest.watch import FolderWatch
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import Notice, Submission
from services.platform.db.repositories import ledger, submissions
from tests.unit.platform.ground import Ground


@pytest.fixture
def watcher(ground: Ground) -> FolderWatch:
    ground.register("a1")
    return FolderWatch(ground.config, ground.store, "watch:1")


def drop(watcher: FolderWatch, path: str, data: bytes = b"%PDF-1.4 data") -> Path:
    file = watcher.root / os.fsdecode(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def look(watcher: FolderWatch) -> int:
    """Two looks, as far apart as the longest quiet time."""
    watcher.look(0.0)
    return watcher.look(1000.0)


def database_away(*_: object, **__: object) -> None:
    raise OperationalError("INSERT", {}, Exception("server closed the connection"))


def books_balance(watcher: FolderWatch) -> bool:
    with reading() as session:
        known = ledger.known_places(session)
    return set(folder.settled(watcher.root)) <= known


def test_a_complete_file_is_kept_announced_and_moved(ground: Ground, watcher: FolderWatch) -> None:
    drop(watcher, "a1/2024/年报.pdf", b"bytes")
    assert watcher.look(0) == 0
    assert watcher.look(1000) == 1
    (row,) = ground.rows(Submission)
    assert (row.agency_code, row.year_hint, row.filename, row.source) == ("a1", 2024, "年报.pdf", "folder")
    assert [data for data, _ in ground.store.objects.values()] == [b"bytes"]
    assert folder.settled(watcher.root) == [row.folder_place]
    assert row.state == "received"
    assert ground.nudged == [("ingest.extract", row.id)]
    assert look(watcher) == 0


def test_a_crash_between_taking_in_and_moving_leaves_the_place_on_record(
    ground: Ground, watcher: FolderWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(watcher, "a1/2024/年报.pdf")
    monkeypatch.setattr(folder, "move", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    look(watcher)
    (row,) = ground.rows(Submission)
    assert row.folder_verdict == "done"
    assert row.folder_place == folder.place_for("a1/2024/年报.pdf", row.ref, folder.DONE)


def test_a_database_that_is_away_leaves_the_file_where_it_is_until_it_is_back(
    ground: Ground, watcher: FolderWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = drop(watcher, "a1/x.pdf")
    with monkeypatch.context() as during:
        during.setattr(intake, "unit_of_work", database_away)
        assert look(watcher) == 0
        assert file.exists()
    assert watcher.look(1001) == 1
    assert ground.count(Submission) == 1


def test_a_crash_between_commit_and_move_is_healed_without_a_second_submission(
    ground: Ground, watcher: FolderWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = drop(watcher, "a1/x.pdf")
    with monkeypatch.context() as during:
        during.setattr(folder, "move", lambda *_: (_ for _ in ()).throw(OSError("killed")))
        look(watcher)
    assert file.exists()
    assert ground.count(Submission) == 1
    assert look(FolderWatch(ground.config, ground.store, "watch:2")) == 1
    assert ground.count(Submission) == 1
    assert not file.exists()
    assert books_balance(watcher)


def test_the_same_crash_while_the_store_was_away_is_healed_too(
    ground: Ground, watcher: FolderWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(watcher, "a1/x.pdf")
    ground.store.away = True
    with monkeypatch.context() as during:
        during.setattr(folder, "move", lambda *_: (_ for _ in ()).throw(OSError("killed")))
        look(watcher)
    ground.store.away = False
    look(watcher)
    assert ground.count(Submission) == 1


def test_a_file_replaced_while_it_is_taken_in_has_its_own_turn(
    ground: Ground, watcher: FolderWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = drop(watcher, "a1/x.pdf", b"first")
    put = ground.store.put

    def slow_put(bucket: str, key: str, data: bytes, **more: Any) -> Any:
        if data == b"first":
            drop(watcher, "a1/.new", b"second").replace(file)
        return put(bucket, key, data, **more)

    monkeypatch.setattr(ground.store, "put", slow_put)
    look(watcher)
    assert file.read_bytes() == b"second"
    look(watcher)
    assert sorted(data for data, _ in ground.store.objects.values()) == [b"first", b"second"]
    assert not file.exists()


def test_one_file_that_cannot_be_taken_in_does_not_hold_up_the_others(
    ground: Ground, watcher: FolderWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(watcher, "a1/bad.pdf")
    drop(watcher, "a1/good.pdf")
    read = folder.read_whole

    def reading_badly(root: Path, seen, limit: int) -> bytes:
        if "bad" in seen.path:
            raise OSError(5, "input/output error")
        return read(root, seen, limit)

    monkeypatch.setattr(folder, "read_whole", reading_badly)
    assert look(watcher) == 1
    assert [row.filename for row in ground.rows(Submission)] == ["good.pdf"]


@pytest.mark.parametrize(
    ("path", "data", "code"),
    [
        ("a1/x.pdf", b"", "empty"),
        ("x.pdf", b"1", "unknown_agency"),
        ("教育局/x.pdf", b"1", "unknown_agency"),
        ("a1/" + "长" * 80 + ".pdf", b"1", "bad_name"),
        (os.fsdecode(b"a1/\xff\xfe.pdf"), b"1", "bad_name"),
        (os.fsdecode(b"\xff/x.pdf"), b"1", "unknown_agency"),
        ("a1/" + "𠀀" * 50 + "." + "𠀀" * 13, b"1", "bad_name"),
    ],
)
def test_what_is_refused_is_listed_told_about_and_put_aside_with_the_reason(
    ground: Ground, watcher: FolderWatch, path: str, data: bytes, code: str
) -> None:
    drop(watcher, path, data)
    assert look(watcher) == 1
    (row,) = ground.rows(Submission)
    assert (row.state, row.reason_code) == ("rejected", code)
    assert [(n.kind, n.submission_id) for n in ground.rows(Notice)] == [("rejected", row.id)]
    (place,) = folder.settled(watcher.root)
    assert place == row.folder_place
    reason = (watcher.root / f"{place}{folder.REASON_SUFFIX}").read_text(encoding="utf-8")
    assert f"代码：{code}" in reason
    assert row.ref in reason
    assert look(watcher) == 0


def test_a_link_is_refused_and_its_target_stays_unread(ground: Ground, watcher: FolderWatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(b"secret")
    (watcher.root / "a1").mkdir()
    (watcher.root / "a1" / "x.pdf").symlink_to(secret)
    look(watcher)
    assert ground.rows(Submission)[0].reason_code == "not_a_file"
    assert ground.store.objects == {}
    assert secret.read_bytes() == b"secret"


# after the verdict


def reject(ground: Ground, row_id: int) -> None:
    ground.step(EXTRACT, row_id, SubmissionState.REJECTED, reason_code="encrypted")


def store(ground: Ground, row_id: int) -> None:
    with unit_of_work() as session:
        submissions.replay(session, row_id, actor="operator")
    ground.step(EXTRACT, row_id, SubmissionState.EXTRACTED)
    ground.step(JUDGE, row_id, SubmissionState.STORED)


def taken_in(ground: Ground, watcher: FolderWatch, name: str = "x.pdf", data: bytes = b"%PDF-1.4 data") -> int:
    drop(watcher, f"a1/{name}", data)
    look(watcher)
    return int(ground.rows(Submission)[-1].id)


def test_a_rejected_document_moves_to_failed_with_its_reason_and_back_after_a_good_replay(
    ground: Ground, watcher: FolderWatch
) -> None:
    row_id = taken_in(ground, watcher)
    assert watcher.settle() == 0
    reject(ground, row_id)
    assert watcher.settle() == 1
    (place,) = folder.settled(watcher.root)
    assert place.startswith("a1/failed/x.")
    assert "密码" in (watcher.root / f"{place}{folder.REASON_SUFFIX}").read_text(encoding="utf-8")
    assert books_balance(watcher)
    assert watcher.settle() == 0

    store(ground, row_id)
    assert watcher.settle() == 1
    (place,) = folder.settled(watcher.root)
    assert place.startswith("a1/done/x.")
    assert [file.name for file in (watcher.root / "a1" / "failed").iterdir()] == []
    assert books_balance(watcher)


def test_a_file_of_an_agency_that_nobody_registered_ends_in_failed_with_the_reason(
    ground: Ground, watcher: FolderWatch
) -> None:
    drop(watcher, "a2/x.pdf")
    look(watcher)
    (row,) = ground.rows(Submission)
    assert (row.state, row.reason_code) == ("rejected", "unknown_agency")
    assert watcher.settle() == 1
    (place,) = folder.settled(watcher.root)
    assert place.startswith("a2/failed/x.")
    assert "a2" in (watcher.root / f"{place}{folder.REASON_SUFFIX}").read_text(encoding="utf-8")
    assert books_balance(watcher)


def test_a_duplicate_goes_where_its_original_goes_and_comes_back_with_it(ground: Ground, watcher: FolderWatch) -> None:
    first, second = taken_in(ground, watcher, "x.pdf"), taken_in(ground, watcher, "y.pdf")
    assert (ground.state("submission", second), ground.row("submission", second).duplicate_of) == ("duplicate", first)
    reject(ground, first)
    assert watcher.settle() == 2
    assert [place.split("/")[1] for place in folder.settled(watcher.root)] == ["failed", "failed"]
    store(ground, first)
    assert watcher.settle() == 2
    assert [place.split("/")[1] for place in folder.settled(watcher.root)] == ["done", "done"]
    assert list((watcher.root / "a1" / "failed").iterdir()) == []


def test_a_file_that_somebody_took_away_or_cannot_be_moved_keeps_no_other_waiting(
    ground: Ground, watcher: FolderWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = []
    for name in ("gone.pdf", "stuck.pdf", "fine.pdf"):
        row_id = taken_in(ground, watcher, name, name.encode())
        reject(ground, row_id)
        rows.append(row_id)
    (watcher.root / ground.row("submission", rows[0]).folder_place).unlink()
    move = folder.move

    def moving(root: Path, before: str, after: str, seen=None) -> None:
        if "stuck" in before:
            raise PermissionError(13, "denied")
        move(root, before, after, seen)

    monkeypatch.setattr(folder, "move", moving)
    assert watcher.settle() == 2
    assert [ground.row("submission", row_id).folder_verdict for row_id in rows] == ["failed", "done", "failed"]
