"""One damaged document through a reading room, and what is wrong with how that ended."""

from __future__ import annotations

import hashlib
import json
import random
import re
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema

from services.core.errors import REASONS, CrashedError, RejectedError, RetryableError
from services.core.report import Document
from services.ingest.sandbox import ReaderDefectError, ReadingRoom
from tests.corpus.registry import Sample
from tests.corpus.scoring import judge
from tests.fuzz.mutations import NO_ARCHIVE, Mutation, mutations_for

_SCHEMA: Final = Path(__file__).parents[2] / "docs" / "result.schema.json"
_OWN_FRAME = re.compile(r'File "[^"]*?(services/[^"]+)", line (\d+), in (\w+)')
_READ_AGAIN: Final = 10
"""Every so many documents are read twice: the same bytes must give the same result."""
_TIMES: Final = (0, 1, 1, 1, 1, 1, 2, 2, 4)
"""How often a document is damaged; a sound one in between shows that the truths are true."""
_OFFERED: Final = 40
"""Damaged documents kept to be damaged further."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A defect. ``kind``: what makes two of them the same one. ``number`` and the seed make the document again."""

    kind: str
    detail: str
    layout: str
    mutations: tuple[str, ...]
    number: int
    suffix: str
    data: bytes


@dataclass(slots=True)
class Tried:
    """What came of a run: documents by how they ended, and defects, one of each kind."""

    ended: dict[str, int] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)

    def count(self, how: str) -> None:
        """One more document that ended so."""
        self.ended[how] = self.ended.get(how, 0) + 1


@dataclass(frozen=True, slots=True)
class Damaged:
    """A damaged document; ``keeps``: no damage changed what is printed, it may only be less."""

    sample: Sample
    data: bytes
    mutations: tuple[str, ...]
    keeps: bool


def try_for(room: ReadingRoom, originals: list[Sample], *, seed: str, seconds: float, most: int = 0) -> Tried:
    """Damage and read documents until `seconds` are over, or `most` documents were read."""
    tried = Tried()
    pool: list[Damaged] = []
    seen: set[str] = set()
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until and (not most or number < most):
        rng = random.Random(f"{seed}|{number}")
        damaged = _damaged(rng, originals, pool)
        kind, detail, outcome = _try(room, damaged, again=number % _READ_AGAIN == 0)
        tried.count(outcome)
        if kind and kind not in tried.findings:
            tried.findings[kind] = Finding(
                kind, detail, damaged.sample.layout, damaged.mutations, number, damaged.sample.suffix, damaged.data
            )
        # an ending not met before: from here the damage goes on
        if not kind and f"{damaged.sample.layout}|{outcome}" not in seen:
            seen.add(f"{damaged.sample.layout}|{outcome}")
            pool = [*pool[-_OFFERED:], damaged]
        number += 1
    return tried


def _damaged(rng: random.Random, originals: list[Sample], pool: list[Damaged]) -> Damaged:
    sample = rng.choice(originals)
    start = Damaged(sample, sample.data, (), keeps=True)
    if pool and rng.random() < 0.2:
        start = rng.choice(pool)
    for _ in range(rng.choice(_TIMES)):
        if start.data:
            start = _once(rng, start)
    return start


def _once(rng: random.Random, start: Damaged) -> Damaged:
    mutation: Mutation = rng.choice(mutations_for(start.sample.suffix))
    try:
        data = mutation.way(start.data, rng)
    except NO_ARCHIVE:
        return start  # earlier damage has broken the archive itself
    return Damaged(start.sample, data, (*start.mutations, mutation.name), keeps=start.keeps and mutation.keeps)


def _try(room: ReadingRoom, damaged: Damaged, *, again: bool) -> tuple[str, str, str]:
    """(kind of defect or empty, its detail, how the reading ended)."""
    first = _read(room, damaged.data)
    if isinstance(first, tuple):
        kind, detail = first
        return kind, detail, "defect"
    if again:
        second = _read(room, damaged.data)
        if _said(first) != _said(second):
            return "two readings differ", f"{_said(first)[:2000]}\n\n{_said(second)[:2000]}", "defect"
    if isinstance(first, str):
        return "", "", first
    if wrong := _not_the_contract(first):
        return "not the published shape", wrong, "defect"
    if damaged.keeps:
        verdict = judge(damaged.sample, first, 0.0, lambda _cell, _printed: True)
        if verdict.tally.silent:
            named = [f"{one.path}: {one.truth} read as {one.read}" for one in verdict.named if one.silent]
            return "silent wrong figure", "\n".join(named) or "a report is lost silently", "defect"
    return "", "", "/".join(sorted({report.status for report in first.reports})) or "no report"


def _read(room: ReadingRoom, data: bytes) -> Document | str | tuple[str, str]:
    """The document, the code of its refusal, or a defect and its detail."""
    try:
        return room.read(data, filename="fuzzed")
    except RejectedError as rejected:
        code = rejected.reason.code
        return code if REASONS[code].text(rejected.detail) else ("no reason", code)
    except CrashedError as crash:
        return f"{crash.code}", crash.detail
    except ReaderDefectError as defect:
        return _kind_of(str(defect)), str(defect)
    except RetryableError as error:
        return "machine", str(error)


def _kind_of(trace: str) -> str:
    """Exception and innermost frame of our own."""
    frames = _OWN_FRAME.findall(trace)
    where = f"{frames[-1][0]}:{frames[-1][1]} {frames[-1][2]}" if frames else "?"
    last = trace.strip().splitlines()[-1].partition(":")[0]
    return f"{last} at {where}"


def _said(found: Document | str | tuple[str, str]) -> str:
    return found.model_dump_json(exclude={"seconds"}) if isinstance(found, Document) else str(found)


@cache
def _schema() -> Any:
    return jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))


def _not_the_contract(document: Document) -> str:
    published = json.loads(json.dumps(document.published()))
    return "\n".join(error.message[:500] for error in _schema().iter_errors(published))


def name_of(finding: Finding) -> str:
    """A file name for the document of a finding."""
    return f"{hashlib.sha256(finding.data).hexdigest()[:12]}.{finding.suffix}"
