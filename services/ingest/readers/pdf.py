"""PDF reports: pages with text as text, pages and tables that are pictures through a reader of pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version

from services.core.errors import RejectedError
from services.core.report import Format, Report
from services.ingest.readers.digit_shapes import shows_other_digits
from services.ingest.readers.pdf_pages import FEWEST_GLYPHS, SeenPages, read_pages
from services.ingest.readers.pdf_pictures import Wanted, hidden_text, read_wanted, unread, wanted_pictures
from services.ingest.readers.reader import Bounds, Read
from services.ingest.readers.second_opinion import SecondReading
from services.ingest.recognise.bad_text import words_of
from services.ingest.recognise.confidence import ODD_SHAPES
from services.ingest.recognise.primitives import PictureReader, Place, SecondOpinion
from services.ingest.recognise.report import is_annual_report, recognise
from services.ingest.recognise.sanity import is_language

ENGINE = f"pdf/1 pypdfium2/{version('pypdfium2')}"


def read_pdf(
    data: bytes, bounds: Bounds, pictures: PictureReader | None = None, look_again: SecondOpinion | None = None
) -> Read:
    """The reports of a PDF. `look_again` reads places a second time that `pictures` has read before.

    Without `pictures` a document whose tables stand in pictures, or whose text cannot be believed, gives reports to
    review and ``needs`` the lane that reads pictures. Raises RejectedError: encrypted, damaged, too_many_pages,
    too_complex, no_text, bad_text_layer, not_annual_report.
    """
    seen = read_pages(data, bounds.max_pages)
    content = seen.content()
    reports = recognise(content, _second_opinion(data, seen))
    one_font = len(seen.digit_fonts) <= 1
    if any(shows_other_digits(data, report, one_font=one_font) for report in reports):
        content.distrust = ODD_SHAPES
        reports = recognise(content, _second_opinion(data, seen))
    annual = is_annual_report(content, reports)
    wanted = wanted_pictures(seen, reports, annual=annual)
    if not wanted:
        if not annual:
            raise RejectedError("no_text" if seen.glyphs < FEWEST_GLYPHS else "not_annual_report")
        return Read(Format.PDF, ENGINE, reports)
    kind = Format.PDF_SCAN if all(page.is_scan for page in seen.pages) else Format.PDF
    if pictures is None:
        return Read(kind, ENGINE, unread(seen, reports if annual else [], wanted), needs="ocr")
    return Read(kind, f"{ENGINE} {pictures.engine}", _with_pictures(data, seen, wanted, pictures, look_again))


def _with_pictures(
    data: bytes,
    seen: SeenPages,
    wanted: Sequence[Wanted],
    pictures: PictureReader,
    look_again: SecondOpinion | None,
) -> list[Report]:
    done = read_wanted(data, seen, wanted, pictures)
    content = replace(seen.content(done), recognised=True)
    reports = recognise(content, _second_opinion(data, seen, done, look_again))
    if not is_annual_report(content, reports):
        if is_language(words_of(content.items)):
            raise RejectedError("not_annual_report")
        raise RejectedError("bad_text_layer" if any(one.bad_text for one in wanted) else "no_text")
    return reports


def _second_opinion(
    data: bytes, seen: SeenPages, read_as_pictures: Iterable[int] = (), look_again: SecondOpinion | None = None
) -> SecondOpinion:
    """Pdfplumber for pages read as text; for pictures `look_again`, else the hidden text that scans may carry."""
    scanned = frozenset(read_as_pictures)
    again = SecondReading(data, turns={page.number: page.turn for page in seen.pages if page.turn}, loose=seen.loose)

    def ask(places: Iterable[Place]) -> dict[Place, str | None]:
        asked = list(places)
        answers = look_again(asked) if look_again else {}
        asked = [place for place in asked if answers.get(place) is None]
        answers |= hidden_text(seen, [place for place in asked if place.page in scanned])
        texts = [place for place in asked if place.page not in scanned]
        return answers | (again.ask(texts) if texts else {})

    return ask
