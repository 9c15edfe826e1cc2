from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.finding import Finding, Severity
from services.core.form import form
from services.core.report import Cell, Claim, Kind, Layout, Reading, Report, SectionFound, Table3
from services.validate.judge import Context, judge
from services.validate.registry import rules
from services.validate.rules.example import CONTEXT, TALLYING, with_figures
from tests.unit.validate.made import findings

ROWS = sorted({*form("2021").row_keys, *form("2019").row_keys, "no_such_row"})
FIGURES = st.one_of(
    st.none(), st.integers(-2, 9), st.integers(), st.just(10**5000), st.decimals(allow_nan=False, allow_infinity=False)
)
TEXT = st.text(max_size=30)
PATHS = st.one_of(
    st.sampled_from([f"table3.{key}" for key in ROWS] + ["table4", "table2.fees", "table3.new.natural"]), TEXT
)


def test_errors_come_first_then_the_document_then_the_form_from_top_to_bottom():
    found = findings(
        {
            "table4.review.total": 0,
            "table3.granted.total": 7,
            "table2.licences": -1,
            "table3.partial.research": None,
            "table2.fees": None,
        },
        reading={"period": None, "labels": {"normative_docs": "规范性文件"}},
    )
    assert [f.rule for f in found] == ["T2-1", "T3-1", "T3-3", "T4-1", "D2", "B1", "B1", "T2-8"]
    assert [f.severity for f in found] == sorted((f.severity for f in found), key=list(Severity).index)


def test_a_verdict_survives_a_second_run_and_another_error_elsewhere():
    first = {f.fingerprint for f in findings({"table3.granted.total": 7})}
    again = {f.fingerprint for f in findings({"table3.granted.total": 7, "table4.review.total": 9})}
    assert first < again
    assert all(len(name) == 16 for name in again)


def test_the_fingerprint_depends_on_body_year_and_figures():
    base = {f.fingerprint for f in findings({"table4.review.total": 9})}
    assert base.isdisjoint(f.fingerprint for f in findings({"table4.review.total": 8}))
    assert base.isdisjoint(
        f.fingerprint for f in findings({"table4.review.total": 9}, context=Context("other", None, 2024))
    )
    assert base.isdisjoint(
        f.fingerprint
        for f in findings({"table4.review.total": 9}, year=2023, context=Context("example", None, 2023), rule="T4-1")
    )


def test_without_a_code_the_name_in_the_report_is_the_body():
    one, other = (findings({"table4.review.total": 9}, agency=name, context=Context())[0] for name in ("甲局", None))
    assert one.fingerprint != other.fingerprint


def test_money_printed_with_more_zeros_is_the_same_finding():
    one, other = (findings({"table2.fees": Decimal(text)})[0] for text in ("-1.5", "-1.500"))
    assert one.fingerprint == other.fingerprint


def test_earlier_findings_and_claims_are_replaced_and_the_report_is_otherwise_left_alone():
    stale = Finding(rule="T3-1", severity=Severity.ERROR, message="旧", basis="旧")
    judged = judge(TALLYING.with_findings([stale]), CONTEXT)
    assert [claim.kind for claim in judged.claims] == ["processing_fee"]
    assert judged.model_copy(update={"claims": []}) == TALLYING


def test_claims_without_prose_are_kept_because_a_published_result_has_none():
    claim = Claim(kind="carried_in", value=2, quote="上年结转2件")
    bare = [section.model_copy(update={"text": ""}) for section in TALLYING.sections]
    report = TALLYING.model_copy(update={"claims": [claim], "sections": bare, "reading": None})
    assert judge(report, CONTEXT).claims == [claim]
    once = judge(with_figures(TALLYING, {"table3.granted.total": 7}), CONTEXT)
    assert judge(once, CONTEXT) == once


def test_judged_findings_pass_through_json_unchanged():
    judged = judge(with_figures(TALLYING, {"table3.granted.total": 7, "table2.fees": Decimal("-0.1")}), CONTEXT)
    assert Report.model_validate_json(judged.model_dump_json()).findings == judged.findings


@st.composite
def hostile_reports(draw: st.DrawFn) -> Report:
    rows = st.one_of(st.none(), st.lists(FIGURES, max_size=9), st.lists(FIGURES, min_size=7, max_size=7))
    table2: Any = st.dictionaries(
        st.sampled_from([row.key for row in form("2019").table2_rows] + ["x"]),
        st.one_of(FIGURES, st.lists(FIGURES, max_size=4)),
    )
    columns = st.sampled_from(["upheld", "corrected", "other", "pending", "total", "x"])
    table4 = st.dictionaries(
        st.sampled_from(["review", "direct", "after_review", "x"]), st.dictionaries(columns, FIGURES)
    )
    layouts = st.one_of(st.none(), st.sampled_from(["2019", "2021", "x"]))
    reading = st.builds(
        Reading,
        title=st.one_of(st.none(), TEXT),
        period=st.one_of(st.none(), st.tuples(TEXT, TEXT)),
        date_text=st.one_of(st.none(), TEXT),
        labels=st.dictionaries(PATHS, TEXT, max_size=3),
        row_widths=st.dictionaries(PATHS, st.integers(-1, 12), max_size=3),
        blank_rows=st.lists(PATHS, max_size=3),
    )
    cell = st.builds(Cell, text=TEXT, kind=st.sampled_from(Kind), confidence=st.just(0.5))
    sections = st.builds(
        SectionFound, key=st.sampled_from([s.key for s in form("2021").sections] + ["x"]), title=TEXT, text=TEXT
    )
    return Report(
        agency=draw(st.one_of(st.none(), TEXT)),
        year=draw(st.one_of(st.none(), st.integers(-1, 100000))),
        date=draw(st.one_of(st.none(), TEXT, st.dates().map(str))),
        layout=Layout(table2=draw(layouts), table3=draw(layouts), table4=draw(layouts)),
        status=draw(st.sampled_from(["ok", "review", "failed"])),
        table2=draw(st.one_of(st.none(), table2)),
        table3=draw(st.one_of(st.none(), st.builds(Table3, rows=st.dictionaries(st.sampled_from(ROWS), rows)))),
        table4=draw(st.one_of(st.none(), table4)),
        uncertain=draw(st.lists(PATHS, max_size=4)),
        cells=draw(st.dictionaries(PATHS, cell, max_size=3)),
        sections=draw(st.lists(sections, max_size=8)),
        reading=draw(st.one_of(st.none(), reading)),
    )


@settings(deadline=None)  # the machine may be busy; a hang is pytest-timeout's
@given(hostile_reports(), st.one_of(st.none(), st.integers(-1, 100000)))
def test_whatever_a_reader_leaves_judging_never_fails(report: Report, year: int | None):
    found = judge(report, Context(None, None, year)).findings
    allowed = {spec.id: {spec.severity, *spec.milder} for spec in rules()}
    assert len({f.fingerprint for f in found}) == len(found)
    for finding in found:
        assert finding.severity in allowed[finding.rule]
        assert finding.basis
        assert "{" not in finding.basis
        assert finding.expected is not None
        assert finding.actual is not None
        assert finding.cause == "document" or "请对照原文核对" in finding.message
