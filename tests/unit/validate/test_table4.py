from services.core.report import Cell, Kind
from services.validate.rules.example import without_block
from tests.unit.validate.made import findings, only, rule_ids


def test_a_block_that_does_not_add_up_shows_its_parts():
    found = only(findings({"table4.review.total": 0}))
    assert found.rule == "T4-1"
    assert found.message.startswith(
        "表四“行政复议”：结果维持 2 + 结果纠正 1 + 其他结果 0 + 尚未审结 1，合计 4，“总计”填报 0，相差 4。请核对这五个数。"
    )
    assert (found.expected, found.actual) == (4, 0)
    assert found.where[0] == "table4.review.total"


def test_a_block_of_litigation_is_named_with_its_head():
    found = only(findings({"table4.direct.upheld": 1}))
    assert "表四“行政诉讼·未经复议直接起诉”" in found.message


def test_a_blank_part_counts_as_0_after_it_has_been_named():
    found = findings({"table4.review.other": None, "table4.review.total": 9})
    assert rule_ids(found) == {"B1", "T4-1"}
    assert "其他结果 0" in found[0].message
    assert "（空白按 0 计）" in found[0].message


def test_missing_figures_are_listed():
    found = only(findings(**without_block("after_review")))
    assert found.rule == "T4-2"
    assert "应有 15 个数，读到 10 个" in found.message
    assert found.where == [f"table4.after_review.{c}" for c in ("upheld", "corrected", "other", "pending", "total")]


def test_negative_counts_and_words_are_named():
    words = Cell(page=1, text=" 见附件 ", kind=Kind.TEXT, confidence=0.9)
    found = findings(
        {"table4.review.other": -1, "table4.direct.total": None}, rule="T4-2", cells={"table4.direct.total": words}
    )
    assert [finding.actual for finding in found] == ["-1", "见附件"]
    assert "表四 行政复议 · 其他结果：填报“-1”" in found[0].message


def test_an_absent_table_is_left_to_b4():
    assert rule_ids(findings(table4=None)) == {"B4"}
