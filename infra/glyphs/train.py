"""Makes the weights of the glyph net from the fonts of this machine: ``python -m infra.glyphs.train``.

Every sample is drawn in a random font and size, spoilt as scanners spoil it (blur, noise, coarse resolution, black and
white), and cut out as the reader cuts it out. One font in eight is kept back, and the share of its glyphs told right
is printed. Needs the packages of the extra `ocr` and as many fonts as can be had; the more, the better.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from services.ingest.readers.glyph_shapes import CLASSES, SIDE
from services.ingest.readers.pictures.glyphs import GlyphNet, framed

WEIGHTS: Final = Path(__file__).parents[2] / "services/ingest/readers/pictures/glyphs.npz"
_HAN: Final = "无件项条年一二三四五六七八九十不公开申请信息政府处理其他法律行政属于国家秘密自然人总计结果维持纠正审结中修订含失效口日目"
_LATIN: Final = "()（）%:;lIaebdsoxO"
_HIDDEN: Final = (128, 48)
_INK: Final = 160
"""Where glyphs are cut out, give or take 25; the reader cuts a little more generously."""


def fonts() -> list[str]:
    """Files of upright fonts that have the digits."""
    listed = subprocess.run(
        ["fc-list", ":charset=30 31 32 33 34 35 36 37 38 39 2f:slant=0", "file"],
        capture_output=True,
        text=True,
        check=True,
    )
    files = {line.rstrip(": \n") for line in listed.stdout.splitlines()}
    odd = (
        "symbol",
        "dingbat",
        "emoji",
        "math",
        "oblique",
        "italic",
        "smallcaps",
        "braille",
        "barcode",
        "console",
        "hairline",
        "hline",
        "d0500",
        "outline",
        "initials",
        "rz.",
    )
    return sorted(
        f for f in files if f.endswith((".ttf", ".otf", ".ttc")) and not any(word in f.lower() for word in odd)
    )


@lru_cache(maxsize=4096)
def _font(file: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, size)


class Drawer:
    """Draws and spoils samples by one stream of chance."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)

    def sample(self, file: str) -> tuple[NDArray[np.float32], int] | None:
        """A framed glyph and its class; None where the font draws nothing."""
        kind = self.chance.random()
        if kind < 0.78:
            number = int(self.chance.integers(len(CLASSES)))
            text = CLASSES[number]
        else:
            number, text = len(CLASSES), self._other()
        size = int(self.chance.integers(16, 54))
        picture = self._spoilt(self._drawn(file, text, size))
        glyph = self._cut(picture, whole=number < len(CLASSES) or len(text) > 1)
        return None if glyph is None else (framed(glyph), number)

    def _other(self) -> str:
        kind = self.chance.random()
        if kind < 0.4:
            return "".join(str(digit) for digit in self.chance.integers(0, 10, 2))
        return str(self.chance.choice(list(_HAN if kind < 0.85 else _LATIN)))

    def _drawn(self, file: str, text: str, size: int) -> NDArray[np.uint8]:
        font = _font(file, size * 2)
        image = Image.new("L", (size * 6, size * 5), 255)
        ImageDraw.Draw(image).text((size, size), text, font=font, fill=0)
        return np.asarray(image)

    def _spoilt(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """At half of its size or less, blurred, noisy, black and white at times, then at the working size again."""
        chance = self.chance
        coarse = float(chance.choice([0.5, 0.5, 0.375, 0.75]))
        angle = float(chance.normal(0, 0.25))
        wide, high = picture.shape[1], picture.shape[0]
        turn = np.asarray(cv2.getRotationMatrix2D((wide / 2, high / 2), angle, 1.0), dtype=np.float64)
        turn[:, 2] = turn[:, 2] + chance.uniform(-1, 1, 2)
        shaky = cv2.warpAffine(picture, turn, (wide, high), flags=cv2.INTER_LINEAR, borderValue=255)
        small = cv2.resize(shaky, None, fx=coarse, fy=coarse, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), float(chance.uniform(0.2, 0.9)) * coarse * 2)
        dark = float(chance.uniform(0, 70))
        levels = dark + soft * (255 - dark) / 255 + chance.normal(0, float(chance.uniform(0, 14)), soft.shape)
        if chance.random() < 0.35:
            levels = np.where(levels > chance.uniform(95, 195), 255.0, 0.0)
        spoilt = np.clip(levels, 0, 255).astype(np.uint8)
        if chance.random() < 0.3:
            packed = cv2.imencode(".jpg", spoilt, [cv2.IMWRITE_JPEG_QUALITY, int(chance.integers(40, 90))])[1]
            spoilt = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
        if coarse != 0.5:
            how = cv2.INTER_AREA if coarse > 0.5 else cv2.INTER_CUBIC
            grown = cv2.resize(spoilt, None, fx=0.5 / coarse, fy=0.5 / coarse, interpolation=how)
            spoilt = np.asarray(grown, dtype=np.uint8)
        return spoilt

    def _cut(self, picture: NDArray[np.uint8], *, whole: bool) -> NDArray[np.uint8] | None:
        """The ink's bounding box, with the jitter that a threshold has; of Han characters at times one part only."""
        dark = (picture < _INK + int(self.chance.integers(-25, 26))).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
        parts = [part for part in stats[1:count].tolist() if part[4] >= 6]
        if not parts:
            return None
        if not whole and self.chance.random() < 0.5:
            parts = [parts[int(self.chance.integers(len(parts)))]]
        left, top = min(p[0] for p in parts), min(p[1] for p in parts)
        right, bottom = max(p[0] + p[2] for p in parts), max(p[1] + p[3] for p in parts)
        cut = picture[top:bottom, left:right]
        return cut if cut.shape[0] >= 8 and cut.shape[1] >= 2 else None


def samples(files: list[str], count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """`count` framed glyphs and their classes, over all fonts."""
    drawer = Drawer(seed)
    made = list(_until(drawer, files, count))
    return np.stack([square for square, _ in made]), np.array([number for _, number in made])


def _until(drawer: Drawer, files: list[str], count: int) -> Iterator[tuple[NDArray[np.float32], int]]:
    made = 0
    while made < count:
        if (one := drawer.sample(files[int(drawer.chance.integers(len(files)))])) is not None:
            made += 1
            yield one


def train(x: NDArray[np.float32], y: NDArray[np.int64], *, epochs: int, seed: int) -> dict[str, NDArray[np.float32]]:
    """Weights after `epochs` rounds of Adam on the cross entropy."""
    chance = np.random.default_rng(seed)
    sizes = (SIDE * SIDE, *_HIDDEN, len(CLASSES) + 1)
    names = ("first", "second", "last")
    weights: dict[str, NDArray[np.float32]] = {}
    for name, (wide, high) in zip(names, pairwise(sizes), strict=True):
        weights[name] = chance.normal(0, np.sqrt(2 / wide), (wide, high)).astype(np.float32)
        weights[f"{name}_bias"] = np.zeros(high, np.float32)
    first = {name: np.zeros_like(value) for name, value in weights.items()}
    second = {name: np.zeros_like(value) for name, value in weights.items()}
    flat, step, batch = x.reshape(len(x), -1), 0, 256
    for epoch in range(epochs):
        rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        order = chance.permutation(len(flat))
        for start in range(0, len(order), batch):
            some = order[start : start + batch]
            step += 1
            for name, slope in _slopes(weights, flat[some], y[some]).items():
                first[name] = 0.9 * first[name] + 0.1 * slope
                second[name] = 0.999 * second[name] + 0.001 * slope * slope
                moved = first[name] / (1 - 0.9**step) / (np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8)
                weights[name] -= rate * (moved + (0.01 * weights[name] if name in names else 0))
    return {name: value.astype(np.float32) for name, value in weights.items()}


def _slopes(
    weights: dict[str, NDArray[np.float32]], x: NDArray[np.float32], y: NDArray[np.int64]
) -> dict[str, NDArray[np.float32]]:
    one = np.maximum(x @ weights["first"] + weights["first_bias"], 0)
    two = np.maximum(one @ weights["second"] + weights["second_bias"], 0)
    scores = two @ weights["last"] + weights["last_bias"]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    error = powers / powers.sum(axis=1, keepdims=True)
    smooth = 0.02 / error.shape[1]  # so that nothing is certain
    error -= smooth
    error[np.arange(len(y)), y] -= 0.98
    error /= len(y)
    error_two = (error @ weights["last"].T) * (two > 0)
    error_one = (error_two @ weights["second"].T) * (one > 0)
    return {
        "last": two.T @ error, "last_bias": error.sum(axis=0),
        "second": one.T @ error_two, "second_bias": error_two.sum(axis=0),
        "first": x.T @ error_one, "first_bias": error_one.sum(axis=0),
    }  # fmt: skip


def main() -> None:
    """Train, print how well unseen fonts are told, and keep the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200_000)
    parser.add_argument("--epochs", type=int, default=18)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    files = fonts()
    if len(files) < 20:
        sys.exit(f"only {len(files)} fonts here; install more")
    unseen = files[::8]
    seen = [file for file in files if file not in unseen]
    weights = train(*samples(seen, asked.samples, asked.seed), epochs=asked.epochs, seed=asked.seed)
    x, y = samples(unseen, 20_000, asked.seed + 1)
    likely = GlyphNet(weights).likelihoods(x)
    told, sure = likely.argmax(axis=1), likely.max(axis=1) >= 0.9
    print(f"{len(files)} fonts; of {len(unseen)} unseen ones {np.mean(told == y):.4f} right, ", end="")
    print(f"of the sure {np.mean(told[sure] == y[sure]):.5f} ({np.mean(sure):.3f} of all)")
    halves: dict[str, Any] = {name: value.astype(np.float16) for name, value in weights.items()}
    np.savez_compressed(WEIGHTS, **halves)


if __name__ == "__main__":
    main()
