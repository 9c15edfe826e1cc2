"""Spoils what the fonts of a finished PDF say their glyphs mean (ToUnicode), leaving what is printed as it is."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final

Change = Callable[[int], int]
"""A code point as the font has it → the code point that the spoilt font gives."""

_POINTER: Final = re.compile(rb"/ToUnicode (\d+) 0 R")
_LENGTH: Final = re.compile(rb"/Length (\d+)(?: 0 R)?")
_BLOCK: Final = re.compile(r"\d+\s+beginbf(char|range)(.*?)endbf\1", re.DOTALL)
_HEX: Final = re.compile(r"<([0-9A-Fa-f]+)>")
_START: Final = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_TRAILER: Final = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref", re.DOTALL)


def without_maps(pdf: bytes) -> bytes:
    """The fonts no longer name their ToUnicode. Raises ValueError when there is none."""
    if b"/ToUnicode" not in pdf:
        raise ValueError("no font has a ToUnicode")
    return pdf.replace(b"/ToUnicode", b"/ToUnicodX")


def with_changed_maps(pdf: bytes, change: Change, *, of: bytes = b"") -> bytes:
    """Every ToUnicode map, or those `of` a font, changed, appended as a new version of the file.

    Raises ValueError when there is none.
    """
    fonts = [part for part in pdf.split(b"endobj") if of in part]
    numbers = sorted({int(number) for part in fonts for number in _POINTER.findall(part)})
    start, trailer = _START.search(pdf), _TRAILER.findall(pdf)
    if not numbers or start is None or not trailer:
        raise ValueError("no font has a ToUnicode, or the file has no plain cross-reference table")
    out = bytearray(pdf.rstrip() + b"\n")
    table = b"xref\n"
    for number in numbers:
        stream = zlib.compress(_changed(_stream(pdf, number).decode("latin-1"), change).encode("latin-1"))
        table += b"%d 1\n%010d 00000 n \n" % (number, len(out))
        out += b"%d 0 obj\n<</Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream\nendobj\n" % (
            number,
            len(stream),
            stream,
        )
    place = len(out)
    rest = re.sub(rb"/Prev \d+", b"", trailer[-1])
    out += table + b"trailer\n<<%s/Prev %s>>\nstartxref\n%d\n%%%%EOF\n" % (rest, start[1], place)
    return bytes(out)


def _stream(pdf: bytes, number: int) -> bytes:
    """The decoded stream of an object, compressed by Flate or not at all."""
    begin = re.search(rb"(?:^|[\r\n ])%d 0 obj\b" % number, pdf)
    if begin is None:
        raise ValueError(f"object {number} is not there")
    opening = pdf.index(b"stream", begin.end())
    head = pdf[begin.end() : opening]
    data_at = opening + 6 + (2 if pdf[opening + 6 : opening + 8] == b"\r\n" else 1)
    data = pdf[data_at : pdf.index(b"endstream", data_at)]
    return zlib.decompressobj().decompress(data) if b"FlateDecode" in head else data


def _changed(cmap: str, change: Change) -> str:
    """The map with every target changed; ranges are written out, since their targets no longer run on."""

    def block(match: re.Match[str]) -> str:
        pairs = _pairs(match[1], match[2])
        lines = [f"<{code:0{width}X}> <{_utf16(change(target))}>" for code, width, target in pairs]
        parts = [lines[at : at + 100] for at in range(0, len(lines), 100)]
        return "\n".join(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar" for part in parts)

    return _BLOCK.sub(block, cmap)


def _pairs(kind: str, body: str) -> list[tuple[int, int, int]]:
    """(code, hex digits of the code, target) of every entry; targets of several characters are left out."""
    found: list[tuple[int, int, int]] = []
    for line in body.strip().splitlines():
        values = _HEX.findall(line)
        if kind == "char" and len(values) == 2 and len(values[1]) <= 4:
            found.append((int(values[0], 16), len(values[0]), int(values[1], 16)))
        elif kind == "range" and len(values) >= 3:
            low, high = int(values[0], 16), int(values[1], 16)
            listed = "[" in line
            for index in range(high - low + 1):
                target = int(values[2 + index], 16) if listed else int(values[2], 16) + index
                found.append((low + index, len(values[0]), target))
    return found


def _utf16(code: int) -> str:
    return chr(code).encode("utf-16-be").hex().upper()


def permuted_digits(rng: random.Random) -> Change:
    """Only the digits, exchanged among one another; at least two of them."""
    digits = list("0123456789")
    chosen = rng.sample(digits, rng.choice((2, 3, 10)))
    turned = dict(zip(chosen, chosen[1:] + chosen[:1], strict=True))
    return _by(turned)


def _by(turned: Mapping[str, str]) -> Change:
    return lambda code: ord(turned.get(chr(code), chr(code)))


def shifted(by: int) -> Change:
    """Every code point moved on: Han to other Han, digits to other signs."""
    return lambda code: code + by if code + by < 0xD800 else code


def garbled(rng: random.Random) -> Change:
    """Han to Han at random, digits to Han too."""
    drawn: dict[int, int] = {}
    return lambda code: drawn.setdefault(code, rng.randrange(0x4E00, 0x9FA5)) if code > 32 else code


def accented(code: int) -> int:
    """Han to Latin letters with accents, digits as they are: what careless re-distilling makes."""
    return 0xC0 + code % 0x17F if code > 0x2E80 else code
