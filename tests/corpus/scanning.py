"""Turns a PDF into pictures of its pages, as scanners, copiers and fax machines give them."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from PIL import Image, ImageChops, ImageFilter
from pypdfium2 import PdfDocument
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.corpus.drawing import binary_streams
from tests.corpus.registry import Shown

Mode = Literal["grey", "bilevel", "colour"]
Container = Literal["pdf", "tiff", "png", "jpeg"]
Piece = tuple[str, float, float, float]
"""A text with x, y (baseline, from the bottom) and height in points."""


@dataclass(frozen=True)
class Scan:
    """``dpi``; ``mode``; ``skew``: most degrees by which a page lies askew; ``noise``: standard deviation of the grain in
    grey levels; ``blur``: radius in pixels; ``quality`` of JPEG. ``container``: png and jpeg hold one page.
    """

    dpi: int = 200
    mode: Mode = "grey"
    skew: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    quality: int = 80
    container: Container = "pdf"


def scanned(pdf: bytes, scan: Scan, rng: random.Random, *, plain: bytes | None = None) -> Shown:
    """The document of pictures. ``plain``: the same document without seals, when `pdf` has some."""
    skews, pictures = [], []
    for page in rendered(pdf, scan.dpi, colour=scan.mode == "colour"):
        skew = rng.uniform(-scan.skew, scan.skew) if scan.skew else 0.0
        skews.append(skew)
        pictures.append(worn(page, scan, skew, rng))
    return Shown(_contained(pictures, scan), plain or pdf, tuple(skews))


def rendered(pdf: bytes, dpi: int, *, colour: bool) -> list[Image.Image]:
    """The pages as pictures."""
    document = PdfDocument(pdf)
    try:
        pages = [page.render(scale=dpi / 72, grayscale=not colour).to_pil() for page in document]
        return [page.convert("RGB" if colour else "L") for page in pages]
    finally:
        document.close()


def worn(page: Image.Image, scan: Scan, skew: float, rng: random.Random) -> Image.Image:
    """A page as it comes out of the scanner."""
    if skew:
        page = page.rotate(skew, Image.Resampling.BICUBIC, fillcolor="white")
    if scan.blur:
        page = page.filter(ImageFilter.GaussianBlur(scan.blur))
    if scan.noise:
        page = _grained(page, scan.noise, rng)
    return page.point(lambda level: 255 if level > 160 else 0).convert("1") if scan.mode == "bilevel" else page


def _grained(page: Image.Image, noise: float, rng: random.Random) -> Image.Image:
    """Grain from a small tile, laid at random: Pillow's own noise takes no seed."""
    side = 256
    # equally likely bytes become normal ones through the quantiles of the distribution
    levels = [round(128 + NormalDist(0, noise).inv_cdf((byte + 0.5) / 256)) for byte in range(256)]
    drawn = rng.randbytes(side**2).translate(bytes(min(255, max(0, level)) for level in levels))
    tile = Image.frombytes("L", (side, side), drawn)
    grain = Image.new("L", page.size, 128)
    for x in range(-rng.randrange(side), page.width, side):
        for y in range(-rng.randrange(side), page.height, side):
            grain.paste(tile, (x, y))
    bands = [ImageChops.add(band, grain, 1.0, -128) for band in page.split()]
    return Image.merge(page.mode, bands) if len(bands) > 1 else bands[0]


def _contained(pictures: Sequence[Image.Image], scan: Scan) -> bytes:
    out = io.BytesIO()
    resolution = (scan.dpi, scan.dpi)
    if scan.container == "pdf":
        return picture_pdf(pictures, scan)
    if scan.container == "tiff":
        compression = "group4" if scan.mode == "bilevel" else "tiff_lzw"
        pictures[0].save(
            out, "TIFF", save_all=True, append_images=pictures[1:], compression=compression, dpi=resolution
        )
    elif scan.container == "png":
        pictures[0].save(out, "PNG", dpi=resolution)
    else:
        pictures[0].convert("L" if scan.mode != "colour" else "RGB").save(
            out, "JPEG", quality=scan.quality, dpi=resolution
        )
    return out.getvalue()


def picture_pdf(pictures: Sequence[Image.Image], scan: Scan, hidden: Sequence[Sequence[Piece]] = ()) -> bytes:
    """A PDF of a picture a page. ``hidden``: for each page invisible texts with x, y (from the bottom) and size."""
    with binary_streams():
        return _picture_pdf(pictures, scan, hidden)


def _picture_pdf(pictures: Sequence[Image.Image], scan: Scan, hidden: Sequence[Sequence[Piece]]) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, pageCompression=1)
    for number, picture in enumerate(pictures):
        size = (picture.width * 72 / scan.dpi, picture.height * 72 / scan.dpi)
        canvas.setPageSize(size)
        canvas.drawImage(ImageReader(_compressed(picture, scan)), 0, 0, *size)
        for text, x, y, height in hidden[number] if hidden else ():
            line = canvas.beginText(x, y)
            line.setTextRenderMode(3)
            line.setFont("STSong-Light", height)
            line.textOut(text)
            canvas.drawText(line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _compressed(picture: Image.Image, scan: Scan) -> io.BytesIO:
    out = io.BytesIO()
    if picture.mode == "1":
        picture.save(out, "PNG")
    else:
        picture.save(out, "JPEG", quality=scan.quality)
    out.seek(0)
    return out


def letters(pdf: bytes) -> list[list[Piece]]:
    """For each page the pieces of its text with x, y (baseline, from the bottom) and height in points."""
    document = PdfDocument(pdf)
    pages = []
    for page in document:
        text_page = page.get_textpage()
        found = []
        for index in range(text_page.count_rects()):
            left, bottom, right, top = text_page.get_rect(index)
            text = text_page.get_text_bounded(left, bottom, right, top).strip()
            if text and right > left:
                found.append((text, left, bottom, max(4.0, top - bottom)))
        pages.append(found)
    document.close()
    return pages
