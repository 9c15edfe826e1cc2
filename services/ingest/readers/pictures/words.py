"""Words in cells and lines: read by the neural reader, narrowed first for speed, again at full width where that fails.

What is looked for are the labels of the form. A label read with one character off, where the reader itself was not
sure of that character, is the label; everything else stays as it was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import Protocol

from services.core.form import Row, form
from services.core.form.labels import normalise, squeeze, without_mark
from services.ingest.readers.pictures.ink import Band, line_picture
from services.ingest.readers.pictures.paper import Grey
from services.ingest.readers.pictures.recogniser import LineRead, Recogniser, side_by_side
from services.ingest.recognise.labels import name_of, printed_item_number

QUICK = 0.36
"""Share of its natural width at which a line is read first; measured, labels are told as well as at full width."""
CAREFUL = 0.8
_MOST_LINES = 60
_MOST_WIDTH = 40
"""Width of joined lines, in heights of a line."""
_UNSURE = 0.93
_LIKE = 0.8
_AHEAD = 0.08
_SHORTEST = 4


class _Named(Protocol):
    @property
    def label(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...


@cache
def labels() -> dict[str, str]:
    """Normalised name → the label as the form prints it, of all rows, columns, groups, blocks and sections."""
    texts: list[str] = ["信息内容", "申请人情况", "法人或其他组织", "行政诉讼", "行政复议"]
    for version in ("2021", "2019"):
        shape = form(version)
        rows: list[_Named] = [*shape.table2_rows, *shape.table3_rows, *shape.table3_groups, *shape.table4_blocks]
        columns: list[_Named] = [*shape.table2_columns, *shape.table3_columns, *shape.table4_columns]
        texts += [text for named in (*rows, *columns) for text in (named.label, *named.aliases)]
        texts += [row.block for row in shape.table2_rows]
        texts += [text for section in shape.sections for text in (section.title, *section.aliases)]
    return {normalise(text): text for text in texts}


def read_words(grey: Grey, bands: Sequence[Band], em: float, reader: Recogniser) -> LineRead:
    """What the lines of a cell say, joined."""
    line = side_by_side([line_picture(grey, band, em) for band in bands[:_MOST_LINES]], 0)
    if line.shape[1] > _MOST_WIDTH * line.shape[0]:
        parts = [reader.read(line_picture(grey, band, em), squeeze=QUICK) for band in bands[:_MOST_LINES]]
        return LineRead("".join(part.text for part in parts), tuple(one for part in parts for one in part.likely))
    quick = reader.read(line, squeeze=QUICK)
    if name_of(quick.text) in labels() and "元" not in quick.text:
        return _numbered(quick)
    careful = reader.read(line, squeeze=CAREFUL)
    if _unit(quick.text) != _unit(careful.text):
        return LineRead(careful.text, (0.0,) * len(careful.text))
    if name_of(careful.text) in labels():
        return _numbered(careful)
    for read in (careful, quick):
        if mended := _mended(read):
            return _numbered(mended)
    return careful


def _unit(text: str) -> str:
    return "万元" if "万元" in text else "元" if "元" in text else ""


def _numbered(read: LineRead) -> LineRead:
    """A label of the form without an item number that is not its own.

    The label was told by all its characters, the number by one; a misread number would cast doubt on figures that
    another reader has read.
    """
    number = printed_item_number(read.text)
    own = {printed_item_number(row.mark) for row in _rows() if name_of(read.text) in _names(row)}
    if number is None or not own or number in own:
        return read
    rest = without_mark(read.text)
    return LineRead(rest, read.likely[-len(rest) :])


def _rows() -> Iterator[Row]:
    for version in ("2021", "2019"):
        yield from form(version).table3_rows


def _names(row: Row) -> set[str]:
    return {normalise(text) for text in (row.label, *row.aliases)}


def _mended(read: LineRead) -> LineRead | None:
    """The label that `read` is but for characters of which the reader was not sure; None when there is none."""
    name = name_of(read.text)
    if len(name) < _SHORTEST:
        return None
    ranked = sorted(
        (
            (SequenceMatcher(None, name, known, autojunk=False).ratio(), known)
            for known in labels()
            if _alike(name, known)
        ),
        reverse=True,
    )
    if not ranked or ranked[0][0] < _LIKE or (len(ranked) > 1 and ranked[0][0] - ranked[1][0] < _AHEAD):
        return None
    known = ranked[0][1]
    sure = _likelihoods(read, name)
    if _unit(read.text) != _unit(labels()[known]):
        return None
    for kind, start, end, first, last in SequenceMatcher(None, name, known, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        around = sure[max(0, start - 1) : end + 1] if kind == "insert" else sure[start:end]
        if last - first > 1 or end - start > 1 or min(around, default=0.0) >= _UNSURE:
            return None
    mark = squeeze(read.text)[: max(0, squeeze(read.text).find(name[0]))]
    return LineRead(mark + labels()[known], (min(sure, default=0.0),))


def _alike(name: str, known: str) -> bool:
    return abs(len(name) - len(known)) <= 2


def _likelihoods(read: LineRead, name: str) -> list[float]:
    """How likely each character of the normalised name is; its list mark and punctuation are left out."""
    sure: list[float] = []
    rest = len(name)
    for char, likely in zip(reversed(read.text), reversed(read.likely), strict=True):
        if rest and squeeze(char) == name[rest - 1]:
            sure.append(likely)
            rest -= 1
    return sure[::-1] if rest == 0 else [0.0] * len(name)
