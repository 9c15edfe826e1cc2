"""Documents that LibreOffice writes: DOC, WPS, DOCX, and PDFs printed from Word documents."""

from __future__ import annotations

from tests.corpus.cmaps import permuted_digits, with_changed_maps, without_maps
from tests.corpus.docx import Word, document
from tests.corpus.layouts_chromium import as_made
from tests.corpus.layouts_docx import list_numbered, narrow
from tests.corpus.markup import Web, page_html
from tests.corpus.registry import Job, Made, Order, Shown, layout

_FRAMED = Web(attributes='border="1" cellspacing="0" cellpadding="2"')
"""LibreOffice takes rules from attributes, not from the style sheet."""


def _converted(source: bytes, target: str, suffix: str = "docx") -> Job:
    return Job("soffice", source, suffix, target, as_made)


@layout("office", suffix="doc", needs=("soffice",))
def doc_plain(order: Order) -> Made:
    """Word 97, merged cells."""
    return _converted(document([order.sheet.story()], Word()), "doc")


@layout("office", suffix="doc", needs=("soffice",))
def doc_upright_and_listed(order: Order) -> Made:
    """Word 97, vertical text, or numbers from lists."""
    word = list_numbered(order.sheet) if order.rng.random() < 0.5 else Word(upright=narrow)
    return _converted(document([order.sheet.story()], word), "doc")


@layout("office", suffix="wps", needs=("soffice",))
def wps_renamed(order: Order) -> Made:
    """WPS's own suffix on the same format."""
    return _converted(document([order.sheet.story()], Word()), "doc")


@layout("office", suffix="docx", needs=("soffice",))
def docx_from_web_page(order: Order) -> Made:
    """A web page saved as a Word document."""
    return _converted(page_html(order.sheet.story(), _FRAMED).encode(), "docx", "html")


@layout("ruled", needs=("soffice",))
def soffice_printed(order: Order) -> Made:
    """A Word document printed to PDF."""
    return _converted(document([order.sheet.story()], Word()), "pdf")


@layout("ruled", needs=("soffice",))
def soffice_upright(order: Order) -> Made:
    """A Word document with vertical text, printed to PDF."""
    return _converted(document([order.sheet.story()], Word(upright=narrow)), "pdf")


@layout("ruled", needs=("soffice",))
def soffice_listed(order: Order) -> Made:
    """A Word document whose numbers are counted by lists, printed to PDF."""
    return _converted(document([order.sheet.story()], list_numbered(order.sheet)), "pdf")


@layout("ruled", needs=("soffice",))
def soffice_web_page(order: Order) -> Made:
    """A web page opened in a word processor and printed to PDF."""
    return _converted(page_html(order.sheet.story(), _FRAMED).encode(), "pdf", "html")


@layout("ruled", needs=("soffice",))
def soffice_other_borders(order: Order) -> Made:
    """Dotted, dashed, double or triple borders."""
    edge = order.rng.choice(("dotted", "dashed", "double", "dashSmallGap", "triple"))
    return _converted(document([order.sheet.story()], Word(edge=edge)), "pdf")


@layout("unruled", needs=("soffice",))
def soffice_no_borders(order: Order) -> Made:
    """A Word document without borders, printed to PDF."""
    return _converted(document([order.sheet.story()], Word(edge="none")), "pdf")


@layout("bad_fonts", needs=("soffice",))
def soffice_no_unicode(order: Order) -> Made:
    """LibreOffice's print without ToUnicode: its glyph numbers come out as plausible letters and digits."""
    source = document([order.sheet.story()], Word())
    return Job("soffice", source, "docx", "pdf", lambda pdf: Shown(without_maps(pdf), pdf))


@layout("bad_fonts", needs=("soffice",))
def soffice_permuted_digits(order: Order) -> Made:
    """LibreOffice's print with exchanged digits."""
    source, change = document([order.sheet.story()], Word()), permuted_digits(order.rng)
    return Job("soffice", source, "docx", "pdf", lambda pdf: Shown(with_changed_maps(pdf, change), pdf))
