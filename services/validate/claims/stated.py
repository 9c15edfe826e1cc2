"""One figure that the prose states, with all that decides what it may be compared with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from services.core.report import Claim

Scope = Literal["own", "area", "unknown"]


@dataclass(frozen=True, slots=True)
class Stated:
    """`kind` says what is counted, `value` how many (for fees 元, for growth percent, negative when it fell).

    `quote`: the phrase as printed, without blanks. `section`: key of the section it stands in. `sentence` numbers the
    sentence in the report. `basis`: how the phrase limits the count (see `kinds`). `share`: the percentage beside the
    count, as printed. `scope_word`: the word that tells `scope`. `narrow`: it counts for a part of the body only.
    `other_year`: it is about another year. `loose`: the phrase may count something else. `doubtful`: blanks stand
    between the digits.
    """

    kind: str
    value: int | Decimal
    quote: str
    section: str
    page: int | None = None
    sentence: int = 0
    basis: str = ""
    share: str | None = None
    scope: Scope = "unknown"
    scope_word: str = ""
    narrow: bool = False
    other_year: bool = False
    loose: bool = False
    doubtful: bool = False

    def published(self) -> Claim:
        """The published form."""
        return Claim(kind=self.kind, value=self.value, quote=self.quote[:500], page=self.page, scope=self.scope)
