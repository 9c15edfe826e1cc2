"""Scanned and photographed reports: pictures of pages in PDF, PNG, JPEG and TIFF."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.corpus.drawing import EMBEDDED, Ink, draw, embedded_font
from tests.corpus.figure_styles import ALL
from tests.corpus.layouts_chromium import printed
from tests.corpus.markup import Web
from tests.corpus.registry import Made, Order, layout
from tests.corpus.ruling import Rules
from tests.corpus.scanning import Scan, scanned
from tests.corpus.stamps import seal

STYLES = ALL - {"full_width"}


def _ink(rng: random.Random) -> Ink:
    return Ink(
        font=EMBEDDED,
        cell=rng.choice((9.0, 10.5)),
        rules=Rules("rectangles", rng.choice((0.5, 0.75))),
        repeat_head=rng.random() < 0.5,
        slack=rng.randint(0, 200),
    )


def _drawn(order: Order, scan: Scan) -> Made:
    return scanned(draw([order.sheet.story()], _ink(order.rng)), scan, order.rng)


def _sealed(order: Order, scan: Scan) -> Made:
    ink = _ink(order.rng)
    stamp = seal(embedded_font(), order.sheet.report.agency, order.rng)
    story = order.sheet.story()
    # below the text, as ink lets what is printed shine through
    with_seal = draw([story], replace(ink, under=stamp))
    return scanned(with_seal, scan, order.rng, plain=draw([story], ink))


@layout("scan", needs=("font",), styles=STYLES)
def scan_grey(order: Order) -> Made:
    """A PDF of grey pages at 200 or 300 dpi, slightly grainy."""
    return _drawn(order, Scan(order.rng.choice((200, 300)), noise=4, quality=75))


@layout("scan", needs=("font",), styles=STYLES)
def scan_colour_with_seal(order: Order) -> Made:
    """A PDF of colour pages with a red seal over figures."""
    return _sealed(order, Scan(order.rng.choice((200, 300)), "colour", noise=3))


@layout("scan", suffix="tif", needs=("font",), styles=STYLES)
def scan_tiff(order: Order) -> Made:
    """A TIFF of several pages."""
    return _drawn(order, Scan(200, container="tiff", noise=2))


@layout("scan", needs=("chromium",), styles=STYLES)
def scan_of_browser_print(order: Order) -> Made:
    """A browser's print, scanned grey at 200 dpi, slightly blurred."""
    scan = Scan(200, noise=3, blur=0.4)
    return printed(order.sheet.story(), Web(), then=lambda pdf: scanned(pdf, scan, order.rng))


@layout("scan", suffix="png", needs=("font",), styles=STYLES)
def scan_one_page_png(order: Order) -> Made:
    """The whole report on one long picture."""
    return _one_page(order, Scan(200, container="png"))


@layout("scan", suffix="jpg", needs=("font",), styles=STYLES)
def scan_one_page_jpeg(order: Order) -> Made:
    """The same as JPEG, colour, with grain."""
    return _one_page(order, Scan(200, "colour", container="jpeg", noise=3, quality=85))


def _one_page(order: Order, scan: Scan) -> Made:
    ink = Ink(font=EMBEDDED, cell=9.0, body=10.5, tall=1900.0)
    return scanned(draw([order.sheet.story()], ink), scan, order.rng)


@layout("scan_rough", needs=("font",), styles=STYLES)
def scan_150_dpi(order: Order) -> Made:
    """Grey at 150 dpi with grain and strong compression."""
    return _drawn(order, Scan(150, noise=5, quality=60))


@layout("scan_rough", needs=("font",), styles=STYLES)
def scan_skewed(order: Order) -> Made:
    """Every page askew by up to 2.5 degrees, each by its own."""
    return _drawn(order, Scan(200, skew=2.5, noise=4))


@layout("scan_rough", needs=("font",), styles=STYLES)
def scan_bilevel(order: Order) -> Made:
    """Black and white without grey, like a fax, at 200 or 300 dpi."""
    return _drawn(order, Scan(order.rng.choice((200, 300)), "bilevel"))


@layout("scan_rough", suffix="tif", needs=("font",), styles=STYLES)
def scan_bilevel_tiff_skewed(order: Order) -> Made:
    """A fax of several pages, askew."""
    return _drawn(order, Scan(200, "bilevel", skew=1.5, container="tiff"))


@layout("scan_rough", needs=("font",), styles=STYLES)
def scan_colour_seal_skewed(order: Order) -> Made:
    """Colour at 150 dpi with a seal, askew and blurred."""
    return _sealed(order, Scan(150, "colour", skew=2.0, noise=4, blur=0.4))
