from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.finding import Finding, Severity
from services.core.form import form, place
from services.core.report import Figure, Report, Table3
from services.validate.judge import Context, judge
from services.validate.rules.example import TALLYING, with_figures
from tests.unit.validate.made import context_of, findings, only, tallying, tallying_reports

BUSY = settings(deadline=None)  # the machine may be busy; a hang is pytest-timeout's
SUMS = {"T3-1", "T3-2", "T3-3", "T4-1"}


def cells_of(report: Report) -> list[str]:
    return form(report.layout.table3 or "2021").paths("table3") + form("2021").paths("table4")


def errors(report: Report) -> list[Finding]:
    return [f for f in judge(report, context_of(report)).findings if f.severity is Severity.ERROR]


@BUSY
@given(tallying_reports())
def test_a_report_that_tallies_has_no_error(report: Report):
    assert errors(report) == []


@BUSY
@given(tallying_reports(), st.data())
def test_any_one_changed_cell_is_found_and_offered_with_its_right_value(report: Report, data: st.DataObject):
    path = data.draw(st.sampled_from(cells_of(report)))
    right = report.figure(path)
    wrong = data.draw(st.integers(-3, 10**7).filter(lambda value: value != right))
    found = errors(with_figures(report, {path: wrong}))
    assert found
    for finding in found:
        if finding.rule in SUMS:
            assert (path, wrong, right) in [(r.cell, r.from_, r.to) for r in finding.repair]


@BUSY
@given(tallying_reports(), st.data())
def test_the_offered_change_really_settles_what_it_says(report: Report, data: st.DataObject):
    path = data.draw(st.sampled_from(cells_of(report)))
    wrong = with_figures(report, {path: (report.figure(path) or 0) + data.draw(st.integers(1, 50))})
    for finding in errors(wrong):
        for repair in finding.repair:
            assert finding.fingerprint in repair.settles
            left = {f.fingerprint for f in errors(with_figures(wrong, {repair.cell: repair.to}))}
            assert not left & set(repair.settles)
            assert not left


@BUSY
@given(tallying_reports(), st.data())
def test_every_sum_message_has_both_values_and_the_difference(report: Report, data: st.DataObject):
    path = data.draw(st.sampled_from(cells_of(report)))
    for finding in errors(with_figures(report, {path: (report.figure(path) or 0) + 3})):
        assert finding.rule in SUMS
        assert str(finding.expected) in finding.message
        assert str(finding.actual) in finding.message
        assert "相差 3。" in finding.message


def test_the_cell_and_its_value_stand_in_the_message_when_only_one_explains_it():
    found = findings({"table3.granted.natural": 6})
    assert {f.rule for f in found} == {"T3-1", "T3-3"}
    for finding in found:
        assert "表三（一）予以公开 · 自然人：填报 6，应为 5；改后两处勾稽关系同时成立。" in finding.message
        assert only_repair(finding) == ("table3.granted.natural", 6, 5)
        assert sorted(finding.repair[0].settles) == sorted(f.fingerprint for f in found)


def test_a_cell_of_the_total_row_settles_three_relations():
    found = findings({"table3.total.natural": 20})
    assert len(found) == 3
    assert all("填报 20，应为 13；改后三处勾稽关系同时成立" in f.message for f in found)


def test_equally_good_cells_are_all_listed_and_none_is_called_the_likeliest():
    found = only(findings({"table4.review.total": 5}))
    assert {r.cell for r in found.repair} == {
        f"table4.review.{c}" for c in ("upheld", "corrected", "other", "pending", "total")
    }
    assert "最可能" not in found.message
    assert "以下任一处改正后，该处勾稽关系成立：（1）表四 行政复议 · 结果维持：填报 2，如为 3；（2）" in found.message


def test_a_value_below_0_is_never_offered():
    found = only(findings({"table4.review.total": 0}))
    assert only_repair(found) == ("table4.review.total", 0, 4)
    assert "改后该处勾稽关系成立" in found.message


def test_two_errors_in_different_rows_and_columns_are_each_named():
    found = findings({"table3.granted.natural": 9, "table3.partial.commercial": 7})
    named = {only_repair(f) for f in found}
    assert named == {("table3.granted.natural", 9, 5), ("table3.partial.commercial", 7, 0)}


def test_two_errors_in_one_row_are_named_together_with_every_finding_they_settle():
    found = findings({"table3.granted.natural": 9, "table3.granted.other": 3})
    assert {f.rule for f in found} == {"T3-1", "T3-3"}
    for finding in found:
        assert [(r.cell, r.from_, r.to, r.option) for r in finding.repair] == [
            ("table3.granted.natural", 9, 5, 1),
            ("table3.granted.other", 3, 1, 1),
        ]
        assert all(sorted(r.settles) == sorted(f.fingerprint for f in found) for r in finding.repair)
        assert (
            "最可能的两处：表三（一）予以公开 · 自然人：填报 9，应为 5；"
            "表三（一）予以公开 · 法人或其他组织·其他：填报 3，应为 1；一并改后三处勾稽关系同时成立。"
        ) in finding.message


def test_an_error_carried_into_the_total_of_its_column_is_named_with_that_total():
    found = findings({"table3.granted.natural": 6, "table3.total.natural": 14})
    assert len(found) == 3
    for finding in found:
        assert [(r.cell, r.to) for r in finding.repair] == [("table3.granted.natural", 5), ("table3.total.natural", 13)]


def test_two_ways_of_two_cells_are_offered_as_two_options():
    # a case of the row （一）予以公开 stands one column too far right: the rows where that could have happened
    found = findings({"table3.granted.commercial": 0, "table3.granted.other": 2})
    assert {f.rule for f in found} == {"T3-3"}
    for finding in found:
        assert [(r.option, r.cell, r.from_, r.to) for r in finding.repair] == [
            (1, "table3.granted.commercial", 0, 1),
            (1, "table3.granted.other", 2, 1),
            (2, "table3.unable_no_info.commercial", 1, 2),
            (2, "table3.unable_no_info.other", 1, 0),
        ]
        assert (
            "以下任一组改正后，两处勾稽关系同时成立：（1）表三（一）予以公开 · 商业企业：填报 0，如为 1，同时 "
            in finding.message
        )


def test_more_than_five_equally_good_cells_are_not_listed():
    # no row can be assessed, so any cell of the column might be the wrong one
    blank: dict[str, Figure] = {
        f"table3.{row}.{column}": None
        for row in form("2021").row_keys
        for column in ("research", "legal", "social", "total")
    }
    found = [
        f for f in findings({**blank, "table3.total.natural": 14, "table3.carried_out.natural": 0}) if f.rule == "T3-3"
    ]
    assert only(found).repair == []


def test_a_blank_that_should_hold_a_figure_is_offered_as_blank():
    found = only(findings({"table3.granted.natural": None}, rule="T3-1"))
    assert only_repair(found) == ("table3.granted.natural", None, 5)
    assert "：空白，应为 5" in found.message


def test_a_negative_count_and_the_sums_it_breaks_share_one_repair():
    found = findings({"table3.partial.natural": -2})
    assert {f.rule for f in found} == {"T3-1", "T3-3", "T3-4"}
    assert {only_repair(f) for f in found} == {("table3.partial.natural", -2, 2)}
    assert all(len(f.repair[0].settles) == 3 for f in found)


def test_a_negative_count_that_breaks_no_sum_alone_has_no_repair():
    found = findings(
        {
            "table3.partial.natural": -2,
            "table3.partial.total": -2,
            "table3.granted.natural": 9,
            "table3.granted.total": 12,
        },
        rule="T3-4",
    )
    assert [f.repair for f in found] == [[], []]


@BUSY
@given(tallying_reports(), st.randoms(use_true_random=False))
def test_blanks_for_noughts_are_never_an_error_in_a_report_that_tallies(report: Report, random: Random):
    share = random.choice([0.1, 0.5, 0.9, 1.0])
    noughts = [path for path in cells_of(report) if report.figure(path) == 0 and random.random() < share]
    found = errors(with_figures(report, dict.fromkeys(noughts)))
    assert {finding.rule for finding in found} <= {"B1"}  # a table 3 with nothing but blanks


@BUSY
@given(tallying_reports(), st.randoms(use_true_random=False))
def test_rows_that_were_not_found_never_break_a_sum_of_a_report_that_tallies(report: Report, random: Random):
    assert report.table3 is not None
    rows = {key: None if random.random() < 0.3 else row for key, row in report.table3.rows.items()}
    found = errors(report.model_copy(update={"table3": Table3(rows=rows), "status": "review"}))
    assert not {finding.rule for finding in found} & SUMS


def test_of_equally_good_cells_the_one_that_was_hard_to_read_is_named_and_not_held_against_the_body():
    found = only(findings({"table4.review.total": 5}, uncertain=["table4.review.upheld"], status="review"))
    assert only_repair(found) == ("table4.review.upheld", 2, 3)
    assert found.cause == "extraction"
    assert "读作 2，如为 3" in found.message


def test_a_row_that_is_surely_wrong_is_not_told_a_cell_that_may_be_misread():
    # 自然人 of 予以公开 and of 部分公开 in one column: only the second was hard to read
    found = findings(
        {"table3.granted.natural": 9, "table3.partial.natural": 4},
        uncertain=["table3.partial.natural"],
        status="review",
    )
    sure = [f for f in found if f.cause == "document"]
    assert [f.where[0] for f in sure] == ["table3.granted.total"]
    assert sure[0].repair == []
    assert all(len(f.repair) == 2 for f in found if f.cause != "document" and f.rule in SUMS)


def test_a_figure_put_into_the_next_row_is_named_among_many_rows_where_it_could_have_been():
    moved: dict[str, Figure] = {"table3.granted.commercial": 0, "table3.partial.commercial": 1}
    found = findings(moved)
    assert {f.rule for f in found} == {"T3-1"}
    for finding in found:
        first = [(r.cell, r.from_, r.to) for r in finding.repair if r.option == 1]
        assert first == [("table3.granted.commercial", 0, 1), ("table3.partial.commercial", 1, 0)]


def test_a_doubtful_cell_is_not_held_against_the_body():
    found = findings({"table3.granted.natural": 6}, uncertain=["table3.granted.natural"], status="review")
    for finding in found:
        assert finding.cause == "extraction"
        assert "请对照原文核对" in finding.message
        assert "填报" not in finding.message
        assert "读作 6，如为 5，两处勾稽关系同时成立" in finding.message


@pytest.mark.parametrize(
    ("uncertain", "cause"),
    [
        ([], "document"),
        (["table4.review.upheld"], "unclear"),
        ([f"table4.review.{c}" for c in ("upheld", "corrected", "other", "pending", "total")], "extraction"),
    ],
)
def test_the_cause_follows_what_the_reader_vouches_for(uncertain: list[str], cause: str):
    assert only(findings({"table4.review.total": 0}, uncertain=uncertain)).cause == cause


def test_doubt_about_one_column_sum_does_not_hide_the_numbers():
    found = only(findings({"table3.carried_in.natural": 3}, rule="T3-2", uncertain=["table3.new.natural"]))
    assert found.cause == "unclear"
    assert "按读取结果，第一项加第二项为 12 + 3 = 15" in found.message


def test_how_often_the_one_wrong_cell_is_named_and_rightly():
    random, trials = Random(20240131), 2000
    outcomes = {"unique": 0, "listed": 0, "wrong": 0}
    for _ in range(trials):
        report = tallying(random, random.choice(["2021", "2019"]))
        path = random.choice(cells_of(report))
        right = report.figure(path)
        wrong = random.choice([value for value in range(31) if value != right])
        judged = judge(with_figures(report, {path: wrong}), Context("x", None, report.year))
        offered = [{(r.cell, r.to) for r in f.repair} for f in judged.findings if f.severity is Severity.ERROR]
        if offered and all(cells == {(path, right)} for cells in offered):
            outcomes["unique"] += 1
        elif offered and all((path, right) in cells for cells in offered):
            outcomes["listed"] += 1
        else:
            outcomes["wrong"] += 1
    print(outcomes)
    assert outcomes["wrong"] == 0
    assert outcomes["unique"] >= trials * 0.9


def only_repair(finding: Finding) -> tuple[str, int | None, int]:
    assert len(finding.repair) == 1, finding.repair
    repair = finding.repair[0]
    assert place(repair.cell)
    return repair.cell, repair.from_, repair.to


def test_the_starting_point_of_these_tests_is_faultless():
    assert not findings()
    assert TALLYING.status == "ok"
