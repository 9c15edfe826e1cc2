"""The neural reader of text lines: PP-OCR's recogniser, run with onnxruntime on one thread.

The model is a file of the rapidocr package, whose code is not imported. It takes lines 48 pixels high and gives, for
every eight pixels of width, the likelihood of each of 18,710 characters or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from services.ingest.readers.pictures.paper import Grey

_MODEL = "PP-OCRv6_rec_small.onnx"
_HEIGHT = 48
_STEP = 8
_LEAST_WIDTH = 32
_MOST_WIDTH = 3200
_LOOKS = ("0OoＯ〇○OQD", "1lI|丨Ｉ", "2", "3", "4", "5", "6", "7", "8", "9", ".．·", ",，", "/／丿", "-－—一–", "+＋")
"""Characters that look like each sign of a figure: an o that stands in a figure is a nought."""
_SIGNS = ("", *(looks[0] for looks in _LOOKS))
_MORE = frozenset("〔〕〇—–·镕堃喆")
"""Characters beyond GB 2312 that reports print."""


@dataclass(frozen=True, slots=True)
class LineRead:
    """``text`` as read and, for each of its characters, how likely it is (0 to 1)."""

    text: str
    likely: tuple[float, ...] = ()

    @property
    def sure(self) -> float:
        """The least likelihood among the characters, 0 for an empty line."""
        return min(self.likely, default=0.0)


class Recogniser:
    """Reads grey pictures of single lines, dark on light, in simplified Chinese."""

    def __init__(self, model: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        characters = ["", *self._session.get_modelmeta().custom_metadata_map["character"].splitlines(), " "]
        # the form is in simplified Chinese: 結 for 结 is a misreading
        kept = [index for index, char in enumerate(characters) if index == 0 or _is_simplified(char)]
        self._kept = np.array(kept)
        self._characters = [characters[index] for index in kept]
        self._figures = [
            np.array([i for i, char in enumerate(characters) if char and char in looks]) for looks in _LOOKS
        ]

    def read(self, line: Grey, *, squeeze: float = 1.0) -> LineRead:
        """The text of one line. ``squeeze``: width of the picture that is read, as a share of its natural width."""
        return _decoded(self._scores(line, squeeze)[:, self._kept], self._characters)

    def read_figure(self, line: Grey) -> tuple[LineRead, LineRead]:
        """One line as a figure, made up of digits, signs and points only, and as whatever it is."""
        scores = self._scores(line, 1.0)
        figures = np.stack([scores[:, looks].sum(axis=1) for looks in self._figures], axis=1)
        signs = np.concatenate([scores[:, :1], figures], axis=1)
        return _decoded(signs, _SIGNS), _decoded(scores[:, self._kept], self._characters)

    def _scores(self, line: Grey, squeeze: float) -> NDArray[np.float32]:
        high, wide = line.shape
        natural = wide * _HEIGHT / max(high, 1) * squeeze
        width = min(_MOST_WIDTH, max(_LEAST_WIDTH, round(natural / _STEP) * _STEP))
        small = cv2.resize(line, (width, _HEIGHT), interpolation=cv2.INTER_AREA if high > _HEIGHT else cv2.INTER_LINEAR)
        values = (small.astype(np.float32) / 127.5 - 1.0)[None, None]
        scores = self._session.run(None, {self._input: np.repeat(values, 3, axis=1)})[0][0]
        return np.asarray(scores, dtype=np.float32)


def _decoded(scores: NDArray[np.float32], characters: Sequence[str]) -> LineRead:
    """The likeliest characters; number 0 is none, and parts two equal ones."""
    best = scores.argmax(axis=1)
    peaks: list[tuple[int, float]] = []
    previous = 0
    for step, code in enumerate(best.tolist()):
        likelihood = float(scores[step, code])
        if code and code != previous:
            peaks.append((code, likelihood))
        elif code and likelihood > peaks[-1][1]:
            peaks[-1] = (code, likelihood)
        previous = code
    return LineRead("".join(characters[code] for code, _ in peaks), tuple(one for _, one in peaks))


def _is_simplified(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return char in _MORE
    return len(char) == 1


@cache
def recogniser() -> Recogniser:
    """This process's recogniser, loaded on first use; forked children share it."""
    package = distribution("rapidocr")
    return Recogniser(str(package.locate_file(f"rapidocr/models/{_MODEL}")))


def side_by_side(lines: Sequence[Grey], gap: int) -> Grey:
    """`lines` as one line, brought to one height, with `gap` pixels of paper between them."""
    if len(lines) == 1:
        return lines[0]
    high = max(line.shape[0] for line in lines)
    pieces: list[Grey] = []
    for line in lines:
        spare = high - line.shape[0]
        above = spare // 2
        pieces.append(np.pad(line, ((above, spare - above), (0, gap)), constant_values=255))
    return np.concatenate(pieces, axis=1)
