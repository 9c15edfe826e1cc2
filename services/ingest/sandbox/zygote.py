"""The clean process that has the reader loaded and forks one confined child a document.

It lives as long as its worker, knows nothing of it but the control socket, and never touches a document itself.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import socket
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pydantic import BaseModel

from services.core.errors import RejectedError
from services.core.report import Document
from services.ingest.sandbox.confine import (
    ANSWER_FD,
    DOCUMENT_FD,
    Protections,
    UnconfinedError,
    available,
    confine,
    die_with,
)
from services.ingest.sandbox.wire import (
    EXIT_BROKEN,
    EXIT_MEMORY,
    EXIT_UNCONFINED,
    MAX_MESSAGE,
    MAX_TRACEBACK,
    Answer,
    Ended,
    Limits,
    NotReady,
    Order,
    Ready,
    Request,
    Started,
    Verdict,
)

CONTROL_FD: Final = 3
GARBAGE: Final = 100_000
"""Objects a child may make, beyond those it gave up again, before it looks for garbage."""
Reader = Callable[..., Document]


def main(order_json: str) -> None:
    """Load the reader, report for duty on the control socket and serve until the worker is gone."""
    order = Order.model_validate_json(order_json)
    die_with(order.worker)
    os.setsid()
    os.chdir("/")
    os.closerange(CONTROL_FD + 1, os.sysconf("SC_OPEN_MAX"))
    # a stop signal sent to every process of a service must not look like a crash of the document being read;
    # the end of the worker ends this process anyway
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    control = socket.socket(fileno=CONTROL_FD)
    try:
        reader = _load(order.reader)
    except Exception:  # noqa: BLE001 - whatever the reader's module does at import is reported, then this ends
        _tell(control, NotReady(traceback=_traceback()))
        return
    try:
        protections = available()
    except (UnconfinedError, OSError) as error:
        _tell(control, NotReady(unconfined=str(error)))
        return
    gc.collect()
    gc.freeze()  # a collection in a child would otherwise copy the pages it shares with this process
    # an ordinary document leaves no garbage worth looking for; a child that makes a lot of it still collects
    gc.set_threshold(GARBAGE)
    _tell(control, Ready(protections=protections.names()))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 2)
    os.close(null)
    while _serve_one(control, reader, protections, order.limits):
        pass


def _tell(control: socket.socket, message: BaseModel) -> None:
    control.send(message.model_dump_json().encode())


def _load(dotted: str) -> Reader:
    module, _, name = dotted.partition(":")
    loaded = importlib.import_module(module)
    reader = getattr(loaded, name)
    if not callable(reader):
        raise TypeError(f"{dotted} is not a function")
    # what a reader loads on first use is loaded here, once, and not in every child
    getattr(loaded, "warm_up", lambda: None)()
    return reader  # type: ignore[no-any-return]  # its result is checked in the child and again in the worker


def _serve_one(control: socket.socket, reader: Reader, protections: Protections, limits: Limits) -> bool:
    """Fork a child for the next request and see it to its end; False once the worker is gone."""
    message, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE, 2)
    if not message:
        return False
    request = Request.model_validate_json(message)
    document, answer = descriptors
    zygote = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        pid = None
        started = Started(error=os.strerror(error.errno or 0))
    else:
        if pid == 0:
            _child(reader, request.filename, protections, limits, zygote=zygote, document=document, answer=answer)
        started = Started()
    os.close(document)
    os.close(answer)
    _tell(control, started)
    if pid is None:
        return True
    here = bool(control.recv(MAX_MESSAGE))
    ended = _end(pid)
    if here:
        _tell(control, ended)
    return here


def _end(pid: int) -> Ended:
    """Kill what is left of a child and its process group. A child that has exited keeps its own exit code."""
    for kill in (os.kill, os.killpg):
        with suppress(ProcessLookupError):  # already over, or killed before it had its own group
            kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    return Ended(
        code=os.waitstatus_to_exitcode(status),
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
    )


def _child(
    reader: Reader,
    filename: str,
    protections: Protections,
    limits: Limits,
    *,
    zygote: int,
    document: int,
    answer: int,
) -> None:
    """Everything the child does; it never comes back."""
    code = EXIT_UNCONFINED
    try:
        confine(protections, limits, zygote=zygote, document=document, answer=answer)
        code = EXIT_BROKEN
        output = _answer(reader, filename, limits.max_pages)
        while output:
            output = output[os.write(ANSWER_FD, output) :]
        code = 0
    except MemoryError:
        code = EXIT_MEMORY
    finally:
        # no clean-up, no flush, and no exception into the zygote's loop: an exit code says it all
        os._exit(code)


def _answer(reader: Reader, filename: str, max_pages: int) -> bytes:
    """The answer as JSON. Raises MemoryError when memory ran out anywhere on the way."""
    try:
        document = reader(_document(), filename=filename, max_pages=max_pages)
        if not isinstance(document, Document):
            raise TypeError(f"the reader returned {type(document).__name__}, not a Document")  # noqa: TRY301 - a defect like any other
        return b'{"document":' + document.model_dump_json().encode() + b"}"
    except RejectedError as error:
        detail = error.detail.encode(errors="replace").decode()  # words of the document may hold a lone surrogate
        answer = Answer(rejected=Verdict(code=error.reason.code, detail=detail))
    except BaseException as error:  # also SystemExit: every failure ends as an answer
        if _ran_out_of_memory(error):
            raise MemoryError from error
        answer = Answer(failed=_traceback())
    return answer.model_dump_json(exclude_none=True).encode()


def _document() -> bytes:
    with os.fdopen(DOCUMENT_FD, "rb") as file:
        return file.read()


def _ran_out_of_memory(error: BaseException | None) -> bool:
    # libraries wrap whatever they catch; the trail leads back to the cause
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, MemoryError):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def _traceback() -> str:
    """The end of the current traceback; the end names the defect."""
    text = traceback.format_exc().encode(errors="backslashreplace")[-MAX_TRACEBACK:]
    return text.decode(errors="ignore")
