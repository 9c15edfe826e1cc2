"""What a file is, by its first bytes and its inside, never by its name."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Literal

from services.core.errors import RejectedError

Route = Literal["pdf", "text"]

_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"RIFF")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|div|meta)[\s>/]", re.IGNORECASE)
_HEAD = 1024


def route(data: bytes) -> Route:
    """How `data` is to be read. Raises RejectedError: empty, no_text (pictures), damaged, unsupported_format."""
    if not data.strip(b"\x00 \t\r\n"):
        raise RejectedError("empty")
    if b"%PDF-" in data[:_HEAD]:
        return "pdf"
    if data.startswith(_IMAGES):
        raise RejectedError("no_text", "图片")
    if data.startswith(_OLE):
        raise RejectedError("unsupported_format", "Word 97-2003 或 WPS 文档")
    if data.startswith(b"PK\x03\x04"):
        raise RejectedError("unsupported_format", _archive(data))
    head = data[: 4 * _HEAD]
    if _MARKUP.search(head):
        raise RejectedError("unsupported_format", "网页")
    if head.lstrip().startswith(b"{\\rtf"):
        raise RejectedError("unsupported_format", "RTF 文档")
    return "text"


def _archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    # zipfile raises NotImplementedError for a directory that asks for a newer zip version than it knows
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise RejectedError("damaged", "压缩结构不完整") from error
    if "OFD.xml" in names:
        return "OFD 文档"
    if any(name.startswith("word/") for name in names):
        return "Word 文档 docx"
    if any(name.startswith("xl/") for name in names):
        return "Excel 表格"
    return "压缩包"
