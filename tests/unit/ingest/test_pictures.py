"""Reports that are pictures: read by the extra `ocr`, each figure right or marked."""

from __future__ import annotations

import io
import struct
import zlib
from decimal import Decimal

import numpy as np
import pytest
from PIL import Image

from infra.demo.authored import AuthoredReport, consistent, with_error
from services.core.errors import RejectedError
from services.core.report import DOUBTFUL, Format, Kind, Report
from services.ingest import readers
from services.ingest.readers.image import read_image
from services.ingest.readers.pictures import recogniser, words
from services.ingest.readers.pictures.images import sheets
from services.ingest.readers.pictures.paper import clean, tilt_of, without_colour
from services.ingest.readers.pictures.reader import Pictures
from services.ingest.readers.reader import Bounds
from services.ingest.readers.with_pictures import read_document
from services.ingest.recognise.figures import looks_like_figure
from services.ingest.recognise.primitives import TableRow
from services.ingest.sandbox import ReadingRoom
from tests.corpus.scanning import Scan
from tests.unit.ingest.pictured_reports import DPI, page_of, pdf_of, ruled, scan_of, table_pdf, written_tightly

AGENCY = "临溪县石桥镇人民政府"
BOUNDS = Bounds()


@pytest.fixture(scope="module")
def county() -> AuthoredReport:
    return consistent(5, "临溪县教育局", 2023, "county")


def rows_of(pixels: np.ndarray) -> list[list[str]]:
    return [[c.text for c in item.cells] for item in Pictures().read(pixels, DPI, 1) if isinstance(item, TableRow)]


def wrong(report: Report, authored: AuthoredReport, *tables: str) -> list[str]:
    """Cells of `tables` that were not read, or not as they are printed."""
    paths = [path for path in authored.paths() if path.split(".")[0] in tables]
    truth = {path: None if isinstance(authored.figure(path), str) else authored.figure(path) for path in paths}
    return [path for path in paths if path not in report.cells or report.figure(path) != truth[path]]


def only(data: bytes) -> Report:
    (report,) = read_document(data, filename="x").reports
    return report


def test_a_scan_is_read_in_the_confined_child_with_every_figure_right(county: AuthoredReport) -> None:
    scan = scan_of(pdf_of(county), Scan(200, noise=4, container="tiff"))
    with ReadingRoom(
        reader="services.ingest.readers.with_pictures:read_document",
        wall_seconds=150,
        cpu_seconds=60,
        memory_mb=3072,
        max_pages=20,
    ) as room:
        document = room.read(scan, filename="scan.tif")
    (report,) = document.reports
    assert (document.format, document.needs, report.status) == (Format.IMAGE, None, "ok")
    assert wrong(report, county, "table2", "table3", "table4") == []
    assert (report.agency, report.year, report.date) == (county.agency, 2023, "2024-01-06")
    assert [section.key for section in report.sections] == [section.key for section in county.form.sections]
    assert "政府信息公开" in report.sections[0].text
    assert report.reading
    assert report.reading.prose_doubt  # its figures in prose may be misread, and nothing proves them


def test_an_error_of_the_agency_is_what_is_printed_and_no_misreading(county: AuthoredReport) -> None:
    natural = county.figure("table3.new.natural")
    assert isinstance(natural, int)
    planted = with_error(county, {"table3.new.natural": natural + 1})
    report = only(scan_of(table_pdf(planted, "table3"), Scan(200, skew=2.0, noise=3), seed=3))
    assert wrong(report, planted, "table3") == []
    assert [path for path in report.uncertain if path.startswith("table3")] == []
    assert report.figure("table3.new.natural") == natural + 1


def test_a_pdf_scan_with_a_seal_over_its_figures(county: AuthoredReport) -> None:
    data = table_pdf(county, "table2", "table4")
    pixels = np.repeat(page_of(data)[:, :, None], 3, axis=2)
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    ring = np.abs(np.hypot(rows - 700, columns - 900) - 220) < 9
    pixels[ring] = (pixels[ring].astype(int) * (215, 40, 45) // 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PDF", resolution=DPI)
    document = read_document(out.getvalue(), filename="x.pdf")
    assert document.format is Format.PDF_SCAN
    assert wrong(document.reports[0], county, "table2", "table4") == []


def test_every_place_holds_its_figure_also_on_a_page_laid_in_askew(county: AuthoredReport) -> None:
    scan = scan_of(table_pdf(county, "table4"), Scan(200, skew=2.5, container="png"), seed=8)
    picture = np.asarray(Image.open(io.BytesIO(scan)))
    cells = [cell for path, cell in only(scan).cells.items() if path.startswith("table4")]
    assert len(cells) == 15
    for cell in cells:
        assert cell.bbox is not None
        x0, y0, x1, y1 = (round(value * DPI / 72) for value in cell.bbox)
        middle = picture[round(0.7 * y0 + 0.3 * y1) : round(0.3 * y0 + 0.7 * y1), x0 + 12 : x1 - 12]
        assert middle.min() < 120


def test_nothing_is_no_figure_and_a_nought_is_one() -> None:
    texts = [
        ["行政处罚", "0", "", "/", "—", "10"],
        ["行政强制", "1", "7", "1/", "无", "100"],
    ]
    read = rows_of(ruled(texts, widths=(220, 130, 130, 130, 130, 130)))
    assert read[0] == ["行政处罚", "0", "", "/", "-", "10"]
    assert read[1][:3] == ["行政强制", "1", "7"]
    assert read[1][4:] == ["无", "100"]


@pytest.mark.parametrize(
    "text", ["0", "8", "46", "118", "3607", "11398889", "1,135", "59237.2449", "32.67", "0.8", "-4", "+12"]
)
def test_figures_of_all_shapes(text: str) -> None:
    ((_, figure),) = rows_of(ruled([["行政许可", text]], widths=(300, 300)))
    assert figure == text


def test_a_note_beside_a_figure_is_kept() -> None:
    items = Pictures().read(ruled([["行政规范性文件", "26（自然失效2件）", "5"]], widths=(300, 420, 120)), DPI, 1)
    (row,) = [item for item in items if isinstance(item, TableRow)]
    assert row.cells[1].text.startswith("26（自然失效")
    assert [cell.doubt for cell in row.cells] == ["", "", ""]


def test_faint_writing_is_no_empty_cell() -> None:
    pixels = ruled([["行政许可", "", "12"]], widths=(300, 200, 200)).copy()
    pixels[80:96, 440:452] = 205  # hardly darker than paper
    (row,) = [item for item in Pictures().read(pixels, DPI, 1) if isinstance(item, TableRow)]
    assert row.cells[1].text == ""
    assert row.cells[1].doubt


@pytest.mark.parametrize("pitch", [15, 14, 13, 12, 11])
def test_digits_that_touch_are_parted_or_doubted(pitch: int) -> None:
    figures = ("2020", "88", "4136")
    pixels = ruled([["行政许可", "", "", ""]], widths=(300, 200, 200, 200))
    for index, figure in enumerate(figures):
        pixels = written_tightly(pixels, figure, pitch, (430 + 200 * index, 75))
    (row,) = [item for item in Pictures().read(pixels, DPI, 1) if isinstance(item, TableRow)]
    for cell, figure in zip(row.cells[1:], figures, strict=True):
        unsure = cell.doubt or cell.weak or not looks_like_figure(cell.text)
        assert cell.text == figure or unsure


def test_amounts_whose_unit_cannot_be_read_are_doubtful(
    monkeypatch: pytest.MonkeyPatch, county: AuthoredReport
) -> None:
    original = recogniser.Recogniser.read

    def misread(self, line, *, squeeze=1.0):
        read = original(self, line, squeeze=squeeze)
        return recogniser.LineRead(read.text.replace("万元", "元"), read.likely) if squeeze == words.QUICK else read

    monkeypatch.setattr(recogniser.Recogniser, "read", misread)
    report = only(scan_of(table_pdf(county, "table2", "table4"), Scan(200, container="png")))
    assert "table2.fees" in report.uncertain
    assert report.reading is not None
    assert "单位" in report.reading.uncertain_why["table2.fees"]


def test_rows_that_changed_places_are_told_by_their_words() -> None:
    texts = [
        ["一、本年新收政府信息公开申请数量", "3", "0", "0", "0", "0", "0", "3"],
        ["四、结转下年度继续办理", "1", "0", "0", "0", "0", "0", "1"],
        ["二、上年结转政府信息公开申请数量", "2", "0", "0", "0", "0", "0", "2"],
    ]
    read = rows_of(ruled(texts, widths=(640, 70, 70, 70, 70, 70, 70, 70)))
    assert [row[0] for row in read] == [row[0] for row in texts]
    assert [row[1] for row in read] == ["3", "1", "2"]


def test_a_picture_too_coarse_gives_no_figure_that_is_vouched_for(county: AuthoredReport) -> None:
    out = io.BytesIO()
    Image.fromarray(page_of(table_pdf(county, "table4"), 60)).save(out, "PNG")
    try:
        report = only(out.getvalue())
    except RejectedError as error:
        assert error.reason.code in ("not_annual_report", "no_text")  # noqa: PT017 - either outcome is honest
    else:
        assert all(cell.confidence == DOUBTFUL for cell in report.cells.values())


def test_a_tilted_page_is_turned_back() -> None:
    level = ruled([["一", "二"]] * 30, widths=(700, 700))
    tilted = Image.fromarray(level).rotate(2.3, Image.Resampling.BICUBIC, fillcolor=255)
    assert tilt_of(np.asarray(tilted)) == pytest.approx(2.3, abs=0.06)
    assert clean(np.asarray(tilted), DPI).tilt == pytest.approx(2.3, abs=0.06)


def test_red_ink_vanishes_and_black_under_it_stays() -> None:
    pixels = np.full((3, 1, 3), 250, np.uint8)
    pixels[1] = (205, 40, 45)
    pixels[2] = (60, 20, 22)
    assert [int(value) for value in without_colour(pixels)[:, 0]] == [250, 255, 60]


def test_without_the_extra_a_picture_is_left_to_a_person_and_is_never_zeros() -> None:
    out = io.BytesIO()
    Image.new("1", (50, 50), 1).save(out, "PNG")
    document = readers.read_document(out.getvalue(), filename="scan.png")
    (report,) = document.reports
    assert (document.format, document.needs, report.status) == (Format.IMAGE, "ocr", "review")
    assert (report.table2, report.table3, report.table4, report.cells) == (None, None, None, {})
    assert report.reason is not None
    assert "图片" in report.reason


def png(wide: int, high: int, body: bytes = b"") -> bytes:
    """A 1-bit PNG whose header names this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", wide, high, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def tiff(wide: int, high: int, *, after: int = 0) -> bytes:
    """A TIFF of one directory with no pixels behind it; `after` is where the next directory is said to be."""
    entries = [
        (256, 4, wide),
        (257, 4, high),
        (258, 3, 1),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (278, 4, high),
        (279, 4, 8),
    ]
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\x00" + struct.pack("<IH", 8, len(entries)) + directory + struct.pack("<I", after)


@pytest.mark.parametrize(
    "data",
    [png(100_000, 100_000, zlib.compress(bytes(1000))), png(2**31 - 1, 1), tiff(100_000, 100_000), png(12_000, 12_000)],
)
def test_a_picture_of_billions_of_pixels_is_refused_before_it_is_decoded(data: bytes) -> None:
    with pytest.raises(RejectedError) as caught:
        read_image(data, BOUNDS)
    assert caught.value.reason.code == "too_complex"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n....",
        png(0, 5),
        png(300, 300),
        png(300, 300, b"not zlib"),
        b"\xff\xd8\xff\xe0" + bytes(40),
        tiff(300, 300),
        tiff(300, 300, after=8),
        b"II*\x00\x08\x00\x00\x00",
        b"GIF89a" + bytes(20),
    ],
)
def test_a_damaged_picture_is_called_so(data: bytes) -> None:
    with pytest.raises(RejectedError) as caught:
        read_image(data, BOUNDS)
    assert caught.value.reason.code in ("damaged", "no_text")


def test_a_cut_off_picture_is_damaged() -> None:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (400, 300), dtype=np.uint8)).save(out, "JPEG")
    with pytest.raises(RejectedError) as caught:
        read_image(out.getvalue()[:9000], BOUNDS)
    assert caught.value.reason.code == "damaged"


def test_more_pages_than_allowed_are_refused() -> None:
    pages = [Image.new("1", (40, 40), 1) for _ in range(4)]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    with pytest.raises(RejectedError) as caught:
        read_image(out.getvalue(), Bounds(max_pages=3))
    assert caught.value.reason.code == "too_many_pages"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16"])
def test_pictures_of_all_kinds_of_pixels_look_alike(mode: str) -> None:
    pixels = Image.fromarray(ruled([["行政许可", "46"]], widths=(300, 300)))
    out = io.BytesIO()
    if mode == "I;16":
        Image.fromarray(np.asarray(pixels).astype(np.uint16) * 257).save(out, "TIFF", dpi=(DPI, DPI))
    else:
        kind = "TIFF" if mode == "CMYK" else "PNG"
        pixels.convert(mode).save(out, kind, dpi=(DPI, DPI))
    (sheet,) = sheets(out.getvalue(), 1)
    assert rows_of(sheet.pixels) == [["行政许可", "46"]]


def test_a_photo_of_something_else_is_no_report() -> None:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(2).integers(0, 255, (600, 400), dtype=np.uint8)).save(out, "PNG")
    with pytest.raises(RejectedError) as caught:
        read_image(out.getvalue(), BOUNDS)
    assert caught.value.reason.code in ("no_text", "not_annual_report")


def test_fees_keep_their_decimals(county: AuthoredReport) -> None:
    fees = county.with_printed({"table2.fees": Decimal("32.67"), "table2.licences": "/"})
    report = only(scan_of(table_pdf(fees, "table2"), Scan(150, noise=4, container="png"), seed=2))
    assert report.figure("table2.fees") == Decimal("32.67")
    assert report.cells["table2.licences"].kind is Kind.DASH
