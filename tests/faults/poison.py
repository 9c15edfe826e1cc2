"""A reader that misbehaves on documents that carry a marker, and reads all others as usual."""

from __future__ import annotations

import ctypes
import os
import signal
from typing import Any

from services.core.report import Document
from services.ingest.readers import read_document as read_as_usual

MARKERS = (b"%poison:kill", b"%poison:memory", b"%poison:hang", b"%poison:segfault")


def read_document(data: bytes, *, filename: str, max_pages: int = 300) -> Document:
    if b"%poison:kill" in data:
        os.kill(os.getpid(), signal.SIGKILL)
    if b"%poison:memory" in data:
        eaten: list[Any] = []
        while True:
            eaten.append(bytearray(64 * 2**20))
    if b"%poison:hang" in data:
        while True:
            pass
    if b"%poison:segfault" in data:
        ctypes.string_at(0)
    return read_as_usual(data, filename=filename, max_pages=max_pages)
