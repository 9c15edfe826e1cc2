"""XML from strangers: no document type, so no entities and nothing outside the file; bounded in size and shape."""

from __future__ import annotations

import codecs
from typing import Final
from xml.etree.ElementTree import Element, ParseError, XMLParser

from services.core.errors import RejectedError

_MOST_TAGS: Final = 1_500_000
_MOST_ATTRIBUTES: Final = 3_000_000
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF16_UNMARKED: Final = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
_FORBIDDEN: Final = (b"<!DOCTYPE", b"<!ENTITY")
"""Neither has a place in office formats; in text both are written with ``&lt;``."""


def parse(data: bytes) -> Element:
    """The root element of an XML document in UTF-8 or UTF-16, whatever encoding it declares.

    Raises RejectedError: damaged (not well-formed, with a document type), too_complex.
    """
    text = as_utf8(data)
    if any(mark in text for mark in _FORBIDDEN):
        raise RejectedError("damaged", "文件里有不允许的文档类型定义")
    if text.count(b"<") > _MOST_TAGS or text.count(b"=") > _MOST_ATTRIBUTES:
        raise RejectedError("too_complex", "文件结构过于庞大")
    # the parser keeps open elements on a heap of its own: depth costs no stack. Naming the encoding overrides the
    # declared one: an alphabet of the file's choosing could spell a document type that the search above does not see.
    parser = XMLParser(encoding="utf-8")  # noqa: S314 - without a document type there are no entities to expand
    try:
        parser.feed(text)
        return parser.close()
    except (ParseError, ValueError) as error:
        raise RejectedError("damaged", "内部结构不完整") from error


def as_utf8(data: bytes) -> bytes:
    """`data` in UTF-8, from UTF-16 where its first bytes say so. Raises RejectedError: damaged."""
    name = "utf-16" if data.startswith(_UTF16) else _UTF16_UNMARKED.get(data[:2], "")
    if not name:
        return data
    try:
        return data.decode(name).encode()
    except UnicodeError as error:
        raise RejectedError("damaged", "文字编码不完整") from error
