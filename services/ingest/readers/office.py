"""Office files that only another program can read: what they are, and what is to be done with them.

``services.ingest.office`` converts them; where that is not available they are refused with the way out.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from services.core.errors import RejectedError
from services.core.report import Document, Format
from services.ingest.readers.compound import MAGIC, CompoundFile
from services.ingest.readers.reader import Bounds, Read

_RTF: Final = b"{\\rtf"
_WORD_2003: Final = b"http://schemas.microsoft.com/office/word/2003/wordml"
_HEAD: Final = 4096
_WORD: Final = "worddocument"
_OTHERS: Final = {
    "workbook": "Excel 表格",
    "book": "Excel 表格",
    "powerpoint document": "PowerPoint 演示文稿",
    "visiodocument": "Visio 图",
    "__properties_version1.0": "Outlook 邮件",
}
_ENCRYPTED: Final = frozenset({"encryptedpackage", "encryptioninfo"})
_KINGSOFT_STREAM: Final = "wpscustomdata"
_KINGSOFT_CLASS: Final = re.compile(rb"\x30\x4b\xa9\x77\xd2\x14\x85\x20\x36", re.DOTALL)
"""The classes of WPS Writer end so, where those of Word end with 0000-C000-000000000046."""
_FIB_MAGIC, _FIB_FLAGS = 0, 10
_FIB_ENCRYPTED: Final = 0x0100
_WORD_MAGIC: Final = (0xA5EC, 0xA5DC)


def is_office(data: bytes) -> bool:
    """Whether `data` is an OLE compound file, RTF or an XML document of Word 2003, by its first bytes."""
    head = data[:_HEAD]
    return head.startswith(MAGIC) or head.lstrip().startswith(_RTF) or _WORD_2003 in head


def suffix_of(data: bytes) -> str:
    """The file name suffix under which a word processor expects such content, by its first bytes alone."""
    head = data[:_HEAD]
    return "doc" if head.startswith(MAGIC) else "rtf" if head.lstrip().startswith(_RTF) else "xml"


def office_format(data: bytes) -> Format:
    """`doc` or `wps` for a file that ``is_office``; RTF and Word 2003 XML are read as `doc`.

    Raises RejectedError: encrypted, damaged, unsupported_format (spreadsheets, presentations, mails, unknown).
    """
    if not data.startswith(MAGIC):
        return Format.DOC
    try:
        file = CompoundFile(data)
        names = file.names
        if names & _ENCRYPTED:
            raise RejectedError("encrypted")
        if _WORD in names:
            _check_password(file.beginning("WordDocument"))
    except (ValueError, struct.error) as error:
        raise RejectedError("damaged", "文件结构不完整") from error
    if _WORD not in names:
        raise RejectedError(
            "unsupported_format", next((what for key, what in _OTHERS.items() if key in names), "OLE 文件")
        )
    kingsoft = _KINGSOFT_STREAM in names or _KINGSOFT_CLASS.search(file.class_id) is not None
    return Format.WPS if kingsoft else Format.DOC


def read_office(data: bytes, _bounds: Bounds) -> Read:
    """Refuses every file that needs converting first: with the code ``office_missing`` where it could be converted.

    The detail of that refusal is the format (``doc`` or ``wps``), so that whoever can have it converted need not look
    into the file again. Raises RejectedError: office_missing, encrypted, damaged, unsupported_format.
    """
    raise RejectedError("office_missing", office_format(data))


def as_office_document(document: Document, *, original_sha256: str, original: Format, engine: str) -> Document:
    """`document`, read from a converted copy, as the reading of the original file of this hash and format.

    `engine` names the converting program and its version. Places stay those in the copy, whose paragraphs, rows and
    cells are those of the original.
    """
    return document.model_copy(
        update={"sha256": original_sha256, "format": original, "engine": f"{engine} {document.engine}"}
    )


def _check_password(beginning: bytes) -> None:
    """A Word file with a password says so in the first bytes of its text stream ([MS-DOC] 2.5.2, fEncrypted)."""
    if len(beginning) < _FIB_FLAGS + 2:
        return
    (magic,) = struct.unpack_from("<H", beginning, _FIB_MAGIC)
    (flags,) = struct.unpack_from("<H", beginning, _FIB_FLAGS)
    if magic in _WORD_MAGIC and flags & _FIB_ENCRYPTED:
        raise RejectedError("encrypted")
