"""In which encoding a web page is written: by mark, by trial, and by what it says itself, in that order of trust."""

from __future__ import annotations

import codecs
import re

from services.core.errors import RejectedError
from services.ingest.recognise.sanity import is_language

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,20})""", re.IGNORECASE)
_HEAD = 8192
_KNOWN = {
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "gb_2312-80", "x-gbk", "cp936", "csgb2312"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5", "cp950"), "big5hkscs"),
}
"""Declared names → the encoding they are read in. GB18030 holds both of its predecessors, browsers read it too."""
_MOST_BROKEN = 0.002
_SAMPLE = 200_000


def decode_page(data: bytes, *, declared: str = "") -> str:
    """The text of a page with line feeds as line ends. `declared`: what an outer header says.

    UTF-8 that decodes is UTF-8, whatever the page says of itself; then what it says counts, then GB18030. A few bytes
    that fit nowhere (a text cut in mid-character) become U+FFFD. Raises RejectedError: damaged.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _lines(data[len(mark) :].decode(encoding, "replace"))
    if wide := _wide(data):
        return _lines(data.decode(wide, "replace"))
    named = [declared.encode("ascii", "ignore"), *_DECLARED.findall(data[:_HEAD])]
    known = [_KNOWN[name] for raw in named if (name := raw.decode("ascii", "ignore").lower()) in _KNOWN]
    encodings = list(dict.fromkeys(["utf-8", *known, "gb18030"]))
    for encoding in encodings:
        try:
            return _lines(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    best = min((data.decode(encoding, "replace") for encoding in encodings), key=lambda text: text.count("\ufffd"))
    foreign = sum(char > "\x7f" for char in best)
    if best.count("\ufffd") > max(3, _MOST_BROKEN * foreign) or not is_language(_words(best)):
        raise RejectedError("damaged", "网页的文字编码无法识别")
    return _lines(best)


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: the first characters of a page are ASCII, every other byte is nothing."""
    head = data[:64]
    if len(head) >= 16 and not any(head[1::2]):
        return "utf-16-le"
    return "utf-16-be" if len(head) >= 16 and not any(head[0::2]) else ""


def _words(text: str) -> str:
    return re.sub(r"[\x00-\x7f]+", " ", text[:_SAMPLE])


def _lines(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
