"""Reports rendered in the national layout, over several pages, read back to the last figure."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pdfplumber
import pypdfium2
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption

from infra.demo.authored import AuthoredReport, consistent, with_error
from infra.demo.render import render_markdown, render_pdf, render_small, render_text, truncated
from services.core.errors import RejectedError
from services.core.report import PROVED, Format, Report
from services.ingest.readers import read_document
from tests.unit.ingest.drawn_reports import Drawing, draw, silent_errors, tables

FIGURES = Path(__file__).parents[4] / "shared" / "figures"
AGENCIES = ("临溪县石桥镇人民政府", "临溪县自然资源和规划局", "云岭市人民政府办公室")


def only_report(data: bytes | str) -> Report:
    raw = data.encode() if isinstance(data, str) else data
    (report,) = read_document(raw, filename="rendered").reports
    return report


def rebound(files: list[bytes], *, turn: int = 0) -> bytes:
    """The pages of all `files` in one, each turned clockwise by `turn` degrees."""
    whole = pypdfium2.PdfDocument.new()
    for data in files:
        part = pypdfium2.PdfDocument(data)
        whole.import_pages(part)
        part.close()
    for index in range(len(whole)):
        page = whole[index]
        page.set_rotation(turn)
        page.close()
    out = io.BytesIO()
    whole.save(out)
    whole.close()
    return out.getvalue()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("layout", ["2019", "2021"])
def test_a_rendered_report_reads_back_exactly(seed: int, layout: str) -> None:
    authored = consistent(seed, AGENCIES[seed % 3], 2019 + seed % 6, layout=layout)
    for data in (render_pdf(authored), render_small(authored), render_pdf(authored, break_rows=True)):
        report = only_report(data)
        assert (report.status, report.reason) == ("ok", None)
        assert tables(report) == authored.tables()
        assert (report.agency, report.year) == (authored.agency, authored.year)
        assert report.layout.table2 == report.layout.table3 == layout
        assert len(report.cells) == len(authored.paths())
        assert [section.key for section in report.sections] == [section.key for section in authored.form.sections]
        assert report.reading is not None
        assert report.reading.signature == authored.signature
        assert report.reading.date_text == authored.date_text
        assert report.date is not None


@pytest.mark.parametrize("seed", range(6))
def test_a_dump_of_the_same_report_reads_back_exactly(seed: int) -> None:
    authored = consistent(seed, AGENCIES[seed % 3], 2024)
    report = only_report(render_text(authored))
    assert (report.status, tables(report)) == ("ok", authored.tables())


@pytest.mark.parametrize("seed", range(6))
def test_a_converter_that_repeats_figures_never_gets_a_wrong_one_through(seed: int) -> None:
    authored = consistent(seed, AGENCIES[seed % 3], 2024)
    report = only_report(render_markdown(authored))
    assert silent_errors(report, authored) == []
    assert report.table3 is not None
    missing = [key for key, figures in report.table3.rows.items() if figures is None]
    assert {path.split(".")[1] for path in report.uncertain} == set(missing)


def test_figures_in_whose_sums_all_agrees_are_proved() -> None:
    report = only_report(render_pdf(consistent(3, AGENCIES[0], 2024)))
    assert {cell.confidence for path, cell in report.cells.items() if not path.startswith("table2")} == {PROVED}


@pytest.mark.parametrize("seed", range(8))
def test_an_agency_error_is_read_as_printed_after_a_second_opinion(seed: int) -> None:
    authored = consistent(seed, AGENCIES[0], 2024)
    path = authored.form.paths("table3")[seed * 19]
    wrong = with_error(authored, {path: int(str(authored.figure(path))) + 3})
    report = only_report(render_pdf(wrong))
    assert tables(report) == wrong.tables()
    assert report.status == "ok", report.reason


def test_the_box_of_a_cell_holds_its_figure() -> None:
    authored = consistent(5, AGENCIES[0], 2024)
    data = render_pdf(authored)
    report = only_report(data)
    with pdfplumber.open(io.BytesIO(data)) as document:
        for path, cell in report.cells.items():
            assert cell.page is not None
            assert cell.bbox is not None
            text = document.pages[cell.page - 1].crop(cell.bbox).extract_text()
            assert text == cell.text == f"{authored.figure(path)}", path


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_the_box_is_that_of_the_page_as_a_person_sees_it(turn: int) -> None:
    authored = consistent(5, AGENCIES[0], 2024)
    data = rebound([render_small(authored)], turn=turn)
    report = only_report(data)
    assert tables(report) == authored.tables()
    with pdfplumber.open(io.BytesIO(data)) as document:
        for cell in list(report.cells.values())[::9]:
            assert cell.page is not None
            assert cell.bbox is not None
            page = document.pages[cell.page - 1]
            x0, top, x1, bottom = cell.bbox
            inside = [
                char["text"]
                for char in page.chars
                if x0 <= (char["x0"] + char["x1"]) / 2 <= x1 and top <= (char["top"] + char["bottom"]) / 2 <= bottom
            ]
            assert sorted(inside) == sorted(cell.text)


def test_two_reports_in_one_file_are_two_reports() -> None:
    first, second = consistent(1, AGENCIES[0], 2023), consistent(2, AGENCIES[1], 2024)
    reports = read_document(rebound([render_pdf(first), render_pdf(second)]), filename="two.pdf").reports
    assert [(report.agency, report.year) for report in reports] == [(AGENCIES[0], 2023), (AGENCIES[1], 2024)]
    assert [tables(report) for report in reports] == [first.tables(), second.tables()]
    both = render_text(first) + "\n\n" + render_text(second)
    assert [tables(report) for report in read_document(both.encode(), filename="two.txt").reports] == [
        first.tables(),
        second.tables(),
    ]


def test_a_file_with_an_open_password_is_refused_as_encrypted() -> None:
    with pytest.raises(RejectedError) as caught:
        only_report(render_pdf(consistent(1, AGENCIES[0], 2024), password="geheim"))
    assert caught.value.reason.code == "encrypted"


def test_a_file_that_only_restricts_copying_opens() -> None:
    authored = consistent(1, AGENCIES[0], 2024)
    locked = draw(authored, Drawing(encrypt=StandardEncryption("", ownerPassword="owner", canCopy=0)))
    assert b"/Encrypt" in locked
    assert tables(only_report(locked)) == authored.tables()


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.98])
def test_a_truncated_file_is_damaged(kept: float) -> None:
    with pytest.raises(RejectedError) as caught:
        only_report(truncated(render_pdf(consistent(1, AGENCIES[0], 2024)), kept))
    assert caught.value.reason.code == "damaged"


def test_more_pages_than_allowed_are_refused() -> None:
    data = render_pdf(consistent(1, AGENCIES[0], 2024))
    assert read_document(data, filename="a.pdf", max_pages=10).format is Format.PDF
    with pytest.raises(RejectedError) as caught:
        read_document(data, filename="a.pdf", max_pages=2)
    assert caught.value.reason.code == "too_many_pages"


PUBLISHED = sorted(FIGURES.glob("*.json")) if FIGURES.is_dir() else []


@pytest.mark.skipif(not PUBLISHED, reason="the folder ../shared/figures is not beside this repository")
@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_figures_with_their_defects_read_back_exactly(path: Path) -> None:
    authored = published(json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
    report = only_report(render_pdf(authored))
    assert tables(report) == authored.tables()
    assert (report.status, report.agency, report.year) == ("ok", authored.agency, authored.year)
    for data in (render_text(authored), render_markdown(authored)):
        assert silent_errors(only_report(data), authored) == []


def published(data: dict[str, Any]) -> AuthoredReport:
    rows = data["table3"]["rows"]
    layout = "2019" if "other_all" in rows else "2021"
    base = consistent(1, data["agency"], data["year"], layout=layout)
    table2 = {key: tuple(v) if isinstance(v, list) else v for key, v in data["table2"].items()}
    columns = ("upheld", "corrected", "other", "pending", "total")
    return replace(
        base,
        # the 2019 layout has other columns in table 2 than these figures
        table2={key: table2[key] for key in base.table2} if layout == "2021" else base.table2,
        table3={key: tuple(rows[key]) for key in base.table3},
        table4={key: dict(zip(columns, figures, strict=True)) for key, figures in data["table4"].items()},
    )
