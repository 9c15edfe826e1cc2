"""DOC, WPS and RTF through the real LibreOffice, to the last figure. ``make test`` leaves this folder out where it is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pytest

from infra.demo.authored import AuthoredReport, consistent, with_error
from infra.demo.grids import table2_grid, table3_grid, table4_grid
from services.core.errors import RejectedError
from services.core.report import Document, Format
from services.ingest.office import Office, convert, find_office
from services.ingest.readers import read_document
from services.ingest.readers.office import as_office_document
from tests.unit.ingest.drawn_reports import tables
from tests.unit.ingest.test_docx_reports import AGENCIES, changed, hidden, in_box, in_fields, in_frame, scattered
from tests.unit.ingest.test_office_files import as_wps
from tests.unit.ingest.written_documents import body, docx, level, numbering, styles, table

ROOT = Path(__file__).parents[2]
REPORTS = {
    "plain": consistent(1, AGENCIES[0], 2024),
    "2019": consistent(2, AGENCIES[1], 2020),
    "large": consistent(3, AGENCIES[2], 2024, "prefecture"),
    "wrong": with_error(consistent(4, AGENCIES[0], 2023), {"table3.granted.natural": 977}),
}
LARGE = REPORTS["large"]
LISTS = numbering(level(0, "chineseCountingThousand", "%1、", '<w:suff w:val="nothing"/>'))
SECRET = styles(
    '<w:style w:type="character" w:styleId="Secret"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>'
)


def rewritten(write: object) -> str:
    assert callable(write)
    grids = {"proactive": table2_grid(LARGE), "requests": table3_grid(LARGE), "disputes": table4_grid(LARGE)}
    return body(LARGE, {key: table(grid, write) for key, grid in grids.items()})


SOURCES: dict[str, tuple[AuthoredReport, bytes]] = {
    **{name: (report, docx(body(report))) for name, report in REPORTS.items()},
    "numbered": (LARGE, docx(body(LARGE, numbered=True), numbering=LISTS)),
    "framed": (LARGE, docx(in_frame(body(LARGE)))),
    "boxed": (LARGE, docx(body(LARGE, {"disputes": in_box(table(table4_grid(LARGE)), alternatives=True)}))),
    "changed": (LARGE, docx(rewritten(changed))),
    "hidden": (LARGE, docx(rewritten(hidden), styles=SECRET)),
    "scattered": (LARGE, docx(rewritten(scattered))),
    "fields": (LARGE, docx(rewritten(in_fields))),
}


@pytest.fixture(scope="session")
def office() -> Office:
    found = find_office()
    assert found is not None, "LibreOffice is not installed: sudo apt-get install libreoffice-writer-nogui"
    return found


def saved(folder: Path, names: Iterable[str], *suffixes: str) -> dict[str, bytes]:
    """These sources as LibreOffice saves them: ``plain.doc`` → its bytes."""
    for name in names:
        (folder / f"{name}.docx").write_bytes(SOURCES[name][1])
    for suffix in suffixes:
        subprocess.run(
            [
                "soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
                "--convert-to", {"doc": "doc:MS Word 97"}.get(suffix, suffix), "--outdir", str(folder),
                *(str(folder / f"{name}.docx") for name in names),
            ],
            check=True, timeout=300, capture_output=True,
        )  # fmt: skip
    return {f"{name}.{suffix}": (folder / f"{name}.{suffix}").read_bytes() for name in names for suffix in suffixes}


NOT_SAVED = ("framed.doc", "scattered.doc", "boxed.rtf", "numbered.rtf")
"""What LibreOffice cannot write: nested tables and controls in DOC; tables in boxes, list signs beyond ASCII in RTF."""


def test_every_figure_comes_through(office: Office, tmp_path: Path) -> None:
    """All sources as DOC and RTF and some as WPS, in one batch."""
    files = saved(tmp_path, SOURCES, "doc", "rtf")
    files |= {f"{name}.wps": as_wps(files[f"{name}.doc"]) for name in ("plain", "2019", "changed")}
    for name in NOT_SAVED:
        del files[name]
    for (name, data), converted in zip(files.items(), convert(list(files.values()), office), strict=True):
        assert isinstance(converted, bytes), (name, converted)
        with pytest.raises(RejectedError) as refused:
            read_document(data, filename=name)
        assert refused.value.reason.code == "office_missing", name
        found = as_office_document(
            read_document(converted, filename=name),
            original_sha256=sha256(data).hexdigest(),
            original=Format(refused.value.detail),
            engine=office.engine,
        )
        assert str(found.format) == ("wps" if name.endswith("wps") else "doc"), name
        assert found.engine == f"libreoffice/{office.version} docx/1"
        assert_all_read(found, SOURCES[name.partition(".")[0]][0])


def assert_all_read(document: Document, authored: AuthoredReport) -> None:
    (report,) = document.reports
    assert (report.status, report.reason) == ("ok", None), document.file
    assert tables(report) == authored.tables(), document.file
    assert len(report.cells) == len(authored.paths()), document.file
    assert (report.agency, report.year) == (authored.agency, authored.year), document.file
    assert [section.key for section in report.sections] == [section.key for section in authored.form.sections]
    assert report.reading is not None
    assert report.reading.date_text == authored.date_text, document.file


def test_damaged_files_do_not_hold_up_the_others(office: Office, tmp_path: Path) -> None:
    good = saved(tmp_path, ["plain"], "doc")["plain.doc"]
    blank = bytearray(good)
    blank[0x200 : len(good) // 2] = bytes(len(good) // 2 - 0x200)
    cut = [good[: int(len(good) * kept)] for kept in (0.3, 0.6, 0.9)]
    first, *rest, last = convert([good, *cut, bytes(blank), good], office)
    assert isinstance(first, bytes)
    assert isinstance(last, bytes)
    authored, _ = SOURCES["plain"]
    for result in rest:
        if not isinstance(result, bytes):
            assert isinstance(result, RejectedError)
            continue
        # it repaired what it could; then nothing wrong may come of it
        try:
            reports = read_document(result, filename="x").reports
        except RejectedError:
            continue
        assert all(report.status != "ok" or tables(report) == authored.tables() for report in reports)


def test_check_converts_first(office: Office, tmp_path: Path) -> None:
    (tmp_path / "report.doc").write_bytes(saved(tmp_path, ["wrong"], "doc")["wrong.doc"])
    done = subprocess.run(
        [sys.executable, "-c", "from services.cli import main; main()", "check", "--json", str(tmp_path / "report.doc")],
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["file"], told["format"], told["reports"][0]["status"]) == ("report.doc", "doc", "ok")
    assert "table3.granted.natural" in {path for found in told["reports"][0]["findings"] for path in found["where"]}
