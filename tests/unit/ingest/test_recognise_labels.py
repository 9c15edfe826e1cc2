"""Labels of table 3 against the form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.form import form
from services.ingest.recognise import labels

ROWS = form("2021").table3_rows
PLAIN = [row for row in ROWS if row.key not in ("other_other", "total")]


def printed(row: object) -> str:
    return f"{row.mark}{row.label}"  # type: ignore[attr-defined]  # rows of the form


@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row.key)
def test_every_label_and_alias_names_its_row(row: object) -> None:
    for text in (printed(row), row.label, *row.aliases):  # type: ignore[attr-defined]
        assert labels.match_row(text) == row.key  # type: ignore[attr-defined]


@given(st.sampled_from(PLAIN), st.lists(st.integers(0, 60), max_size=6), st.sampled_from([" ", "\n", "\u3000"]))
def test_blanks_and_line_breaks_inside_a_label_change_nothing(row: object, places: list[int], blank: str) -> None:
    text = printed(row)
    for place in places:
        text = text[: place % len(text)] + blank + text[place % len(text) :]
    assert labels.match_row(text) == row.key  # type: ignore[attr-defined]


@given(st.sampled_from(PLAIN), st.text(alphabet="申请人情况自然法或其他组织办理结果三四", max_size=30))
def test_running_text_that_ends_with_a_label_names_its_row(row: object, before: str) -> None:
    found = labels.match_row_ending(before + "。" + printed(row))
    assert found is not None
    key, label = found
    assert key == row.key  # type: ignore[attr-defined]
    assert labels.match_row(label) == key


@pytest.mark.parametrize(
    ("text", "previous", "key"),
    [
        ("3.其他", "other_no_fee", "other_other"),
        ("其他", "other_no_fee", "other_other"),
        ("（六）其他", "reject_confirm", "other_all"),
        ("(六)其他处理", "reject_confirm", "other_all"),
        ("其他", None, None),
        ("其他", "new", None),
        ("（七）总计", None, "total"),
        ("总计", "other_other", "total"),
        ("总计", "other_all", "total"),
        ("总计", None, None),
        ("总计", "carried_out", None),
        ("（二）不予公开", None, None),
        ("不予公开", "granted", None),
    ],
)
def test_words_that_also_name_columns_and_groups_need_their_surroundings(
    text: str, previous: str | None, key: str | None
) -> None:
    assert labels.match_row(text, previous) == key


@given(st.text(max_size=60))
def test_no_text_breaks_the_matching(text: str) -> None:
    labels.match_row(text)
    labels.match_row_ending(text)
    labels.match_similar(text, ["granted", "partial"])
    labels.match_part(text, ["granted", "partial"])


def test_a_cut_label_names_the_one_row_that_contains_it() -> None:
    gap = ["reject_frequent", "reject_confirm", "other_no_correction"]
    assert labels.match_part("重新出具已获取信息", gap) == "reject_confirm"
    assert labels.match_part("申请", gap) is None


def test_similarity_needs_a_clear_lead() -> None:
    both = ["other_no_correction", "other_no_fee"]
    assert labels.match_similar("申请人逾期、行政机关不再处理其政府信息公开申请", both) is None
    assert labels.match_similar("4.保护第三方合法利益", form("2021").row_keys) == "deny_third_party"
