"""Short ways to ask what a sentence states, and what is found when it stands in the tallying report."""

from __future__ import annotations

from typing import Any

from services.core.finding import Finding
from services.core.report import Figure, SectionFound
from services.validate.claims import Stated, extract
from services.validate.rules.example import with_prose
from tests.unit.validate.made import findings

AGENCY = "示例县农业农村局"


def stated(text: str, key: str = "overview", *, year: int = 2024, agency: str = AGENCY) -> list[Stated]:
    """What a text states in a report on `year`."""
    return extract([SectionFound(key=key, title="", page=1, text=text)], (year,), agency)


def counted(text: str, key: str = "overview", **known: Any) -> list[tuple[str, int]]:
    """Kind and value of what a text states about the reported year."""
    return [(one.kind, int(one.value)) for one in stated(text, key, **known) if not one.other_year]


def held_against(
    text: str, figures: dict[str, Figure] | None = None, *, key: str = "overview", **known: Any
) -> list[Finding]:
    """The findings of prose rules on the tallying report with this text and these figures."""
    found = findings(figures, **with_prose(key, text), **known)
    return [finding for finding in found if finding.rule.startswith("N") or finding.rule == "Y6"]


def table3(**rows: list[int] | int) -> dict[str, Figure]:
    """Figures of table 3 by row: seven, or the total alone, which then stands in the column of natural persons too."""
    columns = ("natural", "commercial", "research", "social", "legal", "other", "total")
    spread = {key: row if isinstance(row, list) else [row, 0, 0, 0, 0, 0, row] for key, row in rows.items()}
    return {
        f"table3.{key}.{column}": value
        for key, row in spread.items()
        for column, value in zip(columns, row, strict=True)
    }
