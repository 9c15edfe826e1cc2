"""The tables that a run prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tests.corpus.bounds import Score, score
from tests.corpus.scoring import Verdict

_HEAD: Final = (
    f"{'':26}{'docs':>5}{'cells %':>9}{'≠0 %':>8}{'T3+4 %':>8}{'docs %':>8}{'missing':>9}{'wrong':>7}"
    f"{'SILENT':>8}{'unsure':>8}{'places %':>10}{'s/doc':>8}"
)
_MOST_NAMED: Final = 12


def class_table(verdicts: Mapping[str, Sequence[Verdict]], left_out: Sequence[str]) -> str:
    """One line a class. ``left_out``: classes of which not one document could be made."""
    lines = [_HEAD]
    for kind, ones in verdicts.items():
        lines.append(_line(kind, score(ones)) if ones else f"{kind:26}  not run")
    lines += [f"{kind:26}  not run: all its layouts are left out" for kind in left_out]
    return "\n".join(lines)


def layout_table(verdicts: Sequence[Verdict], *, everything: bool) -> str:
    """One line a layout, those that are not fully right only unless ``everything``."""
    by_layout: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_layout.setdefault(f"{verdict.kind}/{verdict.layout}", []).append(verdict)
    scores = {name: score(ones) for name, ones in sorted(by_layout.items())}
    faulty = {
        n: s for n, s in scores.items() if s.fully < s.documents or s.tally.silent or s.tally.held < s.tally.boxes
    }
    shown = scores if everything else faulty
    if not shown:
        return ""
    return "\n".join([_HEAD.replace(" " * 26, f"{'layout':26}", 1), *(_line(name, one) for name, one in shown.items())])


def facts_table(verdicts: Mapping[str, Sequence[Verdict]]) -> str:
    """What was read beside the figures, in % of the documents that were read."""
    scores = {kind: score(ones) for kind, ones in verdicts.items() if ones}
    names = sorted({name for one in scores.values() for name in one.facts})
    lines = [f"{'beside the figures, %':26}" + "".join(f"{name:>10}" for name in names)]
    for kind, one in scores.items():
        if one.facts:
            lines.append(f"{kind:26}" + "".join(f"{100 * one.facts.get(name, 0):>10.1f}" for name in names))
    return "\n".join(lines)


def defects(verdicts: Sequence[Verdict]) -> str:
    """Each document that was not read as it is printed, with the first cells."""
    lines = []
    for verdict in sorted(verdicts, key=lambda one: (-one.tally.silent, one.kind, one.name)):
        if verdict.fully and verdict.tally.held == verdict.tally.boxes:
            continue
        reason = f": {verdict.failure}" if verdict.failure else f" ({', '.join(verdict.statuses)})"
        lines.append(f"{verdict.kind}/{verdict.name}{reason}")
        if verdict.failure or not verdict.tally.right:
            continue
        for wrong in verdict.named[:_MOST_NAMED]:
            mark = "SILENT " if wrong.silent else ""
            lines.append(f"    {mark}{wrong.path} prints {wrong.printed!r} = {wrong.truth}, read {wrong.read}")
        if len(verdict.named) > _MOST_NAMED:
            lines.append(f"    … and {len(verdict.named) - _MOST_NAMED} more")
        if verdict.misplaced:
            lines.append(f"    places without their figure: {', '.join(verdict.misplaced[:_MOST_NAMED])}")
    return "\n".join(lines)


def _line(name: str, one: Score) -> str:
    tally = one.tally
    return (
        f"{name:26}{one.documents:>5}{_share(tally.right, tally.cells):>9}"
        f"{_share(tally.nonzero_right, tally.nonzero):>8}{_share(tally.core_right, tally.core):>8}"
        f"{_share(one.fully, one.documents):>8}{tally.missing:>9}{tally.wrong:>7}{tally.silent:>8}{tally.uncertain:>8}"
        f"{_share(tally.held, tally.boxes):>10}{one.seconds / one.documents:>8.3f}"
    )


def _share(part: int, whole: int) -> str:
    """Per cent, rounded down: 99.999 is not 100."""
    return "-" if not whole else f"{int(10000 * part / whole) / 100:.2f}"
