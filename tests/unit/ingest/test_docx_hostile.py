"""Word documents that are not what they should be: each ends with a code, in little time and memory."""

from __future__ import annotations

import contextlib
import io
import re
import resource
import struct
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.demo.authored import consistent
from services.core.errors import RejectedError
from services.ingest.readers import read_document
from services.ingest.readers.markup import parse
from services.ingest.readers.zipped import Archive
from tests.unit.ingest.drawn_reports import AGENCY, silent_errors, tables
from tests.unit.ingest.written_documents import NAMESPACES, body, document, docx, level, numbering, package, paragraph

AUTHORED = consistent(4, AGENCY, 2024)
GOOD = docx(body(AUTHORED))
SECONDS = 5


def code(data: bytes) -> str:
    """The code of the refusal, which must come quickly."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    with pytest.raises(RejectedError) as caught:
        read_document(data, filename="x")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < SECONDS
    assert caught.value.reason.text(caught.value.detail)
    return caught.value.reason.code


def with_main(main: bytes) -> bytes:
    return package({"word/document.xml": main})


def expanding(name: str, pattern: bytes, size: int) -> bytes:
    """A package whose part `name` expands to `size` bytes of `pattern`, written without ever being held."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as good, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for other in good.namelist():
            if other != name:
                archive.writestr(other, good.read(other))
        with archive.open(name, "w", force_zip64=True) as part:
            block = pattern * (2**20 // len(pattern))
            for _ in range(size // 2**20):
                part.write(block)
    return out.getvalue()


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.98])
def test_a_truncated_package_is_damaged(kept: float) -> None:
    assert code(GOOD[: int(len(GOOD) * kept)]) == "damaged"


@pytest.mark.parametrize("name", ["word/document.xml", "word/styles.xml", "word/numbering.xml", "_rels/.rels"])
def test_a_part_that_expands_beyond_belief_is_refused(name: str) -> None:
    assert code(expanding(name, b" ", 200 * 2**20)) == "too_complex"


def test_a_part_that_claims_to_be_small_and_is_not_is_damaged() -> None:
    data = bytearray(expanding("word/document.xml", b" ", 16 * 2**20))
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        for match in re.finditer(re.escape(mark), bytes(data)):
            (length,) = struct.unpack_from("<H", data, match.start() + (28 if at == 24 else 26))
            start = match.start() + (46 if at == 24 else 30)
            if data[start : start + length] == b"word/document.xml":
                struct.pack_into("<I", data, match.start() + at, 5000)
    assert code(bytes(data)) == "damaged"


def test_an_archive_in_an_archive_is_never_opened() -> None:
    bomb = expanding("x", b"\0", 32 * 2**20)
    for _ in range(3):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for n in range(8):
                archive.writestr(f"{n}.zip", bomb)
        bomb = out.getvalue()
    data = package({"word/document.xml": document(body(AUTHORED)), "word/embeddings/bomb.zip": bomb})
    (report,) = read_document(data, filename="x").reports
    assert tables(report) == AUTHORED.tables()
    assert code(bomb) == "unsupported_format"


def test_a_wrong_checksum_is_damaged() -> None:
    data = bytearray(GOOD)
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        info = archive.getinfo("word/document.xml")
    wrong = struct.pack("<I", info.CRC ^ 1)
    data[:] = data.replace(struct.pack("<I", info.CRC), wrong)
    assert code(bytes(data)) == "damaged"


def test_entries_beyond_number_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(10_001):
            archive.writestr(f"{n}", b"")
    assert code(out.getvalue()) == "too_complex"


def test_two_parts_of_one_name_are_refused() -> None:
    out = io.BytesIO(GOOD)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("word/document.xml", document(""))
    assert code(out.getvalue()) == "damaged"
    out = io.BytesIO(GOOD)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("WORD/document.XML", document(""))
    assert code(out.getvalue()) == "damaged"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\x", "..\\..\\x", "word/../../x"])
def test_names_that_lead_outside_are_only_names(name: str) -> None:
    (report,) = read_document(docx(body(AUTHORED)), filename="x").reports
    data = package({"word/document.xml": document(body(AUTHORED)), name: b"<x/>"})
    (again,) = read_document(data, filename="x").reports
    assert again.cells == report.cells


@pytest.mark.parametrize("target", ["../../../../etc/passwd", "file:///etc/passwd", "/dev/zero", "http://192.0.2.1/x"])
def test_relations_that_lead_outside_find_nothing(target: str) -> None:
    good = package({"word/document.xml": document(body(AUTHORED))})
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="a" Type="x/styles" Target="{target}"/><Relationship Id="b" Type="x/numbering" Target="{target}"/>'
        "</Relationships>"
    )
    data = package({"word/document.xml": document(body(AUTHORED)), "word/_rels/document.xml.rels": relations.encode()})
    assert read_document(data, filename="x").reports == read_document(good, filename="x").reports


def test_a_password_is_told() -> None:
    data = bytearray(GOOD)
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        for match in re.finditer(re.escape(mark), GOOD):
            data[match.start() + at] |= 1
    assert code(bytes(data)) == "encrypted"


def test_other_compressions_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("word/document.xml", document(body(AUTHORED)))
    assert code(out.getvalue()) == "damaged"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
OUTSIDE = '<!ENTITY x SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize(
    "prolog",
    [
        f"<!DOCTYPE w [{LAUGHS}]>",
        f"<!DOCTYPE w [{OUTSIDE}]>",
        '<!DOCTYPE w SYSTEM "http://192.0.2.1/x.dtd">',
        "<!DOCTYPE w>",
    ],
    ids=["laughs", "entity", "dtd", "bare"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_type_is_refused_in_every_encoding(prolog: str, encoding: str) -> None:
    text = f"{prolog}<w:document {NAMESPACES}><w:body>{paragraph('&x;&l9;')}</w:body></w:document>"
    assert code(with_main(text.encode(encoding))) == "damaged"


@pytest.mark.parametrize("alphabet", ["utf-7", "cp037", "utf-32", "iso-2022-jp", "x-unknown"])
def test_an_alphabet_of_its_own_hides_nothing(alphabet: str) -> None:
    text = f'<?xml version="1.0" encoding="{alphabet}"?><!DOCTYPE w [{OUTSIDE}]><w>&x;</w>'
    raw = text.encode("cp037" if alphabet == "cp037" else "utf-7" if alphabet == "utf-7" else "utf-8")
    with pytest.raises(RejectedError) as caught:
        parse(raw)
    assert caught.value.reason.code == "damaged"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("<w:p>", "</w:p>"),
        ("<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>"),
        ("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"),
        ("<w:p><w:hyperlink>", "</w:hyperlink></w:p>"),
        ("<w:p><w:r><w:pict>", "</w:pict></w:r></w:p>"),
        ("<w:p><w:r><w:pict><w:txbxContent>", "</w:txbxContent></w:pict></w:r></w:p>"),
        ("<w:p><m:oMath>", "</m:oMath></w:p>"),
        ("<x>", "</x>"),
    ],
)
def test_a_hundred_thousand_elements_in_one_another(start: str, end: str) -> None:
    times = 100_000 // start.count("<")
    assert code(with_main(document(start * times + end * times))) in ("too_complex", "not_annual_report", "no_text")


@pytest.mark.parametrize("inner", ["<w:hyperlink>", "<w:ins>", "<w:r>", "<w:smartTag>", "<w:bdo>"])
def test_deep_inline_content(inner: str) -> None:
    end = inner.replace("<", "</")
    assert code(docx(paragraph(inner * 10_000 + "<w:t>x</w:t>" + end * 10_000))) == "too_complex"


ROW = "<w:tr>" + "<w:tc/>" * 10 + "</w:tr>"


@pytest.mark.parametrize(
    "content",
    [
        f"<w:tbl>{ROW * 2_100}</w:tbl>",
        "<w:tbl><w:tr>" + "<w:tc/>" * 500 + "</w:tr></w:tbl>",
        '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="999999999"/></w:tcPr></w:tc></w:tr></w:tbl>',
        '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="' + "9" * 5000 + '"/></w:tcPr></w:tc><w:tc/></w:tr></w:tbl>',
        "<w:p/>" * 40_000,
        "<w:p/>" * 2_000_000,
        "<w:p " + "".join(f'a{n}="" ' for n in range(3_100_000)) + "/>",
    ],
    ids=["rows", "columns", "span", "span of digits", "paragraphs", "tags", "attributes"],
)
def test_numbers_without_end_are_refused(content: str) -> None:
    assert code(docx(content)) in ("too_complex", "not_annual_report")


@pytest.mark.parametrize(
    "content",
    [
        paragraph("一、总体情况") * 29_000,
        paragraph("本年度" * 30, "<w:rPr><w:del/></w:rPr>") * 29_000,
        "<w:tbl>" + f"<w:tr>{'<w:tc><w:p/></w:tc>' * 10}</w:tr>" * 1_950 + "</w:tbl>",
        "<w:tbl>" + ("<w:tr>" + f"<w:tc>{paragraph('1')}</w:tc>" * 10 + "</w:tr>") * 1_950 + "</w:tbl>",
    ],
    ids=["headings", "endless paragraph", "empty cells", "cells"],
)
def test_what_is_just_within_the_bounds_is_done_in_time(content: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    with contextlib.suppress(RejectedError):
        read_document(docx(content), filename="x")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 4 * SECONDS


def test_many_rows_of_the_form_are_still_read_or_refused() -> None:
    data = docx("".join(body(consistent(seed, AGENCY, 2024)) for seed in range(30)))
    assert len(read_document(data, filename="x").reports) == 30


def test_lists_without_end_do_no_harm() -> None:
    many = [f'<w:num w:numId="{n}"><w:abstractNumId w:val="0"/></w:num>' for n in range(50_000)]
    deep = level(0, "decimal", "%1%2%3%4%5%6%7%8%9" * 1000)
    part = numbering(deep, lists=many)
    own = '<w:numPr><w:ilvl w:val="8"/><w:numId w:val="3"/></w:numPr>'
    data = docx(body(AUTHORED) + paragraph("x", own), numbering=part)
    (report,) = read_document(data, filename="x").reports
    assert tables(report) == AUTHORED.tables()


def test_a_style_based_on_itself_ends() -> None:
    loop = "".join(
        f'<w:style w:type="paragraph" w:styleId="S{n}"><w:basedOn w:val="S{(n + 1) % 50}"/><w:rPr><w:vanish w:val="0"/></w:rPr></w:style>'
        for n in range(50)
    )
    data = docx(
        body(AUTHORED) + paragraph("x", '<w:pStyle w:val="S1"/>'),
        styles=f"<w:styles {NAMESPACES}>{loop}</w:styles>".encode(),
    )
    (report,) = read_document(data, filename="x").reports
    assert report.status == "ok"


@pytest.mark.parametrize(
    "main",
    [
        b"",
        b"<",
        b"<w:document/>",
        b"\xff\xfe",
        b"<html/>",
        document("")[:-20],
        b"\x00" * 100,
        "<一/>".encode("gb18030"),
    ],
)
def test_a_main_part_that_is_none_is_damaged(main: bytes) -> None:
    assert code(with_main(main)) == "damaged"


def test_text_kept_in_a_file_inside_is_said_to_be_unreadable() -> None:
    assert code(docx('<w:altChunk r:id="rId1"/>')) == "unsupported_format"
    (report,) = read_document(docx(body(AUTHORED) + '<w:altChunk r:id="rId1"/>'), filename="x").reports
    assert report.status == "ok"


def test_an_archive_reads_no_more_than_its_budget() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for n in range(4):
            file.writestr(f"{n}", bytes(range(256)) * 400)
    archive = Archive(out.getvalue(), budget=250_000)
    assert archive.read("0") is not None
    assert archive.read("1") is not None
    with pytest.raises(RejectedError) as caught:
        archive.read("2")
    assert caught.value.reason.code == "too_complex"
    assert archive.read("absent") is None


def mutated(data: bytes, edits: list[tuple[int, int]]) -> bytes:
    spoiled = bytearray(data)
    for place, value in edits:
        spoiled[place % len(spoiled)] = value
    return bytes(spoiled)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 2**31), st.integers(0, 255)), min_size=1, max_size=12))
def test_a_package_with_spoiled_bytes_never_lies(edits: list[tuple[int, int]]) -> None:
    try:
        reports = read_document(mutated(GOOD, edits), filename="x").reports
    except RejectedError:
        return
    for report in reports:
        assert silent_errors(report, AUTHORED) == []


MAIN = document(body(AUTHORED))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, len(MAIN)), st.integers(1, 400)), min_size=1, max_size=4))
def test_markup_with_pieces_cut_out_ends_with_a_report_or_a_code(cuts: list[tuple[int, int]]) -> None:
    main = MAIN
    for place, length in cuts:
        main = main[:place] + main[place + length :]
    data = package({"word/document.xml": main})
    assert zlib.crc32(data)
    try:
        reports = read_document(data, filename="x").reports
    except RejectedError:
        return
    assert reports
