"""Row labels and column heads on pages without cell borders: runs of lines that make up a name of the form together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from services.core.form.labels import squeeze
from services.ingest.recognise.labels import match_row, name_of
from services.ingest.recognise.words import Word, rows_of

Match = Callable[[str], str | None]

_MOST_LINES = 9
_MOST_LABELS = 300
_LONGEST = 80
"""Characters of the longest label of the form, with room."""
_LEADING = 2.3
"""Lines of one label stand at most so many font sizes apart."""
_OVERLAP = 0.5


@dataclass(slots=True, eq=False)
class Label:
    """A name of the form as printed: its key, its words in reading order, and the lines it takes."""

    key: str
    words: list[Word]
    top: float
    bottom: float
    first: float
    last: float

    @property
    def text(self) -> str:
        """The label as printed, over its lines."""
        return "\n".join("".join(word.text for word in row) for row in rows_of(self.words))

    @property
    def left(self) -> float:
        return min(word.x0 for word in self.words)

    @property
    def right(self) -> float:
        return max(word.x1 for word in self.words)


def label_of(key: str, words: Sequence[Word]) -> Label:
    """`words` as the label `key`."""
    rows = rows_of(words)
    return Label(
        key,
        [word for row in rows for word in row],
        min(w.top for w in words),
        max(w.bottom for w in words),
        min(w.middle for w in rows[0]),
        max(w.middle for w in rows[-1]),
    )


def table3_key(text: str) -> str | None:
    """The row of table 3 that `text` names by itself; 其他 and 总计 only with the mark they have as rows."""
    name = name_of(text)
    if name not in ("其他", "总计"):
        return match_row(text)
    mark = squeeze(text).lstrip("（(")[0]
    if name == "总计":
        return match_row(text, "other_other") if mark in "七7" else None
    if mark in "3三③":
        return match_row(text, "other_no_fee")
    return match_row(text, "reject_confirm") if mark in "六6" else None


def labels_in_lines(words: Iterable[Word], match: Match) -> list[Label]:
    """Every run of up to nine lines of `words` whose whole text `match` knows."""
    rows = rows_of(words)
    texts = ["".join(word.text for word in row) for row in rows]
    found: list[Label] = []
    for start in range(len(rows)):
        text = ""
        for end in range(start, min(start + _MOST_LINES, len(rows))):
            if end > start and rows[end][0].middle - rows[end - 1][0].middle > _LEADING * rows[end][0].size:
                break
            text += texts[end]
            if len(text) > _LONGEST:
                break
            if key := match(text):
                found.append(label_of(key, [word for row in rows[start : end + 1] for word in row]))
    return found


def labels_in_stacks(words: Sequence[Word], match: Match, most: int = 4) -> list[Label]:
    """Every stack of up to `most` words, each under the one before, whose whole text `match` knows."""
    found: list[Label] = []
    ordered = sorted((word for word in words if not word.is_figure), key=lambda word: word.middle)
    middles = [word.middle for word in ordered]
    for word in words:
        stack = [word]
        while True:
            if key := match("".join(one.text for one in stack)):
                found.append(label_of(key, stack))
            if len(stack) == most:
                break
            last = stack[-1]
            low = bisect_right(middles, last.middle + 0.5 * last.size)
            below = _below(last, ordered[low : bisect_right(middles, last.middle + _LEADING * last.size)])
            if below is None:
                break
            stack.append(below)
    return found


def _below(word: Word, lower: Iterable[Word]) -> Word | None:
    """The first of the `lower` words that stands under `word`, over at least half of the narrower one."""
    for one in lower:
        if min(one.x1, word.x1) - max(one.x0, word.x0) >= _OVERLAP * min(one.x1 - one.x0, word.x1 - word.x0):
            return one
    return None


def longest_apart(labels: Iterable[Label], *, across: bool = False) -> list[Label]:
    """The longest labels of which no two share a line (`across`: a word), from top to bottom and left to right.

    None of them when there are more than any table of the form could have.
    """
    taken: list[Label] = []
    candidates = list(labels)
    if len(candidates) > _MOST_LABELS:
        return []
    for label in sorted(candidates, key=lambda one: (-len(name_of(one.text)), -len(one.text))):
        if across:
            clash = any(word is other for one in taken for other in one.words for word in label.words)
        else:
            clash = any(label.first <= one.last and one.first <= label.last for one in taken)
        if not clash:
            taken.append(label)
    return sorted(taken, key=lambda one: (one.first, one.left))
