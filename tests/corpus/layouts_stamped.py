"""PDFs with watermarks and seals over the figures."""

from __future__ import annotations

import html

from infra.demo.press import FONT
from tests.corpus.drawing import EMBEDDED, Ink, draw, embedded_font
from tests.corpus.layouts_chromium import printed
from tests.corpus.markup import BASE_CSS, Web
from tests.corpus.registry import Made, Order, layout
from tests.corpus.stamps import WATERMARKS, both, seal, watermark

_MARK_CSS = """
.mark { position: fixed; top: 40%; left: 0; width: 100%; text-align: center; font-size: FONTpt; color: COLOUR;
  transform: rotate(ANGLEdeg); white-space: nowrap; z-index: 9; }
.mark.second { top: 70%; } .mark.third { top: 12%; }
"""
_SEAL = """
<svg class="seal" width="150" height="150" viewBox="0 0 150 150" style="position:ABSOLUTE;left:LEFT%;top:TOP;z-index:9">
<circle cx="75" cy="75" r="70" fill="none" stroke="RED" stroke-width="4"/>
<path id="rim" d="M 22 95 A 55 55 0 1 1 128 95" fill="none"/>
<text fill="RED" font-size="16"><textPath href="#rim" startOffset="0" textLength="230">NAME</textPath></text>
<path d="M75 50 L81 68 L100 68 L85 79 L91 97 L75 86 L59 97 L65 79 L50 68 L69 68 Z" fill="RED"/>
<text x="75" y="122" fill="RED" font-size="13" text-anchor="middle">WORDS</text></svg>
"""


@layout("stamped")
def drawn_watermark(order: Order) -> Made:
    """A slanted watermark over everything, pale or half transparent."""
    ink = Ink(over=watermark(FONT, order.rng))
    return draw([order.sheet.story()], ink)


@layout("stamped", needs=("font",))
def drawn_watermark_below(order: Order) -> Made:
    """A watermark below the text, as office programs store it."""
    ink = Ink(font=EMBEDDED, under=watermark(embedded_font(), order.rng), cell=8)
    return draw([order.sheet.story()], ink)


@layout("stamped")
def drawn_seal(order: Order) -> Made:
    """A round red seal on every page, over figures; its words stand upright, its number along the rim."""
    return draw([order.sheet.story()], Ink(over=seal(FONT, order.sheet.report.agency, order.rng)))


@layout("stamped", needs=("font",))
def drawn_seal_and_watermark(order: Order) -> Made:
    """A seal and a watermark on one page."""
    font = embedded_font()
    stamps = both(watermark(font, order.rng), seal(font, order.sheet.report.agency, order.rng))
    return draw([order.sheet.story()], Ink(font=EMBEDDED, over=stamps, cell=10))


@layout("stamped", needs=("chromium",))
def chromium_watermark(order: Order) -> Made:
    """A web page's fixed watermark, printed on every page."""
    rng = order.rng
    colour = rng.choice(("rgba(128,128,128,.25)", "#ddd", "rgba(200,0,0,.2)", "#e8e8f8"))
    css = _MARK_CSS.replace("COLOUR", colour).replace("ANGLE", str(rng.choice((-30, -45, 25, -20))))
    css = css.replace("FONT", str(rng.choice((24, 40, 60))))
    text = html.escape(rng.choice(WATERMARKS))
    marks = "".join(f'<div class="mark {name}">{text}</div>' for name in ("", "second", "third"))
    return printed(order.sheet.story(), Web(css=BASE_CSS + css, before=marks))


@layout("stamped", needs=("chromium",))
def chromium_seal(order: Order) -> Made:
    """A seal drawn as SVG over the figures of every page."""
    rng = order.rng
    seal_ = _SEAL.replace("RED", rng.choice(("#e60012", "rgb(230,0,18)", "rgba(255,0,0,.7)"))).replace(
        "ABSOLUTE", "fixed"
    )
    seal_ = seal_.replace("LEFT", str(rng.randint(35, 70))).replace("TOP", f"{rng.randint(15, 70)}%")
    seal_ = seal_.replace("NAME", html.escape(order.sheet.report.agency)).replace(
        "WORDS", rng.choice(("专用章", "", "2024"))
    )
    return printed(order.sheet.story(), Web(after=seal_))
