"""The drop folder `<root>/<agency>/[<year>/]file`, with `done/` and `failed/` beside the agency's files.

Everything here is hostile: names, links, devices. Files are moved only after the database has committed.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from services.ingest.completeness import Seen
from services.ingest.keys import AGENCY_CODE, printable
from services.platform.logging import log

DONE = "done"
FAILED = "failed"
REASON_SUFFIX = ".原因.txt"
MAX_NAME_BYTES = 200

_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", "~")


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file's place in the folder: whose it is, for which year if a year folder says so."""

    agency_code: str
    year: int | None
    filename: str


class RefusedFileError(Exception):
    """The file cannot be taken in at all; `code` is from the catalogue of reasons."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class ChangedFileError(OSError):
    """The file is not, or not only, what was looked at: somebody is writing it. The next look starts anew."""


def scan(root: Path) -> list[Seen]:
    """One look at every file that waits anywhere in the folder, links and devices included, temporary names left out."""
    found: list[Seen] = []
    for place, folders, _ in os.walk(root, followlinks=False):
        depth = len(Path(place).relative_to(root).parts)
        hidden = {name for name in folders if name.startswith(".") or (depth <= 1 and name in {DONE, FAILED})}
        folders[:] = [name for name in folders if name not in hidden]
        found.extend(_waiting(root, place))
    return sorted(found, key=lambda look: (look.mtime_ns, look.path))


def _waiting(root: Path, place: str) -> Iterator[Seen]:
    try:
        with os.scandir(place) as entries:
            for entry in filter(_waits, entries):
                # renamed or deleted since the folder was read: not there to be seen
                with suppress(FileNotFoundError):
                    yield _seen(root, entry)
    except OSError as error:
        # one folder that cannot be read (any more) must not hide the others
        log(__name__).warning("folder_unreadable", error=type(error).__name__)


def settled(root: Path) -> list[str]:
    """Every document in the `done` and `failed` folders, relative to the root; reason files left out."""
    found: list[str] = []
    for verdict in (DONE, FAILED):
        for place in (*root.glob(verdict), *root.glob(f"*/{verdict}")):
            if not _is_folder(place):
                continue
            found.extend(
                str(file.relative_to(root))
                for file in place.iterdir()
                if not file.name.startswith(".") and not file.name.endswith(REASON_SUFFIX)
            )
    return sorted(found)


def _is_folder(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink()


def _waits(entry: os.DirEntry[str]) -> bool:
    if entry.is_dir(follow_symlinks=False) or entry.name.startswith("."):
        return False
    return not entry.name.lower().endswith(_UNFINISHED)


def _seen(root: Path, entry: os.DirEntry[str]) -> Seen:
    info = entry.stat(follow_symlinks=False)
    return Seen(os.path.relpath(entry.path, root), info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns)


def describe(path: str) -> Dropped:
    """What a path inside the folder says. Raises RefusedFileError for a name that cannot be kept."""
    *folders, name = Path(path).parts
    if len(os.fsencode(name)) > MAX_NAME_BYTES:
        raise RefusedFileError("bad_name", f"超过 {MAX_NAME_BYTES} 字节")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RefusedFileError("bad_name", "不是有效的 UTF-8") from error
    agency = folders[0] if folders else ""
    if not AGENCY_CODE.fullmatch(agency):
        raise RefusedFileError("unknown_agency", agency[:60].encode("utf-8", "replace").decode())
    years = [int(folder) for folder in folders[1:] if _YEAR.fullmatch(folder)]
    year = years[0] if years else None
    return Dropped(agency, year, printable(name))


def read_whole(root: Path, look: Seen, limit: int) -> bytes:
    """The file's bytes, if it is still the regular file that was looked at. Raises RefusedFileError or OSError.

    Links are never followed: the file is opened with O_NOFOLLOW and O_NONBLOCK and checked on the open descriptor.
    """
    try:
        descriptor = os.open(root / look.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        mode = os.lstat(root / look.path).st_mode
        if not stat.S_ISREG(mode):
            raise RefusedFileError("not_a_file", "链接" if stat.S_ISLNK(mode) else "特殊文件") from error
        raise
    with os.fdopen(descriptor, "rb") as file:
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise RefusedFileError("not_a_file", "特殊文件")
        if info.st_size == 0:
            raise RefusedFileError("empty", "")
        if info.st_size > limit:
            raise RefusedFileError("too_large", f"上限 {limit // 2**20} MB")
        data = file.read(limit + 1)
        if not look.is_of(info) or not look.is_of(os.fstat(file.fileno())) or len(data) != look.size:
            raise ChangedFileError(f"changed since looked at: {look.size} bytes then")
        return data


def identity(look: Seen, data: bytes) -> str:
    """Names one hand-in: the same file tried again gives the same, the same bytes dropped anew give another."""
    told = f"{look.path}\x1f{look.inode}\x1f{look.changed_ns}\x1f".encode("utf-8", "surrogateescape")
    return hashlib.sha256(told + hashlib.sha256(data).digest()).hexdigest()[:40]


def place_for(look_path: str, ref: str, verdict: str) -> str:
    """Where a file goes once it is taken in: `<agency>/done/<stem>.<ref><suffix>`, names never collide."""
    path = Path(shown(look_path))
    top = Path(path.parts[0]) if len(path.parts) > 1 else Path()
    return str(top / verdict / f"{_clipped(path.stem, 150)}.{ref[:8]}{_clipped(path.suffix, 40)}")


def shown(path: str) -> str:
    """A path fit for the database and the log, whatever bytes its name holds."""
    return path.encode("utf-8", "replace").decode("utf-8")[:1024]


def _clipped(text: str, most: int) -> str:
    """`text` cut to `most` bytes: with reference, reason suffix and mark of a partial file a name stays below 255."""
    return text.encode("utf-8")[:most].decode("utf-8", "ignore")


def move(root: Path, before: str, after: str, look: Seen | None = None) -> None:
    """Move a file inside the folder atomically, making the target folder. Raises OSError.

    With `look` it is moved only while it is still what was looked at: a file that took its place meanwhile waits for
    its own turn (ChangedFileError).
    """
    target = root / after
    if target.parent.is_symlink() or (target.parent.exists() and not target.parent.is_dir()):
        # a file of that very name stands in the way; under another name it is taken in like any other
        os.rename(target.parent, f"{target.parent}.{secrets.token_hex(4)}")  # noqa: PTH104 - as below
    target.parent.mkdir(parents=True, exist_ok=True)
    if look is not None and not look.is_of(os.lstat(root / before)):
        raise ChangedFileError("changed since it was taken in")
    os.rename(root / before, target)  # noqa: PTH104 - rename, never copy: same folder tree, atomic


def write_reason(root: Path, document: str, text: str) -> None:
    """Put a reason file beside a document, whole or not at all."""
    target = root / f"{document}{REASON_SUFFIX}"
    partial = target.with_name(f".{target.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(target)
