"""The folder of caught mails: one file each, and an index that only grows."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

INDEX = "index.jsonl"


@dataclass(frozen=True, slots=True)
class Caught:
    """One accepted mail, as in ``index.jsonl``. `sender` and `recipients` are the envelope's."""

    time: str
    message_id: str
    subject: str
    sender: str
    recipients: list[str]
    sha256: str
    file: str

    def line(self) -> str:
        """The line of the index, with the keys ``from`` and ``to``."""
        shape = asdict(self)
        shape["from"], shape["to"] = shape.pop("sender"), shape.pop("recipients")
        return json.dumps(shape, ensure_ascii=False)

    @classmethod
    def of(cls, line: str) -> Caught:
        """The mail of one line of the index."""
        shape = json.loads(line)
        shape["sender"], shape["recipients"] = shape.pop("from"), shape.pop("to")
        return cls(**shape)


class Store:
    """The folder of mails. Appending is safe against readers in other processes; one process writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._count = len(self.mails())

    def add(self, raw: bytes, sender: str, recipients: list[str]) -> Caught:
        """Keep one mail; it is on disk, file first and index line second, when this returns."""
        digest = hashlib.sha256(raw).hexdigest()
        self._count += 1
        name = f"{self._count:06d}-{digest[:12]}.eml"
        parsed = BytesHeaderParser().parsebytes(raw)
        caught = Caught(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            message_id=_readable(parsed["Message-ID"]),
            subject=_readable(parsed["Subject"]),
            sender=sender,
            recipients=recipients,
            sha256=digest,
            file=name,
        )
        part = self.folder / f".{name}.part"
        part.write_bytes(raw)
        part.replace(self.folder / name)
        index = os.open(self.folder / INDEX, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(index, f"{caught.line()}\n".encode())
        finally:
            os.close(index)
        return caught

    def mails(self) -> list[Caught]:
        """Every mail accepted so far, oldest first. A line that is still being written does not count."""
        try:
            text = (self.folder / INDEX).read_text("utf-8")
        except FileNotFoundError:
            return []
        return [Caught.of(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def raw(self, caught: Caught) -> bytes:
        """The mail as it came over the wire."""
        return (self.folder / caught.file).read_bytes()


def _readable(value: Any) -> str:
    text = str(value or "")
    # an unknown character set or broken base64 is shown as it came
    with suppress(LookupError, ValueError, HeaderParseError):
        text = str(make_header(decode_header(text)))
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
