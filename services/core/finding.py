"""What a rule found: frozen, self-contained, with a fingerprint that survives re-runs."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Severity(StrEnum):
    """error and warning go to agency and reviewer, info to the reviewer only (domain rule book)."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


Cause = Literal["document", "extraction", "unclear"]
"""Whose fault: what the document prints, how it was read, or not to be told apart."""


class Repair(BaseModel):
    """The cell and the value that would settle the findings with these fingerprints.

    Several of one finding are alternatives, the likeliest first, except that those with the same ``option`` are to be
    made together: only then do the findings in `settles` hold. ``option`` is absent where one cell is enough.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    cell: str
    from_: int | None = Field(alias="from")
    to: int
    settles: list[str] = []
    option: int | None = Field(default=None, exclude_if=lambda value: value is None)


class Finding(BaseModel):
    """One discrepancy. ``expected``/``actual`` are figures or short texts, None where a rule has no such value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    version: int = 1
    severity: Severity
    where: list[str] = []
    expected: int | float | str | None = None
    actual: int | float | str | None = None
    message: str
    basis: str
    cause: Cause = "document"
    repair: list[Repair] = []
    fingerprint: str = ""

    @property
    def between_places(self) -> bool:
        """Whether `expected` stands in one place and `actual` in another, as with prose and table (rules N, Y6).

        Then no cell holds `actual`, either place may be the wrong one, and only the message says which is which.
        """
        return self.rule.startswith("N") or self.rule == "Y6"

    @property
    def for_agency(self) -> bool:
        """Whether the agency is told: the document itself is at fault, and it is more than a hint."""
        return self.cause == "document" and self.severity is not Severity.INFO


def fingerprint(body: str, year: int | None, rule: str, where: list[str], values: list[object]) -> str:
    """A 16-digit hex name of a finding: same body, year, rule, cells and values give the same name.

    The rule's version is left out on purpose, so that a reviewer's verdict survives a reworded rule.
    """
    text = "\x1f".join([body, str(year or ""), rule, *sorted(where), *(str(value) for value in values)])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
