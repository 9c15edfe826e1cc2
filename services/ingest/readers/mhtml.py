"""The page in a web archive (MHTML, RFC 2557), as browsers save a page with its pictures in one file."""

from __future__ import annotations

import binascii
import quopri
import re

from services.core.errors import RejectedError
from services.ingest.readers.html_charset import decode_page

_HEADER = re.compile(rb"^([A-Za-z][A-Za-z0-9-]{1,40}):[ \t]*(.*)$")
_BOUNDARY = re.compile(rb"boundary\s*=\s*(?:\"([^\"\r\n]{1,100})\"|([^\s;\"]{1,100}))", re.IGNORECASE)
_CHARSET = re.compile(rb"charset\s*=\s*\"?([A-Za-z0-9_.:-]{2,20})", re.IGNORECASE)
_HEAD = 4096
_MOST_PARTS = 2000
_LONGEST_HEADER = 16_384


def is_mhtml(data: bytes) -> bool:
    """Whether `data` begins with the headers of a web archive."""
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf\r\n\t ")
    headers, _ = _headers(head)
    return b"mime-version" in headers and headers.get(b"content-type", b"").lower().startswith(
        (b"multipart/related", b"multipart/alternative", b"text/html")
    )


def page_of(data: bytes) -> str:
    """The text of the archive's first web page. Raises RejectedError: damaged."""
    headers, body = _headers(data.lstrip(b"\xef\xbb\xbf\r\n\t "))
    if headers.get(b"content-type", b"").lower().startswith(b"text/html"):
        return _page(headers, body)
    match = _BOUNDARY.search(headers.get(b"content-type", b""))
    if match is None:
        raise RejectedError("damaged", "网页存档缺少分隔标记")
    boundary = b"--" + (match[1] or match[2])
    start = body.find(boundary)
    for _ in range(_MOST_PARTS):
        if start < 0:
            break
        end = body.find(boundary, start + len(boundary))
        part = body[start + len(boundary) : end if end >= 0 else len(body)]
        own, content = _headers(part.lstrip(b"\r\n"))
        if own.get(b"content-type", b"").lower().startswith((b"text/html", b"application/xhtml")):
            return _page(own, content)
        start = end
    raise RejectedError("damaged", "网页存档里没有网页")


def _headers(data: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """Header lines by lower-case name, folded ones joined, and what follows the empty line."""
    found: dict[bytes, bytes] = {}
    name = b""
    position = 0
    while position < min(len(data), _LONGEST_HEADER):
        end = data.find(b"\n", position)
        end = end if end >= 0 else len(data)
        line = data[position:end].rstrip(b"\r")
        position = end + 1
        if not line:
            break
        if line[:1] in (b" ", b"\t") and name:
            found[name] += b" " + line.strip()
        elif match := _HEADER.match(line):
            name = match[1].lower()
            found[name] = match[2].strip()
        else:
            name = b""
    return found, data[position:]


def _page(headers: dict[bytes, bytes], body: bytes) -> str:
    encoding = headers.get(b"content-transfer-encoding", b"").lower()
    if encoding == b"quoted-printable":
        body = quopri.decodestring(body)
    elif encoding == b"base64":
        try:
            body = binascii.a2b_base64(body)
        except binascii.Error as error:
            raise RejectedError("damaged", "网页存档的编码不完整") from error
    match = _CHARSET.search(headers.get(b"content-type", b""))
    return decode_page(body, declared=match[1].decode("ascii") if match else "")
