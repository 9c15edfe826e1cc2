from dataclasses import replace
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.finding import Finding, Severity
from services.core.report import Figure, Report
from services.validate.judge import judge
from services.validate.rules.example import CONTEXT, OLD_TABLE2, ONE_ROW_OTHER, TALLYING, nothing_happened, with_figures
from services.validate.rules.sheet import Part
from tests.unit.validate.made import only, tallying

NOTHING = nothing_happened()


def town(name: str, figures: dict[str, Figure] | None = None) -> Part:
    return Part(name, name, with_figures(NOTHING, figures or {}))


def part(name: str, report: Report | None) -> Part:
    return Part(name, name, report)


def found(parts: list[Part], figures: dict[str, Figure] | None = None, rule: str = "H1") -> list[Finding]:
    report = with_figures(TALLYING, figures or {})
    judged = judge(report, replace(CONTEXT, parts=tuple(parts)))
    return [finding for finding in judged.findings if finding.rule == rule]


OFFICE = part("县政府办", TALLYING)


def added(reports: list[Report]) -> Report:
    """An area's report that is the sum of its bodies'."""
    sums = {
        path: sum((Decimal(report.figure(path) or 0) for report in reports), Decimal(0)) for path in NOTHING.figures()
    }
    whole: dict[str, Figure] = {
        path: int(value) if value == value.to_integral_value() else value for path, value in sums.items()
    }
    return with_figures(
        TALLYING, {path: whole[path] for path, value in TALLYING.figures().items() if value is not None}
    )


def test_a_body_without_parts_is_not_added_up():
    assert not found([])
    assert not found([], rule="H2")


def test_an_area_that_is_the_sum_of_its_bodies_is_in_order():
    assert not found([OFFICE, town("甲镇"), town("乙镇")])


@settings(deadline=None, max_examples=25)
@given(st.lists(st.randoms(use_true_random=False), min_size=1, max_size=4))
def test_any_sum_of_bodies_is_in_order_and_any_other_figure_is_named_with_the_difference(randoms: list[Random]):
    reports = [tallying(random) for random in randoms]
    parts = tuple(part(f"单位{n}", report) for n, report in enumerate(reports))
    area = added(reports)
    context = replace(CONTEXT, parts=parts)
    assert not [f for f in judge(area, context).findings if f.rule.startswith("H")]
    path = randoms[0].choice(sorted(path for path in area.figures() if path.startswith("table3")))
    right = area.figure(path)
    assert isinstance(right, int)
    wrong = with_figures(area, {path: right + 7})
    told = only([f for f in judge(wrong, context).findings if f.rule == "H1"])
    assert (told.where, told.expected, told.actual) == ([path], str(right), str(right + 7))
    assert "相差 7" in told.message


def test_a_difference_is_one_warning_a_table():
    told = found([OFFICE, town("甲镇", {"table2.licences": 7, "table3.new.natural": 2, "table3.new.total": 2})])
    assert [(f.severity, f.where) for f in told] == [
        (Severity.WARNING, ["table2.licences"]),
        (Severity.WARNING, ["table3.new.natural", "table3.new.total"]),
    ]
    assert "本报告 320，合计 327，相差 7" in told[0].message


def test_the_body_that_was_left_out_is_named():
    told = only(found([OFFICE, town("甲镇", {"table2.licences": 7, "table2.penalties": 3}), town("乙镇")]))
    assert "相差正好等于甲镇的数，可能没有计入该单位" in told.message


def test_the_body_that_was_counted_twice_is_named():
    parts = [part("县政府办", with_figures(TALLYING, {"table2.licences": 313})), town("甲镇", {"table2.licences": 7})]
    told = only(found(parts, {"table2.licences": 327}))
    assert "可能重复计入了该单位" in told.message


def test_one_more_difference_does_not_hide_the_body_and_two_that_fit_are_not_guessed_at():
    seven: dict[str, Figure] = {"table2.licences": 7, "table2.penalties": 3}
    told = only(found([OFFICE, town("甲镇", seven), town("乙镇", {"table2.coercion": 1})]))
    assert "其中 2 格的相差正好等于甲镇的数" in told.message
    assert "正好等于" not in only(found([part("县政府办", with_figures(TALLYING, {"table2.licences": 313})),
                                   town("甲镇", {"table2.licences": 7}), town("乙镇", {"table2.licences": 7})])).message  # fmt: skip


def test_money_is_added_up_exactly_and_a_blank_counts_as_0():
    parts = [
        part("县政府办", with_figures(TALLYING, {"table2.fees": Decimal("12.3")})),
        town("甲镇", {"table2.fees": Decimal("0.1")}),
        town("乙镇", {"table2.fees": Decimal("0.1"), "table3.deny_law.natural": None}),
    ]
    assert not found(parts)


def test_what_a_reading_does_not_vouch_for_is_not_added_up():
    doubtful = with_figures(NOTHING, {"table2.licences": 7}).model_copy(update={"uncertain": ["table2.licences"]})
    assert not found([OFFICE, part("甲镇", doubtful)])


def test_other_layouts_are_compared_as_far_as_they_mean_the_same():
    old_row = TALLYING.model_copy(update=ONE_ROW_OTHER)
    assert not found([part("县政府办", old_row)])
    old_table = NOTHING.model_copy(update=OLD_TABLE2)
    assert not found([OFFICE, part("甲镇", old_table)])


def test_as_long_as_reports_are_missing_there_is_one_hint_with_what_is_known():
    told = only(found([OFFICE, part("甲镇", None), part("乙镇", None)], {"table2.licences": 330}))
    assert told.severity is Severity.INFO
    assert told.where == []
    assert "所属 3 个单位中，没有报送 2 个，暂不能核对" in told.message
    assert "行政许可 · 本年处理决定数量 320（本报告 330，其余 10）" in told.message
    assert "已经大于" not in told.message


def test_a_sum_that_is_too_large_already_is_told_in_the_same_hint():
    told = only(found([OFFICE, town("甲镇", {"table2.licences": 7}), part("乙镇", None)]))
    assert told.severity is Severity.INFO
    assert "有 1 格已收到的合计已经大于本报告：表二 行政许可 · 本年处理决定数量 327（本报告 320）" in told.message


def test_a_report_that_could_not_be_read_is_as_good_as_missing_and_is_named():
    told = only(found([OFFICE, part("甲镇", Report(status="failed"))]))
    assert told.severity is Severity.INFO
    assert "未能读取 1 个（甲镇）" in told.message
    assert not found([OFFICE, part("甲镇", Report(status="failed"))], rule="H2")


def test_with_nothing_in_yet_nothing_is_added_up():
    told = only(found([part("甲镇", None)]))
    assert "已收到的" not in told.message


def test_the_bodies_that_have_not_reported_are_listed():
    told = only(found([OFFICE, part("甲镇", None), part("乙镇", None)], rule="H2"))
    assert told.severity is Severity.INFO
    assert "3 个单位中有 2 个没有收到 2024 年度的报告：甲镇、乙镇。" in told.message
    assert not found([OFFICE, town("甲镇")], rule="H2")
