"""The worker's end of a zygote: start it, let it read one document at a time, end it."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter

from services.core.errors import GoujiError, RetryableError
from services.ingest.sandbox.wire import FINISH, MAX_MESSAGE, Ended, Limits, NotReady, Order, Ready, Request, Started
from services.ingest.sandbox.zygote import CONTROL_FD

START_SECONDS: Final = 20.0
"""Longest wait for a zygote to import the reader."""
GRACE_SECONDS: Final = 5.0
"""Longest wait for a zygote's word that a killed child is gone."""
_CHUNK: Final = 2**16
_MFD_NOEXEC_SEAL: Final = 8
_BOOT: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1])['path']; "
    "from services.ingest.sandbox.zygote import main; main(sys.argv[1])"
)

Breach = Literal["time", "size"]
_GREETING: Final[TypeAdapter[Ready | NotReady]] = TypeAdapter(Ready | NotReady)
_Message = TypeVar("_Message", bound=BaseModel)


class ReaderDefectError(GoujiError):
    """The reader failed on its own account: a defect of this program, for the dead letters and not for a retry.

    `traceback` is the end of the child's traceback, at most 4 KiB; the message is its last line.
    """

    def __init__(self, traceback: str) -> None:
        super().__init__(traceback.strip().rpartition("\n")[2])
        self.traceback = traceback


class NotStartedError(Exception):
    """The zygote was gone before it started a child: nothing has touched the document."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one child left: its output, the limit the worker saw broken, its end (None: the zygote died as well)."""

    output: bytes
    breach: Breach | None
    ended: Ended | None


class Zygote:
    """A running zygote; it belongs to the process `owner`, the one that started it."""

    def __init__(self, reader: str, limits: Limits) -> None:
        """Start it and wait until the reader is imported.

        Raises ReaderDefectError when the reader cannot be imported, RetryableError when it does not come up or this
        machine does not confine it, OSError when the machine gives no process or descriptor.
        """
        self.owner = os.getpid()
        order = Order(reader=reader, path=_search_path(), limits=limits, worker=self.owner)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = 0
        try:
            with theirs, os.fdopen(memory_file("zygote-errors"), "r+b") as errors:
                self.pid = _spawn(order, theirs.fileno(), errors.fileno())
                theirs.close()  # so that the zygote's end is heard as an end of the connection
                self.protections = self._greeting(errors.fileno())
        except BaseException:
            self.kill()
            raise

    def read(self, document: int, filename: str, *, seconds: float, max_bytes: int) -> Outcome:
        """Have the open file read by a child, for at most so long and so much.

        Raises NotStartedError, RetryableError when there is no process for a child, OSError when the machine gives
        no descriptor.
        """
        deadline = time.monotonic() + seconds
        source, sink = os.pipe()
        try:
            try:
                request = Request(filename=filename).model_dump_json().encode()
                socket.send_fds(self._control, [request], [document, sink])
            except (BrokenPipeError, ConnectionResetError) as error:
                raise NotStartedError from error
            finally:
                os.close(sink)
            output, breach = _drain(source, deadline, max_bytes)
        finally:
            os.close(source)
        return self._finish(output, breach)

    def kill(self) -> None:
        """End the zygote, and with it any child."""
        self._control.close()
        if not self.pid:
            return
        with suppress(ProcessLookupError):  # it has ended and was reaped elsewhere in this process
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def forget(self) -> None:
        """Close this process's copy of the control socket: the zygote belongs to the process this one forked from."""
        self._control.close()

    def _finish(self, output: bytes, breach: Breach | None) -> Outcome:
        self._control.settimeout(GRACE_SECONDS)
        started = self._receive(Started)
        if started is None:
            if breach is None:
                raise NotStartedError
            return Outcome(output, breach, None)
        if started.error:
            raise RetryableError(f"the machine gives no reading process: {started.error}")
        with suppress(BrokenPipeError, ConnectionResetError):  # the zygote died, as the next line will find
            self._control.send(FINISH)
        return Outcome(output, breach, self._receive(Ended))

    def _greeting(self, errors: int) -> tuple[str, ...]:
        """The protections the zygote reports, or the error that its report or silence amounts to."""
        self._control.settimeout(START_SECONDS)
        try:
            message = self._control.recv(MAX_MESSAGE)
        except (ConnectionResetError, TimeoutError):
            message = b""
        if not message:
            raise RetryableError(f"the reading process does not start: {_tail(errors)}")
        greeting = _GREETING.validate_json(message)
        if isinstance(greeting, Ready):
            return tuple(greeting.protections)
        if greeting.traceback:
            raise ReaderDefectError(greeting.traceback)
        raise RetryableError(f"reading cannot be confined: {greeting.unconfined}")

    def _receive(self, model: type[_Message]) -> _Message | None:
        try:
            message = self._control.recv(MAX_MESSAGE)
        except (ConnectionResetError, TimeoutError):
            return None
        return model.model_validate_json(message) if message else None


def memory_file(name: str) -> int:
    """A descriptor of a new unnamed file in memory that can be sealed and never run."""
    try:
        return os.memfd_create(name, os.MFD_CLOEXEC | _MFD_NOEXEC_SEAL)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)  # before Linux 6.3


def _spawn(order: Order, control: int, errors: int) -> int:
    # not subprocess: a zygote is inherited over forks, where its Popen object would wait for another's child
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-B", "-c", _BOOT, order.model_dump_json()],
        {"LANG": "C.UTF-8"},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, control, CONTROL_FD),
            (os.POSIX_SPAWN_DUP2, errors, 2),
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        ],
        setsigmask=(),
        setsigdef=(signal.SIGCHLD, signal.SIGXCPU),  # ignored ones would stay ignored, and both are needed
    )


def _search_path() -> list[str]:
    """This process's module search path with absolute entries: the zygote works in `/`."""
    return list(dict.fromkeys(os.path.abspath(entry) for entry in sys.path))  # noqa: PTH100 - entries stay as they are spelled


def _drain(source: int, deadline: float, max_bytes: int) -> tuple[bytes, Breach | None]:
    """Everything written to the pipe until it ends or a limit is broken."""
    output = bytearray()
    poll = select.poll()
    poll.register(source, select.POLLIN)
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            return bytes(output), "time"
        chunk = os.read(source, _CHUNK)
        if not chunk:
            return bytes(output), None
        output += chunk
        if len(output) > max_bytes:
            return b"", "size"


def _tail(errors: int) -> str:
    text = os.pread(errors, 2**16, 0).decode(errors="replace").strip()
    return text.rpartition("\n")[2][-200:] or "no answer"
