"""Text layers that say other characters than a person sees: recognised, never believed."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from reportlab.pdfgen.canvas import Canvas

from infra.demo.authored import AuthoredReport, consistent, with_error
from infra.demo.grids import GridCell
from infra.demo.press import FONT
from services.ingest.readers import read_document
from services.ingest.recognise.bad_text import is_bad_text
from services.ingest.recognise.confidence import ODD_SUMS
from services.ingest.recognise.primitives import Entry, Item, Line, TableRow
from tests.unit.ingest.drawn_reports import AGENCY, Drawing, draw, read, silent_errors


@pytest.fixture(scope="module")
def authored() -> AuthoredReport:
    return consistent(11, AGENCY, 2024)


def noise(text: str) -> str:
    """Each character as another Han character, the same one for the same character."""
    return "".join(chr(0x4E00 + (ord(char) * 7919) % 20000) for char in text)


def plain_ascii(text: str) -> str:
    return "".join(chr(33 + ord(char) % 90) for char in text)


def accents(text: str) -> str:
    """Han characters as Latin letters with accents, digits as they are."""
    return "".join(char if ord(char) < 0x100 else chr(0xC0 + ord(char) % 0x3F) for char in text)


@pytest.mark.parametrize("spell", [noise, plain_ascii, accents])
def test_a_text_layer_of_other_characters_gives_no_figure_and_the_reason(
    authored: AuthoredReport, spell: Callable[[str], str]
) -> None:
    document = read_document(draw(authored, Drawing(spell=spell)), filename="garbled.pdf")
    (report,) = document.reports
    assert (report.status, document.needs) == ("review", "ocr")
    assert report.reason is not None
    assert "文字编码异常" in report.reason
    assert silent_errors(report, authored) == []
    assert not any(report.table3.rows.values()) if report.table3 else True


def test_digits_exchanged_everywhere_but_in_the_labels_betray_themselves_by_the_sums(authored: AuthoredReport) -> None:
    def seven_for_nought(_: Canvas, __: GridCell, ___: float, ____: float) -> None:
        return None

    moved = str.maketrans("0123456789", "7123456089")
    figures = {path: str(authored.figure(path)).translate(moved) for path in authored.paths()}
    report = read(draw(authored, Drawing(texts=figures, after_cell=seven_for_nought)))
    assert report.status == "review"
    assert report.reading is not None
    assert ODD_SUMS in report.reading.uncertain_why.values()
    assert silent_errors(report, authored) == []


def test_a_few_broken_sums_are_the_agencys_and_cast_no_doubt_on_the_digits(authored: AuthoredReport) -> None:
    paths = [f"table3.{row}.total" for row in ("granted", "partial", "deny_law")]
    wrong = with_error(authored, {path: int(str(authored.figure(path))) + 1 for path in paths})
    assert read(draw(wrong, Drawing())).status == "ok"


def test_language_and_known_rows_are_sound() -> None:
    rows: list[Item] = [
        TableRow([Entry(label), *(Entry("0") for _ in range(7))])
        for label in ("1.属于国家秘密", "2.重复申请", "3.其他", "（七）总计")
    ]
    assert not is_bad_text([Line("本机关认真做好政府信息公开工作，主动公开各类政府信息。"), *rows])
    assert not is_bad_text(rows[:2])
    assert not is_bad_text([])


def test_rows_of_figures_without_names_of_the_form_are_bad_text() -> None:
    rows: list[Item] = [TableRow([Entry("囧囧囧"), *(Entry("0") for _ in range(7))]) for _ in range(4)]
    prose = Line("本机关认真做好政府信息公开工作，主动公开各类政府信息，及时答复群众的申请。")
    assert is_bad_text([prose, *rows])
    assert is_bad_text([prose, *(Line("囧囧 0 0 0 0 0 0 0") for _ in range(3))])


def test_a_letter_in_garbled_characters_is_left_to_a_person() -> None:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.setFont(FONT, 12)
    for number in range(20):
        canvas.drawString(60, 800 - 24 * number, noise("请各单位按时参加并做好准备工作。"))
    canvas.save()
    document = read_document(out.getvalue(), filename="letter.pdf")
    assert (document.reports[0].status, document.needs) == ("review", "ocr")
