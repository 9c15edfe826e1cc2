"""`make fuzz`: damages documents of every format, reads them confined, and fails on any defect.

A defect: an exception that is no refusal with a code, a reading process that crashes, hangs or runs out of memory, a
result outside of the published shape, two readings of the same bytes that differ, and a wrong figure that nothing
marks where damage can only have taken something away.
"""

from __future__ import annotations

import argparse
import multiprocessing
import secrets
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.fuzz.running import run_one
from tests.fuzz.trying import Finding, Tried, name_of


def main(arguments: list[str] | None = None) -> int:
    """0 when nothing was found, 1 otherwise."""
    asked = _parser().parse_args(arguments)
    seed = asked.seed if asked.seed is not None else secrets.randbelow(1_000_000)
    formats = tuple(asked.format.split(",")) if asked.format else ()
    print(f"seed {seed} (repeat with --seed {seed}), {asked.seconds} s in {asked.processes} processes", flush=True)
    began = time.monotonic()
    with ProcessPoolExecutor(asked.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        runs = [
            pool.submit(run_one, seed, f"{seed}|{number}", formats, asked.seconds) for number in range(asked.processes)
        ]
        tried = [run.result() for run in runs]
    return _report(tried, time.monotonic() - began, asked.keep)


def _report(tried: list[Tried], seconds: float, keep: Path | None) -> int:
    ended: Counter[str] = Counter()
    findings: dict[str, Finding] = {}
    for one in tried:
        ended.update(one.ended)
        findings = one.findings | findings
    total = sum(ended.values())
    print(f"{total} damaged documents read in {seconds:.0f} s, {total / seconds:.1f} a second; they ended as:")
    for how, number in ended.most_common():
        print(f"  {number:7}  {how}")
    for finding in findings.values():
        print(
            f"\nDEFECT {finding.kind}\n  layout {finding.layout}, number {finding.number}: {', '.join(finding.mutations)}"
        )
        print("  " + finding.detail[-1500:].replace("\n", "\n  "))
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / name_of(finding)).write_bytes(finding.data)
            print(f"  kept as {keep / name_of(finding)}")
    print(f"\n{len(findings)} kinds of defects" if findings else "\nno defect")
    return 1 if findings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long to go on (default: 300)")
    parser.add_argument("--seed", type=int, help="repeat a run; default: a fresh one, printed")
    parser.add_argument("--format", help="suffixes of the documents to damage, with commas (default: all)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder in which the documents of defects are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
