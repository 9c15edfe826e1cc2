"""Matching printed labels against the national form: exactly through a dict, else by part, else by likeness."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Literal

from services.core.form import form
from services.core.form.labels import normalise, squeeze

How = Literal["exact", "part", "similar"]

LIKENESS = 0.72
"""Least likeness (2·common/total characters) at which a damaged label is taken for a form label; always doubtful."""
_LEAD = 0.1
REMEMBERED = 80
"""Characters up to which what a text says is kept: labels and figures come again and again, sentences do not."""
_LONGEST_LABEL = 200
_AMBIGUOUS = ("其他", "总计")
"""Row labels that are names of columns (and of table 4) too."""
_SIXTH = re.compile(r"[（(]?[六6][)）、.]")
_SEVENTH = re.compile(r"[（(]?[七7][)）、.]")
_MARK_IN_FRONT = re.compile(r"(?:(?:[（(]\s*)?(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*[)）.．、]|[①-⑳])\s*$")
_ITEM_NUMBER = re.compile(r"[（(]?(\d{1,2})[)）.．、]")
_GROUP_MARK = re.compile(r"[（(](?:\d|[一二三四五六七])[)）]|(?:\d|[一二三四五六七])[、.)）]")
_THIRD = re.compile(r"[（(]?[3三][)）、.]|③")


@lru_cache(maxsize=4096)
def _short_name(text: str) -> str:
    return normalise(text)


def name_of(text: str) -> str:
    """The normalised form of a label (``core.form.labels.normalise``), remembered for short texts."""
    return _short_name(text) if len(text) <= REMEMBERED else normalise(text)


@cache
def row_names() -> dict[str, str]:
    """Normalised names of table 3 rows, both layouts, → row key, without those that need their surroundings."""
    names = {
        normalise(text): row.key
        for version in ("2021", "2019")
        for row in form(version).table3_rows
        for text in (row.label, *row.aliases)
    }
    for ambiguous in _AMBIGUOUS:
        names.pop(ambiguous, None)
    return names


@cache
def full_names() -> dict[str, str]:
    """Row key → the normalised standard label."""
    return {row.key: normalise(row.label) for version in ("2019", "2021") for row in form(version).table3_rows}


@cache
def _names_by_length() -> tuple[tuple[str, str], ...]:
    return tuple(sorted(row_names().items(), key=lambda item: -len(item[0])))


@cache
def group_names() -> frozenset[str]:
    """Normalised names of the spanning heads of table 3 rows."""
    return frozenset(normalise(text) for group in form("2021").table3_groups for text in (group.label, *group.aliases))


def match_row(text: str, previous: str | None = None) -> str | None:
    """The key of the table 3 row whose label `text` is, exactly after normalising; None otherwise.

    `previous` is the row above: a bare ``其他`` is the third of （六）其他处理 below the second, else the whole （六）;
    a bare ``总计`` is a row below （六） only, elsewhere it heads a column.
    """
    name = name_of(text)
    return _ambiguous(name, text, previous) if name in _AMBIGUOUS else row_names().get(name)


def match_row_ending(text: str, previous: str | None = None) -> tuple[str, str] | None:
    """As ``match_row`` for running text that *ends* with a label: (key, the label as printed)."""
    name = name_of(text)
    for known, key in _names_by_length():
        if name.endswith(known):
            return key, _ending(text, known)
    for known in _AMBIGUOUS:
        if name.endswith(known) and (key_ := _ambiguous(known, _ending(text, known), previous)):
            return key_, _ending(text, known)
    return None


def match_row_behind_group(text: str, previous: str | None = None) -> str | None:
    """The row of a label that stands in one cell behind the names of its groups: ``（三）不予公开1.属于国家秘密``."""
    return _behind_group(text, previous) if len(text) <= _LONGEST_LABEL else None


@lru_cache(maxsize=4096)
def _behind_group(text: str, previous: str | None) -> str | None:
    found = match_row_ending(text, previous)
    if found is None:
        return None
    key, label = found
    rest = _GROUP_MARK.sub("", squeeze(text.removesuffix(label)))
    while rest:
        name = max((name for name in group_names() if rest.startswith(name)), key=len, default=None)
        if name is None:
            return None
        rest = rest[len(name) :]
    return key


def _ending(text: str, name: str) -> str:
    """The shortest end of `text` that normalises to `name`, with its list mark."""
    start = next((i for i in range(len(text) - 1, -1, -1) if normalise(text[i:]) == name), 0)
    mark = _MARK_IN_FRONT.search(text[:start])
    return text[mark.start() if mark else start :]


def _ambiguous(name: str, text: str, previous: str | None) -> str | None:
    flat = squeeze(text)
    if name == "总计":
        below_sixth = previous is not None and previous.startswith("other_")
        return "total" if below_sixth or _SEVENTH.match(flat) else None
    if _SIXTH.match(flat):
        return "other_all"
    if previous in ("other_no_fee", "other_no_correction"):
        return "other_other"
    return "other_all" if previous == "reject_confirm" and not _THIRD.match(flat) else None


def match_part(text: str, candidates: Iterable[str]) -> str | None:
    """The one candidate row whose standard label contains `text` (at least three characters), if there is just one."""
    name = name_of(text)
    if len(name) < 3:
        return None
    found = [key for key in candidates if name in full_names()[key]]
    return found[0] if len(found) == 1 else None


def most_similar(name: str, names: Mapping[str, str]) -> str | None:
    """The value of the name most like `name`, when like enough and clearly ahead of every other value."""
    return _most_similar(name, tuple(names.items()))


@lru_cache(maxsize=1024)  # heads and groups of the form that are no label come in every report; likeness is dear
def _most_similar(name: str, names: tuple[tuple[str, str], ...]) -> str | None:
    scores: dict[str, float] = {}
    for known, key in names:
        matcher = SequenceMatcher(None, name, known, autojunk=False)
        if matcher.real_quick_ratio() >= LIKENESS - _LEAD:
            scores[key] = max(scores.get(key, 0.0), matcher.ratio())
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    if not ranked or ranked[0][1] < LIKENESS:
        return None
    if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < _LEAD:
        return None
    return ranked[0][0]


def begins_row(text: str) -> bool:
    """Whether `text` (at least three characters) is the beginning of a row label."""
    name = name_of(text)
    return len(name) >= 3 and any(known.startswith(name) for known in row_names())


def match_similar(text: str, candidates: Iterable[str]) -> str | None:
    """The candidate row whose label is clearly the most like `text`; to be treated as doubtful."""
    wanted = set(candidates)
    name = name_of(text)[:200]
    return most_similar(name, {known: key for known, key in row_names().items() if key in wanted}) if name else None


def printed_item_number(text: str) -> int | None:
    """The Arabic item number in front of a row label (``4.保护…`` → 4), None when there is none."""
    match = _ITEM_NUMBER.match(squeeze(text))
    return int(match[1]) if match else None
