"""Scans and photos as picture files: PNG, JPEG, TIFF (also of many pages), BMP, GIF."""

from __future__ import annotations

from services.core.errors import RejectedError
from services.core.report import Format
from services.ingest.readers.pictures.images import sheets
from services.ingest.readers.pictures.reader import Pictures
from services.ingest.readers.reader import Bounds, Read
from services.ingest.recognise.primitives import Content, Item, TableRow
from services.ingest.recognise.report import is_annual_report, recognise


def read_image(data: bytes, bounds: Bounds) -> Read:
    """The reports of a picture file.

    Raises RejectedError: damaged, too_complex, too_many_pages, no_text, not_annual_report.
    """
    pictures = Pictures()
    items: list[Item] = []
    grids = pages = 0
    for pages, sheet in enumerate(sheets(data, bounds.max_pages), 1):
        read = pictures.read(sheet.pixels, sheet.dpi, pages)
        rows = [item for item in read if isinstance(item, TableRow)]
        for row in rows:
            row.grid += grids
        grids = max((row.grid for row in rows), default=grids)
        items += read
    if not items:
        raise RejectedError("no_text")
    content = Content(Format.IMAGE, items, pages=pages, recognised=True)
    reports = recognise(content, pictures.read_again)
    if not is_annual_report(content, reports):
        raise RejectedError("not_annual_report")
    return Read(Format.IMAGE, Pictures.engine, reports)
