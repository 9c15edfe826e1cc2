"""HTML of a report, for web pages, for printing, and as a source that LibreOffice converts."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from infra.demo.grids import Grid, GridCell
from tests.corpus.sheet import Piece, Table, Words

Inner = Callable[[GridCell], str]
"""The markup inside a cell."""

BASE_CSS = """
@page { size: A4; margin: 28mm 24mm 26mm 26mm; }
body { font-family: 'WenQuanYi Micro Hei', sans-serif; font-size: 14pt; line-height: 1.8; }
h1 { font-size: 20pt; text-align: center; margin: 0; }
h2 { font-size: 14pt; margin: 0.5em 0; }
p { text-indent: 2em; margin: 0; }
p.closing { text-align: right; }
table { border-collapse: collapse; width: 100%; font-size: 9.5pt; line-height: 1.35; }
td { border: 1px solid #000; padding: 2px 3px; text-align: center; vertical-align: middle; }
td.left { text-align: left; }
"""


def escaped(cell: GridCell) -> str:
    """The text of a cell, nothing more."""
    return html.escape(cell.text)


def words_html(piece: Words) -> str:
    """A paragraph or heading."""
    text = html.escape(piece.text)
    if piece.kind == "title":
        return f"<h1>{text}</h1>"
    if piece.kind == "heading":
        return f"<h2>{text}</h2>"
    return f'<p class="closing">{text}</p>' if piece.kind == "closing" else f"<p>{text}</p>"


@dataclass(frozen=True)
class Web:
    """How a page is written. ``head_rows``: whether the head of a table is a thead, which repeats on every page.

    ``table``: the markup of a whole table, when it is not `table_html`'s. ``words``: of a paragraph. ``before``/``after``: markup around it all.
    ``classes``: `role` of a cell → its class. ``attributes``: of every table.
    """

    css: str = BASE_CSS
    inner: Inner = escaped
    head_rows: bool = True
    table: Callable[[Table], str] | None = None
    words: Callable[[Words], str] = words_html
    before: str = ""
    after: str = ""
    meta: str = '<meta charset="utf-8">'
    classes: dict[str, str] = field(default_factory=dict)
    attributes: str = ""


def page_html(story: Sequence[Piece], web: Web) -> str:
    """A whole page."""
    title = "".join(piece.text for piece in story if isinstance(piece, Words) and piece.kind == "title")
    return (
        f"<!DOCTYPE html>\n<html><head>{web.meta}<title>{html.escape(title)}</title>\n"
        f"<style>{web.css}</style></head>\n<body>{web.before}\n{body_html(story, web)}\n{web.after}</body></html>\n"
    )


def body_html(story: Sequence[Piece], web: Web) -> str:
    """The report alone."""
    return "\n".join(
        web.words(piece) if isinstance(piece, Words) else web.table(piece) if web.table else table_html(piece.grid, web)
        for piece in story
    )


def table_html(grid: Grid, web: Web) -> str:
    """A table with its spans and column widths."""
    whole = sum(grid.widths)
    columns = "".join(f'<col style="width:{100 * width / whole:.2f}%">' for width in grid.widths)
    rows = [[cell for cell in grid.cells if cell.row == row] for row in range(grid.height)]
    lines = [
        "<tr>" + "".join(cell_html(cell, web) for cell in sorted(row, key=lambda c: c.column)) + "</tr>" for row in rows
    ]
    head = grid.head if web.head_rows else 0
    front = f"<thead>{''.join(lines[:head])}</thead>" if head else ""
    opening = f"<table{' ' if web.attributes else ''}{web.attributes}>"
    return f"{opening}<colgroup>{columns}</colgroup>{front}<tbody>{''.join(lines[head:])}</tbody></table>"


def cell_html(cell: GridCell, web: Web) -> str:
    """One cell."""
    spans = f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
    spans += f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    own = "left" if cell.align == "left" else ""
    own = " ".join(filter(None, (own, web.classes.get(role(cell), ""))))
    return f"<td{spans}{f' class={chr(34)}{own}{chr(34)}' if own else ''}>{web.inner(cell)}</td>"


def role(cell: GridCell) -> str:
    """What a cell is to the page: ``figure``, ``tall`` (a narrow head over many rows), ``words``."""
    if cell.path:
        return "figure"
    return "tall" if cell.rows > 3 and cell.columns == 1 else "words"
