"""`make docs` writes pages from the program; none of them may be stale, wrong or incomplete."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from infra.demo.samples import authored_samples, refused_samples
from infra.docs import flow_picture, lifecycle_page, pages, reasons_page, result_schema, settings_table
from services.cli.check import check_file
from services.core.errors import REASONS
from services.core.lifecycle import LEGAL
from services.ingest.extract import make_reading_room
from services.platform.settings import Settings
from services.validate.judge import Context

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = result_schema.schema()
ANY_BODY = Context(body_code=None, body_name=None, expected_year=None, received_on=None)


def test_no_generated_page_is_stale() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.docs", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A project with transcripts and with READMEs that hold nothing but their marks."""
    shutil.copytree(ROOT / "docs" / "transcripts", tmp_path / "docs" / "transcripts")
    for readme, passages in pages.PASSAGES.items():
        marks = "\n".join(f"<!-- {name}:begin -->\nSTALE\n<!-- {name}:end -->" for name in passages)
        (tmp_path / readme).write_text(f"before\n{marks}\nafter\n", encoding="utf-8")
    return tmp_path


def test_a_stale_page_is_named_and_written_anew(copy: Path) -> None:
    assert set(pages.stale(copy)) == {*pages.PAGES, *pages.PASSAGES}
    assert set(pages.write(copy)) == {*pages.PAGES, *pages.PASSAGES}
    assert pages.stale(copy) == []
    text = (copy / "README.md").read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- demo:begin -->\n```text\n$ make demo ARGS=--once\n")
    assert text.endswith("<!-- settings:end -->\nafter\n")
    assert "STALE" not in text
    (copy / "docs" / "reasons.md").unlink()
    assert pages.stale(copy) == ["docs/reasons.md"]


def test_a_page_without_its_marks_is_an_error(copy: Path) -> None:
    (copy / "README.md").write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="demo:begin"):
        pages.stale(copy)


def test_wrong_usage_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.docs", "--chek"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 64


# the settings


def test_every_setting_has_a_line_in_both_languages() -> None:
    for table in (settings_table.english(), settings_table.chinese()):
        lines = table.splitlines()[2:]
        assert [line.split("`")[1] for line in lines] == [f"GOUJI_{name.upper()}" for name in Settings.model_fields]
        assert all(len(line.split(" | ")[2]) > 5 for line in lines)
    assert set(settings_table.CHINESE) == set(Settings.model_fields)


def test_defaults_are_shown_as_one_would_write_them() -> None:
    table = settings_table.english()
    assert "| `GOUJI_S3_SECURE` | `false` |" in table
    assert "| `GOUJI_MAX_PAGES` | `300` |" in table
    assert "| `GOUJI_HOOK_TOKEN` | (empty) |" in table
    assert "| `GOUJI_DROP_FOLDER` | `.gouji/drop` |" in table


# the reasons and the lifecycle


def test_every_reason_has_its_line() -> None:
    page = reasons_page.page()
    assert all(f"| `{code}` |" in page for code in REASONS)
    assert "{detail}" not in page


@pytest.mark.parametrize("subject", LEGAL)
def test_every_transition_is_drawn(subject: str) -> None:
    drawn = lifecycle_page.diagram(subject)
    edges: Any = LEGAL[subject]
    for before, afters in edges.items():
        for after in afters:
            assert f"    {before or '[*]'} --> {after}\n" in f"{drawn}\n"


def test_every_state_is_explained() -> None:
    states = {(type(state), state) for edges in LEGAL.values() for state in edges if state is not None}
    assert set(lifecycle_page.MEANINGS) == states


def test_a_state_that_two_kinds_of_rows_have_is_explained_for_each() -> None:
    page = lifecycle_page.page()
    submissions, notices = page.split("## Notice")[0], page.split("## Notice")[1]
    assert "Kept until an operator replays it." in submissions
    assert "Composing failed for good" not in submissions
    assert "Composing failed for good" in notices


# the picture


@pytest.mark.parametrize("words", [flow_picture.ENGLISH, flow_picture.CHINESE], ids=["en", "zh"])
def test_the_picture_is_well_formed_and_names_every_stage(words: flow_picture.Words) -> None:
    drawn = flow_picture.drawing(words)
    shown = {element.text for element in ET.fromstring(drawn).iter() if element.text}
    assert {title for title, _ in (*words.sources, *words.stages)} <= shown


# the result's schema


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("sample", [*authored_samples(), *refused_samples()], ids=lambda s: f"{s.agency_code}-{s.name}")
def test_real_results_of_the_samples_fit_the_schema(sample: Any, tmp_path: Path) -> None:
    file = tmp_path / sample.name
    file.write_bytes(sample.content)
    with make_reading_room(Settings()) as room:
        document = check_file(room, file, ANY_BODY)
    published = json.loads(json.dumps(document.published(), ensure_ascii=False))
    jsonschema.validate(published, SCHEMA)
    assert published["reports"]


def _example() -> dict[str, Any]:
    """A result with every kind of value that the shape knows."""
    row = [0, 0, 0, 0, 0, 0, 0]
    return {
        "file": "name.pdf",
        "sha256": "0" * 64,
        "format": "pdf-scan",
        "engine": "reader 1",
        "seconds": 0.25,
        "reports": [
            {
                "agency": "某某乡人民政府",
                "year": 2024,
                "date": None,
                "layout": {"table2": "2021", "table3": "2019", "table4": None},
                "status": "review",
                "reason": "个别数字没有把握。",
                "table2": {"regulations": [0, 0, None], "licences": 10, "fees": 0.5},
                "table3": {"rows": {"new": row, "carried_in": [1, None, 0, 0, 0, 0, 1], "other_all": None}},
                "table4": {"review": {"upheld": 0, "corrected": 0, "other": 0, "pending": None, "total": 0}},
                "uncertain": ["table3.new.natural"],
                "cells": {
                    "table3.new.natural": {
                        "page": 3, "bbox": [1.0, 2.0, 3.5, 4.0], "line": None, "column": None,
                        "text": "０", "kind": "number", "confidence": 0.5,
                    },
                    "table4.review.pending": {
                        "page": None, "bbox": None, "line": 7, "column": 2, "text": "-", "kind": "dash", "confidence": 1,
                    },
                },
                "sections": [{"key": "overview", "title": "一、总体情况", "page": 1}],
                "claims": [
                    {"kind": "applications_received", "value": 58, "quote": "58 件", "page": 1, "scope": "own"}
                ],
                "findings": [
                    {
                        "rule": "T3-1", "version": 1, "severity": "error", "where": ["table3.granted.total"],
                        "expected": 8, "actual": 7, "message": "……", "basis": "……", "cause": "document",
                        "repair": [{"cell": "table3.granted.natural", "from": 5, "to": 4, "settles": ["a" * 16]}],
                        "fingerprint": "a" * 16,
                    }
                ],
            }
        ],
    }  # fmt: skip


def test_a_whole_example_fits_the_schema() -> None:
    jsonschema.validate(_example(), SCHEMA)


def _spoilt(path: str, value: Any) -> dict[str, Any]:
    """The example with one value replaced; the value `...` takes the key away."""
    example = _example()
    node: Any = example
    *way, last = path.split("/")
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node[step]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return example


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sha256", "abc"),
        ("format", "exe"),
        ("seconds", "quick"),
        ("reports/0/status", "fine"),
        ("reports/0/agency", ...),
        ("reports/0/reading", {}),
        ("reports/0/table3/rows/new", [0, 0]),
        ("reports/0/table3/rows/invented", None),
        ("reports/0/table2/invented", 1),
        ("reports/0/table4/review/invented", 1),
        ("reports/0/cells/table3.new.natural/page", 0),
        ("reports/0/cells/table3.new.natural/confidence", 1.5),
        ("reports/0/findings/0/severity", "grave"),
        ("reports/0/sections/0/text", "prose is not published"),
    ],
)
def test_what_breaks_the_contract_is_refused(path: str, value: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_spoilt(path, value), SCHEMA)
