"""What a file is, by its first bytes and its inside, never by its name."""

from __future__ import annotations

import re
from typing import Literal

from services.core.errors import RejectedError
from services.ingest.readers.csv import is_csv
from services.ingest.readers.docx.parts import FLAT_MARK, is_word
from services.ingest.readers.mhtml import is_mhtml
from services.ingest.readers.ofd_package import ENTRY
from services.ingest.readers.office import is_office
from services.ingest.readers.zipped import Archive

Route = Literal["pdf", "docx", "office", "html", "ofd", "csv", "image", "text"]

_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
_BITMAP = re.compile(rb"BM.{4}\x00{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\x00{3}", re.DOTALL)
"""A BMP header; its first two letters alone may begin a text."""
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|div|meta)[\s>/]", re.IGNORECASE)
_HEAD = 1024


def route(data: bytes) -> Route:
    """How `data` is to be read.

    Raises RejectedError: empty, damaged, encrypted, too_complex, unsupported_format.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise RejectedError("empty")
    if known := _by_signature(data):
        return known
    if data.startswith(b"PK\x03\x04"):
        return _archive(data)
    return _written(data)


def _written(data: bytes) -> Route:
    """Markup, separated values, or plain text."""
    if FLAT_MARK in data[: 4 * _HEAD]:
        return "docx"
    if _is_page(data):
        return "html"
    return "csv" if is_csv(data) else "text"


def _by_signature(data: bytes) -> Route | None:
    if b"%PDF-" in data[:_HEAD]:
        return "pdf"
    if data.startswith(_IMAGES) or _BITMAP.match(data):
        return "image"
    if data.startswith(b"RIFF"):
        raise RejectedError("unsupported_format", "WebP 图片或音像文件")
    return "office" if is_office(data) else None


def _is_page(data: bytes) -> bool:
    """Whether `data` is a web page or a web archive: markup at its head, or a table of markup anywhere (Markdown)."""
    if is_mhtml(data):
        return True
    # without its zero bytes UTF-16 markup is ASCII
    head = data[: 4 * _HEAD].replace(b"\x00", b"")
    return bool(_MARKUP.search(head)) or b"</table>" in data or b"</TABLE>" in data


def _archive(data: bytes) -> Route:
    archive = Archive(data)
    if is_word(archive):
        return "docx"
    if ENTRY in archive:
        return "ofd"
    if any(name.startswith("xl/") for name in archive.names):
        raise RejectedError("unsupported_format", "Excel 表格")
    raise RejectedError("unsupported_format", "压缩包")
