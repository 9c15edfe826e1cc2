"""Made-up reports for the rule tests: tallying ones at random, and short ways to judge a departure."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import strategies as st

from services.core.finding import Finding
from services.core.form import form
from services.core.report import Figure, Layout, Report, Table3
from services.validate.judge import Context, judge
from services.validate.rules.example import CONTEXT, TALLYING, Example


def findings(
    figures: dict[str, Figure] | None = None,
    *,
    rule: str | None = None,
    reading: dict[str, Any] | None = None,
    context: Context = CONTEXT,
    **fields: Any,
) -> list[Finding]:
    """The findings on the tallying report with these departures; only those of one rule when given."""
    judged = judge(Example(figures or {}, fields, reading or {}).build(), context)
    return [finding for finding in judged.findings if rule is None or finding.rule == rule]


def only(found: list[Finding]) -> Finding:
    assert len(found) == 1, [finding.message for finding in found]
    return found[0]


def rule_ids(found: list[Finding]) -> set[str]:
    return {finding.rule for finding in found}


def tallying(random: Random, layout: str = "2021", most: int = 400, nil: float = 0.6) -> Report:
    """A report whose tables 3 and 4 tally. `nil` is the share of zeros, `most` the largest single count."""

    def count() -> int:
        return 0 if random.random() < nil else random.randint(1, most)

    shape = form(layout)
    rows: dict[str, list[int]] = {key: [count() for _ in range(6)] for key in shape.result_keys}
    rows["total"] = [sum(rows[key][c] for key in shape.result_keys) for c in range(6)]
    rows["carried_out"] = [count() for _ in range(6)]
    closed = [rows["total"][c] + rows["carried_out"][c] for c in range(6)]
    rows["carried_in"] = [min(count(), closed[c]) for c in range(6)]
    rows["new"] = [closed[c] - rows["carried_in"][c] for c in range(6)]
    stored: dict[str, list[Figure] | None] = {key: [*rows[key], sum(rows[key])] for key in shape.row_keys}
    table4: dict[str, dict[str, Figure]] = {}
    for block in shape.table4_blocks:
        parts = {column: count() for column in ("upheld", "corrected", "other", "pending")}
        table4[block.key] = {**parts, "total": sum(parts.values())}
    year = 2024 if layout == "2021" else 2020
    assert TALLYING.reading is not None
    reading = {
        "title": f"示例县农业农村局{year}年政府信息公开工作年度报告",
        "period": (f"{year}-01-01", f"{year}-12-31"),
        "date_text": f"{year + 1}年1月20日",
    }
    return TALLYING.model_copy(
        update={
            "year": year,
            "date": f"{year + 1}-01-20",
            "layout": Layout(table2="2021", table3=layout, table4="2021"),
            "table3": Table3(rows=stored),
            "table4": table4,
            "reading": TALLYING.reading.model_copy(update=reading),
        }
    )


def context_of(report: Report) -> Context:
    return Context("example", None, report.year)


@st.composite
def tallying_reports(draw: st.DrawFn) -> Report:
    return tallying(
        draw(st.randoms(use_true_random=False)),
        draw(st.sampled_from(["2021", "2019"])),
        draw(st.sampled_from([1, 9, 400, 10**7])),
        draw(st.sampled_from([0.0, 0.6, 1.0])),
    )
