"""`make accuracy`: makes documents with exact truth from a fresh seed, reads them, and scores every cell."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.corpus.bounds import PICTURES, score, shortfalls
from tests.corpus.keeping import keep
from tests.corpus.layouts import load_layouts
from tests.corpus.making import make, plan
from tests.corpus.office_lane import converted
from tests.corpus.reading import PLAIN, SECONDS, read_all, reader_with_pictures
from tests.corpus.registry import CLASSES, LAYOUTS
from tests.corpus.scoring import Verdict
from tests.corpus.tabulation import class_table, defects, facts_table, layout_table


def run(arguments: Sequence[str]) -> int:
    """The exit status: 0 when every class that ran keeps its bound, else 1."""
    load_layouts()
    asked = _options(arguments)
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1_000_000)
    classes = asked.classes or [
        kind for kind in CLASSES if not asked.layouts or any(LAYOUTS[name].kind == kind for name in asked.layouts)
    ]
    reader = asked.reader or reader_with_pictures() or PLAIN
    pictures_read = asked.reader is not None or reader != PLAIN
    print(f"seed {seed} (repeat with SEED={seed}), reader {reader}")
    if not pictures_read:
        print("The OCR extra is absent: pictures are judged for silent errors only, never counted as passed.")
    planned = plan(seed, classes, asked.documents, asked.layouts)
    began = time.monotonic()
    samples = make(seed, planned.documents)
    kinds = len({layout.name for layout, _ in planned.documents})
    print(f"{len(samples)} documents in {kinds} layouts made in {time.monotonic() - began:.0f} s")
    if asked.keep:
        keep(samples, asked.keep)
    began = time.monotonic()
    verdicts: dict[str, list[Verdict]] = {sample.kind: [] for sample in samples}
    samples, lost = converted(samples)
    for verdict in lost:
        verdicts[verdict.kind].append(verdict)
    for verdict in read_all(samples, reader, processes=asked.processes, limit=asked.limit):
        verdicts[verdict.kind].append(verdict)
    print(f"read in {time.monotonic() - began:.0f} s\n")
    _report(verdicts, planned.left_out, classes, everything=asked.all)
    return _conclude(verdicts, planned.left_out, classes, pictures_read=pictures_read)


def _report(
    verdicts: Mapping[str, Sequence[Verdict]], left_out: Mapping[str, str], classes: Sequence[str], *, everything: bool
) -> None:
    flat = [verdict for ones in verdicts.values() for verdict in ones]
    print(class_table(verdicts, [kind for kind in classes if kind not in verdicts]))
    print()
    print(facts_table(verdicts))
    for part in (layout_table(flat, everything=everything), defects(flat)):
        if part:
            print(f"\n{part}")
    for name, why in left_out.items():
        print(f"left out: {LAYOUTS[name].kind}/{name}: {why}")


def _conclude(
    verdicts: Mapping[str, Sequence[Verdict]],
    left_out: Mapping[str, str],
    classes: Sequence[str],
    *,
    pictures_read: bool,
) -> int:
    failed = False
    print()
    for kind, ones in verdicts.items():
        for short in shortfalls(kind, score(ones), pictures_read=pictures_read):
            failed = True
            print(f"FAILED {kind}: {short}")
    open_ends = [kind for kind in classes if kind not in verdicts]
    open_ends += [kind for kind in verdicts if kind in PICTURES and not pictures_read]
    if failed:
        return 1
    if open_ends or left_out:
        print(f"passed, incomplete: {len(left_out)} layouts left out; not judged: {', '.join(open_ends) or 'no class'}")
    else:
        print("passed")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeat a run; default: a fresh one, printed")
    parser.add_argument(
        "--documents", type=int, default=0, help="documents a class; default: two of each layout, 12 at least"
    )
    parser.add_argument(
        "--class",
        dest="classes",
        action="append",
        choices=CLASSES,
        metavar="CLASS",
        help="this class only; may be repeated",
    )
    parser.add_argument(
        "--layout",
        dest="layouts",
        action="append",
        choices=sorted(LAYOUTS),
        metavar="LAYOUT",
        default=[],
        help="this layout only; may be repeated",
    )
    parser.add_argument("--reader", help="module:function with the signature of read_document")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="reading processes")
    parser.add_argument("--limit", type=float, default=SECONDS, help="seconds after which a document counts as hung")
    parser.add_argument("--keep", type=Path, help="folder in which documents and their truths are kept")
    parser.add_argument("--all", action="store_true", help="a line for every layout, not for faulty ones only")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
