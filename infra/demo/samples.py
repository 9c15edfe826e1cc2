"""The sample documents of the demo, with what must come of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from infra.demo.authored import REPORTS, AuthoredReport, Printed, load_report
from infra.demo.render import render_pdf, truncated

REGISTER: Final = Path(__file__).parent / "agencies.csv"
"""Register of bodies and contacts of the demo; agency code ``*`` is a reviewer of all bodies."""

PDF_NAME: Final = "{year}年政府信息公开工作年度报告.pdf"

SEEDS: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {"000_": ("tacheng-xiang", 2024), "002_": ("tacheng-waiban", 2024)}
)
"""Beginning of the file name of a real report → the code of its body in the register, and its year."""


@dataclass(frozen=True)
class Expected:
    """What must come of a document.

    ``outcome``: stored, or rejected with the ``reason`` code. ``errors``: exactly the rules that find an error.
    ``warnings``: rules that must warn at least. ``cells``: the cells to be named as wrong → the figure that belongs
    there.
    """

    outcome: Literal["stored", "rejected"] = "stored"
    reason: str = ""
    errors: frozenset[str] = frozenset()
    warnings: frozenset[str] = frozenset()
    cells: Mapping[str, Printed] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """A document that an agency sends. ``report`` is what it was made from, None for a real one."""

    name: str
    agency_code: str
    year: int
    content: bytes
    expected: Expected
    report: AuthoredReport | None = None

    def place(self, folder: Path) -> Path:
        """Where it belongs in a drop folder: ``<folder>/<agency>/<year>/name``."""
        return folder / self.agency_code / str(self.year) / self.name


def write_samples(folder: Path, seeds: Path | None = None) -> list[Sample]:
    """Write the samples into a drop folder and say what they are.

    Three authored reports: one in order, one with slips, one damaged on the way. With ``seeds``, the real reports of
    that folder follow as they are. Each file appears whole, by a rename from a hidden name.
    """
    samples = [*authored_samples(), *(real_samples(seeds) if seeds else ())]
    for sample in samples:
        target = sample.place(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.part")
        unfinished.write_bytes(sample.content)
        unfinished.replace(target)
    return samples


def authored_samples() -> list[Sample]:
    """The three reports of the fictional county: in order, with slips, damaged."""
    clean, slips, damaged = (_authored(code) for code in ("linxi-zhujian", "linxi-ziran", "linxi-shiqiao"))
    wrong = {path: figure for path, figure in slips.truth.items() if slips.figure(path) is not None}
    return [
        _pdf("linxi-zhujian", clean, render_pdf(clean), Expected()),
        _pdf(
            "linxi-ziran",
            slips,
            render_pdf(slips),
            Expected(
                errors=frozenset({"T3-1", "T3-3", "T4-1"}),
                warnings=frozenset({"B1", "D4"}),
                cells=wrong,
            ),
        ),
        _pdf(
            "linxi-shiqiao",
            damaged,
            truncated(render_pdf(damaged)),
            Expected(outcome="rejected", reason="damaged"),
        ),
    ]


def refused_samples() -> list[Sample]:
    """Documents that must be refused for a reason each: locked with a password, empty, cut off."""
    report = _authored("linxi-shiqiao")
    return [
        Sample(
            f"{reason}.pdf", "linxi-shiqiao", report.year, content, Expected(outcome="rejected", reason=reason), report
        )
        for reason, content in (
            ("encrypted", render_pdf(report, password="0000")),  # noqa: S106 - a sample that nobody needs to open
            ("empty", b""),
            ("damaged", truncated(render_pdf(report))),
        )
    ]


def real_samples(seeds: Path) -> Iterator[Sample]:
    """The real reports in a folder, byte for byte. Files that do not begin as named in ``SEEDS`` are left alone."""
    for source in sorted(seeds.iterdir()):
        known = SEEDS.get(source.name[:4])
        if known and source.is_file():
            code, year = known
            yield Sample(source.name, code, year, source.read_bytes(), Expected())


def _authored(code: str) -> AuthoredReport:
    return load_report(REPORTS / f"{code}.toml")


def _pdf(code: str, report: AuthoredReport, content: bytes, expected: Expected) -> Sample:
    return Sample(PDF_NAME.format(year=report.year), code, report.year, content, expected, report)
