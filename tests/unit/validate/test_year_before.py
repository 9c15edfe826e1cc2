from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.finding import Finding, Severity
from services.core.report import Figure, Report
from services.validate.judge import judge
from services.validate.rules.example import CONTEXT, OLD_TABLE2, TALLYING, a_year_before, with_figures
from tests.unit.validate.made import findings, only, rule_ids, tallying

COLUMNS = ("natural", "commercial", "research", "social", "legal", "other", "total")
COUNTS = st.integers(0, 3000)


def after(last: Report, figures: dict[str, Figure] | None = None, rule: str | None = None) -> list[Finding]:
    return findings(figures or {}, rule=rule, context=replace(CONTEXT, last_year=last))


def row(key: str, values: list[int]) -> dict[str, Figure]:
    return {f"table3.{key}.{column}": value for column, value in zip(COLUMNS, values, strict=True)}


def test_two_years_that_fit_each_other_are_in_order():
    assert not after(a_year_before())


# documents in force


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_documents_in_force_are_last_years_and_what_was_made_less_what_was_repealed(
    before: int, made: int, repealed: int, in_force: int
):
    figures: dict[str, Figure] = dict(
        zip((f"table2.normative_docs.{n}" for n in range(3)), (made, repealed, in_force), strict=True)
    )
    found = after(a_year_before({"table2.normative_docs.2": before}), figures, "T2-3")
    if in_force == before + made - repealed:
        assert not found
    else:
        assert (only(found).expected, only(found).actual) == (before + made - repealed, in_force)


def test_other_documents_in_force_than_last_year_leaves_are_a_warning_with_the_whole_sum():
    found = only(after(a_year_before({"table2.normative_docs.2": 11}), rule="T2-3"))
    assert found.severity is Severity.WARNING
    assert found.where[0] == "table2.normative_docs.2"
    assert "上年现行有效 11，加本年制发 2，减本年废止 1，应为 12，本年现行有效件数填报 9，相差 3" in found.message
    assert "自然失效" in found.message


def test_blanks_for_made_and_repealed_count_as_0_and_a_blank_in_force_is_not_judged():
    last = a_year_before({"table2.normative_docs.2": 9})
    assert not after(last, {"table2.normative_docs.0": None, "table2.normative_docs.1": None}, "T2-3")
    assert not after(last, {"table2.normative_docs.2": None}, "T2-3")


@pytest.mark.parametrize(
    "last",
    [
        a_year_before({"table2.normative_docs.2": 50}, uncertain=["table2.normative_docs.2"]),
        a_year_before({"table2.normative_docs.2": 50}, status="failed"),
        a_year_before({"table2.normative_docs.2": 50}, year=2022),
        a_year_before().model_copy(update={"table2": None}),
        a_year_before(**OLD_TABLE2),
    ],
    ids=["doubtful", "unreadable", "two years before", "no table 2", "old layout"],
)
def test_what_last_year_does_not_tell_for_certain_is_not_compared(last: Report):
    assert not after(last, rule="T2-3")


def test_a_doubtful_figure_of_this_year_is_to_be_looked_at():
    last = a_year_before({"table2.normative_docs.2": 50})
    found = only(
        findings(
            rule="T2-3",
            context=replace(CONTEXT, last_year=last),
            uncertain=[f"table2.normative_docs.{n}" for n in range(3)],
        )
    )
    assert found.cause == "extraction"
    assert "读作" in found.message


# jumps


@pytest.mark.parametrize(("now", "before"), [(9487, 550), (550, 9487), (210, 21)])
def test_ten_times_as_many_decisions_are_a_hint(now: int, before: int):
    found = only(after(a_year_before({"table2.licences": before}), {"table2.licences": now}, "T2-6"))
    assert found.severity is Severity.INFO
    assert f"填报 {now}，上年为 {before}，相差十倍以上" in found.message


@pytest.mark.parametrize(("now", "before"), [(209, 21), (200, 20), (1000, 0), (0, 1000), (20, 200)])
def test_less_than_ten_times_and_small_figures_are_no_jump(now: int, before: int):
    assert not after(a_year_before({"table2.licences": before}), {"table2.licences": now}, "T2-6")


def test_a_jump_of_fees_that_is_one_of_units_is_told_once():
    last = a_year_before({"table2.fees": Decimal(300_000)})
    assert rule_ids(after(last, {"table2.fees": Decimal(30)})) == {"T2-5"}
    assert only(after(last, {"table2.fees": Decimal("300.5")}, "T2-6")).where == ["table2.fees"]


def test_decisions_are_compared_across_layouts_and_fee_items_never_with_money():
    old = {**OLD_TABLE2["table2"], "licences": [12, 1, 4000], "fees": [500, 0]}
    found = only(after(a_year_before(**{**OLD_TABLE2, "table2": old}), rule="T2-6"))
    assert found.where == ["table2.licences"]


def test_items_of_the_old_layout_follow_from_last_years_and_their_change():
    before = {**OLD_TABLE2["table2"], "licences": [10, 2, 320], "coercion": [2, 0, 0]}
    last = a_year_before(**{**OLD_TABLE2, "table2": before})
    assert not findings(rule="T2-7", context=replace(CONTEXT, last_year=last), **OLD_TABLE2)
    wrong = a_year_before(**{**OLD_TABLE2, "table2": {**before, "fees": [1, 1]}})
    found = only(findings(rule="T2-7", context=replace(CONTEXT, last_year=wrong), **OLD_TABLE2))
    assert (found.severity, found.where, found.expected, found.actual) == (Severity.INFO, ["table2.fees.0"], 2, 1)
    assert not after(wrong, rule="T2-7")


# cases carried over


@given(st.lists(COUNTS, min_size=7, max_size=7), st.lists(COUNTS, min_size=7, max_size=7))
def test_what_comes_in_is_what_went_out_column_by_column(now: list[int], before: list[int]):
    found = after(a_year_before(row("carried_out", before)), row("carried_in", now), "Y1")
    apart = [f"table3.carried_in.{c}" for c, n, b in zip(COLUMNS, now, before, strict=True) if n != b]
    if now[-1] != before[-1]:
        assert (only(found).severity, only(found).expected, only(found).actual) == (Severity.ERROR, before[-1], now[-1])
        assert only(found).where == [apart[-1], *apart[:-1]]
    else:
        assert [f.where for f in found] == [[path] for path in apart]
        assert all(f.severity is Severity.WARNING for f in found)


@given(st.randoms(use_true_random=False))
def test_a_year_that_takes_over_what_the_last_one_left_is_never_accused(random: Random):
    this, last = tallying(random), tallying(random)
    handed = {f"table3.carried_out.{c}": this.figure(f"table3.carried_in.{c}") for c in COLUMNS}
    last = with_figures(last.model_copy(update={"year": 2023}), handed)
    assert "Y1" not in rule_ids(judge(this, replace(CONTEXT, last_year=last)).findings)


def test_a_wrong_total_and_its_columns_are_one_error_that_leaves_open_which_year_is_wrong():
    last = a_year_before({"table3.carried_out.natural": 5, "table3.carried_out.total": 5})
    found = only(after(last, rule="Y1"))
    assert found.severity is Severity.ERROR
    assert found.where == ["table3.carried_in.total", "table3.carried_in.natural"]
    assert "总计填报 2，上年报告“四、结转下年度继续办理”总计为 5，相差 3" in found.message
    assert "“自然人”一列 2，上年 5" in found.message
    assert "本年的上年结转或上年的结转下年度" in found.message
    assert "单位合并、分设或更名" in found.message


def test_the_year_whose_table_would_tally_with_the_others_figure_is_named():
    last = a_year_before({"table3.carried_out.natural": 5, "table3.carried_out.total": 5})
    assert "上年表三总计列不符合勾稽关系，结转下年度如为 2 则符合" in only(after(last, rule="Y1")).message
    this: dict[str, Figure] = {"table3.carried_in.natural": 7, "table3.carried_in.total": 7}
    assert "本年表三总计列不符合勾稽关系，上年结转如为 2 则符合" in only(after(a_year_before(), this, "Y1")).message
    tallying_both: dict[str, Figure] = {
        **{
            f"table3.{key}.{column}": value
            for key, value in (("carried_in", 3), ("new", 11))
            for column in ("natural",)
        },
        "table3.carried_in.total": 3,
        "table3.new.total": 17,
    }
    assert "不符合勾稽关系" not in only(after(a_year_before(), tallying_both, "Y1")).message


def test_a_blank_counts_as_0():
    assert not after(a_year_before({"table3.carried_out.other": None}), {"table3.carried_in.research": None}, "Y1")


def test_a_doubtful_column_of_last_year_is_left_out():
    wrong: dict[str, Figure] = {"table3.carried_out.natural": 5, "table3.carried_out.total": 5}
    assert not after(a_year_before(wrong, uncertain=list(wrong)), rule="Y1")
    assert not after(a_year_before().model_copy(update={"table3": None}), rule="Y1")


# copied tables


def equal_to(figures: dict[str, Figure], **fields: object) -> Report:
    """Last year's report with exactly the figures that `figures` make of this year's."""
    this = with_figures(TALLYING, figures)
    return a_year_before({path: value for path, value in this.figures().items() if value is not None}, **fields)


def nothing_but(**figures: Figure) -> dict[str, Figure]:
    return {**{path: 0 for path, value in TALLYING.figures().items() if value is not None}, **figures}


def test_three_tables_equal_to_last_years_are_a_warning():
    found = only(after(equal_to({}), rule="Y5"))
    assert (found.severity, found.where) == (Severity.WARNING, [])


@pytest.mark.parametrize(
    "path", ["table2.fees", "table2.normative_docs.0", "table3.new.natural", "table4.review.upheld"]
)
def test_one_other_figure_is_no_copy(path: str):
    assert not after(equal_to({path: 77}), rule="Y5")


def test_noughts_are_no_copy_and_neither_are_documents_that_stay_in_force():
    nothing = nothing_but()
    assert not after(equal_to(nothing), nothing, "Y5")
    in_force = nothing_but(**{"table2.normative_docs.2": 3})
    assert not after(equal_to(in_force), in_force, "Y5")


def test_a_small_figure_that_is_the_same_may_be_chance():
    one = nothing_but(**{f"table3.{key}.{c}": 1 for key in ("new", "granted", "total") for c in ("natural", "total")})
    assert only(after(equal_to(one), one, "Y5")).severity is Severity.INFO
    two = nothing_but(**{"table2.licences": 10, "table2.penalties": 11})
    assert only(after(equal_to(two), two, "Y5")).severity is Severity.WARNING


def test_a_blank_is_as_good_as_a_nought_and_a_doubtful_figure_says_nothing():
    assert after(equal_to({}), {"table2.coercion": None}, "Y5")
    assert not after(equal_to({}, uncertain=["table2.fees"]), rule="Y5")
