"""The drawn lines of a PDF page, also from within form XObjects, and what else stands on it, through pdfium."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, cycle, repeat
from typing import Any

from pypdfium2 import raw

from services.core.errors import RejectedError
from services.ingest.readers.colours import object_colours, without_red
from services.ingest.readers.pdfium_calls import BATCH, Handle, Scratch, batches, bound
from services.ingest.recognise.stamps import Colour, is_red

_MOST_OBJECTS = 60_000
_DEEPEST_FORM = 8
PageBox = tuple[float, float, float, float]
"""left, bottom, right, top in the page's own space, y upwards."""
_THIN = 3.0
"""A box thinner than this (points) is a drawn line."""
_MOST_LINES = 0.7
"""Where more than the rest of the lines is red, red is the colour of the tables."""
_STRAIGHT = 1.0
"""A piece of a stroked path that leaves the level or the plumb line by less than this is a drawn line."""

Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

_count_objects = bound("FPDFPage_CountObjects")
_object_of = bound("FPDFPage_GetObject", Handle)
_count_in_form = bound("FPDFFormObj_CountObjects")
_object_in_form = bound("FPDFFormObj_GetObject", Handle)
_kind_of = bound("FPDFPageObj_GetType")
_bounds_of = bound("FPDFPageObj_GetBounds")
_matrix_of = bound("FPDFPageObj_GetMatrix")
_font_of = bound("FPDFTextObj_GetFont", ctypes.c_void_p)
_mode_of = bound("FPDFPath_GetDrawMode")
_count_segments = bound("FPDFPath_CountSegments")
_segment_of = bound("FPDFPath_GetPathSegment", Handle)
_point_of = bound("FPDFPathSegment_GetPoint")
_segment_kind_of = bound("FPDFPathSegment_GetType")
_closes = bound("FPDFPathSegment_GetClose")

_TEXT, _PATH, _IMAGE, _FORM = (
    raw.FPDF_PAGEOBJ_TEXT,
    raw.FPDF_PAGEOBJ_PATH,
    raw.FPDF_PAGEOBJ_IMAGE,
    raw.FPDF_PAGEOBJ_FORM,
)
_MOVE, _LINE = raw.FPDF_SEGMENT_MOVETO, raw.FPDF_SEGMENT_LINETO
_RECTANGLE_KINDS = [_MOVE, _LINE, _LINE, _LINE, _LINE]
_RECTANGLE = len(_RECTANGLE_KINDS)
_Path = tuple[Any, int, int, Matrix]
"""Object, number of segments, whether it is stroked, the way to page space."""

_bounds = Scratch(4)
_matrices = Scratch(6)
_points = Scratch(2)
_modes = Scratch(2, ctypes.c_int)


@dataclass(slots=True)
class Drawn:
    """What is drawn on a page beside its letters.

    ``rules``: the boxes of thin things that may be lines. ``frames``: rectangles whose four sides are drawn.
    ``level``: no text is turned, mirrored or slanted.
    ``colours``: those of its text. ``unseen``: there is more, too deep to be looked at.
    ``pictures``: where pictures stand. ``objects``: how many things were looked at. ``fonts``: pdfium's pointers.
    """

    rules: list[PageBox] = field(default_factory=list)
    frames: list[PageBox] = field(default_factory=list)
    level: bool = True
    colours: set[Colour] = field(default_factory=set)
    unseen: bool = False
    pictures: list[PageBox] = field(default_factory=list)
    objects: int = 0
    fonts: set[int | None] = field(default_factory=set)


def read_drawn(page: Any) -> Drawn:
    """What is drawn on `page`, without the lines of seals. Raises RejectedError: too_complex."""
    drawn = Drawn()
    _Walk(drawn).objects(page, _IDENTITY, 0)
    red = [is_red(colour) for colour in drawn.colours]
    if any(red) and not all(red):  # red words beside others: a seal may have red lines too
        plain = Drawn()
        _Walk(plain, red=False).objects(page, _IDENTITY, 0)
        if len(plain.rules) + len(plain.frames) >= _MOST_LINES * (len(drawn.rules) + len(drawn.frames)):
            drawn.rules, drawn.frames = plain.rules, plain.frames
    return drawn


class _Walk:
    def __init__(self, drawn: Drawn, *, red: bool = True) -> None:
        self._drawn = drawn
        self._red = red

    def objects(self, container: Any, matrix: Matrix, depth: int) -> None:
        """Every object of a page (depth 0) or form."""
        count, get = (_count_objects, _object_of) if depth == 0 else (_count_in_form, _object_in_form)
        number = max(count(container), 0)
        self._drawn.objects += number
        if self._drawn.objects > _MOST_OBJECTS:
            raise RejectedError("too_complex", "一页的图形过多")
        handles = list(map(get, repeat(container), map(ctypes.c_ulong, range(number)) if depth else range(number)))
        kinds = list(map(_kind_of, handles))
        self._texts([handle for handle, kind in zip(handles, kinds, strict=True) if kind == _TEXT], matrix)
        self._paths([handle for handle, kind in zip(handles, kinds, strict=True) if kind == _PATH], matrix)
        if _FORM in kinds or _IMAGE in kinds:
            for handle, kind in zip(handles, kinds, strict=True):
                if kind == _FORM:
                    self._form(handle, matrix, depth)
                elif kind == _IMAGE:
                    self._image(handle, matrix)

    def _form(self, handle: Any, matrix: Matrix, depth: int) -> None:
        if depth < _DEEPEST_FORM:
            self.objects(handle, _times(_matrices_of([handle])[0], matrix), depth + 1)
        else:
            self._drawn.unseen = True

    def _texts(self, handles: Sequence[Any], matrix: Matrix) -> None:
        self._drawn.colours |= object_colours(handles)
        self._drawn.fonts.update(map(_font_of, handles))
        if not self._drawn.level:
            return
        for batch in batches(handles):
            found = list(map(_matrix_of, batch, _matrices.whole))
            a, b, c, d, _, _ = _matrices.columns(len(batch))
            if not _is_level(matrix) or any(b) or any(c) or min(a) <= 0 or min(d) <= 0 or not all(found):
                self._drawn.level = False
                return

    def _image(self, handle: Any, matrix: Matrix) -> None:
        self._drawn.pictures += [box for _, box in _boxes_of([handle], matrix)]

    def _paths(self, handles: Sequence[Any], matrix: Matrix) -> None:
        if not self._red:
            handles = without_red(handles)
        rules = self._drawn.rules
        thick: list[Any] = []
        for handle, box in _boxes_of(handles, matrix):
            left, bottom, right, top = box
            if right - left < _THIN or top - bottom < _THIN:
                rules.append(box)
            else:
                thick.append(handle)
        self._thick_paths(thick, matrix)

    def _thick_paths(self, handles: Sequence[Any], matrix: Matrix) -> None:
        for batch in batches(handles):
            deque(map(_mode_of, batch, *_modes.parts), maxlen=0)
            filled, stroked = _modes.columns(len(batch))
            counts = map(_count_segments, batch)
            rectangles: list[_Path] = []
            for handle, fill, stroke, count, own in zip(
                batch, filled, stroked, counts, _matrices_of(batch), strict=True
            ):
                if not (fill or stroke):
                    continue
                space = own if matrix is _IDENTITY else _times(own, matrix)
                if count == _RECTANGLE and not (space[1] or space[2]):
                    rectangles.append((handle, count, stroke, space))
                else:
                    self._figures(handle, count, stroke, space)
            self._rectangles(rectangles)

    def _rectangles(self, paths: Sequence[_Path]) -> None:
        """Paths of five segments that mostly are rectangles, as nearly all thick ones are."""
        for batch in batches(paths, BATCH // _RECTANGLE):
            owners = chain.from_iterable(repeat(path[0], _RECTANGLE) for path in batch)
            segments = list(map(_segment_of, owners, cycle(range(_RECTANGLE))))
            deque(map(_point_of, segments, *_points.parts), maxlen=0)
            xs, ys = _points.columns(len(segments))
            kinds = list(map(_segment_kind_of, segments))
            straight = kinds == _RECTANGLE_KINDS * len(batch)
            corners = (values[corner::_RECTANGLE] for values in (xs, ys) for corner in range(_RECTANGLE))
            for path, x0, x1, x2, x3, x4, y0, y1, y2, y3, y4 in zip(batch, *corners, strict=True):
                level_first = y0 == y1 and x1 == x2 and y2 == y3 and x3 == x0
                # corners that all differ: none of them closes the figure before the last
                if (
                    straight
                    and (level_first or (x0 == x1 and y1 == y2 and x2 == x3 and y3 == y0))
                    and x4 == x0 != x2
                    and y4 == y0 != y2
                ):
                    self._rectangle(path, x0, y0, x2, y2)
                else:
                    self._figures(*path)

    def _rectangle(self, path: _Path, x0: float, y0: float, x2: float, y2: float) -> None:
        _, _, stroke, space = path
        if space is not _IDENTITY:
            (x0, y0), (x2, y2) = _apply(space, x0, y0), _apply(space, x2, y2)
        left, right = (x0, x2) if x0 < x2 else (x2, x0)
        bottom, top = (y0, y2) if y0 < y2 else (y2, y0)
        if stroke:
            self._drawn.frames.append((left, bottom, right, top))
        elif right - left < _THIN or top - bottom < _THIN:
            self._drawn.rules.append((left, bottom, right, top))

    def _figures(self, handle: Any, count: int, stroke: int, space: Matrix) -> None:
        """The pieces of a stroked path that are level or plumb, the thin figures of a filled one."""
        pieces = _pieces(_segments(handle, min(count, _MOST_OBJECTS)), space)
        if stroke:
            self._drawn.rules += (
                (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
                for x0, y0, x1, y1 in pieces
                if abs(x1 - x0) < _STRAIGHT or abs(y1 - y0) < _STRAIGHT
            )
        else:
            self._drawn.rules += (
                part for part in _parts(pieces) if part[2] - part[0] < _THIN or part[3] - part[1] < _THIN
            )


def _is_level(matrix: Matrix) -> bool:
    a, b, c, d, _, _ = matrix
    return not (b or c) and a > 0 and d > 0


def _boxes_of(handles: Sequence[Any], matrix: Matrix) -> Iterator[tuple[Any, PageBox]]:
    """Each object that has bounds, with its box in page space."""
    for batch in batches(handles):
        found = list(map(_bounds_of, batch, *_bounds.parts))
        boxes = zip(*_bounds.columns(len(batch)), strict=True)
        for handle, known, box in zip(batch, found, boxes, strict=True):
            if known:
                yield handle, box if matrix is _IDENTITY else _turned(box, matrix)


def _turned(box: PageBox, matrix: Matrix) -> PageBox:
    corners = [_apply(matrix, x, y) for x in (box[0], box[2]) for y in (box[1], box[3])]
    xs, ys = [corner[0] for corner in corners], [corner[1] for corner in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _matrices_of(handles: Sequence[Any]) -> list[Matrix]:
    matrices: list[Matrix] = []
    for batch in batches(handles):
        found = list(map(_matrix_of, batch, _matrices.whole))
        rows = list(zip(*_matrices.columns(len(batch)), strict=True))
        if rows.count(_IDENTITY) == len(rows):
            rows = [_IDENTITY] * len(rows)  # the very same, which is quick to tell
        matrices += (
            rows if all(found) else [row if known else _IDENTITY for known, row in zip(found, rows, strict=True)]
        )
    return matrices


Segment = tuple[int, int, int, float, float]
"""Whether it is known, kind, whether it closes the figure, end point."""
Piece = tuple[float, float, float, float]


def _segments(path: Any, count: int) -> Iterator[Segment]:
    for batch in batches(map(_segment_of, repeat(path), range(count))):
        found = list(map(_point_of, batch, *_points.parts))
        yield from zip(
            found, map(_segment_kind_of, batch), map(_closes, batch), *_points.columns(len(batch)), strict=True
        )


def _pieces(segments: Iterable[Segment], matrix: Matrix) -> Iterator[Piece]:
    """The straight pieces of a path from point to point, in page space."""
    start = last = (0.0, 0.0)
    for found, kind, closing, x, y in segments:
        if not found:
            continue
        point = _apply(matrix, x, y)
        if kind == _MOVE:
            start = point
        elif kind == _LINE:
            yield last + point
        last = point
        if closing:
            if last != start:
                yield last + start
            last = start


def _parts(pieces: Iterable[Piece]) -> Iterator[PageBox]:
    """The bounding boxes of the connected figures of a filled path."""
    box: list[float] | None = None
    end: tuple[float, float] | None = None
    for x0, y0, x1, y1 in pieces:
        if box is None or end != (x0, y0):
            if box is not None:
                yield (box[0], box[1], box[2], box[3])
            box = [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)]
        else:
            box = [min(box[0], x1), min(box[1], y1), max(box[2], x1), max(box[3], y1)]
        end = (x1, y1)
    if box is not None:
        yield (box[0], box[1], box[2], box[3])


def _times(one: Matrix, two: Matrix) -> Matrix:
    """`one` first, then `two`."""
    a, b, c, d, e, f = one
    g, h, i, j, k, m = two
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
