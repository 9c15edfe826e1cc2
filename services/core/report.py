"""The result of reading and judging one document: the shape that CLI, API, database and mails share.

The JSON form of ``Document`` is a published contract (``docs/result.schema.json``). A cell path is
``table2.regulations.0``, ``table2.licences``, ``table3.<row>.<column>`` or ``table4.<block>.<column>``; pages count
from 1; boxes are PDF points from the top left of the page as a person sees it.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from services.core.finding import Finding


def _exact(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


Money = Annotated[Decimal, BeforeValidator(_exact), PlainSerializer(_plain, when_used="json")]
"""A decimal number, a plain JSON number outside. Fees are 万元 with up to six decimals, exact in a double."""

Figure = int | Money | None
"""A figure as read; None is a blank or nil sign (see ``Cell.kind``), never a zero."""


class Kind(StrEnum):
    """What stands in a cell."""

    NUMBER = "number"
    BLANK = "blank"
    DASH = "dash"
    TEXT = "text"


class Format(StrEnum):
    """What a document is, decided by its content and never by its name."""

    PDF = "pdf"
    PDF_SCAN = "pdf-scan"
    DOCX = "docx"
    DOC = "doc"
    WPS = "wps"
    OFD = "ofd"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"
    CSV = "csv"
    IMAGE = "image"


PROVED = 0.99
"""Confidence of a figure whose label matched exactly and whose identities all hold."""
READ = 0.9
"""Confidence of a figure whose label matched and which no identity covers, or covers without holding."""
DOUBTFUL = 0.5
"""Confidence of a figure that the reader does not vouch for; its path is in ``uncertain``."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cell(_Model):
    """Where a figure stands and what is printed there. PDFs give page and bbox, text formats line and column.

    Office files have no lines: ``line`` counts their paragraphs with text and table rows from the beginning, and
    ``column`` is the number of the cell in its row.
    """

    page: int | None = Field(default=None, ge=1)
    bbox: tuple[float, float, float, float] | None = None
    line: int | None = Field(default=None, ge=1)
    column: int | None = Field(default=None, ge=1)
    text: str = Field(max_length=500)
    kind: Kind
    confidence: float = Field(ge=0, le=1)


class Layout(_Model):
    """The form layout of each table, detected per table because real reports mix them; None for an absent table."""

    table2: str | None = None
    table3: str | None = None
    table4: str | None = None


class SectionFound(_Model):
    """A section heading as printed, with the section's prose (tables left out)."""

    key: str
    title: str = Field(max_length=500)
    page: int | None = None
    text: str = Field(default="", max_length=200_000)


class Claim(_Model):
    """A figure that the prose states for the reported year; ``kind`` says what is counted (docs/api.md).

    ``value`` is in the unit of the kind: applications, cases, documents, decisions; 元 for ``processing_fee``, percent
    for ``growth``. ``quote`` is the phrase without its blanks; ``page`` is given where the section is on one page.
    """

    kind: str
    value: int | Money
    quote: str = Field(max_length=500)
    page: int | None = None
    scope: Literal["own", "area", "unknown"] = "unknown"


Table2 = dict[str, list[Figure] | Figure]


class Table3(_Model):
    """``rows[key]`` holds seven figures in the form's column order, total last."""

    rows: dict[str, list[Figure] | None]


Table4 = dict[str, dict[str, Figure]]

Status = Literal["ok", "review", "failed"]

Lane = Literal["ocr", "office"]
"""A slower way of reading, on workers of its own: pictures, and office files that another program must convert."""


class Reading(_Model):
    """What the rules need beside the published figures; kept in the stored object, left out of the published one.

    `period`: first and last day stated, ISO dates. `date_text`: the date line as printed, also when it is no valid
    date. `signature`: the body named at the end. `opening`: the prose between title and first section. `labels`: row key → row label as printed. `row_widths`: row path
    (``table3.new``) → how many figures stood in that row. `notes`: cell path → words beside the figure.
    `blank_rows`: row paths whose label stands in the table while no figure does. `prose_doubt`: the prose was read from
    pictures, or from a text layer that may say others than is printed, so that its figures may be misread.
    """

    title: str | None = Field(default=None, max_length=500)
    period: tuple[str, str] | None = None
    date_text: str | None = Field(default=None, max_length=200)
    signature: str | None = Field(default=None, max_length=200)
    opening: str = Field(default="", max_length=20_000)
    contact: dict[str, str] = {}
    labels: dict[str, str] = {}
    row_widths: dict[str, int] = {}
    notes: dict[str, str] = {}
    blank_rows: list[str] = []
    uncertain_why: dict[str, str] = {}
    prose_doubt: bool = False


class Report(_Model):
    """One annual report found in a document. ``status`` is ok only when every figure is vouched for."""

    agency: str | None = Field(default=None, max_length=200)
    year: int | None = None
    date: str | None = None
    layout: Layout = Layout()
    status: Status
    reason: str | None = None
    table2: Table2 | None = None
    table3: Table3 | None = None
    table4: Table4 | None = None
    uncertain: list[str] = []
    cells: dict[str, Cell] = {}
    sections: list[SectionFound] = []
    claims: list[Claim] = []
    findings: list[Finding] = []
    reading: Reading | None = None

    def figure(self, path: str) -> Figure:
        """The figure at a cell path, None when blank or when the table or row is absent."""
        table, row, *rest = path.split(".")
        if table == "table2":
            value = (self.table2 or {}).get(row)
            if isinstance(value, list):
                return value[int(rest[0])] if rest and int(rest[0]) < len(value) else None
            return value
        if table == "table3":
            figures = self.table3.rows.get(row) if self.table3 else None
            index = _COLUMN_INDEX.get(rest[0]) if rest else None
            return figures[index] if figures and index is not None and index < len(figures) else None
        return (self.table4 or {}).get(row, {}).get(rest[0]) if rest else None

    def figures(self) -> dict[str, Figure]:
        """Every figure of the three tables by its cell path, as `figure` gives it."""
        found: dict[str, Figure] = {}
        for row, value in (self.table2 or {}).items():
            if isinstance(value, list):
                found |= {f"table2.{row}.{index}": figure for index, figure in enumerate(value)}
            else:
                found[f"table2.{row}"] = value
        for row, figures in (self.table3.rows if self.table3 else {}).items():
            found |= {f"table3.{row}.{key}": figure for key, figure in zip(_COLUMN_INDEX, figures or (), strict=False)}
        for block, columns in (self.table4 or {}).items():
            found |= {f"table4.{block}.{column}": figure for column, figure in columns.items()}
        return found

    def with_findings(self, findings: list[Finding]) -> Self:
        """The same report carrying these findings."""
        return self.model_copy(update={"findings": findings})


_COLUMN_INDEX = {
    key: index for index, key in enumerate(("natural", "commercial", "research", "social", "legal", "other", "total"))
}


class Document(_Model):
    """One file, read. ``engine`` names reader and version; ``seconds`` is the wall time of reading and judging.

    ``needs``: the lane that could read more of it, where there is one; not published.
    """

    file: str = Field(max_length=500)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    format: Format
    engine: str
    seconds: float = 0.0
    reports: list[Report]
    needs: Lane | None = None

    def published(self) -> dict[str, Any]:
        """The published JSON object (``docs/result.schema.json``): without section prose and reading notes."""
        hidden: Any = {"reading": True, "sections": {"__all__": {"text"}}}
        return self.model_dump(mode="json", exclude={"needs": True, "reports": {"__all__": hidden}})
