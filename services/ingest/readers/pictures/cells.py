"""The cells of one table: empty, a figure, or words; figures of which no sum tells are read twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.core.report import Kind
from services.ingest.readers.pictures.digits import SURE, Glyphs, NetRead, cut, leading_digits, tell
from services.ingest.readers.pictures.glyphs import glyph_net
from services.ingest.readers.pictures.ink import Band, Blob, bands_of, line_picture, looks_empty
from services.ingest.readers.pictures.paper import POINT, Grey
from services.ingest.readers.pictures.recogniser import Recogniser
from services.ingest.readers.pictures.words import read_words
from services.ingest.recognise.figures import looks_like_figure, parse_figure
from services.ingest.recognise.lattice import Lattice

_EDGE = 4
"""Pixels beside a rule in which slivers of ink belong to the rule."""
_DUST = 6
"""Pixels up to which a lone dot is dust and no writing; the flattest dash is longer."""
_FEW = 5
"""Rows with at most so many figures are no rows of table 3 or 4: no sum checks them."""
_LIKELY = 0.9
_WORDY = 0.3
_LONGEST_FIGURE = 6
"""Width of nine digits, in heights of a line."""
_HARDLY_WORDS = 3
_NIL = ("/", "-")
_TWO = "两种读法得到的数字不同"
_WEAK = "字迹不清，只有一种读法认出"
_UNIT = "表头的金额单位看不清"
_ILLEGIBLE = "格内有字迹，但认不出"
_LINES = "数字分成了几行"
_FAINT = "格内似有很淡的字迹"


@dataclass(slots=True)
class CellRead:
    """``text`` as read, ``doubt`` and ``weak`` as in ``Entry``. ``other`` is what the other way of reading gives, None when not asked.

    ``picture`` is the line by itself, kept for figures, so that the other way can be asked later.
    """

    text: str = ""
    doubt: str = ""
    weak: str = ""
    other: str | None = None
    by_net: bool = False
    picture: Grey | None = None


@dataclass(slots=True)
class _Cell:
    """A cell with ink while it is being read."""

    number: int
    bands: list[Band]
    glyphs: Glyphs | None = None
    net: NetRead = field(default_factory=lambda: NetRead("", 0.0))

    @property
    def wordy(self) -> bool:
        """Whether this is no figure by the number of lines or by most of its glyphs; a glyph or two may be either."""
        if self.glyphs is None:
            return True
        long = self.bands[0].right - self.bands[0].left > _LONGEST_FIGURE * self.bands[0].high
        return len(self.glyphs.boxes) > _HARDLY_WORDS and (self.net.others >= _WORDY or (long and self.net.sure < SURE))

    @property
    def told(self) -> bool:
        """Whether the net vouches for every glyph and they make up a figure or nil sign."""
        return self.net.sure >= SURE and bool(self.net.text) and looks_like_figure(self.net.text)


def read_cells(
    lattice: Lattice, blobs: Mapping[int, Sequence[Blob]], grey: Grey, em: float, reader: Recogniser
) -> list[CellRead]:
    """What each cell of `lattice` says, by its number."""
    reads = [CellRead() for _ in lattice.cells]
    cells: list[_Cell] = []
    for number in range(len(lattice.cells)):
        box = _pixels(lattice, number, grey)
        bands = _without_dust(bands_of(_inner(blobs.get(number, ()), box), em))
        if bands:
            cells.append(_Cell(number, bands, cut(bands[0], grey) if len(bands) == 1 else None))
        elif not looks_empty(grey[box[1] + _EDGE : box[3] - _EDGE, box[0] + _EDGE : box[2] - _EDGE]):
            reads[number].doubt = _FAINT
    candidates = [cell for cell in cells if cell.glyphs is not None]
    for cell, net in zip(candidates, tell([c.glyphs for c in candidates if c.glyphs], grey, glyph_net()), strict=True):
        cell.net = net
    by_number = {cell.number: cell for cell in cells}
    twice, needless = _to_be_read_twice(lattice, by_number), _heads_of_groups(lattice, by_number)
    for cell in cells:
        if cell.number in needless:
            continue
        if cell.told:
            reads[cell.number] = _figure(cell, grey, em, reader, twice=cell.number in twice)
        else:
            reads[cell.number] = _words(cell, grey, em, reader, twice=cell.number in twice)
    _doubt_below_unclear_units(lattice, reads)
    return reads


def _doubt_below_unclear_units(lattice: Lattice, reads: Sequence[CellRead]) -> None:
    """万元 or 元 makes a difference of ten thousand: where a head leaves it open, the amounts below are not certain."""
    for number, head in enumerate(reads):
        if head.doubt != _UNIT:
            continue
        above = lattice.cells[number]
        for below, read in zip(lattice.cells, reads, strict=True):
            if below.top >= above.bottom and below.left < above.right and below.right > above.left and read.text:
                read.doubt = read.doubt or _UNIT


def _pixels(lattice: Lattice, number: int, grey: Grey) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (round(value * POINT) for value in lattice.box(number))
    return max(0, x0), max(0, y0), min(grey.shape[1], x1), min(grey.shape[0], y1)


def _inner(blobs: Sequence[Blob], box: tuple[int, int, int, int]) -> list[Blob]:
    """The blobs of a cell without what is left of its rules."""
    x0, y0, x1, y1 = box
    kept = []
    for blob in blobs:
        near = blob.left - x0 < _EDGE or x1 - blob.right < _EDGE or blob.top - y0 < _EDGE or y1 - blob.bottom < _EDGE
        if not (near and min(blob.wide, blob.high) <= _EDGE):
            kept.append(blob)
    return kept


def _without_dust(bands: Sequence[Band]) -> list[Band]:
    return [band for band in bands if band.high > _DUST or sum(blob.area for blob in band.blobs) > _DUST * _DUST / 2]


def _to_be_read_twice(lattice: Lattice, cells: Mapping[int, _Cell]) -> set[int]:
    """Figures that no sum of the form covers: in rows of few cells, and in rows where most cells are empty."""
    twice: set[int] = set()
    for numbers in lattice.rows():
        last = max(
            (place for place, number in enumerate(numbers) if (cell := cells.get(number)) and cell.wordy), default=-1
        )
        figures = numbers[last + 1 :]
        filled = [number for number in figures if (cell := cells.get(number)) and cell.net.text not in _NIL]
        if len(figures) <= _FEW or 2 * len(filled) <= len(figures) + 1:
            twice.update(filled)
    return twice


def _heads_of_groups(lattice: Lattice, cells: Mapping[int, _Cell]) -> set[int]:
    """Cells over several rows with words right of them in each: heads of groups and the corner, which name no row."""
    rows: dict[int, list[bool]] = {}
    for numbers in lattice.rows():
        wordy = [number for number in numbers if (cell := cells.get(number)) and cell.wordy]
        for number in numbers:
            rows.setdefault(number, []).append(bool(wordy) and number in wordy[:-1])
    return {number for number, beside in rows.items() if len(beside) > 1 and all(beside)}


def _figure(cell: _Cell, grey: Grey, em: float, reader: Recogniser, *, twice: bool) -> CellRead:
    picture = line_picture(grey, cell.bands[0], em)
    read = CellRead(cell.net.text, by_net=True, picture=picture)
    if cell.net.text in _NIL:
        read.other = cell.net.text  # its shape was measured beside what the net says
    elif twice:
        read.other = reader.read_figure(picture)[0].text
        if not same_figure(read.text, read.other):
            read.doubt = _TWO
    return read


def _words(cell: _Cell, grey: Grey, em: float, reader: Recogniser, *, twice: bool) -> CellRead:
    if not cell.wordy:
        return _unsure_figure(cell, grey, em, reader, twice=twice)
    words = read_words(grey, cell.bands, em, reader)
    if not words.text:
        return CellRead(doubt=_ILLEGIBLE)
    if "元" in words.text and not words.sure:
        return CellRead(words.text, _UNIT)
    if not looks_like_figure(words.text):
        return CellRead(words.text)
    if any(_is_han(char) for char in words.text):
        return _noted(cell, grey, em, reader)
    return CellRead(words.text, _LINES) if len(cell.bands) > 1 else _unsure_figure(cell, grey, em, reader, twice=twice)


def _unsure_figure(cell: _Cell, grey: Grey, em: float, reader: Recogniser, *, twice: bool) -> CellRead:
    """A cell that the net cannot tell by itself: the neural reader says what it is, and the net has the second say."""
    picture = line_picture(grey, cell.bands[0], em)
    figure, free = reader.read_figure(picture)
    if any(_is_han(char) for char in free.text):
        if parse_figure(free.text).kind is Kind.DASH:
            return CellRead(free.text)
        words = read_words(grey, cell.bands, em, reader)
        return _noted(cell, grey, em, reader) if looks_like_figure(words.text) else CellRead(words.text)
    if not figure.text:
        return CellRead(free.text, _ILLEGIBLE)
    read = CellRead(figure.text, other=cell.net.text, picture=picture)
    if not same_figure(figure.text, cell.net.text) and (twice or figure.sure < _LIKELY or cell.net.sure > 0):
        read.weak = _WEAK
    return read


def _noted(cell: _Cell, grey: Grey, em: float, reader: Recogniser) -> CellRead:
    """A figure with a note beside it. The net reads the glyphs in front of the note."""
    lines = [reader.read(line_picture(grey, band, em)).text for band in cell.bands]
    text = "".join(lines)
    front = leading_digits(cell.bands[0], grey, glyph_net())
    printed = parse_figure(text)
    same = printed.kind is Kind.NUMBER and same_figure(front, str(printed.value))
    return CellRead(text, "" if same else _TWO, other=front)


def _is_han(char: str) -> bool:
    return "\u4e00" < char <= "\u9fff" and char not in "丨丿"


def second_reading(read: CellRead, reader: Recogniser) -> str | None:
    """What the other way of reading gives for a figure; None where there was none to begin with."""
    if read.other is None and read.picture is not None:
        read.other = reader.read_figure(read.picture)[0].text
    return read.other


def same_figure(one: str, other: str) -> bool:
    """Whether two readings print the same figure, or are both nil signs."""
    first, second = parse_figure(one, "signed"), parse_figure(other, "signed")
    return first.kind is second.kind and first.value == second.value and first.value is not None
