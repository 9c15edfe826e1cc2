"""Printed lines of a web page, each character with its place in the source."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from services.ingest.readers.html_parts import BREAK, RAISED, STRUCK, UNSEEN, Break, Node, Picture, Piece, Run, Table
from services.ingest.readers.html_tokens import entity_at

# zero-width characters, the soft hyphen and control characters print nothing
_NOTHING = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff\x00-\x08\x0b\x0e-\x1f\x7f"
_CHUNK = re.compile(rf"(?P<blank>[ \t\n\r\f]+)|(?P<nothing>[{_NOTHING}]+)|(?P<entity>&)|[^ \t\n\r\f&{_NOTHING}]+")
_PRINTS_NOTHING = re.compile(rf"[{_NOTHING}]")
# Chinese characters and punctuation, full-width digits and letters apart
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff0f\uff1a-\uff20]")

STRUCK_DOUBT = "单元格里有被划去的文字"
RAISED_DOUBT = "数字旁有上标或下标"
UNSEEN_DOUBT = "这部分内容在网页上没有显示"
BROKEN_DOUBT = "单元格里有无法识别的字符"


@dataclass(slots=True)
class Printed:
    """One printed line. ``spots``: from which character of it on the source stands at which offset."""

    node: Node
    text: str = ""
    spots: list[tuple[int, int]] = field(default_factory=list)
    doubt: str = ""

    def offset(self, index: int) -> int:
        """The place in the source of the character at `index`."""
        start, offset = self.spots[max(0, bisect_right(self.spots, (index, len(self.text) << 32)) - 1)]
        return offset + index - start

    @property
    def start(self) -> int:
        """The place of the first character that is no blank."""
        return self.offset(len(self.text) - len(self.text.lstrip()))


Block = Printed | Table | Picture


def blocks(flow: Iterable[Piece], source: str) -> Iterator[Block]:
    """Lines, tables and pictures of `flow` in order. Lines without ink are left out."""
    line: _Line | None = None
    for piece in flow:
        if isinstance(piece, Run):
            for part in _kept_lines(piece, source):
                if isinstance(part, Break):
                    yield from _finished(line)
                    line = None
                    continue
                line = line or _Line(part.node)
                line.add(part, source)
            continue
        if isinstance(piece, Picture):
            yield piece
            continue
        yield from _finished(line)
        line = None
        if isinstance(piece, Table):
            yield piece
    yield from _finished(line)


def _finished(line: _Line | None) -> Iterator[Printed]:
    if line is not None and (printed := line.printed()) is not None:
        yield printed


def _kept_lines(run: Run, source: str) -> Iterator[Run | Break]:
    """The run, or where its line ends count each of its lines with breaks between."""
    if not run.keeps:
        yield run
        return
    start = run.start
    while (end := source.find("\n", start, run.end)) >= 0:
        yield Run(start, end, run.node, run.mark)
        yield BREAK
        start = end + 1
    yield Run(start, run.end, run.node, run.mark)


class _Line:
    """A line while its runs are gathered: blanks collapse, entities are decoded once."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._pieces: list[str] = []
        self._spots: list[tuple[int, int]] = []
        self._length = 0
        self._blank: tuple[int, bool] | None = None
        self._doubt = ""

    def add(self, run: Run, source: str) -> None:
        if run.mark & STRUCK:
            self._doubt = STRUCK_DOUBT if source[run.start : run.end].strip() else self._doubt
            return
        before = len(self._pieces)
        position = run.start
        while position < run.end:
            match = _CHUNK.match(source, position, run.end)
            if match is None:
                break
            position = match.end()
            if match.lastgroup == "blank":
                self._blank = (match.start(), "\n" in match[0] or (self._blank is not None and self._blank[1]))
            elif match.lastgroup == "entity":
                position = self._entity(source, match.start(), run.end)
            elif match.lastgroup is None:
                self._print(match[0], match.start())
        added = "".join(self._pieces[before:])
        if added and run.mark & UNSEEN:
            self._doubt = UNSEEN_DOUBT
        elif run.mark & RAISED and any(char.isnumeric() for char in added):
            self._doubt = self._doubt or RAISED_DOUBT

    def _entity(self, source: str, position: int, end: int) -> int:
        decoded = entity_at(source, position)
        if decoded is None or decoded[1] > end:
            self._print("&", position)
            return position + 1
        text = _PRINTS_NOTHING.sub("", decoded[0])
        if text.strip(" \t\n\r\f"):
            self._print(text, position)
        elif text:
            self._blank = self._blank or (position, False)
        return decoded[1]

    def _print(self, text: str, offset: int) -> None:
        if self._blank is not None and self._length:
            # a line end between two Chinese characters is only where the source was wrapped
            wrapped = self._blank[1] and _WIDE.match(self._pieces[-1][-1]) and _WIDE.match(text[0])
            if not wrapped:
                self._append(" ", self._blank[0])
        self._blank = None
        self._append(text, offset)

    def _append(self, text: str, offset: int) -> None:
        self._spots.append((self._length, offset))
        self._pieces.append(text)
        self._length += len(text)

    def printed(self) -> Printed | None:
        text = "".join(self._pieces).replace("\xa0", " ")
        if not text.strip() and not self._doubt:
            return None
        doubt = self._doubt or (BROKEN_DOUBT if "\ufffd" in text else "")
        return Printed(self._node, text, self._spots or [(0, 0)], doubt)
