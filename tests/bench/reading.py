"""Seconds a document: this project against plain pdfplumber, against pdfplumber's finder on pypdfium2, against pdfium.

All ways read the same files, each file once, so that nobody meets a file again; they take turns after every few
files, as a worker reads report after report. Wall clock, and the CPU that the way used in all its processes.
"""

from __future__ import annotations

import gc
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pdfplumber
from pypdfium2 import raw

from infra.demo.authored import consistent
from infra.demo.invented import Size
from infra.demo.render import render_pdf
from services.cli.check import check_file
from services.ingest.extract import make_reading_room
from services.ingest.readers import read_document
from services.ingest.sandbox import ReadingRoom
from services.platform.settings import Settings
from services.validate.judge import Context
from tests.bench import duck_page, memory, pages

DOCUMENTS = 60
BLOCK = 10
"""Files after which the next way has its turn."""
WARM_UP = 10
SIZES: tuple[Size, ...] = ("township", "department", "county", "prefecture")
_TICK = os.sysconf("SC_CLK_TCK")
_CPU = slice(11, 15)
"""In /proc/<pid>/stat behind the name: own CPU, then that of children waited for; user and system, in ticks."""


def plain_pdfplumber(file: Path) -> None:
    """What a script would do: open, text and tables of every page."""
    with pdfplumber.open(io.BytesIO(file.read_bytes())) as document:
        for page in document.pages:
            page.extract_text()
            page.extract_tables()
            page.close()


def bare_pdfium(file: Path) -> None:
    """The bound: open the file and load every page with its text, and ask nothing about it."""
    data = file.read_bytes()
    document = raw.FPDF_LoadMemDocument64(data, len(data), None)
    for number in range(raw.FPDF_GetPageCount(document)):
        page = raw.FPDF_LoadPage(document, number)
        raw.FPDFText_ClosePage(raw.FPDFText_LoadPage(page))
        raw.FPDF_ClosePage(page)
    raw.FPDF_CloseDocument(document)


@dataclass
class Way:
    """One way to read a file, and what it took. ``room``: whose processes work for it too."""

    name: str
    read: Callable[[Path], object]
    room: ReadingRoom | None = None
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def run(self, file: Path, *, count: bool) -> None:
        began, used = time.perf_counter(), self._cpu()
        self.read(file)
        if count:
            self.wall.append(time.perf_counter() - began)
            self.cpu.append(self._cpu() - used)

    def _cpu(self) -> float:
        zygote = self.room._zygote if self.room else None
        helpers = 0
        if zygote is not None:
            stat = Path(f"/proc/{zygote.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            helpers = sum(map(int, stat[_CPU]))
        return time.process_time() + helpers / _TICK


def run(*, documents: int = DOCUMENTS, long: bool = False) -> None:
    """Print each way's median and p95 seconds, mean CPU, and how many times faster it is; then pages and memory."""
    context = Context(body_code=None, body_name=None, expected_year=None, received_on=None)
    with tempfile.TemporaryDirectory() as folder, make_reading_room(Settings()) as room:
        files = _files(Path(folder), documents + WARM_UP)
        ways = [
            Way("plain pdfplumber", plain_pdfplumber),
            Way("pdfplumber's finder on pypdfium2", lambda file: duck_page.tables(file.read_bytes())),
            Way("gouji, reader alone", lambda file: read_document(file.read_bytes(), filename=file.name)),
            Way("gouji check (confined, judged)", lambda file: check_file(room, file, context), room),
            Way("pdfium, bare load", bare_pdfium),
        ]
        for start in range(0, len(files), BLOCK):
            for way in ways:
                gc.collect()  # what another way left behind is not this one's to clear
                for file in files[start : start + BLOCK]:
                    way.run(file, count=start >= WARM_UP)
    _table(ways, documents)
    pages.run()
    memory.run(documents=10_000 if long else 300)


def _files(folder: Path, number: int) -> list[Path]:
    files = []
    for seed in range(number):
        report = consistent(seed, f"临溪县第{seed}局", 2024, SIZES[seed % len(SIZES)])
        files.append(folder / f"{seed}.pdf")
        files[-1].write_bytes(render_pdf(report))
    return files


def _table(ways: list[Way], documents: int) -> None:
    print(f"Reading {documents} ruled text PDFs, each once by each way, {BLOCK} in turn, a document:")
    print(f"  {'':34}{'median':>10}{'p95':>10}{'faster':>9}{'CPU':>12}{'faster':>9}")
    base_wall, base_cpu = statistics.median(ways[0].wall), statistics.mean(ways[0].cpu)
    for way in ways:
        middle, cpu = statistics.median(way.wall), statistics.mean(way.cpu)
        late = sorted(way.wall)[int(len(way.wall) * 0.95)]
        print(
            f"  {way.name:34}{middle * 1000:7.1f} ms{late * 1000:7.1f} ms{base_wall / middle:8.1f}×"
            f"{cpu * 1000:9.1f} ms{base_cpu / cpu:8.1f}×"
        )
