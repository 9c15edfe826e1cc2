"""Plain text that programs draw out of PDFs."""

from __future__ import annotations

import io
import random
import subprocess
import tempfile
from itertools import groupby
from pathlib import Path

import pdfplumber
import pypdfium2

from infra.demo.press import wrap
from tests.corpus.drawing import Ink, draw
from tests.corpus.figure_styles import TEXT
from tests.corpus.registry import Made, Order, layout
from tests.corpus.ruling import Rules
from tests.corpus.sheet import Table, Words, rows_of

_FOLIOS = ("- {n} -", "— {n} —", "-{n}-", "第 {n} 页")


@layout("dumps", suffix="txt", styles=TEXT)
def text_rows(order: Order) -> Made:
    """Every row of a table on a line, cells parted by a blank, empty fields left out."""
    lines = []
    for piece in order.sheet.story():
        if isinstance(piece, Table):
            lines += [" ".join(text for text in row if text) for row in rows_of(piece.grid)]
        else:
            lines.append(piece.text)
    return "\n".join(lines).encode()


@layout("dumps", suffix="txt", styles=TEXT)
def text_scraps(order: Order) -> Made:
    """Extraction without layout: heads in scraps, labels over lines, the figures on a line of their own after them."""
    rng = order.rng
    lines: list[str] = []
    for piece in order.sheet.story():
        if isinstance(piece, Words):
            lines += wrap(piece.text, 26, 1, indent=2)
        elif piece.key == "table2":
            lines += [" ".join(text for text in row if text) for row in rows_of(piece.grid)]
        elif piece.key == "table3":
            lines += _scraps_of_table3(piece, rng)
        else:
            lines += _scraps_of_table4(piece)
    return _paged(lines, rng)


def _paged(lines: list[str], rng: random.Random) -> bytes:
    """Lines as pages: an empty line between all of them or none, a page number, a blank at the head of a page."""
    between, folio = rng.choice(("\n\n", "\n\n", "\n")), rng.choice((*_FOLIOS, ""))
    length = rng.randint(24, 40)
    out = []
    for number, at in enumerate(range(0, len(lines), length), 1):
        page = between.join(lines[at : at + length])
        out.append((" " if number > 1 else "") + page + (f"{between}{folio.format(n=number)}" if folio else ""))
    return ("\n".join(out) + "\n").encode("gb18030" if rng.random() < 0.2 else "utf-8")


def _scraps_of_table3(piece: Table, rng: random.Random) -> list[str]:
    heads = [cell.text for cell in piece.grid.cells if cell.row < piece.grid.head]
    lines = [*wrap(heads[0], 17, 1), heads[1]]
    lines += [scrap for text in heads[2:] for scrap in wrap(text, 2 if len(text) < 5 else 3, 1)]
    width = rng.choice((7, 9, 9.4, 11))
    middle = rng.random() < 0.35
    for row in range(piece.grid.head, piece.grid.height):
        cells = [cell for cell in piece.grid.cells if cell.row == row]
        words = [cell for cell in cells if not cell.path]
        figures = " ".join(cell.text for cell in cells if cell.path)
        for group in words[:-1]:
            tall = group.rows > 8
            lines += list(group.text.replace(" ", "")) if tall else wrap(group.text, 3, 1)
        lines += _label_with_figures(wrap(words[-1].text, 20 if words[-1].columns == 3 else width, 1), figures, middle)
    return lines


def _label_with_figures(label: list[str], figures: str, middle: bool) -> list[str]:
    """The figures behind a label of one line, after a longer one, or in its middle line."""
    if len(label) == 1:
        return [f"{label[0]} {figures}"]
    if middle and len(label) > 2:
        at = len(label) // 2
        return [*label[:at], f"{label[at]} {figures}", *label[at + 1 :]]
    return [*label, figures]


def _scraps_of_table4(piece: Table) -> list[str]:
    cells = piece.grid.cells
    first = [cell.text for cell in cells if cell.row == 0]
    lines = [" ".join(first)]
    for _, ones in groupby((c for c in cells if not c.path and c.row > 0), key=lambda cell: cell.row):
        for cell in ones:
            lines += [cell.text] if cell.columns > 1 else list(cell.text.replace(" ", ""))
    return [*lines, " ".join(cell.text for cell in cells if cell.path)]


def _source(order: Order) -> bytes:
    rules = Rules(order.rng.choice(("rectangles", "long", "none")))
    return draw([order.sheet.story()], Ink(cell=order.rng.choice((8, 9, 10.5)), rules=rules))


@layout("dumps", suffix="txt", styles=TEXT)
def text_by_pdfium(order: Order) -> Made:
    """What pdfium copies out of a PDF."""
    document = pypdfium2.PdfDocument(_source(order))
    pages = [page.get_textpage().get_text_bounded() for page in document]
    return "\n".join(pages).replace("\r\n", "\n").encode()


@layout("dumps", suffix="txt", styles=TEXT)
def text_by_pdfplumber(order: Order) -> Made:
    """What pdfplumber extracts, with or without keeping the layout."""
    keep = order.rng.random() < 0.5
    with pdfplumber.open(io.BytesIO(_source(order))) as document:
        pages = [page.extract_text(layout=keep) for page in document.pages]
    return "\n\n".join(pages).encode()


@layout("dumps", suffix="txt", styles=TEXT, needs=("pdftotext",))
def text_by_pdftotext(order: Order) -> Made:
    """What Poppler's pdftotext writes: in reading order, as laid out, or in the order of the file."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "a.pdf"
        source.write_bytes(_source(order))
        how = order.rng.choice(("-layout", "-raw", "-nopgbrk"))
        ran = subprocess.run(["pdftotext", how, str(source), "-"], capture_output=True, check=True, timeout=60)
    return ran.stdout
