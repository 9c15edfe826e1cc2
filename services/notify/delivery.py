"""`notify.send`: hand one mail to the relay, once. Which outcome leads where is one table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from services.core.contracts import SEND, Stage
from services.core.lifecycle import MailState
from services.notify.headers import AddressError
from services.notify.outcomes import DeliveryError, PermanentFailure, RelayRefused, TransientFailure, Unconfirmed
from services.notify.relay import Receipt, Relay
from services.notify.schedule import Schedule
from services.platform.clock import now
from services.platform.db import claims
from services.platform.db.claims import Claim
from services.platform.db.dialect import db_now
from services.platform.db.engine import unit_of_work
from services.platform.db.models import DeadLetter, Mail, ReportRow
from services.platform.settings import Settings, settings
from services.platform.stage_task import Outcome

BODY = "body"
"""The stage written right before the first byte of the body: from then on the recipient may have the mail."""


_KEEP_SECONDS = 5.0
"""Far below the five minutes that a relay has to wait for the next command (RFC 5321 §4.5.3.2.7)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One conversation with the relay: its receipt, or the way it failed. `superseded`: none, there is newer news."""

    receipt: Receipt | None = None
    failure: DeliveryError | None = None
    bad_address: str | None = None
    superseded: bool = False


_MAIL = cast("Table", Mail.__table__)
_REPORT = cast("Table", ReportRow.__table__)

# built once: this runs for every mail
_FROZEN = (
    select(_MAIL.c.recipient_email, _MAIL.c.raw, _MAIL.c.body_begun, _REPORT.c.superseded_by)
    .outerjoin(_REPORT, _REPORT.c.id == _MAIL.c.report_id)
    .where(_MAIL.c.id == bindparam("row"))
)


@dataclass(frozen=True, slots=True)
class Frozen:
    """A mail's bytes, the copies begun so far, and the report that took its report's place if one did."""

    recipient_email: str
    raw: bytes
    body_begun: int
    superseded_by: int | None


class Send:
    """queued | retrying → sent, retrying, failed or unconfirmed."""

    stage: Stage = SEND

    def look(self, session: Session, held: Claim) -> Frozen:
        row = session.connection().execute(_FROZEN, {"row": held.id}).one()
        return Frozen(row.recipient_email, row.raw, row.body_begun, row.superseded_by)

    def perform(self, held: Claim, seen: Frozen) -> Attempt:
        if seen.superseded_by is not None:
            # it was put off or its worker died while a newer revision took its report's place
            return Attempt(superseded=True)

        def before_body() -> None:
            with unit_of_work() as own:
                claims.touch(own, held, stage=BODY, body_begun=seen.body_begun + 1)

        try:
            receipt = make_relay(settings()).deliver(
                mail_from=settings().mail_from, rcpt_to=seen.recipient_email, raw=seen.raw, before_body=before_body
            )
        except AddressError as error:
            return Attempt(bad_address=str(error))
        except DeliveryError as error:
            return Attempt(failure=error)
        return Attempt(receipt=receipt)

    def record(self, session: Session, held: Claim, result: Attempt) -> Outcome:
        if result.receipt is not None:
            columns = {"smtp_code": result.receipt.code, "smtp_text": result.receipt.text[:300], "sent_at": db_now()}
            return Outcome(MailState.SENT, "accepted", result.receipt.queue_id, columns)
        if result.superseded:
            return _cancelled(held.id)
        if result.failure is None:
            return _failed(session, held, "bad_address", result.bad_address or "")
        failure = result.failure
        detail = f"{failure.stage} {failure.code or ''} {failure.enhanced or ''} {failure.text}".strip()
        columns = {"smtp_code": failure.code, "smtp_text": detail[:300]}
        match failure:
            case Unconfirmed():
                return Outcome(MailState.UNCONFIRMED, "unconfirmed", detail, columns)
            case TransientFailure():
                return _later(session, held, detail, columns)
            case PermanentFailure() | RelayRefused() | _:
                cause = "refused_by_relay" if isinstance(failure, RelayRefused) else "undeliverable"
                return _failed(session, held, cause, detail, columns)


def _later(session: Session, held: Claim, detail: str, columns: dict[str, object]) -> Outcome:
    config = settings()
    mail = session.get_one(Mail, held.id)
    schedule = Schedule(
        first=timedelta(seconds=config.mail_backoff_first_seconds),
        last=timedelta(seconds=config.mail_backoff_last_seconds),
        give_up=timedelta(hours=config.mail_give_up_hours),
    )
    wait = schedule.next_wait(held.setbacks + 1, age=now() - mail.composed_at)
    if wait is None:
        return _failed(session, held, "given_up", detail, columns)
    return Outcome(
        MailState.RETRYING, "retry", detail, columns | _no_copy(mail), setback=True, wait=wait.total_seconds()
    )


def _cancelled(mail_id: int) -> Outcome:
    """Nobody is told this any more. The key is given up: a later revision may have to say the same after all."""
    columns = {"stage": None, "dedupe_key": f"cancelled.{mail_id}"}
    return Outcome(MailState.CANCELLED, "superseded", "a newer revision is stored", columns)


def _no_copy(mail: Mail) -> dict[str, object]:
    """The relay said no, before or after the body: this attempt left no copy with the recipient."""
    return {"stage": None, "body_begun": Mail.body_begun - 1} if mail.stage == BODY else {"stage": None}


def _failed(
    session: Session, held: Claim, cause: str, detail: str, columns: dict[str, object] | None = None
) -> Outcome:
    session.add(DeadLetter(subject="mail", subject_id=held.id, task=SEND.task, code=cause, detail=detail))
    return Outcome(MailState.FAILED, cause, detail, dict(columns or {}) | _no_copy(session.get_one(Mail, held.id)))


def make_relay(config: Settings) -> Relay:
    """The relay of these settings."""
    return Relay(
        host=config.smtp_host,
        port=config.smtp_port,
        starttls=config.smtp_starttls,
        user=config.smtp_user,
        password=config.smtp_password.get_secret_value(),
        timeout=config.smtp_timeout_seconds,
        helo=config.mail_domain,
        keep_seconds=_KEEP_SECONDS,
    )


class NotResendableError(ValueError):
    """The mail is not one that failed or that waits for a confirmation, or its one identical copy is used up."""


def resend(session: Session, mail_id: int, *, actor: str) -> None:
    """Queue a failed mail anew, or one identical copy of an unconfirmed one. Raises NotResendableError."""
    mail = _locked(session, mail_id)
    before = mail.state
    if before not in {MailState.FAILED, MailState.UNCONFIRMED}:
        raise NotResendableError(before)
    if before == MailState.UNCONFIRMED and mail.body_begun >= 2:
        raise NotResendableError("the one identical copy is used up")
    session.execute(
        update(Mail)
        .where(Mail.id == mail_id, Mail.state == before)
        .values(state=str(MailState.QUEUED), stage=None, attempt=0, crashes=0, setbacks=0, next_attempt_at=None)
    )
    claims.record_transition(session, "mail", mail_id, before, MailState.QUEUED, cause="resend", actor=actor)


def confirm(session: Session, mail_id: int, *, actor: str) -> None:
    """Note that an unconfirmed mail did arrive. Raises NotResendableError for any other mail."""
    mail = _locked(session, mail_id)
    if mail.state != MailState.UNCONFIRMED:
        raise NotResendableError(mail.state)
    mail.state = str(MailState.SENT)
    claims.record_transition(
        session, "mail", mail_id, MailState.UNCONFIRMED, MailState.SENT, cause="confirmed", actor=actor
    )


def _locked(session: Session, mail_id: int) -> Mail:
    mail = session.get(Mail, mail_id, with_for_update=True)
    if mail is None:
        raise NotResendableError("no such mail")
    return mail
