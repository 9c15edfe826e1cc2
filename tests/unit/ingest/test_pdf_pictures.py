"""Documents of which some or all pages are pictures, with a scripted reader of pictures and without one."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field

import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from infra.demo.authored import AuthoredReport, consistent, with_error
from infra.demo.press import FONT, PAGE_HEIGHT, PAGE_WIDTH
from infra.demo.render import render_pdf
from services.core.errors import RejectedError
from services.core.report import DOUBTFUL, Format, Report
from services.ingest.readers.pdf import read_pdf
from services.ingest.readers.pdf_pages import read_pages
from services.ingest.readers.pdfium import open_pdf
from services.ingest.readers.reader import Bounds, Read
from services.ingest.readers.rendering import render
from services.ingest.recognise.primitives import Item, Line, Picture
from tests.unit.ingest.drawn_reports import AGENCY, TALL, Drawing, draw, silent_errors, tables

BOUNDS = Bounds()


@dataclass
class Scripted:
    """Reads each page as if its picture said what a text PDF says; ``within`` keeps what stands in the picture only."""

    original: bytes
    engine: str = "scripted/1"
    seen: list[tuple[int, Picture]] = field(default_factory=list)

    def __call__(self, picture: Picture, number: int) -> list[Item]:
        self.seen.append((number, picture))
        x0, top, x1, bottom = picture.area
        items = read_pages(self.original, 300).pages[number - 1].items
        kept = []
        for item in items:
            place = item.place if isinstance(item, Line) else item.cells[0].place
            assert place.bbox is not None
            if (
                x0 - 1 <= place.bbox[0]
                and top - 1 <= place.bbox[1]
                and place.bbox[2] <= x1 + 1
                and place.bbox[3] <= bottom + 1
            ):
                kept.append(item)
        return kept


def blind(_picture: Picture, _number: int) -> list[Item]:
    """A reader that finds nothing."""
    return []


blind.engine = "blind/1"  # type: ignore[attr-defined]  # a function serves as a reader when it has a name


def photographed(
    data: bytes, pages: Callable[[int], bool], hidden: Callable[[Canvas, int], None] | None = None
) -> bytes:
    """`data` with some pages (from 0) as pictures; `hidden` writes a text layer under each of them."""
    source = pypdfium2.PdfDocument(data)
    whole = pypdfium2.PdfDocument.new()
    for index in range(len(source)):
        if not pages(index):
            whole.import_pages(source, [index])
            continue
        wide, high = source[index].get_size()
        out = io.BytesIO()
        canvas = Canvas(out, pagesize=(wide, high))
        if hidden:
            hidden(canvas, index)
        canvas.drawImage(ImageReader(source[index].render(scale=0.6).to_pil()), 0, 0, wide, high)
        canvas.save()
        part = pypdfium2.PdfDocument(out.getvalue())
        whole.import_pages(part)
    out = io.BytesIO()
    whole.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def authored() -> AuthoredReport:
    return consistent(11, AGENCY, 2024)


@pytest.fixture(scope="module")
def original(authored: AuthoredReport) -> bytes:
    return render_pdf(authored)


def only(read: Read) -> Report:
    (report,) = read.reports
    return report


def test_a_scan_that_nobody_reads_is_left_to_a_person(original: bytes) -> None:
    read = read_pdf(photographed(original, lambda _: True), BOUNDS)
    report = only(read)
    assert (read.format, read.needs, report.status) == (Format.PDF_SCAN, "ocr", "review")
    assert report.reason is not None
    assert "扫描件" in report.reason
    assert "改报" in report.reason
    assert (report.table2, report.table3, report.table4, report.cells) == (None, None, None, {})


def test_a_scan_is_read_page_by_page(authored: AuthoredReport, original: bytes) -> None:
    reader = Scripted(original)
    read = read_pdf(photographed(original, lambda _: True), BOUNDS, reader)
    report = only(read)
    assert (read.format, read.needs, report.status) == (Format.PDF_SCAN, None, "ok")
    assert tables(report) == authored.tables()
    assert "scripted/1" in read.engine
    assert [number for number, _ in reader.seen] == list(range(1, len(reader.seen) + 1))
    for _, picture in reader.seen:
        assert len(picture.pixels) == picture.width * picture.height * picture.channels
        assert 199 <= picture.dpi <= 201
        assert picture.area == (0.0, 0.0, picture.page_width, picture.page_height)


def test_only_the_pages_that_are_pictures_are_read_as_pictures(authored: AuthoredReport, original: bytes) -> None:
    mixed = photographed(original, lambda index: index == 2)
    without = read_pdf(mixed, BOUNDS)
    report = only(without)
    assert (without.format, without.needs, report.status) == (Format.PDF, "ocr", "review")
    assert report.reason is not None
    assert "第3页" in report.reason
    assert silent_errors(report, authored) == []

    reader = Scripted(original)
    report = only(read_pdf(mixed, BOUNDS, reader))
    assert [number for number, _ in reader.seen] == [3]
    assert (report.status, tables(report)) == ("ok", authored.tables())


def pasted(authored: AuthoredReport) -> tuple[bytes, bytes]:
    """A page with table 3 as text, and the same page with a picture in its place."""
    whole = draw(authored, Drawing())
    with open_pdf(whole) as document:
        page = render(document, 0)
    rows = [item for item in read_pages(whole, 10).pages[0].items if not isinstance(item, Line) and item.grid == 2]
    top = min(cell.place.bbox[1] for row in rows for cell in row.cells if cell.place.bbox)
    bottom = max(cell.place.bbox[3] for row in rows for cell in row.cells if cell.place.bbox)
    scale = page.dpi / 72
    image = Image.frombytes("RGB", (page.width, page.height), page.pixels)
    table = image.crop(
        (round(58 * scale), round((top - 2) * scale), round((PAGE_WIDTH - 58) * scale), round((bottom + 2) * scale))
    )

    def paste(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(table), 58, TALL - bottom - 2, PAGE_WIDTH - 116, bottom - top + 4)

    without = draw(authored, Drawing(sections=("proactive", "disputes"), over=paste, room={"requests": bottom - top}))
    return whole, without


def test_a_table_pasted_as_a_picture_is_read_from_its_place(authored: AuthoredReport) -> None:
    whole, picture = pasted(authored)
    without = read_pdf(picture, BOUNDS)
    report = only(without)
    assert (without.needs, report.status) == ("ocr", "review")
    assert report.table3 is None
    assert report.reason is not None
    assert "图片" in report.reason

    reader = Scripted(whole)
    report = only(read_pdf(picture, BOUNDS, reader))
    ((number, seen),) = reader.seen
    assert number == 1
    assert seen.area[3] - seen.area[1] < seen.page_height / 2
    assert (report.status, tables(report)) == ("ok", authored.tables())
    assert report.layout.table4 == "2021"


def hidden_layer(text_of: AuthoredReport) -> Callable[[Canvas, int], None]:
    """Writes under each page what a text PDF of `text_of` says there, in invisible letters."""
    pages = pypdfium2.PdfDocument(render_pdf(text_of))

    def write(canvas: Canvas, index: int) -> None:
        text_page = pages[index].get_textpage()
        layer = canvas.beginText()
        layer.setTextRenderMode(3)
        for number in range(text_page.count_chars()):
            char = text_page.get_text_range(number, 1)
            if char.strip():
                left, bottom, right, _ = text_page.get_charbox(number, loose=True)
                layer.setFont(FONT, (right - left) * (2 if char.isascii() else 1))
                layer.setTextOrigin(left, bottom + 1)
                layer.textOut(char)
        canvas.drawText(layer)

    return write


def test_hidden_text_of_a_scan_is_never_vouched_for(authored: AuthoredReport, original: bytes) -> None:
    scan = photographed(original, lambda _: True, hidden_layer(authored))
    read = read_pdf(scan, BOUNDS)
    report = only(read)
    assert (read.format, read.needs, report.status) == (Format.PDF_SCAN, "ocr", "review")
    assert report.cells
    assert all(cell.confidence == DOUBTFUL for cell in report.cells.values())


def test_the_picture_of_a_scan_counts_and_not_its_hidden_text(authored: AuthoredReport, original: bytes) -> None:
    path = "table3.granted.natural"
    other = with_error(authored, {path: int(str(authored.figure(path))) + 5})
    scan = photographed(original, lambda _: True, hidden_layer(other))
    report = only(read_pdf(scan, BOUNDS, Scripted(original)))
    assert (report.status, tables(report)) == ("ok", authored.tables())


def test_hidden_text_confirms_an_error_of_the_agency(authored: AuthoredReport) -> None:
    path = "table3.granted.total"
    wrong = with_error(authored, {path: int(str(authored.figure(path))) + 5})
    paper = render_pdf(wrong)
    for layer, status in ((wrong, "ok"), (authored, "review")):
        scan = photographed(paper, lambda _: True, hidden_layer(layer))
        report = only(read_pdf(scan, BOUNDS, Scripted(paper)))
        assert (report.status, tables(report)) == (status, wrong.tables())
        assert (path in report.uncertain) == (status == "review")


def test_a_scan_without_hidden_text_leaves_a_broken_sum_in_doubt(authored: AuthoredReport) -> None:
    path = "table3.granted.total"
    paper = render_pdf(with_error(authored, {path: int(str(authored.figure(path))) + 5}))
    report = only(read_pdf(photographed(paper, lambda _: True), BOUNDS, Scripted(paper)))
    assert report.status == "review"
    assert path in report.uncertain


def test_a_background_picture_leaves_the_text_but_vouches_for_nothing(authored: AuthoredReport) -> None:
    def paper(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(Image.new("L", (60, 150), 230)), 0, 0, PAGE_WIDTH, TALL)

    report = only(read_pdf(draw(authored, Drawing(over=paper)), BOUNDS, blind))  # type: ignore[arg-type]  # see blind
    assert report.status == "review"
    assert len(report.cells) == len(authored.paths())
    assert all(cell.confidence == DOUBTFUL for cell in report.cells.values())


def test_garbled_text_is_read_from_the_picture(authored: AuthoredReport) -> None:
    sound = draw(authored, Drawing())
    garbled = draw(authored, Drawing(spell=lambda text: "".join(chr(0x4E00 + ord(c) * 7919 % 20000) for c in text)))
    read = read_pdf(garbled, BOUNDS, Scripted(sound))
    report = only(read)
    assert (read.format, report.status, tables(report)) == (Format.PDF, "ok", authored.tables())


def test_exchanged_digits_are_read_from_the_picture(authored: AuthoredReport) -> None:
    table = str.maketrans("0123456789", "1234567890")
    permuted = draw(authored, Drawing(spell=lambda text: text.translate(table)))
    report = only(read_pdf(permuted, BOUNDS, Scripted(draw(authored, Drawing()))))
    assert (report.status, tables(report)) == ("ok", authored.tables())


def test_a_complete_report_with_an_emblem_needs_no_picture_read(authored: AuthoredReport) -> None:
    def emblem(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(Image.new("RGB", (90, 90), (200, 30, 30))), 60, TALL - 50, 40, 40)

    reader = Scripted(b"")
    read = read_pdf(draw(authored, Drawing(over=emblem)), BOUNDS, reader)
    assert (only(read).status, read.needs, reader.seen) == ("ok", None, [])


@pytest.mark.parametrize("reader", [None, blind])
def test_a_letter_with_a_picture_is_no_annual_report(reader: object) -> None:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawImage(ImageReader(Image.new("L", (300, 200), 99)), 60, 60, 400, 250)
    canvas.setFont(FONT, 12)
    for number in range(15):
        canvas.drawString(60, 800 - 24 * number, "请各单位按时参加会议并做好准备工作。")
    canvas.save()
    with pytest.raises(RejectedError) as caught:
        read_pdf(out.getvalue(), BOUNDS, reader)  # type: ignore[arg-type]  # see blind
    assert caught.value.reason.code == "not_annual_report"


def test_a_scan_without_a_word_on_it_is_refused(original: bytes) -> None:
    with pytest.raises(RejectedError) as caught:
        read_pdf(photographed(original, lambda _: True), BOUNDS, blind)  # type: ignore[arg-type]  # see blind
    assert caught.value.reason.code == "no_text"


def test_an_empty_page_is_no_scan() -> None:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.showPage()
    canvas.save()
    with pytest.raises(RejectedError) as caught:
        read_pdf(out.getvalue(), BOUNDS)
    assert caught.value.reason.code == "no_text"


def blank_page(width: float, height: float, rotate: int = 0) -> bytes:
    """A page with a red square in its upper left corner, turned clockwise afterwards."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(width, height))
    canvas.setFillColorRGB(1, 0, 0)
    canvas.rect(0, height - 72, 72, 72, stroke=0, fill=1)
    canvas.save()
    document = pypdfium2.PdfDocument(out.getvalue())
    document[0].set_rotation(rotate)
    turned = io.BytesIO()
    document.save(turned)
    return turned.getvalue()


def test_pixels_show_the_page_as_a_person_sees_it() -> None:
    with open_pdf(blank_page(PAGE_WIDTH, PAGE_HEIGHT, rotate=90)) as document:
        picture = render(document, 0)
    assert (picture.page_width, picture.page_height) == pytest.approx((PAGE_HEIGHT, PAGE_WIDTH))
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.pixels)
    assert image.getpixel((picture.width - 20, 20)) == (255, 0, 0)
    assert image.getpixel((20, 20)) == (255, 255, 255)


def test_an_area_shows_that_part_of_the_page() -> None:
    with open_pdf(blank_page(600, 800)) as document:
        picture = render(document, 0, (36.0, 36.0, 337.0, 237.0))
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.pixels)
    edge = round(36 * picture.dpi / 72)
    assert image.getpixel((edge - 3, edge - 3)) == (255, 0, 0)
    assert image.getpixel((edge + 3, edge + 3)) == (255, 255, 255)
    assert len(picture.pixels) == picture.width * picture.height * 3


def test_a_huge_page_gives_fewer_dots_and_no_more_pixels() -> None:
    with open_pdf(blank_page(14_400, 14_400)) as document:
        picture = render(document, 0)
    assert picture.width * picture.height <= 16_100_000
    assert picture.dpi < 30
