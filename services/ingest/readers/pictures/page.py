"""One picture of a page into neutral items: lines of prose and rows of cells, each with its place on the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.ingest.readers.pictures.cells import CellRead, read_cells
from services.ingest.readers.pictures.ink import Band, Blob, bands_of, blobs_of, em_of, line_picture, written
from services.ingest.readers.pictures.paper import POINT, Grey, Paper, as_scanned, clean
from services.ingest.readers.pictures.recogniser import Recogniser
from services.ingest.readers.pictures.rules import find_rules
from services.ingest.readers.pictures.words import CAREFUL, QUICK
from services.ingest.recognise.lattice import SLIVER, Lattice, TooManyLinesError, find_lattices
from services.ingest.recognise.opening import is_page_number
from services.ingest.recognise.primitives import Box, Entry, Item, Line, Place, TableRow

_NARROWEST = 60.0
"""Points; what is narrower is no table of the form."""
_MARGIN = 0.12
_LOWEST_LINE = 9
_SHORT_LINE, _LARGE = 0.72, 1.15
_SURE = 0.97
"""Least likelihood of a character at which a line read quickly is read as well as with care, in all that were compared."""
_MOST_LINES = 120


@dataclass(slots=True)
class PageRead:
    """``items`` in reading order; ``cells``: the place of each cell → how it was read, for a second opinion."""

    items: list[Item] = field(default_factory=list)
    cells: dict[Place, CellRead] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Where the upright picture lies on the page: number, and the left top corner in points."""

    paper: Paper
    number: int
    left: float
    top: float

    def place(self, x0: float, y0: float, x1: float, y1: float) -> Place:
        """A box of the upright picture (pixels) as a place on the page as seen. A turned box keeps its size."""
        x, y = as_scanned((x0 + x1) / 2, (y0 + y1) / 2, self.paper)
        wide, high = (x1 - x0) / 2, (y1 - y0) / 2
        box: Box = (
            round(self.left + (x - wide) / POINT, 2),
            round(self.top + (y - high) / POINT, 2),
            round(self.left + (x + wide) / POINT, 2),
            round(self.top + (y + high) / POINT, 2),
        )
        return Place(page=self.number, bbox=box)


def read_page(
    pixels: NDArray[np.uint8], dpi: float, reader: Recogniser, *, number: int, left: float = 0.0, top: float = 0.0
) -> PageRead:
    """What a picture shows. ``left``/``top``: where on page `number` it lies, in points."""
    paper = clean(pixels, dpi)
    grey = paper.grey
    ruling = find_rules(grey)
    lattices = _tables(ruling.horizontal, ruling.vertical)
    mask = written(grey, ruling.ink)
    inside: list[dict[int, list[Blob]]] = [{} for _ in lattices]
    outside: list[Blob] = []
    for blob in blobs_of(mask):
        _lay(blob, lattices, inside, outside)
    em = em_of([band for cells in inside for blobs in cells.values() for band in bands_of(blobs)])
    sheet = _Sheet(paper, number, left, top)
    read = PageRead()
    placed: list[tuple[float, list[Item]]] = []
    for grid, (lattice, blobs) in enumerate(zip(lattices, inside, strict=True), 1):
        told = read_cells(lattice, blobs, grey, em, reader)
        placed.append((lattice.ys[0] * POINT, list(_rows(lattice, told, sheet, grid, read.cells))))
    placed += _prose(outside, grey, reader, sheet)
    placed.sort(key=lambda one: one[0])
    read.items = [item for _, items in placed for item in items]
    return read


def _tables(
    horizontal: Sequence[tuple[float, float, float]], vertical: Sequence[tuple[float, float, float]]
) -> list[Lattice]:
    if not horizontal or not vertical:
        return []
    try:
        found = find_lattices(horizontal, vertical)
    except TooManyLinesError:
        return []
    return [lattice for lattice in found if lattice.xs[-1] - lattice.xs[0] >= _NARROWEST]


def _lay(blob: Blob, lattices: Sequence[Lattice], inside: list[dict[int, list[Blob]]], outside: list[Blob]) -> None:
    x, y = (blob.left + blob.right) / 2 / POINT, (blob.top + blob.bottom) / 2 / POINT
    for index in sorted(range(len(lattices)), key=lambda number: lattices[number].area):
        lattice = lattices[index]
        if unit := lattice.unit_at(x, y):
            cell = lattice.owner[unit[1] * (len(lattice.xs) - 1) + unit[0]]
            inside[index].setdefault(cell, []).append(blob)
            return
    outside.append(blob)


def _rows(
    lattice: Lattice, told: Sequence[CellRead], sheet: _Sheet, grid: int, cells: dict[Place, CellRead]
) -> Iterable[TableRow]:
    entries: list[Entry | None] = []
    for number, one in enumerate(told):
        box = lattice.box(number)
        if not one.text and min(box[2] - box[0], box[3] - box[1]) < SLIVER:
            entries.append(None)
            continue
        x0, y0, x1, y1 = (value * POINT for value in box)
        place = sheet.place(x0, y0, x1, y1)
        cells[place] = one
        entries.append(Entry(one.text, place, box[0], box[2], one.doubt, one.weak))
    for numbers in lattice.rows():
        row = [entry for number in numbers if (entry := entries[number]) is not None]
        if row:
            yield TableRow(row, grid=grid, page=sheet.number)


def _prose(blobs: Sequence[Blob], grey: Grey, reader: Recogniser, sheet: _Sheet) -> list[tuple[float, list[Item]]]:
    em = em_of(bands_of(blobs))
    bands = [band for band in bands_of(blobs, em)[:_MOST_LINES] if band.high >= _LOWEST_LINE and _is_text(band, em)]
    widest = max((band.right - band.left for band in bands), default=0)
    placed: list[tuple[float, list[Item]]] = []
    for band in bands:
        # titles, headings, signature and date are short or large; a wrong character there costs more
        telling = band.right - band.left < _SHORT_LINE * widest or band.high > _LARGE * em
        line = line_picture(grey, band, em)
        read = reader.read(line, squeeze=QUICK)
        if telling and read.sure < _SURE:
            read = reader.read(line, squeeze=CAREFUL)
        text = read.text.strip()
        height = band.top / grey.shape[0]
        if not text or (not _MARGIN < height < 1 - _MARGIN and is_page_number(text)):
            continue
        place = sheet.place(band.left, band.top, band.right, band.bottom)
        placed.append((float(band.top), [Line(text, place)]))
    return placed


def _is_text(band: Band, em: float) -> bool:
    """Whether a band may be a line of text: no speck, no picture several lines high."""
    return band.high <= 3 * max(em, 20.0) and any(blob.area >= 20 for blob in band.blobs)
