"""Reports written as web pages and printed to PDF by Chromium."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

from infra.demo.grids import GridCell
from tests.corpus.markup import BASE_CSS, Web, page_html, table_html, words_html
from tests.corpus.registry import Job, Made, Order, layout
from tests.corpus.sheet import Piece, Table, Words, part_of

FOLIO = '<div style="width:100%;text-align:center;font-size:10px">— <span class="pageNumber"></span> —</div>'
RUNNING = '<div style="width:100%;text-align:center;font-size:9px">{title}</div>'
_MIXED = ("2021", "2021", "2019", "2019/2021", "2021/2019")


def as_made(data: bytes) -> Made:
    """The document is what the program made."""
    return data


def printed(
    story: Sequence[Piece], web: Web, *, then: Callable[[bytes], Made] = as_made, running: str = "", **options: Any
) -> Job:
    """A page to be printed. ``running``: a running head over page numbers below; ``options`` of the printing dialogue."""
    if running:
        margin = {"top": "28mm", "bottom": "26mm", "left": "26mm", "right": "24mm"}
        options |= {"display_header_footer": True, "footer_template": FOLIO, "margin": margin}
        options |= {"header_template": RUNNING.format(title=html.escape(running)), "prefer_css_page_size": False}
        options |= {"format": "A4"}
    return Job("chromium", page_html(story, web).encode(), "html", "pdf", then, options)


@layout("ruled", needs=("chromium",), forms=_MIXED)
def chromium_ruled(order: Order) -> Made:
    """Merged cells, full rules, the head repeated on each page, running heads and page numbers."""
    return printed(order.sheet.story(), Web(), running=order.sheet.report.title)


@layout("ruled", needs=("chromium",))
def chromium_broken_rows(order: Order) -> Made:
    """Rows broken anywhere by the page, also inside; large type, so that much is broken; no repeated head."""
    rng = order.rng
    css = f"table {{ font-size: {rng.choice((11, 12, 13))}pt; }} p {{ margin-bottom: {rng.randint(0, 9)}pt; }}"
    return printed(order.sheet.story(), Web(css=BASE_CSS + css, head_rows=False))


@layout("ruled", needs=("chromium",))
def chromium_whole_rows(order: Order) -> Made:
    """Rows kept whole at the page break, whose last row then has no rule below."""
    rng = order.rng
    css = f"tr {{ break-inside: avoid; }} table {{ font-size: {rng.choice((10, 11))}pt; }} h1 {{ margin-bottom: {rng.randint(0, 300)}pt; }}"
    return printed(order.sheet.story(), Web(css=BASE_CSS + css, head_rows=rng.random() < 0.5))


@layout("ruled", needs=("chromium",))
def chromium_vertical_text(order: Order) -> Made:
    """Narrow heads with vertical text (writing-mode), in table 3's groups and in table 4."""

    def inner(cell: GridCell) -> str:
        text = html.escape(cell.text)
        narrow = cell.columns == 1 and not cell.path and (cell.rows > 2 or len(text) == 4)
        return f'<span class="tall">{text}</span>' if narrow else text

    css = ".tall { writing-mode: vertical-rl; text-orientation: upright; white-space: nowrap; letter-spacing: 1px; }"
    return printed(order.sheet.story(), Web(css=BASE_CSS + css, inner=inner))


@layout("ruled", needs=("chromium",))
def chromium_landscape(order: Order) -> Made:
    """Landscape pages throughout."""
    css = "@page { size: A4 landscape; margin: 20mm; }"
    return printed(order.sheet.story(), Web(css=BASE_CSS + css))


@layout("ruled", needs=("chromium",))
def chromium_fine_borders(order: Order) -> Made:
    """Hairline, dotted and dashed borders, black or grey."""
    rng = order.rng
    style = rng.choice(
        ("0.25px solid #000", "1px dotted #000", "1px dashed #555", "0.5px solid #999", "2px dotted #333")
    )
    return printed(order.sheet.story(), Web(css=f"{BASE_CSS} td {{ border: {style}; }}"))


@layout("ruled", needs=("chromium",))
def chromium_double_borders(order: Order) -> Made:
    """Double borders, and borders that are not collapsed: every cell has a frame of its own with a gap between."""
    rng = order.rng
    css = rng.choice(
        (
            "td { border: 3px double #000; }",
            "table { border-collapse: separate; border-spacing: 1px; border: 1px solid #000; }",
            "table { border-collapse: separate; border-spacing: 0; } td { border: 0.5px solid #000; }",
        )
    )
    return printed(order.sheet.story(), Web(css=BASE_CSS + css))


@layout("ruled", needs=("chromium",))
def chromium_split_disputes(order: Order) -> Made:
    """Table 4 as two tables, review and litigation, each under its own words."""

    def table(piece: Table) -> str:
        if piece.key != "table4":
            return table_html(piece.grid, web)
        courts = part_of(piece.grid, 5, 15)
        review = part_of(piece.grid, 0, 5)
        return f"<p>（一）行政复议情况</p>{table_html(review, web)}<p>（二）行政诉讼情况</p>{table_html(courts, web)}"

    web = Web(table=table)
    return printed(order.sheet.story(), web)


@layout("ruled", needs=("chromium",))
def chromium_separate_blocks(order: Order) -> Made:
    """Table 2 as a table for each block, its title a line of text above; shaded heads."""

    def table(piece: Table) -> str:
        if piece.key != "table2":
            return table_html(piece.grid, web)
        return "".join(f"<p>{html.escape(title)}</p>{table_html(grid, web)}" for title, grid in blocks_of(piece))

    css = "thead td, td.words { background: #e6eef8; }"
    web = Web(css=BASE_CSS + css, table=table, classes={"words": "words"})
    return printed(order.sheet.story(), web)


def blocks_of(piece: Table) -> list[tuple[str, Any]]:
    """The blocks of table 2: title and grid without the title row."""
    titles = [cell for cell in piece.grid.cells if cell.column == 0 and cell.columns == 4]
    ends = [*(cell.row for cell in titles[1:]), piece.grid.height]
    found = []
    for title, end in zip(titles, ends, strict=True):
        upper = part_of(piece.grid, 0, 4, drop_rows=title.row + 1)
        kept = tuple(cell for cell in upper.cells if cell.row < end - title.row - 1)
        found.append((title.text, type(upper)(upper.widths, end - title.row - 1, 0, kept)))
    return found


@layout("ruled", needs=("chromium",))
def chromium_two_columns(order: Order) -> Made:
    """A county's print on A3 landscape in two columns: prose and tables side by side, tables cut by the column."""
    css = "@page { size: A3 landscape; margin: 18mm; } body { column-count: 2; column-gap: 14mm; font-size: 12pt; }"
    return printed(order.sheet.story(), Web(css=BASE_CSS + css))


@layout("ruled", needs=("chromium",))
def chromium_year_comparison(order: Order) -> Made:
    """A small ruled table in the prose compares years in words close to the form's; it is no table of the form."""
    return printed(order.sheet.story(), Web(words=with_comparison(order)))


def with_comparison(order: Order) -> Callable[[Words], str]:
    """Paragraphs, the first of section 1 followed by a table of three years."""
    year, rng = order.sheet.report.year, order.rng
    labels = ("收到申请数量", "办结数量", "结转数量", "行政复议数量", "行政诉讼数量")
    rows = [[label, *(str(rng.randint(0, 99)) for _ in range(3))] for label in labels]
    head = ["项目", *(f"{year - back}年" for back in (2, 1, 0))]
    cells = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in [head, *rows])
    waiting = [f"<table border=1>{cells}</table>"]

    def words(piece: Words) -> str:
        extra = waiting.pop() if waiting and piece.kind == "prose" and piece.section == "overview" else ""
        return words_html(piece) + extra

    return words


@layout("two_in_one", needs=("chromium",), reports=2)
def chromium_two_reports(order: Order) -> Made:
    """Two reports printed from one page, the second on a new page or right below the first."""
    css = "h1:not(:first-of-type) { break-before: page; }" if order.rng.random() < 0.5 else ""
    return printed([piece for sheet in order.sheets for piece in sheet.story()], Web(css=BASE_CSS + css))


@layout("unruled", needs=("chromium",))
def chromium_no_borders(order: Order) -> Made:
    """No borders at all."""
    return printed(order.sheet.story(), Web(css=f"{BASE_CSS} td {{ border: none; }}"))


@layout("unruled", needs=("chromium",))
def chromium_horizontal_rules(order: Order) -> Made:
    """Rules between the rows only, shaded stripes in place of the others."""
    css = "td { border: none; border-bottom: 1px solid #000; } tr:nth-child(even) td { background: #f2f2f2; }"
    return printed(order.sheet.story(), Web(css=BASE_CSS + css))


@layout("unruled", needs=("chromium",))
def chromium_frame_only(order: Order) -> Made:
    """A frame around each table and nothing inside."""
    css = "td { border: none; } table { border: 1px solid #000; }"
    return printed(order.sheet.story(), Web(css=BASE_CSS + css))
