"""The pages: what was handed in, what was found in one document, what a mail says. Reading, and one replay button."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.core.lifecycle import TERMINAL, SubmissionState
from services.desk import replaying, wording
from services.desk.rendering import page
from services.desk.visitor import Visitor, checked_form, visitor
from services.platform.access import Role
from services.platform.db.engine import reading
from services.platform.db.repositories import overview
from services.platform.http.bounds import in_time
from services.platform.http.problems import ProblemError

router = APIRouter()

LINES: Final = 50

GROUPS: Final = {
    "in_flight": ("处理中", tuple(s for s in SubmissionState if s not in TERMINAL["submission"])),
    "stored": ("已入库", (SubmissionState.STORED,)),
    "duplicate": ("重复报送", (SubmissionState.DUPLICATE,)),
    "rejected": ("未能受理", (SubmissionState.REJECTED,)),
    "quarantined": ("待人工处理", (SubmissionState.QUARANTINED,)),
}
"""The filter of the list: the terms of the totals line."""

Seeing = Annotated[Visitor, Depends(visitor)]


@router.get("/")
async def index(
    request: Request,
    seeing: Seeing,
    state: Annotated[str, Query(max_length=20)] = "",
    agency: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    """The list of submissions with the totals above it."""
    states = GROUPS.get(state, ("", ()))[1]
    wanted = agency.strip() or None

    def show() -> Response:
        with reading() as session:
            found = overview.lines(session, seeing.scope, states=states, agency=wanted, after=after, limit=LINES + 1)
            totals = overview.totals(session, seeing.scope)
        return page(
            request,
            "submissions.html",
            seeing,
            lines=found[:LINES],
            next=found[LINES - 1].row.id if len(found) > LINES else None,
            totals=totals,
            groups=GROUPS,
            state=state if state in GROUPS else "",
            agency=wanted or "",
            first=after is None,
        )

    return await in_time(show)


@router.get("/submissions/{ref}")
async def submission(request: Request, seeing: Seeing, ref: Annotated[str, Path(max_length=100)]) -> Response:
    """One submission: what happened, what was found, who was told."""

    def show() -> Response:
        with reading() as session:
            found = overview.whole(session, seeing.scope, ref) if replaying.REF.fullmatch(ref) else None
        if found is None:
            raise ProblemError("not_found")
        row = found.row
        now = [judged for judged in found.reports if judged.row.generation == row.generation]
        return page(
            request,
            "submission.html",
            seeing,
            found=found,
            row=row,
            reason=wording.reason_of(row, technical=seeing.is_operator),
            reports=[(judged, wording.Places(judged), wording.points(judged)) for judged in now],
            earlier=[judged for judged in found.reports if judged.row.generation != row.generation],
            may_replay=seeing.is_operator and row.state in TERMINAL["submission"] - {SubmissionState.DUPLICATE},
        )

    return await in_time(show)


@router.post("/submissions/{ref}/replay")
async def replay(request: Request, seeing: Seeing, ref: Annotated[str, Path(max_length=100)]) -> Response:
    """The operator's button."""
    await checked_form(request, seeing.visit)
    if seeing.who.role is not Role.OPERATOR:
        raise ProblemError("forbidden")
    if not replaying.REF.fullmatch(ref):
        raise ProblemError("not_found")
    await in_time(lambda: replaying.replay(ref, seeing.who))
    return RedirectResponse(f"/submissions/{ref}", 303)


@router.get("/mails/{mail_id}")
async def mail(request: Request, seeing: Seeing, mail_id: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> Response:
    """The text of one mail, as it was or will be sent."""

    def show() -> Response:
        with reading() as session:
            found = overview.mail(session, seeing.scope, mail_id)
        if found is None:
            raise ProblemError("not_found")
        sent, ref = found
        address = sent.recipient_email if seeing.is_inside else wording.masked(sent.recipient_email)
        return page(request, "mail.html", seeing, mail=sent, ref=ref, address=address, text=_plain_text(sent.raw))

    return await in_time(show)


def _plain_text(raw: bytes) -> str:
    """The plain part of a mail of ours; the HTML part says the same."""
    message = message_from_bytes(raw, EmailMessage, policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    return str(body.get_content()) if body else ""
