"""Object keys of the inbox, `<agency>/[<year>/]name`: made by us for deposits, read with care when made by others."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

AGENCY_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What an agency code may look like; it becomes a folder and a key segment, so nothing else is allowed."""

_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


DEPOSITED = ":originals"
"""In place of a bucket: the bytes lie in the originals bucket already, or wait in the database while it is away.

The row's version is their hash. One name for both, so that a hand-in tried again is the same one, wherever its bytes lie.
"""


@dataclass(frozen=True, slots=True)
class KeyParts:
    """What a key says: the sender's code, the year when given, and the name after it."""

    agency_code: str
    year: int | None
    name: str


def deposit_key(agency_code: str, year: int | None, identity: str) -> str:
    """The name of a hand-in by folder or upload. Never derived from the file's name; same `identity`, same key."""
    return f"{agency_code}/{year or '0000'}/{identity}"


def parse_key(key: str) -> KeyParts:
    """Read a key. A key without an agency folder gives the code ``""``, which no registry has."""
    parts = [part for part in key.split("/") if part not in {"", "."}]
    name = printable(parts[-1]) if parts else ""
    if len(parts) < 2 or not AGENCY_CODE.fullmatch(parts[0]):
        return KeyParts("", None, name)
    year = int(parts[1]) if len(parts) > 2 and _YEAR.fullmatch(parts[1]) else None
    return KeyParts(parts[0], year, name)


def printable(name: str) -> str:
    """A hostile name fit for pages, mails, terminals and the database: NFC, one line, no controls, at most 255 long."""
    return "".join(char if char.isprintable() else "�" for char in unicodedata.normalize("NFC", name))[:255]
