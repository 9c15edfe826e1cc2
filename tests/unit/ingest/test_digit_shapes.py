"""Digits of figures that a font's map exchanges: found by sums where there are any, else by what they look like."""

from __future__ import annotations

import io
import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdfium2 import raw
from reportlab.pdfgen.canvas import Canvas

from infra.demo.authored import AuthoredReport, consistent, with_error
from services.core.report import Layout, Report, Table3
from services.ingest.readers import read_document
from services.ingest.readers.glyph_shapes import CLASSES, _framed, looks_like
from services.ingest.readers.pdfium import open_pdf, read_page
from services.ingest.readers.rendering import grey_rows
from services.ingest.recognise.confidence import ODD_SHAPES
from services.ingest.recognise.exchange import untold_digits
from tests.corpus.cmaps import with_changed_maps
from tests.corpus.drawing import EMBEDDED, Ink, draw
from tests.unit.ingest.drawn_reports import AGENCY, silent_errors
from tests.unit.ingest.pictured_reports import sheet_of

TOWNSHIP = consistent(4, AGENCY, 2024, "township")


def drawn(report: AuthoredReport, *, figures: str, exchanged: str = "") -> bytes:
    """The report with figures in a font of their own, whose map exchanges two digits."""
    pdf = draw([sheet_of(report).story()], Ink(font=EMBEDDED, figures=figures, cell=9.0))
    if not exchanged:
        return pdf
    turned = {ord(exchanged[0]): ord(exchanged[1]), ord(exchanged[1]): ord(exchanged[0])}
    return with_changed_maps(pdf, lambda code: turned.get(code, code), of=b"BitstreamVera")


def quiet(licences: int) -> AuthoredReport:
    """A year in which nothing happened but licences and penalties: no sum tells of their digits."""
    wanted = dict.fromkeys(TOWNSHIP.paths(), 0) | {"table2.licences": licences, "table2.penalties": 11}
    return with_error(TOWNSHIP, {path: value for path, value in wanted.items() if TOWNSHIP.figure(path) != value})


@pytest.mark.parametrize("exchanged", ["79", "35", "68", "12"])
@pytest.mark.parametrize("figures", ["Vera", "VeraBd"])
def test_digits_exchanged_in_the_font_of_the_figures_alone_are_never_believed(figures: str, exchanged: str) -> None:
    report = quiet(int(f"{exchanged[0]}1{exchanged[1]}4"))
    (read,) = read_document(drawn(report, figures=figures, exchanged=exchanged), filename="x.pdf").reports
    assert read.status == "review"
    assert read.reading is not None
    assert ODD_SHAPES in read.reading.uncertain_why.values()


@pytest.mark.parametrize("figures", ["Vera", "VeraBd", "VeraIt"])
def test_a_font_of_its_own_for_the_figures_is_no_reason_to_doubt_them(figures: str) -> None:
    report = quiet(9_876_543)
    (read,) = read_document(drawn(report, figures=figures), filename="x.pdf").reports
    assert (read.status, silent_errors(read, report)) == ("ok", [])
    assert read.figure("table2.licences") == 9_876_543


@pytest.mark.parametrize(
    "font", ["Helvetica", "Helvetica-Bold", "Times-Roman", "Times-Bold", "Times-Italic", "Courier"]
)
@pytest.mark.parametrize("size", [7.5, 10.5, 16])
def test_every_digit_of_the_usual_fonts_looks_like_itself(font: str, size: float) -> None:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.setFont(font, size)
    for at, digit in enumerate("0123456789"):
        canvas.drawString(50 + 40 * at, 700, digit)
    canvas.save()
    with open_pdf(out.getvalue()) as document:
        read = read_page(document, 0)
        page = raw.FPDF_LoadPage(document, 0)
        seen = [looks_like(grey_rows(page, read.ink.seen(glyph[1:]), 48 / size)) for glyph in read.ink.glyphs]
        raw.FPDF_ClosePage(page)
    assert "".join(sign for sign, _ in seen) == "0123456789"


def test_it_says_what_the_net_of_the_picture_reader_says() -> None:
    glyphs = pytest.importorskip("services.ingest.readers.pictures.glyphs")
    chance = random.Random(3)
    for _ in range(20):
        grey = [[chance.choice((0, 60, 255, 255)) for _ in range(14)] for _ in range(24)]
        square = _framed(grey)
        assert square is not None
        likely = glyphs.glyph_net().likelihoods(np.array(square, np.float32).reshape(1, 20, 20))[0]
        sign, sure = looks_like(grey)
        best = int(likely.argmax())
        assert sign == (CLASSES[best] if best < len(CLASSES) else "")
        assert sure == pytest.approx(float(likely[best]) if sign else 0.0, abs=1e-3)


def test_nothing_and_a_speck_look_like_no_digit() -> None:
    assert looks_like([[255] * 20] * 30) == ("", 0.0)
    assert looks_like([[255] * 20] * 10 + [[255] * 8 + [0] * 4 + [255] * 8] * 4 + [[255] * 20] * 10) == ("", 0.0)


def with_row(figures: list[int]) -> Report:
    return Report(status="ok", layout=Layout(table3="2021"), table3=Table3(rows={"new": [*figures]}))


@given(st.lists(st.integers(0, 9999), min_size=6, max_size=6))
def test_a_digit_is_told_when_every_exchange_of_it_breaks_the_sum(figures: list[int]) -> None:
    row = [*figures, sum(figures)]
    untold = untold_digits(with_row(row))
    for digit in set("".join(map(str, (figure for figure in row if figure)))):
        turned = [
            [int(str(figure).translate({ord(digit): other, ord(other): digit})) for figure in row]
            for other in "0123456789"
            if other != digit
        ]
        assert (digit in untold) == any(sum(one[:6]) == one[6] for one in turned)


def test_with_nine_digits_known_the_tenth_is_known_too() -> None:
    table = Table3(rows={"new": [9, 0, 0, 0, 0, 0, 9], "granted": [0] * 7})
    report = Report(status="ok", layout=Layout(table3="2021"), table3=table)
    assert untold_digits(report) == {"9"}
    assert untold_digits(report, but=frozenset("12345678")) == frozenset()
    assert untold_digits(report, but=frozenset("1234567")) == {"9"}


def test_a_broken_sum_tells_nothing() -> None:
    row = Table3(rows={"new": [36, 13, 0, 0, 0, 0, 49], "granted": [5, 0, 0, 0, 0, 0, 6]})
    assert untold_digits(Report(status="ok", layout=Layout(table3="2021"), table3=row)) == set("3614956")


def test_noughts_alone_leave_nothing_to_tell_and_a_lone_figure_all_its_digits() -> None:
    assert untold_digits(with_row([0] * 7)) == frozenset()
    assert untold_digits(with_row([58, 0, 0, 0, 0, 0, 58])) == {"5", "8"}


def test_blank_cells_are_not_believed_where_a_font_gives_no_characters() -> None:
    pdf = drawn(quiet(214), figures="Vera")
    (font,) = re.finditer(rb"/FontFile2 (\d+) 0 R\s*/FontName /[A-Z]{6}\+BitstreamVera", pdf)
    start = re.search(rb"\n" + font[1] + rb" 0 obj.*?stream\r?\n", pdf, re.DOTALL)
    assert start is not None
    spoilt = pdf[: start.end() + 1000] + bytes(512) + pdf[start.end() + 1512 :]
    (read,) = read_document(spoilt, filename="x.pdf").reports
    assert (read.status, read.figure("table3.new.natural")) == ("review", None)
    assert "table3.new.natural" in read.uncertain
    assert read.reason is not None
    assert "这一页有文字没有读出来" in read.reason


def test_blank_cells_are_blank_where_every_font_gives_its_characters() -> None:
    report = with_error(quiet(214), {"table3.partial.natural": None})
    (read,) = read_document(drawn(report, figures="Vera"), filename="x.pdf").reports
    assert (read.status, read.figure("table3.partial.natural")) == ("ok", None)
