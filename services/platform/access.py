"""Who may do what: access tokens, kept only as hashes, and the roles they carry."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.platform.db.dialect import db_now
from services.platform.db.models import AccessToken


class Role(StrEnum):
    """agency: hands in and sees its own. reviewer: sees all. operator: may replay as well, and reads metrics."""

    AGENCY = "agency"
    REVIEWER = "reviewer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks. `agency_code` is set for agencies and bounds everything they see."""

    token_id: int
    name: str
    role: Role
    agency_code: str | None

    def may_see(self, agency_code: str) -> bool:
        return self.role is not Role.AGENCY or self.agency_code == agency_code


def issue_token(session: Session, *, name: str, role: Role, agency_code: str | None) -> str:
    """Make a token and return it, once. Raises ValueError when an agency token names no agency."""
    if (role is Role.AGENCY) != (agency_code is not None):
        raise ValueError("an agency token names its agency, other tokens name none")
    token = f"gouji_{secrets.token_urlsafe(32)}"
    session.add(AccessToken(name=name, role=str(role), agency_code=agency_code, digest=_digest(token)))
    return token


def principal_of(session: Session, token: str) -> Principal | None:
    """Whoever this token belongs to; None for an unknown or revoked one. The lookup is by hash, so timing tells nothing."""
    row = session.scalar(
        select(AccessToken).where(AccessToken.digest == _digest(token), AccessToken.revoked_at.is_(None))
    )
    return Principal(row.id, row.name, Role(row.role), row.agency_code) if row else None


def principal_by_id(session: Session, token_id: int) -> Principal | None:
    """Whoever logged in with this token, as long as it is not revoked."""
    row = session.scalar(select(AccessToken).where(AccessToken.id == token_id, AccessToken.revoked_at.is_(None)))
    return Principal(row.id, row.name, Role(row.role), row.agency_code) if row else None


def revoke_token(session: Session, token_id: int) -> bool:
    """Take a token out of use; False when there is no such token in use."""
    row = session.execute(
        update(AccessToken)
        .where(AccessToken.id == token_id, AccessToken.revoked_at.is_(None))
        .values(revoked_at=db_now())
        .returning(AccessToken.id)
    ).one_or_none()
    return row is not None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
