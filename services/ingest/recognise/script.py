"""What the words of a table say in running text: label after label, with group names and heads in between.

Text taken from a page loses the borders of the cells. What is left is known word for word, though: 25 labels, the names
of their groups, the heads. ``follow`` finds the reading in which the words of a table are explained best: every piece
of text is part of the label of a row, part of what runs down beside the rows, part of a head, or stays unexplained.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from services.core.form.labels import squeeze
from services.ingest.recognise.labels import name_of

_MARKED = re.compile(r"^[（(]?(\d{1,2}|[一二三四五六七])[)）.．、]")
_LEAVE, _LETTER = 1.0, 0.25
"""Cost of leaving a label before its end, and of each letter that it lacks."""
_JUMP, _ROW = 3.0, 0.5
"""Cost of a row out of order, and of each row left out."""
_ABOVE = 0.2
"""Cost of each row missing above the first one that comes: a table may begin in its middle."""
_LATE = 1.0
_TELLING, _PLAIN = 4, 1.0
"""So many letters of a label leave no doubt which row it is; then it costs no more to come out of order."""
_GLUED = 0.2
_WRONG_MARK = 1.5
_STRAY, _STRAY_LETTER = 3.0, 0.2
_STRAY_OUTSIDE = 0.05
_LABEL_OUTSIDE, _WHOLE_OUTSIDE = 1.5, 6.0
"""Cost of taking for no label, above the first row, what begins like one or is one letter for letter."""
_LACKING = 0.7
"""Cost of each row that does not come any more at the end."""
_HEAD_AGAIN = 0.3
_BESIDE_AGAIN = 0.8
_BEAM, _SLACK = 24, 6.0
_LONGEST = 120
_DEEPEST = 3
"""So many pieces of different things may be glued together."""


@dataclass(frozen=True)
class Script:
    """The words of one table. ``rows``: (key, number of its list mark, normalised names) in the form's order.

    ``beside``: normalised texts that run down beside the rows. ``optional``: rows that only some layouts have.
    ``replaced``: row → the rows that it stands for in another layout.
    ``heads``: normalised words of heads and notes. ``heads_between``: whether heads stand between the rows as a rule.
    """

    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    beside: tuple[str, ...]
    optional: frozenset[str]
    heads: tuple[str, ...]
    heads_between: bool = False
    replaced: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def starts(self) -> dict[str, tuple[tuple[int, str], ...]]:
        """First letter → (row, name) of the names that begin with it."""
        found: dict[str, list[tuple[int, str]]] = {}
        for index, (_, _, names) in enumerate(self.rows):
            for name in names:
                found.setdefault(name[0], []).append((index, name))
        return {letter: tuple(names) for letter, names in found.items()}

    @cached_property
    def marks(self) -> tuple[str, ...]:
        return tuple(mark for _, mark, _ in self.rows)

    def jump(self, before: int, after: int) -> float:
        """The cost of row `after` coming next below row `before`; below the last row stands what was printed late."""
        if before >= 0 and self.rows[after][0] in self.replaced.get(self.rows[before][0], ()):
            return _JUMP
        if after <= before:
            return _LATE if before == len(self.rows) - 1 else _JUMP + _ROW
        spared = self.optional | (self.replaced.get(self.rows[before][0], frozenset()) if before >= 0 else frozenset())
        left_out = [key for key, _, _ in self.rows[before + 1 : after] if key not in spared]
        if before < 0:
            return _ABOVE * len(left_out)
        return _JUMP + _ROW * len(left_out) if left_out else 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """What one piece of text is part of: the row with this key (``begins`` it or goes on), or no row.

    ``text``: the piece, normalised. ``stray``: part of nothing at all. ``head``: part of a head.
    """

    key: str | None = None
    begins: bool = False
    stray: bool = False
    head: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class _State:
    row: int = -1
    said: str = ""
    beside: tuple[int, ...] = ()
    reached: int = -1


_Steps = Iterator[tuple[_State, float, tuple[Piece, ...]]]


def follow(script: Script, texts: Sequence[str]) -> list[tuple[Piece, ...]]:
    """For each of `texts`, in reading order, what it is part of: one piece as a rule, several where words are glued."""
    first = _State(beside=(0,) * len(script.beside))
    layers: list[dict[_State, tuple[float, _State, tuple[Piece, ...]]]] = []
    states: dict[_State, float] = {first: 0.0}
    mark = ""
    for text in texts:
        layer: dict[_State, tuple[float, _State, tuple[Piece, ...]]] = {}
        name, mark = name_of(text)[:_LONGEST], _mark(text) or mark
        for state, cost in states.items():
            for after, more, pieces in _steps(script, state, name, mark):
                known = layer.get(after)
                if known is None or cost + more < known[0]:
                    layer[after] = (cost + more, state, pieces)
        mark = "" if name else mark  # a mark by itself belongs to the words behind it
        least = min(cost for cost, _, _ in layer.values())
        kept = sorted(((c, s) for s, (c, _, _) in layer.items() if c <= least + _SLACK), key=lambda one: one[0])
        states = {state: cost for cost, state in kept[:_BEAM]}
        layers.append(layer)
    if not layers:
        return []
    state = min(states, key=lambda one: states[one] + _leave(script, one) + _LACKING * (len(script.rows) - one.reached))
    path: list[tuple[Piece, ...]] = []
    for layer in reversed(layers):
        _, before, pieces = layer[state]
        path.append(pieces)
        state = before
    return path[::-1]


def _mark(text: str) -> str:
    match = _MARKED.match(squeeze(text[:8]))
    return match[1] if match else ""


def _leave(script: Script, state: _State) -> float:
    if state.row < 0 or state.said in script.rows[state.row][2]:
        return 0.0
    ends = [len(name) - len(state.said) for name in script.rows[state.row][2] if name.startswith(state.said)]
    return _LEAVE + _LETTER * min(ends, default=0)


def _steps(script: Script, state: _State, text: str, mark: str, depth: int = 0) -> _Steps:
    if not text:
        yield state, 0.0, ((Piece(),) if not depth else ())
        return
    yield from _goes_on(script, state, text, mark, depth)
    yield from _begins(script, state, text, mark, depth)
    yield from _beside(script, state, text, mark, depth)
    if not depth:
        cost, piece = _stray(script, state, text, mark)
        yield state, cost, (piece,)


@dataclass(frozen=True, slots=True)
class _Offer:
    """A name that the words may be, or go on: what of it is said, what is still to be said, and what taking it costs."""

    key: str
    row: int
    said: str
    rest: str
    cost: float


def _goes_on(script: Script, state: _State, text: str, mark: str, depth: int) -> _Steps:
    if state.row < 0:
        return
    key, _, names = script.rows[state.row]
    for name in names:
        if not name.startswith(state.said) or len(name) == len(state.said):
            continue
        cost = _WRONG_MARK if mark and not depth else 0.0
        yield from _take(script, state, _Offer(key, state.row, state.said, name[len(state.said) :], cost), text, depth)


def _begins(script: Script, state: _State, text: str, mark: str, depth: int) -> _Steps:
    for index, name in script.starts.get(text[0], ()):
        if index == state.row and not state.said:
            continue
        jump = script.jump(state.row, index)
        if state.row >= 0 and name[:_TELLING] == text[:_TELLING] and len(text) >= _TELLING <= len(name):
            jump = min(jump, _PLAIN)
        cost = _leave(script, state) + jump
        if not depth and mark and script.marks[index] and mark != script.marks[index]:
            cost += _WRONG_MARK
        yield from _take(script, state, _Offer(script.rows[index][0], index, "", name, cost), text, depth)


def _take(script: Script, state: _State, offer: _Offer, text: str, depth: int) -> _Steps:
    """Take as much of `text` as the rest of a name allows; what is left over is something else, glued to it."""
    reached = max(offer.row, state.reached)
    if offer.rest.startswith(text):
        after = _State(offer.row, offer.said + text, state.beside, reached)
        yield after, offer.cost, (Piece(offer.key, begins=not offer.said, text=text),)
    elif text.startswith(offer.rest) and depth < _DEEPEST:
        whole = _State(offer.row, offer.said + offer.rest, state.beside, reached)
        piece = Piece(offer.key, begins=not offer.said, text=offer.rest)
        for after, more, pieces in _steps(script, whole, text[len(offer.rest) :], "", depth + 1):
            yield after, offer.cost + more + _GLUED, (piece, *pieces)


def _beside(script: Script, state: _State, text: str, mark: str, depth: int) -> _Steps:
    for index, words in enumerate(script.beside):
        extra = 0.0 if state.row >= 0 else 2 * _STRAY_OUTSIDE  # above the first row the same words are a head
        extra += _WRONG_MARK if mark.isdigit() and not depth else 0.0
        for at, cost in ((state.beside[index], extra), (0, _BESIDE_AGAIN + extra)):
            if words[at : at + 1] != text[0] or (at == state.beside[index] and cost > extra):
                continue
            shared = _shared(words, at, text)
            places = (*state.beside[:index], at + shared, *state.beside[index + 1 :])
            after = _State(state.row, state.said, places, state.reached)
            if shared == len(text):
                yield after, cost, (Piece(),)
            elif depth < _DEEPEST:
                for last, more, pieces in _steps(script, after, text[shared:], mark if not depth else "", depth + 1):
                    yield last, cost + more + _GLUED, pieces


def _shared(words: str, at: int, text: str) -> int:
    """How many letters of `text` are those of `words` from `at` on."""
    end = 0
    while end < len(text) and words[at + end : at + end + 1] == text[end]:
        end += 1
    return end


def _stray(script: Script, state: _State, text: str, mark: str) -> tuple[float, Piece]:
    below = state.row == len(script.rows) - 1 and not _leave(script, state)
    begins = any(name.startswith(text) for _, name in script.starts.get(text[0], ()))
    if any(text in head for head in script.heads) and not (begins and (below or mark)):
        usual = state.row < 0 or below or script.heads_between
        return (_STRAY_OUTSIDE if usual else _HEAD_AGAIN), Piece(head=True)
    if state.row < 0 or below:
        whole = len(text) >= _TELLING and any(name == text for _, name in script.starts.get(text[0], ()))
        cost = _WHOLE_OUTSIDE if whole else _LABEL_OUTSIDE if begins else _STRAY_OUTSIDE
        return cost, Piece(stray=below)
    return _STRAY + _STRAY_LETTER * len(text), Piece(stray=True)
