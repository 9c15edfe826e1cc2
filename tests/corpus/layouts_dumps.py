"""Reports as converters hand them on: Markdown and tab-separated tables, whole and damaged."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Callable

from tests.corpus.damage import Damage, Rows, damaged_rows
from tests.corpus.figure_styles import NO_EMPTY, TEXT
from tests.corpus.layouts_html import FORMS, lines_of_cells
from tests.corpus.registry import Made, Order, layout
from tests.corpus.sheet import Table, Words, rows_of


def airy(text: str) -> str:
    """Blanks between figures and Chinese characters, as converters put them."""
    return re.sub(r"(?<=[一-鿿])(?=\d)|(?<=\d)(?=[一-鿿])", " ", text)


def marked(piece: Words, rng: random.Random) -> str:
    """A paragraph or heading in Markdown; the depth of headings means nothing."""
    if piece.kind == "title":
        return f"# {airy(piece.text)}"
    if piece.kind == "heading":
        return f"{'#' * rng.randint(2, 4)} {piece.text}"
    bold = re.match(r"(（[一二三四五六]）.{2,12}?。)(.*)", piece.text)
    return f"**{bold[1]}**{airy(bold[2])}" if bold and rng.random() < 0.6 else piece.text


def piped(rows: Rows) -> str:
    """A pipe table, a rule below its first row."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines)


def tabbed(rows: Rows) -> str:
    """Lines of fields parted by tabs."""
    return "\n".join("\t".join(row) for row in rows)


def dump(order: Order, tables: Callable[[Table], list[str]]) -> bytes:
    """The whole report in Markdown; ``tables`` gives a table as blocks, between which stands an empty line."""
    parts: list[str] = []
    for piece in order.sheet.story():
        parts += [marked(piece, order.rng)] if isinstance(piece, Words) else tables(piece)
    return ("\n\n".join(parts) + "\n").encode()


def damaged(order: Order, damage: Damage, write: Callable[[Rows], str]) -> bytes:
    """The report with a damaged table 3, and table 2 in two pieces of which the second lost its empty columns."""

    def tables(piece: Table) -> list[str]:
        if piece.key == "table3":
            return [write(rows) for rows in damaged_rows(piece.grid, damage, order.rng)]
        if piece.key == "table2" and damage.pieces:
            return [write(rows) for rows in _table2_pieces(piece)]
        return [write(rows_of(piece.grid))]

    return dump(order, tables)


def _table2_pieces(piece: Table) -> list[Rows]:
    rows = rows_of(piece.grid)
    titles = [cell.row for cell in piece.grid.cells if cell.columns == 4]
    below = rows[titles[2] :]
    used = 1 + max(index for row in below for index, text in enumerate(row) if text)
    return [rows[: titles[2]], [row[:used] for row in below]]


@layout("dumps", suffix="md", forms=FORMS)
def markdown_pipes(order: Order) -> Made:
    """Pipe tables with a rule below the first row."""
    return dump(order, lambda piece: [piped(rows_of(piece.grid))])


@layout("dumps", suffix="md", forms=FORMS)
def markdown_tabs(order: Order) -> Made:
    """Tables as tab-separated lines."""
    return dump(order, lambda piece: [tabbed(rows_of(piece.grid))])


@layout("dumps", suffix="md")
def markdown_marked_cells(order: Order) -> Made:
    """Pipe tables with bold marks, line breaks, alignment and escapes inside the cells."""
    rng = order.rng

    def cell(text: str, figure: bool) -> str:
        if not text:
            return rng.choice(("", " ", "&nbsp;"))
        if not figure and len(text) > 4 and rng.random() < 0.5:
            at = rng.randint(2, len(text) - 2)
            text = f"{text[:at]}<br>{text[at:]}"
        return f"**{text}**" if rng.random() < 0.2 else text

    def tables(piece: Table) -> list[str]:
        figures = {(c.row, c.column) for c in piece.grid.cells if c.path}
        rows = rows_of(piece.grid)
        made = [[cell(t, (r, c) in figures) for c, t in enumerate(row)] for r, row in enumerate(rows)]
        return [piped(made).replace("| --- |", "| :---: |", 1)]

    return dump(order, tables)


@layout("dumps", suffix="md", styles=NO_EMPTY)
def tabs_shifted(order: Order) -> Made:
    """Labels in field 1, 2 or 3, figures directly behind them, empty fields at the end, the note below the head."""
    return damaged(order, Damage(shift=True, trail=True, note_below=True), tabbed)


@layout("dumps", suffix="md", styles=NO_EMPTY)
def tabs_eleven_figures(order: Order) -> Made:
    """After the page eleven or twelve figures stand where seven belong; a label is broken by the page."""
    return damaged(order, Damage(shift=True, repeat=True, broken=True, pieces=True, note_below=True), tabbed)


@layout("dumps", suffix="md", styles=NO_EMPTY)
def pipes_broken_by_pages(order: Order) -> Made:
    """Two pipe tables, a label broken between them, a wrong head before the last rows."""
    return damaged(order, Damage(broken=True, pieces=True, wrong_head=True, trail=order.rng.random() < 0.5), piped)


@layout("dumps", suffix="md", styles=NO_EMPTY)
def tabs_everything(order: Order) -> Made:
    """Any of the damages together."""
    chance = [order.rng.random() < 0.5 for _ in range(7)]
    return damaged(order, Damage(*chance), order.rng.choice((tabbed, piped)))


@layout("dumps", suffix="md", styles=NO_EMPTY)
def pipes_row_by_row(order: Order) -> Made:
    """Every row of table 3 a table of its own, under heads that a converter made up."""

    def tables(piece: Table) -> list[str]:
        rows = rows_of(piece.grid)
        if piece.key != "table3":
            return [piped(rows)]
        labelled = [["".join(row[:3]), *row[3:]] for row in rows[piece.grid.head :]]
        return [piped([["项目", *(f"数据{n}" for n in range(1, 8))], row]) for row in labelled]

    return dump(order, tables)


@layout("dumps", suffix="html", styles=TEXT)
def html_cells_with_bars(order: Order) -> Made:
    """A page without tables: the cells of a row on one line, parted by bars."""
    paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in lines_of_cells(order.sheet, " | "))
    return f'<html><head><meta charset="utf-8"></head><body>{paragraphs}</body></html>'.encode()


@layout("dumps", suffix="html", styles=TEXT)
def html_cells_as_lines(order: Order) -> Made:
    """A page without tables: every cell a line of its own."""
    lines = [cell for line in lines_of_cells(order.sheet, "\n") for cell in line.split("\n")]
    between = order.rng.choice(("<br/>", "</p><p>", "</div><div>"))
    body = between.join(html.escape(line) for line in lines)
    return f'<html><head><meta charset="utf-8"></head><body><p>{body}</p></body></html>'.encode()
