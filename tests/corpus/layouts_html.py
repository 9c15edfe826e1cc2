"""Reports as web pages."""

from __future__ import annotations

from tests.corpus.markup import Web, page_html
from tests.corpus.registry import Made, Order, layout


@layout("html", suffix="html")
def html_plain(order: Order) -> Made:
    """A clean page in UTF-8 with spans."""
    return page_html(order.sheet.story(), Web()).encode()
