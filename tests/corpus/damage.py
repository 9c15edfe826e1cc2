"""Damage that converters and pages do to the rows of a table on their way to a dump."""

from __future__ import annotations

import random
from dataclasses import dataclass

from infra.demo.grids import Grid
from tests.corpus.sheet import rows_of

Rows = list[list[str]]


@dataclass(frozen=True)
class Damage:
    """What happens to the rows of table 3.

    ``shift``: from some row on the label stands one or two fields further left, the figures directly behind it.
    ``trail``: empty fields at the end of some rows. ``repeat``: after the page, spanned cells are repeated, so that
    eleven or twelve figures stand in a row. ``broken``: a label is cut by the page; the lower half is a row of its own.
    ``pieces``: the page makes two tables of it. ``note_below``: the corner note stands below the head. ``wrong_head``:
    a wrong head stands before the last rows.
    """

    shift: bool = False
    trail: bool = False
    repeat: bool = False
    broken: bool = False
    pieces: bool = False
    note_below: bool = False
    wrong_head: bool = False


def damaged_rows(grid: Grid, damage: Damage, rng: random.Random) -> list[Rows]:
    """Table 3 in one or two pieces, every row a list of fields."""
    rows = rows_of(grid)
    head, body = rows[: grid.head], rows[grid.head :]
    if damage.note_below:
        note, head[0][0] = head[0][0], ""
        head.append([note, *[""] * (len(grid.widths) - 1)])
    cut = rng.randint(4, len(body) - 3)
    repeats = _repeats(rng) if damage.repeat else None
    above = [_shifted(row, rng) if damage.shift and index > 3 else row for index, row in enumerate(body[:cut])]
    below = [_shifted(row, rng) if damage.shift else row for row in body[cut:]]
    if damage.broken:
        upper, lower = _halves(above[-1], rng)
        above[-1] = upper
        below.insert(0, lower)
    if repeats:
        below = [_repeated(row, repeats) for row in below]
    if damage.wrong_head:
        below[-2:-2] = [["项目", "数量", *[""] * (len(grid.widths) - 2)]]
    if damage.trail:
        above, below = _trailed(above, rng), _trailed(below, rng)
    return [[*head, *above], below] if damage.pieces else [[*head, *above, *below]]


def _figures_at(row: list[str]) -> int:
    """Where the seven figures of a row begin."""
    return len(row) - 7


def _shifted(row: list[str], rng: random.Random) -> list[str]:
    """The words of a row from the first field on, or from the second, and the figures directly behind them."""
    at = _figures_at(row)
    words = [text for text in row[:at] if text]
    front = [""] * rng.choice((0, 0, 1)) if len(words) < 3 else []
    fields = [*front, *words, *row[at:]]
    return [*fields, *[""] * max(0, len(row) - len(fields))]


def _halves(row: list[str], rng: random.Random) -> tuple[list[str], list[str]]:
    """A row whose label is cut by the page: the figures stay above, or go below."""
    at = max(index for index, text in enumerate(row[:-7]) if text)
    label = row[at]
    cut = max(1, rng.randint(len(label) // 3, 2 * len(label) // 3))
    upper, lower = list(row), [""] * len(row)
    upper[at], lower[at] = label[:cut], label[cut:]
    if rng.random() < 0.3:
        for index in range(at + 1, len(row)):
            upper[index], lower[index] = lower[index], upper[index]
    return upper, lower


def _repeats(rng: random.Random) -> list[int]:
    """How often each of the seven figures stands there: eleven or twelve in all."""
    twice = set(rng.sample(range(7), rng.choice((4, 5))))
    return [2 if index in twice else 1 for index in range(7)]


def _repeated(row: list[str], repeats: list[int]) -> list[str]:
    end = max((index for index, text in enumerate(row) if text), default=-1) + 1
    figures = row[end - 7 : end] if end >= 7 else []
    if len(figures) < 7 or not all(_is_figure(text) for text in figures):
        return [*row, *[""] * 5]
    return [*row[: end - 7], *(text for text, times in zip(figures, repeats, strict=True) for _ in range(times))]


def _is_figure(text: str) -> bool:
    return text == "" or text[0].isdigit() or text in ("/", "-", "—", "–", "无")


def _trailed(rows: Rows, rng: random.Random) -> Rows:
    extra = rng.randint(1, 3)
    return [[*row, *[""] * extra] for row in rows]
