"""What is kept about a body beside the report at hand: other years, other versions, and the parts of its area."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Row, Table, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from services.core.report import Document, Report
from services.platform.db.models import Extraction, Membership, ReportRow


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored report with the document it was read from, still packed."""

    id: int
    agency_code: str
    year: int
    submission_id: int
    generation: int
    position: int
    status: str
    superseded_by: int | None
    packed: bytes = b""
    """Empty where only the report's identity was asked for."""

    def as_read(self) -> Report:
        """The report just as the reader left it, without findings."""
        return unpacked(self.packed).reports[self.position]

    def report(self) -> Report:
        """The report as it was read, on the year under which it is stored."""
        report = self.as_read()
        return report if report.year is not None else report.model_copy(update={"year": self.year})


@dataclass(frozen=True, slots=True)
class Child:
    """A body directly below another in the tree, with its current report where exactly one is in."""

    code: str
    name: str
    kept: Kept | None


def unpacked(packed: bytes) -> Document:
    """The document that a reader left, from the compressed JSON in `Extraction.document`."""
    return Document.model_validate_json(zlib.decompress(packed))


# built once: these run for every report
_REPORT = cast("Table", ReportRow.__table__)
_EXTRACTION = cast("Table", Extraction.__table__)
_MEMBER = cast("Table", Membership.__table__)
_READ_FROM = and_(
    _EXTRACTION.c.submission_id == _REPORT.c.submission_id, _EXTRACTION.c.generation == _REPORT.c.generation
)
_NAMES = ("id", "agency_code", "year", "submission_id", "generation", "position", "status", "superseded_by")
IDENTITY = tuple(_REPORT.c[name] for name in _NAMES)
_BESIDE = and_(
    _REPORT.c.agency_code == bindparam("body"),
    or_(
        and_(_REPORT.c.year == bindparam("before"), _REPORT.c.superseded_by.is_(None)),
        and_(_REPORT.c.year == bindparam("of_year"), _REPORT.c.submission_id < bindparam("submission")),
    ),
)
_BESIDE_WHOLE = select(*IDENTITY, _EXTRACTION.c.document).join(_EXTRACTION, _READ_FROM).where(_BESIDE)
_OF_BODY = select(*IDENTITY).where(_REPORT.c.agency_code == bindparam("body"))
_REPORTED = and_(
    _REPORT.c.agency_code == _MEMBER.c.body_code,
    _REPORT.c.year == bindparam("of_year"),
    _REPORT.c.superseded_by.is_(None),
)
_BELOW = and_(_MEMBER.c.year == bindparam("tree"), _MEMBER.c.parent_code == bindparam("body"))
_BELOW_WHOLE = (
    select(_MEMBER.c.body_code, _MEMBER.c.name, *IDENTITY, _EXTRACTION.c.document)
    .outerjoin(_REPORT, _REPORTED)
    .outerjoin(_EXTRACTION, _READ_FROM)
    .where(_BELOW)
    .order_by(_MEMBER.c.body_code)
)
_BELOW_IDS = select(_MEMBER.c.body_code, _MEMBER.c.name, *IDENTITY).outerjoin(_REPORT, _REPORTED).where(_BELOW)


def beside(session: Session, body: str, year: int, submission_id: int) -> tuple[Kept | None, Kept | None]:
    """The body's current report on the year before, and the version of this year's handed in before this submission.

    Both whole, as `neighbours` chooses them.
    """
    given = {"body": body, "before": year - 1, "of_year": year, "submission": submission_id}
    return neighbours([kept_of(row) for row in session.connection().execute(_BESIDE_WHOLE, given)], year, submission_id)


def of_body(session: Session, body: str) -> list[Kept]:
    """The identities of all stored reports of a body, superseded ones among them: a few for each year."""
    return [kept_of(row) for row in session.connection().execute(_OF_BODY, {"body": body})]


def neighbours(found: Iterable[Kept], year: int, submission_id: int) -> tuple[Kept | None, Kept | None]:
    """Among a body's reports the current one on the year before, and the version handed in before this submission.

    Where two reports could be meant (a document may hold several of one year) there is none: nobody can say which.
    """
    listed = list(found)
    last_year = [kept for kept in listed if kept.year == year - 1 and kept.superseded_by is None]
    before = [kept for kept in listed if kept.year == year and kept.submission_id < submission_id]
    newest = max(((kept.submission_id, kept.generation) for kept in before), default=None)
    return _sole(last_year), _sole([kept for kept in before if (kept.submission_id, kept.generation) == newest])


def version_before(session: Session, body: str, year: int, submission_id: int) -> int | None:
    """The id of the version of this year's report handed in before this submission, where it could be read."""
    if not year:
        return None
    _, earlier = neighbours(of_body(session, body), year, submission_id)
    return earlier.id if earlier is not None and earlier.status != "failed" else None


def below(session: Session, body: str, year: int, *, tree: int, whole: bool = True) -> list[Child]:
    """The bodies directly below `body` in the tree of the year `tree`, with their current reports on `year`."""
    found: dict[tuple[str, str], list[Kept]] = {}
    given = {"body": body, "of_year": year, "tree": tree}
    for row in session.connection().execute(_BELOW_WHOLE if whole else _BELOW_IDS, given):
        listed = found.setdefault((row.body_code, row.name), [])
        if row.id is not None:
            listed.append(kept_of(row))
    return [Child(code, name, _sole(listed)) for (code, name), listed in found.items()]


def kept_of(row: Row[*tuple[Any, ...]]) -> Kept:
    """From a row with the columns `IDENTITY`, and the document where it is among them."""
    identity = (row.id, row.agency_code, row.year, row.submission_id, row.generation, row.position, row.status)
    return Kept(*identity, row.superseded_by, getattr(row, "document", b""))


def _sole(found: Sequence[Kept]) -> Kept | None:
    return found[0] if len(found) == 1 else None
