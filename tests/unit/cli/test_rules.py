"""The rule book at the command line, and all stored reports judged anew."""

from __future__ import annotations

import json

import pytest

from services.core.errors import CrashedError
from services.core.report import Report
from services.platform.db.models import FindingRow, Mail, Notice, Renewal, ReportRow, Transition
from services.platform.stage_task import run
from services.platform.sweeper import sweep_once
from services.validate import registry, renewal, tasks
from services.validate.renewal import Renew
from services.validate.rules.example import TALLYING, with_figures
from tests.unit.platform.ground import Ground
from tests.unit.validate.kept import hand_in
from tests.unit.validate.renewing import compose_all, finding, tell

CELL = "table4.review.total"
WRONG = with_figures(TALLYING, {CELL: 9})
OLD = finding("旧规").model_copy(update={"rule": "T4-1"})


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.cli.findings_table.WIDTH_WITHOUT_TERMINAL", 300)


@pytest.fixture
def old_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are judged by one rule when they come in, whatever the rule book says by now."""
    monkeypatch.setattr(
        tasks, "judge", lambda report, _: report.with_findings([OLD] if report.figure(CELL) == 9 else [])
    )


# the book


@pytest.mark.usefixtures("wide")
def test_the_list_names_every_rule_with_severity_version_and_scope(gouji) -> None:
    status, printed = gouji("rules", "list")
    assert status == 0
    assert all(f" {spec.id} " in printed for spec in registry.rules())
    listed = [json.loads(line) for line in gouji("rules", "list", "--json")[1].splitlines()]
    assert [spec["rule"] for spec in listed] == [spec.id for spec in registry.rules()]
    assert all(spec["title"] and spec["version"] >= 1 for spec in listed)


def test_the_list_may_be_of_one_year(gouji) -> None:
    listed = [json.loads(line)["rule"] for line in gouji("rules", "list", "--json", "--year", "2019")[1].splitlines()]
    assert listed == [spec.id for spec in registry.rules(year=2019)]


def test_a_rule_is_explained_with_its_texts_basis_and_an_example(gouji) -> None:
    spec = next(spec for spec in registry.rules() if spec.id == "T3-2")
    status, printed = gouji("rules", "explain", "t3-2")
    assert status == 0
    squeezed = printed.replace("\n", "")
    for words in (spec.title, spec.explanation, spec.basis_for(None), "示例"):
        assert words.replace("\n", "") in squeezed


def test_every_rule_can_be_explained(gouji) -> None:
    for spec in registry.rules():
        assert gouji("rules", "explain", spec.id)[0] == 0


def test_a_rule_that_is_not_there_is_wrong_usage(gouji) -> None:
    assert gouji("rules", "explain", "T9-9")[0] == 64


# a trial run


def counts(ground: Ground) -> list[int]:
    return [ground.count(table) for table in (ReportRow, FindingRow, Mail, Notice, Renewal, Transition)]


def test_a_trial_run_with_the_same_rules_would_change_nothing(gouji, ground: Ground) -> None:
    ground.register("a1", name=TALLYING.agency)
    hand_in(ground, "a1", WRONG)
    status, printed = gouji("rules", "dry-run")
    assert status == 0
    assert "试核 1 份报告：0 份的结果会变" in printed


@pytest.mark.usefixtures("wide", "old_rules")
def test_a_trial_run_shows_what_would_come_and_go_and_writes_nothing(gouji, ground: Ground, monkeypatch) -> None:
    ground.register("a1", "a2", name=TALLYING.agency)
    hand_in(ground, "a1", WRONG)
    hand_in(ground, "a1", WRONG)
    hand_in(ground, "a2", TALLYING)
    before = counts(ground)
    stored = ground.rows(ReportRow)[1]
    monkeypatch.setattr(renewal, "judge", lambda report, _: report.with_findings([finding("新规")]))
    status, printed = gouji("rules", "dry-run")
    assert status == 0
    assert "试核 2 份报告：2 份的结果会变（其中 2 份告知单位的内容会变），新增 2 处，消除 1 处" in printed
    assert "+ Y1 " in printed
    assert "- T4-1 " in printed
    told = [json.loads(line) for line in gouji("rules", "dry-run", "--json")[1].splitlines()]
    (gone,) = [change for change in told if change["change"] == "removed"]
    assert gone["rule"] == "T4-1"
    assert gone["ref"] == ground.row("submission", stored.submission_id).ref
    assert "试核 2 份报告：1 份的结果会变" in gouji("rules", "dry-run", "--rule", "t4-1")[1]
    assert counts(ground) == before


# for good


@pytest.mark.usefixtures("old_rules")
def test_all_reports_are_judged_anew_and_a_second_run_changes_nothing(gouji, ground: Ground, monkeypatch) -> None:
    ground.register("a1", "a2", name=TALLYING.agency)
    hand_in(ground, "a1", WRONG)
    hand_in(ground, "a2", TALLYING)
    tell(ground)
    mails = ground.count(Mail)
    monkeypatch.setattr(renewal, "judge", lambda report, _: report.with_findings([finding("新规")]))
    assert gouji("rejudge") == (0, "已重新核对 2 份报告，其中 2 份的结果有变化：新增 2 处，消除 1 处。\n")
    assert gouji("rejudge") == (0, "已重新核对 2 份报告，其中 0 份的结果有变化：新增 0 处，消除 0 处。\n")
    compose_all(ground)
    assert ground.count(Mail) == mails


@pytest.mark.usefixtures("old_rules")
def test_agencies_are_told_when_that_is_asked_for(gouji, ground: Ground, monkeypatch) -> None:
    ground.register("a1", name=TALLYING.agency)
    hand_in(ground, "a1", TALLYING)
    tell(ground)
    monkeypatch.setattr(renewal, "judge", lambda report, _: report.with_findings([finding("新规")]))
    assert gouji("rejudge", "--mail")[0] == 0
    tell(ground)
    assert [mail.kind for mail in ground.rows(Mail) if mail.role == "agency"] == ["receipt", "verdict"]


def test_a_run_that_was_stopped_goes_on_where_it_was(gouji, ground: Ground, monkeypatch) -> None:
    ground.register("a1", name=TALLYING.agency)
    for year in (2021, 2022, 2023):
        hand_in(ground, "a1", TALLYING.model_copy(update={"year": year}), year_hint=year)
    judged: list[int] = []

    def judge(report: Report, _: object) -> Report:
        if len(judged) == 1:
            raise KeyboardInterrupt
        judged.append(report.year or 0)
        return report.with_findings([])

    monkeypatch.setattr(renewal, "judge", judge)
    assert gouji("rejudge")[0] == 130

    def judge_on(report: Report, _: object) -> Report:
        judged.append(report.year or 0)
        return report

    monkeypatch.setattr(renewal, "judge", judge_on)
    for row in ground.rows(Renewal):
        if row.state == "renewing":  # held by the run that was stopped, until the lease is over
            ground.end_lease("renewal", row.id)
    sweep_once(ground.config)
    status, printed = gouji("rejudge")
    assert status == 0
    assert "上次还有 2 份没有核对完" in printed
    assert sorted(judged) == [2021, 2022, 2023]


@pytest.mark.usefixtures("old_rules")
def test_a_report_that_cannot_be_judged_is_told_and_keeps_its_verdict(gouji, ground: Ground, monkeypatch) -> None:
    ground.register("a1", name=TALLYING.agency)
    hand_in(ground, "a1", WRONG)
    found = ground.count(FindingRow)

    def judge(_report: Report, _context: object) -> Report:
        raise CrashedError("reader_timeout", "30 秒")

    monkeypatch.setattr(renewal, "judge", judge)
    status, printed = gouji("rejudge")
    assert status == 1
    assert "1 份没有核对成" in printed
    assert ground.count(FindingRow) == found
    assert not run(Renew(), None)
