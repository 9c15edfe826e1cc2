"""Verdicts given anew when something they rest on has changed, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest
from sqlalchemy import select

from services.core.contracts import RENEW, SEND
from services.core.finding import Cause as Fault
from services.core.finding import Finding, Severity
from services.core.lifecycle import MailState
from services.core.report import Report
from services.notify.outbox import Compose
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import FindingRow, Mail, Notice, Renewal, ReportRow
from services.platform.db.repositories import ledger, renewals
from services.platform.stage_task import run
from services.platform.sweeper import sweep_once
from services.validate import renewal, tasks
from services.validate.renewal import Renew
from services.validate.rules.example import TALLYING, a_year_before
from services.validate.rules.sheet import Context
from tests.unit.platform.ground import Ground
from tests.unit.validate.kept import grow, hand_in, read

COUNTY = (("x", None, "county", "某县人民政府"), ("a1", "x", "department", "某县甲局"), ("a2", "x", "", "某县乙局"))
REPORT = TALLYING.model_copy(update={"agency": None})


def finding(name: str, cause: Fault = "document", severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        rule="Y1", severity=severity, where=["table3.carried_in.total"], expected=1, actual=2, cause=cause,
        message=f"{name}不符。", basis="表三", fingerprint=name.encode().hex()[:16],
    )  # fmt: skip


def stand_in_judge(report: Report, context: Context) -> Report:
    """Finds what is known, so that tests see which verdict is stored."""
    found = []
    if context.last_year is not None:
        found.append(finding(f"上年{context.last_year.figure('table2.licences')}"))
    found += [finding(f"下级{part.code}", severity=Severity.WARNING) for part in context.parts if part.report]
    if context.earlier is not None:
        found.append(finding("前版", cause="unclear"))
    return report.with_findings(found)


def last_year(licences: int = 320) -> Report:
    return a_year_before({"table2.licences": licences})


def renew(row: Any) -> None:
    assert run(Renew(), row.id, hand_on=lambda _follow: None)


def due(ground: Ground) -> list[Renewal]:
    return [row for row in ground.rows(Renewal) if row.state == "due"]


def compose_all(ground: Ground) -> None:
    for notice in ground.rows(Notice):
        if notice.state == "pending":
            run(Compose(), notice.id, hand_on=lambda _follow: None)


def send_all(ground: Ground) -> None:
    for mail in ground.rows(Mail):
        if mail.state == "queued":
            ground.step(SEND, mail.id, MailState.SENT)


def tell(ground: Ground) -> None:
    compose_all(ground)
    send_all(ground)


def messages(report_id: int) -> list[str]:
    with reading() as session:
        bodies = session.scalars(
            select(FindingRow.body).where(FindingRow.report_id == report_id).order_by(FindingRow.position)
        )
        return [body["message"] for body in bodies]


def report_of(ground: Ground, submission_id: int) -> ReportRow:
    (row,) = [row for row in ground.rows(ReportRow) if row.submission_id == submission_id]
    assert isinstance(row, ReportRow)
    return row


def to_agency(ground: Ground, submission_id: int) -> list[tuple[str, str]]:
    """State and text of the mails to the agency about a submission."""
    mails = [mail for mail in ground.rows(Mail) if mail.submission_id == submission_id and mail.role == "agency"]
    return [(mail.state, _text(mail.raw)) for mail in mails]


def _text(raw: bytes) -> str:
    body = message_from_bytes(raw, policy=policy.default).get_body(("plain",))
    return str(body.get_content()) if body else ""


class Renewing:
    """Run on SQLite and on PostgreSQL."""

    @pytest.fixture(autouse=True)
    def house(self, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Three bodies, and a judge that says what it knows; in the end the books balance."""
        ground.register("a1", "a2", "x")
        for module in (tasks, renewal):
            monkeypatch.setattr(module, "judge", stand_in_judge)
        yield
        with reading() as session:
            assert ledger.count(session).faults == []

    # whom a new report concerns

    def test_last_years_report_that_comes_late_has_this_years_judged_anew(self, ground: Ground) -> None:
        row = hand_in(ground, "a1", REPORT)
        assert due(ground) == []
        hand_in(ground, "a1", last_year(7), year_hint=2023)
        (wish,) = due(ground)
        report = report_of(ground, row)
        assert (wish.report_id, wish.cause, wish.mail) == (report.id, "last_year", True)
        renew(wish)
        assert messages(report.id) == ["上年7不符。"]
        after = report_of(ground, row)
        assert (after.verdict, after.errors, after.revision) == (2, 1, 1)
        (done,) = ground.rows(Renewal)
        assert (done.state, [f["message"] for f in done.added], done.removed) == ("renewed", ["上年7不符。"], [])

    def test_a_report_that_nothing_rests_on_concerns_nobody(self, ground: Ground) -> None:
        hand_in(ground, "a1", last_year(), year_hint=2023)
        hand_in(ground, "a1", REPORT)
        hand_in(ground, "a2", last_year(), year_hint=2023)
        hand_in(ground, "a2", REPORT.model_copy(update={"year": 2026}), year_hint=2026)
        assert ground.rows(Renewal) == []

    def test_a_part_that_reports_has_the_areas_report_judged_anew(self, ground: Ground) -> None:
        grow(2024, *COUNTY)
        area = hand_in(ground, "x", REPORT)
        hand_in(ground, "a1", REPORT)
        hand_in(ground, "a2", REPORT)
        (wish,) = due(ground)
        assert (wish.report_id, wish.cause) == (report_of(ground, area).id, "part"), "one that waits serves for both"
        renew(wish)
        assert messages(wish.report_id) == ["下级a1不符。", "下级a2不符。"]

    def test_an_older_version_that_is_judged_late_has_the_newer_one_judged_anew(self, ground: Ground) -> None:
        older, newer = read(ground, "a1", REPORT), read(ground, "a1", REPORT)
        for row in (newer, older):
            run(tasks.Judge(), row, hand_on=lambda _follow: None)
        (wish,) = due(ground)
        assert (wish.report_id, wish.cause) == (report_of(ground, newer).id, "earlier")
        renew(wish)
        assert messages(wish.report_id) == ["前版不符。"]

    @pytest.mark.parametrize("first", ["this year's", "last year's"])
    def test_two_years_judged_at_the_same_moment_do_not_miss_each_other(self, ground: Ground, first: str) -> None:
        this, last = read(ground, "a1", REPORT), read(ground, "a1", last_year(7), year_hint=2023)
        inner, outer = (this, last) if first == "this year's" else (last, this)

        class Overtaken(tasks.Judge):
            def perform(self, held: Any, seen: Any) -> Any:
                judged = super().perform(held, seen)
                run(tasks.Judge(), inner, hand_on=lambda _follow: None)
                return judged

        run(Overtaken(), outer, hand_on=lambda _follow: None)
        for wish in due(ground):
            renew(wish)
        assert messages(report_of(ground, this).id) == ["上年7不符。"]

    def test_two_years_in_one_document_end_up_knowing_each_other(self, ground: Ground) -> None:
        hand_in(ground, "a1", REPORT, last_year(7))
        for wish in due(ground):
            renew(wish)
        (this,) = [row for row in ground.rows(ReportRow) if row.year == 2024]
        assert messages(this.id) == ["上年7不符。"]

    # what comes of it

    def test_a_new_verdict_that_says_the_same_tells_nobody(self, ground: Ground) -> None:
        hand_in(ground, "a1", last_year(7), year_hint=2023)
        row = hand_in(ground, "a1", REPORT)
        tell(ground)
        hand_in(ground, "a1", last_year(7), year_hint=2023)
        renew(due(ground)[0])
        tell(ground)
        assert len(to_agency(ground, row)) == 1
        assert report_of(ground, row).verdict == 2

    def test_the_agency_is_told_once_when_what_it_is_told_about_has_changed(self, ground: Ground) -> None:
        row = hand_in(ground, "a1", REPORT)
        tell(ground)
        hand_in(ground, "a1", last_year(7), year_hint=2023)
        renew(due(ground)[0])
        tell(ground)
        told = to_agency(ground, row)
        assert [state for state, _ in told] == ["sent", "sent"]
        assert "上年7不符" in told[1][1]
        assert "上一年度" in told[1][1], "it says why it comes"
        assert "第 1 版" in told[1][1], "nobody has handed in a second one"

    def test_what_the_agency_is_not_told_about_sends_no_mail(self, ground: Ground) -> None:
        older, newer = read(ground, "a1", REPORT), read(ground, "a1", REPORT)
        run(tasks.Judge(), newer, hand_on=lambda _follow: None)
        tell(ground)
        mails = len(ground.rows(Mail))
        run(tasks.Judge(), older, hand_on=lambda _follow: None)
        renew(due(ground)[0])
        tell(ground)
        assert messages(report_of(ground, newer).id) == ["前版不符。"]
        assert len(ground.rows(Mail)) == mails

    def test_the_same_is_never_said_twice_even_when_a_verdict_comes_back(self, ground: Ground) -> None:
        row = hand_in(ground, "a1", REPORT)
        tell(ground)
        for licences in (7, 8, 7):
            hand_in(ground, "a1", last_year(licences), year_hint=2023)
            renew(due(ground)[0])
            tell(ground)
        texts = [text for _, text in to_agency(ground, row)]
        assert [[n for n in "78" if f"上年{n}不符" in text] for text in texts] == [[], ["7"], ["8"]]

    def test_mails_that_wait_with_the_old_verdict_are_not_sent_any_more(self, ground: Ground) -> None:
        row = hand_in(ground, "a1", REPORT)
        compose_all(ground)
        hand_in(ground, "a1", last_year(7), year_hint=2023)
        renew(due(ground)[0])
        tell(ground)
        assert [state for state, _ in to_agency(ground, row)] == ["cancelled", "sent"]

    def test_a_notice_that_still_waits_speaks_of_the_new_verdict_and_is_the_only_one(self, ground: Ground) -> None:
        row = hand_in(ground, "a1", REPORT)
        hand_in(ground, "a1", last_year(7), year_hint=2023)
        renew(due(ground)[0])
        assert len([notice for notice in ground.rows(Notice) if notice.submission_id == row]) == 1
        tell(ground)
        ((state, text),) = to_agency(ground, row)
        assert state == "sent"
        assert "上年7不符" in text
        assert "上一年度的报告后" not in text, "it is the first that the agency hears"

    def test_a_mail_that_is_being_written_meanwhile_is_written_once_more(self, ground: Ground) -> None:
        row = hand_in(ground, "a1", REPORT)
        (notice,) = ground.rows(Notice)

        class Overtaken(Compose):
            def perform(self, held: Any, seen: Any) -> Any:
                drafts = super().perform(held, seen)
                hand_in(ground, "a1", last_year(7), year_hint=2023)
                renew(due(ground)[0])
                return drafts

        run(Overtaken(), notice.id, hand_on=lambda _follow: None)
        assert to_agency(ground, row) == []
        ground.make_due("notice", notice.id)
        tell(ground)
        ((_, text),) = to_agency(ground, row)
        assert "上年7不符" in text

    # when things cross

    def test_a_report_that_was_superseded_meanwhile_is_left_alone(self, ground: Ground) -> None:
        row = hand_in(ground, "a1", REPORT)
        hand_in(ground, "a1", last_year(7), year_hint=2023)
        (wish,) = due(ground)
        hand_in(ground, "a1", REPORT)
        renew(wish)
        assert ground.state("renewal", wish.id) == "outdated"
        assert report_of(ground, row).verdict == 1

    def test_whoever_was_overtaken_judges_once_more(self, ground: Ground) -> None:
        row = hand_in(ground, "a1", REPORT)
        hand_in(ground, "a1", last_year(7), year_hint=2023)
        (wish,) = due(ground)

        class Slow(Renew):
            def perform(self, held: Any, seen: Any) -> Any:
                stale = super().perform(held, seen)
                hand_in(ground, "a1", last_year(8), year_hint=2023)
                renew(due(ground)[0])
                return stale

        assert run(Slow(), wish.id, hand_on=lambda _follow: None)
        assert ground.state("renewal", wish.id) == "due"
        ground.make_due("renewal", wish.id)
        renew(wish)
        assert messages(report_of(ground, row).id) == ["上年8不符。"]

    # when a person asks

    def test_a_person_may_have_every_current_report_judged_anew_without_a_mail(
        self, ground: Ground, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hand_in(ground, "a2", REPORT)
        older, row = hand_in(ground, "a1", REPORT), hand_in(ground, "a1", REPORT)
        tell(ground)
        mails = len(ground.rows(Mail))
        monkeypatch.setattr(renewal, "judge", lambda report, _: report.with_findings([finding("新规")]))
        with unit_of_work() as session:
            assert renewals.wish_all(session, mail=False, actor="operator") == 2
            assert renewals.wish_all(session, mail=False, actor="operator") == 0, "they wait already"
        while run(Renew(), None, hand_on=lambda _follow: None):
            pass
        tell(ground)
        assert messages(report_of(ground, row).id) == ["新规不符。"]
        assert report_of(ground, row).renewed_for == "rules"
        assert report_of(ground, older).verdict == 1
        assert len(ground.rows(Mail)) == mails
        assert RENEW.queue == "renew"

    def test_a_silent_wish_that_waits_speaks_when_a_neighbour_comes(self, ground: Ground) -> None:
        row = hand_in(ground, "a1", REPORT)
        tell(ground)
        with unit_of_work() as session:
            renewals.wish_all(session, mail=False, actor="operator")
        hand_in(ground, "a1", last_year(7), year_hint=2023)
        (wish,) = due(ground)
        assert (wish.mail, wish.cause) == (True, "last_year")
        renew(wish)
        tell(ground)
        assert len(to_agency(ground, row)) == 2

    def test_a_worker_that_dies_leaves_the_wish_to_the_sweep(self, ground: Ground) -> None:
        hand_in(ground, "a1", REPORT)
        with unit_of_work() as session:
            renewals.wish_all(session, mail=False, actor="operator")
        (wish,) = due(ground)
        ground.held(RENEW, wish.id)
        assert not run(Renew(), wish.id)
        ground.end_lease("renewal", wish.id)
        sweep_once(ground.config)
        assert ("validate.renew", wish.id) in ground.nudged
        renew(wish)
