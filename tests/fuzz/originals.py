"""Sound documents of every format, to be damaged."""

from __future__ import annotations

from tests.corpus.layouts import load_layouts
from tests.corpus.making import make, plan
from tests.corpus.registry import CLASSES, LAYOUTS, Sample


def make_originals(seed: int, formats: tuple[str, ...] = ()) -> list[Sample]:
    """One document of each layout that needs no other program; ``formats``: suffixes, all when empty."""
    load_layouts()
    names = [
        one.name for one in LAYOUTS.values() if set(one.needs) <= {"font"} and (not formats or one.suffix in formats)
    ]
    if not names:
        raise ValueError(f"no layout of {', '.join(formats)}")
    documents = plan(seed, CLASSES, 0, names).documents
    return make(seed, list({layout.name: (layout, number) for layout, number in reversed(documents)}.values()))
