from io import StringIO

from rich.console import Console

from services.cli.findings_table import findings_table
from services.core.report import Figure, Layout, Report
from services.validate.judge import judge
from services.validate.rules.example import CONTEXT, TALLYING, with_figures, with_prose


def shown(figures: dict[str, Figure]) -> str:
    return table_of(with_figures(TALLYING, figures))


def table_of(unjudged: Report) -> str:
    out = StringIO()
    report = judge(unjudged, CONTEXT)
    layout = Layout(table2="2021", table3="2021", table4="2021")
    Console(file=out, width=160).print(findings_table(report.findings, layout, {"table3.total.natural": 3}))
    return out.getvalue()


def test_three_findings_of_one_cell_are_one_row_that_names_it():
    text = shown({"table3.total.natural": 20})
    assert text.count("错误") == 1
    assert text.count("最可能的一处") == 1
    assert "表三（七）总计 · 自然人（第 3 页）" in text.replace("\n", "")
    for rule in ("T3-1", "T3-2", "T3-3"):
        assert rule in text
    assert "改后三处勾稽关系同时成立" in "".join(
        line.split("│")[-2].strip() for line in text.splitlines() if "│" in line
    )


def test_a_finding_of_its_own_keeps_its_message_and_both_figures():
    text = shown({"table4.review.total": 0})
    assert "相差 4" in text
    assert text.count("T4-1") == 1


def test_a_figure_in_prose_does_not_stand_in_the_columns_of_what_a_cell_holds():
    text = table_of(TALLYING.model_copy(update=with_prose("overview", "新收政府信息公开申请28件。")))
    (row,) = [line for line in text.splitlines() if "错误" in line]
    assert [cell.strip() for cell in row.split("│")[3:5]] == ["", ""]
