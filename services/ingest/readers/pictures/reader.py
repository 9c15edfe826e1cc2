"""The picture reader as the PDF reader and the image reader use it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version

import cv2
import numpy as np
from numpy.typing import NDArray

from services.ingest.readers.pictures.cells import CellRead, second_reading
from services.ingest.readers.pictures.page import read_page
from services.ingest.readers.pictures.recogniser import recogniser
from services.ingest.recognise.primitives import Item, Picture, Place, TableRow

_COARSE = 110
"""Pixels per inch below which a figure has hardly any shape."""
_TOO_COARSE = "图片太不清晰"


class Pictures:
    """Reads the pictures of one document, and remembers its cells for a second reading of some."""

    engine = f"picture/1 PP-OCRv6-small rapidocr/{version('rapidocr')}"

    def __init__(self) -> None:
        self._cells: dict[Place, CellRead] = {}

    def __call__(self, picture: Picture, number: int) -> list[Item]:
        """The items of `picture`, which shows page `number` or a part of it."""
        flat = np.frombuffer(picture.pixels, dtype=np.uint8)
        shape = (picture.height, picture.width, 3) if picture.channels == 3 else (picture.height, picture.width)
        return self.read(flat.reshape(shape), picture.dpi, number, left=picture.area[0], top=picture.area[1])

    def read(
        self, pixels: NDArray[np.uint8], dpi: float, number: int, *, left: float = 0.0, top: float = 0.0
    ) -> list[Item]:
        """The items of a picture given as an array; `left` and `top` are its corner on page `number`, in points."""
        if min(pixels.shape[:2]) < 16:
            return []
        page = read_page(pixels, dpi, recogniser(), number=number, left=left, top=top)
        self._cells.update(page.cells)
        if dpi < _COARSE:
            for item in page.items:
                for cell in item.cells if isinstance(item, TableRow) else ():
                    cell.doubt = cell.doubt or _TOO_COARSE
        return page.items

    def read_again(self, places: Iterable[Place]) -> dict[Place, str | None]:
        """A ``SecondOpinion``: what the other way of reading finds in cells read before."""
        return {
            place: second_reading(self._cells[place], recogniser()) if place in self._cells else None
            for place in places
        }


def load() -> None:
    """Load the models and everything that is made on first use, for processes that are forked afterwards."""
    cv2.setNumThreads(1)
    page = np.full((400, 800), 255, np.uint8)
    cv2.rectangle(page, (40, 40), (760, 200), 0, 2)
    cv2.line(page, (400, 40), (400, 200), 0, 2)
    cv2.putText(page, "12", (150, 140), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2)
    cv2.putText(page, "word", (480, 140), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2)
    Pictures().read(page, 200.0, 1)
