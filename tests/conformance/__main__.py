"""``make conformance``: every case of the folder against the judge, rule by rule."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

from services.validate.registry import rules
from tests.conformance.case import Case, cases
from tests.conformance.verdict import complaints, judged


def main() -> int:
    """Print a line a rule and each case that does not hold; exit status 1 when one does not."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="RULE", help="the cases of these rules only")
    parser.add_argument("--found", action="store_true", help="print what each case gives, to write new cases by")
    options = parser.parse_args()
    chosen = [case for case in cases() if not options.only or case.rule in options.only]
    by_rule: dict[str, list[Case]] = defaultdict(list)
    for case in chosen:
        by_rule[case.rule].append(case)
    failed = 0
    print(f"{'':8}{'cases':>6}{'tripped':>9}{'not':>6}{'hold':>6}")
    for name in sorted(by_rule):
        held = 0
        lines: list[str] = []
        for case in by_rule[name]:
            report = judged(case)
            wrong = complaints(case, report)
            held += not wrong
            if options.found:
                lines += [f"  {case.id}", *(f"      {f.rule} {f.severity}: {f.message}" for f in report.findings)]
            if wrong:
                lines += [f"  FAILED {case.id}", *(f"      {line}" for line in wrong)]
        tripped = sum(case.trips for case in by_rule[name])
        print(f"{name:8}{len(by_rule[name]):6}{tripped:9}{len(by_rule[name]) - tripped:6}{held:6}")
        print("\n".join(lines), end="\n" if lines else "")
        failed += len(by_rule[name]) - held
    without = [spec.id for spec in rules() if spec.id not in by_rule and not options.only]
    if without:
        print(f"rules without a case: {', '.join(without)}")
    print(f"{len(chosen)} cases, {len(chosen) - failed} hold, {failed} do not")
    return 1 if failed or without else 0


if __name__ == "__main__":
    sys.exit(main())
