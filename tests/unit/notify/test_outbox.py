"""From a notice to mails: who gets what, once."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from services.core.contracts import EXTRACT, RECEIVE
from services.core.errors import CrashedError, RejectedError
from services.core.finding import Finding, Severity
from services.core.lifecycle import SubmissionState
from services.core.report import Report
from services.notify.outbox import Compose
from services.platform.db import claims
from services.platform.db.engine import unit_of_work
from services.platform.db.models import Contact, Mail, Notice, Submission
from services.platform.db.repositories import submissions
from services.platform.stage_task import run
from services.validate.store import HandIn, store_report
from tests.unit.platform.ground import Ground
from tests.unit.platform.test_stage_task import Doing, raising

AGENCY, REVIEWER = "a1@agency.test", "reviewer@county.test"


@pytest.fixture(autouse=True)
def registered(ground: Ground) -> None:
    ground.register("a1", "a2")


def found(cause: str = "document", severity: Severity = Severity.ERROR) -> Finding:
    return Finding.model_validate(
        {"rule": "T3-1", "severity": severity, "where": ["table3.new.total"], "message": "不符。", "basis": "表三",
         "cause": cause, "fingerprint": f"{cause}{severity}"[:16]}
    )  # fmt: skip


def verdict(ground: Ground, told: Report, agency: str = "a1") -> int:
    with unit_of_work() as session:
        row = session.get_one(Submission, ground.stored(agency))
        notice = store_report(session, HandIn.of(row), told, position=0, actor="w")
    assert notice is not None
    return notice


def told(ground: Ground) -> dict[str, str]:
    """Recipient → kind of mail."""
    return {mail.recipient_email: mail.kind for mail in ground.rows(Mail)}


@pytest.mark.parametrize(
    ("report", "whom"),
    [
        (Report(status="ok", year=2024), {AGENCY: "receipt"}),
        (Report(status="ok", year=2024, findings=[found()]), {AGENCY: "verdict", REVIEWER: "verdict"}),
        (Report(status="ok", year=2024, findings=[found("extraction")]), {AGENCY: "receipt", REVIEWER: "verdict"}),
        (Report(status="ok", year=2024, findings=[found("unclear")]), {AGENCY: "receipt", REVIEWER: "verdict"}),
        (
            Report(status="ok", year=2024, findings=[found(severity=Severity.INFO)]),
            {AGENCY: "receipt", REVIEWER: "verdict"},
        ),
        (Report(status="review", year=2024, uncertain=["table3.new.total"]), {AGENCY: "receipt", REVIEWER: "verdict"}),
        (Report(status="failed", reason="没有读出"), {AGENCY: "receipt", REVIEWER: "verdict"}),
    ],
    ids=["in order", "error", "misread", "unclear", "hint", "review", "failed"],
)
def test_an_agency_hears_of_what_its_document_prints_and_the_reviewer_of_everything_else(
    ground: Ground, report: Report, whom: dict[str, str]
) -> None:
    notice = verdict(ground, report)
    run(Compose(), notice)
    assert told(ground) == whom
    assert ground.state("notice", notice) == "composed"
    assert [task for task, _ in ground.nudged] == ["notify.send"] * len(whom)


def test_other_agencies_hear_nothing(ground: Ground) -> None:
    run(Compose(), verdict(ground, Report(status="ok", year=2024, findings=[found()])))
    assert "a2@agency.test" not in told(ground)


def test_a_mail_is_frozen_with_its_message_id_and_date(ground: Ground) -> None:
    run(Compose(), verdict(ground, Report(status="ok", year=2024)))
    (mail,) = ground.rows(Mail)
    message = message_from_bytes(mail.raw, policy=policy.default)
    assert message["Message-ID"] == mail.message_id
    assert message["Message-ID"].endswith("@gouji.test>")
    assert message["Date"].datetime == mail.composed_at
    assert mail.recipient_email in message["To"]


def test_a_rejection_is_told_to_agency_and_reviewer_and_a_quarantine_to_the_reviewer_only(ground: Ground) -> None:
    run(Doing(performed=raising(RejectedError("damaged", "第 3 页"))), ground.announce())
    run(Compose(), ground.rows(Notice)[-1].id)
    assert told(ground) == {AGENCY: "rejected", REVIEWER: "rejected"}
    row_id = ground.announce("a2")
    for _ in range(3):
        run(Doing(performed=raising(CrashedError("reader_crashed", "x"))), row_id)
    run(Compose(), ground.rows(Notice)[-1].id)
    assert [mail.kind for mail in ground.rows(Mail) if mail.submission_id == row_id] == ["quarantined"]


def test_the_reason_of_a_rejection_that_was_replayed_meanwhile_is_not_told_any_more(ground: Ground) -> None:
    row_id = ground.announce()
    run(Doing(performed=raising(RejectedError("damaged"))), row_id)
    notice = ground.rows(Notice)[0].id
    with unit_of_work() as session:
        submissions.replay(session, row_id, actor="operator")
    run(Compose(), notice)
    assert ground.state("notice", notice) == "cancelled"
    assert ground.rows(Mail) == []


def test_the_same_rejection_after_a_replay_is_told_once_another_one_anew(ground: Ground) -> None:
    row_id = ground.announce()
    for reason, mails in (("damaged", 2), ("damaged", 2), ("empty", 4)):
        run(Doing(performed=raising(RejectedError(reason))), row_id)
        run(Compose(), ground.rows(Notice)[-1].id)
        assert len(ground.rows(Mail)) == mails
        with unit_of_work() as session:
            submissions.replay(session, row_id, actor="operator")


def test_one_bad_address_in_the_register_keeps_nobody_else_from_being_told(ground: Ground) -> None:
    with unit_of_work() as session:
        session.add(Contact(agency_code="a1", role="agency", name="坏", email="a@b\r\nBcc: x@y"))
    notice = verdict(ground, Report(status="ok", year=2024, findings=[found()]))
    run(Compose(), notice)
    assert set(told(ground)) == {AGENCY, REVIEWER}
    assert ground.state("notice", notice) == "composed"


def test_an_unregistered_sender_is_told_to_the_reviewers(ground: Ground) -> None:
    run(Doing(performed=raising(RejectedError("unknown_agency", "x9"))), ground.announce("x9"))
    run(Compose(), ground.rows(Notice)[0].id)
    assert told(ground) == {REVIEWER: "rejected"}


def test_hostile_names_reach_no_header(ground: Ground) -> None:
    row_id = ground.announce(filename="a\r\nBcc: victim@x.test\r\n.pdf")
    ground.step(RECEIVE, row_id, SubmissionState.RECEIVED, sha256="a" * 64)
    held = ground.held(EXTRACT, row_id)
    with unit_of_work() as session:
        submissions.reject(session, held, "damaged", "x\r\nBcc: v@x.test", cost=claims.NO_COST)
    run(Compose(), ground.rows(Notice)[0].id)
    for mail in ground.rows(Mail):
        assert message_from_bytes(mail.raw)["Bcc"] is None


# a version that follows another one


def agency_texts(ground: Ground) -> list[str]:
    mails = [mail for mail in ground.rows(Mail) if mail.recipient_email == AGENCY]
    bodies = [message_from_bytes(mail.raw, policy=policy.default).get_body(("plain",)) for mail in mails]
    return [str(body.get_content()) if body else "" for body in bodies]


def other(cell: str) -> Finding:
    return found().model_copy(update={"where": [cell], "fingerprint": cell[-16:]})


def test_the_second_version_says_what_it_has_settled_and_the_first_says_nothing_of_it(ground: Ground) -> None:
    report = Report(status="ok", year=2024)
    both = [other("table3.new.total"), other("table4.review.total")]
    run(Compose(), verdict(ground, report.with_findings(both)))
    run(Compose(), verdict(ground, report.with_findings([both[1], other("table3.total.total")])))
    run(Compose(), verdict(ground, report))
    first, second, third = agency_texts(ground)
    assert "与上一版相比" not in first
    assert "与上一版相比：上次 2 处，已改好 1 处，仍有 1 处，新发现 1 处。" in second
    assert "与上一版相比：上次 2 处，已全部改好。" in third


def test_a_version_that_could_not_be_read_is_compared_with_nothing(ground: Ground) -> None:
    run(Compose(), verdict(ground, Report(status="ok", year=2024, findings=[found()])))
    run(Compose(), verdict(ground, Report(status="failed", year=2024, reason="没有读出")))
    run(Compose(), verdict(ground, Report(status="ok", year=2024, findings=[found()])))
    assert all("与上一版相比" not in text for text in agency_texts(ground))


def test_the_same_document_read_once_more_is_no_second_version(ground: Ground) -> None:
    run(Compose(), verdict(ground, Report(status="ok", year=2024, findings=[found()])))
    (submission,) = ground.rows(Submission)
    with unit_of_work() as session:
        submissions.replay(session, submission.id, actor="operator")
        row = session.get_one(Submission, submission.id)
        notice = store_report(session, HandIn.of(row), Report(status="ok", year=2024), position=0, actor="w")
    assert notice is not None
    run(Compose(), notice)
    assert "与上一版相比" not in agency_texts(ground)[-1]
