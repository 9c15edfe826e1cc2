"""The second, independent reading of PDF cells: pdfplumber's parser and pdfplumber's table finder."""

from __future__ import annotations

import io
from collections.abc import Container, Iterable
from typing import Any

import pdfplumber

from services.ingest.recognise.pages import Glyph, join, lines_of
from services.ingest.recognise.primitives import Box, Place

_NEAR = 3.0
_SLANT = 0.02


def read_again(data: bytes, places: Iterable[Place], *, turned: Container[int] = ()) -> dict[Place, str | None]:
    """Place → the text that pdfplumber finds there.

    None where it cannot read the page, sees other cell borders, or the page is one of `turned` (printed sideways).
    """
    wanted: dict[int, list[tuple[Place, Box]]] = {}
    answers: dict[Place, str | None] = {}
    for place in places:
        answers[place] = None
        if place.page is not None and place.bbox is not None and place.page not in turned:
            wanted.setdefault(place.page, []).append((place, place.bbox))
    try:
        with pdfplumber.open(io.BytesIO(data), pages=sorted(wanted)) as document:
            for page in document.pages:
                answers.update(_answers(page, wanted.get(page.page_number, [])))
                page.close()
    except MemoryError:
        raise  # the sandbox's limit, not the file's syntax
    except Exception:  # noqa: BLE001 - a hostile file may break this parser in any way; no answer means doubt
        return answers
    return answers


def _answers(page: Any, questions: list[tuple[Place, Box]]) -> dict[Place, str | None]:
    glyphs: list[Glyph] = [
        (char["text"], char["x0"], char["top"], char["x1"], char["bottom"])
        for char in page.chars
        if not char["text"].isspace() and abs(char["matrix"][1]) <= _SLANT * max(abs(char["matrix"][0]), 1e-9)
    ]
    cells: list[Box] = [cell for table in page.find_tables() for cell in table.cells]
    return {place: _text_in(box, cells, glyphs) for place, box in questions}


def _text_in(box: Box, cells: list[Box], glyphs: list[Glyph]) -> str | None:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    own = [cell for cell in cells if cell[0] <= x < cell[2] and cell[1] <= y < cell[3]]
    if own and not any(all(abs(a - b) <= _NEAR for a, b in zip(cell, box, strict=True)) for cell in own):
        return None
    inside = [
        glyph
        for glyph in glyphs
        if box[0] <= (glyph[1] + glyph[3]) / 2 < box[2] and box[1] <= (glyph[2] + glyph[4]) / 2 < box[3]
    ]
    return "\n".join(join(line) for line in lines_of(inside))
