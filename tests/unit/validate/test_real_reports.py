"""The published figures of real reports, and the two seeds as the field notes describe them."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.core.bodies import Level
from services.core.finding import Severity
from services.core.form import form
from services.core.report import Figure, Layout, Reading, Report, SectionFound, Table3
from services.validate.judge import Context, judge
from services.validate.rules.example import with_figures
from tests.unit.validate.made import only

FIGURES = Path(__file__).parents[4] / "shared" / "figures"
needs_figures = pytest.mark.skipif(not FIGURES.is_dir(), reason="the public figures (../shared/figures) are not here")
# the file keeps the columns of the 2019 table 2 apart; this is the same table by rows
SHANGHAI_TABLE2: dict[str, Any] = {
    "regulations": [13, 13, 524],
    "normative_docs": [60, 60, 368],
    **{row: [0, 0, 0] for row in ("licences", "other_services", "penalties", "coercion")},
    "fees": [0, 0],
    "procurement": [6, Decimal("25.1")],
}
TABLE4 = ("upheld", "corrected", "other", "pending", "total")


def published(name: str) -> Report:
    data: dict[str, Any] = json.loads((FIGURES / f"{name}.json").read_text(encoding="utf-8"))
    rows = data["table3"]["rows"]
    return Report(
        agency=data["agency"],
        year=data["year"],
        layout=Layout(
            table2="2019" if data["year"] == 2019 else "2021",
            table3="2019" if "other_all" in rows else "2021",
            table4="2021",
        ),
        status="ok",
        table2=SHANGHAI_TABLE2 if data["year"] == 2019 else data["table2"],
        table3=Table3(rows=rows),
        table4={block: dict(zip(TABLE4, figures, strict=True)) for block, figures in data["table4"].items()},
        sections=[SectionFound(key=s.key, title=s.heading) for s in form("2021").sections],
    )


def errors(name: str) -> list[tuple[str, str]]:
    report = published(name)
    found = judge(report, Context(None, None, report.year)).findings
    return [(f.rule, f.where[0]) for f in found if f.severity is Severity.ERROR]


@needs_figures
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hongze_2023", [("T4-1", "table4.review.total"), ("T4-1", "table4.after_review.total")]),
        ("jinhu_2023", [("T4-1", "table4.direct.total")]),
        ("shanghai_general_office_2019", []),
        ("suqian_2023", []),
        ("suqian_2024", []),
    ],
)
def test_the_defects_of_published_figures_are_found_and_no_others(name: str, expected: list[tuple[str, str]]):
    assert errors(name) == expected


@needs_figures
def test_the_missing_total_of_a_published_report_is_named():
    found = judge(published("jinhu_2023"), Context(None, None, 2023)).findings
    assert "表四 行政诉讼·未经复议直接起诉 · 总计：填报 0，应为 3" in found[0].message


@needs_figures
def test_the_old_layout_of_a_published_report_is_a_warning():
    found = judge(published("hongze_2023"), Context(None, None, 2023)).findings
    assert [f.rule for f in found if f.severity is Severity.WARNING] == ["T3-8"]


@needs_figures
def test_a_report_with_blanks_for_zeros_gives_one_finding_per_table():
    found = judge(published("shanghai_general_office_2019"), Context(None, None, 2019)).findings
    assert [f.rule for f in found] == ["B1", "B1"]
    assert "表三（一）予以公开 · 总计（各项合计 272）" in found[0].message


@needs_figures
def test_two_published_years_of_a_city_hand_cases_and_documents_on():
    last, this = published("suqian_2023"), published("suqian_2024")
    context = Context(None, None, 2024, level=Level.CITY, last_year=last)
    assert {f.rule for f in judge(this, context).findings} == {"T4-5"}
    assert this.figure("table3.carried_in.natural") == last.figure("table3.carried_out.natural") == 118


@needs_figures
def test_documents_in_force_follow_in_the_next_year_too():
    table2: dict[str, Figure] = dict(
        zip(
            [f"table2.{row}.{n}" for row in ("regulations", "normative_docs") for n in range(3)],
            [3, 0, 15, 61, 59, 422],
            strict=True,
        )
    )
    last = published("suqian_2024")
    this = with_figures(last, table2).model_copy(update={"year": 2025})
    context = Context(None, None, 2025, level=Level.CITY, last_year=last)
    assert "T2-3" not in {f.rule for f in judge(this, context).findings}
    wrong = with_figures(this, {"table2.normative_docs.2": 424})
    assert only([f for f in judge(wrong, context).findings if f.rule == "T2-3"]).expected == 422


@needs_figures
def test_a_case_lost_between_two_published_years_is_found():
    last = with_figures(published("suqian_2023"), {"table3.carried_out.natural": 117, "table3.carried_out.total": 120})
    found = judge(published("suqian_2024"), Context(None, None, 2024, last_year=last)).findings
    assert [(f.rule, f.where) for f in found if f.severity is Severity.ERROR] == [
        ("Y1", ["table3.carried_in.total", "table3.carried_in.natural"])
    ]
    assert "上年表三总计列不符合勾稽关系，结转下年度如为 121 则符合" in found[0].message


@needs_figures
def test_a_jump_of_licences_as_a_district_published_it_is_a_hint():
    last = published("hongze_2023")
    this = with_figures(last, {"table2.licences": 9487}).model_copy(update={"year": 2024})
    found = [f for f in judge(this, Context(None, None, 2024, last_year=last)).findings if f.rule == "T2-6"]
    assert "填报 9487，上年为 550" in only(found).message


def zeros(**fields: Any) -> Report:
    """A report of noughts in the 2021 layout, as both seeds are."""
    texts = {key: fields.pop(key) for key in ("overview", "problems", "other_matters")}
    return Report(
        year=2024,
        layout=Layout(table2="2021", table3="2021", table4="2021"),
        status="ok",
        table2={
            "regulations": [0, 0, 0],
            "normative_docs": [0, 0, 0],
            "licences": 0,
            "penalties": 0,
            "coercion": 0,
            "fees": 0,
        },
        table3=Table3(rows={key: [0] * 7 for key in form("2021").row_keys}),
        table4={block.key: dict.fromkeys(TABLE4, 0) for block in form("2021").table4_blocks},
        sections=[SectionFound(key=s.key, title=s.heading, text=texts.get(s.key, "")) for s in form("2021").sections],
        **fields,
    )


def test_the_first_seed_lacks_period_date_contact_and_an_aspect_and_has_a_doubled_word():
    report = zeros(
        agency="塔城乡人民政府",
        overview="及时发布主动公开信息，公示事项 21 件。成立领导小组，健全目录，用好公开栏和公众号，强化监督。",
        problems="主要存在以下问题：主动公开信息不够及时全面及时。我们将采取切实有效的措施进行整改。",
        other_matters="未收取信息处理费、无减免情况，无其他需要报告的事项。",
        reading=Reading(
            title="塔城乡人民政府2024 年政府信息公开工作年度报告", labels={"table2.normative_docs": "行政规范性文件"}
        ),
    )
    found = judge(report, Context(None, None, 2024)).findings
    assert [(f.rule, f.severity) for f in found] == [
        ("D2", Severity.WARNING),
        ("D4", Severity.WARNING),
        ("D11", Severity.INFO),
        ("D7", Severity.INFO),
        ("D8", Severity.INFO),
    ]


def test_the_second_seed_has_wide_rows_an_old_row_name_a_wrong_number_and_a_date_that_is_none():
    wide = ("other_no_correction", "other_no_fee", "other_other", "total", "carried_out")
    report = zeros(
        agency="塔城地区行署外事办公室",
        overview="（一）主动公开。（二）依申请公开。（三）政府信息管理。（四）政府信息公开平台建设。（五）监督和保障方面。",
        problems="一是政策解读方式有待改进。针对上述问题，加强信息信息公开工作流程，拓宽公开渠道。",
        other_matters="按照《政府信息公开信息处理费管理办法》（国办发〔2020〕109号），本年度没有产生信息公开处理费。",
        reading=Reading(
            title="塔城地区行署外事办公室 2024 年政府信息公开 工作年度报告",
            period=("2024-01-01", "2024-12-31"),
            date_text="2025 月 1 月 20 日",
            contact={"postcode": "834700", "telephone": "0901-6223328"},
            labels={"table2.normative_docs": "规范性文件"},
            row_widths={f"table3.{key}": 11 for key in wide},
        ),
    )
    found = judge(report, Context(None, None, 2024)).findings
    assert [(f.rule, f.severity) for f in found] == [
        ("D4", Severity.WARNING),
        ("D10", Severity.INFO),
        ("D11", Severity.INFO),
        ("T2-8", Severity.INFO),
        ("B2", Severity.INFO),
    ]
    assert "“2025 月 1 月 20 日”" in only([f for f in found if f.rule == "D4"]).message
