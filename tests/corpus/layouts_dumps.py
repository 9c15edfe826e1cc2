"""Reports as other programs hand them on: plain text, Markdown, tab-separated lines."""

from __future__ import annotations

from tests.corpus.figure_styles import NO_EMPTY
from tests.corpus.registry import Made, Order, layout
from tests.corpus.sheet import Table, rows_of


@layout("dumps", suffix="md")
def markdown_pipes(order: Order) -> Made:
    """Pipe tables with a rule below the first row."""
    parts = []
    for piece in order.sheet.story():
        if isinstance(piece, Table):
            rows = [f"| {' | '.join(row)} |" for row in rows_of(piece.grid)]
            rows.insert(1, "|" + " --- |" * len(piece.grid.widths))
            parts.append("\n".join(rows))
        else:
            parts.append(f"## {piece.text}" if piece.kind == "heading" else piece.text)
    return ("\n\n".join(parts) + "\n").encode()


@layout("dumps", suffix="txt", styles=NO_EMPTY)
def text_rows(order: Order) -> Made:
    """Every row of a table on a line, cells parted by a blank, empty fields left out."""
    lines = []
    for piece in order.sheet.story():
        if isinstance(piece, Table):
            lines += [" ".join(text for text in row if text) for row in rows_of(piece.grid)]
        else:
            lines.append(piece.text)
    return "\n".join(lines).encode()
