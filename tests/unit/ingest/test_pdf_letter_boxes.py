"""Fonts that say nothing sound about the height of their lines: marks must not fall out of the line they stand on."""

from __future__ import annotations

import struct

import pytest

from services.ingest.readers import letter_boxes
from services.ingest.readers.pdfium import open_pdf, read_page
from services.ingest.recognise.pages import Glyph, join, lines_of

HAN, MARK = (50, -90, 950, 850), (100, -150, 300, 100)
"""Outlines (left, bottom, right, top) on an em of 1000: a character, and a comma at its foot."""
TEXT = "一、本年新收，"


def outline(left: int, bottom: int, right: int, top: int) -> bytes:
    """A glyph of a TrueType font (ISO/IEC 14496-22) that is one box."""
    glyph = struct.pack(">5h", 1, left, bottom, right, top) + struct.pack(">HH", 3, 0) + b"\1\1\1\1"
    wide, high = right - left, top - bottom
    glyph += struct.pack(">8h", left, wide, 0, -wide, bottom, 0, high, 0)
    return glyph + b"\0" * (-len(glyph) % 4)


def font() -> bytes:
    """Glyph 1 is a character, glyph 2 a mark."""
    glyphs = [outline(*HAN), outline(*HAN), outline(*MARK)]
    ends = [0, *(sum(len(glyph) for glyph in glyphs[: number + 1]) for number in range(3))]
    tables = {
        b"glyf": b"".join(glyphs),
        b"head": struct.pack(">LLLLHHQQ", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, 1000, 0, 0)
        + struct.pack(">4hHHhhh", 50, -150, 950, 850, 0, 8, 2, 1, 0),
        b"hhea": struct.pack(">LhhhH", 0x10000, 148, -9, 0, 1000) + struct.pack(">11hH", *[0] * 11, 3),
        b"hmtx": struct.pack(">HhHhHh", 1000, 50, 1000, 50, 1000, 100),
        b"loca": struct.pack(">4L", *ends),
        b"maxp": struct.pack(">L14H", 0x10000, 3, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    head, body = struct.pack(">LHHHH", 0x10000, len(tables), 64, 2, 32), b""
    for tag, data in tables.items():
        padded = data + b"\0" * (-len(data) % 4)
        head += tag + struct.pack(">LLL", 0, 12 + 16 * len(tables) + len(body), len(data))
        body += padded
    return head + body


def stream(data: bytes) -> bytes:
    return b"<</Length %d/Length1 %d>>stream\n%s\nendstream" % (len(data), len(data), data)


def document() -> bytes:
    """One line of text in a font whose ascent and descent are nonsense, as LibreOffice writes them for some fonts."""
    codes = {char: 2 if char in "、，" else 1 for char in TEXT}
    names = b"".join(b"<%04x> <%04x> " % (16 * n + codes[char], ord(char)) for n, char in enumerate(TEXT))
    gids = b"".join(struct.pack(">H", code % 16) for code in range(16 * len(TEXT)))
    shown = b"".join(b"%04x" % (16 * n + codes[char]) for n, char in enumerate(TEXT))
    cmap = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /T def 1 begincodespacerange "
        b"<0000> <FFFF> endcodespacerange %d beginbfchar %sendbfchar endcmap end end" % (len(TEXT), names)
    )
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<</Font<</F 4 0 R>>>>/Contents 5 0 R>>",
        b"<</Type/Font/Subtype/Type0/BaseFont/Odd/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
        stream(b"BT /F 10 Tf 50 100 Td <%s> Tj ET" % shown),
        (
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Odd/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            b"/FontDescriptor 8 0 R/DW 1000/CIDToGIDMap 10 0 R>>"
        ),
        stream(cmap),
        (
            b"<</Type/FontDescriptor/FontName/Odd/Flags 4/FontBBox[0 -150 950 850]/ItalicAngle 0/Ascent 148/Descent -9"
            b"/CapHeight 148/StemV 80/FontFile2 9 0 R>>"
        ),
        stream(font()),
        stream(gids),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer


def glyphs() -> list[Glyph]:
    with open_pdf(document()) as opened:
        return read_page(opened, 0).ink.glyphs


def test_marks_stay_on_the_line_of_their_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    even = glyphs()
    assert [join(line) for line in lines_of(even)] == [TEXT]
    assert {round(bottom - top, 2) for _, _, top, _, bottom in even} == {10.0}

    monkeypatch.setattr(letter_boxes, "_LOW", 0.0)
    assert [join(line) for line in lines_of(glyphs())] != [TEXT]  # what pdfium alone says
