"""What a figure in prose may equal in the tables, how surely it means that, and the words in which both are named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from services.core.bodies import Level
from services.core.finding import Cause, Severity
from services.core.form import place
from services.validate.claims import Stated
from services.validate.registry import Discrepancy
from services.validate.rules.sheet import Sheet
from services.validate.rules.wording import printed

RESULT_ROWS: Final[dict[str, tuple[str, ...]]] = {
    "granted": ("granted",),
    "partial": ("partial",),
    "granted_and_partial": ("granted", "partial"),
    "denied": (
        "deny_secret",
        "deny_law",
        "deny_safety",
        "deny_third_party",
        "deny_internal",
        "deny_process",
        "deny_enforcement",
        "deny_inquiry",
    ),
    "unable": ("unable_no_info", "unable_create", "unable_unclear"),
    "rejected": ("reject_complaint", "reject_repeat", "reject_publication", "reject_frequent", "reject_confirm"),
}
"""Groups of results by the rows of table 3 that they add up; ``other_results`` depends on the layout."""

APPLICANT_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "by_natural": ("natural",),
    "by_legal_persons": ("commercial", "research", "social", "legal", "other"),
    "by_commercial": ("commercial",),
    "by_research": ("research",),
    "by_social": ("social",),
    "by_legal": ("legal",),
}
BLOCKS: Final[dict[str, tuple[str, ...]]] = {
    "reviews": ("review",),
    "litigations": ("direct", "after_review"),
    "direct": ("direct",),
    "after_review": ("after_review",),
    "cases": ("review", "direct", "after_review"),
}
DOCUMENT_COLUMNS: Final = {"made": 0, "repealed": 1, "in_force": 2}
DOCUMENT_ROWS: Final = {"normative": "normative_docs", "regulations": "regulations"}

_NEW, _CARRIED_IN = "table3.new.total", "table3.carried_in.total"
_TOTAL, _CARRIED_OUT = "table3.total.total", "table3.carried_out.total"
_AREA_NAME: Final = re.compile(r"(?:[省市县区州旗盟]|行署|管委会|管理委员会)(?:人民)?(?:政府)?$")
_OFFICE_NAME: Final = re.compile(r"(?:政府|行署)办公[室厅]$")

CHECK_BOTH: Final = "请核对正文和表格，改正有误的一处。"
PERHAPS_A_PART: Final = "正文所指的范围可能与表格不同，请留意。"

Choice = tuple[str, ...]
"""Cells that are added up; one with ``-`` in front is taken away."""


def mine(sheet: Sheet, kinds: Sequence[str]) -> list[Stated]:
    """What the prose states of these kinds for the reported year, where no digit is in doubt."""
    return [one for one in sheet.stated if one.kind in kinds and not (one.other_year or one.doubtful)]


def choices(sheet: Sheet, stated: Stated) -> tuple[Choice, ...]:
    """The sums of cells that the figure may equal, the likeliest first; none where no table counts it."""
    kind = stated.kind
    if kind in ("applications_received", "applications_handled"):
        return _received(sheet, stated)
    if kind == "applications_finished":
        return _finished(sheet)
    rows = _table3_rows(sheet, kind)
    if rows:
        return (tuple(f"table3.{row}.total" for row in rows),)
    if kind in APPLICANT_COLUMNS:
        columns = APPLICANT_COLUMNS[kind]
        new, before, done = (tuple(f"table3.{row}.{c}" for c in columns) for row in ("new", "carried_in", "total"))
        return (new, new + before, done)
    return _elsewhere(kind)


def _table3_rows(sheet: Sheet, kind: str) -> tuple[str, ...]:
    if kind in ("carried_in", "carried_out"):
        return (kind,)
    return other_rows(sheet) if kind == "other_results" else RESULT_ROWS.get(kind, ())


def _received(sheet: Sheet, stated: Stated) -> tuple[Choice, ...]:
    if stated.basis in ("none", "new"):
        return ((_NEW,),)
    both = ((_NEW,), (_NEW, _CARRIED_IN))
    return (*both, *_finished(sheet)) if stated.basis == "handled" else both


def _finished(sheet: Sheet) -> tuple[Choice, ...]:
    """All finished; or without the carried over, or without those that no answer was given to (withdrawn and the like)."""
    other = tuple(f"-table3.{row}.total" for row in other_rows(sheet))
    kept: tuple[Choice, ...] = ((_TOTAL,), (_TOTAL, *other), (_TOTAL, other[-1]))
    return (*kept, *((*choice, f"-{_CARRIED_IN}") for choice in kept))


def _elsewhere(kind: str) -> tuple[Choice, ...]:
    if kind == "licences_and_penalties":
        return (("table2.licences", "table2.penalties"),)
    if kind in ("licences", "penalties", "coercion"):
        return ((f"table2.{kind}",),)
    if kind in BLOCKS:
        return (tuple(f"table4.{block}.total" for block in BLOCKS[kind]),)
    first, _, last = kind.rpartition("_")
    if first in BLOCKS:
        return (tuple(f"table4.{block}.{last}" for block in BLOCKS[first]),)
    for prefix, row in DOCUMENT_ROWS.items():
        if kind.startswith(f"{prefix}_"):
            return ((f"table2.{row}.{DOCUMENT_COLUMNS[kind.removeprefix(f'{prefix}_')]}",),)
    return ()


def other_rows(sheet: Sheet) -> tuple[str, ...]:
    """The rows under （六）其他处理 in the layout of table 3."""
    if sheet.forms["table3"].version == "2019":
        return ("other_all",)
    return ("other_no_correction", "other_no_fee", "other_other")


def certain(sheet: Sheet, path: str) -> int | None:
    """The whole number in a cell that was read without doubt."""
    value = sheet.cells.get(path)
    return value if isinstance(value, int) and path not in sheet.uncertain else None


def sums(sheet: Sheet, choice: Choice) -> tuple[int, ...] | None:
    """What the cells add up to: as printed, and with totals worked out from their parts where these differ.

    None where a cell is blank, in doubt or was not found.
    """
    stated = _as_printed(sheet, choice)
    if stated is None:
        return None
    worked = 0
    for signed in choice:
        path = signed.removeprefix("-")
        value = _worked_out(sheet, path, certain(sheet, path) or 0)
        worked += -value if signed.startswith("-") else value
    return (stated,) if stated == worked else (stated, worked)


def _as_printed(sheet: Sheet, choice: Choice) -> int | None:
    total = 0
    for signed in choice:
        value = certain(sheet, signed.removeprefix("-"))
        if value is None:
            return None
        total += -value if signed.startswith("-") else value
    return total


def _worked_out(sheet: Sheet, path: str, value: int) -> int:
    """A total as its parts give it: whoever finds the total wrong is told so by another rule, and only once."""
    table, row, *rest = path.split(".")
    if table not in ("table3", "table4") or rest != ["total"]:
        return value
    columns = (
        sheet.forms["table3"].column_keys if table == "table3" else ("upheld", "corrected", "other", "pending", "total")
    )
    parts = [certain(sheet, f"{table}.{row}.{column}") for column in columns[:-1]]
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else value


def agrees(sheet: Sheet, stated: Stated) -> bool | None:
    """Whether the tables bear the figure out; None where they do not tell."""
    possible = choices(sheet, stated)
    if any(_as_printed(sheet, choice) == stated.value for choice in possible):
        return True
    known = [sums(sheet, choice) for choice in possible]
    if any(stated.value in values for values in known if values is not None):
        return True
    return None if not known or None in known else False


def covers(sheet: Sheet, stated: Stated) -> bool:
    """Whether the words leave it open or say that the figure is for the whole of what the report covers."""
    if stated.narrow:
        return False
    name = "".join((sheet.report.agency or sheet.context.body_name or "").split())
    if _OFFICE_NAME.search(name):
        return stated.scope == "unknown"
    if is_area(sheet):
        return stated.scope != "own"
    if sheet.level is Level.TOWNSHIP:
        return stated.scope != "area" or any(word in stated.scope_word for word in ("镇", "乡", "街道"))
    return stated.scope == "unknown" if not name else stated.scope != "area"


def is_area(sheet: Sheet) -> bool:
    """Whether the report is a government's from county up, which speaks for its whole area."""
    if sheet.level is not None:
        return sheet.level.governs_from_county_up
    return _AREA_NAME.search("".join((sheet.report.agency or sheet.context.body_name or "").split())) is not None


def severity(sheet: Sheet, stated: Stated, where: Sequence[str], *, firm: bool = False) -> Severity:
    """Error only for a firm phrase about the whole body, in a table that tallies there; info where the scope may differ."""
    if stated.loose or not covers(sheet, stated):
        return Severity.INFO
    broken = any(found.gap for relation, found in sheet.balances.items() if not set(relation.where).isdisjoint(where))
    return Severity.ERROR if firm and not broken and not is_area(sheet) else Severity.WARNING


def said_in(sheet: Sheet, stated: Stated) -> str:
    """``“总体情况”中写有“…”``."""
    return f"{section_name(sheet, stated.section)}中写有“{stated.quote}”"


def section_name(sheet: Sheet, key: str) -> str:
    """``“总体情况”``, or 正文 for a section that the form does not have."""
    title = next((section.title for section in sheet.forms["table4"].sections if section.key == key), None)
    return f"“{title}”" if title else "正文"


def differing(
    sheet: Sheet, stated: Stated, *, words: str | None = None, firm: bool = False, note: str = ""
) -> Iterator[Discrepancy]:
    """A discrepancy where the tables say otherwise and nothing speaks against holding it against the report.

    `words` names what the first choice adds up, `note` follows its figure.
    """
    if agrees(sheet, stated) is not False or stated.kind in conflicts(sheet):
        return
    first = choices(sheet, stated)[0]
    known = sums(sheet, first)
    assert known is not None
    where = tuple(path.removeprefix("-") for path in first)
    found = severity(sheet, stated, where, firm=firm)
    named = words or "、".join(place(path, sheet.layout_of(path)) for path in where)
    several = "合计" if len(where) > 1 else "填报"
    yield Discrepancy(
        where,
        f"{said_in(sheet, stated)}，{named}{several} {known[0]}{note}，两者不一致。",
        PERHAPS_A_PART if found is Severity.INFO else CHECK_BOTH,
        expected=known[0],
        actual=figure(stated.value),
        severity=found,
        cause=prose_cause(sheet),
    )


def prose_cause(sheet: Sheet) -> Cause | None:
    """``unclear`` where the prose may be misread; None leaves the cause to the cells."""
    return "unclear" if sheet.reading is not None and sheet.reading.prose_doubt else None


def figure(value: int | Decimal) -> int | str:
    """A stated figure for a finding."""
    return value if isinstance(value, int) else printed(value)


def conflicts(sheet: Sheet) -> dict[str, list[Stated]]:
    """Kinds of which the prose gives figures that cannot all be right, with what it states of each."""
    grouped: dict[str, list[Stated]] = {}
    for one in sheet.stated:
        if not (one.other_year or one.doubtful or one.loose) and one.kind in _COMPARED and covers(sheet, one):
            grouped.setdefault(one.kind, []).append(one)
    return {
        kind: members
        for kind, members in grouped.items()
        if len({one.value for one in members}) > 1 and not all(agrees(sheet, one) for one in members)
    }


_COMPARED: Final = frozenset(
    {
        "applications_received",
        "applications_finished",
        "carried_in",
        "carried_out",
        "other_results",
        "reviews",
        "litigations",
    }
    | RESULT_ROWS.keys()
)
