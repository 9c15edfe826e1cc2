"""Reads documents in processes of their own, so that a crash or a hang costs one document and is reported as such."""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final

from services.core.errors import RejectedError
from services.core.report import Document
from tests.corpus.provenance import evidence
from tests.corpus.registry import Sample
from tests.corpus.scoring import Verdict, judge, unread

PLAIN: Final = "services.ingest.readers:read_document"
WITH_PICTURES: Final = "services.ingest.readers.with_pictures:read_document"
SECONDS: Final = 60.0
"""A document that takes longer counts as hung."""
_START_SECONDS: Final = 60.0

ReadDocument = Callable[..., Document]


def reader_at(path: str) -> ReadDocument:
    """The reading function at ``module:name``. Raises ImportError and AttributeError."""
    module, _, name = path.partition(":")
    function: ReadDocument = getattr(importlib.import_module(module), name)
    return function


def reader_with_pictures() -> str | None:
    """The path of the reader that has OCR, None when the extra is not installed."""
    try:
        reader_at(WITH_PICTURES)
    except ImportError:
        return None
    return WITH_PICTURES


def read_one(read: ReadDocument, sample: Sample) -> Verdict:
    """One document read and judged here and now. Exceptions of the reader other than a rejection are its defects."""
    began = time.process_time()
    try:
        document = read(sample.data, filename=sample.name)
    except RejectedError as rejection:
        return unread(sample, f"rejected: {rejection}", seconds=time.process_time() - began)
    except Exception as error:  # noqa: BLE001 - any other exception is the very thing to report
        seconds = time.process_time() - began
        return unread(sample, f"{type(error).__name__}: {error}", crash=True, seconds=seconds)
    seconds = time.process_time() - began
    return judge(sample, document, seconds, evidence(sample, sample.data))


def read_all(samples: Sequence[Sample], path: str, *, processes: int, limit: float = SECONDS) -> Iterator[Verdict]:
    """Verdicts as they come. ``path``: the reading function. ``limit``: seconds (wall clock) for one document."""
    waiting = list(reversed(samples))
    workers = [_Worker(path) for _ in range(min(processes, len(samples)))]
    try:
        while workers:
            for worker in workers:
                if worker.sample is None and waiting:
                    worker.give(waiting.pop(), limit)
            workers = [worker for worker in workers if worker.sample is not None or worker.stop()]
            if not workers:
                return
            soonest = max(0.0, min(worker.deadline for worker in workers) - time.monotonic())
            ready = wait([worker.pipe for worker in workers], timeout=soonest)
            for index, worker in enumerate(workers):
                if worker.pipe in ready or time.monotonic() > worker.deadline:
                    verdict, alive = worker.take(hung=worker.pipe not in ready)
                    yield verdict
                    if not alive:
                        workers[index] = _Worker(path)
    finally:
        for worker in workers:
            worker.kill()


@dataclass
class _Worker:
    path: str

    def __post_init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(self.path, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.sample: Sample | None = None
        self.deadline = 0.0
        self.ready = False

    def give(self, sample: Sample, limit: float) -> None:
        """Hand over a document; the time limit runs from here. Raises EOFError when the reader cannot be loaded."""
        if not self.ready:
            if not self.pipe.poll(_START_SECONDS):
                raise EOFError("the reading process does not start")
            self.pipe.recv()
            self.ready = True
        self.sample = sample
        self.deadline = time.monotonic() + limit
        self.pipe.send(sample)

    def take(self, *, hung: bool) -> tuple[Verdict, bool]:
        """The verdict on the document at hand, and whether the process is still of use."""
        sample, self.sample = self.sample, None
        if sample is None:
            raise RuntimeError("no document was given")
        if hung:
            self.kill()
            return unread(sample, "hung", crash=True), False
        try:
            verdict: Verdict = self.pipe.recv()
        except EOFError:
            self.process.join()
            code = self.process.exitcode
            self.kill()
            return unread(sample, f"crashed: exit status {code}", crash=True), False
        return verdict, True

    def stop(self) -> bool:
        """End a process that has nothing left to do. False, so that it can stand in a filter."""
        self.kill()
        return False

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(path: str, pipe: Connection[Any, Any]) -> None:
    # pdfminer warns about fonts without a bounding box, once a page
    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    read = reader_at(path)
    pipe.send("ready")
    while True:
        try:
            sample: Sample = pipe.recv()
        except EOFError:
            return
        pipe.send(read_one(read, sample))
