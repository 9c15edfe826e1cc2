"""The programs outside that print and convert: one start of Chromium or LibreOffice for many documents."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.corpus.registry import Job, Tool

PROGRAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "soffice": ("soffice", "libreoffice"),
    "pdftotext": ("pdftotext",),
}
FONT_FILE: Final = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
"""The Chinese font that is embedded and that Chromium and LibreOffice print with (package fonts-wqy-microhei)."""
_SECONDS_A_FILE: Final = 60
_FILTERS: Final = {
    "pdf": "pdf:writer_pdf_Export",
    "doc": "doc:MS Word 97",
    "docx": "docx:MS Word 2007 XML",
    "odt": "odt",
}


class OutsideError(Exception):
    """A program outside did not give what was asked for; a defect of the corpus, never of a reader."""


def program(tool: Tool) -> str | None:
    """The path of a program or font, None when it is not installed."""
    if tool == "font":
        return FONT_FILE if Path(FONT_FILE).is_file() else None
    return next((found for name in PROGRAMS[tool] if (found := shutil.which(name))), None)


def lacking(needs: Sequence[Tool]) -> list[str]:
    """What of these is not installed; the programs print Chinese only with the font."""
    wanted: dict[Tool, None] = dict.fromkeys(needs)
    if needs:
        wanted["font"] = None
    return [tool for tool in wanted if program(tool) is None]


def run_jobs(jobs: Sequence[Job]) -> list[bytes]:
    """The results of `jobs` in their order. Raises OutsideError."""
    results: dict[int, bytes] = {}
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for index, job in enumerate(jobs):
        groups[job.tool, job.suffix, job.target].append(index)
    for (tool, suffix, target), members in groups.items():
        sources = [jobs[index] for index in members]
        made = _printed(sources) if tool == "chromium" else _converted(sources, suffix, target)
        results.update(zip(members, made, strict=True))
    return [results[index] for index in range(len(jobs))]


def _printed(jobs: Sequence[Job]) -> list[bytes]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=arguments)
        page = browser.new_page()
        printed = []
        for job in jobs:
            page.set_content(job.source.decode(), wait_until="load")
            printed.append(page.pdf(**{"prefer_css_page_size": True, "print_background": True, **job.options}))  # type: ignore[arg-type] # options of the printing dialogue, by name
        browser.close()
    return printed


def _converted(jobs: Sequence[Job], suffix: str, target: str) -> list[bytes]:
    office = program("soffice")
    if office is None:
        raise OutsideError("LibreOffice is not installed")
    with tempfile.TemporaryDirectory() as folder:
        inside, outside = Path(folder) / "in", Path(folder) / "out"
        inside.mkdir()
        names = []
        for index, job in enumerate(jobs):
            names.append(f"{index:04}.{suffix}")
            (inside / names[-1]).write_bytes(job.source)
        # HTML would be opened by the web editor, which knows no pages
        opening = ["--infilter=HTML (StarWriter)"] if suffix == "html" else []
        command = [office, "--headless", f"-env:UserInstallation=file://{folder}/profile", *opening]
        command += ["--convert-to", _FILTERS[target], "--outdir", str(outside), *(str(inside / name) for name in names)]
        ran = subprocess.run(command, capture_output=True, timeout=_SECONDS_A_FILE * (1 + len(jobs)), check=False)
        results = []
        for index in range(len(jobs)):
            result = outside / f"{index:04}.{target}"
            if not result.is_file():
                raise OutsideError(f"no {target} was made: {ran.stderr.decode(errors='replace')[-500:]}")
            results.append(result.read_bytes())
    return results
