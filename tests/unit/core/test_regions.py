"""Limits that regions set: nearest wins, and a file that cannot be meant is refused with every fault it has."""

from __future__ import annotations

import re

import pytest

from services.core.limits import LAW, Limits
from services.core.regions import NO_REGIONS, LimitsError, parse_limits

FILE = """
[[limits]]
region = "43"
years = [2024, 2025]
deadline = "01-26"
most_overview = 1000

[[limits]]
region = "4312"
years = [2024]
deadline = "01-20"
area_deadline = "02-20"
grace_days = 3
"""
ENTRY = '[[limits]]\nregion = "43"\nyears = [2024]\n'


def test_the_nearest_region_wins_and_what_it_leaves_out_comes_from_above_and_in_the_end_from_the_law() -> None:
    limits = parse_limits(FILE)
    assert limits.for_body(["431200", "4312", "43"], 2024) == Limits((1, 20), (2, 20), 3, 1000)
    assert limits.for_body(["430100", "4301", "43"], 2024) == Limits(deadline=(1, 26), most_overview=1000)
    assert limits.for_body(["4312"], 2024) == Limits((1, 20), (2, 20), 3)
    assert limits.for_body(["4312", "43"], 2025) == Limits(deadline=(1, 26), most_overview=1000)


def test_without_a_region_that_says_anything_the_law_holds() -> None:
    assert parse_limits(FILE).for_body(["44"], 2024) == LAW
    assert parse_limits(FILE).for_body(["43"], 2023) == LAW
    assert NO_REGIONS.for_body(["43"], 2024) == parse_limits("").for_body(["43"], 2024) == LAW


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[limits]", "not valid TOML"),
        ("grace = 1", "unknown key 'grace'"),
        ("limits = 3", r"\[\[limits\]\]"),
        ("[limits]\nregion = '43'", r"\[\[limits\]\]"),
        ("[[limits]]\nyears = [2024]\ngrace_days = 1", "entry 1: region"),
        ("[[limits]]\nregion = 43\nyears = [2024]\ngrace_days = 1", "entry 1: region"),
        ("[[limits]]\nregion = '43'\ngrace_days = 1", "entry 1: years"),
        ("[[limits]]\nregion = '43'\nyears = 2024\ngrace_days = 1", "entry 1: years"),
        ("[[limits]]\nregion = '43'\nyears = []\ngrace_days = 1", "entry 1: years"),
        ("[[limits]]\nregion = '43'\nyears = [24]\ngrace_days = 1", "entry 1: years"),
        ("[[limits]]\nregion = '43'\nyears = [2024, 2024]\ngrace_days = 1", "entry 1: years"),
        (ENTRY, "sets nothing"),
        (ENTRY + "dedline = '01-26'", "unknown key 'dedline'; known: region, years, deadline"),
        (ENTRY + "deadline = '1-26'", "deadline has to be month and day"),
        (ENTRY + "deadline = 2025-01-26", "deadline has to be month and day"),
        (ENTRY + "deadline = '01-32'", "01-32 is no day"),
        (ENTRY + "area_deadline = '02-29'", "02-29 is no day of every year"),
        (ENTRY + "deadline = '02-01'", "deadline 02-01 is later than the law allows"),
        (ENTRY + "area_deadline = '04-01'", "later than the law allows"),
        (ENTRY + "grace_days = -1", "grace_days has to be a whole number"),
        (ENTRY + "grace_days = true", "grace_days has to be a whole number"),
        (ENTRY + "most_overview = 0", "most_overview has to be a whole number"),
        (ENTRY + "most_overview = 1e3", "most_overview has to be a whole number"),
        (ENTRY + "grace_days = 1\n" + ENTRY + "grace_days = 1", "entry 2: grace_days of region '43' is set twice for 2024"),
        (ENTRY + "deadline = '01-26'\narea_deadline = '01-25'", "deadline is later than area_deadline"),
        (ENTRY + "deadline = '01-26'\n" + ENTRY + "area_deadline = '01-25'", "deadline is later than area_deadline"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_meant_is_refused(text: str, words: str) -> None:
    with pytest.raises(LimitsError, match=words):
        parse_limits(text)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(LimitsError) as told:
        parse_limits("[[limits]]\nregion = ''\nyears = []\ngrace_days = -1\n" + ENTRY + "x = 1")
    assert len(str(told.value).splitlines()) == 5
    assert not re.search("Traceback", str(told.value))


def test_one_region_may_set_different_things_in_several_entries() -> None:
    limits = parse_limits(ENTRY + "grace_days = 1\n" + ENTRY + "most_overview = 800")
    assert limits.for_body(["43"], 2024) == Limits(grace_days=1, most_overview=800)
