"""Header fields of a mail: the one door through which every value passes, and the proof that nothing slipped by.

Before Python 3.11.15, 3.12.13 and 3.13.12 the standard `email` package writes real header lines out of cleverly built
values (CVE-2024-6923, CVE-2026-1299). Nothing here depends on the version: values are cleaned, encoded by RFC 2047 as a
whole or not at all, and the finished message is parsed again and must hold exactly the fields that were set.
"""

from __future__ import annotations

import re
import unicodedata
from binascii import b2a_base64
from collections.abc import Sequence
from email.errors import MultipartInvariantViolationDefect
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.policy import compat32

from services.core.errors import GoujiError

LIMIT = 150
"""Most characters a header value may have; longer ones end in an ellipsis."""

# control, line and paragraph separator, lone surrogate, unassigned: each becomes a blank
_BREAKS = frozenset({"Cc", "Zl", "Zp", "Cs", "Cn"})
# bidi controls and other characters without a shape, which make a line read differently from what it is
_INVISIBLE = "Cf"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._+-]{1,100}@[A-Za-z0-9.-]{1,100}>")


_WORD_BYTES = 45
"""Bytes of text in an encoded word of 75 characters: 12 for its frame, and four characters for three bytes."""

_MAILBOXES = frozenset({"From", "To"})


class AddressError(GoujiError):
    """An address that no mail can be sent to; its text says why, without the address itself."""


class HeaderError(GoujiError):
    """A message whose fields are not exactly those that were set: never to be sent."""


def header_value(text: str, *, limit: int = LIMIT) -> str:
    """The text as it may stand in a header: one line, no bidi controls, no encoded-word, at most `limit` characters."""
    shown = text
    if (
        not text.isprintable()
    ):  # which ordinary Chinese is: no control, separator but the blank, or unassigned character
        shown = "".join(" " if _breaks(char) else char for char in text if unicodedata.category(char) != _INVISIBLE)
    # full-width signs read the same and can never start an encoded-word (RFC 2047)
    line = " ".join(shown.split()).replace("=?", "＝？")
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def _breaks(char: str) -> bool:
    return unicodedata.category(char) in _BREAKS


def address(text: str) -> str:
    """The address in ASCII: local part unchanged, domain by IDNA and in lower case. Raises AddressError."""
    if len(text) > 254:
        raise AddressError("the address is longer than 254 characters")
    local, at, domain = text.strip().rpartition("@")
    if not at or not local or not domain:
        raise AddressError("the address is not of the form name@domain")
    if not local.isascii():
        raise AddressError("the part before @ must be ASCII")
    if len(local) > 64 or "=?" in local or not _LOCAL.fullmatch(local):
        raise AddressError("the part before @ has characters that are not allowed")
    # stdlib IDNA (2003); done before anything is encoded, or the domain would become an encoded-word
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise AddressError("the domain cannot be encoded by IDNA") from error
    if len(ascii_domain) > 253 or not all(_LABEL.fullmatch(label) for label in ascii_domain.split(".")):
        raise AddressError("the domain is not a host name")
    return f"{local}@{ascii_domain}"


def message_id(text: str) -> str:
    """The Message-ID, which must read ``<name@domain>`` in plain ASCII. Raises HeaderError."""
    if not _MESSAGE_ID.fullmatch(text):
        raise HeaderError("a Message-ID must read <name@domain>")
    return text


def mailbox(name: str, addr: str) -> str:
    """``name <addr>`` for From and To; the bare address when no name is left after cleaning."""
    # the specials of RFC 5322 §3.2.3 structure an address list and must not stand in a plain display name; a name that
    # begins with a dot even breaks the standard library's parser
    shown = " ".join(re.sub(r"[<>\"\\@,;:.()\[\]]", " ", header_value(name)).split())
    return f"{shown} <{address(addr)}>" if shown else address(addr)


def fields(pairs: Sequence[tuple[str, str]]) -> bytes:
    """The header block of these fields in wire form, CRLF at each end, without the empty line after it."""
    return b"".join(_field(name, value) for name, value in pairs)


def _field(name: str, value: str) -> bytes:
    if not _NAME.fullmatch(name):
        raise HeaderError("a field name has characters that are not allowed")
    if not value.isprintable() and any(unicodedata.category(char) in _BREAKS | {_INVISIBLE} for char in value):
        raise HeaderError(f"{name}: the value did not pass header_value")
    if value.isascii():
        if "=?" in value:
            raise HeaderError(f"{name}: the value did not pass header_value")
        return f"{name}: {value}\r\n".encode("ascii")
    phrase, bracket, route = value.rpartition(" <") if name in _MAILBOXES else (value, "", "")
    encoded = f"{_words(name, phrase)}{bracket}{route}"
    return f"{name}: {encoded}\r\n".encode("ascii")


def _words(name: str, text: str) -> str:
    # the whole text in base64 words, split between characters and at most 75 long (RFC 2047 §2), blanks inside
    words: list[str] = []
    chunk = b""
    room = _WORD_BYTES - (len(name) + 2) * 3 // 4  # the first word stands on the line of the field's name
    for char in text:
        encoded = char.encode("utf-8")
        if len(chunk) + len(encoded) > room:
            words.append(_word(chunk))
            chunk, room = b"", _WORD_BYTES
        chunk += encoded
    return "\r\n ".join([*words, _word(chunk)])


def _word(chunk: bytes) -> str:
    return f"=?utf-8?b?{b2a_base64(chunk, newline=False).decode('ascii')}?="


def verify(raw: bytes, expected: Sequence[tuple[str, str]]) -> None:
    """Raise HeaderError unless the message holds exactly these fields, in this order, with these decoded values."""
    head, end, _ = raw.partition(b"\r\n\r\n")
    parsed = BytesParser(policy=compat32).parsebytes(head + end, headersonly=True)
    found = [(name, _decoded(str(value))) for name, value in parsed.items()]
    # the parts are left out of this look, which some older Pythons (3.11.2) take for a defect
    defects = [one for one in parsed.defects if not isinstance(one, MultipartInvariantViolationDefect)]
    if defects or found != list(expected):
        raise HeaderError("the finished message does not hold exactly the fields that were set")
    if not raw.isascii() or b"\n" in raw.replace(b"\r\n", b"") or b"\r" in raw.replace(b"\r\n", b""):
        raise HeaderError("the finished message is not plain ASCII with CRLF line ends")


def _decoded(value: str) -> str:
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", value)
    # a value without an encoded word reads as it stands
    return str(make_header(decode_header(unfolded))) if "=?" in unfolded else unfolded
