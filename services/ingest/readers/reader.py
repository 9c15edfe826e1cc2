"""What a reader of one format takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.core.report import Format, Lane, Report


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a document is read; beyond it the document is refused as too_many_pages or too_complex."""

    max_pages: int = 300


@dataclass(frozen=True, slots=True)
class Read:
    """The reports of one document, and the reader (name and version) that read them.

    ``needs``: the lane that could read more of it than this reader can, None when nothing is left to read.
    """

    format: Format
    engine: str
    reports: list[Report]
    needs: Lane | None = None


Reader = Callable[[bytes, Bounds], Read]
"""One format's reader. Raises RejectedError with a code of the catalogue; does no I/O."""
