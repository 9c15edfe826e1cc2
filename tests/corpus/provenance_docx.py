"""Where things stand in a Word document, found by walking its markup anew.

``line`` counts the paragraphs that show text and the rows of tables, ``column`` the cells of a row.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BLOCKS: Final = frozenset({f"{_W}p", f"{_W}tbl"})
_GONE: Final = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_W}txbxContent", _FALLBACK})


def lines_of(data: bytes) -> list[list[str]]:
    """Every paragraph (one text) and row (a text for each cell) that shows, in reading order."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = ET.fromstring(archive.read("word/document.xml"))
    body = root.find(f"{_W}body")
    return list(_lines(body)) if body is not None else []


def _lines(container: ET.Element) -> Iterator[list[str]]:
    for block in _blocks(container):
        if block.tag == f"{_W}tbl":
            yield from _rows(block)
            continue
        text = _text(block)
        if text.strip() or block.find(f"{_W}pPr/{_W}numPr") is not None:
            yield [text]
        for box in _boxes(block):
            yield from _lines(box)


def _rows(table: ET.Element) -> Iterator[list[str]]:
    rows = [row for row in table.iter(f"{_W}tr") if row in list(table) and row.find(f"{_W}trPr/{_W}del") is None]
    cells = [row.findall(f"{_W}tc") for row in rows]
    if all(len(row) <= 1 for row in cells):
        # it only frames what stands in it
        for row in cells:
            for cell in row:
                yield from _lines(cell)
        return
    for row in cells:
        yield ["".join(_text(block) for block in _blocks(cell)) for cell in row]


def _blocks(container: ET.Element) -> Iterator[ET.Element]:
    for child in container:
        if child.tag in _BLOCKS:
            yield child
        elif child.tag not in _GONE:
            yield from _blocks(child)


def _boxes(element: ET.Element) -> Iterator[ET.Element]:
    for child in element:
        if child.tag == f"{_W}txbxContent":
            yield child
        elif child.tag != _FALLBACK:
            yield from _boxes(child)


def _text(element: ET.Element) -> str:
    if element.tag in _GONE or (element.tag == f"{_W}r" and element.find(f"{_W}rPr/{_W}vanish") is not None):
        return ""
    if element.tag == f"{_W}t":
        return element.text or ""
    return "".join(_text(child) for child in element)
