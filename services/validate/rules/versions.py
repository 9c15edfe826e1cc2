"""A report against the version of the same year that it takes the place of."""

from __future__ import annotations

from collections.abc import Iterator

from services.core.finding import Severity
from services.core.form import place
from services.core.report import Report
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import TALLYING, Example, with_figures
from services.validate.rules.passages import passages
from services.validate.rules.sheet import Context, Sheet
from services.validate.rules.wording import TABLE_NAMES, listed, printed

_SHOWN = 20


@rule(
    "Y7",
    severity=Severity.INFO,
    title="同一年度的另一版报告",
    explanation="同一年度再次报送时，两版都保留，并列出数字不同的格（原数 → 新数）；数字没有变化的，说明文字是否改动。仅供审核人参考，"
    "已经公布的报告有改动的，应同时更新公布的版本。",
    basis="《政府信息公开条例》第四十九条（公布年度报告）",
    example=Example(known={"earlier": with_figures(TALLYING, {"table2.licences": 302, "table2.penalties": None})}),
)
def rule_y7(sheet: Sheet) -> Iterator[Discrepancy]:
    """Which cells differ from the version before, old → new; or that only the words do."""
    earlier = sheet.context.earlier
    if earlier is None or earlier.status == "failed":
        return
    before = Sheet(earlier, Context(body_code=sheet.context.body_code, expected_year=sheet.year))
    other_form = [table for table, shape in sheet.forms.items() if before.forms[table].version != shape.version]
    changed = {
        path: (before.cells[path], value)
        for path, value in sheet.cells.items()
        if path in before.cells
        and path not in before.uncertain
        and path.split(".")[0] not in other_form
        and before.cells[path] != value
    }
    if changed or other_form:
        lines = [
            f"{place(path, sheet.layout_of(path))} {printed(old)} → {printed(new)}"
            for path, (old, new) in changed.items()
        ]
        cells = f"有 {len(changed)} 格数字不同：{listed(lines, '格', limit=_SHOWN)}。" if changed else ""
        forms = f"{'、'.join(TABLE_NAMES[table] for table in other_form)}改用了另一种表样。" if other_form else ""
        words, actual = f"{cells}{forms}", f"{len(changed)} 格不同"
    elif _prose(sheet.report) != _prose(earlier) and sheet.passages and passages(earlier):
        words, actual = "各表数字没有变化，文字有改动。", "文字有改动"
    else:
        return
    yield Discrepancy(
        tuple(changed),
        f"这是本年度报告的又一版，与前一版相比，{words}",
        "请留意；已经公布的，应同时更新公布的版本。",
        expected="与前一版相同",
        actual=actual,
    )


def _prose(report: Report) -> list[tuple[str, str]]:
    return [(passage.key, passage.text) for passage in passages(report)]
