"""Dumps as converters leave them, worse than the two of ``infra.demo.dumps``: every renderer is report, chance → text."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence
from itertools import groupby

from infra.demo.authored import AuthoredReport
from infra.demo.grids import Grid, printed_text, table2_grid, table3_grid, table4_grid

Renderer = Callable[[AuthoredReport, random.Random], str]
TABLES = {"proactive": table2_grid, "requests": table3_grid, "disputes": table4_grid}
WIDE = {"proactive": (24, 16, 16, 26), "requests": (6, 8, 24, 8, 8, 8, 8, 8, 8, 8), "disputes": (6,) * 15}
PAGE_LINES = 42


def fields(grid: Grid, *, repeat: bool = False) -> list[list[str]]:
    """The grid's texts on its raster; a spanning cell stands in its first field, or in all of them."""
    rows = [[""] * len(grid.widths) for _ in range(grid.height)]
    for cell in grid.cells:
        for row in range(cell.row, cell.row + (cell.rows if repeat else 1)):
            for column in range(cell.column, cell.column + (cell.columns if repeat else 1)):
                rows[row][column] = cell.text
    return rows


def whole(report: AuthoredReport, table: Callable[[str, Grid], str], *, mark: str = "") -> str:
    """The report with its prose in paragraphs and each table as `table` gives it."""
    parts = [f"{mark}{report.title}", report.opening]
    for section in report.form.sections:
        parts.append(f"{mark}{section.heading}")
        if section.key in TABLES:
            parts.append(table(section.key, TABLES[section.key](report)))
        else:
            parts += report.prose[section.key].split("\n")
    return "\n\n".join([*parts, report.signature, report.date_text]) + "\n"


def pipes(report: AuthoredReport, chance: random.Random) -> str:
    """A Markdown table with pipes and a rule below the first row; spanned cells empty or repeated."""
    repeat = chance.random() < 0.5

    def table(_key: str, grid: Grid) -> str:
        rows = ["| " + " | ".join(row) + " |" for row in fields(grid, repeat=repeat)]
        return "\n".join([rows[0], "|" + " --- |" * len(grid.widths), *rows[1:]])

    return whole(report, table, mark="## ")


def broken_pipes(report: AuthoredReport, chance: random.Random) -> str:
    """Pipes with ``<br>`` inside the labels, bold heads and entities for blanks."""

    def cell(text: str) -> str:
        if text and not text[0].isdigit() and len(text) > 6:
            cut = chance.randrange(3, len(text) - 2)
            return f"**{text[:cut]}<br>{text[cut:]}**" if chance.random() < 0.5 else f"{text[:cut]}<br/>{text[cut:]}"
        return text or "&nbsp;"

    def table(_key: str, grid: Grid) -> str:
        return "\n".join("|" + "|".join(map(cell, row)) + "|" for row in fields(grid))

    return whole(report, table, mark="# ")


def markup(report: AuthoredReport, _chance: random.Random) -> str:
    """Markdown whose tables are markup with spans, on one line or on many."""

    def table(_key: str, grid: Grid) -> str:
        rows = []
        for number in range(grid.height):
            cells = [
                f'<td rowspan="{c.rows}" colspan="{c.columns}">{c.text}</td>' for c in grid.cells if c.row == number
            ]
            rows.append("<tr>" + "".join(cells) + "</tr>")
        return "<table>" + "".join(rows) + "</table>"

    return whole(report, table, mark="# ")


def shifted(report: AuthoredReport, chance: random.Random) -> str:
    """Tabs; the label in field 1, 2 or 3 as it comes, groups kept or lost, trailing empty fields or none."""

    def table(key: str, grid: Grid) -> str:
        if key != "requests":
            return "\n".join("\t".join(row) for row in fields(grid))
        rows = []
        for number, row in enumerate(fields(grid)):
            figures = row[3:]
            words = row[:3] if number < grid.head else [text for text in row[:3] if text][-chance.randint(1, 2) :]
            if number >= grid.head and chance.random() < 0.4:
                words = [""] * chance.randint(0, 2) + words
            rows.append("\t".join([*words, *figures, *[""] * chance.randint(0, 3)]))
        return "\n".join(rows)

    return whole(report, table)


def row_by_row(report: AuthoredReport, _chance: random.Random) -> str:
    """Every row is a table of its own below a head that says nothing."""

    def table(key: str, grid: Grid) -> str:
        rows = fields(grid)
        if key != "requests":
            return "\n".join("|" + "|".join(row) + "|" for row in rows)
        out = ["|" + "|".join(row) + "|" for row in rows[: grid.head]]
        for row in rows[grid.head :]:
            label = "".join([text for text in row[:3] if text][-1:])
            names = ["项目", *(f"数据{n}" for n in range(1, 8))]
            out += ["", f"|{'|'.join(names)}|", "|" + "---|" * 8, f"|{label}|{'|'.join(row[3:])}|"]
        return "\n".join(out)

    return whole(report, table)


def cut_rows(report: AuthoredReport, chance: random.Random) -> str:
    """Rows broken by the page: half of the label with the figures, half without, in either order, over two tables."""

    def table(key: str, grid: Grid) -> str:
        rows = fields(grid)
        if key != "requests":
            return "\n".join("\t".join(row) for row in rows)
        out = ["\t".join(row) for row in rows[: grid.head]]
        for row in rows[grid.head :]:
            at = max(index for index in range(3) if row[index])
            label = row[at]
            if chance.random() < 0.25 and len(label) > 8:
                cut = chance.randrange(4, len(label) - 3)
                halves = [[*row[:at], label[:cut], *row[at + 1 : 3]], [*[""] * at, label[cut:], *[""] * (2 - at)]]
                upper = chance.random() < 0.5
                tails = [row[3:], [""] * 7] if upper else [[""] * 7, row[3:]]
                first, second = (head + tail for head, tail in zip(halves, tails, strict=True))
                out += ["\t".join(first), "", "\t".join(second)]
            else:
                out.append("\t".join(row))
        return "\n".join(out)

    return whole(report, table)


def commas(report: AuthoredReport, _chance: random.Random) -> str:
    """Tab-separated, figures with thousands separators and blanks around them."""

    def table(_key: str, grid: Grid) -> str:
        rows = fields(grid)
        return "\n".join("\t".join(f"{int(t):,}" if t.isdigit() and len(t) > 3 else t for t in row) for row in rows)

    return whole(report, table)


def lines(report: AuthoredReport, _chance: random.Random) -> str:
    """One cell a line, as a PDF viewer's reading by columns gives it: each figure on a line of its own."""

    def table(_key: str, grid: Grid) -> str:
        return "\n\n".join(cell.text for cell in sorted(grid.cells, key=lambda c: (c.row, c.column)) if cell.text)

    return whole(report, table)


def columned(report: AuthoredReport, chance: random.Random) -> str:
    """Text with layout: columns by blanks, cells centred in the height of their row, groups in the middle of their block.

    Page numbers stand between the lines, also inside a row.
    """
    out: list[str] = []
    number = 1
    style = chance.choice(["-{}-", "— {} —", "第 {} 页", "- {} -"])

    def put(line: str) -> None:
        nonlocal number
        out.append(line.rstrip())
        if len(out) % PAGE_LINES == 0:
            out.extend(["", " " * 30 + style.format(number), "\f" if chance.random() < 0.5 else ""])
            number += 1

    put(" " * 10 + report.title)
    for line in folded(report.opening):
        put(line)
    for section in report.form.sections:
        put("  " + section.heading)
        if section.key in TABLES:
            for line in laid_out(TABLES[section.key](report), WIDE[section.key]):
                put(line)
        else:
            for paragraph in report.prose[section.key].split("\n"):
                for line in folded(paragraph):
                    put(line)
    for line in ("", " " * 40 + report.signature, " " * 40 + report.date_text):
        put(line)
    return "\n".join(out)


def folded(paragraph: str, width: int = 34) -> list[str]:
    text = "　　" + paragraph
    return [text[at : at + width] for at in range(0, len(text), width)]


def wide(text: str) -> int:
    """Columns that `text` takes on a screen: two for each Chinese character."""
    return sum(1 + (unicodedata.east_asian_width(char) in "FW") for char in text)


def laid_out(grid: Grid, widths: Sequence[int]) -> list[str]:
    """The grid as lines of text, with cells wrapped to the width of their columns."""
    texts = {}
    for cell in grid.cells:
        room = sum(widths[cell.column : cell.column + cell.columns]) - 2
        texts[id(cell)] = wrapped(cell.text, room)
    heights = [1] * grid.height
    for cell in sorted(grid.cells, key=lambda c: c.rows):
        missing = len(texts[id(cell)]) - sum(heights[cell.row : cell.row + cell.rows])
        if missing > 0:
            heights[cell.row + cell.rows - 1] += missing
    tops = [sum(heights[:row]) for row in range(grid.height + 1)]
    page = [[" "] * (sum(widths) + 4) for _ in range(tops[-1])]
    for cell in grid.cells:
        high = tops[cell.row + cell.rows] - tops[cell.row]
        left, room = sum(widths[: cell.column]), sum(widths[cell.column : cell.column + cell.columns])
        first = tops[cell.row] + (high - len(texts[id(cell)])) // 2
        for offset, text in enumerate(texts[id(cell)]):
            start = left + (0 if cell.align == "left" else (room - wide(text)) // 2)
            at = start
            for char in text:
                page[first + offset][at] = char
                at += 1
                if wide(char) == 2:
                    page[first + offset][at] = ""
                    at += 1
    return ["".join(line).rstrip() for line in page]


def wrapped(text: str, room: int) -> list[str]:
    out = [""]
    for char in text:
        if wide(out[-1] + char) > room and not char.isdigit():
            out.append("")
        out[-1] += char
    return out


def figures_below(report: AuthoredReport, chance: random.Random) -> str:
    """Labels over several lines, then the figures on one or several lines of their own."""
    width = chance.randint(6, 14)

    def table(key: str, grid: Grid) -> str:
        if key != "requests":
            return "\n".join(" ".join(text for text in row if text) for row in fields(grid))
        out = [" ".join(text for text in row if text) for row in fields(grid)[: grid.head]]
        for _, cells in groupby(sorted(grid.cells, key=lambda c: (c.row, c.column)), key=lambda c: c.row):
            row = list(cells)
            if row[0].row < grid.head:
                continue
            for cell in row:
                if not cell.path:
                    out += [cell.text[at : at + width] for at in range(0, len(cell.text), width)]
            values = [cell.text for cell in row if cell.path]
            cut = chance.choice([7, 7, 7, 4, 5])
            out += [" ".join(part) for part in (values[:cut], values[cut:]) if part]
        return "\n".join(out)

    return whole(report, table)


def widened(report: AuthoredReport, chance: random.Random) -> str:
    """Tabs; behind a wrong page break spanned cells are repeated, so that rows hold 11 or 12 figures."""
    repeats = chance.choice([(2, 2, 1, 2, 2, 1, 2), (2, 1, 1, 2, 2, 2, 1), (1, 2, 2, 1, 2, 1, 2)])
    start = chance.randint(6, 24)

    def table(key: str, grid: Grid) -> str:
        rows = fields(grid)
        if key != "requests":
            return "\n".join("\t".join(row) for row in rows)
        out = []
        for number, row in enumerate(rows):
            times = repeats if number >= start else (1,) * 7
            figures = [text for text, n in zip(row[3:], times, strict=True) for _ in range(n)]
            out += [""] if number == start else []
            out.append("\t".join([*row[:3], *figures]))
        return "\n".join(out)

    return whole(report, table)


def blanks_printed(report: AuthoredReport) -> bool:
    """Whether a cell of the report prints nothing; dumps without columns lose such cells."""
    return any(printed_text(report.figure(path)) == "" for path in report.paths())


RENDERERS: dict[str, Renderer] = {
    "pipes": pipes,
    "broken_pipes": broken_pipes,
    "markup": markup,
    "shifted": shifted,
    "row_by_row": row_by_row,
    "cut_rows": cut_rows,
    "commas": commas,
    "lines": lines,
    "columned": columned,
    "figures_below": figures_below,
    "widened": widened,
}
