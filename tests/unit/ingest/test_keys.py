"""Object keys: made by us, or read with care."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.keys import AGENCY_CODE, KeyParts, deposit_key, parse_key, printable

CODES = st.from_regex(AGENCY_CODE, fullmatch=True)


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("linxi/2024/年报.pdf", KeyParts("linxi", 2024, "年报.pdf")),
        ("linxi/年报.pdf", KeyParts("linxi", None, "年报.pdf")),
        ("linxi/2024", KeyParts("linxi", None, "2024")),
        ("linxi/0000/abc", KeyParts("linxi", None, "abc")),
        ("linxi/2024/sub/x.pdf", KeyParts("linxi", 2024, "x.pdf")),
        ("linxi/sub/2024/x.pdf", KeyParts("linxi", None, "x.pdf")),
        ("linxi/２０２４/x.pdf", KeyParts("linxi", None, "x.pdf")),
        ("/linxi/2024/x.pdf", KeyParts("linxi", 2024, "x.pdf")),
        ("linxi//2024//x.pdf", KeyParts("linxi", 2024, "x.pdf")),
        ("x.pdf", KeyParts("", None, "x.pdf")),
        ("../x.pdf", KeyParts("", None, "x.pdf")),
        (".hidden/x.pdf", KeyParts("", None, "x.pdf")),
        ("*/x.pdf", KeyParts("", None, "x.pdf")),
        ("", KeyParts("", None, "")),
        ("///", KeyParts("", None, "")),
        ("linxi/a\nb\x1b[31m\x00.pdf", KeyParts("linxi", None, "a�b�[31m�.pdf")),
    ],
)
def test_a_key_says_whose_which_year_and_what_name(key: str, parts: KeyParts) -> None:
    assert parse_key(key) == parts


@given(st.text(max_size=300))
def test_whatever_the_key_what_comes_out_is_fit_to_be_shown_and_stored(key: str) -> None:
    parts = parse_key(key)
    assert parts.agency_code == "" or AGENCY_CODE.fullmatch(parts.agency_code)
    assert parts.name == "" or (parts.name.isprintable() and "/" not in parts.name)
    assert len(parts.name) <= 255
    assert parts.year is None or 1900 <= parts.year <= 2099


@given(CODES, st.none() | st.integers(2008, 2099), st.from_regex(r"[0-9a-f]{40}", fullmatch=True))
def test_a_key_of_ours_reads_back_and_the_same_hand_in_has_the_same_key(
    code: str, year: int | None, identity: str
) -> None:
    key = deposit_key(code, year, identity)
    assert parse_key(key) == KeyParts(code, year, identity)
    assert key == deposit_key(code, year, identity)
    assert key.isascii()
    assert len(key) <= 1024


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400))
def test_printable_names_stay_as_they_are(name: str) -> None:
    once = printable(name)
    assert once == "" or once.isprintable()
    assert len(once) <= 255
    if name.isascii() and name.isprintable() and len(name) <= 255:
        assert once == name
