"""The scorer sees what a wrong reader does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.corpus.__main__ import run
from tests.corpus.bounds import score, shortfalls
from tests.corpus.layouts import load_layouts
from tests.corpus.making import make
from tests.corpus.reading import read_all, read_one
from tests.corpus.registry import LAYOUTS
from tests.unit.corpus import wrong_readers

load_layouts()
HERE = "tests.unit.corpus.wrong_readers"
SEED = 3


def sample(name: str = "drawn_rectangles", number: int = 0):
    return make(SEED, [(LAYOUTS[name], number)])[0]


def complaints(verdict) -> list[str]:
    return shortfalls(verdict.kind, score([verdict]), pictures_read=True)


def test_a_right_reader_has_no_shortfall():
    verdict = read_one(wrong_readers.right, sample())
    assert verdict.fully
    assert verdict.tally.boxes == verdict.tally.held > 0
    assert complaints(verdict) == []


def test_a_wrong_figure_that_nothing_marks_is_silent():
    verdict = read_one(wrong_readers.off_by_one, sample())
    assert (verdict.tally.wrong, verdict.tally.silent) == (1, 1)
    assert verdict.named[0].path == wrong_readers.CELL
    assert complaints(verdict)[0] == "1 silent wrong"


@pytest.mark.parametrize("reader", [wrong_readers.off_by_one_but_marked, wrong_readers.off_by_one_in_review])
def test_a_wrong_figure_that_is_marked_is_wrong_and_not_silent(reader):
    verdict = read_one(reader, sample())
    assert (verdict.tally.wrong, verdict.tally.silent) == (1, 0)
    assert complaints(verdict) == [f"{100 * 199 / 200:.2f} % cells right, bound 100 %"]


def test_a_blank_for_a_figure_is_missing_and_silent():
    verdict = read_one(wrong_readers.blank_for_a_figure, sample())
    assert (verdict.tally.missing, verdict.tally.wrong, verdict.tally.silent) == (1, 0, 1)


def test_a_report_that_is_lost_beside_one_that_is_vouched_for_is_lost_in_silence():
    verdict = read_one(wrong_readers.last_report_lost, sample("drawn_two_reports"))
    assert verdict.tally.missing == verdict.tally.silent == 200


def test_a_report_that_the_document_does_not_print_is_wrong():
    verdict = read_one(wrong_readers.a_report_too_many, sample())
    assert verdict.tally.right == verdict.tally.cells
    assert verdict.tally.silent == verdict.tally.wrong > 100
    assert not verdict.fully


def test_a_place_without_its_figure_is_counted_and_fails_the_class():
    verdict = read_one(wrong_readers.places_moved, sample())
    assert verdict.tally.boxes - verdict.tally.held == 1
    assert verdict.misplaced == ["table3.new.natural"]
    assert complaints(verdict) == [f"1 of {verdict.tally.boxes} places do not hold their figure"]


def test_a_rejected_document_is_missing_and_not_silent():
    verdict = read_one(wrong_readers.right, replace(sample(), data=b""))
    assert verdict.failure == "rejected: empty"
    assert (verdict.tally.missing, verdict.tally.silent, verdict.crash) == (200, 0, False)


def test_an_exception_is_a_crash_of_that_document():
    verdict = read_one(wrong_readers.raising, sample())
    assert verdict.crash
    assert verdict.tally.missing == 200
    assert "1 crashed or hung" in complaints(verdict)


@pytest.mark.parametrize(("reader", "said"), [("crashing_on_the_first", "crashed"), ("hanging_on_the_first", "hung")])
def test_a_crash_or_a_hang_costs_one_document_and_the_others_are_read(reader, said):
    samples = [sample(number=number) for number in (0, 1)]
    verdicts = {one.name: one for one in read_all(samples, f"{HERE}:{reader}", processes=1, limit=6)}
    assert verdicts["drawn_rectangles-0.pdf"].failure.startswith(said)
    assert verdicts["drawn_rectangles-0.pdf"].crash
    assert verdicts["drawn_rectangles-1.pdf"].fully


def test_the_command_fails_on_a_silent_error_and_repeats_a_seed(capsys):
    asked = ["--layout", "drawn_rectangles", "--documents", "1", "--seed", str(SEED), "--processes", "1"]
    assert run([*asked, "--reader", f"{HERE}:off_by_one"]) == 1
    printed = capsys.readouterr().out
    assert f"seed {SEED}" in printed
    assert f"SILENT {wrong_readers.CELL}" in printed
    assert "FAILED ruled: 1 silent wrong" in printed
    assert run([*asked, "--reader", f"{HERE}:right"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("passed")


def test_a_leg_that_could_not_run_is_named_and_never_counted_as_passed(monkeypatch, capsys):
    monkeypatch.setattr("tests.corpus.outside.program", lambda _tool: None)
    assert run(["--layout", "scan_grey", "--reader", f"{HERE}:right", "--seed", "1"]) == 0
    printed = capsys.readouterr().out
    assert "left out: scan/scan_grey: font not installed" in printed
    assert "not run: all its layouts are left out" in printed
    assert "passed, incomplete: 1 layouts left out; not judged: scan" in printed
