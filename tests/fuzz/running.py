"""The work of one fuzzing process."""

from __future__ import annotations

from services.ingest.extract import make_reading_room
from services.platform.settings import Settings
from tests.fuzz.originals import make_originals
from tests.fuzz.trying import Tried, try_for


def run_one(seed: int, own: str, formats: tuple[str, ...], seconds: float) -> Tried:
    """One process: its own originals and reading room."""
    originals = make_originals(seed, formats)
    with make_reading_room(Settings()) as room:
        return try_for(room, originals, seed=own, seconds=seconds)
