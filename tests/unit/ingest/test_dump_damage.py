"""Damaged dumps: whatever happens to the text, no figure that the reader vouches for differs from what was printed.

Left out is what nothing in a text could tell, and only that:
- the damage makes another document, printed correctly: two whole labels or heads exchanged, two figures exchanged, a
  figure changed in table 2, the unit of money rewritten (see ``damage``);
- a figure is gone while its field stays: then an empty cell is what the document prints, as long as every other figure
  of the row is at its place.
"""

from __future__ import annotations

import random

import pytest

from infra.demo.authored import AuthoredReport, consistent
from infra.demo.render import render_markdown, render_text
from services.core.errors import RejectedError
from services.core.report import Kind, Report
from services.ingest.readers import read_document
from tests.unit.ingest.damage import DAMAGES, Damage
from tests.unit.ingest.drawn_reports import silent_errors
from tests.unit.ingest.worse_dumps import RENDERERS, Renderer

AGENCY = "临溪县石桥镇人民政府"
SIZES = ("township", "department", "county", "prefecture")
ALL: dict[str, Renderer] = {
    **RENDERERS,
    "text": lambda report, _chance: render_text(report),
    "markdown": lambda report, _chance: render_markdown(report),
}


def wrong(read: Report, authored: AuthoredReport) -> list[str]:
    """Silent errors without the cells that are printed empty in rows where nothing moved."""
    paths = silent_errors(read, authored)
    moved = {row_of(path) for path in paths if read.cells[path].kind is not Kind.BLANK}
    return [path for path in paths if read.cells[path].kind is not Kind.BLANK or row_of(path) in moved]


def row_of(path: str) -> str:
    return path.rsplit(".", 1)[0] if path.count(".") == 2 else path


def check(authored: AuthoredReport, text: str, damages: list[Damage], chance: random.Random) -> None:
    lines = text.split("\n")
    for damage in damages:
        damage(lines, chance)
    try:
        reports = read_document("\n".join(lines).encode(), filename="dump").reports
    except RejectedError:
        return
    done = [damage.__name__ for damage in damages]
    assert [wrong(read, authored) for read in reports] == [[] for _ in reports], (done, "\n".join(lines))


def drawn(seed: int) -> AuthoredReport:
    return consistent(seed, AGENCY, 2020 if seed % 7 == 6 else 2024, SIZES[seed % 4])  # type: ignore[arg-type]  # of the four


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_one_damage_never_gives_a_wrong_figure_unmarked(damage: Damage) -> None:
    for number, (name, render) in enumerate(ALL.items()):
        chance = random.Random(f"{name} {damage.__name__}")
        authored = drawn(number)
        text = render(authored, chance)
        for _ in range(2):
            check(authored, text, [damage], chance)


@pytest.mark.parametrize("name", ALL)
def test_several_damages_never_give_a_wrong_figure_unmarked(name: str) -> None:
    for seed in range(3):
        chance = random.Random(f"{name} {seed}")
        authored = drawn(seed)
        text = ALL[name](authored, chance)
        for _ in range(4):
            check(authored, text, chance.choices(list(DAMAGES.values()), k=chance.randint(2, 3)), chance)
