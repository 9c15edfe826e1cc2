"""`notify.compose`: turn an outbox row into mails, one to a recipient, with bytes frozen for good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote

from sqlalchemy import Row, Table, bindparam, select, update
from sqlalchemy.orm import Session

from services.core.contracts import COMPOSE, SEND, Stage
from services.core.finding import Finding
from services.core.lifecycle import MailState, NoticeState
from services.core.report import Layout
from services.core.settling import Progress, progress
from services.notify import audience
from services.notify.compose import ComposedMail, Sender, compose
from services.notify.headers import AddressError, address
from services.notify.letter import Letter
from services.platform.clock import now
from services.platform.db import claims
from services.platform.db.claims import Claim
from services.platform.db.dialect import db_now
from services.platform.db.models import Agency, CellRow, FindingRow, Mail, Notice, ReportRow, Submission
from services.platform.db.repositories.history import version_before
from services.platform.db.repositories.registry import contacts_for
from services.platform.db.repositories.submissions import RENEWED
from services.platform.logging import log
from services.platform.settings import settings
from services.platform.stage_task import Outcome

_NOTICE = cast("Table", Notice.__table__)
_SUBMISSION = cast("Table", Submission.__table__)
_REPORT = cast("Table", ReportRow.__table__)
_FINDING = cast("Table", FindingRow.__table__)
_CELL = cast("Table", CellRow.__table__)
_AGENCY = cast("Table", Agency.__table__)
_MAIL = cast("Table", Mail.__table__)

# built once: these run for every notice
_SUBJECT = (
    select(
        *(_NOTICE.c[name] for name in ("id", "kind", "submission_id", "generation", "report_id")),
        *(_SUBMISSION.c[name] for name in ("ref", "agency_code", "filename", "announced_at", "year_hint")),
        *(_SUBMISSION.c[name] for name in ("reason_code", "reason_detail")),
        *(_REPORT.c[name] for name in ("year", "position", "revision", "status", "reason", "layout", "uncertain")),
        *(_REPORT.c[name] for name in ("agency_name", "verdict", "renewed_for")),
        _AGENCY.c.name.label("registered_name"),
    )
    .join(_SUBMISSION, _SUBMISSION.c.id == _NOTICE.c.submission_id)
    .outerjoin(_REPORT, _REPORT.c.id == _NOTICE.c.report_id)
    .outerjoin(_AGENCY, _AGENCY.c.code == _SUBMISSION.c.agency_code)
    .where(_NOTICE.c.id == bindparam("row"))
)
_FINDINGS = select(_FINDING.c.body).where(_FINDING.c.report_id == bindparam("report")).order_by(_FINDING.c.position)
_PAGES = select(_CELL.c.path, _CELL.c.page).where(
    _CELL.c.report_id == bindparam("report"), _CELL.c.path.in_(bindparam("paths", expanding=True))
)
_GENERATION = select(_SUBMISSION.c.generation).where(_SUBMISSION.c.id == bindparam("submission"))
# locked, so that whoever supersedes it or judges it anew either is seen here or sees the mails that are queued here
_STANDS = (
    select(_REPORT.c.superseded_by, _REPORT.c.verdict).where(_REPORT.c.id == bindparam("report")).with_for_update()
)
_TOLD = select(_MAIL.c.dedupe_key).where(_MAIL.c.dedupe_key.in_(bindparam("keys", expanding=True)))
_INSERT_MAIL = _MAIL.insert().values(nudged_at=db_now()).returning(_MAIL.c.id)


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail that is not yet a row."""

    addressee: audience.Addressee
    dedupe_key: str
    message_id: str
    composed_at: datetime
    mail: ComposedMail


@dataclass(frozen=True, slots=True)
class _Case:
    """What a notice is about. `row`: notice, submission and, for a verdict, report in one."""

    row: Row[*tuple[Any, ...]]
    agency_name: str
    contacts: tuple[audience.Contact, ...]
    findings: tuple[Finding, ...]
    pages: dict[str, int]
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Drafted:
    """The mails of one notice."""

    notice: Row[*tuple[Any, ...]]
    drafts: list[Draft]


class Compose:
    """pending → composed, with one queued mail per recipient."""

    stage: Stage = COMPOSE

    def look(self, session: Session, held: Claim) -> _Case:
        return _load(session, held.id)

    def perform(self, held: Claim, seen: _Case) -> Drafted:  # noqa: ARG002 - interface
        subject = _subject(seen)
        drafts = []
        for addressee in audience.addressees(seen.contacts, subject):
            try:
                drafts.append(_draft(seen, subject, addressee))
            except AddressError as error:
                # a register entry that no mail can go to: the others are still told
                log(__name__).error("bad_address", contact=addressee.contact.name, error=str(error))
        return Drafted(seen.row, drafts)

    def record(self, session: Session, held: Claim, result: Drafted) -> Outcome:
        notice = result.notice
        outdated = _outdated(session, notice)
        if outdated:
            return outdated
        keys = [draft.dedupe_key for draft in result.drafts]
        known = set(session.connection().execute(_TOLD, {"keys": keys}).scalars()) if keys else set()
        if known:
            # what is on its way for an earlier reading says the same: it now speaks for this one
            session.execute(
                update(Mail)
                .where(Mail.dedupe_key.in_(known), Mail.state.not_in([MailState.SENT, MailState.CANCELLED]))
                .values(report_id=notice.report_id)
            )
        fresh = [draft for draft in result.drafts if draft.dedupe_key not in known]
        queued = [_insert(session, notice, draft, held.owner) for draft in fresh]
        return Outcome(NoticeState.COMPOSED, follow=tuple((SEND, mail_id) for mail_id in queued))


def _outdated(session: Session, notice: Row[*tuple[Any, ...]]) -> Outcome | None:
    if notice.report_id is None:
        generation = session.connection().execute(_GENERATION, {"submission": notice.submission_id}).scalar()
        if generation != notice.generation:
            # replayed meanwhile: its reason no longer stands, and the replay brings its own notice
            return Outcome(NoticeState.CANCELLED, "superseded", "replayed")
        return None
    now = session.connection().execute(_STANDS, {"report": notice.report_id}).one()
    if now.superseded_by is not None:
        return Outcome(NoticeState.CANCELLED, "superseded", "a newer revision is stored")
    if now.verdict != notice.verdict:
        # judged anew while the mails were written: they are written once more, from what is stored now
        return Outcome(NoticeState.PENDING, "retry", "the verdict was given anew", setback=True, wait=1.0)
    return None


def _load(session: Session, notice_id: int) -> _Case:
    connection = session.connection()
    row = connection.execute(_SUBJECT, {"row": notice_id}).one()
    findings: tuple[Finding, ...] = ()
    pages: dict[str, int] = {}
    if row.report_id is not None:
        bodies = connection.execute(_FINDINGS, {"report": row.report_id}).scalars()
        findings = tuple(Finding.model_validate(body) for body in bodies)
        wanted = {path for found in findings for path in (*found.where, *(r.cell for r in found.repair))}
        wanted |= set(row.uncertain)
        if wanted:
            places = connection.execute(_PAGES, {"report": row.report_id, "paths": sorted(wanted)})
            pages = {path: page for path, page in places if page}
    contacts = tuple(
        audience.Contact(contact.name, contact.email, "agency" if contact.role == "agency" else "reviewer")
        for contact in contacts_for(session, row.agency_code)
    )
    name = row.registered_name or row.agency_name or row.agency_code or "（未登记单位）"
    return _Case(row, name, contacts, findings, pages, _progress(session, row, findings))


def _progress(session: Session, row: Row[*tuple[Any, ...]], findings: tuple[Finding, ...]) -> Progress | None:
    """What this version has achieved against the one before; a first version asks the database nothing."""
    if row.report_id is None or row.revision == 1:
        return None
    before = version_before(session, row.agency_code, row.year, row.submission_id)
    if before is None or row.status == "failed":
        return None
    bodies = session.connection().execute(_FINDINGS, {"report": before}).scalars()
    return progress((Finding.model_validate(body) for body in bodies), findings, row.uncertain)


def _subject(case: _Case) -> audience.Subject:
    code = _reason_code(case)
    if case.row.kind == "rejected":
        return audience.Rejected(code)
    if case.row.kind == "quarantined":
        return audience.Quarantined(code)
    assert case.row.report_id is not None  # a verdict is about a report
    return audience.Judged(case.row.status, case.findings, tuple(case.row.uncertain))


def _reason_code(case: _Case) -> str:
    """The reason of a rejection; a replay may have cleared it from the row before the notice was composed."""
    return case.row.reason_code or "internal_error"


def _reachable(contact: audience.Contact) -> bool:
    try:
        address(contact.email)
    except AddressError:
        return False
    return True


def _draft(case: _Case, subject: audience.Subject, addressee: audience.Addressee) -> Draft:
    config = settings()
    row = case.row
    letter = Letter(
        kind=addressee.kind,
        recipient=addressee.contact,
        submission=row.ref,
        agency_name=case.agency_name,
        agency_code=row.agency_code,
        file_name=row.filename,
        received_at=row.announced_at,
        link=f"{config.public_url.rstrip('/')}/submissions/{quote(row.ref)}",
        year=(row.year_hint if row.report_id is None else row.year) or None,
        revision=row.revision,
        findings=addressee.findings,
        uncertain=addressee.uncertain,
        layout=Layout.model_validate(row.layout or {}),
        pages=case.pages,
        clean=isinstance(subject, audience.Judged) and audience.vouched(subject),
        review_reason=row.reason,
        reason_code=_reason_code(case),
        reason_detail=row.reason_detail or "",
        renewed_for=row.renewed_for if row.kind.startswith(RENEWED) else None,
        progress=case.progress,
        agency_told=any(contact.role == "agency" and _reachable(contact) for contact in case.contacts),
    )
    key = _dedupe_key(case, addressee)
    name = f"{row.id}.{key[:24]}@{config.mail_domain}"
    moment = now().replace(microsecond=0)
    sender = Sender(name=config.mail_from_name, email=config.mail_from)
    return Draft(
        addressee, key, f"<{name}>", moment, compose(letter, sender=sender, message_id=f"<{name}>", date=moment)
    )


def _dedupe_key(case: _Case, addressee: audience.Addressee) -> str:
    """Nobody is told the same thing about the same hand-in twice, however often it is read or judged again."""
    what = (
        [_reason_code(case)]
        if case.row.report_id is None
        else [str(case.row.year), str(case.row.position), *sorted(f.fingerprint for f in addressee.findings)]
    )
    if case.row.kind == "quarantined":
        what.append(str(case.row.generation))
    uncertain = sorted(addressee.uncertain)
    parts = [addressee.kind, _address_key(addressee.contact.email), str(case.row.submission_id), *what, *uncertain]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8")).hexdigest()


def _address_key(email: str) -> str:
    """Addresses that reach the same mailbox; the part before the @ may be case-sensitive."""
    local, _, domain = email.rpartition("@")
    return f"{local}@{domain.casefold()}"


def _insert(session: Session, notice: Row[*tuple[Any, ...]], draft: Draft, actor: str) -> int:
    line = {
        "notice_id": notice.id,
        "submission_id": notice.submission_id,
        "report_id": notice.report_id,
        "kind": draft.addressee.kind,
        "dedupe_key": draft.dedupe_key,
        "message_id": draft.message_id,
        "role": draft.addressee.contact.role,
        "recipient_name": draft.addressee.contact.name,
        "recipient_email": draft.addressee.contact.email,
        "subject": draft.mail.subject,
        "raw": draft.mail.raw,
        "composed_at": draft.composed_at,
        "state": str(MailState.QUEUED),
    }
    mail_id = int(session.connection().execute(_INSERT_MAIL, line).scalar_one())
    claims.record_transition(session, "mail", mail_id, None, MailState.QUEUED, cause=draft.addressee.kind, actor=actor)
    return mail_id
