"""What is known about a report from outside its document, gathered at the edge for the rules, which are pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.orm import Session

from services.core.bodies import Level, level_of
from services.core.report import Report
from services.platform.db.repositories import history, tree
from services.validate.rules.sheet import Context, Part

_AREAS = frozenset({Level.PROVINCE, Level.CITY, Level.COUNTY, Level.TOWNSHIP})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a report comes from: the submission, its body as registered, and what the sender said of the year.

    `received_on` is the day of receipt in Asia/Shanghai.
    """

    submission_id: int
    agency_code: str
    registered_name: str | None
    registered_level: str | None
    expected_year: int | None
    received_on: date


@dataclass(frozen=True, slots=True)
class Known:
    """The context of one report, and the ids of the stored reports that it rests on."""

    context: Context
    rests_on: frozenset[int] = field(default_factory=frozenset)


def known_of(session: Session, origin: Origin, report: Report) -> Known:
    """What the rules may know about `report`.

    Other reports are those stored at this moment.
    """
    year = report.year or origin.expected_year
    if not year:
        return Known(_context(origin, None, None))
    standing = tree.standing(session, origin.agency_code, year)
    context = _context(origin, standing, year)
    last_year, earlier = history.beside(session, origin.agency_code, year, origin.submission_id)
    children: list[history.Child] = []
    if standing is not None and context.level in _AREAS:
        children = history.below(session, origin.agency_code, year, tree=standing.of_year)
    used = [last_year, earlier, *(child.kept for child in children)]
    context = replace(
        context,
        last_year=last_year.report() if last_year else None,
        earlier=earlier.report() if earlier else None,
        parts=tuple(Part(child.code, child.name, child.kept.report() if child.kept else None) for child in children),
    )
    return Known(context, frozenset(kept.id for kept in used if kept is not None))


def _context(origin: Origin, standing: tree.Standing | None, year: int | None) -> Context:
    """The part of the context that no other report is needed for."""
    name = origin.registered_name
    # a name is what the body was called in that very year; a tree taken over from an earlier one may be behind
    if standing is not None and (standing.of_year == year or not name):
        name = standing.body.name
    level = standing.body.level if standing is not None else ""
    return Context(
        body_code=origin.agency_code,
        body_name=name,
        expected_year=origin.expected_year,
        received_on=origin.received_on,
        level=level_of(level or origin.registered_level, name),
    )
