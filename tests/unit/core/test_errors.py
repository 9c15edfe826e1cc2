"""The catalogue of reasons, and errors by whose fault they are."""

from __future__ import annotations

import re
import string

import pytest

from services.core.errors import REASONS, CrashedError, RejectedError, RetryableError


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_names_its_cause_and_the_next_step_in_whole_chinese_sentences(code: str) -> None:
    reason = REASONS[code]
    assert reason.code == code
    assert re.fullmatch(r"[a-z][a-z_]{2,39}", code), "fits the database's column"
    for part in (reason.cause, reason.next_step):
        assert part.endswith("。")
        assert re.search(r"[\u4e00-\u9fff]", part)
        fields = [name for _, name, _, _ in string.Formatter().parse(part) if name is not None]
        assert set(fields) <= {"detail"}


@pytest.mark.parametrize("code", REASONS)
def test_a_hostile_detail_is_shown_as_it_is_and_never_interpreted(code: str) -> None:
    told = REASONS[code].text("{code} {0} %s {detail.__class__}")
    assert told.count("{detail.__class__}") == (REASONS[code].cause + REASONS[code].next_step).count("{detail}")


def test_nobody_is_blamed_or_shouted_at() -> None:
    for reason in REASONS.values():
        assert not re.search(r"[!！]|错误地|违规|失职|必须立即", reason.cause + reason.next_step)


@pytest.mark.parametrize("kind", [RejectedError, CrashedError])
def test_a_code_outside_the_catalogue_is_a_defect(kind: type) -> None:
    with pytest.raises(KeyError):
        kind("no_such_code", "")


def test_details_are_bounded() -> None:
    assert len(RejectedError("damaged", "x" * 999).detail) == 200
    assert len(CrashedError("reader_crashed", "x" * 999).detail) == 200
    assert len(RetryableError("x" * 999).detail) == 200
    assert RetryableError("x").code in REASONS
