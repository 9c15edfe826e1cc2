"""The samples of the demo and its register of bodies."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from infra.demo.samples import REGISTER, authored_samples, refused_samples, write_samples
from services.core.errors import REASONS

SEEDS = Path(__file__).parents[4] / "shared" / "seeds"


def register() -> list[dict[str, str]]:
    with REGISTER.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def test_samples_appear_in_the_drop_folder_as_described(tmp_path):
    samples = write_samples(tmp_path)
    assert {sample.place(tmp_path): sample.content for sample in samples} == {
        path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert [sample.expected.outcome for sample in samples] == ["stored", "stored", "rejected"]


def test_writing_twice_gives_the_same_files(tmp_path):
    assert write_samples(tmp_path) == write_samples(tmp_path)


def test_a_cell_to_be_named_prints_another_figure_than_belongs_there():
    slips = authored_samples()[1]
    assert set(slips.expected.cells) == {"table3.granted.natural", "table4.review.total"}
    for path, right in slips.expected.cells.items():
        assert slips.report is not None
        assert slips.report.figure(path) != right


def test_every_refusal_has_a_reason_from_the_catalogue():
    refused = [*refused_samples(), authored_samples()[2]]
    assert {sample.expected.reason for sample in refused} == {"encrypted", "empty", "damaged"}
    assert all(sample.expected.reason in REASONS for sample in refused)


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the folder with the two real reports is not beside this checkout")
def test_the_real_reports_follow_as_they_are(tmp_path):
    real = [sample for sample in write_samples(tmp_path, SEEDS) if sample.report is None]
    assert [sample.agency_code for sample in real] == ["tacheng-xiang", "tacheng-waiban"]
    assert {sample.content for sample in real} == {path.read_bytes() for path in SEEDS.iterdir()}


def test_unknown_files_beside_the_real_reports_are_left_alone(tmp_path):
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "notes.txt").write_text("x", encoding="utf-8")
    assert len(write_samples(tmp_path / "drop", tmp_path / "seeds")) == 3


def test_the_register_names_every_body_that_sends_a_sample():
    codes = {row["agency_code"]: row["agency_name"] for row in register() if row["contact_role"] == "agency"}
    for sample in authored_samples():
        assert sample.report is not None
        assert codes[sample.agency_code] == sample.report.agency
    assert {"tacheng-xiang", "tacheng-waiban"} <= set(codes)


def test_the_register_has_reviewers_of_all_bodies_and_invented_addresses_only():
    assert list(register()[0]) == [
        "agency_code", "agency_name", "level", "contact_role", "contact_name", "contact_email",
    ]  # fmt: skip
    assert {row["contact_role"] for row in register()} == {"agency", "reviewer"}
    assert all((row["agency_code"] == "*") is (row["contact_role"] == "reviewer") for row in register())
    assert all(row["contact_email"].endswith("example.test") for row in register())
