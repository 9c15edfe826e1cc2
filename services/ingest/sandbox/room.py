"""The reading room: bytes of a hostile document in, a checked `Document` out."""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

from pydantic import ValidationError

from services.core.errors import CrashedError, RejectedError, RetryableError
from services.core.report import Document
from services.ingest.sandbox.launch import NotStartedError, Outcome, ReaderDefectError, Zygote, memory_file
from services.ingest.sandbox.wire import EXIT_MEMORY, EXIT_UNCONFINED, Answer, Ended, Limits

_SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
_NEAR_LIMIT: Final = 0.8
"""A child that is killed above this share of its memory is taken to have run out of it: native code just aborts."""
_MAX_FILENAME: Final = 500


class ReadingRoom:
    """Reads documents one at a time, each in a child process of its own that is confined and thrown away.

    `reader`: dotted path `module:function` of ``function(data, *, filename, max_pages) -> Document``; its module is
    imported once, before the first document. `wall_seconds`, `cpu_seconds`: limits of one document.
    `memory_mb`: address space of the child, in MiB. `max_output_bytes`: longest answer accepted.

    Costs nothing until the first `read`. May be inherited over a fork: the new process gets its own zygote.
    Not for several threads at once. Needs Linux.
    """

    def __init__(
        self,
        *,
        reader: str,
        wall_seconds: float,
        cpu_seconds: int,
        memory_mb: int,
        max_pages: int,
        max_output_bytes: int = 8 * 2**20,
    ) -> None:
        self._reader = reader
        self._wall_seconds = wall_seconds
        self._limits = Limits(cpu_seconds=cpu_seconds, memory_mb=memory_mb, max_pages=max_pages)
        self._max_output_bytes = max_output_bytes
        self._zygote: Zygote | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def protections(self) -> tuple[str, ...]:
        """What confines the children on this machine. Starts the zygote, and raises as `read` does when that fails.

        Always `rlimits`, `no_new_privs` and `pdeathsig`; where the kernel has them, `seccomp` (no network, programs,
        processes, writable files) and `landlock` (only the program's own files are readable).
        """
        return self._own_zygote().protections

    def read(self, data: bytes, *, filename: str) -> Document:
        """The document as its reader understood it.

        Raises RejectedError (the reader's verdict), CrashedError (`reader_crashed`, `reader_timeout`,
        `reader_memory`), ReaderDefectError (the reader failed, with traceback; also when it cannot be imported)
        and RetryableError (this machine cannot start or confine a reading process). Never MemoryError.
        """
        # a lone surrogate has no UTF-8; longer names than the result can hold are cut
        name = filename.encode(errors="replace").decode()[:_MAX_FILENAME]
        try:
            with _sealed(data) as document:
                outcome = self._run(document, name)
            return self._judge(outcome, hashlib.sha256(data).hexdigest())
        except MemoryError as error:
            raise self._out_of_memory() from error
        except OSError as error:
            # no descriptor, no process, no memory for a file: the machine's fault, the document has not been judged
            raise RetryableError(f"the reading process cannot be used: {error.strerror}") from error

    def close(self) -> None:
        """End the zygote and what it runs. The room may be used again."""
        zygote, self._zygote = self._zygote, None
        if zygote is None:
            return
        if zygote.owner == os.getpid():
            zygote.kill()
        else:
            zygote.forget()

    def _own_zygote(self) -> Zygote:
        if self._zygote is not None and self._zygote.owner != os.getpid():
            self.close()
        if self._zygote is None:
            self._zygote = Zygote(self._reader, self._limits)
        return self._zygote

    def _run(self, document: int, filename: str) -> Outcome:
        for _ in range(2):  # a zygote that died while idle is found out only by asking it
            zygote = self._own_zygote()
            try:
                outcome = zygote.read(document, filename, seconds=self._wall_seconds, max_bytes=self._max_output_bytes)
            except NotStartedError:
                self.close()
                continue
            except BaseException:
                # also a task's time limit striking here: worker and zygote are out of step
                self.close()
                raise
            if outcome.ended is None:
                self.close()
            return outcome
        raise RetryableError("the reading process keeps ending")

    def _judge(self, outcome: Outcome, sha256: str) -> Document:
        """The answer, or the error that the outcome amounts to. Details are shown to people, so they are Chinese."""
        if outcome.breach == "time":
            raise CrashedError("reader_timeout", f"{self._wall_seconds:g} 秒")
        if outcome.breach == "size":
            raise CrashedError("reader_crashed", f"读取结果超过 {self._max_output_bytes / 2**20:g} MB")
        if outcome.ended is None:
            raise CrashedError("reader_crashed", "读取程序意外退出")
        if outcome.ended.code:
            raise self._crash(outcome.ended)
        try:
            answer = Answer.model_validate_json(outcome.output)
        except ValidationError as error:
            raise CrashedError("reader_crashed", "读取结果格式不符") from error
        if answer.rejected is not None:
            raise RejectedError(answer.rejected.code, answer.rejected.detail)
        if answer.document is None:
            raise ReaderDefectError(answer.failed or "")
        if answer.document.sha256 != sha256:
            raise CrashedError("reader_crashed", "读取结果与文件不符")
        return answer.document

    def _crash(self, ended: Ended) -> CrashedError | RetryableError:
        if ended.code == EXIT_MEMORY:
            return self._out_of_memory()
        if ended.code == EXIT_UNCONFINED:
            return RetryableError("a reading child could not be confined and did not read")
        if ended.code > 0:
            return CrashedError("reader_crashed", f"退出码 {ended.code}")
        number = -ended.code
        # the hard limit kills a child that ignores SIGXCPU
        if number == signal.SIGXCPU or ended.cpu_seconds >= self._limits.cpu_seconds:
            return CrashedError("reader_timeout", f"{self._limits.cpu_seconds} 秒")
        if ended.peak_mb >= _NEAR_LIMIT * self._limits.memory_mb:
            return self._out_of_memory()
        return CrashedError("reader_crashed", f"信号 {number}")

    def _out_of_memory(self) -> CrashedError:
        return CrashedError("reader_memory", f"{self._limits.memory_mb} MB")


@contextmanager
def _sealed(data: bytes) -> Iterator[int]:
    """A descriptor of an unnamed file with these bytes that nobody can change any more, at its beginning."""
    document = memory_file("document")
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(document, rest) :]
        os.lseek(document, 0, os.SEEK_SET)
        fcntl.fcntl(document, fcntl.F_ADD_SEALS, _SEALS)
        yield document
    finally:
        os.close(document)
