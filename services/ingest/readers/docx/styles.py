"""What styles say about a text: whether it shows, whether it is struck out or raised, and which list it belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element

from services.ingest.readers.docx.names import (
    NUMBERING,
    PARAGRAPH_PROPERTIES,
    RUN_PROPERTIES,
    TYPE,
    VAL,
    is_on,
    number,
    parse_part,
    value,
    w,
)
from services.ingest.readers.markup import as_utf8

_TELLING: Final = (b"vanish", b"numPr", b"strike", b"vertAlign", b"position", b'"toc ')
"""Without one of these words no style says anything that matters here, and the part is not even parsed."""
_RUN_WORDS: Final = (b"vanish", b"strike", b"vertAlign", b"position", b"rStyle")
_DEEPEST: Final = 20
_CONTENTS: Final = re.compile(r"toc \d", re.IGNORECASE)

_VANISH, _STYLE_BREAK = w("vanish"), w("specVanish")
_STRIKE: Final = frozenset({w("strike"), w("dstrike")})
_VERTICAL, _POSITION, _RUN_STYLE = w("vertAlign"), w("position"), w("rStyle")
_STYLE, _BASE, _NAME, _DEFAULT = w("style"), w("basedOn"), w("name"), w("default")


class Look(NamedTuple):
    """How a run of text looks; None where nothing is said. ``raised``: super- or subscript, or moved off its line."""

    hidden: bool | None = None
    struck: bool | None = None
    raised: bool | None = None

    def over(self, below: Look) -> Look:
        """This look where it says something, `below` elsewhere."""
        return Look(*(below[i] if said is None else said for i, said in enumerate(self)))


PLAIN: Final = Look()


class ListPlace(NamedTuple):
    """A list and the level in it; None where nothing is said. List 0 means that there is no number."""

    list_id: int | None = None
    level: int | None = None

    def over(self, below: ListPlace) -> ListPlace:
        """This place where it says something, `below` elsewhere."""
        return ListPlace(
            below.list_id if self.list_id is None else self.list_id, below.level if self.level is None else self.level
        )


NO_LIST: Final = ListPlace()


@dataclass(slots=True)
class _Style:
    """One style, before those it is based on."""

    base: str | None
    look: Look
    list_place: ListPlace
    contents: bool


@dataclass(slots=True)
class Styles:
    """The styles of a document."""

    _own: dict[str, _Style] = field(default_factory=dict)
    _default: str | None = None
    _looks: dict[str, Look] = field(default_factory=dict)

    @property
    def silent(self) -> bool:
        """Whether no style says anything that matters."""
        return not self._own

    def paragraph(self, style: str | None) -> Look:
        """The look of text in a paragraph of this style (None: the default style)."""
        return self._look(style or self._default)

    def run(self, properties: Element, paragraph: Look) -> Look:
        """The look of a run with these properties in a paragraph whose style looks so."""
        own, style = _own_look(properties)
        if style is not None:
            below = self._look(style)
            if below.hidden and paragraph.hidden:
                # a toggle: set by both styles, it is off (ISO/IEC 29500-1, 17.7.3)
                below = below._replace(hidden=False)
            return own.over(below.over(paragraph))
        return paragraph if own is PLAIN else own.over(paragraph)

    def list_place(self, style: str | None) -> ListPlace:
        """The list that paragraphs of this style (None: the default style) belong to."""
        place = NO_LIST
        for step in self._chain(style or self._default):
            place = place.over(step.list_place)
        return place

    def in_contents(self, style: str | None) -> bool:
        """Whether this is a style of the lines of a table of contents."""
        return style is not None and style in self._own and self._own[style].contents

    def _look(self, style: str | None) -> Look:
        if style is None or style not in self._own:
            return PLAIN
        known = self._looks.get(style)
        if known is None:
            known = PLAIN
            for step in self._chain(style):
                known = known.over(step.look)
            self._looks[style] = known
        return known

    def _chain(self, style: str | None) -> list[_Style]:
        steps: list[_Style] = []
        while style is not None and style in self._own and len(steps) < _DEEPEST:
            steps.append(self._own[style])
            style = steps[-1].base
        return steps


def read_styles(data: bytes | None) -> Styles:
    """The styles in a styles part. Raises RejectedError: damaged, too_complex."""
    text = as_utf8(data or b"")
    return styles_of(parse_part(text)) if any(word in text for word in _TELLING) else Styles()


def runs_have_looks(main: bytes) -> bool:
    """Whether any run of this main part may look otherwise than its paragraph, as far as it matters here."""
    text = as_utf8(main)
    return any(word in text for word in _RUN_WORDS)


def styles_of(root: Element) -> Styles:
    """The styles in a parsed styles part."""
    own: dict[str, _Style] = {}
    default = None
    for element in root.iterfind(_STYLE):
        name = element.get(w("styleId"))
        if name is None:
            continue
        paragraph = element.find(PARAGRAPH_PROPERTIES)
        run = element.find(RUN_PROPERTIES)
        own[name] = _Style(
            base=value(element, _BASE),
            look=PLAIN if run is None else _own_look(run)[0],
            list_place=NO_LIST if paragraph is None else list_place_in(paragraph),
            contents=bool(_CONTENTS.match(value(element, _NAME) or "")),
        )
        if element.get(TYPE) == "paragraph" and element.get(_DEFAULT) in ("1", "true", "on"):
            default = name
    return Styles(own, default)


def list_place_in(properties: Element) -> ListPlace:
    """The list that these paragraph properties name themselves."""
    numbering = properties.find(NUMBERING)
    if numbering is None:
        return NO_LIST
    list_id, level = value(numbering, w("numId")), value(numbering, w("ilvl"))
    return ListPlace(None if list_id is None else number(list_id), None if level is None else number(level))


def mark_runs_on(properties: Element) -> bool:
    """Whether a paragraph's mark is deleted or hidden, so that the paragraph goes on in the next one."""
    mark = properties.find(RUN_PROPERTIES)
    if mark is None:
        return False
    return any(mark.find(w(name)) is not None for name in ("del", "moveFrom")) or any(
        is_on(mark.find(name)) for name in (_VANISH, _STYLE_BREAK)
    )


def _own_look(properties: Element) -> tuple[Look, str | None]:
    """What run properties say themselves, and the character style that they name."""
    hidden = struck = raised = style = None
    for child in properties:
        tag = child.tag
        if tag == _RUN_STYLE:
            style = child.get(VAL)
        elif tag == _VANISH:
            hidden = is_on(child)
        elif tag in _STRIKE:
            struck = is_on(child) or bool(struck)
        elif tag == _VERTICAL:
            raised = child.get(VAL) in ("superscript", "subscript")
        elif tag == _POSITION:
            raised = child.get(VAL, "0") not in ("0", "0pt")
    said = hidden is not None or struck is not None or raised is not None
    return (Look(hidden, struck, raised) if said else PLAIN), style
