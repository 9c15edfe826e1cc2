from dataclasses import replace
from decimal import Decimal

import pytest

from services.core.finding import Finding, Severity
from services.core.report import Report
from services.validate.rules.example import CONTEXT, ONE_ROW_OTHER, TALLYING, with_figures, with_prose
from tests.unit.validate.made import findings, only


def against(earlier: Report | None) -> list[Finding]:
    return findings(context=replace(CONTEXT, earlier=earlier))


def test_the_cells_that_changed_are_listed_from_old_to_new():
    found = only(against(with_figures(TALLYING, {"table2.licences": 302, "table2.penalties": None})))
    assert (found.rule, found.severity) == ("Y7", Severity.INFO)
    assert found.where == ["table2.licences", "table2.penalties"]
    assert "行政许可 · 本年处理决定数量 302 → 320、表二 行政处罚 · 本年处理决定数量 空白 → 15" in found.message


@pytest.mark.parametrize(
    "earlier",
    [None, TALLYING, with_figures(TALLYING, {"table2.fees": Decimal("12.50")}), Report(status="failed")],
    ids=["none", "the same", "the same money", "unreadable"],
)
def test_the_same_again_is_nothing_to_tell(earlier: Report | None):
    assert not against(earlier)


def test_other_words_with_the_same_figures_are_told():
    found = only(against(TALLYING.model_copy(update=with_prose("problems", "存在的主要问题是更新不及时。"))))
    assert "各表数字没有变化，文字有改动" in found.message


def test_a_figure_that_was_read_in_doubt_before_is_no_change():
    before = with_figures(TALLYING, {"table2.licences": 302}).model_copy(update={"uncertain": ["table2.licences"]})
    assert not against(before)


def test_another_layout_is_told_without_comparing_its_cells():
    found = only(against(TALLYING.model_copy(update=ONE_ROW_OTHER)))
    assert "表三改用了另一种表样" in found.message
    assert found.where == []


def test_many_changes_are_counted_and_cut():
    zeros = {path: 0 for path, value in TALLYING.figures().items() if value}
    found = only(against(with_figures(TALLYING, dict(zeros))))
    assert f"有 {len(zeros)} 格数字不同" in found.message
    assert f"等 {len(zeros)} 格" in found.message
