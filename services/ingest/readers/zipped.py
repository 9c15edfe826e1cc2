"""Zip containers (DOCX and others) from strangers: nothing is extracted to disk, and every expansion is bounded."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Final

from services.core.errors import RejectedError

_MOST_ENTRIES: Final = 10_000
_ENTRY: Final = b"PK\x01\x02"
_READABLE: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
_HIGHEST_RATIO: Final = 400
"""Deflate reaches 1,032; the most repetitive table written by a word processor stays below 100."""
_SMALL: Final = 2**20
"""Bytes up to which a part may expand at any ratio."""
# what zipfile raises for directories and entries that are not what they say; RuntimeError: newer versions, passwords
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError)


class Archive:
    """The parts of a zip file by name, read one at a time into memory.

    Part names are only ever keys: letter case and the direction of slashes make no difference.
    """

    def __init__(self, data: bytes, *, budget: int = 96 * 2**20) -> None:
        """`budget`: bytes that all parts read may come to. Raises RejectedError: damaged, too_complex."""
        # counted before zipfile makes an object for each
        if data.count(_ENTRY) > _MOST_ENTRIES:
            raise RejectedError("too_complex", "压缩包里的文件过多")
        try:
            self._file = zipfile.ZipFile(io.BytesIO(data))
        except _BROKEN as error:
            raise RejectedError("damaged", "压缩结构不完整") from error
        self._budget = budget
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in self._file.infolist():
            if self._entries.setdefault(_key(entry.filename), entry) is not entry:
                # programs differ in which of the two they show
                raise RejectedError("damaged", "压缩包里有同名的文件")

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._entries

    @property
    def names(self) -> list[str]:
        """All part names: lower case, forward slashes, no slash in front."""
        return list(self._entries)

    def read(self, name: str, limit: int = 32 * 2**20) -> bytes | None:
        """The bytes of a part, None when there is none of that name.

        Raises RejectedError: damaged, encrypted, too_complex (larger than `limit`, or expanding beyond belief).
        """
        entry = self._entries.get(_key(name))
        if entry is None:
            return None
        if entry.flag_bits & _ENCRYPTED:
            raise RejectedError("encrypted")
        if entry.compress_type not in _READABLE:
            raise RejectedError("damaged", "压缩方法不符合规定")
        size = entry.file_size
        if size > min(limit, self._budget) or size > max(_SMALL, _HIGHEST_RATIO * entry.compress_size):
            raise RejectedError("too_complex", "压缩包展开后过大")
        self._budget -= size
        try:
            with self._file.open(entry) as part:
                # asking for a number of bytes bounds what is inflated, whatever the directory claims
                content = part.read(size + 1)
        except _BROKEN as error:
            raise RejectedError("damaged", "压缩内容不完整") from error
        if len(content) != size:
            raise RejectedError("damaged", "压缩内容不完整")
        return content


def _key(name: str) -> str:
    return name.replace("\\", "/").removeprefix("/").lower()
