"""One start of the word processor over a batch of files, in a folder of its own that is always cleared away."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import select
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from services.ingest.office.confinement import SOCKET_FOLDERS, launch, order
from services.ingest.office.program import Office

_PROFILE: Final = Path(__file__).with_name("profile.xcu")
_PREFIX: Final = "gouji-office-"
_LOCK: Final = "lock"
_CHUNK: Final = 2**16
_RESTART: Final = 81
"""Exit code of the first start with a new profile: everything is set up, now start me again."""
_STARTS: Final = 3
_LINGERING: Final = 10
"""Seconds that a program may live on after it has closed its output."""
_CANARY: Final = b"{\\rtf1\\ansi A document without fault.}"
"""The first of every batch. When even this one does not come out, the fault is not the documents'."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the word processor.

    `document_seconds`: longest wait for the next document to come out; `start_seconds`: the same for the first.
    `memory_mb`: its address space. `output_mb`: largest file it may write.
    """

    document_seconds: float = 60
    start_seconds: float = 60
    memory_mb: int = 4096
    output_mb: int = 64


End = Literal["done", "failed", "crashed", "hung", "late"]
"""Went through all files; gave up with a status of its own; was ended by a signal; made no headway and was ended; was
ended because the time for all was over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one start: how it ended, whether it worked at all, and for each file what came out of it.

    ``said``: the program's last words, for people who look after the machine.
    """

    end: End
    works: bool
    converted: list[bytes | None]
    said: str


def run(files: Sequence[tuple[bytes, str]], office: Office, limits: Limits, deadline: float) -> Outcome:
    """Convert `files` (content and suffix) in this order, until `deadline` (of the monotonic clock) at most.

    Raises OSError when the machine gives no folder or process.
    """
    with _workplace() as folder:
        names = [_write(folder, "in", "canary.rtf", _CANARY)]
        names += [_write(folder, "in", f"{n}.{suffix}", data) for n, (data, suffix) in enumerate(files)]
        _write(folder, "profile/user", "registrymodifications.xcu", _PROFILE.read_bytes())
        command = [
            str(office.program),
            f"-env:UserInstallation={_profile(folder)}",
            *("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard"),
            *("--convert-to", "docx:Office Open XML Text", "--outdir", str(folder / "out"), *names),
        ]
        seconds = limits.start_seconds + limits.document_seconds * len(names)
        launched = launch(
            order(
                command,
                folder,
                program=office.program,
                memory_mb=limits.memory_mb,
                cpu_seconds=int(seconds) + 1,
                file_mb=limits.output_mb,
            )
        )
        end, said = _run(launched, folder, limits, deadline)
        out = folder / "out"
        works = _result(out / "canary.docx", limits) is not None
        return Outcome(end, works, [_result(out / f"{n}.docx", limits) for n in range(len(files))], said)


def _run(launched: list[str], folder: Path, limits: Limits, deadline: float) -> tuple[End, str]:
    end: End = "crashed"
    said = ""
    for _ in range(_STARTS):
        with subprocess.Popen(  # noqa: S603 - our own launcher, which confines the program that the settings name
            launched,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={},
            start_new_session=True,
        ) as process:
            try:
                end, said = _watch(process, limits, deadline)
            finally:
                with contextlib.suppress(ProcessLookupError):  # all of it has ended
                    os.killpg(process.pid, signal.SIGKILL)
                _remove_socket(folder)
        if process.returncode != _RESTART:
            break
    return end, said


def _watch(process: subprocess.Popen[bytes], limits: Limits, deadline: float) -> tuple[End, str]:
    """How it ended, or why it has to be ended, and its last words; it says a line for each document it has opened."""
    assert process.stdout is not None  # a pipe was asked for
    said = b""
    wait = limits.start_seconds
    end: End | None = None
    while end is None:
        until = min(time.monotonic() + wait, deadline)
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
        chunk = os.read(process.stdout.fileno(), _CHUNK) if ready else None
        if chunk is None:
            end = _overdue(deadline)
        elif chunk:
            said = (said + chunk)[-_CHUNK:]
            wait = limits.document_seconds
        else:
            end = _status(process, deadline)
    return end, said.decode(errors="replace").strip()[-200:]


def _status(process: subprocess.Popen[bytes], deadline: float) -> End:
    """The end of a program that has closed its output."""
    try:
        status = process.wait(max(0.0, min(_LINGERING, deadline - time.monotonic())))
    except subprocess.TimeoutExpired:
        return _overdue(deadline)
    return "done" if status == 0 else "failed" if status > 0 else "crashed"


def _overdue(deadline: float) -> End:
    return "late" if time.monotonic() >= deadline else "hung"


def _result(path: Path, limits: Limits) -> bytes | None:
    """A file that came out, None when there is none or it is no ordinary file; a link is not followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > limits.output_mb * 2**20:
            return None
        return file.read()


def _write(folder: Path, inner: str, name: str, content: bytes) -> str:
    place = folder / inner
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_bytes(content)
    return str(place / name)


@contextlib.contextmanager
def _workplace() -> Iterator[Path]:
    """A private folder. One that a killed worker left behind is cleared away by the next."""
    root = Path(tempfile.gettempdir())
    for left in root.glob(f"{_PREFIX}*"):
        _clear_if_left(left)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _clear_if_left(folder: Path) -> None:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return  # another user's, or about to be locked or gone
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # at work
    finally:
        os.close(lock)
    _remove_socket(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _profile(folder: Path) -> str:
    return (folder / "profile").as_uri()


def _remove_socket(folder: Path) -> None:
    """The socket by which the program knows itself; it may make one beside its folder and not remove it again."""
    digest = hashlib.md5(_profile(folder).encode("utf-16-le"), usedforsecurity=False).digest()
    name = f"OSL_PIPE_{os.getuid()}_SingleOfficeIPC_" + "".join(f"{byte:x}" for byte in digest)
    for place in SOCKET_FOLDERS:
        (Path(place) / name).unlink(missing_ok=True)
