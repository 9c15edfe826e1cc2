"""A canvas that writes OFD (GB/T 33190) in place of PDF, so that one drawing gives both with everything at one place.

It takes the calls of a reportlab canvas that `drawing`, `ruling` and `stamps` make. OFD measures in millimetres from the
top left of the page.
"""

from __future__ import annotations

import io
import math
import random
import zipfile
from typing import Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color
from reportlab.pdfbase import pdfmetrics

_MM: Final = 25.4 / 72
_NAMESPACE: Final = 'xmlns:ofd="http://www.ofdspec.org/2016"'
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_Matrix = tuple[float, float, float, float, float, float]
_STRAIGHT: Final[_Matrix] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class OfdCanvas:
    """Pages of text and path objects.

    ``rng`` draws how text is stored: steps written out, in groups (``g 5 3.7``), a text object a character, or scaled by
    a matrix; and whether paths are single lines or closed figures.
    """

    def __init__(self, rng: random.Random) -> None:
        self._steps = rng.choice(("list", "groups", "single", "scaled"))
        self._prefix = rng.choice(("Doc_0", "Doc_0", "Documents/1"))
        self._absolute = rng.random() < 0.3
        self._pages: list[tuple[tuple[float, float], list[str]]] = []
        self._objects: list[str] = []
        self._size = (0.0, 0.0)
        self._count = 100
        self._font, self._font_size = "", 0.0
        self._colour, self._stroke, self._width = "0 0 0", "0 0 0", 1.0
        self._dash = ""
        self._matrix = _STRAIGHT
        self._kept: list[tuple[_Matrix, str, str, float, str]] = []

    def setPageSize(self, size: tuple[float, float]) -> None:  # noqa: N802 - reportlab's name
        self._size = size

    def setPageRotation(self, _degrees: int) -> None:  # noqa: N802 - reportlab's name; OFD pages are not turned
        return

    def setFont(self, name: str, size: float) -> None:  # noqa: N802 - reportlab's name
        self._font, self._font_size = name, size

    def setLineWidth(self, width: float) -> None:  # noqa: N802 - reportlab's name
        self._width = width

    def setDash(self, on: float, off: float) -> None:  # noqa: N802 - reportlab's name
        self._dash = f' DashPattern="{on * _MM:.3f} {off * _MM:.3f}"'

    def setStrokeGray(self, grey: float) -> None:  # noqa: N802 - reportlab's name
        self._stroke = _value(grey, grey, grey)

    def setFillGray(self, grey: float) -> None:  # noqa: N802 - reportlab's name
        self._colour = _value(grey, grey, grey)

    def setFillColor(self, colour: Color) -> None:  # noqa: N802 - reportlab's name
        self._colour = _value(colour.red, colour.green, colour.blue, colour.alpha)

    def setStrokeColor(self, colour: Color) -> None:  # noqa: N802 - reportlab's name
        self._stroke = _value(colour.red, colour.green, colour.blue, colour.alpha)

    def saveState(self) -> None:  # noqa: N802 - reportlab's name
        self._kept.append((self._matrix, self._colour, self._stroke, self._width, self._dash))

    def restoreState(self) -> None:  # noqa: N802 - reportlab's name
        self._matrix, self._colour, self._stroke, self._width, self._dash = self._kept.pop()

    def translate(self, x: float, y: float) -> None:
        self._matrix = _times((1.0, 0.0, 0.0, 1.0, x, y), self._matrix)

    def rotate(self, degrees: float) -> None:
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        self._matrix = _times((cosine, sine, -sine, cosine, 0.0, 0.0), self._matrix)

    def drawString(self, x: float, y: float, text: str) -> None:  # noqa: N802 - reportlab's name
        if not text:
            return
        if self._steps == "single" and self._matrix == _STRAIGHT:
            for char in text:
                self._text(x, y, char)
                x += self._advance(char)
            return
        self._text(x, y, text)

    def drawCentredString(self, x: float, y: float, text: str) -> None:  # noqa: N802 - reportlab's name
        self.drawString(x - self._advance(text) / 2, y, text)

    def _advance(self, text: str) -> float:
        return float(pdfmetrics.stringWidth(text, self._font, self._font_size))

    def _text(self, x: float, y: float, text: str) -> None:
        scale = 0.5 if self._steps == "scaled" else 1.0
        size = self._font_size * _MM
        x, y = _apply(self._matrix, x, y)
        left, top = x * _MM, (self._size[1] - y) * _MM
        widths = [self._advance(char) * _MM * scale for char in text]
        a, b, c, d, _, _ = self._matrix
        # y points down here, so a turn against the clock changes its sign
        matrix = (a / scale, -b / scale, -c / scale, d / scale, 0.0, 0.0)
        low, high = -0.88 * size * scale, 0.32 * size * scale
        corners = [_apply(matrix, across, down) for across in (0.0, sum(widths)) for down in (low, high)]
        first, upper = min(x for x, _ in corners), min(y for _, y in corners)
        wide, tall = max(x for x, _ in corners) - first, max(y for _, y in corners) - upper
        boundary = f"{left + first:.4f} {top + upper:.4f} {wide:.4f} {tall:.4f}"
        turned = matrix[:4] != _STRAIGHT[:4]
        shift = f' CTM="{" ".join(f"{part:.4f}" for part in matrix[:4])} {-first:.4f} {-upper:.4f}"' if turned else ""
        code_y = 0.0 if turned else -low
        steps = f' DeltaX="{self._delta(widths[:-1])}"' if len(text) > 1 else ""
        self._add(
            f'<ofd:TextObject ID="{{id}}" Boundary="{boundary}"{shift} Font="3" Size="{size * scale:.4f}">'
            f'<ofd:FillColor Value="{self._colour}"/>'
            f'<ofd:TextCode X="0" Y="{code_y:.4f}"{steps}>{escape(text)}</ofd:TextCode></ofd:TextObject>'
        )

    def _delta(self, widths: list[float]) -> str:
        numbers = [f"{width:.4f}" for width in widths]
        if self._steps != "groups":
            return " ".join(numbers)
        parts: list[str] = []
        while numbers:
            same = next((i for i, number in enumerate(numbers) if number != numbers[0]), len(numbers))
            parts.append(f"g {same} {numbers[0]}" if same > 1 else numbers[0])
            numbers = numbers[same:]
        return " ".join(parts)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self._path([(x0, y0), (x1, y1)], closed=False, fill=False)

    def rect(self, x: float, y: float, width: float, height: float, *, stroke: int = 1, fill: int = 0) -> None:
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        self._path(corners, closed=True, fill=bool(fill) and not stroke)

    def circle(self, x: float, y: float, radius: float) -> None:
        around = [math.radians(10 * step) for step in range(36)]
        self._path([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in around], closed=True, fill=False)

    def beginPath(self) -> _Path:  # noqa: N802 - reportlab's name
        return _Path()

    def drawPath(self, path: _Path, stroke: int = 1, fill: int = 0) -> None:  # noqa: N802 - reportlab's name
        self._path(path.points, closed=True, fill=bool(fill) and not stroke)

    def _path(self, points: list[tuple[float, float]], *, closed: bool, fill: bool) -> None:
        placed = [_apply(self._matrix, *point) for point in points]
        here = [(x * _MM, (self._size[1] - y) * _MM) for x, y in placed]
        left, top = min(x for x, _ in here), min(y for _, y in here)
        wide, tall = max(x for x, _ in here) - left, max(y for _, y in here) - top
        data = " ".join(f"{'L' if index else 'M'} {x - left:.4f} {y - top:.4f}" for index, (x, y) in enumerate(here))
        paint = ' Stroke="false" Fill="true"' if fill else ""
        self._add(
            f'<ofd:PathObject ID="{{id}}" Boundary="{left:.4f} {top:.4f} {max(wide, 0.01):.4f} {max(tall, 0.01):.4f}" '
            f'LineWidth="{self._width * _MM:.4f}"{self._dash}{paint}>'
            f'<ofd:StrokeColor Value="{self._stroke}"/><ofd:FillColor Value="{self._colour}"/>'
            f"<ofd:AbbreviatedData>{data}{' C' if closed else ''}</ofd:AbbreviatedData></ofd:PathObject>"
        )

    def _add(self, xml: str) -> None:
        self._count += 1
        self._objects.append(xml.replace("{id}", str(self._count)))

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._pages.append((self._size, self._objects))
        self._objects = []

    def save(self) -> None:
        """Nothing is left to do; see `written`."""

    def written(self) -> bytes:
        """The bytes of the document."""
        front = "/" if self._absolute else ""
        base = f"/{self._prefix}/" if self._absolute else ""
        pages = "".join(
            f'<ofd:Page ID="{index + 10}" BaseLoc="{base}Pages/Page_{index}/Content.xml"/>'
            for index in range(len(self._pages))
        )
        wide, tall = self._pages[0][0]
        parts = {
            "OFD.xml": f'<ofd:OFD {_NAMESPACE} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
            "<ofd:DocID>00000000000000000000000000000001</ofd:DocID></ofd:DocInfo>"
            f"<ofd:DocRoot>{front}{self._prefix}/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
            f"{self._prefix}/Document.xml": f"<ofd:Document {_NAMESPACE}><ofd:CommonData>"
            f"<ofd:MaxUnitID>{self._count}</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 {wide * _MM:.4f} {tall * _MM:.4f}"
            "</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData>"
            f"<ofd:Pages>{pages}</ofd:Pages></ofd:Document>",
            f"{self._prefix}/PublicRes.xml": f'<ofd:Res {_NAMESPACE} BaseLoc="Res"><ofd:Fonts>'
            '<ofd:Font ID="3" FontName="宋体" FamilyName="宋体"/></ofd:Fonts></ofd:Res>',
        }
        for index, (size, objects) in enumerate(self._pages):
            area = "" if size == self._pages[0][0] else _area(size)
            parts[f"{self._prefix}/Pages/Page_{index}/Content.xml"] = (
                f'<ofd:Page {_NAMESPACE}>{area}<ofd:Content><ofd:Layer ID="{index + 50}" Type="Body">'
                f"{''.join(objects)}</ofd:Layer></ofd:Content></ofd:Page>"
            )
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, xml in parts.items():
                archive.writestr(zipfile.ZipInfo(name, (2025, 1, 20, 8, 0, 0)), _HEAD + xml)
        return out.getvalue()


class _Path:
    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []

    def moveTo(self, x: float, y: float) -> None:  # noqa: N802 - reportlab's name
        self.points = [(x, y)]

    def lineTo(self, x: float, y: float) -> None:  # noqa: N802 - reportlab's name
        self.points.append((x, y))

    def close(self) -> None:
        """Every path drawn here is closed."""


def _area(size: tuple[float, float]) -> str:
    wide, tall = size
    return f"<ofd:Area><ofd:PhysicalBox>0 0 {wide * _MM:.4f} {tall * _MM:.4f}</ofd:PhysicalBox></ofd:Area>"


def _value(red: float, green: float, blue: float, alpha: float = 1.0) -> str:
    numbers = " ".join(str(round(255 * part)) for part in (red, green, blue))
    return numbers if alpha == 1.0 else f'{numbers}" Alpha="{round(255 * alpha)}'


def _times(one: _Matrix, two: _Matrix) -> _Matrix:
    """``one`` first, then ``two``."""
    a, b, c, d, e, f = one
    g, h, i, j, k, m = two
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _apply(matrix: _Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
