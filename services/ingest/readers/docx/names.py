"""Element and attribute names of WordprocessingML and what surrounds it, as ElementTree spells them."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element

from services.ingest.readers.markup import as_utf8, parse

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_M: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

# the strict variant of the format (ISO/IEC 29500-4 against -1) differs in names only, as far as text and tables go
_STRICT: Final = b"http://purl.oclc.org/ooxml/"
_TRANSITIONAL: Final = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", _W[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/drawingml/main", _A[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/math", _M[1:-1].encode()),
)


def parse_part(data: bytes) -> Element:
    """The root of a part, with the names of the transitional variant. Raises as ``markup.parse`` does."""
    data = as_utf8(data)
    if _STRICT in data:
        for strict, transitional in _TRANSITIONAL:
            data = data.replace(strict, transitional)
    return parse(data)


def w(name: str) -> str:
    """The full name of a WordprocessingML element or attribute."""
    return _W + name


VAL: Final = w("val")
TYPE: Final = w("type")
WIDTH: Final = w("w")
ID: Final = w("id")

DOCUMENT, BODY = w("document"), w("body")
PARAGRAPH, PARAGRAPH_PROPERTIES, RUN, RUN_PROPERTIES, TEXT = w("p"), w("pPr"), w("r"), w("rPr"), w("t")
TABLE, TABLE_PROPERTIES, GRID, GRID_COLUMN = w("tbl"), w("tblPr"), w("tblGrid"), w("gridCol")
ROW, ROW_PROPERTIES, CELL, CELL_PROPERTIES = w("tr"), w("trPr"), w("tc"), w("tcPr")
CONTROL, CONTROL_PROPERTIES, CONTROL_CONTENT = w("sdt"), w("sdtPr"), w("sdtContent")
DELETED, MOVED_AWAY, INSERTED, MOVED_HERE = w("del"), w("moveFrom"), w("ins"), w("moveTo")
TEXT_BOX = w("txbxContent")
NUMBERING = w("numPr")
IMPORTED: Final = w("altChunk")

ALTERNATIVES, CHOICE, FALLBACK = _MC + "AlternateContent", _MC + "Choice", _MC + "Fallback"
FORMULA, FORMULA_RUN, FORMULA_TEXT = _M + "oMath", _M + "r", _M + "t"
FORMULA_PARAGRAPH: Final = _M + "oMathPara"
PICTURES: Final = frozenset(
    {
        _A + "blip",
        "{urn:schemas-microsoft-com:vml}imagedata",
        "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart",
        "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds",
    }
)
"""What puts a picture on the page: photographs and scans, charts, diagrams, the picture of an embedded object."""
INLINE: Final = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}inline"

_KNOWN: Final = frozenset(
    {"wps", "wpg", "wpc", "wp14", "wp15", "w14", "w15", "w16", "w16se", "a14", "v", "o", "m", "w10"}
)


def value(parent: Element | None, name: str) -> str | None:
    """The ``w:val`` of a child element, None when there is no such child; empty when it says nothing."""
    child = parent.find(name) if parent is not None else None
    return None if child is None else child.get(VAL, "")


def is_on(element: Element | None) -> bool:
    """Whether an on/off element is there and not switched off."""
    return element is not None and element.get(VAL, "1") not in ("0", "false", "off")


def number(text: str | None, default: int = 0) -> int:
    """A whole number, `default` for anything else; never outside ±10^9."""
    try:
        return max(-(10**9), min(10**9, int(text or "", 10))) if text and len(text) < 20 else default
    except ValueError:
        return default


def chosen(alternatives: Element) -> Element | None:
    """The one branch of ``mc:AlternateContent`` that a word processor of today shows.

    Namespaces are told by their customary prefix: every writer uses these, and the parser keeps no others.
    """
    for branch in alternatives:
        if branch.tag == CHOICE and _KNOWN.issuperset(branch.get("Requires", "").split()):
            return branch
    return alternatives.find(FALLBACK)
