"""Office files that another program must convert: told apart by what is inside them."""

from __future__ import annotations

import struct

import pytest

from infra.demo.authored import consistent
from services.core.errors import RejectedError
from services.core.report import Format
from services.ingest.readers import read_document
from services.ingest.readers.compound import MAGIC, CompoundFile
from services.ingest.readers.office import as_office_document, is_office, office_format, suffix_of
from services.ingest.readers.routing import route
from tests.unit.ingest.drawn_reports import AGENCY
from tests.unit.ingest.written_documents import body, docx

SECTOR = 512
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
KINGSOFT = bytes.fromhex("ff0902000000304ba977d214852036ff")
WORD = bytes.fromhex("0609020000000000c000000000000046")


def compound(streams: dict[str, bytes], *, class_id: bytes = WORD) -> bytes:
    """A compound file with these streams, each at least 4,096 bytes long so that it has sectors of its own."""
    chains: list[list[int]] = []
    content = b""
    directory_sectors = -(-(len(streams) + 1) // 4)
    at = 1 + directory_sectors
    entries = [_entry("Root Entry", 5, class_id, _END, 0)]
    for name, data in streams.items():
        padded = data.ljust(4096, b"\0")
        padded += b"\0" * (-len(padded) % SECTOR)
        count = len(padded) // SECTOR
        chains.append(list(range(at, at + count)))
        entries.append(_entry(name, 2, bytes(16), at, len(padded)))
        content += padded
        at += count
    table = [_TABLE, *range(2, 1 + directory_sectors), _END]
    for chain in chains:
        table += [*chain[1:], _END]
    assert len(table) <= 128
    table += [_FREE] * (128 - len(table))
    header = MAGIC + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    header += struct.pack("<IIIIIIIII", 1, 1, 0, 4096, _END, 0, _END, 0, 0) + b"\xff" * (4 * 108)
    directory = b"".join(entries).ljust(directory_sectors * SECTOR, b"\0")
    return header + struct.pack("<128I", *table) + directory + content


def _entry(name: str, kind: int, class_id: bytes, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    return (
        encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded), kind, 1, _FREE, _FREE, _FREE)
        + class_id + bytes(20) + struct.pack("<III", start, size, 0)
    )  # fmt: skip


def as_wps(doc: bytes) -> bytes:
    """A DOC file with the class that WPS Writer gives to its own."""
    (first,) = struct.unpack_from("<I", doc, 48)
    at = (first + 1) * SECTOR + 80
    return doc[:at] + KINGSOFT + doc[at + 16 :]


FIB = struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0, 0, 0)
LOCKED = struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0, 0, 0x0100)
DOC = compound({"WordDocument": FIB, "1Table": b"", "\x05SummaryInformation": b""})
RTF = b"{\\rtf1\\ansi x}"
WORD_2003 = (
    b'<?xml version="1.0"?><?mso-application progid="Word.Document"?>'
    b'<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"/>'
)


@pytest.mark.parametrize(
    ("data", "expected", "suffix"),
    [
        (DOC, Format.DOC, "doc"),
        (compound({"WordDocument": FIB, "WpsCustomData": b""}), Format.WPS, "doc"),
        (compound({"WordDocument": FIB}, class_id=KINGSOFT), Format.WPS, "doc"),
        (as_wps(DOC), Format.WPS, "doc"),
        (RTF, Format.DOC, "rtf"),
        (b"\r\n " + RTF, Format.DOC, "rtf"),
        (WORD_2003, Format.DOC, "xml"),
    ],
)
def test_files_to_be_converted(data: bytes, expected: Format, suffix: str) -> None:
    assert is_office(data)
    assert route(data) == "office"
    assert office_format(data) is expected
    assert suffix_of(data) == suffix
    with pytest.raises(RejectedError) as caught:
        read_document(data, filename="report.docx")
    assert (caught.value.reason.code, caught.value.detail) == ("office_missing", str(expected))
    assert "DOCX" in caught.value.reason.text(caught.value.detail)


@pytest.mark.parametrize(
    ("data", "code", "detail"),
    [
        (compound({"EncryptionInfo": b"", "EncryptedPackage": b""}), "encrypted", ""),
        (compound({"WordDocument": LOCKED, "0Table": b""}), "encrypted", ""),
        (compound({"Workbook": b""}), "unsupported_format", "Excel"),
        (compound({"Book": b""}), "unsupported_format", "Excel"),
        (compound({"PowerPoint Document": b""}), "unsupported_format", "PowerPoint"),
        (compound({"Contents": b""}), "unsupported_format", "OLE"),
        (MAGIC, "damaged", ""),
        (MAGIC + b"\0" * 600, "damaged", ""),
        (DOC[:700], "damaged", ""),
        (DOC[:1000], "damaged", ""),
        (DOC[:1500], "damaged", ""),
    ],
)
def test_files_that_converting_would_not_help(data: bytes, code: str, detail: str) -> None:
    with pytest.raises(RejectedError) as caught:
        read_document(data, filename="x")
    assert caught.value.reason.code == code
    assert detail in caught.value.detail


def test_a_word_file_by_another_name_is_read_at_once() -> None:
    data = docx(body(consistent(1, AGENCY, 2024)))
    assert read_document(data, filename="年报.doc").format is Format.DOCX


def test_a_directory_that_runs_in_circles_ends() -> None:
    data = bytearray(DOC)
    struct.pack_into("<I", data, SECTOR + 4, 1)
    with pytest.raises(ValueError, match="without end"):
        CompoundFile(bytes(data))


@pytest.mark.parametrize("shift", [0, 3, 8, 31, 65535])
def test_sectors_of_odd_sizes_are_refused(shift: int) -> None:
    data = bytearray(DOC)
    struct.pack_into("<H", data, 30, shift)
    with pytest.raises(ValueError, match="sectors"):
        CompoundFile(bytes(data))


def test_a_table_of_sectors_that_goes_on_outside_the_header() -> None:
    """Sector 128 × 109 and beyond are found through the chain of further tables."""
    far = 128 * 109 + 5
    data = bytearray(DOC.ljust((far + 3) * SECTOR, b"\0"))
    struct.pack_into("<I", data, 48, far)  # the directory lies far out
    data[(far + 1) * SECTOR : (far + 2) * SECTOR] = _entry("Root Entry", 5, KINGSOFT, _END, 0).ljust(SECTOR, b"\0")
    struct.pack_into("<I", data, 68, 20)  # the chain of further tables begins in sector 20 ...
    struct.pack_into("<I", data, 21 * SECTOR, 21)  # ... which names sector 21 as table 109 ...
    struct.pack_into("<I", data, 22 * SECTOR + 4 * 5, _END)  # ... in which sector 5 of 128 is the far one
    assert CompoundFile(bytes(data)).class_id == KINGSOFT


def test_an_office_document_is_that_of_the_original() -> None:
    document = read_document(docx(body(consistent(1, AGENCY, 2024))), filename="年报.doc")
    seen = as_office_document(document, original_sha256="0" * 64, original=Format.WPS, engine="libreoffice/1.2")
    assert (seen.sha256, seen.format, seen.engine) == ("0" * 64, Format.WPS, "libreoffice/1.2 docx/1")
    assert seen.reports == document.reports
