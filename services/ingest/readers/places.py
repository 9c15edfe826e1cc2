"""Where in a text something stands: line and column of an offset, as every figure of a text format keeps them."""

from __future__ import annotations

import re
from bisect import bisect_right

from services.ingest.recognise.primitives import Place


class Places:
    """Line and column (from 1) of offsets in a source whose lines end with a line feed."""

    def __init__(self, source: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", source))]

    def at(self, offset: int) -> Place:
        line = bisect_right(self._starts, offset)
        return Place(line=line, column=offset - self._starts[line - 1] + 1)
