"""Files that are not what they should be: each ends with a code of the catalogue, none with a crash."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from infra.demo.authored import consistent
from infra.demo.render import render_pdf, render_text
from services.core.errors import RejectedError
from services.ingest.readers import read_document
from tests.unit.ingest.drawn_reports import AGENCY, line, silent_errors

AUTHORED = consistent(4, AGENCY, 2024)
PDF = render_pdf(AUTHORED)
TEXT = render_text(AUTHORED)


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return out.getvalue()


def code(data: bytes) -> str:
    with pytest.raises(RejectedError) as caught:
        read_document(data, filename="x")
    assert caught.value.reason.text(caught.value.detail)
    return caught.value.reason.code


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (b" \r\n\x00", "empty"),
        (b"RIFF....WEBPVP8 ", "unsupported_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "damaged"),
        (archive("word/document.xml"), "damaged"),
        (archive("OFD.xml"), "damaged"),
        (archive("xl/workbook.xml"), "unsupported_format"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "not_annual_report"),
        (b"{\\rtf1\\ansi x}", "office_missing"),
        (b"\x00\x01\x02\x03\xff\xfe\x00\x81" * 40, "unsupported_format"),
        ("今天开会。".encode(), "not_annual_report"),
        (b"%PDF-1.7\n%%EOF", "damaged"),
        (b"%PDF-1.7\ngarbage garbage", "damaged"),
        (b"%PDF-1.7\n" + b"[" * 100_000 + b"\n%%EOF", "damaged"),
    ],
)
def test_each_shape_has_its_code(data: bytes, expected: str) -> None:
    assert code(data) == expected


def test_the_name_says_nothing() -> None:
    assert read_document(PDF, filename="报告.docx").format == "pdf"
    assert read_document(TEXT.encode(), filename="报告.pdf").format == "text"


def test_a_page_tree_that_claims_a_million_pages_is_refused() -> None:
    tree = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Count 1000000/Kids[3 0 R]>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
        b"trailer<</Root 1 0 R/Size 4>>\n%%EOF"
    )
    assert code(tree) in ("too_many_pages", "damaged", "no_text")


def test_forms_nested_without_end_are_not_followed() -> None:
    out = io.BytesIO()
    canvas = Canvas(out)
    previous = ""
    for depth in range(40):
        canvas.beginForm(f"form{depth}")
        canvas.line(0, depth, 100, depth)
        if previous:
            canvas.doForm(previous)
        canvas.endForm()
        previous = f"form{depth}"
    canvas.doForm(previous)
    line(canvas, "关于召开全县道路交通安全工作会议的通知，请各单位按时参加并做好准备工作。", 700)
    canvas.save()
    assert code(out.getvalue()) == "not_annual_report"


def test_a_page_ruled_like_graph_paper_is_too_complex() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(3000, 3000))
    for at in range(0, 3000, 9):
        canvas.line(0, at, 3000, at)
        canvas.line(at, 0, at, 3000)
    canvas.save()
    assert code(out.getvalue()) == "too_complex"


def test_a_dump_with_endless_lines_or_cells_is_too_complex() -> None:
    assert code("\n".join(["一"] * 60_000).encode()) == "too_complex"
    assert code(("规章" + "\t0" * 5000 + "\n").encode() * 4) == "too_complex"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_random_bytes_are_refused_with_a_reason(data: bytes) -> None:
    for hostile in (data, b"%PDF-1.4\n" + data + b"\n%%EOF"):
        with pytest.raises(RejectedError):
            read_document(hostile, filename="x")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(PDF) - 1), st.binary(min_size=1, max_size=6))
@example(5943, b"\0")  # the page ends within a row
@example(6517, b"\0")  # the page ends with the row's zeros, and every sum holds
@example(10871, b"\0")  # so does the last table
@example(4856, b"\0")  # a text stream that ends early: rows of table 3 are gone, and one figure of table 2
def test_damaged_bytes_inside_a_pdf_never_give_a_wrong_figure_unmarked(at: int, junk: bytes) -> None:
    data = PDF[:at] + junk + PDF[at + len(junk) :]
    try:
        reports = read_document(data, filename="x").reports
    except RejectedError:
        return
    assert all(silent_errors(report, AUTHORED) == [] for report in reports)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_lost_or_joined_lines_of_a_dump_never_give_a_wrong_figure_unmarked(data: st.DataObject) -> None:
    lines = [text for text in TEXT.split("\n") if text.strip()]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 2))
        if data.draw(st.booleans()):
            del lines[at]
        else:
            lines[at : at + 2] = [f"{lines[at]} {lines[at + 1]}"]
    try:
        reports = read_document("\n\n".join(lines).encode(), filename="x").reports
    except RejectedError:
        return
    assert all(silent_errors(report, AUTHORED) == [] for report in reports)
