"""Web page source cut into tags and text, with the place of each in the source.

A scanner of our own because every figure keeps line and column, and because documents are hostile: the standard
library's parser takes quadratic time on unclosed comments and tags, and no fast parser tells where a text stands. Each
character is looked at a bounded number of times; nothing recurses.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

# The name, then runs without quotes, equals signs and the closing bracket; a value in quotes may hold a bracket, but
# only right of an equals sign. A quote that is never closed is an ordinary character. The number of pieces is bounded
# because the matcher keeps a record of each.
_TAG = re.compile(
    r"""<(/?)([A-Za-z][^\s/>]*+)((?:[^>"'=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+|["']){0,4096}+)>""",
)
_ATTRIBUTE = re.compile(r"""([^\s/>="'][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+)))?+""")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?")

# Their content is no markup. A browser shows the text of the two in _SHOWN; the page's title is kept for what it says.
_SHOWN = frozenset({"title", "textarea"})
_UNSEEN = frozenset(
    {"script", "style", "noscript", "iframe", "noembed", "noframes", "template", "xmp", "object", "xml"}
)
_CLOSING = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _SHOWN | _UNSEEN}


class Kind(IntEnum):
    """What a token is."""

    TEXT = 0
    START = 1
    END = 2


class Token(NamedTuple):
    """A piece of the source from `start` to `end`; tags have a lower-case `name` and the text of their attributes."""

    kind: Kind
    start: int
    end: int
    name: str = ""
    attributes: str = ""


def tokens(source: str) -> Iterator[Token]:
    """Tags and texts of `source` in order, without comments, scripts, style sheets and other unseen content.

    Where a comment, a tag or an unseen element is never closed the page ends, as in a browser.
    """
    position = text = 0
    while (position := source.find("<", position)) >= 0:
        match = _TAG.match(source, position)
        if match is None:
            after = _behind_markup(source, position)
            if after == position:  # a bracket that opens nothing is text
                position += 1
                continue
        if text < position:
            yield Token(Kind.TEXT, text, position)
        if match is not None:
            name = match[2].lower()
            yield Token(Kind.END if match[1] else Kind.START, position, match.end(), name, match[3])
            after = match.end()
            if name in _CLOSING and not match[1]:
                closing = _CLOSING[name].search(source, after)
                content, after = after, closing.start() if closing else len(source)
                if name in _SHOWN and content < after:
                    yield Token(Kind.TEXT, content, after)
        text = position = after
    if text < len(source):
        yield Token(Kind.TEXT, text, len(source))


def _behind_markup(source: str, position: int) -> int:
    """The end of the comment, declaration or broken tag at `position`; `position` itself where there is none."""
    following = source[position + 1 : position + 2]
    if source.startswith("<!--", position):
        if source.startswith((">", "->"), position + 4):
            return source.index(">", position) + 1
        end = source.find("-->", position + 4)
        return end + 3 if end >= 0 else len(source)
    if following in ("!", "?", "/"):
        end = source.find(">", position)
        return end + 1 if end >= 0 else len(source)
    return len(source) if following.isascii() and following.isalpha() else position


def attributes(text: str) -> dict[str, str]:
    """The attributes of a tag by lower-case name, entities decoded; of a repeated one the first counts."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(text):
        value = match[2] or match[3] or match[4] or ""
        found.setdefault(match[1].lower(), unescape(value) if "&" in value else value)
    return found


def value_place(text: str, name: str) -> int:
    """Where in the attribute text of a tag the value of attribute `name` begins."""
    for match in _ATTRIBUTE.finditer(text):
        if match[1].lower() == name:
            return max(match.start(2), match.start(3), match.start(4), 0)
    return 0


def unescape(text: str) -> str:
    """`text` with its entities decoded, once. Numbers too long for any character stay as they are."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text)


def entity_at(text: str, position: int) -> tuple[str, int] | None:
    """The character (or characters) of the entity at `position` and the position behind it."""
    match = _ENTITY.match(text, position)
    if match is None:
        return None
    decoded = html.unescape(match[0])
    return (decoded, match.end()) if decoded != match[0] else None
