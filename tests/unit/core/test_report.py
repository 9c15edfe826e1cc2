"""The result's shape: exact figures, strict keys, and what is left out of the published object."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.core.finding import Finding, Repair, Severity, fingerprint
from services.core.form import form
from services.core.report import Cell, Document, Format, Kind, Layout, Reading, Report, SectionFound, Table3

ROW = [1, 0, None, 0, 0, 0, 1]
REPORT = Report(
    agency="青禾县教育局",
    year=2024,
    layout=Layout(table2="2021", table3="2021", table4="2021"),
    status="ok",
    table2={"regulations": [0, None, 3], "licences": 10, "fees": Decimal("0.000001")},
    table3=Table3(rows={"new": ROW, "carried_in": None}),
    table4={"review": {"upheld": 2, "total": 2}},
    cells={"table3.new.natural": Cell(page=3, bbox=(1.5, 2, 3, 4), text="１", kind=Kind.NUMBER, confidence=0.99)},
    sections=[SectionFound(key="overview", title="一、总体情况", page=1, text="正文不公开")],
    findings=[
        Finding(
            rule="T3-1",
            severity=Severity.ERROR,
            where=["table3.new.total"],
            expected=8,
            actual=7,
            message="…",
            basis="…",
            repair=[Repair(cell="table3.new.natural", from_=5, to=4)],
        )
    ],
    reading=Reading(signature="内部"),
)
DOCUMENT = Document(file="a.pdf", sha256="a" * 64, format=Format.PDF, engine="x 1", reports=[REPORT])


def test_a_document_comes_back_from_json_as_it_was() -> None:
    assert Document.model_validate_json(DOCUMENT.model_dump_json()) == DOCUMENT


# 15 significant digits are what a double carries for certain
MONEY = st.decimals(min_value=0, max_value=10**9, places=6, allow_nan=False, allow_infinity=False)


@given(MONEY)
def test_money_keeps_every_digit_through_json(value: Decimal) -> None:
    report = Report(status="ok", table2={"fees": value})
    back = Report.model_validate_json(report.model_dump_json()).figure("table2.fees")
    assert back is not None
    assert Decimal(back) == value


@given(st.integers(min_value=-(10**15), max_value=10**15) | st.none())
def test_counts_stay_whole_numbers_and_blank_stays_blank(value: int | None) -> None:
    report = Report(status="ok", table3=Table3(rows={"new": [value] * 7}))
    told = json.loads(report.model_dump_json())["table3"]["rows"]["new"]
    assert told == [value] * 7
    assert all(type(figure) is type(value) for figure in told)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_figure_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        Report.model_validate({"status": "ok", "table2": {"fees": float(value)}})


def test_the_published_object_hides_prose_and_reading_notes() -> None:
    told = DOCUMENT.published()
    (report,) = told["reports"]
    assert "reading" not in report
    assert report["sections"] == [{"key": "overview", "title": "一、总体情况", "page": 1}]
    assert "正文不公开" not in json.dumps(told, ensure_ascii=False)
    assert "内部" not in json.dumps(told, ensure_ascii=False)
    assert report["findings"][0]["repair"] == [{"cell": "table3.new.natural", "from": 5, "to": 4, "settles": []}]
    assert report["cells"]["table3.new.natural"]["kind"] == "number"
    assert report["table2"] == {"regulations": [0, None, 3], "licences": 10, "fees": 1e-06}


def test_hiding_changes_nothing_in_the_document_itself() -> None:
    DOCUMENT.published()
    assert DOCUMENT.reports[0].sections[0].text == "正文不公开"


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (Document, {**DOCUMENT.model_dump(), "path": "/srv"}),
        (Report, {"status": "ok", "note": "x"}),
        (Cell, {"text": "1", "kind": "number", "confidence": 1, "colour": "red"}),
        (Finding, {"rule": "x", "severity": "error", "message": "", "basis": "", "why": ""}),
        (Report, {"status": "fine"}),
        (Cell, {"text": "1", "kind": "number", "confidence": 1.1}),
        (Cell, {"text": "1" * 501, "kind": "number", "confidence": 1}),
        (Cell, {"text": "1", "kind": "number", "confidence": 1, "page": 0}),
        (Document, {**DOCUMENT.model_dump(), "sha256": "A" * 64}),
    ],
)
def test_unknown_keys_and_impossible_values_are_refused(model, body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(body)


def test_results_are_frozen() -> None:
    with pytest.raises(ValidationError):
        REPORT.status = "review"  # type: ignore[misc]  # what the test is about


@pytest.mark.parametrize(
    ("path", "figure"),
    [
        ("table2.licences", 10),
        ("table2.regulations.2", 3),
        ("table2.regulations.1", None),
        ("table2.regulations.9", None),
        ("table2.regulations", None),
        ("table2.nowhere", None),
        ("table3.new.natural", 1),
        ("table3.new.total", 1),
        ("table3.carried_in.total", None),
        ("table3.new", None),
        ("table3.new.nowhere", None),
        ("table4.review.total", 2),
        ("table4.direct.total", None),
        ("table4.review", None),
    ],
)
def test_figures_are_found_by_path_and_missing_ones_are_none(path: str, figure: int | None) -> None:
    assert REPORT.figure(path) == figure


def test_all_figures_at_once_are_those_that_are_found_by_path() -> None:
    report = REPORT
    figures = report.figures()
    assert {path: report.figure(path) for path in figures} == figures
    paths = {path for table in ("table2", "table3", "table4") for path in form("2021").paths(table)}
    assert {path for path in paths if report.figure(path) is not None} <= set(figures)
    assert Report(status="failed").figures() == {}


def test_figures_of_absent_tables_are_none() -> None:
    empty = Report(status="failed")
    for table in ("table2", "table3", "table4"):
        assert all(empty.figure(path) is None for path in form("2021").paths(table))


def test_the_schema_file_is_the_schema_of_the_model() -> None:
    file = Path(__file__).parents[3] / "docs" / "result.schema.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    hidden = {"reading"}
    properties = set(told["$defs"]["Report"]["properties"])
    assert properties == set(Report.model_fields) - hidden
    assert set(told["properties"]) == set(Document.model_fields) - {"needs"}


# fingerprints


def test_a_finding_keeps_its_name_when_rules_are_reworded_or_cells_are_listed_otherwise() -> None:
    name = fingerprint("a1", 2024, "T3-1", ["x", "y"], [8, 7])
    assert name == fingerprint("a1", 2024, "T3-1", ["y", "x"], [8, 7])
    assert len(name) == 16
    assert int(name, 16) >= 0


@pytest.mark.parametrize(
    "other",
    [
        ("a2", 2024, "T3-1", ["x", "y"], [8, 7]),
        ("a1", 2023, "T3-1", ["x", "y"], [8, 7]),
        ("a1", None, "T3-1", ["x", "y"], [8, 7]),
        ("a1", 2024, "T3-2", ["x", "y"], [8, 7]),
        ("a1", 2024, "T3-1", ["x"], [8, 7]),
        ("a1", 2024, "T3-1", ["x", "y"], [7, 8]),
        ("a1", 2024, "T3-1", ["x", "y"], [8, None]),
        ("a1", 2024, "T3-1", ["x", "y"], [87]),
    ],
)
def test_another_body_year_rule_cell_or_value_is_another_finding(other: tuple[Any, ...]) -> None:
    assert fingerprint(*other) != fingerprint("a1", 2024, "T3-1", ["x", "y"], [8, 7])


@pytest.mark.parametrize(
    ("cause", "severity", "told"),
    [
        ("document", Severity.ERROR, True),
        ("document", Severity.WARNING, True),
        ("document", Severity.INFO, False),
        ("extraction", Severity.ERROR, False),
        ("unclear", Severity.ERROR, False),
    ],
)
def test_an_agency_is_told_only_what_its_document_itself_prints(cause, severity: Severity, told: bool) -> None:
    found = Finding(rule="x", severity=severity, message="", basis="", cause=cause)
    assert found.for_agency is told
