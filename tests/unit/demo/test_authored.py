"""Authored reports: invented ones tally, kept ones load, planted errors are remembered."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.demo.authored import REPORTS, AuthoredReport, consistent, load_report, with_error
from infra.demo.invented import SIZES
from infra.demo.planted import SLIPS, blank_cells, wrong_balance, wrong_cell, wrong_table4_total

reports = st.builds(
    consistent,
    st.integers(0, 10**6),
    st.sampled_from(["临溪县财政局", "临溪县石桥镇人民政府", "临溪县"]),
    st.integers(2019, 2030),
    st.sampled_from([None, *SIZES]),
)


def count(report: AuthoredReport, path: str) -> int | Decimal:
    figure = report.figure(path)
    assert isinstance(figure, int | Decimal)
    return figure


def broken_identities(report: AuthoredReport) -> set[tuple[str, str]]:
    """(rule, row, column or block) of every broken identity of domain rules T3-1, T3-2, T3-3 and T4-1; a blank is 0."""
    form, tables = report.form, report.tables()
    rows = {key: [figure or 0 for figure in row] for key, row in tables["table3"]["rows"].items()}
    broken = {("T3-1", key) for key, row in rows.items() if sum(row[:-1]) != row[-1]}
    for index, column in enumerate(form.column_keys):
        if rows["new"][index] + rows["carried_in"][index] != rows["total"][index] + rows["carried_out"][index]:
            broken.add(("T3-2", column))
        if sum(rows[key][index] for key in form.result_keys) != rows["total"][index]:
            broken.add(("T3-3", column))
    for key, block in tables["table4"].items():
        if sum(block[part] for part in ("upheld", "corrected", "other", "pending")) != block["total"]:
            broken.add(("T4-1", key))
    return broken


@given(reports)
def test_an_invented_report_tallies_everywhere(report):
    assert broken_identities(report) == set()


@given(reports)
def test_an_invented_report_has_every_cell_and_no_negative_count(report):
    for path in report.paths():
        figure = report.figure(path)
        assert isinstance(figure, int | Decimal)
        if report.layout == "2021" or not path.startswith("table2."):  # 本年增/减 of 2019 may be negative
            assert figure >= 0


@given(reports, st.sampled_from(SIZES))
def test_successive_years_of_one_body_agree(report, size):
    this, following = (
        consistent(7, report.agency, year, size, layout="2021") for year in (report.year, report.year + 1)
    )
    assert following.table3["carried_in"] == this.table3["carried_out"]
    for row in ("regulations", "normative_docs"):
        made, repealed, in_force = (count(following, f"table2.{row}.{index}") for index in range(3))
        assert in_force == count(this, f"table2.{row}.2") + made - repealed


@given(reports)
def test_the_same_arguments_invent_the_same_report(report):
    again = consistent(3, report.agency, report.year)
    assert again == consistent(3, report.agency, report.year)


def test_invented_figures_are_mostly_zero_and_sometimes_in_the_thousands():
    many = [consistent(seed, "临溪县财政局", 2024) for seed in range(300)]
    figures = [figure for report in many for row in report.table3.values() for figure in row]
    assert figures.count(0) / len(figures) > 0.8
    cities = [consistent(seed, "云岭市", 2024, "prefecture") for seed in range(20)]
    assert max(count(city, "table3.new.total") for city in cities) > 1000


def test_years_before_2021_get_the_layout_of_2019():
    assert "other_all" in consistent(1, "临溪县", 2020).table3
    assert "other_other" in consistent(1, "临溪县", 2021).table3


@pytest.mark.parametrize("size", SIZES)
def test_prose_states_the_received_figure_of_the_table(size):
    report = consistent(11, "临溪县财政局", 2024, size)
    received = count(report, "table3.new.total")
    assert (f"新收政府信息公开申请{received}件" in report.overview) is (received > 0)
    assert ("未收到政府信息公开申请" in report.overview) is (received == 0)


@given(reports, st.integers(0, 10**6))
def test_a_wrong_cell_breaks_its_row_and_its_column_only(report, seed):
    slip = wrong_cell(report, seed)
    ((path, right),) = slip.truth.items()
    _, row, column = path.split(".")
    assert broken_identities(slip) == {("T3-1", row), ("T3-3", column)}
    assert broken_identities(slip.with_printed({path: right})) == set()


@given(reports, st.integers(0, 10**6))
def test_a_wrong_balance_breaks_the_balance_of_two_columns_only(report, seed):
    slip = wrong_balance(report, seed)
    columns = {path.rsplit(".", 1)[1] for path in slip.truth}
    assert len(columns) == 2
    assert broken_identities(slip) == {("T3-2", column) for column in columns}


@given(reports, st.integers(0, 10**6))
def test_a_wrong_total_of_table_4_breaks_that_block_only(report, seed):
    slip = wrong_table4_total(report, seed)
    ((path, _),) = slip.truth.items()
    assert broken_identities(slip) == {("T4-1", path.split(".")[1])}


@given(reports, st.integers(0, 10**6))
def test_blank_cells_print_nothing_where_zero_belongs(report, seed):
    slip = blank_cells(report, seed)
    assert slip.truth
    assert all(slip.figure(path) is None and right == 0 for path, right in slip.truth.items())


def test_the_kinds_of_slips_are_listed():
    assert {SLIPS[name] for name in SLIPS} == {wrong_cell, wrong_balance, wrong_table4_total, blank_cells}


def test_an_error_that_changes_nothing_is_refused():
    report = consistent(1, "临溪县", 2024)
    with pytest.raises(ValueError, match="already prints"):
        with_error(report, {"table3.new.natural": report.figure("table3.new.natural")})


@pytest.mark.parametrize("path", ["table3.new.nobody", "table2.licences.0", "table4.review", "table5.a.b"])
def test_an_unknown_cell_is_refused(path):
    with pytest.raises(KeyError):
        with_error(consistent(1, "临溪县", 2024), {path: 1})


def test_planting_twice_remembers_the_first_truth():
    report = consistent(1, "临溪县", 2024)
    right = report.figure("table2.licences")
    twice = with_error(with_error(report, {"table2.licences": -1}), {"table2.licences": -2})
    assert twice.truth == {"table2.licences": right}
    assert twice.figure("table2.licences") == -2


@pytest.mark.parametrize("source", sorted(REPORTS.glob("*.toml")), ids=lambda path: path.stem)
def test_a_kept_report_tallies_but_for_what_is_planted(source):
    report = load_report(source)
    assert broken_identities(report.with_printed(report.truth)) == set()


def test_the_report_with_slips_has_one_cell_that_explains_its_row_and_column():
    report = load_report(REPORTS / "linxi-ziran.toml")
    assert broken_identities(report) == {("T3-1", "granted"), ("T3-3", "natural"), ("T4-1", "review")}
    assert report.truth["table3.granted.natural"] == 16
    assert report.figure("table3.granted.natural") == 18
    assert [report.figure(path) for path in report.truth].count(None) == 2
    assert report.date_text == "2025月1月20日"


def test_money_is_exact():
    assert load_report(REPORTS / "linxi-ziran.toml").table2["fees"] == Decimal("1863.0725")


def test_a_row_that_the_form_does_not_have_is_refused(tmp_path: Path):
    text = (REPORTS / "linxi-zhujian.toml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace("deny_process =", "deny_nothing ="), encoding="utf-8")
    assert "deny_nothing" in tomllib.loads(wrong.read_text(encoding="utf-8"))["table3"]
    with pytest.raises(KeyError, match="deny_nothing"):
        load_report(wrong)
