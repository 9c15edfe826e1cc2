"""The one font that pdfium sees, on every machine, in place of fonts that a PDF names but does not hold.

pdfium widens a character's box by the outline of its glyph, and leaves out a character that stands alone when its
glyph is empty. With the fonts of the machine the same file would therefore read differently on the next machine, and
lose characters on one without Chinese fonts. The stand-in has the same narrow outline for every character, so that a
box is what the document's own widths say. (Looking an installed font up and loading it for each document is also more
work than all the rest of opening a report.)
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any, Final

from pypdfium2 import raw

_EM, _ASCENT, _DESCENT = 1000, 880, -120
_WIDE, _HIGH = 200, 700
"""The outline, a box on the base line: narrower than any digit or point."""
_ADVANCE = 500
"""Counts only where a document gives no widths."""
_FIRST, _LAST = 0x20, 0x10FFFF
_HANDLE: Final = 1
_NAME: Final = b"Stand-in\0"
_BUILT_IN: Final = (b"Courier", b"Helvetica", b"Times-", b"Symbol", b"ZapfDingbats")
"""The fonts that need not be in any PDF: pdfium brings them, with their widths."""


def font_file() -> bytes:
    """A TrueType font (ISO/IEC 14496-22) that shows every character of Unicode as one small box."""
    glyph = struct.pack(">5h", 1, 0, 0, _WIDE, _HIGH) + struct.pack(">HH", 3, 0) + b"\1\1\1\1"
    glyph += struct.pack(">8h", 0, 0, _WIDE, 0, 0, _HIGH, 0, -_HIGH)  # steps from corner to corner, x then y
    glyph += b"\0" * (-len(glyph) % 4)
    tables = {
        # format 13: every code from first to last is glyph 1
        b"cmap": struct.pack(">HHHHL", 0, 1, 3, 10, 12) + struct.pack(">HHLLLLLL", 13, 0, 28, 0, 1, _FIRST, _LAST, 1),
        b"glyf": glyph * 2,
        b"head": struct.pack(">LLLLHHQQ", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, _EM, 0, 0)
        + struct.pack(">4hHHhhh", 0, _DESCENT, _EM, _ASCENT, 0, 8, 2, 1, 0),
        b"hhea": struct.pack(">LhhhH", 0x10000, _ASCENT, _DESCENT, 0, _ADVANCE)
        + struct.pack(">11hH", 0, _ADVANCE - _WIDE, _WIDE, 1, 0, 0, 0, 0, 0, 0, 0, 2),
        b"hmtx": struct.pack(">HhHh", _ADVANCE, 0, _ADVANCE, 0),
        b"loca": struct.pack(">LLL", 0, len(glyph), 2 * len(glyph)),
        b"maxp": struct.pack(">L14H", 0x10000, 2, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    directory, body = struct.pack(">LHHHH", 0x10000, len(tables), 64, 2, 48), b""
    for tag, data in tables.items():
        padded = data + b"\0" * (-len(data) % 4)
        checksum = sum(struct.unpack(f">{len(padded) // 4}L", padded)) & 0xFFFF_FFFF
        directory += tag + struct.pack(">LLL", checksum, 12 + 16 * len(tables) + len(body), len(data))
        body += padded
    return directory + body


_file: Final = font_file()


def _map_font(*asked: Any) -> int | None:
    face = asked[5]
    name = ctypes.string_at(face) if face else b""
    return None if name.startswith(_BUILT_IN) else _HANDLE


def _font_data(_info: Any, _handle: Any, table: int, buffer: Any, size: int) -> int:
    if table:  # pdfium asks for the whole file (0) or for the directory of a collection, which this is not
        return 0
    return _give(_file, buffer, size)


def _face_name(_info: Any, _handle: Any, buffer: Any, size: int) -> int:
    return _give(_NAME, buffer, size)


def _give(data: bytes, buffer: Any, size: int) -> int:
    if buffer and size >= len(data):
        ctypes.memmove(buffer, data, len(data))
    return len(data)


def _system_fonts() -> Any:
    kinds = dict(raw.FPDF_SYSFONTINFO._fields_)
    calls = {
        "MapFont": _map_font,
        "GetFont": lambda *_asked: None,
        "GetFontData": _font_data,
        "GetFaceName": _face_name,
        "GetFontCharset": lambda *_asked: 1,  # the default character set
    }
    # the rest stays NULL: nothing is listed, nothing has to be released
    return raw.FPDF_SYSFONTINFO(version=1, **{name: kinds[name](call) for name, call in calls.items()})


_info: Final = _system_fonts()  # pdfium keeps a pointer to it for as long as the process lives


def use_stand_in_font() -> None:
    """Let pdfium see no font of this machine from now on, in this process."""
    raw.FPDF_SetSystemFontInfo(ctypes.byref(_info))
