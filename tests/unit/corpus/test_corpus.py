"""The corpus says the truth, and every document of it that needs no program outside is read without a silent error."""

from __future__ import annotations

from collections import Counter

import pytest

from services.core.form.declaration import NumberKind
from services.core.report import Kind
from services.ingest.readers import read_document
from services.ingest.recognise.figures import parse_figure
from tests.corpus.authoring import order
from tests.corpus.layouts import load_layouts
from tests.corpus.making import make, plan
from tests.corpus.reading import read_one
from tests.corpus.registry import CLASSES, LAYOUTS

load_layouts()
UNAIDED = sorted(name for name, layout in LAYOUTS.items() if not layout.needs)
SEED = 20250131


def test_there_are_more_than_forty_layouts_and_every_class_has_some():
    kinds = Counter(layout.kind for layout in LAYOUTS.values())
    assert len(LAYOUTS) >= 40
    assert set(kinds) == set(CLASSES)


@pytest.mark.parametrize("name", UNAIDED)
def test_no_figure_is_read_wrong_in_silence(name):
    (sample,) = make(SEED, [(LAYOUTS[name], 0)])
    verdict = read_one(read_document, sample)
    assert not verdict.crash, verdict.failure
    assert [wrong for wrong in verdict.named if wrong.silent] == []
    assert verdict.tally.held == verdict.tally.boxes, verdict.misplaced


def test_the_same_seed_gives_the_same_document_whatever_else_is_made():
    asked = [(LAYOUTS[name], 1) for name in UNAIDED[::3]]
    together = make(7, asked)
    for sample, one in list(zip(together, asked, strict=True))[::5]:
        assert make(7, [one])[0].data == sample.data
    assert make(8, asked[:1])[0].data != together[0].data


@pytest.mark.parametrize("seed", range(6))
def test_the_truth_is_what_the_cells_print(seed):
    for layout in list(LAYOUTS.values())[seed::6]:
        for sheet in order(layout, seed, 0).sheets:
            truth = sheet.known()
            assert list(truth.figures) == sheet.paths()
            grids = [sheet.grid("table2"), sheet.grid("table3"), sheet.grid("table4")]
            assert {c.path: c.text for grid in grids for c in grid.cells if c.path} == truth.printed
            unit = "元" if sheet.head.get("本年收费金额（单位：万元）", "").endswith("元）") and _in_yuan(sheet) else ""
            for path, text in truth.printed.items():
                money = path.endswith(("fees", "procurement.1"))
                kind: NumberKind = "money" if money else "signed" if path.startswith("table2") else "count"
                read = parse_figure(text, kind, unit=unit if money else "")
                assert read.value == truth.figures[path], (layout.name, path, text)
                assert (read.kind is Kind.NUMBER) == (truth.figures[path] is not None)


def _in_yuan(sheet) -> bool:
    return "万元" not in sheet.head["本年收费金额（单位：万元）"]


def test_figures_are_heavy_tailed_and_most_bodies_print_zeros():
    sheets = [order(LAYOUTS["html_plain"], 5, number).sheet for number in range(120)]
    figures = [figure for sheet in sheets for figure in sheet.truth.values()]
    assert sum(not figure for figure in figures) > len(figures) / 2
    assert any(figure and figure >= 1000 for sheet in sheets for path, figure in sheet.truth.items() if path[5] == "3")


def test_hostile_printing_of_figures_and_labels_occurs():
    sheets = [order(LAYOUTS["html_plain"], 6, number).sheet for number in range(80)]
    texts = {text for sheet in sheets for text in sheet.texts.values()}
    for part in ("，", ",", " ", "件）", "/", "无", ".", "０"):
        assert any(part in text for text in texts), part
    assert "" in texts
    assert any(sheet.exchanged for sheet in sheets)
    assert any(sheet.report.truth for sheet in sheets), "a planted error"
    assert len({label for sheet in sheets for label in sheet.body.values()}) > 100


def test_a_program_that_is_not_installed_leaves_its_layouts_out_by_name(monkeypatch):
    monkeypatch.setattr("tests.corpus.outside.program", lambda tool: None if tool == "chromium" else "there")
    planned = plan(1, ["ruled", "stamped"], 0)
    assert planned.left_out["chromium_ruled"] == "chromium not installed"
    assert not any(layout.name.startswith("chromium") for layout, _ in planned.documents)
    assert {layout.kind for layout, _ in planned.documents} == {"ruled", "stamped"}
