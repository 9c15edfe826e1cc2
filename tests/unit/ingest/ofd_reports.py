"""Writes an authored report as OFD (GB/T 33190), in the ways that converters and office programs place text and lines."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from xml.sax.saxutils import escape

from reportlab.pdfgen.canvas import Canvas

from infra.demo.authored import AuthoredReport
from infra.demo.grids import table2_grid, table3_grid, table4_grid
from infra.demo.press import PAGE_WIDTH
from tests.unit.ingest import drawn_reports
from tests.unit.ingest.drawn_reports import TALL, Drawing

MM = 25.4 / 72
SPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'


@dataclass
class Dialect:
    """How a program writes OFD.

    ``text``: boundary (origin inside the object's box), matrix (page coordinates behind a scaling), glyphs (one object
    a character), natural (no distances), runs (``g`` runs). ``rules``: as of ``Drawing.lines``. ``across``: millimetres
    by which the page box is shifted. ``prefix``: of the namespace; empty for a default namespace.
    """

    text: str = "boundary"
    rules: str = "strokes"
    origin: tuple[float, float] = (0.0, 0.0)
    prefix: str = "ofd:"
    absolute: bool = False
    block: bool = False
    parts: tuple[str, ...] = ("proactive", "requests", "disputes")
    extra: str = ""
    size_in_common: bool = False


@dataclass
class OfdCanvas:
    """The part of a drawing surface that the drawn reports use, writing OFD objects for one page.

    ``printed``: each text with its middle, in points from the top left.
    """

    how: Dialect
    wide: float = PAGE_WIDTH
    high: float = TALL
    texts: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    printed: list[tuple[str, float, float]] = field(default_factory=list)
    size: float = 12.0
    dash: bool = False
    count: int = 10

    def setFont(self, _name: str, size: float) -> None:  # noqa: N802 - the drawing surface's own name
        self.size = size

    def setDash(self, *dashes: float) -> None:  # noqa: N802 - the drawing surface's own name
        self.dash = bool(dashes)

    def drawCentredString(self, x: float, y: float, text: str) -> None:  # noqa: N802 - the drawing surface's own name
        self.drawString(x - sum(self.widths(text)) / 2, y, text)

    def widths(self, text: str) -> list[float]:
        return [self.size * (1.0 if ord(char) > 0x2000 else 0.5) for char in text]

    def drawString(self, x: float, y: float, text: str) -> None:  # noqa: N802 - the drawing surface's own name
        if not text:
            return
        left, base = x * MM + self.how.origin[0], (self.high - y) * MM + self.how.origin[1]
        self.printed.append((text, x + sum(self.widths(text)) / 2, self.high - y - 0.4 * self.size))
        widths = [width * MM for width in self.widths(text)]
        size = self.size * MM
        if self.how.text == "glyphs":
            for char, width in zip(text, widths, strict=True):
                self.texts.append(self.object(left, base, size, text=char, widths=[]))
                left += width
            return
        self.texts.append(self.object(left, base, size, text=text, widths=widths))

    def object(self, left: float, base: float, size: float, *, text: str, widths: list[float]) -> str:
        self.count += 1
        head = f'<{self.how.prefix}TextObject ID="{self.count}" Font="3"'
        if self.how.text == "matrix":
            scale = 0.3528
            deltas = " ".join(f"{width / scale:.5f}" for width in widths[:-1])
            return (
                f'{head} CTM="{scale} 0 0 {scale} {-left:.5f} {-base:.5f}" Boundary="{left:.5f} {base:.5f} 50 9" '
                f'Size="{size / scale:.5f}"><{self.how.prefix}FillColor Value="0 0 0"/>'
                f'<{self.how.prefix}TextCode X="{left / scale:.5f}" Y="{base / scale:.5f}" DeltaX="{deltas}">{escape(text)}'
                f"</{self.how.prefix}TextCode></{self.how.prefix}TextObject>"
            )
        deltas = f' DeltaX="{self.deltas(widths)}"' if len(widths) > 1 and self.how.text != "natural" else ""
        return (
            f'{head} Boundary="{left:.4f} {base - size:.4f} {sum(widths) or size:.4f} {1.2 * size:.4f}" Size="{size:.4f}">'
            f'<{self.how.prefix}TextCode X="0" Y="{size:.4f}"{deltas}>{escape(text)}</{self.how.prefix}TextCode>'
            f"</{self.how.prefix}TextObject>"
        )

    def deltas(self, widths: list[float]) -> str:
        steps = widths[:-1]
        if self.how.text != "runs":
            return " ".join(f"{step:.4f}" for step in steps)
        runs: list[tuple[float, int]] = []
        for step in steps:
            runs = [*runs[:-1], (step, runs[-1][1] + 1)] if runs and runs[-1][0] == step else [*runs, (step, 1)]
        return " ".join(f"g {times} {step:.4f}" if times > 1 else f"{step:.4f}" for step, times in runs)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        if not self.dash:
            self.path([(x0, y0), (x1, y1)], close=False, fill=False)
            return
        long = abs(x1 - x0) + abs(y1 - y0)
        for at in range(int(long / 5.5) + 1):
            a, b = 5.5 * at / long, min(1.0, (5.5 * at + 3.2) / long)
            ends = [(x0 + (x1 - x0) * part, y0 + (y1 - y0) * part) for part in (a, b)]
            self.path(ends, close=False, fill=False)

    def rect(self, x: float, y: float, wide: float, high: float, *, stroke: int = 1, fill: int = 0) -> None:
        corners = [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)]
        self.path(corners, close=True, fill=bool(fill), stroke=bool(stroke))

    def path(self, points: list[tuple[float, float]], *, close: bool, fill: bool, stroke: bool = True) -> None:
        self.count += 1
        places = [(x * MM + self.how.origin[0], (self.high - y) * MM + self.how.origin[1]) for x, y in points]
        left, top = min(x for x, _ in places), min(y for _, y in places)
        wide, high = max(x for x, _ in places) - left, max(y for _, y in places) - top
        pieces = " ".join(f"{'L' if n else 'M'} {x - left:.4f} {y - top:.4f}" for n, (x, y) in enumerate(places))
        self.rules.append(
            f'<{self.how.prefix}PathObject ID="{self.count}" Boundary="{left:.4f} {top:.4f} {wide:.4f} {high:.4f}" '
            f'LineWidth="0.25" Stroke="{str(stroke).lower()}" Fill="{str(fill).lower()}"><{self.how.prefix}AbbreviatedData>'
            f"{pieces}{' C' if close else ''}</{self.how.prefix}AbbreviatedData></{self.how.prefix}PathObject>"
        )


def compose(report: AuthoredReport, how: Dialect | None = None) -> OfdCanvas:
    """The report on one tall page."""
    dialect = how or Dialect()
    ofd = OfdCanvas(dialect)
    canvas = cast("Canvas", ofd)
    drawing = Drawing(lines=dialect.rules)
    y = drawn_reports.line(canvas, report.title, TALL - 60)
    y = drawn_reports.line(canvas, "一、总体情况", y)
    y = drawn_reports.line(canvas, "本机关认真做好政府信息公开工作，主动公开各类政府信息。", y)
    grids = {"proactive": table2_grid, "requests": table3_grid, "disputes": table4_grid}
    for section in report.form.sections[1:4]:
        y = drawn_reports.line(canvas, section.heading, y)
        if section.key in dialect.parts:
            y = drawn_reports.table(canvas, grids[section.key](report), y, drawing)
    y = drawn_reports.line(canvas, "五、存在的主要问题及改进情况", y)
    y = drawn_reports.line(canvas, "公开的内容还不够全面，下一步加以改进。", y)
    y = drawn_reports.line(canvas, "六、其他需要报告的事项", y)
    drawn_reports.line(canvas, "本年度没有收取信息处理费。", y)
    return ofd


def layer(*objects: str, prefix: str = "ofd:") -> str:
    return f'<{prefix}Layer Type="Body" ID="2">{"".join(objects)}</{prefix}Layer>'


def page(content: str, *, box: str = "", templates: str = "", prefix: str = "ofd:") -> str:
    """The XML of a page."""
    space = SPACE if prefix else SPACE.replace(":ofd", "")
    area = f"<{prefix}Area><{prefix}PhysicalBox>{box}</{prefix}PhysicalBox></{prefix}Area>" if box else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{prefix}Page {space}>{templates}{area}'
        f"<{prefix}Content>{content}</{prefix}Content></{prefix}Page>"
    )


def package(
    pages: list[str],
    *,
    common: str = "",
    parts: Mapping[str, str | bytes] | None = None,
    absolute: bool = False,
    prefix: str = "ofd:",
    listed: int | None = None,
) -> bytes:
    """An OFD file of these pages. ``parts``: further parts by name; ``listed``: how many pages the document lists."""
    space = SPACE if prefix else SPACE.replace(":ofd", "")
    root = "/Doc_0/" if absolute else ""
    count = len(pages) if listed is None else listed
    refs = "".join(f'<{prefix}Page ID="{n + 100}" BaseLoc="{root}Pages/Page_{n}/Content.xml"/>' for n in range(count))
    files: dict[str, str | bytes] = {
        "OFD.xml": f'<{prefix}OFD {space} DocType="OFD" Version="1.0"><{prefix}DocBody><{prefix}DocInfo/>'
        f"<{prefix}DocRoot>{'/' if absolute else ''}Doc_0/Document.xml</{prefix}DocRoot></{prefix}DocBody></{prefix}OFD>",
        "Doc_0/Document.xml": f"<{prefix}Document {space}><{prefix}CommonData>{common}</{prefix}CommonData>"
        f"<{prefix}Pages>{refs}</{prefix}Pages></{prefix}Document>",
        **{f"Doc_0/Pages/Page_{n}/Content.xml": text for n, text in enumerate(pages)},
        **(parts or {}),
    }
    return zipped(files)


def zipped(files: Mapping[str, str | bytes], **options: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def box_of(canvas: OfdCanvas) -> str:
    x, y = canvas.how.origin
    return f"{x} {y} {canvas.wide * MM:.4f} {canvas.high * MM:.4f}"


def write(report: AuthoredReport, how: Dialect | None = None) -> bytes:
    """The report as an OFD file of one page."""
    dialect = how or Dialect()
    canvas = compose(report, dialect)
    objects = [*canvas.rules, *canvas.texts, dialect.extra]
    content = layer(*objects, prefix=dialect.prefix)
    if dialect.block:
        content = layer(f"<ofd:PageBlock><ofd:PageBlock>{''.join(objects)}</ofd:PageBlock></ofd:PageBlock>")
    box = box_of(canvas)
    area = f"<ofd:PageArea><ofd:PhysicalBox>{box}</ofd:PhysicalBox></ofd:PageArea>" if dialect.size_in_common else ""
    whole = page(content, box="" if dialect.size_in_common else box, prefix=dialect.prefix)
    return package([whole], common=area, absolute=dialect.absolute, prefix=dialect.prefix)
