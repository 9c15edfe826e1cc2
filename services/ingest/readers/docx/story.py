"""From the markup of a document's body to paragraphs and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from services.core.errors import RejectedError
from services.ingest.readers.docx.content import Block, Cell, Paragraph, Row, Table
from services.ingest.readers.docx.names import (
    ALTERNATIVES,
    CELL,
    CELL_PROPERTIES,
    CONTROL,
    CONTROL_CONTENT,
    CONTROL_PROPERTIES,
    DELETED,
    GRID,
    GRID_COLUMN,
    INSERTED,
    MOVED_HERE,
    PARAGRAPH,
    PARAGRAPH_PROPERTIES,
    ROW,
    ROW_PROPERTIES,
    TABLE,
    TABLE_PROPERTIES,
    TYPE,
    VAL,
    WIDTH,
    chosen,
    is_on,
    number,
    value,
    w,
)
from services.ingest.readers.docx.paragraphs import Scribe
from services.ingest.readers.docx.parts import Opened
from services.ingest.readers.docx.styles import NO_LIST, PLAIN, list_place_in, mark_runs_on

_DEEPEST: Final = 30
_MOST_PARAGRAPHS: Final = 30_000
_MOST_CELLS: Final = 20_000
_LONGEST_JOINED: Final = 20_000
"""Characters from which a paragraph no longer goes on in the next; each joining copies what there is so far."""
_WIDEST: Final = 400
"""Grid columns; the widest table of the form has fifteen."""
_POINT: Final = 20.0
"""Twentieths of a point in a point."""
_UNITS: Final = {"pt": 1.0, "in": 72.0, "cm": 28.35, "mm": 2.835, "pc": 12.0, "pi": 12.0}

_WRAPPERS: Final = frozenset({INSERTED, MOVED_HERE, w("customXml"), w("smartTag")})
_STYLE, _SPAN, _BEFORE, _AFTER = w("pStyle"), w("gridSpan"), w("gridBefore"), w("gridAfter")
_BEFORE_WIDTH, _CELL_WIDTH = w("wBefore"), w("tcW")
_ROW_MERGE, _COLUMN_MERGE, _TRACKED_MERGE = w("vMerge"), w("hMerge"), w("cellMerge")
_CELL_DELETED, _HIDDEN, _MIRRORED = w("cellDel"), w("hidden"), w("bidiVisual")
_GALLERY: Final = f"{w('docPartObj')}/{w('docPartGallery')}"
_CONTENTS: Final = "Table of Contents"


class Story:
    """Reads the body of one document. Lists count on from paragraph to paragraph, so read it once, in order."""

    def __init__(self, opened: Opened) -> None:
        self._styles = opened.styles
        self._run_styles = opened.styles if opened.run_looks else None
        self._numbering = opened.numbering
        self._paragraphs = 0
        self._cells = 0
        self.pictures = 0

    def blocks(self, container: Element, depth: int = 0, *, boxed: bool = False) -> list[Block]:
        """The paragraphs and tables in `container`; text boxes follow the paragraph that they are anchored in.

        Raises RejectedError: too_complex.
        """
        if depth > _DEEPEST:
            raise RejectedError("too_complex", "表格或文本框嵌套过深")
        found: list[Block] = []
        for element in _inside(container, (PARAGRAPH, TABLE)):
            if element.tag == TABLE:
                found.append(self._table(element, depth))
                continue
            paragraph, boxes = self._paragraph(element)
            paragraph.boxed = boxed
            before = found[-1] if found else None
            if isinstance(before, Paragraph) and before.runs_on and len(before.text) < _LONGEST_JOINED:
                found[-1] = _joined(before, paragraph)
            else:
                found.append(paragraph)
            for box in boxes:
                found += self.blocks(box, depth + 1, boxed=True)
        return found

    def _paragraph(self, element: Element) -> tuple[Paragraph, list[Element]]:
        self._paragraphs += 1
        if self._paragraphs > _MOST_PARAGRAPHS:
            raise RejectedError("too_complex", "段落过多")
        properties = element.find(PARAGRAPH_PROPERTIES)
        if properties is None and self._styles.silent:
            scribe = Scribe(self._run_styles, PLAIN)
            scribe.take(element)
            return self._taken(scribe), scribe.boxes
        style = value(properties, _STYLE)
        scribe = Scribe(self._run_styles, self._styles.paragraph(style))
        if not self._styles.in_contents(style):
            scribe.take(element)
        paragraph = self._taken(scribe)
        own = NO_LIST
        if properties is not None:
            paragraph.runs_on = mark_runs_on(properties)
            own = list_place_in(properties)
        place = own.over(self._styles.list_place(style))
        if place.list_id and not paragraph.runs_on:
            paragraph.label = self._numbering.label(place, style)
        return paragraph, scribe.boxes

    def _taken(self, scribe: Scribe) -> Paragraph:
        self.pictures += scribe.picture
        return Paragraph(scribe.text, doubt=scribe.doubt, picture=scribe.picture, inline_picture=scribe.inline_picture)

    def _table(self, element: Element, depth: int) -> Table:
        properties = element.find(TABLE_PROPERTIES)
        table = Table(
            widths=[_points(column.get(WIDTH)) or 0.0 for column in element.iterfind(f"{GRID}/{GRID_COLUMN}")][
                :_WIDEST
            ],
            mirrored=properties is not None and is_on(properties.find(_MIRRORED)),
        )
        for row in _inside(element, (ROW,)):
            about = row.find(ROW_PROPERTIES)
            if about is not None and (about.find(DELETED) is not None or is_on(about.find(_HIDDEN))):
                continue
            table.rows.append(self._row(row, about, depth))
        return table

    def _row(self, element: Element, about: Element | None, depth: int) -> Row:
        at = min(max(number(value(about, _BEFORE)), 0), _WIDEST)
        row = Row([], indent=_width(about, _BEFORE_WIDTH) if at else 0.0)
        for cell in _inside(element, (CELL,)):
            self._cells += 1
            if self._cells > _MOST_CELLS:
                raise RejectedError("too_complex", "表格单元格过多")
            properties = cell.find(CELL_PROPERTIES)
            if properties is not None and properties.find(_CELL_DELETED) is not None:
                continue
            span = max(number(value(properties, _SPAN), 1), 1)
            if at + span > _WIDEST:
                raise RejectedError("too_complex", "表格列数过多")
            width = _width(properties, _CELL_WIDTH)
            merged = value(properties, _COLUMN_MERGE)
            if merged is not None and merged != "restart" and row.cells:
                row.cells[-1].span += span
                row.cells[-1].width = _sum(row.cells[-1].width, width)
            else:
                blocks = self.blocks(cell, depth + 1)
                row.cells.append(Cell(at, span, blocks, _goes_on(properties), width))
            at += span
        row.end = min(at + max(number(value(about, _AFTER)), 0), _WIDEST)
        return row


def _inside(container: Element, wanted: tuple[str, ...], depth: int = 0) -> Iterator[Element]:
    """The `wanted` elements in `container`, through everything that only wraps them."""
    if depth > _DEEPEST:
        raise RejectedError("too_complex", "内容嵌套过深")
    for child in container:
        tag = child.tag
        if tag in wanted:
            yield child
        elif tag == CONTROL:
            about = child.find(CONTROL_PROPERTIES)
            gallery = None if about is None else about.find(_GALLERY)
            if gallery is None or gallery.get(VAL) != _CONTENTS:
                for content in child.iterfind(CONTROL_CONTENT):
                    yield from _inside(content, wanted, depth + 1)
        elif tag in _WRAPPERS:
            yield from _inside(child, wanted, depth + 1)
        elif tag == ALTERNATIVES and (branch := chosen(child)) is not None:
            yield from _inside(branch, wanted, depth + 1)


def _joined(first: Paragraph, second: Paragraph) -> Paragraph:
    """Two paragraphs as the one that shows: the properties of the second, whose mark is the one that counts."""
    return Paragraph(
        first.text + second.text,
        second.label,
        first.doubt or second.doubt,
        picture=first.picture or second.picture,
        inline_picture=first.inline_picture or second.inline_picture,
        boxed=second.boxed,
        runs_on=second.runs_on,
    )


def _goes_on(properties: Element | None) -> bool:
    """Whether the cell belongs to the one above: as merged now, or by a tracked merge that shows as done."""
    merged = value(properties, _ROW_MERGE)
    if merged is not None:
        return merged != "restart"
    tracked = None if properties is None else properties.find(_TRACKED_MERGE)
    return tracked is not None and tracked.get(_ROW_MERGE) == "cont"


def _width(properties: Element | None, name: str) -> float | None:
    """A stated width in points; None when none is stated or it is relative."""
    element = None if properties is None else properties.find(name)
    if element is None or element.get(TYPE, "dxa") != "dxa":
        return None
    return _points(element.get(WIDTH))


def _points(text: str | None) -> float | None:
    """Twentieths of a point, or a number with its unit, in points; None for anything else and for nothing."""
    if not text or len(text) > 20:
        return None
    unit = _UNITS.get(text[-2:])
    try:
        points = float(text[:-2]) * unit if unit else float(text) / _POINT
    except ValueError:
        return None
    return points if 0 < points < 100_000 else None


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
