"""Reports written as web pages and printed to PDF by Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.corpus.markup import BASE_CSS, Web, page_html
from tests.corpus.registry import Job, Made, Order, layout
from tests.corpus.sheet import Piece

FOLIO = '<div style="width:100%;text-align:center;font-size:10px">— <span class="pageNumber"></span> —</div>'
RUNNING = '<div style="width:100%;text-align:center;font-size:9px">{title}</div>'


def as_made(data: bytes) -> Made:
    """The document is what the program made."""
    return data


def printed(
    story: list[Piece], web: Web, *, then: Callable[[bytes], Made] = as_made, running: str = "", **options: Any
) -> Job:
    """A page to be printed. ``running``: a running head over page numbers below; ``options`` of the printing dialogue."""
    if running:
        margin = {"top": "28mm", "bottom": "26mm", "left": "26mm", "right": "24mm"}
        options |= {"display_header_footer": True, "footer_template": FOLIO, "margin": margin}
        options["header_template"] = RUNNING.format(title=running)
    return Job("chromium", page_html(story, web).encode(), "html", "pdf", then, options)


@layout("ruled", needs=("chromium",))
def chromium_ruled(order: Order) -> Made:
    """Merged cells, full rules, the head repeated on each page."""
    return printed(order.sheet.story(), Web())


@layout("ruled", needs=("chromium",))
def chromium_no_repeated_head(order: Order) -> Made:
    """Rows broken anywhere by the page, also inside; large type, so that much is broken; no repeated head."""
    size = order.rng.choice((10, 11, 12, 13))
    css = BASE_CSS + f"table {{ font-size: {size}pt; }} p {{ margin-bottom: {order.rng.randint(0, 9)}pt; }}"
    return printed(order.sheet.story(), Web(css=css, head_rows=False))
