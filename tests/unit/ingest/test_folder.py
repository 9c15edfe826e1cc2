"""The drop folder: everything in it is hostile."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from services.core.errors import REASONS
from services.ingest import folder
from services.ingest.completeness import Seen


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "drop"
    place.mkdir()
    return place


def put(root: Path, path: str | bytes, data: bytes = b"%PDF-1.4 x") -> Path:
    target = root / os.fsdecode(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return target


def paths(root: Path) -> list[str]:
    return sorted(look.path for look in folder.scan(root))


def look_at(root: Path, path: str) -> Seen:
    (look,) = [look for look in folder.scan(root) if look.path == path]
    return look


# looking


def test_files_are_seen_wherever_they_lie_and_oldest_first(root: Path) -> None:
    for age, path in ((30, "a1/old.pdf"), (10, "root.pdf"), (20, "a1/2024/deep/er/x.pdf")):
        file = put(root, path)
        os.utime(file, (1_000_000 - age, 1_000_000 - age))
    assert [look.path for look in folder.scan(root)] == ["a1/old.pdf", "a1/2024/deep/er/x.pdf", "root.pdf"]


@pytest.mark.parametrize(
    "name", ["x.part", "x.TMP", "x.pdf.crdownload", "x.filepart", "x.pdf~", ".x.pdf", "..x", ".~lock.x.pdf#"]
)
def test_unfinished_and_hidden_files_are_left_alone(root: Path, name: str) -> None:
    put(root, f"a1/{name}")
    put(root, "a1/.git/x.pdf")
    assert paths(root) == []


def test_what_is_settled_is_not_seen_again_but_done_is_an_ordinary_name_further_down(root: Path) -> None:
    for path in ("a1/done/x.pdf", "a1/failed/x.pdf", "done/x.pdf", "failed/x.pdf", "a1/2024/done/x.pdf"):
        put(root, path)
    assert paths(root) == ["a1/2024/done/x.pdf"]


def test_links_and_devices_are_seen_but_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    put(outside, "secret.pdf")
    (root / "a1").mkdir()
    (root / "a1" / "link.pdf").symlink_to(outside / "secret.pdf")
    (root / "a1" / "folder").symlink_to(outside)
    (root / "a1" / "loop").symlink_to(root)
    os.mkfifo(root / "a1" / "fifo.pdf")
    assert paths(root) == ["a1/fifo.pdf", "a1/folder", "a1/link.pdf", "a1/loop"]


def test_a_file_that_goes_while_it_is_looked_at_spoils_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "a1/gone.pdf")
    put(root, "a1/there.pdf")
    seen = folder._seen

    def disappearing(base: Path, entry: os.DirEntry[str]) -> Seen:
        if entry.name == "gone.pdf":
            Path(entry.path).unlink(missing_ok=True)
        return seen(base, entry)

    monkeypatch.setattr(folder, "_seen", disappearing)
    assert paths(root) == ["a1/there.pdf"]


def test_a_folder_that_cannot_be_read_does_not_hide_the_others(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "a1/x.pdf")
    put(root, "b2/x.pdf")
    scandir = os.scandir

    def refusing(place: str):
        if str(place).endswith("a1"):
            raise PermissionError(13, "denied", place)
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refusing)
    assert paths(root) == ["b2/x.pdf"]


# names


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("a1/x.pdf", folder.Dropped("a1", None, "x.pdf")),
        ("a1/2024/x.pdf", folder.Dropped("a1", 2024, "x.pdf")),
        ("a1/政务/2023/x.pdf", folder.Dropped("a1", 2023, "x.pdf")),
        ("a1/1234/x.pdf", folder.Dropped("a1", None, "x.pdf")),
        ("a1/e\u0301\u202egnp.pdf", folder.Dropped("a1", None, "é�gnp.pdf")),
        ("a1/a\nb\t\x1b[2J.pdf", folder.Dropped("a1", None, "a�b��[2J.pdf")),
    ],
)
def test_the_path_says_whose_and_for_which_year(path: str, told: folder.Dropped) -> None:
    assert folder.describe(path) == told


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("x.pdf", "unknown_agency"),
        ("教育局/x.pdf", "unknown_agency"),
        ("a b/x.pdf", "unknown_agency"),
        ("*/x.pdf", "unknown_agency"),
        ("a1/" + "长" * 67 + ".pdf", "bad_name"),
        (os.fsdecode(b"a1/\xff\xfe.pdf"), "bad_name"),
        (os.fsdecode(b"\xff/x.pdf"), "unknown_agency"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_reason_of_the_catalogue(path: str, code: str) -> None:
    with pytest.raises(folder.RefusedFileError) as refused:
        folder.describe(path)
    assert refused.value.code == code
    REASONS[code].text(refused.value.detail).encode("utf-8")


# reading


def test_a_file_is_read_whole(root: Path) -> None:
    put(root, "a1/x.pdf", b"data")
    assert folder.read_whole(root, look_at(root, "a1/x.pdf"), 4) == b"data"


def test_links_devices_empty_and_large_files_are_refused(root: Path, tmp_path: Path) -> None:
    secret = put(tmp_path, "secret.pdf")
    put(root, "a1/empty.pdf", b"")
    put(root, "a1/large.pdf", b"12345")
    (root / "a1" / "link.pdf").symlink_to(secret)
    (root / "a1" / "dangling.pdf").symlink_to("nowhere")
    os.mkfifo(root / "a1" / "fifo.pdf")
    ways = {
        "a1/empty.pdf": "empty",
        "a1/large.pdf": "too_large",
        "a1/link.pdf": "not_a_file",
        "a1/dangling.pdf": "not_a_file",
        "a1/fifo.pdf": "not_a_file",
    }
    for path, code in ways.items():
        with pytest.raises(folder.RefusedFileError) as refused:
            folder.read_whole(root, look_at(root, path), 4)
        assert refused.value.code == code


def test_a_socket_is_refused_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "a1").mkdir()
    monkeypatch.chdir(root / "a1")  # socket addresses are short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.pdf")
        with pytest.raises(folder.RefusedFileError) as refused:
            folder.read_whole(root, look_at(root, "a1/s.pdf"), 4)
    assert refused.value.code == "not_a_file"


def test_a_file_that_changed_since_it_was_looked_at_is_not_read_by_halves(root: Path) -> None:
    file = put(root, "a1/x.pdf", b"half")
    look = look_at(root, "a1/x.pdf")
    file.write_bytes(b"half and the rest")
    with pytest.raises(folder.ChangedFileError):
        folder.read_whole(root, look, 99)


def test_another_file_in_its_place_is_another_file(root: Path) -> None:
    put(root, "a1/x.pdf", b"first")
    look = look_at(root, "a1/x.pdf")
    put(root, "a1/new", b"other").replace(root / "a1" / "x.pdf")
    with pytest.raises(folder.ChangedFileError):
        folder.read_whole(root, look, 99)
    with pytest.raises(folder.ChangedFileError):
        folder.move(root, "a1/x.pdf", "a1/done/x.pdf", look)
    assert (root / "a1" / "x.pdf").read_bytes() == b"other"


def test_one_hand_in_has_one_identity_and_a_new_one_another(root: Path) -> None:
    put(root, "a1/x.pdf", b"data")
    look = look_at(root, "a1/x.pdf")
    assert folder.identity(look, b"data") == folder.identity(look, b"data")
    (root / "a1" / "x.pdf").unlink()
    put(root, "a1/keep", b"")  # so that the inode is not simply given out again
    put(root, "a1/x.pdf", b"data")
    assert folder.identity(look_at(root, "a1/x.pdf"), b"data") != folder.identity(look, b"data")
    assert folder.identity(Seen(os.fsdecode(b"a1/\xff"), 1, 1, 1, 1), b"").isalnum()


# moving


HOSTILE = [
    "a1/x.pdf",
    "x.pdf",
    "a1/" + "长" * 83 + ".pdf",
    "a1/" + "𠀀" * 50 + "." + "𠀀" * 13,
    "a1/" + "x" * 255,
    "a1/." * 3 + "/x",
    os.fsdecode(b"a1/" + b"\xff" * 200 + b".pdf"),
    os.fsdecode(b"\xff\xfe/x.pdf"),
    "a1/2024/x.tar.gz",
    "a1/no suffix",
    "a1/a.pdf.原因.txt",
]


@pytest.mark.parametrize("path", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("verdict", [folder.DONE, folder.FAILED])
def test_any_file_can_be_moved_and_have_its_reason_beside_it_and_is_found_there(
    root: Path, path: str, verdict: str
) -> None:
    put(root, os.fsencode(path))
    after = folder.place_for(path, "0123456789abcdef", verdict)
    after.encode("utf-8")
    assert "01234567" in after
    folder.move(root, path, after)
    folder.write_reason(root, after, "原因")
    assert folder.settled(root) == [after]
    assert (root / f"{after}{folder.REASON_SUFFIX}").read_text(encoding="utf-8") == "原因"
    assert folder.scan(root) == []


def test_two_files_of_one_name_do_not_collide(root: Path) -> None:
    for ref in ("aaaaaaaa1111", "bbbbbbbb1111"):
        put(root, "a1/2024/x.pdf", ref.encode())
        folder.move(root, "a1/2024/x.pdf", folder.place_for("a1/2024/x.pdf", ref, folder.DONE))
    assert folder.settled(root) == ["a1/done/x.aaaaaaaa.pdf", "a1/done/x.bbbbbbbb.pdf"]


@pytest.mark.parametrize("name", [folder.DONE, folder.FAILED])
def test_a_file_named_like_our_folders_steps_aside_and_is_taken_in_like_any_other(root: Path, name: str) -> None:
    put(root, f"a1/{name}", b"mine")
    put(root, "a1/x.pdf")
    folder.move(root, "a1/x.pdf", folder.place_for("a1/x.pdf", "0123456789", name))
    assert folder.settled(root) == [f"a1/{name}/x.01234567.pdf"]
    (left,) = folder.scan(root)
    assert (root / left.path).read_bytes() == b"mine"


@pytest.mark.parametrize("name", [folder.DONE, folder.FAILED])
def test_a_link_named_like_our_folders_leads_nothing_out_of_the_folder(root: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    put(root, "a1/x.pdf")
    (root / "a1" / name).symlink_to(outside)
    assert folder.settled(root) == []
    folder.move(root, "a1/x.pdf", folder.place_for("a1/x.pdf", "0123456789", name))
    assert list(outside.iterdir()) == []
    assert folder.settled(root) == [f"a1/{name}/x.01234567.pdf"]


def test_a_reason_is_there_whole_or_not_at_all(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "a1/failed/x.pdf")

    def breaking(_self: Path, _target: Path) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(Path, "replace", breaking)
    with pytest.raises(OSError, match="no space"):
        folder.write_reason(root, "a1/failed/x.pdf", "原因")
    assert folder.settled(root) == ["a1/failed/x.pdf"]
    assert not (root / "a1/failed/x.pdf.原因.txt").exists()
