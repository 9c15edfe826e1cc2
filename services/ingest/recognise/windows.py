"""Labels and figures of running text brought together: each label has a window, up to the next label begins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice, pairwise

from services.ingest.recognise.figures import parse_figure
from services.ingest.recognise.primitives import Place
from services.ingest.recognise.printed import Run, Token
from services.ingest.recognise.script import Script, follow

ORDER_DOUBT = "行名与数字不在一处，对应关系没有把握"
PIECES_DOUBT = "这一行的数字分在几处，且相关合计没有对上"
_FEWEST_TO_ADD_UP = 3
_THREE = re.compile(r"\d{3}$")
_DIGITS = re.compile(r"\d{1,3}$")
_GROUPS = re.compile(r"[1-9]\d{0,2}(?: \d{3})*$")
_MOST_WAYS = 300
_MOST_IN_BLOCK = 8
NEIGHBOUR_DOUBT = "相邻的一行没有找到，数字可能属于别的行"


@dataclass(slots=True)
class Window:
    """A row's label, and the figures between its first word and the first word of the next label.

    ``key`` is None where words that say nothing may have been a label. ``heads``: the words of heads above it.
    ``doubt``: why its figures may be another row's; ``weak``: the same where the sums can settle it.
    """

    key: str | None
    words: list[tuple[Token, str]] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    heads: list[Token] = field(default_factory=list)
    doubt: str = ""
    weak: str = ""

    @property
    def figures(self) -> list[Token]:
        return [token for run in self.runs for token in run.figures]

    @property
    def together(self) -> bool:
        """Whether words of the label and a figure stand in one line."""
        lines = {token.place.line for token, _ in self.words}
        return any(run.figures[0].place.line in lines for run in self.runs)

    @property
    def place(self) -> Place:
        return self.words[0][0].place if self.words else Place()

    @property
    def label(self) -> str:
        """The label as printed: blanks inside a line are kept, lines are joined."""
        text, line = "", None
        for token, piece in self.words:
            text += (" " if text and token.place.line == line else "") + piece
            line = token.place.line
        return text


def windows(script: Script, printed: Sequence[Token | Run]) -> list[Window]:
    """The windows of a table in printed order; the first holds what stands above the first label."""
    readings = iter(follow(script, [one.text for one in printed if isinstance(one, Token)]))
    found = [Window(None)]
    heads: list[Token] = []
    for one in printed:
        if isinstance(one, Run):
            found[-1].runs.append(one)
            continue
        pieces = next(readings)
        for piece in pieces:
            text = one.text if len(pieces) == 1 else piece.text
            if piece.head:
                heads.append(one)
                if script.heads_between and found[-1].key is not None:
                    found.append(Window(None))
            elif piece.stray and (found[-1].key is not None or found[-1].runs):
                found.append(Window(None, [(one, text)]))
            elif piece.stray:
                found[-1].words.append((one, text))
            elif piece.key is None:
                continue
            elif piece.begins or found[-1].key != piece.key:
                found.append(Window(piece.key, [(one, text)], heads=heads))
                heads = []
            else:
                found[-1].words.append((one, text))
    return found


def settle(script: Script, found: Sequence[Window], width: int) -> None:
    """Bring figures and labels together where they are not already: see the functions below. ``width``: of a row."""
    _share_out(script, found, width)
    for window in found[1:]:
        if len(window.figures) > width:
            _leave_out(window, width)
        if len(window.figures) == width > 1 and len(window.runs) > 1:
            one_by_one = len(window.runs) == width
            window.weak = window.weak or ("" if one_by_one else PIECES_DOUBT)
            window.doubt = window.doubt or ("" if adds_up(window.figures) else PIECES_DOUBT)
    _hand_on(script, found, width)
    _doubt_neighbours(script, found)
    if sum(len(run.figures) >= width for run in found[0].runs):
        for window in found[1:]:
            window.doubt = window.doubt or ORDER_DOUBT


def _share_out(script: Script, found: Sequence[Window], width: int) -> None:
    """Rows that follow one another in the form, their figures in another rhythm than their labels: in printed order.

    Some tools print several labels first and all their figures after, or a row's figures above its label.
    """
    at = 1
    while at < len(found):
        block = _block(script, found, at, width)
        at += max(1, len(block))
        figures = [token for window in block for token in window.figures]
        rows = [Run(tuple(figures[n : n + width])) for n in range(0, len(figures), width)]
        sure = all(adds_up(row.figures) for row in rows) if width > 1 else True
        for window, row in zip(block, rows, strict=True):
            window.runs = [row]
            window.doubt = "" if sure else ORDER_DOUBT
            window.weak = ORDER_DOUBT


def _block(script: Script, found: Sequence[Window], at: int, width: int) -> list[Window]:
    """The windows from `at` on of which one has all the figures, as many as all their rows need; else none."""
    if len(found[at].figures) == width or (width == 1 and found[at].figures):
        return []
    with_figures = count = 0
    for end in range(at, min(at + _MOST_IN_BLOCK, len(found))):
        count += len(found[end].figures)
        with_figures += bool(found[end].figures)
        block = list(found[at : end + 1])
        if with_figures > 1 or not _successive(script, block):
            return []
        if end > at and count == width * len(block):
            return block
    return []


def _successive(script: Script, block: Sequence[Window]) -> bool:
    order = {key: index for index, (key, _, _) in enumerate(script.rows)}
    places = [order[window.key] for window in block if window.key is not None]
    return len(places) == len(block) and all(
        low < high and not script.jump(low, high) for low, high in pairwise(places)
    )


def adds_up(figures: Sequence[Token]) -> bool:
    """Whether the last figure is the sum of the others; a blank counts as nothing."""
    values = [parse_figure(token.text).value or 0 for token in figures]
    return sum(values[:-1]) == values[-1]


def _leave_out(window: Window, width: int) -> None:
    """More figures than the row has: those beside the label count; else one that stands alone may be a page number."""
    lines = {token.place.line for token, _ in window.words}
    beside = [run for run in window.runs if len(run.figures) == width and run.figures[0].place.line in lines]
    if len(beside) == 1:
        window.runs = beside
    elif width >= _FEWEST_TO_ADD_UP:
        window.runs = fitting(window.runs, width, adds_up) or window.runs


def fitting(runs: Sequence[Run], width: int, right: Callable[[Sequence[Token]], bool]) -> list[Run] | None:
    """The `width` figures of a row with more of them, where one reading alone is `right`.

    Either one that stands alone in its line is left out (a page number), or figures parted by a single blank are put
    together (thousands).
    """
    figures = [token for run in runs for token in run.figures]
    ways: dict[tuple[object, ...], list[Token]] = {}
    readings = list(_grouped(figures, width))
    if len(figures) == width + 1:
        alone = [run.figures[0] for run in runs if len(run.figures) == 1]
        readings += [[token for token in figures if token is not one] for one in alone]
    for reading in readings:
        if right(reading):
            ways[tuple(parse_figure(token.text).value for token in reading)] = reading
    return [Run(tuple(next(iter(ways.values()))))] if len(ways) == 1 else None


def _grouped(figures: Sequence[Token], width: int) -> Iterator[list[Token]]:
    """The figures as `width` of them, three digits behind a single blank joined to the digits before it."""
    joints = [
        at
        for at, (last, token) in enumerate(pairwise(figures), 1)
        if token.place.line == last.place.line
        and token.left - last.right == 1
        and _THREE.match(token.text)
        and _DIGITS.match(last.text)
    ]
    for joined in islice(combinations(joints, len(figures) - width), _MOST_WAYS):
        found: list[Token] = []
        for at, token in enumerate(figures):
            if at in joined:
                last = found[-1]
                found[-1] = Token(f"{last.text} {token.text}", last.place, last.left, token.right)
            else:
                found.append(token)
        if all(" " not in token.text or _GROUPS.match(token.text) for token in found):
            yield found


def _hand_on(script: Script, found: Sequence[Window], width: int) -> None:
    """A proposal: figures left over at one label belong to the rows next to it in the form that have none.

    Rows are dealt out in the form's order over every stretch of them that has as many figures as it needs.
    """
    own = {window.key: window for window in found[1:] if window.key is not None}
    rows = [own[key] for key, _, _ in script.rows if key in own]
    at = 0
    while at < len(rows):
        end, balance = at, 0
        while end < len(rows):
            count = len(rows[end].figures)
            balance += count - width
            end += 1
            if not balance or count % width:
                break
        stretch = rows[at:end]
        at = end
        if balance or len(stretch) < 2 or any(len(window.figures) % width for window in stretch):
            continue
        figures = sorted(
            (token for window in stretch for token in window.figures), key=lambda t: (t.place.line, t.place.column)
        )
        for number, window in enumerate(stretch):
            window.runs = [Run(tuple(figures[number * width : (number + 1) * width]))]
            window.doubt = ORDER_DOUBT


def _doubt_neighbours(script: Script, found: Sequence[Window]) -> None:
    """Where a label is missing, its figures may have come to the label above or below, unless these stand beside it."""
    present = {window.key for window in found}
    missing = {index for index, (key, _, _) in enumerate(script.rows) if key not in present}
    order = {key: index for index, (key, _, _) in enumerate(script.rows)}
    spared = script.optional.union(*(script.replaced.get(key, ()) for key in present if key))
    gaps = {index for index in missing if script.rows[index][0] not in spared}
    for window in found[1:]:
        if window.key is None or window.together or not window.figures:
            continue
        at = order[window.key]
        if _reaches(at, 1, missing, gaps) or _reaches(at, -1, missing, gaps):
            window.doubt = window.doubt or NEIGHBOUR_DOUBT


def _reaches(at: int, step: int, missing: set[int], gaps: set[int]) -> bool:
    """Whether a missing row stands next to row `at` in the form, optional ones passed over."""
    at += step
    while at in missing and at not in gaps:
        at += step
    return at in gaps
