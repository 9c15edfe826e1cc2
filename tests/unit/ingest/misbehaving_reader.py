"""A reader that does what a hostile document might make a reader do, and rooms that read with it.

The document's text names the deed.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, cast

from services.core.errors import RejectedError
from services.core.report import Document, Format
from services.ingest.sandbox import ReadingRoom

READER = "tests.unit.ingest.misbehaving_reader:read"
ENVIRONMENT_AT_IMPORT = dict(os.environ)


def open_room(reader=READER, **limits) -> ReadingRoom:
    usual = {"wall_seconds": 30.0, "cpu_seconds": 1, "memory_mb": 256, "max_pages": 300, "max_output_bytes": 2**20}
    return ReadingRoom(reader=reader, **(usual | limits))


def said(reading_room: ReadingRoom, deed: str) -> str:
    """What the misbehaving reader has to say after its deed."""
    return reading_room.read(deed.encode(), filename="a.txt").engine.partition("|")[0]


def read(data: bytes, *, filename: str, max_pages: int) -> Document:
    deed, _, argument = data.decode().partition(" ")
    said: Any = DEEDS[deed](argument) if deed in DEEDS else deed
    if not isinstance(said, str):
        return cast("Document", said)  # which it is not: that is the misdeed
    return Document(
        file=filename,
        sha256=hashlib.sha256(data).hexdigest(),
        format=Format.TEXT,
        engine=f"{said}|{max_pages}",
        reports=[],
    )


def attempt(action) -> str:
    """What became of an action that must be forbidden."""
    try:
        action()
    except OSError as error:
        return f"denied {error.errno}"
    return "done"


def reject(code: str) -> str:
    raise RejectedError(code, "37 页")


def fail(words: str) -> str:
    raise LookupError(words * 2000)


def wrap_memory_error(_: str) -> str:
    try:
        eat("")
    except MemoryError as error:
        raise ValueError("a library hides the cause") from error
    return "ate everything"


def eat(_: str) -> str:
    hoard = []
    while True:
        hoard.append(bytearray(4 * 2**20))


def eat_natively(_: str) -> str:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = (ctypes.c_size_t,)
    libc.memset.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
    while place := libc.malloc(2**20):
        libc.memset(place, 1, 2**20)
    return os.abort()


def spin(_: str) -> str:
    while True:
        pass


def spin_deaf(_: str) -> str:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    return spin("")


def sleep(_: str) -> str:
    while True:
        threading.Event().wait(60)


def kill_itself(number: str) -> str:
    os.kill(os.getpid(), int(number))
    return "survived"


def segfault(_: str) -> str:
    ctypes.string_at(0)
    return "survived"


def give_junk(_: str) -> str:
    os.write(4, b'{"document": {"figures": [1, 2, 3]}}')
    os._exit(0)


def write_much(_: str) -> str:
    while True:
        os.write(4, b" " * 65536)


def hang_up(_: str) -> str:
    os.close(4)
    return sleep("")


def print_much(words: str) -> str:
    for _ in range(100):
        sys.stdout.write((words or "x") * 2**20)
    return "printed"


def invalid_document(_: str) -> Document:
    return Document.model_construct(
        file="a", sha256="no digest", format=Format.TEXT, engine="e", reports=[], seconds=0.0
    )


def another_document(_: str) -> Document:
    return Document(file="a", sha256="0" * 64, format=Format.TEXT, engine="e", reports=[])


def fork(_: str) -> str:
    def twice() -> None:
        if os.fork() == 0:
            os._exit(0)

    return attempt(twice)


def thread(_: str) -> str:
    try:
        threading.Thread(target=print).start()
    except RuntimeError:
        return "denied"
    return "done"


def raise_own_limits(_: str) -> str:
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        return "denied"
    return "done"


def own_status(field: str) -> str:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except PermissionError:
        return "denied"
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)[field]


def describe(_: str) -> str:
    open_files = [fd for fd in range(64) if attempt(lambda fd=fd: os.fstat(fd)) == "done"]
    return repr(
        {
            "open": open_files,
            "folder": str(Path.cwd()),
            "environment": sorted({**os.environ, **ENVIRONMENT_AT_IMPORT}),
            "no_new_privs": own_status("NoNewPrivs") in {"1", "denied"},
            "own_group": attempt(os.getpgrp) != "done" or os.getpgrp() == os.getpid(),
        }
    )


DEEDS = {
    "reject": reject,
    "fail": fail,
    "exit": lambda code: sys.exit(int(code)),
    "end": lambda code: os._exit(int(code)),
    "eat": eat,
    "wrap-memory-error": wrap_memory_error,
    "eat-natively": eat_natively,
    "raise-memory-error": lambda _: (_ for _ in ()).throw(MemoryError),
    "spin": spin,
    "spin-deaf": spin_deaf,
    "sleep": sleep,
    "kill-itself": kill_itself,
    "segfault": segfault,
    "abort": lambda _: os.abort(),
    "junk": give_junk,
    "write-much": write_much,
    "hang-up": hang_up,
    "print-much": print_much,
    "return-dict": lambda _: {"reports": []},
    "invalid-document": invalid_document,
    "another-document": another_document,
    "socket": lambda family: attempt(lambda: socket.socket(getattr(socket, family))),
    "exec": lambda _: attempt(lambda: os.execv("/bin/true", ["true"])),
    "fork": fork,
    "thread": thread,
    "write-file": lambda path: attempt(lambda: Path(path).write_text("x")),
    "truncate-file": lambda path: attempt(lambda: os.truncate(path, 0)),
    "delete-file": lambda path: attempt(lambda: Path(path).unlink()),
    "read-file": lambda path: attempt(lambda: Path(path).read_bytes()),
    "signal": lambda pid: attempt(lambda: os.kill(int(pid), 0)),
    "signal-group": lambda _: attempt(lambda: os.kill(0, 0)),
    "leave-group": lambda _: attempt(lambda: os.setpgid(0, 0)),
    "raise-own-limits": raise_own_limits,
    "import-late": lambda module: __import__(module).__name__,
    "describe": describe,
}
