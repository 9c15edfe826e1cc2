"""What a web page shows: running text with its breaks, and tables with their cells, as a browser builds them.

One pass over the tokens with an explicit stack, as deep as browsers keep it; nothing recurses, so that no page is too
deep. Only what bears on tables, breaks and hidden content follows the standard; everything else is text.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from services.core.errors import RejectedError
from services.ingest.readers.html_parts import (
    BREAK,
    RAISED,
    STRUCK,
    UNSEEN,
    Cell,
    Node,
    Page,
    Part,
    Picture,
    Piece,
    Run,
    Table,
)
from services.ingest.readers.html_tokens import Kind, Token, attributes, tokens, value_place

_MOST_TOKENS = 250_000
_MOST_STYLES = 2000
_DEEPEST = 512
_DEEPEST_TABLE = 64
_MOST_ROWS = 65_534
_MOST_COLUMNS = 1000

_VOID = frozenset({
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link",
    "meta", "param", "source", "track", "wbr",
})  # fmt: skip
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "dir", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option", "p", "pre", "section", "select",
    "summary", "title", "ul",
})  # fmt: skip
_CLOSES_ITSELF = {"li": ("ol", "ul", "menu"), "dd": ("dl",), "dt": ("dl",), "option": ("select",)}
_PARTS = frozenset({"thead", "tbody", "tfoot"})
_CELLS = frozenset({"td", "th", "caption"})
_TABLE = frozenset({"table", "tr"}) | _PARTS | _CELLS
_UNPRINTED = frozenset({"rt", "rp", "select", "datalist"})

_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all", re.IGNORECASE)
_STRIKING = re.compile(r"line-through", re.IGNORECASE)
_RAISING = re.compile(r"vertical-align\s*:\s*(?:super|sub)\b", re.IGNORECASE)
_KEEPING = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_PARAGRAPHED = re.compile(r"<(?:p|div|br|body)[\s/>]", re.IGNORECASE)
_TELLING = re.compile(r"style|hidden", re.IGNORECASE)


@dataclass(slots=True)
class _Open:
    name: str
    node: Node
    hidden: bool
    mark: int
    keeps: bool


@dataclass(slots=True)
class _Context:
    """A table being built; `base` is the height of the stack with its element on top."""

    table: Table
    base: int
    row: list[Cell] | None = None
    cell: Cell | None = None
    cell_base: int = 0

    @property
    def floor(self) -> int:
        """Elements below this height are out of reach for the end tags of what stands inside."""
        return self.cell_base if self.cell is not None else self.base


def build(source: str, *, with_hidden: bool = False) -> Page:
    """The page of `source`. `with_hidden` keeps content that is not displayed, marked UNSEEN.

    Raises RejectedError: too_complex for more than 250,000 tags and texts, or 64 tables in one another.
    """
    builder = _Builder(source, with_hidden=with_hidden)
    for count, token in enumerate(tokens(source)):
        if count > _MOST_TOKENS:
            raise RejectedError("too_complex", "网页标签过多")
        builder.take(token)
    return builder.page


class _Builder:
    def __init__(self, source: str, *, with_hidden: bool) -> None:
        self.page = Page(source)
        self._with_hidden = with_hidden
        # Markdown with markup for its tables: outside of them a line is a line
        plain = _PARAGRAPHED.search(source) is None
        self._stack = [_Open("", Node(None, 0), hidden=False, mark=0, keeps=plain)]
        self._counts: Counter[str] = Counter()
        self._beyond = 0
        self._contexts: list[_Context] = []
        self._plain_tables = 0
        self._known: dict[str, tuple[int, bool]] = {}

    def take(self, token: Token) -> None:
        if token.kind == Kind.TEXT:
            self._text(token)
        elif token.kind == Kind.END:
            self._end(token.name)
        elif token.name in _VOID:
            self._void(token)
        elif token.name in _TABLE and not self._is_plain(token):
            self._open_table_part(token)
        else:
            self._open(token)

    # text and single tags

    def _flow(self) -> list[Piece]:
        if not self._contexts:
            return self.page.flow
        context = self._contexts[-1]
        return context.cell.flow if context.cell is not None else context.table.stray

    def _text(self, token: Token) -> None:
        top = self._stack[-1]
        if top.name == "title" and not self._contexts:
            self.page.title.append(Run(token.start, token.end, top.node))
        elif not top.hidden:
            self._flow().append(Run(token.start, token.end, top.node, top.mark, top.keeps))

    def _break(self) -> None:
        flow = self._flow()
        if flow and flow[-1] is not BREAK:
            flow.append(BREAK)

    def _void(self, token: Token) -> None:
        top = self._stack[-1]
        if token.name == "meta":
            self._meta(attributes(token.attributes))
        elif top.hidden:
            return
        elif token.name == "br":
            self._flow().append(BREAK)
        elif token.name == "hr":
            self._break()
        elif token.name == "img":
            self._flow().append(Picture(token.start, top.node))
        elif token.name == "input":
            self._input(token, top)

    def _input(self, token: Token, top: _Open) -> None:
        """The value that an entry field shows."""
        found = attributes(token.attributes)
        if found.get("type", "text").lower() in ("text", "number") and found.get("value"):
            start = token.start + 1 + len(token.name) + value_place(token.attributes, "value")
            end = start + len(found["value"])
            if self.page.source[start:end] == found["value"]:
                self._flow().append(Run(start, end, top.node, top.mark))

    def _meta(self, found: dict[str, str]) -> None:
        if "name" in found and "content" in found:
            self.page.meta.setdefault(found["name"].lower()[:64], found["content"][:500])

    # elements

    def _open(self, token: Token) -> None:
        name = token.name
        if name in _BLOCKS:
            self._close_implied(name)
            if not self._stack[-1].hidden:
                self._break()
        self._push(token)

    def _close_implied(self, name: str) -> None:
        lists = _CLOSES_ITSELF.get(name)
        floor = self._contexts[-1].floor if self._contexts else 1
        for target, barriers in (("p", ("button",)), (name, lists)) if lists else (("p", ("button",)),):
            if not self._counts[target] or barriers is None:
                continue
            for height in range(len(self._stack) - 1, floor - 1, -1):
                if self._stack[height].name == target:
                    self._pop_to(height)
                    break
                if self._stack[height].name in barriers:
                    break

    def _push(self, token: Token) -> None:
        if len(self._stack) >= _DEEPEST:
            self._beyond += 1
            return
        top = self._stack[-1]
        hidden, mark, keeps = self._looks(token, top)
        node = Node(top.node, top.node.depth + 1, token.name)
        if token.name == "table":
            self._plain_tables += 1
        self._counts[token.name] += 1
        self._stack.append(_Open(token.name, node, hidden, mark, keeps))

    def _looks(self, token: Token, top: _Open) -> tuple[bool, int, bool]:
        hidden, mark, keeps = token.name in _UNPRINTED, top.mark, top.keeps or token.name in ("pre", "textarea")
        if token.name in ("sup", "sub"):
            mark |= RAISED
        elif token.name in ("del", "s", "strike"):
            mark |= STRUCK
        styled, keeping = self._styled(token.attributes) if token.attributes else (0, False)
        mark |= styled
        unseen = bool(styled & UNSEEN) and not self._with_hidden
        return top.hidden or hidden or unseen, mark, keeps or keeping

    def _styled(self, text: str) -> tuple[int, bool]:
        """The marks that attributes give, and whether line ends count; pages repeat few attributes many times."""
        known = self._known.get(text)
        if known is not None:
            return known
        mark, keeps = 0, False
        if _TELLING.search(text):
            found = attributes(text)
            style = found.get("style", "")
            mark |= UNSEEN if "hidden" in found or _HIDING.search(style) else 0
            mark |= RAISED if _RAISING.search(style) else 0
            mark |= STRUCK if _STRIKING.search(style) else 0
            keeps = bool(_KEEPING.search(style))
        if len(self._known) < _MOST_STYLES:
            self._known[text] = mark, keeps
        return mark, keeps

    def _pop_to(self, height: int) -> None:
        """Close the element at `height` of the stack and everything above it."""
        for closed in self._stack[height:]:
            self._counts[closed.name] -= 1
            if closed.name == "table":
                self._plain_tables = max(0, self._plain_tables - 1)
        del self._stack[height:]
        self._beyond = 0

    def _end(self, name: str) -> None:
        if name in ("br", "p") and not self._counts[name]:
            if not self._stack[-1].hidden:
                self._flow().append(BREAK)
            return
        if self._beyond and name not in _TABLE:
            self._beyond -= 1
            return
        if self._counts[name] and self._close(name):
            if name in _BLOCKS and not self._stack[-1].hidden:
                self._break()
        elif name in _TABLE and self._contexts:
            self._close_table_part(name)

    def _close(self, name: str) -> bool:
        floor = self._contexts[-1].floor if self._contexts else 1
        for height in range(len(self._stack) - 1, floor - 1, -1):
            if self._stack[height].name == name:
                self._pop_to(height)
                return True
        return False

    # tables

    def _is_plain(self, token: Token) -> bool:
        """Whether a table tag stands in hidden content, or hides its table: such tables are elements like any other."""
        if self._plain_tables:
            return True
        if token.name == "table":
            return self._looks(token, self._stack[-1])[0]
        return self._stack[-1].hidden and not self._contexts

    def _open_table_part(self, token: Token) -> None:
        name = token.name
        if name == "table":
            self._open_table(token)
            return
        if not self._contexts:
            return  # a cell outside of any table is no element at all
        context = self._contexts[-1]
        if name in _CELLS:
            self._leave_cell(context)
            self._open_cell(context, token)
            return
        self._leave_row(context)
        if name == "tr":
            self._open_row(context, token)
        else:
            context.table.parts.append(Part(name))

    def _open_table(self, token: Token) -> None:
        if self._contexts and self._contexts[-1].cell is None:
            self._close_table_part("table")
        if len(self._contexts) >= _DEEPEST_TABLE:
            raise RejectedError("too_complex", "表格层层嵌套")
        self._close_implied("table")
        self._push_part(token)
        table = Table(self._stack[-1].node, token.start)
        self._flow().append(table)
        self._contexts.append(_Context(table, len(self._stack)))

    def _open_row(self, context: _Context, token: Token) -> None:
        if not context.table.parts:
            context.table.parts.append(Part("tbody"))
        context.row = []
        self._push_part(token)
        if not self._stack[-1].hidden:
            context.table.parts[-1].rows.append(context.row)

    def _open_cell(self, context: _Context, token: Token) -> None:
        found = attributes(token.attributes) if token.attributes else {}
        cell = Cell(
            token.end, _span(found.get("rowspan"), _MOST_ROWS, 0), _span(found.get("colspan"), _MOST_COLUMNS, 1)
        )
        if token.name != "caption" and context.row is None:
            self._open_row(context, Token(Kind.START, token.start, token.start, "tr"))
        self._push_part(token)
        context.cell, context.cell_base = cell, len(self._stack)
        if self._stack[-1].hidden:
            return
        if token.name == "caption":
            context.table.caption = context.table.caption or cell
        elif context.row is not None:
            context.row.append(cell)

    def _push_part(self, token: Token) -> None:
        """Rows and cells go on the stack under names that no end tag has: they are closed as parts of their table."""
        top = self._stack[-1]
        hidden, mark, _ = self._looks(token, top)
        node = Node(top.node, top.node.depth + 1, token.name)
        self._stack.append(_Open(f"<{token.name}>", node, hidden, mark, keeps=False))

    def _leave_cell(self, context: _Context) -> None:
        """Back to the row, or to the table where none is open: what is still open in or between the cells ends."""
        self._pop_to(context.base + (context.row is not None))
        context.cell = None

    def _leave_row(self, context: _Context) -> None:
        self._pop_to(context.base)
        context.cell = context.row = None

    def _close_table_part(self, name: str) -> None:
        context = self._contexts[-1]
        if name in _CELLS:
            if context.cell is not None:
                self._leave_cell(context)
            return
        self._leave_row(context)
        if name == "table":
            self._contexts.pop()
            self._pop_to(context.base - 1)


def _span(text: str | None, most: int, least: int) -> int:
    """A span as browsers take it: the digits in front, at most `most`; no number, or too small a one, is 1."""
    digits = re.match(r"\s*\+?(\d{1,9})", text or "")
    value = int(digits[1]) if digits else 1
    return min(value, most) if value >= least else 1
