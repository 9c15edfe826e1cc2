"""The drop folder `<root>/<agency>/[<year>/]file`, with `done/` and `failed/` beside the agency's files.

Everything here is hostile: names, links, devices. Files are moved only after the database has committed.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from services.ingest.completeness import Seen
from services.ingest.keys import AGENCY_CODE

DONE = "done"
FAILED = "failed"
REASON_SUFFIX = ".原因.txt"
MAX_NAME_BYTES = 200

_YEAR = re.compile(r"(?:19|20)\d\d")
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


def scan(root: Path) -> list[Seen]:
    """One look at every file that waits anywhere in the folder, links and devices included, temporary names left out."""
    found: list[Seen] = []
    for place, folders, _ in os.walk(root, followlinks=False):
        depth = len(Path(place).relative_to(root).parts)
        hidden = {name for name in folders if name.startswith(".") or (depth <= 1 and name in {DONE, FAILED})}
        folders[:] = [name for name in folders if name not in hidden]
        with os.scandir(place) as entries:
            found.extend(_seen(root, entry) for entry in entries if _waits(entry))
    return sorted(found, key=lambda look: (look.mtime_ns, look.path))


def settled(root: Path) -> list[str]:
    """Every document in the `done` and `failed` folders, relative to the root; reason files left out."""
    found: list[str] = []
    for verdict in (DONE, FAILED):
        for place in (*root.glob(verdict), *root.glob(f"*/{verdict}")):
            found.extend(
                str(file.relative_to(root))
                for file in place.iterdir()
                if not file.name.startswith(".") and not file.name.endswith(REASON_SUFFIX)
            )
    return sorted(found)


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
    printable = "".join(char if char.isprintable() else "�" for char in unicodedata.normalize("NFC", name))
    return Dropped(agency, year, printable)


def read_whole(root: Path, look: Seen, limit: int) -> bytes:
    """The file's bytes, if it is still the regular file that was looked at. Raises RefusedFileError or OSError.

    Links are never followed: the file is opened with O_NOFOLLOW and O_NONBLOCK and checked on the open descriptor.
    """
    try:
        descriptor = os.open(root / look.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if (root / look.path).is_symlink():
            raise RefusedFileError("not_a_file", "链接") from error
        raise
    with os.fdopen(descriptor, "rb") as file:
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise RefusedFileError("not_a_file", "特殊文件")
        if info.st_size == 0:
            raise RefusedFileError("empty", "")
        if info.st_size > limit:
            raise RefusedFileError("too_large", f"上限 {limit // 2**20} MB")
        return file.read(limit + 1)


def identity(look: Seen, data: bytes) -> str:
    """Names one hand-in: the same file tried again gives the same, the same bytes dropped anew give another."""
    told = f"{look.path}\x1f{look.inode}\x1f{look.changed_ns}\x1f".encode("utf-8", "surrogateescape")
    return hashlib.sha256(told + hashlib.sha256(data).digest()).hexdigest()[:40]


def place_for(look_path: str, ref: str, verdict: str) -> str:
    """Where a file goes once it is taken in: `<agency>/done/<stem>.<ref><suffix>`, names never collide."""
    path = Path(look_path)
    top = Path(path.parts[0]) if len(path.parts) > 1 else Path()
    return str(top / verdict / f"{path.stem[:50]}.{ref[:8]}{path.suffix[:20]}")


def move(root: Path, before: str, after: str) -> None:
    """Move a file inside the folder atomically, making the target folder. Raises OSError."""
    target = root / after
    target.parent.mkdir(exist_ok=True)
    os.rename(root / before, target)  # noqa: PTH104 - rename, never copy: same folder tree, atomic


def write_reason(root: Path, document: str, text: str) -> None:
    """Put a reason file beside a document, whole or not at all."""
    target = root / f"{document}{REASON_SUFFIX}"
    partial = target.with_name(f".{target.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(target)
