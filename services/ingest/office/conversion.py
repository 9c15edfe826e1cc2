"""DOC, WPS and RTF as DOCX: in batches, so that the start of the word processor is paid once for many documents."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from services.core.errors import CrashedError, RejectedError, RetryableError
from services.ingest.office.program import Office
from services.ingest.office.session import Limits, Outcome, run
from services.ingest.readers.office import suffix_of
from services.ingest.readers.routing import route

Converted = bytes | RejectedError | CrashedError | RetryableError
"""A DOCX file, or why there is none: by the document's fault, by its killing or holding up the program, or because its
turn did not come in time."""

_UNREADABLE: Final = "文字处理软件打不开"


def convert(
    documents: Sequence[bytes], office: Office, *, limits: Limits | None = None, seconds: float = 600
) -> list[Converted]:
    """Each of `documents` as DOCX, in their order; none of them keeps another from being converted.

    The documents are those that their reader refused with the code ``office_missing``. The program is started once; when a document kills
    it or holds it up, once more for that document alone and once for those after it. `seconds`: after so long it is
    ended, and documents that have not come out have to be tried again. What comes out is as hostile as what went in and belongs into the reading child like any document.

    Raises RetryableError when the program does not work at all, whatever the document.
    """
    bounds = limits or Limits()
    results: list[Converted | None] = [None] * len(documents)
    files = [(data, suffix_of(data)) for data in documents]
    deadline = time.monotonic() + seconds
    waiting = list(range(len(files)))
    while waiting:
        if time.monotonic() >= deadline:
            for index in waiting:
                results[index] = RetryableError("the word processor had no time left for this document")
            break
        waiting = _attempt(waiting, results, lambda batch: _start([files[n] for n in batch], office, bounds, deadline))
    return [result for result in results if result is not None]


def _attempt(batch: list[int], results: list[Converted | None], start: Callable[[list[int]], Outcome]) -> list[int]:
    """One start over `batch`, and a second one for the document that ended it. Gives those still to be done."""
    outcome = start(batch)
    for index, content in zip(batch, outcome.converted, strict=True):
        if content is not None:
            results[index] = _checked(content)
    missing = [index for index in batch if results[index] is None]
    if outcome.end == "late" or not missing:
        return missing
    if outcome.end == "done":
        for index in missing:
            results[index] = RejectedError("damaged", _UNREADABLE)
        return []
    # documents are taken in order: the first that is missing was open, or could not be opened before that
    suspect, *others = missing
    if len(batch) > 1:
        outcome = start([suspect])
    content = outcome.converted[0]
    if content is not None:
        results[suspect] = _checked(content)
    elif outcome.end == "late":
        return missing
    else:
        results[suspect] = _verdict(outcome)
    return others


def _start(files: list[tuple[bytes, str]], office: Office, limits: Limits, deadline: float) -> Outcome:
    try:
        outcome = run(files, office, limits, deadline)
    except OSError as error:
        raise RetryableError(f"the word processor cannot be started: {error.strerror}") from error
    if not outcome.works and outcome.end != "late":
        raise RetryableError(f"the word processor does not work: {outcome.said or outcome.end}")
    return outcome


def _verdict(outcome: Outcome) -> Converted:
    if outcome.end == "hung":
        return CrashedError("reader_timeout", "转换格式")
    if outcome.end == "crashed":
        return CrashedError("reader_crashed", "文字处理软件异常中止")
    return RejectedError("damaged", _UNREADABLE)


def _checked(content: bytes) -> Converted:
    """What came out, if it is a Word document."""
    try:
        kind = route(content)
    except RejectedError as error:
        return error if error.reason.code == "too_complex" else RejectedError("damaged", _UNREADABLE)
    return content if kind == "docx" else RejectedError("damaged", _UNREADABLE)
