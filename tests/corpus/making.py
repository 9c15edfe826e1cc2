"""Makes the documents of a run."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.corpus.authoring import order
from tests.corpus.outside import lacking, run_jobs
from tests.corpus.registry import LAYOUTS, Job, Layout, Made, Sample, Shown
from tests.corpus.sheet import Truth

_FEWEST: Final = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """The documents of a run: (layout, number) each, and layout → why it is left out."""

    documents: tuple[tuple[Layout, int], ...]
    left_out: Mapping[str, str]


def plan(seed: int, classes: Sequence[str], documents: int, layouts: Sequence[str] = ()) -> Plan:
    """``documents`` a class, spread evenly over its layouts; fewer than it has layouts picks some by chance.

    0 means two of each layout and twelve at least. ``layouts`` picks by name among those of the classes.
    """
    wanted: list[tuple[Layout, int]] = []
    left_out: dict[str, str] = {}
    for kind in classes:
        known = [one for one in LAYOUTS.values() if one.kind == kind and (not layouts or one.name in layouts)]
        able = []
        for one in known:
            missing = lacking(one.needs)
            if missing:
                left_out[one.name] = f"{' and '.join(missing)} not installed"
            else:
                able.append(one)
        random.Random(f"{seed}|{kind}").shuffle(able)
        count = (documents or max(_FEWEST, 2 * len(able))) if able else 0
        wanted += [(able[index % len(able)], index // len(able)) for index in range(count)]
    return Plan(tuple(wanted), left_out)


def make(seed: int, documents: Sequence[tuple[Layout, int]]) -> list[Sample]:
    """The documents, in their order; programs outside are started once for each kind of work."""
    truths: list[tuple[Truth, ...]] = []
    made: list[Made] = []
    for layout, number in documents:
        asked = order(layout, seed, number)
        truths.append(tuple(sheet.known() for sheet in asked.sheets))
        made.append(layout.make(asked))
    while waiting := [(index, job) for index, job in enumerate(made) if isinstance(job, Job)]:
        results = run_jobs([job for _, job in waiting])
        for (index, job), result in zip(waiting, results, strict=True):
            made[index] = job.then(result)
    return [
        _sample(layout, number, truth, result)
        for (layout, number), truth, result in zip(documents, truths, made, strict=True)
    ]


def _sample(layout: Layout, number: int, truths: tuple[Truth, ...], made: Made) -> Sample:
    if isinstance(made, Job):
        raise TypeError(layout.name)
    shown = made if isinstance(made, Shown) else None
    data = made.data if isinstance(made, Shown) else made
    return Sample(layout.name, layout.kind, number, layout.suffix, data, truths, shown)
