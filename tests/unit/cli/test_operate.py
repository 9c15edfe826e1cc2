"""Daily work at the command line, on a database of its own."""

from __future__ import annotations

import json

import pytest

from services.core.contracts import EXTRACT, RECEIVE, SEND
from services.core.finding import Finding, Severity
from services.core.lifecycle import MailState, SubmissionState
from services.core.report import Report
from services.notify.outbox import Compose
from services.platform.db.engine import unit_of_work
from services.platform.db.models import AccessToken, Agency, Submission
from services.platform.settings import settings
from services.platform.stage_task import run
from services.validate.store import HandIn, store_report
from tests.unit.platform.ground import Ground
from tests.unit.platform.mails import queued_mail

CSV = "agency_code,agency_name,level,contact_role,contact_name,contact_email\na1,甲局,县直,agency,王敏,w@a1.test\n"


def stored_with_finding(ground: Ground) -> Submission:
    ground.register("a1")
    row_id = ground.stored(filename="年报[bold].pdf")
    found = Finding(rule="T3-1", severity=Severity.ERROR, message="这一行不符。", basis="表三", fingerprint="f" * 16)
    with unit_of_work() as session:
        row = session.get_one(Submission, row_id)
        notice = store_report(
            session, HandIn.of(row), Report(status="ok", year=2024, findings=[found]), position=0, actor="w"
        )
    assert notice is not None
    run(Compose(), notice)
    found_row: Submission = ground.row("submission", row_id)
    return found_row


# the register


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_register_is_imported_with_or_without_a_byte_order_mark(gouji, ground: Ground, mark: bytes) -> None:
    file = ground.folder / "register.csv"
    file.write_bytes(mark + CSV.encode())
    assert gouji("agencies", "import", file) == (0, "已导入 1 个单位、1 位联系人。\n")


def test_faults_are_told_by_line_and_nothing_is_imported(gouji, ground: Ground) -> None:
    file = ground.folder / "register.csv"
    file.write_text(CSV + "\nx y,乙局,,,,\n", encoding="utf-8")
    status, printed = gouji("agencies", "import", file)
    assert status == 1
    assert "第 4 行" in printed
    assert "没有导入任何内容" in printed
    with unit_of_work() as session:
        assert session.get(Agency, "a1") is None


def test_another_encoding_is_told_and_not_guessed(gouji, ground: Ground) -> None:
    file = ground.folder / "register.csv"
    file.write_bytes(CSV.encode("gb18030"))
    status, printed = gouji("agencies", "import", file)
    assert status == 1
    assert "UTF-8" in printed


# tokens


def test_a_token_is_printed_once_listed_without_it_and_revoked(gouji, ground: Ground) -> None:
    status, token = gouji("tokens", "create", "--name", "王敏", "--role", "agency", "--agency", "a1")
    assert status == 0
    assert token.startswith("gouji_")
    (row,) = ground.rows(AccessToken)
    status, listed = gouji("tokens", "list")
    assert "王敏" in listed
    assert token.strip() not in listed
    assert row.digest not in listed
    assert gouji("tokens", "revoke", str(row.id))[0] == 0
    assert "已停用" in gouji("tokens", "list")[1]
    assert gouji("tokens", "revoke", str(row.id))[0] == 1


@pytest.mark.parametrize(
    "arguments",
    [("--role", "agency"), ("--role", "reviewer", "--agency", "a1"), ("--role", "king"), ("--name", "only")],
)
def test_tokens_that_make_no_sense_are_wrong_usage(gouji, arguments: tuple[str, ...]) -> None:
    assert gouji("tokens", "create", "--name", "x", *arguments)[0] == 64


# looking


def test_status_lists_the_newest_and_tells_the_whole_story_of_one(gouji, ground: Ground, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    row = stored_with_finding(ground)
    status, listed = gouji("status")
    assert status == 0
    assert row.ref in listed
    status, told = gouji("status", row.ref)
    assert status == 0
    for words in ("年报[bold].pdf", "已入库", "2024 年 第 1 版", "这一行不符。", "a1@agency.test", "announced"):
        assert words in told
    assert gouji("status", "no-such-ref")[0] == 1


def test_status_says_why_something_was_refused(gouji, ground: Ground, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    row_id = ground.announce()
    ground.step(RECEIVE, row_id, SubmissionState.REJECTED, reason_code="empty")
    ref = ground.row("submission", row_id).ref
    assert "文件是空的（0 字节）。请重新导出后再报送。" in gouji("status", ref)[1]


# the ledger


def test_books_that_balance_are_status_0(gouji, ground: Ground) -> None:
    stored_with_finding(ground)
    ground.announce()
    status, printed = gouji("ledger", "--json", "--tables-only")
    told = json.loads(printed)
    assert (status, told["balances"], told["faults"]) == (0, True, [])
    assert (told["tables"]["seen"], told["tables"]["stored"], told["tables"]["in_flight"]) == (2, 1, 1)
    assert "账目相符" in gouji("ledger", "--tables-only")[1]


def test_a_stored_hand_in_without_a_report_is_status_1(gouji, ground: Ground) -> None:
    ground.stored()
    status, printed = gouji("ledger", "--tables-only")
    assert status == 1
    assert "没有报告记录" in printed


def test_a_file_that_nobody_registered_and_a_store_that_is_away_are_told(gouji, ground: Ground, monkeypatch) -> None:
    monkeypatch.setattr("services.cli.balance.storage", lambda: ground.store)
    place = ground.config.drop_folder / "a1" / "done"
    place.mkdir(parents=True)
    (place / "secretly.pdf").write_bytes(b"x")
    ground.store.away = True
    status, printed = gouji("ledger", "--json")
    assert status == 1
    assert any("secretly.pdf" in fault for fault in json.loads(printed)["faults"])
    assert any("对象存储不可用" in fault for fault in json.loads(printed)["faults"])


# replaying


def test_replays_by_reference_or_by_state(gouji, ground: Ground) -> None:
    row = stored_with_finding(ground)
    rejected = ground.announce("a2")
    ground.step(RECEIVE, rejected, SubmissionState.RECEIVED, sha256="a" * 64)
    ground.step(EXTRACT, rejected, SubmissionState.REJECTED, reason_code="damaged")
    assert gouji("replay", row.ref)[0] == 0
    assert ground.state("submission", row.id) == "received"
    assert ("ingest.extract", row.id) in ground.nudged
    assert gouji("replay", "--state", "rejected")[0] == 0
    assert ground.state("submission", rejected) == "received"
    assert gouji("replay", row.ref)[0] == 1, "it is still being worked on"
    assert gouji("replay", "no-such-ref")[0] == 1


@pytest.mark.parametrize(
    "arguments", [(), ("x", "--state", "stored"), ("--state", "nonsense"), ("--state", "announced")]
)
def test_a_replay_names_what_it_means(gouji, arguments: tuple[str, ...]) -> None:
    assert gouji("replay", *arguments)[0] == 64


# mails


def test_a_failed_mail_is_listed_and_sent_anew(gouji, ground: Ground) -> None:
    mail = queued_mail(ground)
    assert gouji("mails", "resend", str(mail))[0] == 1
    ground.step(SEND, mail, MailState.FAILED, smtp_text="550 no such user")
    assert "550 no such user" in gouji("mails", "list", "--state", "failed")[1]
    assert gouji("mails", "confirm", str(mail))[0] == 1
    assert gouji("mails", "resend", str(mail))[0] == 0
    assert ground.state("mail", mail) == "queued"


def test_an_unconfirmed_mail_can_be_confirmed(gouji, ground: Ground) -> None:
    mail = queued_mail(ground)
    ground.step(SEND, mail, MailState.UNCONFIRMED)
    assert gouji("mails", "confirm", str(mail))[0] == 0
    assert ground.state("mail", mail) == "sent"


@pytest.mark.parametrize("command", ["resend", "confirm"])
def test_a_mail_that_is_not_there_is_told_without_a_traceback(gouji, command: str) -> None:
    assert gouji("mails", command, "999")[0] == 1


# the tree of bodies

TREE = "body_code,body_name,level,parent_code\nx,某县人民政府,county,\na1,甲局,department,x\n"


def test_a_tree_is_imported_for_a_year_and_comes_back(gouji, ground: Ground) -> None:
    ground.register("a1")
    file = ground.folder / "tree.csv"
    file.write_text("\ufeff" + TREE, encoding="utf-8")
    status, printed = gouji("agencies", "tree", "import", file, "--year", "2024")
    assert status == 0
    assert "已导入 2024 年的 2 个单位" in printed
    assert "其中 1 个不在名册中（x）" in printed
    assert gouji("agencies", "tree", "export", "--year", "2026") == (0, TREE)
    assert gouji("agencies", "tree", "export", "--year", "2023")[0] == 1


def test_a_tree_with_a_fault_is_told_by_line_and_not_imported(gouji, ground: Ground) -> None:
    file = ground.folder / "tree.csv"
    file.write_text(TREE + "b,乙局,,nobody\n", encoding="utf-8")
    status, printed = gouji("agencies", "tree", "import", file, "--year", "2024")
    assert (status, printed) == (1, "第 4 行：上级单位“nobody”不在文件中\n没有导入任何内容。\n")
    file.write_bytes(TREE.encode("gb18030"))
    assert "UTF-8" in gouji("agencies", "tree", "import", file, "--year", "2024")[1]
    assert gouji("agencies", "tree", "import", file)[0] == 64


# settings


def test_settings_that_cannot_be_used_are_told_plainly(gouji, ground: Ground, monkeypatch) -> None:
    monkeypatch.setenv("GOUJI_LIMITS_FILE", str(ground.folder / "gone.toml"))
    monkeypatch.setenv("GOUJI_MAX_PAGES", "-3")
    settings.cache_clear()
    assert gouji("ledger", "--tables-only")[0] == 78
    for name in ("GOUJI_LIMITS_FILE", "GOUJI_MAX_PAGES"):
        monkeypatch.delenv(name)
    settings.cache_clear()
