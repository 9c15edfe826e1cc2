"""The tables. Rows hold state; the rules for changing state are in core.lifecycle and in the repositories."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from services.core.lifecycle import BUSY
from services.platform.db.dialect import ExactNumber, RowId, UtcDateTime, db_now


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSON(), list[Any]: JSON()}  # noqa: RUF012 - SQLAlchemy's


class Claimable:
    """Columns of a row that workers claim: see services.platform.db.claims for the protocol."""

    state: Mapped[str] = mapped_column(String(20))
    attempt: Mapped[int] = mapped_column(default=0)
    """Claims of the present stage, counted in the claim itself so that a killed worker counts."""
    crashes: Mapped[int] = mapped_column(default=0)
    setbacks: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(120))
    next_attempt_at: Mapped[datetime | None]
    nudged_at: Mapped[datetime | None]
    """When a message for this row was last given to the broker."""


def _work_table_args(subject: str, *more: Any) -> tuple[Any, ...]:
    busy = ", ".join(f"'{state}'" for state in sorted(BUSY[subject]))
    return (
        CheckConstraint(f"(lease_until IS NOT NULL) = (state IN ({busy}))", name="lease_only_while_busy"),
        Index(f"ix_{subject}_state", "state", "next_attempt_at", "id"),
        *more,
    )


class Agency(Base):
    """A body that reports, from the registry."""

    __tablename__ = "agency"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    level: Mapped[str] = mapped_column(String(40), default="")
    contacts: Mapped[list[Contact]] = relationship(cascade="all, delete-orphan")


class Contact(Base):
    """Who is written to. Reviewers are registered under the code `*` for all bodies, or under one body."""

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("agency_code", "role", "email"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    agency_code: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))


class Membership(Base):
    """Where a body stands in the tree of one year. A year's tree is imported whole; bodies need not be registered."""

    __tablename__ = "membership"
    __table_args__ = (Index("ix_membership_parent", "year", "parent_code"),)

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body_code: Mapped[str] = mapped_column(String(64), primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(String(64))
    level: Mapped[str] = mapped_column(String(20))
    """A value of `core.bodies.Level`, or empty: then the name decides, as far as it can."""
    name: Mapped[str] = mapped_column(String(200))


class Submission(Claimable, Base):
    """One version of one object that somebody announced."""

    __tablename__ = "submission"
    __table_args__ = _work_table_args(
        "submission",
        UniqueConstraint("bucket", "object_key", "version", name="uq_submission_object"),
        # the same bytes of one body are worked on once; later ones become `duplicate`
        Index(
            "uq_submission_content",
            "agency_code",
            "sha256",
            unique=True,
            sqlite_where=text("sha256 IS NOT NULL AND state <> 'duplicate'"),
            postgresql_where=text("sha256 IS NOT NULL AND state <> 'duplicate'"),
        ),
        Index("ix_submission_folder", "folder_verdict", "state"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(40), unique=True)
    announced_at: Mapped[datetime] = mapped_column(server_default=db_now())
    finished_at: Mapped[datetime | None]
    source: Mapped[str] = mapped_column(String(10))
    bucket: Mapped[str] = mapped_column(String(63))
    object_key: Mapped[str] = mapped_column(String(1024))
    version: Mapped[str] = mapped_column(String(128))
    filename: Mapped[str] = mapped_column(String(255))
    source_path: Mapped[str | None] = mapped_column(String(1024))
    folder_place: Mapped[str | None] = mapped_column(String(1024))
    """Where in the drop folder the file lies now, relative to its root; written before the file is moved there."""
    folder_verdict: Mapped[str | None] = mapped_column(String(10))
    """`done` or `failed`: the folder in which that place is."""
    agency_code: Mapped[str] = mapped_column(String(64))
    year_hint: Mapped[int | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    generation: Mapped[int] = mapped_column(default=1)
    reason_code: Mapped[str | None] = mapped_column(String(40))
    reason_detail: Mapped[str | None] = mapped_column(String(300))
    duplicate_of: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))


class Spool(Base):
    """Bytes accepted while the object store was away; moved there by the sweep."""

    __tablename__ = "spool"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Extraction(Base):
    """What the reader found: the whole `core.report.Document`, compressed, one a generation of a submission."""

    __tablename__ = "extraction"
    __table_args__ = (UniqueConstraint("submission_id", "generation"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    generation: Mapped[int]
    format: Mapped[str] = mapped_column(String(20))
    engine: Mapped[str] = mapped_column(String(100))
    document: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=db_now())


class ReportRow(Base):
    """One revision of one body's report on one year."""

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("submission_id", "generation", "position", name="uq_report_origin"),
        UniqueConstraint("agency_code", "year", "revision", name="uq_report_revision"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    generation: Mapped[int]
    position: Mapped[int]
    agency_code: Mapped[str] = mapped_column(String(64))
    agency_name: Mapped[str | None] = mapped_column(String(200))
    year: Mapped[int]
    """The reported year; 0 when neither document nor sender states one."""
    revision: Mapped[int]
    superseded_by: Mapped[int | None] = mapped_column(ForeignKey("report.id"))
    status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    layout: Mapped[dict[str, Any]]
    report_date: Mapped[str | None] = mapped_column(String(10))
    uncertain: Mapped[list[Any]]
    errors: Mapped[int]
    warnings: Mapped[int]
    infos: Mapped[int]
    verdict: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    """Which verdict the stored findings are: 1 for the first, more for each time it was given anew."""
    renewed_for: Mapped[str | None] = mapped_column(String(20))
    """Why a new verdict last changed what the agency is told about the same document: a `Renewal.cause`."""
    created_at: Mapped[datetime] = mapped_column(server_default=db_now())


class CellRow(Base):
    """One figure of one report revision, with its place."""

    __tablename__ = "cell"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's; one tree instead of table and index

    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"), primary_key=True)
    path: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Decimal | None] = mapped_column(ExactNumber())
    text: Mapped[str] = mapped_column(String(500))
    kind: Mapped[str] = mapped_column(String(10))
    confidence: Mapped[float]
    page: Mapped[int | None]
    bbox: Mapped[str | None] = mapped_column(String(60))
    """`x0,top,x1,bottom` in points, two decimals."""
    line: Mapped[int | None]
    column: Mapped[int | None]


class FindingRow(Base):
    """One discrepancy of one report revision."""

    __tablename__ = "finding"
    __table_args__ = (Index("ix_finding_fingerprint", "fingerprint"),)

    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(20))
    severity: Mapped[str] = mapped_column(String(10))
    cause: Mapped[str] = mapped_column(String(10))
    fingerprint: Mapped[str] = mapped_column(String(16))
    body: Mapped[dict[str, Any]]
    """The whole `core.finding.Finding`."""


class Renewal(Claimable, Base):
    """The wish that the verdict on a stored report be given anew, because something it rests on has changed."""

    __tablename__ = "renewal"
    __table_args__ = _work_table_args("renewal", Index("ix_renewal_report", "report_id", "state"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    cause: Mapped[str] = mapped_column(String(20))
    """What has changed: a value of `repositories.renewals.Cause`."""
    mail: Mapped[bool]
    """Whether the agency is told when what it is told about changes."""
    added: Mapped[list[Any] | None]
    removed: Mapped[list[Any] | None]
    """The findings (`core.finding.Finding`) that came and went with it; with those kept now, every verdict can be told."""
    created_at: Mapped[datetime] = mapped_column(server_default=db_now())


class Notice(Claimable, Base):
    """The outbox: "tell them about this", written in the transaction that causes it.

    `kind` is `verdict`, `rejected`, `quarantined`, or for a verdict given anew `renewed/` and its number.
    """

    __tablename__ = "notice"
    __table_args__ = _work_table_args("notice", UniqueConstraint("submission_id", "generation", "kind", "report_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    generation: Mapped[int]
    report_id: Mapped[int | None] = mapped_column(ForeignKey("report.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=db_now())


class Mail(Claimable, Base):
    """One message to one recipient. Bytes, Message-ID and Date are frozen at composing, so any copy is identical."""

    __tablename__ = "mail"
    __table_args__ = _work_table_args("mail", Index("ix_mail_submission", "submission_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("report.id"))
    kind: Mapped[str] = mapped_column(String(20))
    dedupe_key: Mapped[str] = mapped_column(String(64), unique=True)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    recipient_name: Mapped[str] = mapped_column(String(100))
    recipient_email: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    composed_at: Mapped[datetime]
    body_begun: Mapped[int] = mapped_column(default=0)
    """How often a body was begun to be sent: the recipient has at most this many copies."""
    stage: Mapped[str | None] = mapped_column(String(10))
    smtp_code: Mapped[int | None]
    smtp_text: Mapped[str | None] = mapped_column(String(300))
    sent_at: Mapped[datetime | None]


class Transition(Base):
    """The audit: every change of state, with time and cause. The database refuses updates and deletes."""

    __tablename__ = "transition"
    __table_args__ = (Index("ix_transition_subject", "subject", "subject_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=db_now())
    subject: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[int] = mapped_column(RowId)
    before: Mapped[str | None] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    cause: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str | None] = mapped_column(String(500))
    actor: Mapped[str] = mapped_column(String(120))
    attempt: Mapped[int] = mapped_column(default=0)
    wall_ms: Mapped[float | None]
    cpu_ms: Mapped[float | None]
    """CPU of the worker itself in this attempt; the reading child is not in it."""


class DeadLetter(Base):
    """A row whose attempts are used up, or that met a defect of the program: kept until somebody replays it."""

    __tablename__ = "dead_letter"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=db_now())
    subject: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[int] = mapped_column(RowId)
    task: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(Text)


class AccessToken(Base):
    """A key to the API and the pages; only its SHA-256 is kept."""

    __tablename__ = "access_token"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(20))
    agency_code: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=db_now())
    revoked_at: Mapped[datetime | None]
