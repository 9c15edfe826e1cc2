"""The public API for reading: what was handed in, what became of it, what was found, who was told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel

from services.core.finding import Finding
from services.core.lifecycle import SubmissionState
from services.desk import replaying, wording
from services.platform.access import Principal, Role
from services.platform.db.engine import reading
from services.platform.db.models import Transition
from services.platform.db.repositories import overview
from services.platform.http.bounds import in_time
from services.platform.http.identity import Asking, AskingOperator, scope_of
from services.platform.http.problems import Problem, ProblemError

router = APIRouter(prefix="/api", tags=["submissions"])

MOST: Final = 200
LARGEST_ID: Final = 2**63 - 1

Ref = Annotated[str, Path(description="The reference given when the document was handed in.", max_length=100)]


class Mail(BaseModel):
    """A mail to somebody about this. Agencies see those to themselves, with the local part of the address left out."""

    id: int
    kind: str
    role: str
    address: str
    state: str
    state_text: str
    composed_at: datetime
    sent_at: datetime | None


class Why(BaseModel):
    """Why a document was not accepted or waits for a person, and what to do next."""

    code: str
    cause: str
    next_step: str


class Step(BaseModel):
    """One change of state. `actor` is told to reviewers and operators, `detail`, which is technical, to operators."""

    at: datetime
    state: str
    state_text: str
    text: str
    actor: str | None = None
    detail: str | None = None


class Report(BaseModel):
    """One revision of a report. `current`: no newer revision of the same body and year is stored."""

    year: int | None
    revision: int
    generation: int
    current: bool
    status: str
    reason: str | None
    uncertain: list[str]
    findings: list[Finding]


class Submission(BaseModel):
    """One hand-in."""

    ref: str
    agency: str
    agency_name: str | None
    file: str
    year: int | None
    source: str
    state: str
    state_text: str
    received_at: datetime
    finished_at: datetime | None


class Listed(Submission):
    """One hand-in in a list; the counts are null until it is judged, `mails` counts mails by state.

    Errors and warnings are caused by the document itself. `doubts` may be due to the reading: null for agencies.
    """

    errors: int | None
    warnings: int | None
    doubts: int | None
    mails: dict[str, int]


class Listing(BaseModel):
    """Newest first. Give `next` as `after` for the following ones; null at the end."""

    items: list[Listed]
    next: int | None


class Detail(Submission):
    """One hand-in and all that happened to it."""

    size: int | None
    sha256: str | None
    generation: int
    duplicate_of: str | None
    reason: Why | None
    steps: list[Step]
    reports: list[Report]
    mails: list[Mail]


class Replayed(BaseModel):
    """The document is being worked on anew."""

    ref: str
    state: str


_MISSING: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": Problem, "description": "Unknown, or another agency's: the answer is the same."}
}
_REPLAY: Final[dict[int | str, dict[str, Any]]] = {
    **_MISSING,
    403: {"model": Problem, "description": "Not an operator's token."},
    409: {"model": Problem, "description": "Still being worked on, or a duplicate."},
}


@router.get("/submissions")
async def listing(
    asking: Asking,
    state: Annotated[list[SubmissionState] | None, Query(description="Only these states.")] = None,
    agency: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9._-]{0,64}$", description="Only this agency.")] = None,
    after: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> Listing:
    """What was handed in, newest first. An agency sees its own."""

    def read() -> Listing:
        with reading() as session:
            found = overview.lines(
                session, scope_of(asking), states=state or (), agency=agency, after=after, limit=limit + 1
            )
        shown = found[:limit]
        return Listing(
            items=[_listed(line, inside=asking.role is not Role.AGENCY) for line in shown],
            next=shown[-1].row.id if len(found) > limit else None,
        )

    return await in_time(read)


@router.get("/submissions/{ref}", responses=_MISSING)
async def detail(ref: Ref, asking: Asking) -> Detail:
    """One hand-in: state, reason, steps, reports with findings, mails."""

    def read() -> Detail:
        with reading() as session:
            found = overview.whole(session, scope_of(asking), _known_shape(ref))
        if found is None:
            raise ProblemError("not_found")
        return _detail(found, asking)

    return await in_time(read)


@router.get("/submissions/{ref}/result", responses=_MISSING)
async def result(ref: Ref, asking: Asking) -> dict[str, Any]:
    """What was read and found, in the shape of `docs/result.schema.json`. 404 `no_result` before it is read."""

    def read() -> dict[str, Any]:
        with reading() as session:
            row = overview.find(session, scope_of(asking), _known_shape(ref))
            if row is None:
                raise ProblemError("not_found")
            document = overview.result(session, row, for_agency=asking.role is Role.AGENCY)
        if document is None:
            raise ProblemError("no_result")
        return document.published()

    return await in_time(read)


@router.post("/submissions/{ref}/replay", status_code=202, responses=_REPLAY)
async def replay(request: Request, ref: Ref, asking: AskingOperator) -> Replayed:
    """Work on a finished document anew, as its next generation. Operators only."""
    request.state.ref = ref
    state = await in_time(lambda: replaying.replay(_known_shape(ref), asking))
    return Replayed(ref=ref, state=state)


def _known_shape(ref: str) -> str:
    """A reference as we make them. Raises the very 404 of an unknown one for anything else."""
    if not replaying.REF.fullmatch(ref):
        raise ProblemError("not_found")
    return ref


def _common(line: overview.Line | overview.Whole) -> dict[str, Any]:
    row = line.row
    return {
        "ref": row.ref,
        "agency": row.agency_code,
        "agency_name": line.agency_name,
        "file": row.filename,
        "source": row.source,
        "state": row.state,
        "state_text": wording.state_word(row.state),
        "received_at": row.announced_at,
        "finished_at": row.finished_at,
    }


def _listed(line: overview.Line, *, inside: bool) -> Listed:
    tally = line.tally
    years = tally.years if tally else []
    return Listed(
        **_common(line),
        year=(years[0] or None) if years else line.row.year_hint,
        errors=tally.errors if tally else None,
        warnings=tally.warnings if tally else None,
        doubts=tally.doubts if tally and inside else None,
        mails=line.mails,
    )


def _detail(found: overview.Whole, asking: Principal) -> Detail:
    row = found.row
    inside = asking.role is not Role.AGENCY
    reason = wording.reason_of(row, technical=asking.role is Role.OPERATOR)
    years = [judged.row.year for judged in found.reports if judged.row.generation == row.generation]
    return Detail(
        **_common(found),
        year=(years[0] or None) if years else row.year_hint,
        size=row.size,
        sha256=row.sha256,
        generation=row.generation,
        duplicate_of=found.duplicate_of,
        reason=Why(code=reason.code, cause=reason.cause, next_step=reason.next_step) if reason else None,
        steps=[_step(step, asking.role) for step in found.steps],
        reports=[_report(judged) for judged in found.reports],
        mails=[_mail(letter, inside=inside) for letter in found.letters],
    )


def _step(step: Transition, role: Role) -> Step:
    return Step(
        at=step.at,
        state=step.after,
        state_text=wording.state_word(step.after),
        text=wording.step_words(step),
        actor=None if role is Role.AGENCY else step.actor,
        detail=step.detail if role is Role.OPERATOR else None,
    )


def _report(judged: overview.Judged) -> Report:
    row = judged.row
    return Report(
        year=row.year or None,
        revision=row.revision,
        generation=row.generation,
        current=row.superseded_by is None,
        status=row.status,
        reason=row.reason,
        uncertain=list(row.uncertain),
        findings=list(judged.findings),
    )


def _mail(letter: overview.Letter, *, inside: bool) -> Mail:
    return Mail(
        id=letter.id,
        kind=letter.kind,
        role=letter.role,
        address=letter.email if inside else wording.masked(letter.email),
        state=letter.state,
        state_text=wording.state_word(letter.state),
        composed_at=letter.composed_at,
        sent_at=letter.sent_at,
    )
