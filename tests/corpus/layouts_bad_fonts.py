"""PDFs whose fonts say the wrong thing: what is printed is right, what can be copied out is not."""

from __future__ import annotations

from tests.corpus.cmaps import Change, accented, garbled, permuted_digits, shifted, with_changed_maps, without_maps
from tests.corpus.drawing import EMBEDDED, Ink, draw
from tests.corpus.layouts_chromium import printed
from tests.corpus.markup import Web
from tests.corpus.registry import Made, Order, Shown, layout


def _drawn(order: Order, change: Change | None) -> Made:
    pdf = draw([order.sheet.story()], Ink(font=EMBEDDED, repeat_head=order.rng.random() < 0.5))
    return Shown(without_maps(pdf) if change is None else with_changed_maps(pdf, change), pdf)


def _browser(order: Order, change: Change | None) -> Made:
    def spoil(pdf: bytes) -> Made:
        return Shown(without_maps(pdf) if change is None else with_changed_maps(pdf, change), pdf)

    return printed(order.sheet.story(), Web(), then=spoil)


@layout("bad_fonts", needs=("font",))
def drawn_no_unicode(order: Order) -> Made:
    """No ToUnicode: the glyph numbers of the subset come out as letters, digits among them."""
    return _drawn(order, None)


@layout("bad_fonts", needs=("font",))
def drawn_shifted_unicode(order: Order) -> Made:
    """Every character moved on by a few or many."""
    return _drawn(order, shifted(order.rng.choice((1, 3, 29, 500))))


@layout("bad_fonts", needs=("font",))
def drawn_permuted_digits(order: Order) -> Made:
    """Two, three or all digits exchanged, everything else right."""
    return _drawn(order, permuted_digits(order.rng))


@layout("bad_fonts", needs=("font",))
def drawn_permuted_figures(order: Order) -> Made:
    """The figures are set in a font of their own, and only there digits are exchanged; none where they are all full-width."""
    figures = order.rng.choice(("Vera", "VeraBd"))
    pdf = draw([order.sheet.story()], Ink(font=EMBEDDED, figures=figures))
    if b"BitstreamVera" not in pdf:
        return pdf
    return Shown(with_changed_maps(pdf, permuted_digits(order.rng), of=b"BitstreamVera"), pdf)


@layout("bad_fonts", needs=("font",))
def drawn_garbled_unicode(order: Order) -> Made:
    """Everything is some Han character."""
    return _drawn(order, garbled(order.rng))


@layout("bad_fonts", needs=("font",))
def drawn_accents(order: Order) -> Made:
    """Han come out as Latin letters with accents, digits right."""
    return _drawn(order, accented)


@layout("bad_fonts", needs=("chromium",))
def chromium_no_unicode(order: Order) -> Made:
    """A browser's print without ToUnicode."""
    return _browser(order, None)


@layout("bad_fonts", needs=("chromium",))
def chromium_permuted_digits(order: Order) -> Made:
    """A browser's print with exchanged digits."""
    return _browser(order, permuted_digits(order.rng))


@layout("bad_fonts", needs=("chromium",))
def chromium_shifted_unicode(order: Order) -> Made:
    """A browser's print with every character moved on."""
    return _browser(order, shifted(order.rng.choice((1, 29))))
