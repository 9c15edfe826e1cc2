"""What is known about a report from outside its document, gathered at the edge for the rules, which are pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from services.core.bodies import Level, level_of
from services.core.limits import LAW
from services.core.report import Report
from services.platform.db.repositories import history, tree
from services.platform.settings import regional_limits, settings
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
    """The context of one report, the ids of the stored reports that it rests on, and where its body stands."""

    context: Context
    year: int | None = None
    rests_on: frozenset[int] = frozenset()
    standing: tree.Standing | None = None


def known_of(session: Session, origin: Origin, report: Report) -> Known:
    """What the rules may know about `report`. Other reports are those stored at this moment."""
    year = report.year or origin.expected_year
    if not year:
        return Known(_context(origin, None, None))
    standing = tree.standing(session, origin.agency_code, year)
    context = _context(origin, standing, year)
    last_year, earlier = history.beside(session, origin.agency_code, year, origin.submission_id)
    children = _below(session, origin, year, standing, context.level)
    context = replace(
        context,
        last_year=last_year.report() if last_year else None,
        earlier=earlier.report() if earlier else None,
        parts=tuple(Part(child.code, child.name, child.kept.report() if child.kept else None) for child in children),
    )
    return Known(context, year, _ids(last_year, earlier, children), standing)


def is_outdated(session: Session, origin: Origin, known: Known, of_body: Sequence[history.Kept]) -> bool:
    """Whether by now the report would rest on other reports than it did; `of_body`: what is stored of its body."""
    if known.year is None:
        return False
    last_year, earlier = history.neighbours(of_body, known.year, origin.submission_id)
    children = _below(session, origin, known.year, known.standing, known.context.level, whole=False)
    return _ids(last_year, earlier, children) != known.rests_on


def _below(
    session: Session,
    origin: Origin,
    year: int,
    standing: tree.Standing | None,
    level: Level | None,
    *,
    whole: bool = True,
) -> list[history.Child]:
    if standing is None or level not in _AREAS:
        return []
    return history.below(session, origin.agency_code, year, tree=standing.of_year, whole=whole)


def _ids(
    last_year: history.Kept | None, earlier: history.Kept | None, children: Iterable[history.Child]
) -> frozenset[int]:
    found = (last_year, earlier, *(child.kept for child in children))
    return frozenset(kept.id for kept in found if kept is not None)


def _context(origin: Origin, standing: tree.Standing | None, year: int | None) -> Context:
    """The part of the context that no other report is needed for."""
    name = origin.registered_name
    # a name is what the body was called in that very year; a tree taken over from an earlier one may be behind
    if standing is not None and (standing.of_year == year or not name):
        name = standing.body.name
    level = standing.body.level if standing is not None else ""
    regions = standing.regions if standing is not None else (origin.agency_code,)
    limits = regional_limits(settings().limits_file)
    return Context(
        body_code=origin.agency_code,
        body_name=name,
        expected_year=origin.expected_year,
        received_on=origin.received_on,
        level=level_of(level or origin.registered_level, name),
        limits=limits.for_body(regions, year) if year else LAW,
    )
