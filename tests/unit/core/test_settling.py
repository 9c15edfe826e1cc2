"""What became of findings between two versions of a report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.finding import Cause, Finding, Repair, Severity
from services.core.settling import Progress, progress, settling


def finding(rule: str, cell: str = "a", value: int = 1, *, cause: Cause = "document", **more: object) -> Finding:
    told = {
        "rule": rule, "severity": Severity.ERROR, "where": [cell], "actual": value, "message": "不符。", "basis": "表三",
        "cause": cause, "fingerprint": f"{rule}/{cell}/{value}",
    }  # fmt: skip
    return Finding.model_validate(told | more)


FINDINGS = st.lists(
    st.builds(finding, st.sampled_from(["T3-1", "T3-2"]), st.sampled_from(["a", "b"]), st.integers(1, 3)),
    unique_by=lambda f: f.fingerprint,
    max_size=8,
)


def test_each_finding_is_settled_still_there_changed_or_new() -> None:
    gone, stays, moved = finding("T3-1", "a"), finding("T3-1", "b"), finding("T3-2", "a", 1)
    moved_now, fresh = finding("T3-2", "a", 2), finding("T4-1", "c")
    told = settling([gone, stays, moved], [stays, moved_now, fresh])
    assert told.settled == (gone,)
    assert told.still == (stays,)
    assert told.changed == ((moved, moved_now),)
    assert told.new == (fresh,)
    assert told.added == (moved_now, fresh)
    assert told.removed == (moved, gone)


def test_a_reworded_finding_is_the_same_and_the_newer_words_are_given() -> None:
    now = finding("T3-1", message="换了说法。", version=2)
    told = settling([finding("T3-1")], [now])
    assert told.still == (now,)
    assert told.added == told.removed == ()


def test_the_order_of_cells_does_not_matter() -> None:
    before = finding("T3-1", where=["a", "b"], fingerprint="x")
    assert settling([before], [finding("T3-1", where=["b", "a"], fingerprint="y")]).changed


@given(FINDINGS, FINDINGS)
def test_every_finding_is_told_of_exactly_once(before: list[Finding], now: list[Finding]) -> None:
    told = settling(before, now)
    assert len(told.settled) + len(told.still) + len(told.changed) == len(before)
    assert len(told.new) + len(told.still) + len(told.changed) == len(now)
    names = {f.fingerprint for f in before}
    assert {f.fingerprint for f in told.still} == names & {f.fingerprint for f in now}
    assert {f.fingerprint for f in told.removed} == names - {f.fingerprint for f in now}


@given(FINDINGS, FINDINGS)
def test_what_is_counted_adds_up_to_what_is_shown(before: list[Finding], now: list[Finding]) -> None:
    told = progress(before, now)
    assert told.before == len(before)  # each is a matter of its own here
    assert told.still + told.new == len(now)
    assert told.settled + told.still == told.before
    assert told.held == 0
    assert 0 <= told.changed <= told.still


@given(FINDINGS)
def test_the_same_version_has_achieved_nothing(found: list[Finding]) -> None:
    assert progress(found, found) == Progress(len(found), still=len(found))
    assert settling(found, []).settled == tuple(found)


def test_what_one_change_settles_is_counted_once() -> None:
    repair = [Repair(cell="a", from_=5, to=4)]
    joint = [finding("T3-1", "a", repair=repair), finding("T3-2", "a", repair=repair)]
    assert progress(joint, []) == Progress(1, settled=1)
    assert progress([], joint) == Progress(0, new=1)
    assert progress(joint, joint[:1]) == Progress(1, still=1), "half mended is not mended"


def test_only_what_the_body_was_told_about_counts() -> None:
    unsure = finding("T3-1", cause="unclear")
    hint = finding("Y6", severity=Severity.INFO)
    assert progress([unsure, hint], []) == Progress(0)


def test_what_the_newer_version_was_not_surely_read_for_is_not_called_settled() -> None:
    before = [finding("T3-1", "a"), finding("T3-2", "b"), finding("T4-1", "c")]
    unsure = finding("T3-1", "a", cause="unclear")
    assert progress(before, [unsure], uncertain=["b"]) == Progress(3, settled=1, held=2)
    assert progress(before, [finding("T3-1", "a", 2, cause="extraction")]) == Progress(3, settled=2, held=1)
    assert progress(before, before[:2], uncertain=["b"]) == Progress(3, settled=1, still=2)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Progress(5, settled=3, still=2, new=1), "上次 5 处，已改好 3 处，仍有 2 处，新发现 1 处。"),
        (Progress(5, settled=5), "上次 5 处，已全部改好。"),
        (Progress(5, settled=5, new=1), "上次 5 处，已改好 5 处，新发现 1 处。"),
        (Progress(5, settled=4, held=1), "上次 5 处，已改好 4 处，1 处待人工核对。"),
        (Progress(2, still=2, changed=1), "上次 2 处，仍有 2 处（其中 1 处数字有变化，但仍不符）。"),
        (Progress(0, new=2), "上次没有指出问题，这次新发现 2 处。"),
        (Progress(0), ""),
    ],
)
def test_it_is_told_in_one_sentence(told: Progress, words: str) -> None:
    assert told.words() == words
