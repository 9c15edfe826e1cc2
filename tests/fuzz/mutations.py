"""Ways to damage a document: of its bytes, and of what its container holds.

``keeps``: what is still printed afterwards is printed as before, so that a figure read from it is the true one or is
marked. The other ways may change what the document says.
"""

from __future__ import annotations

import io
import random
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Way = Callable[[bytes, random.Random], bytes]

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_NUMBER = re.compile(rb"\d+")
_TAG = re.compile(rb"<[^<>]{1,200}>")
_MOST_PLAIN: Final = 4_000_000
_ABSURD: Final = (b"0", b"-1", b"1", b"65536", b"2147483648", b"99999999999999999999", b"1e308", b"NaN", b"")
_NASTY: Final = (
    "\x00",
    "\ufeff",
    "\ud800\udc00",
    "\u202e",
    "\u3000",
    "\uff11",
    "\u0661",
    "²",
    "①",
    "½",
    "﹣",
    "\r",
    "\x0b",
    "\x1c",
    "<!--",
    "]]>",
    "&#0;",
    "&#xFFFFFFFF;",
    "&a;",
    '"',
    "|",
    "\t",
    ",",
)


NO_ARCHIVE: Final = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError)
"""What opening and unpacking a broken archive raises (RuntimeError: encrypted, or a method that is not known)."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way with its name."""

    name: str
    way: Way
    keeps: bool = False


def _flip(data: bytes, rng: random.Random) -> bytes:
    broken = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
    return bytes(broken)


def _overwrite(data: bytes, rng: random.Random) -> bytes:
    at, length = rng.randrange(len(data)), rng.choice((1, 2, 4, 16, 256))
    return data[:at] + rng.randbytes(length) + data[at + length :]


def _cut_end(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(1, len(data))]


def _zeroes(data: bytes, rng: random.Random) -> bytes:
    at, length = rng.randrange(len(data)), rng.choice((1, 16, 512, 4096))
    return data[:at] + bytes(min(length, len(data) - at)) + data[at + length :]


_FONT_PROGRAM = re.compile(rb"/Length1\b.*?endstream", re.DOTALL)
"""An embedded TrueType program, by the entry that only these streams have (ISO 32000-1, table 127)."""


def _zeroes_beside_fonts(data: bytes, rng: random.Random) -> bytes:
    """Zeroes that touch no font program: without the shape of its nought a page shows blanks, and is read as it shows."""
    programs = [found.span() for found in _FONT_PROGRAM.finditer(data)]
    for _ in range(20):
        damaged = _zeroes(data, rng)
        changed = [at for at, (one, other) in enumerate(zip(data, damaged, strict=False)) if one != other]
        if changed and not any(start <= changed[-1] and changed[0] < end for start, end in programs):
            return damaged
    return data


def _drop(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice((1, 7, 100, 4096)) :]


def _double(data: bytes, rng: random.Random) -> bytes:
    at, length = rng.randrange(len(data)), rng.choice((1, 30, 1000, 20_000))
    return data[: at + length] + data[at:]


def _move(data: bytes, rng: random.Random) -> bytes:
    one, two, three = sorted(rng.randrange(len(data)) for _ in range(3))
    return data[:one] + data[two:three] + data[one:two] + data[three:]


def _absurd_number(data: bytes, rng: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    for match in sorted(rng.sample(found, min(len(found), rng.choice((1, 1, 3)))), key=lambda m: -m.start()):
        data = data[: match.start()] + rng.choice(_ABSURD) + data[match.end() :]
    return data


def _nasty_text(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 3, 20))):
        at = rng.randrange(len(data) + 1)
        data = data[:at] + rng.choice(_NASTY).encode("utf-8", "surrogatepass") + data[at:]
    return data


def _tags(data: bytes, rng: random.Random) -> bytes:
    """A tag dropped, doubled, repeated very often, or moved elsewhere."""
    found = list(_TAG.finditer(data))
    if not found:
        return _double(data, rng)
    match, other = rng.choice(found), rng.choice(found)
    piece = rng.choice((b"", match[0] * 2, other[0], match[0] * 3000))
    return data[: match.start()] + piece + data[match.end() :]


BYTES: Final = (
    Mutation("bytes flipped", _flip),
    Mutation("bytes overwritten", _overwrite),
    Mutation("end cut off", _cut_end),
    Mutation("a stretch of zeroes", _zeroes),
    Mutation("a stretch dropped", _drop),
    Mutation("a stretch doubled", _double),
    Mutation("stretches exchanged", _move),
)
"""For any document."""

_WRITTEN: Final = (*BYTES, Mutation("absurd number", _absurd_number), Mutation("nasty characters", _nasty_text))
_MARKED: Final = (*_WRITTEN, Mutation("tags", _tags))


def _in_stream(mutation: Mutation) -> Mutation:
    """The mutation within one compressed stream of a PDF, packed again as it was."""

    def way(data: bytes, rng: random.Random) -> bytes:
        streams = [match for match in _STREAM.finditer(data) if match[1]]
        rng.shuffle(streams)
        for match in streams:
            plain = _unpacked(match[1])
            if plain:
                packed = zlib.compress(mutation.way(plain, rng) or b" ")
                return data[: match.start(1)] + packed + data[match.end(1) :]
        return mutation.way(data, rng)

    return Mutation(f"in a stream: {mutation.name}", way)


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _MOST_PLAIN)
    except zlib.error:
        return b""


def _in_member(mutation: Mutation) -> Mutation:
    """The mutation within one file of an archive, which is packed again with sound check sums."""

    def way(data: bytes, rng: random.Random) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        filled = [name for name, content in members.items() if content]
        chosen = rng.choice(filled)
        members[chosen] = mutation.way(members[chosen], rng)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return out.getvalue()

    return Mutation(f"in a file of the archive: {mutation.name}", way)


def _kept(mutation: Mutation) -> Mutation:
    return Mutation(mutation.name, mutation.way, keeps=True)


def mutations_for(suffix: str) -> tuple[Mutation, ...]:
    """The ways to damage a document with this suffix.

    Archives carry check sums and pictures are not read, so damage to their bytes leaves no other figure to be read; a
    PDF from which something is cut or zeroed prints less, not otherwise, unless it is the shapes of its letters.
    """
    if suffix in ("docx", "ofd"):
        return (*map(_kept, BYTES), *map(_in_member, _MARKED))
    if suffix == "pdf":
        own = (_kept(one) if one.name == "end cut off" else one for one in BYTES)
        zeroes = Mutation("a stretch of zeroes beside the fonts", _zeroes_beside_fonts, keeps=True)
        return (*own, zeroes, Mutation("absurd number", _absurd_number), *map(_in_stream, _WRITTEN))
    if suffix in ("html", "mhtml"):
        return _MARKED
    return _WRITTEN
