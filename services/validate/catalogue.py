"""The rule book as a page: ``python -m services.validate.catalogue > docs/rules.md``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

from services.validate.judge import judge
from services.validate.registry import EVERY_YEAR, RuleSpec, rules

_HEAD = """# Rules

This page is generated from the rules themselves: `python -m services.validate.catalogue > docs/rules.md`.
The texts in Chinese are the ones that agencies and reviewers see.

- **error**: goes to agency and reviewer, and has to be mended. **warning**: goes to both, may be answered with a reason.
  **info**: for the reviewer only.
- Blanks and nil signs count as 0 in sums, after rule B1 has named them. Where more than half of the cells of a sum are
  blank, where its total and another cell are blank, or where a cell was not found or holds no whole number, the sum is
  assessed by what is certain: in columns and blocks, blanks that other sums prove to be 0 count as 0, and what is known
  of one side may never exceed the whole of the other. What is left open after that is told once a table, by B1 or T3-5.
- Where the reading of a cell is in doubt, the message asks to look at the document and the finding's `cause` is
  `extraction` (every cell in doubt) or `unclear` (some of them, or the document could not be read as a whole).
- `where` lists all cells involved, the one to look at first in front; it is empty when a finding is about the document.
- `repair` names the fewest cells, and their values, under which all sums of the table hold: doubtful cells rather than
  others, at most five equally good ways, the likeliest slip first. Several entries are alternatives, but those with the
  same `option` belong together. It is empty where that cannot be told. Findings with the same `repair` are one matter
  and are shown as one.
"""


def catalogue() -> str:
    """The whole page in Markdown: a table of all rules, then one passage for each."""
    specs = rules()
    table = ["| Rule | Severity | What it checks |", "| --- | --- | --- |"]
    table += [f"| [{spec.id}](#{spec.id.lower()}) | {_severities(spec)} | {spec.title} |" for spec in specs]
    tally = Counter(spec.severity.value for spec in specs)
    counts = ", ".join(f"{tally[name]} {name}" for name in ("error", "warning", "info") if tally[name])
    lines = [_HEAD, f"{len(specs)} rules ({counts}).", "", *table]
    for spec in specs:
        lines += ["", *_passage(spec)]
    return "\n".join(lines) + "\n"


def _passage(spec: RuleSpec) -> Iterator[str]:
    yield f"## {spec.id}"
    yield ""
    yield f"**{spec.title}**"
    yield ""
    yield spec.explanation
    yield ""
    yield f"- Version: {spec.version}"
    yield f"- Severity: {_severities(spec)}"
    yield f"- Applies to: {_scope(spec)}"
    yield f"- Basis: {spec.basis_for(None)}"
    yield f"- Example: {example_message(spec)}"


def example_message(spec: RuleSpec) -> str:
    """What the rule really says about its example. Raises LookupError when it says nothing there."""
    for finding in judge(spec.example.build(), spec.example.context).findings:
        if finding.rule == spec.id:
            return finding.message
    raise LookupError(f"the example of {spec.id} does not break it")


def _severities(spec: RuleSpec) -> str:
    return " / ".join(severity.value for severity in (spec.severity, *spec.milder))


def _scope(spec: RuleSpec) -> str:
    first, last = spec.years
    years = "every report" if (first, last) == EVERY_YEAR else f"reports on {first} and later"
    if spec.table is None:
        scope = years
    else:
        layouts = " and ".join(spec.layouts)
        scope = f"{years}, {spec.table} in the {layouts} layout{'s' if len(spec.layouts) > 1 else ''}"
    return f"{scope}; also when the document could not be read as a whole" if spec.on_failed else scope


if __name__ == "__main__":
    sys.stdout.write(catalogue())
