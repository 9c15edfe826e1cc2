"""OFD documents (GB/T 33190); each is drawn a second time as PDF, which says where everything stands."""

from __future__ import annotations

from dataclasses import replace

from tests.corpus.drawing import EMBEDDED, Ink, draw, draw_on, embedded_font
from tests.corpus.layouts_html import FORMS
from tests.corpus.ofd import OfdCanvas
from tests.corpus.registry import Made, Order, Shown, layout
from tests.corpus.ruling import Rules
from tests.corpus.sheet import Piece
from tests.corpus.stamps import seal, watermark


def _both(stories: list[list[Piece]], ink: Ink, order: Order) -> Made:
    canvas = OfdCanvas(order.rng)
    draw_on(canvas, stories, ink)
    return Shown(canvas.written(), draw(stories, replace(ink, over=None)))


@layout("ofd", suffix="ofd", forms=FORMS)
def ofd_strokes(order: Order) -> Made:
    """A path for every edge."""
    ink = Ink(rules=Rules("strokes"), slack=order.rng.randint(0, 300))
    return _both([order.sheet.story()], ink, order)


@layout("ofd", suffix="ofd", forms=FORMS)
def ofd_rectangles(order: Order) -> Made:
    """A closed path for every cell, or thin filled boxes; rows broken by the page."""
    rules = order.rng.choice((Rules("rectangles"), Rules("filled")))
    ink = Ink(rules=rules, break_rows=True, cell=10.5, slack=order.rng.randint(0, 300))
    return _both([order.sheet.story()], ink, order)


@layout("ofd", suffix="ofd", needs=("font",))
def ofd_landscape(order: Order) -> Made:
    """Landscape pages with areas of their own for the wide tables; long lines."""
    ink = Ink(font=EMBEDDED, rules=Rules("long"), wide=frozenset({"table3", "table4"}), cell=10)
    return _both([order.sheet.story()], ink, order)


@layout("ofd", suffix="ofd", needs=("font",))
def ofd_stamped(order: Order) -> Made:
    """A watermark or a seal over the figures."""
    font = embedded_font()
    stamp = order.rng.choice((watermark(font, order.rng), seal(font, order.sheet.report.agency, order.rng)))
    return _both([order.sheet.story()], Ink(font=EMBEDDED, over=stamp), order)


@layout("two_in_one", suffix="ofd", reports=2)
def ofd_two_reports(order: Order) -> Made:
    """Two reports in one OFD."""
    return _both([sheet.story() for sheet in order.sheets], Ink(cell=8), order)
