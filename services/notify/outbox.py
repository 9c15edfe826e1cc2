"""`notify.compose`: turn an outbox row into mails, one to a recipient, with bytes frozen for good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import quote

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from services.core.contracts import COMPOSE, SEND, Stage
from services.core.finding import Finding
from services.core.lifecycle import MailState, NoticeState
from services.core.report import Layout
from services.notify import audience
from services.notify.compose import ComposedMail, Sender, compose
from services.notify.headers import AddressError, address
from services.notify.letter import Letter
from services.platform.clock import now
from services.platform.db import claims
from services.platform.db.claims import Claim
from services.platform.db.dialect import db_now
from services.platform.db.engine import reading
from services.platform.db.models import Agency, CellRow, FindingRow, Mail, Notice, ReportRow, Submission
from services.platform.db.repositories.registry import contacts_for
from services.platform.logging import log
from services.platform.settings import settings
from services.platform.stage_task import Outcome

_INSERT_MAIL = cast("Table", Mail.__table__).insert().values(nudged_at=db_now()).returning(Mail.id)


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
    """What a notice is about, as rows."""

    notice: Notice
    submission: Submission
    agency_name: str
    contacts: tuple[audience.Contact, ...]
    report: ReportRow | None
    findings: tuple[Finding, ...]
    pages: dict[str, int]


class Compose:
    """pending → composed, with one queued mail per recipient."""

    stage: Stage = COMPOSE

    def perform(self, held: Claim) -> list[Draft]:
        with reading() as session:
            case = _load(session, held.id)
        subject = _subject(case)
        drafts = []
        for addressee in audience.addressees(case.contacts, subject):
            try:
                drafts.append(_draft(case, subject, addressee))
            except AddressError as error:
                # a register entry that no mail can go to: the others are still told
                log(__name__).error("bad_address", contact=addressee.contact.name, error=str(error))
        return drafts

    def record(self, session: Session, held: Claim, result: list[Draft]) -> Outcome:
        notice = session.get_one(Notice, held.id)
        outdated = _outdated(session, notice)
        if outdated:
            return outdated
        known = set(session.scalars(select(Mail.dedupe_key).where(Mail.dedupe_key.in_([d.dedupe_key for d in result]))))
        # what is on its way for an earlier reading says the same: it now speaks for this one
        session.execute(
            update(Mail)
            .where(Mail.dedupe_key.in_(known), Mail.state.not_in([MailState.SENT, MailState.CANCELLED]))
            .values(report_id=notice.report_id)
        )
        queued = [_insert(session, notice, draft, held.owner) for draft in result if draft.dedupe_key not in known]
        return Outcome(NoticeState.COMPOSED, follow=tuple((SEND, mail_id) for mail_id in queued))


def _outdated(session: Session, notice: Notice) -> Outcome | None:
    if notice.report_id is None:
        generation = session.scalar(select(Submission.generation).where(Submission.id == notice.submission_id))
        if generation != notice.generation:
            # replayed meanwhile: its reason no longer stands, and the replay brings its own notice
            return Outcome(NoticeState.CANCELLED, "superseded", "replayed")
        return None
    # locked, so that whoever supersedes it either is seen here or sees the mails that are queued here
    newer = select(ReportRow.superseded_by).where(ReportRow.id == notice.report_id).with_for_update()
    if session.scalar(newer) is None:
        return None
    return Outcome(NoticeState.CANCELLED, "superseded", "a newer revision is stored")


def _load(session: Session, notice_id: int) -> _Case:
    notice = session.get_one(Notice, notice_id)
    submission = session.get_one(Submission, notice.submission_id)
    report = session.get(ReportRow, notice.report_id) if notice.report_id else None
    findings: tuple[Finding, ...] = ()
    pages: dict[str, int] = {}
    if report is not None:
        bodies = session.scalars(
            select(FindingRow.body).where(FindingRow.report_id == report.id).order_by(FindingRow.position)
        )
        findings = tuple(Finding.model_validate(body) for body in bodies)
        wanted = {path for found in findings for path in (*found.where, *(r.cell for r in found.repair))}
        wanted |= set(report.uncertain)
        rows = session.execute(
            select(CellRow.path, CellRow.page).where(CellRow.report_id == report.id, CellRow.path.in_(wanted))
        )
        pages = {path: page for path, page in rows if page}
    contacts = tuple(
        audience.Contact(row.name, row.email, "agency" if row.role == "agency" else "reviewer")
        for row in contacts_for(session, submission.agency_code)
    )
    name = session.scalar(select(Agency.name).where(Agency.code == submission.agency_code))
    fallback = (report.agency_name if report else None) or submission.agency_code or "（未登记单位）"
    return _Case(notice, submission, name or fallback, contacts, report, findings, pages)


def _subject(case: _Case) -> audience.Subject:
    code = _reason_code(case)
    if case.notice.kind == "rejected":
        return audience.Rejected(code)
    if case.notice.kind == "quarantined":
        return audience.Quarantined(code)
    assert case.report is not None  # a verdict is about a report
    return audience.Judged(case.report.status, case.findings, tuple(case.report.uncertain))  # type: ignore[arg-type]


def _reason_code(case: _Case) -> str:
    """The reason of a rejection; a replay may have cleared it from the row before the notice was composed."""
    return case.submission.reason_code or "internal_error"


def _reachable(contact: audience.Contact) -> bool:
    try:
        address(contact.email)
    except AddressError:
        return False
    return True


def _draft(case: _Case, subject: audience.Subject, addressee: audience.Addressee) -> Draft:
    config = settings()
    report = case.report
    letter = Letter(
        kind=addressee.kind,
        recipient=addressee.contact,
        submission=case.submission.ref,
        agency_name=case.agency_name,
        agency_code=case.submission.agency_code,
        file_name=case.submission.filename,
        received_at=case.submission.announced_at,
        link=f"{config.public_url.rstrip('/')}/submissions/{quote(case.submission.ref)}",
        year=(report.year if report else case.submission.year_hint) or None,
        revision=report.revision if report else None,
        findings=addressee.findings,
        uncertain=addressee.uncertain,
        layout=Layout.model_validate(report.layout) if report else Layout(),
        pages=case.pages,
        clean=isinstance(subject, audience.Judged) and audience.vouched(subject),
        review_reason=report.reason if report else None,
        reason_code=_reason_code(case),
        reason_detail=case.submission.reason_detail or "",
        agency_told=any(contact.role == "agency" and _reachable(contact) for contact in case.contacts),
    )
    key = _dedupe_key(case, addressee)
    name = f"{case.notice.id}.{key[:24]}@{config.mail_domain}"
    moment = now().replace(microsecond=0)
    sender = Sender(name=config.mail_from_name, email=config.mail_from)
    return Draft(
        addressee, key, f"<{name}>", moment, compose(letter, sender=sender, message_id=f"<{name}>", date=moment)
    )


def _dedupe_key(case: _Case, addressee: audience.Addressee) -> str:
    """Nobody is told the same thing about the same hand-in twice, however often it is read or judged again."""
    what = (
        [_reason_code(case)]
        if case.report is None
        else [str(case.report.year), str(case.report.position), *sorted(f.fingerprint for f in addressee.findings)]
    )
    if case.notice.kind == "quarantined":
        what.append(str(case.notice.generation))
    uncertain = sorted(addressee.uncertain)
    parts = [addressee.kind, _address_key(addressee.contact.email), str(case.submission.id), *what, *uncertain]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8")).hexdigest()


def _address_key(email: str) -> str:
    """Addresses that reach the same mailbox; the part before the @ may be case-sensitive."""
    local, _, domain = email.rpartition("@")
    return f"{local}@{domain.casefold()}"


def _insert(session: Session, notice: Notice, draft: Draft, actor: str) -> int:
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
