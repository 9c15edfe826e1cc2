"""What each class of documents has to reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.corpus.scoring import Tally, Verdict


@dataclass(frozen=True, slots=True)
class Bound:
    """Least share of cells right, of the cells of tables 3 and 4 right, of documents fully right; None: not asked."""

    cells: float | None = None
    core: float | None = None
    documents: float | None = None


_ALL: Final = Bound(cells=1.0)
BOUNDS: Final[Mapping[str, Bound]] = {
    "ruled": _ALL,
    "stamped": _ALL,
    "rotated": _ALL,
    "two_in_one": _ALL,
    "office": _ALL,
    "html": _ALL,
    "ofd": _ALL,
    "csv": _ALL,
    "unruled": Bound(cells=0.999),
    "dumps": Bound(cells=0.999),
    "scan": Bound(core=0.998, documents=0.9),
    "scan_rough": Bound(core=0.995),
    "mixed": Bound(core=0.995),
    "bad_fonts": Bound(),
    "comparison": Bound(),
}
"""Every class. Beside these, no class may hold a silent wrong figure, a crash, or a place without its figure."""

PICTURES: Final = frozenset({"scan", "scan_rough", "mixed"})
"""Classes that cannot be read without the OCR extra; without it only silence, crashes and places are judged."""


@dataclass(frozen=True, slots=True)
class Score:
    """The sums over the documents of one class or layout.

    ``fully``: documents fully right. ``seconds``: CPU time. ``facts``: name → share of the documents read in which it
    is right.
    """

    tally: Tally
    documents: int
    fully: int
    crashes: int
    seconds: float
    facts: Mapping[str, float]


def score(verdicts: Sequence[Verdict]) -> Score:
    """The sums over `verdicts`."""
    tally = Tally()
    for verdict in verdicts:
        tally.add(verdict.tally)
    read = [verdict for verdict in verdicts if verdict.facts]
    names = sorted({name for verdict in read for name in verdict.facts})
    return Score(
        tally,
        documents=len(verdicts),
        fully=sum(verdict.fully for verdict in verdicts),
        crashes=sum(verdict.crash for verdict in verdicts),
        seconds=sum(verdict.seconds for verdict in verdicts),
        facts={name: sum(verdict.facts.get(name, False) for verdict in read) / len(read) for name in names},
    )


def shortfalls(kind: str, reached: Score, *, pictures_read: bool) -> list[str]:
    """What a class falls short of, in words; empty when it keeps its bound."""
    short = []
    tally = reached.tally
    if tally.silent:
        short.append(f"{tally.silent} silent wrong")
    if reached.crashes:
        short.append(f"{reached.crashes} crashed or hung")
    if tally.held < tally.boxes:
        short.append(f"{tally.boxes - tally.held} of {tally.boxes} places do not hold their figure")
    if kind in PICTURES and not pictures_read:
        return short
    bound = BOUNDS[kind]
    for name, least, part, whole in (
        ("cells right", bound.cells, tally.right, tally.cells),
        ("cells of tables 3 and 4 right", bound.core, tally.core_right, tally.core),
        ("documents fully right", bound.documents, reached.fully, reached.documents),
    ):
        if least is not None and whole and part < least * whole:
            short.append(f"{100 * part / whole:.2f} % {name}, bound {100 * least:g} %")
    return short
