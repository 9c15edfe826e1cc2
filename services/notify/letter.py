"""Everything one mail is written from, frozen: the same letter always gives the same mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from services.core.errors import REASONS
from services.core.finding import Finding
from services.core.report import Layout
from services.core.settling import Progress
from services.notify.audience import Contact, Kind


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person about one submission, and for a verdict or receipt about one report in it.

    `submission`: the reference that the mail carries in X-Gouji-Submission. `revision` counts the versions of this
    agency's report for the year from 1. `link`: address of the submission's page, without secrets. `findings` and
    `uncertain` (cell paths): what this recipient may be told, see ``audience``. `pages`: cell path → page.
    `clean`: "checked, nothing found" is true (``audience.vouched``). `review_reason`: why the reading needs a person.
    `reason_code`, `reason_detail`: why the submission was rejected or set aside, from ``core.errors.REASONS``.
    `agency_told`: the register has somebody at the agency, so the agency gets its own mail. `due`: the day until
    which a mended report is expected, where one is set. `renewed_for`: why the same version is judged anew, where the
    recipient was told of an earlier verdict on it (`platform.db.repositories.renewals.Cause`).
    `progress`: what this version has achieved against the one handed in before, where there is one.

    Raises KeyError for a rejected or quarantined letter whose code is not in the catalogue, ValueError for times
    without a zone.
    """

    kind: Kind
    recipient: Contact
    submission: str
    agency_name: str
    agency_code: str
    file_name: str
    received_at: datetime
    link: str
    year: int | None = None
    revision: int | None = None
    findings: tuple[Finding, ...] = ()
    uncertain: tuple[str, ...] = ()
    layout: Layout = field(default_factory=Layout)
    pages: Mapping[str, int] = field(default_factory=dict)
    clean: bool = False
    review_reason: str | None = None
    reason_code: str | None = None
    reason_detail: str = ""
    agency_told: bool = True
    due: date | None = None
    renewed_for: str | None = None
    progress: Progress | None = None

    def __post_init__(self) -> None:
        if self.received_at.tzinfo is None:
            raise ValueError("received_at must carry a time zone")
        if self.kind in ("rejected", "quarantined"):
            REASONS[self.reason_code or ""]
