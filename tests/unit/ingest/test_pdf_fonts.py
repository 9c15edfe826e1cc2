"""Fonts that a PDF names and does not hold: the machine's own fonts must not matter."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.demo.authored import consistent
from infra.demo.render import render_pdf
from services.core.report import Report
from services.ingest.readers import read_document
from tests.unit.ingest.drawn_reports import AGENCY, Drawing, draw, tables

AUTHORED = consistent(11, AGENCY, 2024)

READ = """
import json, sys
from pathlib import Path
from services.ingest.readers import read_document
documents = [read_document(Path(file).read_bytes(), filename="x.pdf") for file in sys.argv[1:]]
print(json.dumps([one.model_dump(mode="json", exclude={"seconds"}) for one in documents]))
"""
# pdfium begins anew, told to look for fonts in no folder at all
WITHOUT_FONTS = """
import ctypes
from pypdfium2 import raw
folders = (ctypes.POINTER(ctypes.c_char) * 1)(None)
raw.FPDF_DestroyLibrary()
raw.FPDF_InitLibraryWithConfig(raw.FPDF_LIBRARY_CONFIG(version=2, m_pUserFontPaths=folders))
"""


def in_another_font(report: bytes) -> bytes:
    """The same report in a font that no machine has."""
    # names of equal length: every offset in the file stays right
    return report.replace(b"/STSong-Light", b"/NoSuch-Serif")


FILES = {
    "drawn": draw(AUTHORED, Drawing()),
    "another-font": in_another_font(draw(AUTHORED, Drawing())),
    "rendered": render_pdf(AUTHORED),
}


def read_in_a_new_process(files: list[Path], before: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", before + READ, *map(str, files)], capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("fonts")
    for name, data in FILES.items():
        (folder / f"{name}.pdf").write_bytes(data)
    return [folder / f"{name}.pdf" for name in FILES]


@pytest.mark.parametrize("before", ["", WITHOUT_FONTS], ids=["fonts-of-the-machine", "no-fonts"])
def test_a_report_reads_the_same_with_and_without_fonts_on_the_machine(files: list[Path], before: str) -> None:
    here = [read_document(data, filename="x.pdf") for data in FILES.values()]
    there = read_in_a_new_process(files, before)
    assert there == [json.loads(document.model_dump_json(exclude={"seconds"})) for document in here]
    for document in there:
        report = Report.model_validate(document["reports"][0])
        assert (report.status, report.reason) == ("ok", None)
        assert tables(report) == AUTHORED.tables()
