"""Checking a document before it is handed in: the same verdict, and nothing kept.

How a document is read and judged is not this room's business: the application is given a `SelfCheck` when it is composed
(`app.state.self_check`). Bytes stay in memory; no row, no file, no name or content in a log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Protocol

import anyio
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from services.core.errors import RetryableError
from services.core.report import Document, Report
from services.core.settling import Progress
from services.desk import wording
from services.desk.rendering import page
from services.desk.throttle import Throttle
from services.desk.visitor import Visitor, sessions_of, visitor
from services.platform.db.models import ReportRow
from services.platform.db.repositories.overview import Judged, Spot
from services.platform.http.bounds import in_time, limited, size_words
from services.platform.http.problems import ProblemError
from services.platform.logging import log
from services.platform.settings import settings

router = APIRouter()

_FORM_BYTES: Final = 64 * 1024
"""What a multipart form may need beside the documents themselves."""
_AT_ONCE: Final = 4
"""Visitors whose documents are in memory at the same time; whoever comes then is asked to come again."""
_LONGEST_NAME: Final = 200

_places = anyio.CapacityLimiter(_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Upload:
    """A document as it was sent."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be checked: a document of this body (None: of any), beside last year's if it was sent too."""

    document: Upload
    last_year: Upload | None
    agency_code: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The judged document, for each report what a version handed in before has become, and notes in Chinese."""

    document: Document
    progress: tuple[Progress | None, ...] = ()
    notes: tuple[str, ...] = ()


class SelfCheck(Protocol):
    """Reads and judges as after a submission. Raises RetryableError when that is not possible at the moment."""

    def __call__(self, asked: Asked) -> Answer: ...


@router.get("/check")
async def form(request: Request, seeing: Annotated[Visitor, Depends(visitor)]) -> Response:
    """The form."""
    return _page(request, seeing)


@router.post("/check")
async def check(request: Request, seeing: Annotated[Visitor, Depends(visitor)]) -> Response:
    """Check what was sent, show the verdict, forget both."""
    throttle: Throttle = request.app.state.self_checks
    if not throttle.allows(f"token {seeing.who.token_id}"):
        log(__name__).warning("self_check_throttled", who=seeing.who.token_id)
        raise ProblemError("too_many_checks", headers={"Retry-After": str(int(throttle.seconds))})
    borrower = object()
    try:
        _places.acquire_on_behalf_of_nowait(borrower)
    except anyio.WouldBlock as error:
        raise ProblemError("unavailable") from error
    try:
        asked = await _asked(request, seeing)
        answer = await _answer(request, asked)
    finally:
        _places.release_on_behalf_of(borrower)
    log(__name__).info("self_checked", who=seeing.who.token_id)
    return _page(request, seeing, answer, asked.document.name)


async def _asked(request: Request, seeing: Visitor) -> Asked:
    """The documents of the form. Raises ProblemError for a form of somebody else, and for what no submission may be."""
    limit = settings().max_bytes
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise ProblemError("invalid_request", "file")
    body = limited(request, 2 * limit + _FORM_BYTES)
    parser = MultiPartParser(request.headers, body.stream(), max_files=2, max_fields=4, max_part_size=1024)
    parser.spool_max_size = limit + 1  # never to a temporary file: whatever is longer is refused below
    try:
        fields = await parser.parse()
    except (MultiPartException, HTTPException, KeyError) as error:
        raise ProblemError("invalid_request", "file") from error
    try:
        token = fields.get("form_token")
        if not sessions_of(request).is_own_form(seeing.visit, token if isinstance(token, str) else ""):
            raise ProblemError("stale_form")
        document = await _upload(fields, "file", limit)
        if document is None:
            raise ProblemError("invalid_request", "file")
        return Asked(document, await _upload(fields, "last_year", limit), seeing.scope)
    finally:
        await fields.close()


async def _upload(fields: FormData, name: str, limit: int) -> Upload | None:
    """One document of the form; None where no file was chosen."""
    file = fields.get(name)
    if not isinstance(file, UploadFile) or not (file.filename or file.size):
        return None
    if not file.size:
        raise ProblemError("empty")
    if file.size > limit:
        raise ProblemError("too_large", size_words(limit))
    last = (file.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(char if char.isprintable() else "�" for char in last)[:_LONGEST_NAME]
    return Upload(shown or "文件", await file.read())


async def _answer(request: Request, asked: Asked) -> Answer:
    self_check: SelfCheck = request.app.state.self_check
    try:
        # two documents, each within the reader's own limit, and as many before them as there are places
        seconds = 2 * _AT_ONCE * settings().reader_wall_seconds
        return await in_time(lambda: self_check(asked), seconds=seconds)
    except RetryableError as error:
        raise ProblemError("unavailable") from error


def _page(request: Request, seeing: Visitor, answer: Answer | None = None, name: str = "") -> Response:
    found = []
    for number, report in enumerate(answer.document.reports if answer else ()):
        told = answer.progress[number] if answer and number < len(answer.progress) else None
        judged = _judged(report, told, seeing)
        found.append((judged, wording.Places(judged), wording.points(judged)))
    return page(
        request,
        "selfcheck.html",
        seeing,
        answer=answer,
        file_name=name,
        reports=found,
        limit=size_words(settings().max_bytes),
    )


def _judged(report: Report, progress: Progress | None, seeing: Visitor) -> Judged:
    """The report as pages show one. Its row is never written: it belongs to no session."""
    row = ReportRow(
        year=report.year or 0,
        agency_name=report.agency,
        status=report.status,
        reason=report.reason,
        layout=report.layout.model_dump(),
        uncertain=list(report.uncertain),
    )
    shown = tuple(finding for finding in report.findings if seeing.is_inside or finding.for_agency)
    doubts = any(finding.cause != "document" and finding.severity != "info" for finding in report.findings)
    spots = {path: Spot(cell.page, cell.line) for path, cell in report.cells.items()}
    return Judged(row, shown, doubts, spots, progress)
