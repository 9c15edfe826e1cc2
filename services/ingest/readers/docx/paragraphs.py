"""What a paragraph prints: runs, breaks, results of fields, accepted changes; and the text boxes anchored in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final
from xml.etree.ElementTree import Element

from services.core.errors import RejectedError
from services.ingest.readers.docx.names import (
    ALTERNATIVES,
    CONTROL,
    CONTROL_CONTENT,
    FORMULA,
    FORMULA_PARAGRAPH,
    FORMULA_RUN,
    FORMULA_TEXT,
    INLINE,
    INSERTED,
    MOVED_HERE,
    PICTURES,
    RUN,
    RUN_PROPERTIES,
    TEXT,
    TEXT_BOX,
    VAL,
    chosen,
    w,
)
from services.ingest.readers.docx.styles import Look, Styles

_DEEPEST: Final = 40
_UNKNOWN: Final = "\ufffd"
"""Stands for what is printed and is no text: a cell with it holds no plain figure."""
_RIGHT_TO_LEFT: Final = "\u202e"
_SIGNS: Final = {
    w("tab"): "\t",
    w("ptab"): "\t",
    w("br"): "\n",
    w("cr"): "\n",
    w("noBreakHyphen"): "-",
    w("softHyphen"): "",
}
_CONTAINERS: Final = frozenset(
    {INSERTED, MOVED_HERE}
    | {w(name) for name in ("hyperlink", "smartTag", "customXml", "fldSimple", "dir", "ruby", "rubyBase")}
)
"""What only wraps runs. Of a ruby that is the text proper; the guide above it has a name of its own."""
_FIELD_STEP: Final = w("fldCharType")
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u2060\ufeff"))

RAISED = "数字旁有上标或下标"
STRUCK = "数字上有删除线"


class Scribe:
    """Takes down one paragraph.

    ``boxes``: contents of the text boxes anchored in it. Deleted and hidden text, field codes and phonetic guides are
    left out; a field that does not say where its result begins has none.
    """

    def __init__(self, styles: Styles | None, look: Look) -> None:
        """`styles`: None when runs look as their paragraph does. `look`: that of the paragraph."""
        self._styles = styles
        self._base = look
        self._look = look
        self._pieces: list[str] = []
        self._fields: list[bool] = []  # for each open field, whether its code (and not yet its result) is read
        self._doubts: set[str] = set()
        self.boxes: list[Element] = []
        self.picture = False
        self.inline_picture = False

    @property
    def text(self) -> str:
        """Everything taken down."""
        return "".join(self._pieces).translate(_INVISIBLE)

    @property
    def doubt(self) -> str:
        """Why the digits may not be one figure: some of them are raised or struck out."""
        return min(self._doubts, default="")

    def take(self, parent: Element, depth: int = 0) -> None:
        """Take down the content of a paragraph, a run or what wraps them. Raises RejectedError: too_complex."""
        if depth > _DEEPEST:
            raise RejectedError("too_complex", "内容嵌套过深")
        for child in parent:
            step = self._steps.get(child.tag)
            if step is not None:
                step(self, child, depth)

    def _run(self, run: Element, depth: int) -> None:
        around, self._look = self._look, self._base
        self.take(run, depth + 1)
        self._look = around

    def _properties(self, properties: Element, _depth: int) -> None:
        if self._styles is not None:
            self._look = self._styles.run(properties, self._base)

    def _text(self, element: Element, _depth: int) -> None:
        text = element.text or ""
        look = self._look
        if (look.struck or look.raised) and self._shows() and any(char.isnumeric() for char in text):
            self._doubts.add(STRUCK if look.struck else RAISED)
        self._write(text)

    def _sign(self, element: Element, _depth: int) -> None:
        self._write(_SIGNS[element.tag])

    def _symbol(self, element: Element, _depth: int) -> None:
        self._write(_character(element))

    def _shows(self) -> bool:
        return not self._look.hidden and not any(self._fields)

    def _write(self, text: str) -> None:
        if text and self._shows():
            self._pieces.append(text)

    def _field(self, element: Element, _depth: int) -> None:
        step = element.get(_FIELD_STEP, "")
        if step == "begin":
            self._fields.append(True)
        elif step == "separate" and self._fields:
            self._fields[-1] = False
        elif step == "end" and self._fields:
            self._fields.pop()

    def _inside(self, element: Element, depth: int) -> None:
        self.take(element, depth + 1)

    def _control(self, element: Element, depth: int) -> None:
        for content in element.iterfind(CONTROL_CONTENT):
            self.take(content, depth + 1)

    def _alternatives(self, element: Element, depth: int) -> None:
        branch = chosen(element)
        if branch is not None:
            self.take(branch, depth + 1)

    def _override(self, element: Element, depth: int) -> None:
        self._write(_RIGHT_TO_LEFT if element.get(VAL) == "rtl" else "")
        self.take(element, depth + 1)

    def _formulas(self, element: Element, depth: int) -> None:
        for formula in element.iterfind(FORMULA):
            self._formula(formula, depth)

    def _formula(self, formula: Element, _depth: int) -> None:
        """A formula that is nothing but text is text; a fraction or a power is not."""
        for child in formula:
            if child.tag == FORMULA_RUN:
                for text in child.iterfind(FORMULA_TEXT):
                    self._write(text.text or "")
            elif next(child.iter(FORMULA_RUN), None) is not None:
                self._write(_UNKNOWN)

    def _drawing(self, drawing: Element, depth: int) -> None:
        if self._shows():
            self._shapes(drawing, depth, inline=False)

    def _shapes(self, drawing: Element, depth: int, *, inline: bool) -> None:
        if depth > _DEEPEST:
            raise RejectedError("too_complex", "内容嵌套过深")
        for child in drawing:
            tag = child.tag
            if tag == TEXT_BOX:
                self.boxes.append(child)
            elif tag in PICTURES:
                self.picture = True
                self.inline_picture |= inline
            elif tag != ALTERNATIVES:
                self._shapes(child, depth + 1, inline=inline or tag == INLINE)
            elif (branch := chosen(child)) is not None:
                self._shapes(branch, depth + 1, inline=inline)

    _steps: ClassVar[dict[str, Callable[[Scribe, Element, int], None]]] = {
        TEXT: _text,
        RUN_PROPERTIES: _properties,
        RUN: _run,
        **dict.fromkeys(_SIGNS, _sign),
        w("sym"): _symbol,
        w("fldChar"): _field,
        **dict.fromkeys(_CONTAINERS, _inside),
        CONTROL: _control,
        ALTERNATIVES: _alternatives,
        w("bdo"): _override,
        FORMULA: _formula,
        FORMULA_PARAGRAPH: _formulas,
        **dict.fromkeys((w("drawing"), w("pict"), w("object")), _drawing),
    }


def _character(element: Element) -> str:
    """A character given by font and code. Symbol has digits and signs where ASCII has them; other fonts draw signs."""
    try:
        code = int(element.get(w("char"), ""), 16)
    except ValueError:
        return _UNKNOWN
    low = code & 0xFF
    if (code >> 8) in (0x00, 0xF0) and element.get(w("font"), "").lower() == "symbol" and 0x28 <= low < 0x40:
        return chr(low)
    return chr(code) if 0x2000 <= code < 0xD800 else _UNKNOWN
