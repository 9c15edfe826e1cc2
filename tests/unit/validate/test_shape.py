import pytest

from services.core.finding import Severity
from services.core.report import Cell, Figure, Kind, Report, Table3
from services.validate.judge import judge
from services.validate.rules.example import CONTEXT, TALLYING, with_figures, without_rows
from tests.unit.validate.made import findings, only, rule_ids

COLUMNS = ("natural", "commercial", "research", "social", "legal", "other", "total")


def row(key: str, *values: Figure) -> dict[str, Figure]:
    return {f"table3.{key}.{column}": value for column, value in zip(COLUMNS, values, strict=True)}


def test_blanks_are_told_once_per_table_with_number_and_places():
    found = findings({"table3.partial.research": None, **row("deny_law", *[None] * 7), "table4.direct.other": None})
    assert [finding.rule for finding in found] == ["B1", "B1"]
    assert "表三有 8 格空白" in found[0].message
    assert "表三（二）部分公开 · 科研机构、表三（三）不予公开 2.其他法律行政法规禁止公开（整行）" in found[0].message
    assert found[0].severity is Severity.WARNING
    assert len(found[0].where) == 8
    assert "表四有 1 格空白" in found[1].message


def test_a_blank_money_cell_is_one_place():
    assert "：表二 行政事业性收费 · 本年收费金额。" in only(findings({"table2.fees": None})).message


def test_a_blank_total_beside_figures_is_told_with_what_the_figures_add_up_to_and_no_sum_is_judged():
    found = only(findings(row("reject_complaint", 1, 0, 0, None, None, 0, None), rule="B1"))
    assert "未核对的：表三（五）不予处理 1.信访举报投诉类申请 · 总计（各项合计 1）" in found.message
    assert not findings(row("reject_complaint", 1, 0, 0, None, None, 0, None), rule="T3-1")


def test_a_total_that_alone_is_blank_is_an_error_with_its_value():
    found = findings({"table3.granted.total": None})
    assert [f.rule for f in found] == ["T3-1", "T3-3", "B1"]
    assert "前六列合计 8，“总计”列空白，相差 8（空白按 0 计）" in found[0].message
    assert "表三（一）予以公开 · 总计：空白，应为 8；改后两处勾稽关系同时成立" in found[0].message
    assert "各项合计" not in found[2].message


def test_a_blank_total_of_nothing_needs_no_sum():
    assert "各项合计" not in only(findings({"table3.deny_law.total": None})).message


def test_a_blank_counts_as_0_in_sums():
    found = findings({"table3.granted.natural": None})
    assert rule_ids(found) == {"B1", "T3-1", "T3-3"}
    assert all("（空白按 0 计）" in finding.message for finding in found if finding.rule != "B1")


def test_a_row_more_than_half_blank_is_not_assessed():
    half = row("deny_secret", None, None, None, 0, 0, 0, 5)
    most = row("deny_secret", None, None, None, None, 0, 0, 5)
    assert "T3-1" in rule_ids(findings(half))
    assert "T3-1" not in rule_ids(findings(most))


def test_an_all_blank_table_3_is_an_error_and_an_all_blank_table_4_a_warning():
    rows: dict[str, list[Figure] | None] = {
        key: [None] * 7 for key in (TALLYING.table3.rows if TALLYING.table3 else {})
    }
    found = only(findings(table3=Table3(rows=rows)))
    assert (found.rule, found.severity) == ("B1", Severity.ERROR)
    assert "175 格全部空白" in found.message
    columns = ("upheld", "corrected", "other", "pending", "total")
    blank: dict[str, Figure] = {
        f"table4.{block}.{column}": None for block in ("review", "direct", "after_review") for column in columns
    }
    found = only(findings(blank))
    assert (found.rule, found.severity) == ("B1", Severity.WARNING)


@pytest.mark.parametrize("reading", [{"blank_rows": ["table3.deny_law"]}, {"row_widths": {"table3.deny_law": 0}}])
def test_a_row_without_any_figure_is_a_blank_row_and_not_a_missing_one(reading: dict[str, object]):
    found = only(findings(reading=reading, **without_rows("deny_law")))
    assert found.rule == "B1"
    assert "表三有 7 格空白" in found.message


def test_rows_with_too_many_equal_figures_are_one_note_for_the_reviewer():
    widths = {"table3.deny_law": 11, "table3.deny_safety": 11, "table3.no_such_row": 9, "table3.new": 7}
    found = only(findings(reading={"row_widths": widths}))
    assert (found.rule, found.severity) == ("B2", Severity.INFO)
    assert "表三有 2 行读到的数字多于 7 个（11 个）" in found.message
    assert (found.expected, found.actual) == ("7 个数字", "11 个数字")


@pytest.mark.parametrize("stored", [True, False])
def test_a_row_with_too_many_different_figures_is_an_error_and_its_figures_are_not_used(stored: bool):
    fields = {} if stored else without_rows("granted")
    found = only(findings(reading={"row_widths": {"table3.granted": 9}}, **fields))
    assert (found.rule, found.severity) == ("B2", Severity.ERROR)
    assert "表三“（一）予以公开”一行：应有 7 个数字，读到 9 个" in found.message


def test_a_row_with_too_few_figures_is_an_error_and_not_a_missing_row_as_well():
    found = only(findings(reading={"row_widths": {"table3.deny_law": 6}}, **without_rows("deny_law")))
    assert (found.rule, found.severity, found.expected, found.actual) == ("B3", Severity.ERROR, "7 个数字", "6 个数字")


def test_a_row_with_blanks_in_known_places_is_not_too_short():
    found = findings({"table3.deny_law.other": None}, reading={"row_widths": {"table3.deny_law": 6}})
    assert rule_ids(found) == {"B1"}


def test_absent_tables_are_one_finding_that_tells_a_picture_from_nothing():
    found = only(
        findings(table2=None, table4={}, sections=[s for s in TALLYING.sections if s.key != "disputes"], rule="B4")
    )
    assert found.severity is Severity.ERROR
    assert "表二“主动公开政府信息情况”（有标题，下面没有可读取的数字，可能是图片）" in found.message
    assert "表四“政府信息公开行政复议、行政诉讼情况”（没有找到）" in found.message
    assert found.actual == "表三"


def test_a_table_3_of_unusable_rows_is_not_there_but_one_that_could_not_be_split_is():
    assert rule_ids(findings(table3=Table3(rows=dict.fromkeys(["new", "total"])))) == {"B4"}
    unsplit = findings(table3=Table3(rows={"new": None}), reading={"row_widths": {"table3.new": 5}})
    assert rule_ids(unsplit) == {"B3", "T3-5"}


def test_table_4_with_a_wrong_number_of_figures_says_how_many():
    found = only(findings(table4=None, reading={"row_widths": {"table4": 14}}))
    assert "应有 15 个数字，读到 14 个" in found.message


def test_an_empty_figure_without_a_place_is_one_that_was_not_found_and_no_blank():
    path = "table4.direct.other"
    found = only(findings({path: None}, uncertain=[path], status="review"))
    assert (found.rule, found.cause, found.where) == ("T4-2", "extraction", [path])
    blank = Cell(page=1, text="", kind=Kind.BLANK, confidence=0.5)
    assert only(findings({path: None}, uncertain=[path], status="review", cells={path: blank})).rule == "B1"


def test_a_table_missing_from_a_doubtful_reading_is_not_held_against_the_body_but_a_missing_date_is():
    found = findings(table4=None, status="review", date=None, reading={"date_text": None})
    assert {f.rule: f.cause for f in found} == {"B4": "unclear", "D4": "document"}


def test_a_report_that_could_not_be_read_is_asked_for_text_and_not_for_sums():
    broken = with_figures(TALLYING, {"table3.granted.total": 99}).model_copy(
        update={"status": "failed", "table4": None}
    )
    found = only(judge(broken, CONTEXT).findings)
    assert (found.rule, found.cause) == ("B4", "unclear")
    assert "请对照原文核对" in found.message
    nothing = judge(Report(status="failed"), CONTEXT).findings
    assert [finding.rule for finding in nothing] == ["B4"]
    assert nothing[0].actual == "无"


def test_a_row_more_than_half_blank_is_wrong_all_the_same_when_its_figures_exceed_its_total():
    found = only(findings(row("deny_secret", 7, None, None, None, None, 0, 5), rule="T3-1"))
    assert found.severity is Severity.ERROR
    assert "前六列已有的数合计 7，“总计”列填报 5，空白和未读出的格无论是多少，至少相差 2。" in found.message
    assert [(r.cell, r.to) for r in found.repair] == [("table3.deny_secret.natural", 0)]


def test_a_column_whose_blanks_its_rows_prove_to_be_0_is_judged_though_it_is_mostly_blank():
    blank: dict[str, Figure] = {
        f"table3.{key}.natural": None
        for key, values in (TALLYING.table3.rows if TALLYING.table3 else {}).items()
        if values and values[0] == 0
    }
    assert len(blank) > 12
    assert rule_ids(findings(blank)) == {"B1"}
    assert "T3-3" in rule_ids(findings({**blank, "table3.granted.natural": 6, "table3.granted.total": 9}))


def test_known_results_beyond_the_total_are_an_error_though_a_row_was_not_found():
    missing = without_rows("deny_law")
    missing["table3"] = Table3(rows={**missing["table3"].rows, "granted": [50, 1, 0, 1, 0, 1, 53]})
    found = findings(rule="T3-3", **missing)
    assert [finding.where[0] for finding in found] == ["table3.total.natural", "table3.total.total"]
    assert "至少相差 45" in found[0].message


def test_sums_left_open_by_blanks_are_told_once_with_their_number():
    many = {**row("partial", 2, None, None, None, None, 0, 9), **row("reject_repeat", 0, None, None, None, None, 0, 3)}
    found = only(findings(many, rule="B1"))
    assert "因空白过多未能核对的：表三“（二）部分公开”一行、表三“（五）不予处理 2.重复申请”一行。" in found.message
    assert not findings(many, rule="T3-1")


def test_sums_left_open_by_a_missing_row_are_counted_once():
    found = only(findings(rule="T3-5", **without_rows("deny_law")))
    assert "因此表三 39 处合计中有 8 处未能核对" in found.message
