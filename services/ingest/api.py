"""The HTTP edge of intake: a file handed in, and the object store telling of new objects."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import unicodedata
from typing import Annotated, Any, Final
from urllib.parse import quote

import anyio
from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from services.ingest import announce, intake
from services.ingest.folder import MAX_NAME_BYTES
from services.ingest.keys import AGENCY_CODE
from services.platform import storage
from services.platform.access import Principal, Role
from services.platform.db.engine import reading
from services.platform.db.repositories import overview
from services.platform.http.bounds import in_time, limited, size_words
from services.platform.http.identity import Asking
from services.platform.http.problems import Problem, ProblemError
from services.platform.settings import settings

router = APIRouter(tags=["intake"])

FORM_BYTES: Final = 64 * 1024
"""What a multipart form may need beside the document itself."""

EVENT_BYTES: Final = 2**20

ACCEPT_SECONDS: Final = 60.0
"""Longer than an object store that hangs may take before the bytes go into the database instead."""

_YEAR = re.compile(r"(?:19|20)\d\d")
_AT_ONCE: Final = 8
"""Documents held in memory at the same time; later ones wait on disk, so bursts cost time and not memory."""

_places = anyio.CapacityLimiter(_AT_ONCE)


class Receipt(BaseModel):
    """What the sender gets. Ask `status_url` what became of it; `duplicate_of` is the earlier hand-in of these bytes."""

    ref: str
    sha256: str
    status_url: str
    page_url: str
    duplicate_of: str | None


class _Form(BaseModel):
    """One hand-in as the form says it; only the checked values leave here."""

    agency_code: str
    year: int | None
    filename: str


_UPLOAD: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The report."},
                        "agency": {
                            "type": "string",
                            "pattern": f"^{AGENCY_CODE.pattern}$",
                            "description": "Agency code; may be left out with an agency's own token.",
                        },
                        "year": {
                            "type": "string",
                            "pattern": f"^{_YEAR.pattern}$",
                            "description": "Reported year, if known.",
                        },
                    },
                }
            }
        },
    }
}

_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": Receipt, "description": "Taken in; the same bytes had been handed in before."},
    403: {"model": Problem, "description": "This token may not hand in, or not for this agency."},
    408: {"model": Problem, "description": "The body stalled."},
    413: {"model": Problem, "description": "The document is too large."},
}


@router.post(
    "/api/submissions", status_code=202, response_model=Receipt, responses=_REFUSED, openapi_extra=dict(_UPLOAD)
)
async def hand_in(
    request: Request,
    asking: Asking,
    idempotency_key: Annotated[str | None, Header(max_length=200, description="Repeat safely with one key.")] = None,
) -> JSONResponse:
    """Hand in one document. Answers as soon as the bytes are safe; reading and checking follow.

    202 whatever else is down as long as the database is there. 503 with Retry-After: nothing was promised, send again.
    """
    if asking.role is Role.REVIEWER:
        raise ProblemError("forbidden")
    limit = settings().max_bytes
    body = limited(request, limit + FORM_BYTES)
    try:
        fields = await body.form(max_files=1, max_fields=4, max_part_size=1024)
    except (MultiPartException, HTTPException) as error:
        raise ProblemError("invalid_request", "file") from error
    try:
        file = fields.get("file")
        if not isinstance(file, UploadFile):
            raise ProblemError("invalid_request", "file")
        size = file.size or 0
        if size > limit:
            raise ProblemError("too_large", size_words(limit))
        if not size:
            raise ProblemError("empty")
        form = _checked(asking, fields.get("agency"), fields.get("year"), file.filename or "")
        done = await in_time(
            lambda: _accept(form, file, asking, idempotency_key), seconds=ACCEPT_SECONDS, limiter=_places
        )
    finally:
        await fields.close()
    request.state.ref = done.ref
    base = settings().public_url.rstrip("/")
    receipt = Receipt(
        ref=done.ref,
        sha256=done.sha256,
        status_url=f"{base}/api/submissions/{done.ref}",
        page_url=f"{base}/submissions/{done.ref}",
        duplicate_of=done.duplicate_of,
    )
    return JSONResponse(
        receipt.model_dump(),
        200 if done.duplicate_of else 202,
        headers={"Location": f"/api/submissions/{quote(done.ref)}"},
    )


def _checked(asking: Principal, agency: object, year: object, filename: str) -> _Form:
    """Who hands in for whom is decided by the token, never by what the form or the document says."""
    code = agency if isinstance(agency, str) and agency else asking.agency_code
    if not code or not AGENCY_CODE.fullmatch(code):
        raise ProblemError("invalid_request", "agency")
    if not asking.may_see(code):
        raise ProblemError("other_agency")
    if year and not (isinstance(year, str) and _YEAR.fullmatch(year)):
        raise ProblemError("invalid_request", "year")
    return _Form(agency_code=code, year=int(str(year)) if year else None, filename=_plain_name(filename))


def _plain_name(filename: str) -> str:
    """The last part of the name as sent, printable and NFC. Raises ProblemError for one that is too long."""
    last = unicodedata.normalize("NFC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(char if char.isprintable() else "�" for char in last).strip()
    if not name:
        raise ProblemError("bad_name", "没有文件名")
    if len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES:
        raise ProblemError("bad_name", f"超过 {MAX_NAME_BYTES} 字节")
    return name.encode("utf-8", "replace").decode("utf-8")


def _accept(form: _Form, file: UploadFile, asking: Principal, key: str | None) -> intake.Accepted:
    with reading() as session:
        if overview.agency_name(session, form.agency_code) is None:
            raise ProblemError("unknown_agency", form.agency_code)
    file.file.seek(0)
    data = file.file.read()
    delivery = intake.Delivery(
        data=data,
        agency_code=form.agency_code,
        filename=form.filename,
        source="upload",
        identity=_identity(form.agency_code, key, data),
        year=form.year,
    )
    return intake.accept(delivery, storage.storage(), actor=f"http:{asking.name}"[:120])


def _identity(agency_code: str, key: str | None, data: bytes) -> str:
    """One hand-in's name. The bytes are part of it, so that a key used twice by mistake never overwrites a document."""
    if key is None:
        return secrets.token_hex(20)
    told = f"{agency_code}\x1f{key}\x1f".encode("utf-8", "surrogateescape")
    return hashlib.sha256(told + hashlib.sha256(data).digest()).hexdigest()[:40]


@router.api_route("/hooks/s3", methods=["GET", "HEAD"], status_code=204, include_in_schema=False)
async def probed() -> Response:
    """The object store looks whether somebody listens; it learns that and nothing else."""
    return Response(status_code=204)


@router.post(
    "/hooks/s3",
    status_code=204,
    response_class=Response,
    responses={413: {"model": Problem}},
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def bucket_event(request: Request) -> Response:
    """A bucket event, with the hook's own bearer token. Any answer but 2xx makes the store deliver it again."""
    expected = f"Bearer {settings().hook_token.get_secret_value()}"
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
        raise ProblemError("login_required")
    body = await limited(request, EVENT_BYTES).body()
    try:
        told = json.loads(body) if body else {}
        if not isinstance(told, dict):
            raise ProblemError("not_an_event")
        found = announce.objects_of(told, settings().s3_inbox)
    except (ValidationError, ValueError, RecursionError) as error:
        raise ProblemError("not_an_event") from error
    if found:
        await in_time(lambda: announce.announce_objects(found, source="event", actor="http:hook"))
    return Response(status_code=204)
