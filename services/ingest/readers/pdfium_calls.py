"""pdfium's C functions for many things at once.

A report is some thousand characters and drawn lines, and pdfium tells about them one call at a time. The generated
bindings check and convert each argument, which costs more than the call itself. Here a function is bound a second
time without conversions and called for a whole page by ``map``: no Python code runs between two calls. What comes
back through pointers lands in one `Scratch` and is read out in one piece.

Arguments that are pointers must be ctypes objects (`Handle`, ``byref``); a plain int is passed as a C int.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from pypdfium2 import raw

BATCH: Final = 512
"""How many results a `Scratch` holds."""


class Handle(ctypes.c_void_p):
    """A pointer that pdfium gave. A subclass, since ctypes would return a plain ``c_void_p`` as a number."""


def bound(name: str, result: Any = ctypes.c_int) -> Callable[..., Any]:
    """The C function `name` without argument conversion."""
    address = ctypes.cast(getattr(raw, name), ctypes.c_void_p).value
    assert address is not None
    # no argument types: a C function takes more arguments than are declared, each as it is. The interpreter stays
    # locked during a call: pdfium works in one thread only
    return ctypes.PYFUNCTYPE(result)(address)


class Scratch:
    """Room for `BATCH` results of `width` 32-bit values each, used again and again.

    ``whole``: pointers to each result, for functions that fill a structure. ``parts``: one list of pointers for each
    value, for functions that fill values one by one.
    """

    def __init__(self, width: int, kind: Any = ctypes.c_float) -> None:
        self._width = width
        self._memory = (kind * (width * BATCH))()
        size = ctypes.sizeof(kind)
        self.whole = [ctypes.byref(self._memory, width * size * index) for index in range(BATCH)]
        self.parts = [
            [ctypes.byref(self._memory, size * (width * index + part)) for index in range(BATCH)]
            for part in range(width)
        ]

    def columns(self, count: int) -> list[list[Any]]:
        """The first `count` results, as one list for each of the values."""
        values = self._memory[: count * self._width]
        return [values[part :: self._width] for part in range(self._width)]


def batches(items: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """`items` in lists of at most `size`."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
