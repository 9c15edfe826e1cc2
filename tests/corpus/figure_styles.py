"""The ways in which agencies print figures, each a change of a sheet's texts with its truth.

A style takes the texts and truths of a report's cells and changes them; what must be read is always what is printed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from infra.demo.authored import AuthoredReport
from infra.demo.grids import printed_text
from infra.demo.planted import SLIPS
from services.core.form import parse_path
from services.core.report import Figure

NIL_SIGNS: Final = ("/", "-", "—", "–", "无", "")
_FULL_WIDTH: Final = str.maketrans("0123456789", "０１２３４５６７８９")
_NOTES: Final = ("{n}（自然失效{m}件）", "{n}（其中修订 {m} 件）", "{n}（含自然失效 {m} 件）", "{n}(含修订{m}件)")


@dataclass
class Cells:
    """What the cells of one report print, while styles change it. ``head``: changed column heads."""

    report: AuthoredReport
    texts: dict[str, str]
    truth: dict[str, Figure]
    head: dict[str, str]


def plain(report: AuthoredReport, tables: tuple[str, ...]) -> Cells:
    """The cells of the named tables, printed as the form's example prints them."""
    texts: dict[str, str] = {}
    truth: dict[str, Figure] = {}
    for path in report.paths():
        if path.split(".")[0] in tables:
            printed = report.figure(path)
            signed = path.startswith("table2") and _number(report, path) == "signed"
            texts[path] = printed_text(printed, signed=signed)
            truth[path] = None if isinstance(printed, str) else printed
    return Cells(report, texts, truth, {})


def _number(report: AuthoredReport, path: str) -> str:
    return report.form.table2_column[parse_path(path, report.layout).column].number


def full_width(cells: Cells, rng: random.Random) -> None:
    """Full-width digits in one table or in all."""
    table = rng.choice(("table2", "table3", "table4", "table"))
    for path, text in cells.texts.items():
        if path.startswith(table):
            cells.texts[path] = text.translate(_FULL_WIDTH)


def thousands(cells: Cells, rng: random.Random) -> None:
    """Separators in figures of four digits or more: a comma or a full-width comma."""
    _separated(cells, rng.choice((",", ",", "，")))


def spaced(cells: Cells, _rng: random.Random) -> None:
    """Blanks as separators in figures of four digits or more."""
    _separated(cells, " ")


def _separated(cells: Cells, sign: str) -> None:
    for path, value in cells.truth.items():
        if value is not None and not -1000 < value < 1000 and cells.texts[path] == printed_text(value):
            cells.texts[path] = f"{value:,}".replace(",", sign)


def noted(cells: Cells, rng: random.Random) -> None:
    """A note in brackets behind one or two figures of the first block of table 2; the first number is the figure."""
    paths = [path for path in cells.texts if path.startswith("table2.normative_docs") and cells.truth[path]]
    for path in rng.sample(paths, min(len(paths), rng.randint(1, 2))):
        value = cells.truth[path]
        if isinstance(value, int) and cells.texts[path] == str(value):
            cells.texts[path] = rng.choice(_NOTES).format(n=value, m=rng.randint(1, value))


def nil_marks(cells: Cells, rng: random.Random) -> None:
    """A nil sign, not empty, for zeros of one table, of all, or here and there."""
    _nil(cells, rng, [sign for sign in NIL_SIGNS if sign])


def nil(cells: Cells, rng: random.Random) -> None:
    """A nil sign or an empty cell for zeros of one table, of all, or here and there."""
    _nil(cells, rng, list(NIL_SIGNS))


def _nil(cells: Cells, rng: random.Random, signs: list[str]) -> None:
    sign, table = rng.choice(signs), rng.choice(("table2", "table3", "table4", "table"))
    share = rng.choice((1.0, 1.0, 0.15))
    for path, value in list(cells.truth.items()):
        if value == 0 and path.startswith(table) and rng.random() < share:
            cells.texts[path], cells.truth[path] = sign, None


def yuan(cells: Cells, _rng: random.Random) -> None:
    """The fee of table 2 in 元 under a head that says so; 万元 are to be read."""
    value = cells.truth.get("table2.fees")
    if cells.report.layout == "2021" and isinstance(value, int | Decimal) and value:
        cells.texts["table2.fees"] = printed_text(Decimal(value).scaleb(4).quantize(Decimal(1)))
        cells.truth["table2.fees"] = Decimal(cells.texts["table2.fees"]).scaleb(-4)
        cells.head["本年收费金额（单位：万元）"] = "本年收费金额（单位：元）"


def fraction(cells: Cells, rng: random.Random) -> None:
    """A fee with two to four decimals."""
    if "table2.fees" in cells.truth:
        amount = Decimal(rng.randint(1, 3_000_000)).scaleb(-rng.randint(2, 4))
        cells.texts["table2.fees"], cells.truth["table2.fees"] = f"{amount:f}", amount


Style = Callable[[Cells, random.Random], None]
STYLES: Final[Mapping[str, Style]] = {
    "fraction": fraction,
    "yuan": yuan,
    "noted": noted,
    "nil": nil,
    "nil_marks": nil_marks,
    "thousands": thousands,
    "spaced": spaced,
    "full_width": full_width,
}
"""Every style by name, in the order in which they are laid over one another."""
_CHANCE: Final = {
    "fraction": 0.3,
    "yuan": 0.15,
    "noted": 0.2,
    "nil": 0.25,
    "nil_marks": 0.0,
    "thousands": 0.17,
    "spaced": 0.05,
    "full_width": 0.12,
}
ALL: Final = frozenset(_CHANCE)
NO_EMPTY: Final = ALL - {"nil"} | {"nil_marks"}
"""For documents in which an empty cell leaves no trace, or might as well be the end of a row."""
TEXT: Final = NO_EMPTY - {"spaced"}
"""For documents in which cells are parted by blanks only."""


def drawn(cells: Cells, allowed: frozenset[str], rng: random.Random) -> Cells:
    """`cells` in a style drawn as agencies print: about half plain, the others with one or several habits."""
    hostile = rng.random() < 0.55
    for name, style in STYLES.items():
        chance = _CHANCE["nil"] if name == "nil_marks" and "nil" not in allowed else _CHANCE[name]
        if name in allowed and hostile and rng.random() < 1.6 * chance:
            style(cells, rng)
    return cells


def with_slip(report: AuthoredReport, rng: random.Random) -> AuthoredReport:
    """The report with one typing error planted in table 3 or 4: what is printed is what must be read."""
    kind = rng.choice([name for name in SLIPS if name != "blank"])
    return SLIPS[kind](report, rng.randrange(1_000_000))
