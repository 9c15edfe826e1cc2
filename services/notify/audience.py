"""Who is told what. Pure: register contacts and a subject in, one entry per address out.

Errors and warnings that the document itself prints go to the agency and to the reviewers. Whatever the reading is not
sure of (cause extraction or unclear, uncertain cells) and mere hints go to the reviewers alone: an agency is never told
to mend a figure that may only have been misread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from services.core.finding import Finding, Severity
from services.core.report import Status
from services.notify.headers import AddressError, address

Role = Literal["agency", "reviewer"]
Kind = Literal["verdict", "receipt", "rejected", "quarantined"]


@dataclass(frozen=True, slots=True)
class Contact:
    """A person of the register. Recipients come from there and never from a document."""

    name: str
    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class Judged:
    """A report that was read and judged: its status, all its findings and the paths of its uncertain cells."""

    status: Status
    findings: tuple[Finding, ...] = ()
    uncertain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A submission that could not be accepted; the code is one of ``core.errors.REASONS``."""

    code: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A submission set aside after several failed attempts; the code is one of ``core.errors.REASONS``."""

    code: str


Subject = Judged | Rejected | Quarantined


@dataclass(frozen=True, slots=True)
class Addressee:
    """One mail to write: to whom, of which kind, and exactly what this person may be told."""

    contact: Contact
    kind: Kind
    findings: tuple[Finding, ...] = ()
    uncertain: tuple[str, ...] = ()


def for_agency(finding: Finding) -> bool:
    """Whether the agency is told: the document itself is at fault, and it is more than a hint."""
    return finding.cause == "document" and finding.severity is not Severity.INFO


def vouched(judged: Judged) -> bool:
    """Whether "checked, nothing found" is true: every figure vouched for, no error or warning of whatever cause."""
    serious = any(finding.severity is not Severity.INFO for finding in judged.findings)
    return judged.status == "ok" and not judged.uncertain and not serious


def addressees(contacts: Iterable[Contact], subject: Subject) -> list[Addressee]:
    """One entry per address in register order; a person who is both is told as a reviewer, who is told more.

    Addresses count as the same when they differ only in the letter case or the encoding of the domain.
    """
    told = [entry for contact in contacts for entry in _entries(contact, subject)]
    chosen: dict[str, Addressee] = {}
    for entry in told:
        key = _same_address(entry.contact.email)
        before = chosen.get(key)
        if before is None or (before.contact.role == "agency" and entry.contact.role == "reviewer"):
            chosen[key] = entry
    return list(chosen.values())


def _entries(contact: Contact, subject: Subject) -> Iterator[Addressee]:
    if isinstance(subject, Rejected):
        yield Addressee(contact, "rejected")
    elif isinstance(subject, Quarantined):
        if contact.role == "reviewer":
            yield Addressee(contact, "quarantined")
    elif contact.role == "agency":
        findings = _of_document(subject.findings)
        yield Addressee(contact, "verdict" if findings else "receipt", findings)
    elif subject.findings or subject.uncertain or subject.status != "ok":
        yield Addressee(contact, "verdict", subject.findings, subject.uncertain)


def _of_document(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if for_agency(finding))


def _same_address(email: str) -> str:
    try:
        return address(email)
    except AddressError:
        # kept apart, so that composing its mail tells what is wrong with it
        return email.strip()
