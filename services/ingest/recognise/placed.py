"""Figures that found their row and column, and the reasons for which some are not vouched for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.core.form.declaration import NumberKind
from services.core.report import Kind
from services.ingest.recognise.figures import Printed, parse_figure
from services.ingest.recognise.primitives import Entry


@dataclass(slots=True)
class Placed:
    """A figure at its cell path. ``doubt``: why it is not vouched for, in plain Chinese.

    ``text_doubt``: the doubt is about the printed text alone, so that a second reading may settle it. ``exact``: the
    row's label is one of the form's, letter for letter. ``apart``: label and figures stand on lines of their own.
    ``weak``: a doubt that holds unless every sum through the figure does.
    """

    entry: Entry
    printed: Printed
    doubt: str = ""
    text_doubt: bool = False
    exact: bool = True
    apart: bool = False
    weak: str = ""


@dataclass(slots=True)
class TableFound:
    """One table as recognised.

    ``figures``: cell path → figure. ``missing``: row path → why no figure of that row was taken. ``widths``: row path
    → figures printed in the row, where that is not what the form has. ``distrust``: why no digit of the whole document
    is to be trusted, else empty.
    """

    layout: str
    figures: dict[str, Placed] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
    blank_rows: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    distrust: str = ""

    def doubt_all(self, why: str) -> None:
        """Vouch for no figure of this table, for one common reason."""
        for placed in self.figures.values():
            placed.doubt = placed.doubt or why
            placed.text_doubt = False


def place_figure(entry: Entry, number: NumberKind, doubt: str = "", *, unit: str = "", exact: bool = True) -> Placed:
    """`entry` parsed, with the doubts of the row (`doubt`), of the glyphs and of the text, in that order."""
    printed = parse_figure(entry.text, number, unit=unit)
    if doubt or entry.doubt:
        return Placed(entry, printed, doubt or entry.doubt, exact=exact)
    return Placed(entry, printed, printed.doubt, text_doubt=bool(printed.doubt), exact=exact, weak=entry.weak)


def is_blank(entry: Entry) -> bool:
    """Whether the cell holds nothing at all."""
    return not entry.text or entry.text.isspace()


def core(entries: Sequence[Entry]) -> list[Entry]:
    """`entries` without the empty cells at both ends."""
    first, last = 0, len(entries)
    while first < last and is_blank(entries[first]):
        first += 1
    while last > first and is_blank(entries[last - 1]):
        last -= 1
    return list(entries[first:last])


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which cells of a row hold its figures. ``entries`` is None when that cannot be told."""

    entries: list[Entry] | None
    width: int


def choose(entries: Sequence[Entry], wanted: int, *, wide: int = 0) -> Chosen:
    """The `wanted` figures among the cells right of a row label.

    Exactly `wanted` cells: those. More, of which `wanted` filled ones stand between empty cells at the ends: those,
    unless other rows of the table hold ``wide`` figures, this one has as many cells and does not add up (then empty
    ones may be figures). More figures than wanted, all equal: the first ones (a converter repeated spanned cells). Otherwise
    nothing is chosen.
    """
    if len(entries) == wanted:
        return Chosen(list(entries), wanted)
    inner = core(entries)
    narrow = not 0 < wide <= len(entries) or (len(inner) == wanted and _adds_up(inner))
    if len(inner) == wanted and narrow and not any(is_blank(entry) for entry in inner):
        return Chosen(inner, wanted)
    if not inner and len(entries) > wanted:
        return Chosen(list(entries[:wanted]), wanted)
    if len(inner) > wanted and _all_equal(inner):
        return Chosen(inner[:wanted], len(inner))
    return Chosen(None, len(inner))


def _adds_up(entries: Sequence[Entry]) -> bool:
    values = [parse_figure(entry.text).value or 0 for entry in entries]
    return sum(values[:-1]) == values[-1]


def _all_equal(entries: Sequence[Entry]) -> bool:
    printed = [parse_figure(entry.text) for entry in entries]
    return all(p.kind is Kind.NUMBER and p.value == printed[0].value and not p.doubt for p in printed)
