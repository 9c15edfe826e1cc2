"""The claim protocol: who may work on a row, and how the row moves on.

A claim is one conditional update under a lease; every later write repeats the claim's fence, and a write that meets no
row means "not mine any more": the result is dropped. A row whose lease ran out counts as a crash of its worker.
Every transition is written to the audit in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, cast

from sqlalchemy import ClauseElement, Float, Select, Table, Update, bindparam, event, func, or_, select, update
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.sql.dml import ReturningUpdate

from services.core.contracts import STAGES, Stage, stage_of_busy
from services.core.errors import REASONS
from services.core.lifecycle import BUSY, TERMINAL, MailState, State, check_transition
from services.platform.db.dialect import Plain, db_after, db_now, insert_many, is_reading
from services.platform.db.models import DeadLetter, Mail, Notice, Renewal, Submission, Transition

TABLES: dict[str, type[Submission | Renewal | Notice | Mail]] = {
    "submission": Submission,
    "renewal": Renewal,
    "notice": Notice,
    "mail": Mail,
}

_AUDIT = cast("Table", Transition.__table__)
_AUDIT_COLUMNS = (
    "subject", "subject_id", "before", "after", "cause", "detail", "actor", "attempt", "wall_ms", "cpu_ms",
)  # fmt: skip
_LINES = "audit lines"
"""Key in a session's `info` of what its transaction has still to write into the audit."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one row until the lease ends. `before` is the state the row was claimed from."""

    stage: Stage
    id: int
    fence: int
    before: str
    attempt: int
    crashes: int
    setbacks: int
    owner: str
    ref: str = ""
    """The submission's public reference, which every log line from event to mail carries."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What an attempt took: wall clock and the worker's own CPU, in milliseconds."""

    wall_ms: float | None = None
    cpu_ms: float | None = None


NO_COST = Cost()


class LostClaimError(Exception):
    """The row was taken from this worker (lease over, swept, cancelled): whatever it did must not be written."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many crashes and setbacks a row may have, and how long it waits after a setback (seconds, doubling)."""

    max_crashes: int
    max_setbacks: int
    first_wait: float
    last_wait: float

    def wait(self, setbacks: int) -> float:
        # doubled at most 60 times: by then any wait is longer than the longest, and a float still holds it
        return float(min(self.last_wait, self.first_wait * 2 ** min(60, max(0, setbacks - 1))))


def record_transition(
    session: Session,
    subject: str,
    subject_id: int,
    before: str | None,
    after: State,
    *,
    cause: str,
    actor: str,
    detail: str | None = None,
    attempt: int = 0,
    cost: Cost = NO_COST,
) -> None:
    """Append one line to the audit. Raises IllegalTransitionError for a transition that core.lifecycle does not list.

    The lines of a transaction are written together, right before it commits.
    """
    check_transition(subject, before, after)
    words = (before, str(after), cause, detail[:500] if detail else None, actor)
    lines: list[tuple[Plain, ...]] = session.info.setdefault(_LINES, [])
    lines.append((subject, subject_id, *words, attempt, cost.wall_ms, cost.cpu_ms))


@event.listens_for(Session, "before_commit")
def _write_lines(session: Session) -> None:
    lines = session.info.pop(_LINES, ())
    if lines:
        insert_many(session.connection(), _AUDIT, _AUDIT_COLUMNS, lines)


@event.listens_for(Session, "after_soft_rollback")
def _drop_lines(session: Session, _transaction: SessionTransaction) -> None:
    session.info.pop(_LINES, None)


def claim(session: Session, stage: Stage, row_id: int, *, owner: str, lease_seconds: float) -> Claim | None:
    """Claim a waiting row for `stage`, or None when it is not waiting, not yet due, or somebody else has it."""
    look, take = _claim_statements(stage)
    before = session.scalar(look, {"row": row_id}) if len(stage.ready) > 1 else str(stage.ready[0])
    if before is None:
        return None
    values = {"row": row_id, "before": before, "owner": owner, "lease": lease_seconds}
    row = session.connection().execute(take, values).one_or_none()
    if row is None:
        return None
    record_transition(
        session, stage.subject, row_id, before, stage.busy, cause="claimed", actor=owner, attempt=row.attempt
    )
    return Claim(stage, row_id, row.fence, before, row.attempt, row.crashes, row.setbacks, owner, row.ref)


@cache
def _claim_statements(stage: Stage) -> tuple[Select[str], ReturningUpdate[Any]]:
    """Built once: these two run for every attempt of every stage."""
    table = cast("Table", TABLES[stage.subject].__table__)
    ready = [str(state) for state in stage.ready]
    columns = table.c
    owned = (
        select(Submission.ref).where(Submission.id == columns.submission_id) if stage.subject != "submission" else None
    )
    ref = columns.ref if owned is None else owned.scalar_subquery()
    look = select(columns.state).where(columns.id == bindparam("row"), columns.state.in_(ready))
    take = (
        update(table)
        .where(
            columns.id == bindparam("row"),
            columns.state == bindparam("before"),
            or_(columns.next_attempt_at.is_(None), columns.next_attempt_at <= db_now()),
        )
        .values(
            state=str(stage.busy),
            fence=columns.fence + 1,
            attempt=columns.attempt + 1,
            lease_until=db_after(bindparam("lease", type_=Float)),
            lease_owner=bindparam("owner"),
            next_attempt_at=None,
        )
        .returning(columns.fence, columns.attempt, columns.crashes, columns.setbacks, ref.label("ref"))
    )
    return look, take


def next_waiting(session: Session, stage: Stage) -> int | None:
    """The row that `stage` should work on next, or None.

    Untried ones come first, then those whose wait is over, then those whose worker crashed: a document that kills its
    reader keeps nobody waiting. With a writing session it is locked, and rows that others have locked are passed over.
    """
    for query in _next_statements(stage, locked=not is_reading(session.connection())):
        found = session.connection().execute(query).scalar()
        if found is not None:
            return int(found)
    return None


@cache
def _next_statements(stage: Stage, *, locked: bool) -> tuple[Select[int], ...]:
    columns = cast("Table", TABLES[stage.subject].__table__).c
    ready = [str(state) for state in stage.ready]
    fresh = select(columns.id).where(columns.state == ready[0], columns.next_attempt_at.is_(None))
    waited = select(columns.id).where(columns.state.in_(ready), columns.next_attempt_at <= db_now())
    queries = (
        fresh.where(columns.crashes == 0).order_by(columns.id),
        waited.order_by(columns.next_attempt_at),
        select(columns.id)
        .where(columns.state.in_(ready), columns.next_attempt_at.is_(None), columns.crashes > 0)
        .order_by(columns.id),
    )
    limited = tuple(query.limit(1) for query in queries)
    # SQLite has one writer at a time, and its dialect leaves the clause out
    return tuple(query.with_for_update(skip_locked=True) for query in limited) if locked else limited


def touch(session: Session, held: Claim, **columns: Any) -> None:
    """Write columns of the claimed row without moving it. Raises LostClaimError when the claim is gone."""
    _fenced(session, held, columns)


def advance(
    session: Session,
    held: Claim,
    after: State,
    *,
    cause: str,
    detail: str | None = None,
    cost: Cost = NO_COST,
    **columns: Any,
) -> None:
    """Move the claimed row on to `after`, with a clean slate of attempts. Raises LostClaimError."""
    values: dict[str, Any] = _released() | {"state": str(after), "attempt": 0, "crashes": 0, "setbacks": 0}
    if held.stage.subject == "submission" and after in TERMINAL["submission"]:
        values["finished_at"] = db_now()
    _fenced(session, held, values | columns)
    _audit(session, held, after, cause=cause, detail=detail, cost=cost)


def set_back(
    session: Session, held: Claim, limits: Limits, *, code: str, detail: str, cost: Cost = NO_COST, **columns: Any
) -> bool:
    """The world failed: wait and try again, or go dead after the last attempt. True when the row went dead."""
    setbacks = held.setbacks + 1
    if setbacks >= limits.max_setbacks:
        bury(session, held, code=code, detail=detail, cost=cost)
        return True
    waiting = {"setbacks": setbacks, "next_attempt_at": db_after(limits.wait(setbacks)), "nudged_at": None}
    _fenced(session, held, _released() | {"state": str(held.stage.back)} | waiting | columns)
    _audit(session, held, held.stage.back, cause="retry", detail=detail, cost=cost)
    return False


def crash(session: Session, held: Claim, limits: Limits, *, code: str, detail: str, cost: Cost = NO_COST) -> bool:
    """The attempt crashed or timed out: try again at once, or go dead after the last one. True when it went dead.

    A mail whose body was on its way is unconfirmed: nobody can know whether it arrived, so no machine sends it again.
    """
    if _is_body_begun(session, held):
        advance(session, held, MailState.UNCONFIRMED, cause=code, detail=detail, cost=cost)
        return True
    crashes = held.crashes + 1
    if crashes >= limits.max_crashes:
        bury(session, held, code=code, detail=detail, cost=cost)
        return True
    _fenced(session, held, _released() | {"state": str(held.stage.back), "crashes": crashes, "nudged_at": None})
    _audit(session, held, held.stage.back, cause=code, detail=detail, cost=cost)
    return False


def bury(
    session: Session, held: Claim, *, code: str, detail: str, shown: str | None = None, cost: Cost = NO_COST
) -> None:
    """Take the row out of work: dead state and a dead letter, replayable. Raises LostClaimError.

    The dead letter keeps `detail` whole (a traceback); people are shown `shown`, the last line of it unless given.
    """
    shown = (detail.splitlines() or [""])[-1] if shown is None else shown
    dead = MailState.UNCONFIRMED if _is_body_begun(session, held) else held.stage.dead
    values: dict[str, Any] = _released() | {"state": str(dead)}
    if held.stage.subject == "submission":
        known = code if code in REASONS else "internal_error"
        values |= {"reason_code": known, "reason_detail": shown[:300], "finished_at": db_now()}
    _fenced(session, held, values)
    session.add(
        DeadLetter(
            subject=held.stage.subject, subject_id=held.id, task=held.stage.task, code=code, detail=detail[:8000]
        )
    )
    _audit(session, held, dead, cause=code, detail=shown, cost=cost)


def expired(session: Session, subject: str, *, limit: int) -> list[Claim]:
    """Claims whose lease ran out by the database's clock; with a writing session taken over for burial or another try."""
    found: list[Claim] = []
    statement = _expired_statement(subject, locked=not is_reading(session.connection()))
    for row in session.connection().execute(statement, {"most": limit}):
        stage = stage_of_busy(subject, row.state)
        assert stage is not None, row.state  # the table's check constraint: leases only while busy
        found.append(
            Claim(stage, row.id, row.fence, row.state, row.attempt, row.crashes, row.setbacks, row.lease_owner or "?")
        )
    return found


@cache
def _expired_statement(subject: str, *, locked: bool) -> Select[Any]:
    columns = cast("Table", TABLES[subject].__table__).c
    wanted = ("id", "state", "fence", "attempt", "crashes", "setbacks", "lease_owner")
    busy = sorted(str(state) for state in BUSY[subject])  # only these have a lease, and states have an index
    query = select(*(columns[name] for name in wanted)).where(columns.state.in_(busy), columns.lease_until < db_now())
    query = query.order_by(columns.lease_until).limit(bindparam("most"))
    return query.with_for_update(skip_locked=True) if locked else query


def due(session: Session, stage: Stage, *, limit: int, renudge_seconds: float) -> list[int]:
    """Ids of waiting rows of `stage` whose time has come and that were not handed to the broker just now."""
    statement = _due_statement(stage, locked=not is_reading(session.connection()))
    return list(session.connection().execute(statement, {"most": limit, "since": -renudge_seconds}).scalars())


@cache
def _due_statement(stage: Stage, *, locked: bool) -> Select[int]:
    columns = cast("Table", TABLES[stage.subject].__table__).c
    query = (
        select(columns.id)
        .where(
            columns.state.in_([str(state) for state in stage.ready]),
            or_(columns.next_attempt_at.is_(None), columns.next_attempt_at <= db_now()),
            or_(columns.nudged_at.is_(None), columns.nudged_at < db_after(bindparam("since", type_=Float))),
        )
        .order_by(columns.id)
        .limit(bindparam("most"))
    )
    return query.with_for_update(skip_locked=True) if locked else query


def waiting(session: Session, stage: Stage, *, limit: int) -> list[int]:
    """Ids of rows of `stage` that could be claimed now and never crashed, oldest first, whoever was told about them."""
    table = TABLES[stage.subject]
    query = (
        select(table.id)
        .where(
            table.state.in_([str(state) for state in stage.ready]),
            or_(table.next_attempt_at.is_(None), table.next_attempt_at <= db_now()),
            table.crashes == 0,
        )
        .order_by(table.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def mark_nudged(session: Session, subject: str, ids: list[int]) -> None:
    """Remember that messages for these rows were given to the broker now."""
    table = TABLES[subject]
    session.execute(update(table).where(table.id.in_(ids)).values(nudged_at=db_now()))


def waiting_counts(session: Session) -> dict[tuple[str, str], int]:
    """Rows by (subject, state), for metrics and the ledger."""
    counts: dict[tuple[str, str], int] = {}
    for subject, table in TABLES.items():
        for state, number in session.execute(select(table.state, func.count()).group_by(table.state)):
            counts[subject, state] = number
    return counts


def oldest_waiting_seconds(session: Session) -> dict[str, float]:
    """Age of the oldest waiting row by stage, in seconds: the measure to scale on."""
    ages: dict[str, float] = {}
    now = session.scalar(select(db_now()))
    for stage in STAGES:
        table = TABLES[stage.subject]
        newest = (
            select(func.max(Transition.at))
            .where(Transition.subject == stage.subject, Transition.subject_id == table.id)
            .correlate(table)
            .scalar_subquery()
        )
        oldest = session.scalar(
            select(newest).where(table.state.in_([str(s) for s in stage.ready])).order_by(table.id).limit(1)
        )
        ages[stage.task] = max(0.0, (now - oldest).total_seconds()) if now and oldest else 0.0
    return ages


def _released() -> dict[str, Any]:
    return {"lease_until": None, "lease_owner": None, "next_attempt_at": None}


def _fenced(session: Session, held: Claim, values: dict[str, Any]) -> None:
    times = {name: value.seconds for name, value in values.items() if isinstance(value, db_after)}
    plain = {name: value for name, value in values.items() if name not in times}
    computed = any(isinstance(value, ClauseElement) or hasattr(value, "__clause_element__") for value in plain.values())
    mine = {"mine": held.id, "my_fence": held.fence}
    if computed:
        statement = _fenced_statement(held.stage, (), ()).values(values)
        bound: dict[str, Any] = mine
    else:
        statement = _fenced_statement(held.stage, tuple(sorted(plain)), tuple(sorted(times)))
        bound = mine | {f"set_{name}": value for name, value in (plain | times).items()}
    if session.connection().execute(statement, bound).rowcount != 1:
        raise LostClaimError(f"{held.stage.task} {held.id} fence {held.fence}")


@lru_cache(maxsize=256)
def _fenced_statement(stage: Stage, plain: tuple[str, ...], times: tuple[str, ...]) -> Update:
    """Built once for each set of columns that a stage writes; building it anew costs as much as running it."""
    table = cast("Table", TABLES[stage.subject].__table__)
    values: dict[str, Any] = {name: bindparam(f"set_{name}", type_=table.c[name].type) for name in plain}
    values |= {name: db_after(bindparam(f"set_{name}", type_=Float)) for name in times}
    statement = update(table).where(
        table.c.id == bindparam("mine"), table.c.fence == bindparam("my_fence"), table.c.state == str(stage.busy)
    )
    return statement.values(values) if values else statement


def _audit(session: Session, held: Claim, after: State, *, cause: str, detail: str | None, cost: Cost) -> None:
    record_transition(
        session,
        held.stage.subject,
        held.id,
        str(held.stage.busy),
        after,
        cause=cause,
        detail=detail,
        actor=held.owner,
        attempt=held.attempt,
        cost=cost,
    )


def _is_body_begun(session: Session, held: Claim) -> bool:
    """Whether this is a mail whose body may already be with the recipient (its sending stage reached the body)."""
    begun = held.stage.subject == "mail"
    return begun and session.scalar(select(Mail.stage).where(Mail.id == held.id)) == "body"
