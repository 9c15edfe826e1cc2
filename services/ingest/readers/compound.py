"""OLE compound files, as far as telling what is inside: names of streams and the first bytes of one of them.

Source: [MS-CFB]. Chains of sectors are followed for a bounded number of steps.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER: Final = 512
_HEADER_ENTRIES: Final = 109
_ENTRY: Final = 128
_MOST_DIRECTORY_SECTORS: Final = 512
_FREE: Final = 0xFFFFFFFA
"""Sector numbers from here on are marks: end of chain, free, part of the table itself."""
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_SMALLEST_IN_SECTORS: Final = 4096
"""Streams below this size lie together in one stream of their own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A directory entry: a storage or a stream, by its name."""

    name: str
    kind: int
    class_id: bytes
    start: int
    size: int


class CompoundFile:
    """The directory of a compound file. Raises ValueError when `data` is none, or not all there."""

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEADER or not data.startswith(MAGIC):
            raise ValueError("no compound file")
        shift = struct.unpack_from("<H", data, 30)[0]
        if shift not in (9, 12):
            raise ValueError("sectors of an unknown size")
        self._data = data
        self._sector = 1 << shift
        self._table = struct.unpack_from(f"<{_HEADER_ENTRIES}I", data, 76)
        self._further = struct.unpack_from("<I", data, 68)[0]
        self.entries = self._directory(struct.unpack_from("<I", data, 48)[0])

    @property
    def names(self) -> frozenset[str]:
        """Names of all storages and streams, lower case, at whatever depth."""
        return frozenset(entry.name.lower() for entry in self.entries)

    @property
    def class_id(self) -> bytes:
        """The class identifier of the whole file, 16 bytes in stored order."""
        return next((entry.class_id for entry in self.entries if entry.kind == _ROOT), bytes(16))

    def beginning(self, name: str) -> bytes:
        """The first sector of a stream; empty when there is no such stream or it is a very small one."""
        for entry in self.entries:
            if entry.kind == _STREAM and entry.name.lower() == name.lower() and entry.size >= _SMALLEST_IN_SECTORS:
                return self._read(entry.start)
        return b""

    def _read(self, sector: int) -> bytes:
        # the header takes the place of the first sector
        at = (sector + 1) * self._sector
        content = self._data[at : at + self._sector]
        if sector >= _FREE or len(content) < self._sector:
            raise ValueError("a sector lies outside the file")
        return content

    def _next(self, sector: int) -> int:
        """The sector after `sector` in its chain."""
        width = self._sector // 4
        part, place = divmod(sector, width)
        if part < _HEADER_ENTRIES:
            table = self._table[part]
        else:
            # the table of tables goes on in a chain of sectors, each ending with the number of the next
            hops, place_of_table = divmod(part - _HEADER_ENTRIES, width - 1)
            further = self._further
            for _ in range(hops):
                further = struct.unpack_from("<I", self._read(further), self._sector - 4)[0]
            table = struct.unpack_from("<I", self._read(further), 4 * place_of_table)[0]
        return int(struct.unpack_from("<I", self._read(table), 4 * place)[0])

    def _directory(self, sector: int) -> list[Entry]:
        entries: list[Entry] = []
        for _ in range(_MOST_DIRECTORY_SECTORS):
            content = self._read(sector)
            found = (_entry(content[at : at + _ENTRY]) for at in range(0, self._sector, _ENTRY))
            entries += [entry for entry in found if entry is not None]
            sector = self._next(sector)
            if sector >= _FREE:
                return entries
        raise ValueError("a directory without end")


def _entry(raw: bytes) -> Entry | None:
    length, kind = struct.unpack_from("<HB", raw, 64)
    if kind not in (_STORAGE, _STREAM, _ROOT) or not 2 <= length <= 64:
        return None
    name = raw[: length - 2].decode("utf-16-le", errors="replace")
    start, size = struct.unpack_from("<II", raw, 116)
    return Entry(name, kind, raw[80:96], start, size)
