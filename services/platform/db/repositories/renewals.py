"""Wishes that stored reports be judged anew, and which stored reports a new one concerns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from sqlalchemy import ColumnElement, Table, bindparam, insert, literal, select, update
from sqlalchemy.orm import Session

from services.core.contracts import RENEW
from services.core.lifecycle import RenewalState
from services.platform.db import claims
from services.platform.db.dialect import db_now
from services.platform.db.models import Renewal, ReportRow
from services.platform.db.repositories.submissions import Follow


class Cause(StrEnum):
    """What has changed for a stored report."""

    LAST_YEAR = "last_year"
    """The body's report on the year before has come in, or a newer version of it."""
    EARLIER = "earlier"
    """The version before this one was judged after it."""
    PART = "part"
    """A body whose figures the area's report adds up has reported."""
    RULES = "rules"
    """Rules, limits or the tree of bodies were changed, and a person asks for new verdicts."""


_CHUNK = 500

_REPORT = cast("Table", ReportRow.__table__)
_RENEWAL = cast("Table", Renewal.__table__)

# built once: it runs for every report that is stored
_CURRENT = select(_REPORT.c.id).where(
    _REPORT.c.agency_code == bindparam("body"),
    _REPORT.c.year == bindparam("of_year"),
    _REPORT.c.superseded_by.is_(None),
)


def current_reports(session: Session, body: str, year: int) -> list[int]:
    """The ids of the body's reports on `year` that no newer one has superseded: one, as a rule."""
    return list(session.connection().execute(_CURRENT, {"body": body, "of_year": year}).scalars())


def all_current(session: Session) -> list[int]:
    """The ids of all reports that count, in order."""
    return list(session.scalars(select(ReportRow.id).where(ReportRow.superseded_by.is_(None)).order_by(ReportRow.id)))


def wish(session: Session, wanted: Mapping[int, Cause], *, actor: str) -> Follow:
    """Ask for new verdicts on these reports (id → cause), of which the agencies are told when they change.

    A wish that still waits serves for the next one too: it is worked on only after this transaction.
    """
    found: list[int] = []
    for report_id, cause in wanted.items():
        waiting = session.execute(
            select(Renewal.id, Renewal.mail)
            .where(Renewal.report_id == report_id, Renewal.state == RenewalState.DUE)
            .order_by(Renewal.id)
            .limit(1)
            .with_for_update()
        ).one_or_none()
        if waiting is None:
            found += _wishes(session, _REPORT.c.id == report_id, cause, mail=True, nudged=True, actor=actor)
        elif not waiting.mail:
            session.execute(update(Renewal).where(Renewal.id == waiting.id).values(mail=True, cause=str(cause)))
    return tuple((RENEW, renewal_id) for renewal_id in found)


def wish_all(session: Session, *, mail: bool, actor: str) -> int:
    """Ask for a new verdict on every current report that has no such wish waiting; returns on how many."""
    waits = (
        select(Renewal.id)
        .where(Renewal.report_id == _REPORT.c.id, Renewal.state == RenewalState.DUE)
        .correlate(_REPORT)
        .exists()
    )
    every = _REPORT.c.superseded_by.is_(None) & ~waits
    return len(_wishes(session, every, Cause.RULES, mail=mail, nudged=False, actor=actor))


def _wishes(
    session: Session, which: ColumnElement[bool], cause: Cause, *, mail: bool, nudged: bool, actor: str
) -> list[int]:
    """One wish for each report that `which` names. Nudged ones are handed to the broker right after the commit."""
    fixed = {
        "cause": literal(str(cause)),
        "mail": literal(mail),
        "state": literal(str(RenewalState.DUE)),
        **dict.fromkeys(("attempt", "crashes", "setbacks", "fence"), literal(0)),
        **({"nudged_at": db_now()} if nudged else {}),
    }
    source = select(_REPORT.c.id, _REPORT.c.submission_id, *fixed.values()).where(which).order_by(_REPORT.c.id)
    names = ["report_id", "submission_id", *fixed]
    made = insert(_RENEWAL).from_select(names, source, include_defaults=False).returning(_RENEWAL.c.id)
    ids = sorted(session.connection().execute(made).scalars())
    for renewal_id in ids:
        claims.record_transition(session, "renewal", renewal_id, None, RenewalState.DUE, cause=str(cause), actor=actor)
    return ids


def open_wishes(session: Session, cause: Cause) -> list[int]:
    """The ids of wishes with this cause that still wait or are being worked on, in order."""
    states = [RenewalState.DUE, RenewalState.RENEWING]
    query = select(Renewal.id).where(Renewal.state.in_(states), Renewal.cause == cause).order_by(Renewal.id)
    return list(session.scalars(query))


@dataclass(frozen=True, slots=True)
class Sum:
    """What became of wishes: reports judged anew, those whose verdict changed, and findings that came and went."""

    renewed: int
    changed: int
    added: int
    removed: int
    outdated: int
    given_up: int


def outcome(session: Session, wishes: Sequence[int]) -> Sum:
    """What became of these wishes."""
    states: Counter[str] = Counter()
    changed = added = removed = 0
    for start in range(0, len(wishes), _CHUNK):
        query = select(Renewal.state, Renewal.added, Renewal.removed)
        for state, came, went in session.execute(query.where(Renewal.id.in_(wishes[start : start + _CHUNK]))):
            states[state] += 1
            added += len(came or ())
            removed += len(went or ())
            changed += bool(came or went)
    ends = (states[state] for state in (RenewalState.RENEWED, RenewalState.OUTDATED, RenewalState.GIVEN_UP))
    renewed, outdated, given_up = ends
    return Sum(renewed, changed, added, removed, outdated, given_up)
