"""How plausible a change is as a slip of the pen: the ways in which figures of a form go wrong on the keyboard."""

from __future__ import annotations

from collections.abc import Collection

SLIP, NEAR, OTHER = range(3)
"""How a wrong figure may have come about: by a known slip, by one digit or by counting one too few or many, or unknown."""

_TELLING = 10
"""From two digits on, the same figure in two places is hardly chance."""


def plausibility(wrong: int | None, right: int, neighbours: Collection[int], parts: Collection[int] = ()) -> int:
    """``SLIP``, ``NEAR`` or ``OTHER`` for a cell that holds `wrong` (None: blank) where `right` should stand.

    `neighbours` are the figures of the cells beside it, `parts` those that a total sums up (it may lack one of them).
    """
    if wrong is None:
        return NEAR
    if wrong == -right:
        return SLIP
    said, meant = str(wrong), str(right)
    if _one_digit_more(said, meant) or _one_digit_more(meant, said) or _swapped(said, meant):
        return SLIP
    if (wrong >= _TELLING and wrong in neighbours) or (right - wrong >= _TELLING and right - wrong in parts):
        return SLIP
    if abs(wrong - right) == 1 or _one_digit_other(said, meant):
        return NEAR
    return OTHER


def _one_digit_more(longer: str, shorter: str) -> bool:
    """Whether a digit was dropped, doubled or a zero added: one text is the other with one digit left out."""
    if len(longer) != len(shorter) + 1 or shorter == "0":
        return False
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))


def _swapped(one: str, other: str) -> bool:
    """Whether two neighbouring digits are exchanged."""
    if len(one) != len(other):
        return False
    off = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return len(off) == 2 and off[1] == off[0] + 1 and one[off[0]] == other[off[1]] and one[off[1]] == other[off[0]]


def _one_digit_other(one: str, other: str) -> bool:
    return len(one) == len(other) > 1 and sum(a != b for a, b in zip(one, other, strict=True)) == 1
