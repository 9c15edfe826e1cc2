"""Keeps documents with their truths in a folder, for looking at one of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.corpus.registry import Sample


def keep(samples: Sequence[Sample], folder: Path) -> None:
    """``<class>/<layout>-<number>.<suffix>`` and beside it ``….truth.json``: a list of the reports' truths."""
    for sample in samples:
        place = folder / sample.kind / sample.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(sample.data)
        truths = [asdict(truth) for truth in sample.truths]
        text = json.dumps(truths, ensure_ascii=False, indent=1, default=str)
        place.with_name(f"{place.name}.truth.json").write_text(text, encoding="utf-8")
        if sample.shown:
            place.with_name(f"{place.name}.shown.pdf").write_bytes(sample.shown.pdf)
