"""Storing verdicts: revisions in whatever order they are judged, exact figures, and who is told about what."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from services.core.contracts import COMPOSE, EXTRACT, JUDGE, SEND
from services.core.finding import Finding, Severity
from services.core.lifecycle import MailState, SubmissionState
from services.core.report import Cell, Kind, Layout, Report, Table3
from services.notify.outbox import Compose
from services.platform.db import claims
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import CellRow, FindingRow, Mail, Notice, ReportRow, Submission
from services.platform.db.repositories import ledger, submissions
from services.platform.stage_task import run
from services.validate.store import HandIn, store_report
from tests.unit.platform.ground import Ground


@pytest.fixture(autouse=True)
def registered(ground: Ground) -> None:
    ground.register("a1")


def finding(name: str = "甲", severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        rule="T3-1", severity=severity, where=["table3.new.total"], expected=8, actual=7,
        message=f"{name}处不符。", basis="表三", fingerprint=name.encode().hex()[:16],
    )  # fmt: skip


def report(*findings: Finding, year: int | None = 2024, **fields: Any) -> Report:
    return Report(status="ok", year=year, findings=list(findings), **fields)


def judge(ground: Ground, row_id: int, told: Report) -> int | None:
    """Judge and store one report of a submission that waits for it; the notice to compose."""
    held = ground.held(JUDGE, row_id)
    with unit_of_work() as session:
        row = session.get_one(Submission, row_id)
        notice = store_report(session, HandIn.of(row), told, position=0, actor="w")
        claims.advance(session, held, SubmissionState.STORED, cause="done")
    return notice


def again(ground: Ground, row_id: int, told: Report) -> int | None:
    """Replay a stored submission and judge it anew."""
    with unit_of_work() as session:
        submissions.replay(session, row_id, actor="operator")
    ground.step(EXTRACT, row_id, SubmissionState.EXTRACTED)
    return judge(ground, row_id, told)


def compose(notice: int | None) -> None:
    assert notice is not None
    assert run(Compose(), notice)


def current(ground: Ground) -> list[tuple[int, int]]:
    return [(r.submission_id, r.revision) for r in ground.rows(ReportRow) if r.superseded_by is None]


def mails(ground: Ground, *states: MailState) -> list[Mail]:
    return [mail for mail in ground.rows(Mail) if not states or mail.state in states]


def books(ground: Ground) -> list[str]:
    with reading() as session:
        return ledger.count(session).faults


# what is kept


def test_cells_and_findings_are_stored_exactly(ground: Ground) -> None:
    told = report(
        finding("甲"),
        finding("乙", Severity.WARNING),
        finding("丙", Severity.INFO),
        agency="青禾县教育局",
        date="2025-01-20",
        layout=Layout(table2="2021", table3="2019"),
        table2={"fees": Decimal("1234567.000001"), "licences": None},
        table3=Table3(rows={"new": [1, None, -3, 0, 0, 0, 2]}),
        uncertain=["table3.new.social"],
        cells={
            "table2.fees": Cell(page=2, bbox=(1.234, 2, 3.005, 4), text="1234567.000001", kind=Kind.NUMBER, confidence=0.99),
            "table2.licences": Cell(line=3, column=4, text="／", kind=Kind.DASH, confidence=0.9),
            "table3.new.research": Cell(text="-3", kind=Kind.NUMBER, confidence=0.5),
            "table3.new.natural": Cell(text="１", kind=Kind.NUMBER, confidence=1),
        },
    )  # fmt: skip
    judge(ground, ground.extracted(), told)
    (row,) = ground.rows(ReportRow)
    assert (row.errors, row.warnings, row.infos, row.revision) == (1, 1, 1, 1)
    assert (row.agency_name, row.report_date, row.uncertain) == ("青禾县教育局", "2025-01-20", ["table3.new.social"])
    assert row.layout == {"table2": "2021", "table3": "2019", "table4": None}
    with reading() as session:
        cells = {cell.path: cell for cell in session.scalars(select(CellRow))}
        found = [
            Finding.model_validate(body)
            for body in session.scalars(select(FindingRow.body).order_by(FindingRow.position))
        ]
    assert {path: cell.value for path, cell in cells.items()} == {
        "table2.fees": Decimal("1234567.000001"),
        "table2.licences": None,
        "table3.new.research": -3,
        "table3.new.natural": 1,
    }
    assert (cells["table2.fees"].page, cells["table2.fees"].bbox) == (2, "1.23,2.00,3.00,4.00")
    licences = cells["table2.licences"]
    assert (licences.line, licences.column, licences.text, licences.kind) == (3, 4, "／", "dash")
    assert found == told.findings


def test_without_a_year_in_the_document_the_senders_counts_and_without_both_none(ground: Ground) -> None:
    judge(ground, ground.extracted(year_hint=2023), report(year=None))
    judge(ground, ground.extracted(year_hint=None), report(year=None))
    assert [row.year for row in ground.rows(ReportRow)] == [2023, 0]


# which one counts


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["older judged first", "newer judged first"])
def test_the_newest_hand_in_counts_in_whatever_order_they_are_judged(ground: Ground, order: tuple[int, int]) -> None:
    rows = [ground.extracted(), ground.extracted()]
    notices: dict[int, int | None] = {}
    for which in order:
        notices[which] = judge(ground, rows[which], report(finding()))
    assert [submission for submission, _ in current(ground)] == [rows[1]]
    assert notices[1] is not None
    states = {notice.submission_id: notice.state for notice in ground.rows(Notice)}
    assert states == {rows[0]: "cancelled", rows[1]: "pending"}
    assert books(ground) == []


def test_other_years_and_other_bodies_supersede_nothing(ground: Ground) -> None:
    judge(ground, ground.extracted(), report(year=2023))
    judge(ground, ground.extracted(), report(year=2024))
    judge(ground, ground.extracted("a2"), report(year=2024))
    assert len(current(ground)) == 3


def test_an_old_hand_in_replayed_does_not_displace_the_newer_one(ground: Ground) -> None:
    old, new = ground.extracted(), ground.extracted()
    judge(ground, old, report(finding()))
    judge(ground, new, report())
    assert again(ground, old, report(finding())) is None
    assert [submission for submission, _ in current(ground)] == [new]


def test_two_reports_of_one_document_on_one_year_both_count(ground: Ground) -> None:
    row_id = ground.extracted()
    with unit_of_work() as session:
        row = session.get_one(Submission, row_id)
        for position in (0, 1):
            assert store_report(session, HandIn.of(row), report(), position=position, actor="w") is not None
    assert len(current(ground)) == 2


# who is still told


def test_a_newer_revision_cancels_what_was_not_yet_said_and_leaves_what_was(ground: Ground) -> None:
    first = ground.extracted()
    compose(judge(ground, first, report(finding())))
    said, unsaid = mails(ground)
    ground.step(SEND, said.id, MailState.SENT)
    judge(ground, ground.extracted(), report())
    assert [ground.state("mail", mail.id) for mail in (said, unsaid)] == ["sent", "cancelled"]
    assert ground.audit("mail", unsaid.id)[-1] == ("queued", "cancelled", "superseded")


def test_a_replay_with_the_same_result_tells_nobody_twice(ground: Ground) -> None:
    row_id = ground.extracted()
    compose(judge(ground, row_id, report(finding())))
    for mail in mails(ground):
        ground.step(SEND, mail.id, MailState.SENT)
    compose(again(ground, row_id, report(finding())))
    assert [mail.state for mail in mails(ground)] == ["sent", "sent"]


def test_a_replay_with_the_same_result_before_anybody_was_told_still_tells_everybody_once(ground: Ground) -> None:
    row_id = ground.extracted()
    compose(judge(ground, row_id, report(finding())))
    assert len(mails(ground, MailState.QUEUED)) == 2
    compose(again(ground, row_id, report(finding())))
    assert len(mails(ground, MailState.CANCELLED)) == 2
    assert sorted(mail.recipient_email for mail in mails(ground, MailState.QUEUED)) == [
        "a1@agency.test",
        "reviewer@county.test",
    ]


def test_a_mail_on_its_way_during_such_a_replay_speaks_for_the_new_revision(ground: Ground) -> None:
    row_id = ground.extracted()
    compose(judge(ground, row_id, report(finding())))
    sending = mails(ground)[0]
    ground.held(SEND, sending.id)
    compose(again(ground, row_id, report(finding())))
    (newest,) = [row.id for row in ground.rows(ReportRow) if row.superseded_by is None]
    assert ground.row("mail", sending.id).report_id == newest
    assert len(mails(ground, MailState.QUEUED, MailState.SENDING)) == 2


def test_a_replay_with_another_result_tells_everybody_anew(ground: Ground) -> None:
    row_id = ground.extracted()
    compose(judge(ground, row_id, report(finding("甲"))))
    for mail in mails(ground):
        ground.step(SEND, mail.id, MailState.SENT)
    compose(again(ground, row_id, report(finding("乙"))))
    assert [mail.state for mail in mails(ground)] == ["sent", "sent", "queued", "queued"]


def test_a_notice_that_is_being_composed_when_a_newer_revision_comes_says_nothing(ground: Ground) -> None:
    notice = judge(ground, ground.extracted(), report(finding()))
    assert notice is not None

    class Overtaken(Compose):
        def perform(self, held: Any, seen: Any) -> Any:
            drafts = super().perform(held, seen)
            judge(ground, ground.extracted(), report())
            return drafts

    run(Overtaken(), notice)
    assert ground.state("notice", notice) == "cancelled"
    assert mails(ground) == []
    assert COMPOSE.busy == "composing"
