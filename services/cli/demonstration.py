"""`gouji demo`: sample reports of three agencies go through the real stack, and every step is shown as it happened."""

from __future__ import annotations

import os
import shutil
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from sqlalchemy import select

from services.cli.findings_table import console as make_console
from services.cli.findings_table import findings_table
from services.cli.local import start, where
from services.core.errors import REASONS
from services.core.finding import Finding
from services.core.lifecycle import STATE_WORDS, TERMINAL, MailState, SubmissionState
from services.core.report import Layout
from services.platform.access import Role, issue_token
from services.platform.clock import in_china
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import CellRow, FindingRow, Mail, Notice, ReportRow, Submission, Transition
from services.platform.db.repositories import registry
from services.platform.settings import Settings, settings

if TYPE_CHECKING:
    from infra.demo.samples import Sample

SEEDS = Path("../shared/seeds")
"""Two real reports, used as they are when they lie beside the project."""

QUIET_SECONDS = 1.0
"""Samples appear whole, so a short quiet time is enough; the default for real folders is longer."""

PATIENCE_SECONDS = 120.0

_FAILED = 1


def run_demo(state: Path, *, postgres: bool, once: bool, begin_anew: bool) -> int:
    """Run the demo; returns the exit status: 0 when every sample ended as it should."""
    from infra.demo.samples import REGISTER, write_samples

    console = make_console()
    if begin_anew and state.exists():
        shutil.rmtree(state)
    console.print("正在启动对象存储、消息队列、数据库、邮件收集器和各项服务……")
    began = time.monotonic()
    config = Settings(state_dir=state, quiet_seconds=QUIET_SECONDS, empty_quiet_seconds=QUIET_SECONDS)
    os.environ["GOUJI_QUIET_SECONDS"] = os.environ["GOUJI_EMPTY_QUIET_SECONDS"] = str(QUIET_SECONDS)
    with start(config, postgres=postgres) as running:
        _use(running.settings)
        console.print(f"启动用时 {time.monotonic() - began:.1f} 秒。\n")
        with unit_of_work() as session:
            registry.import_csv(session, REGISTER.read_text(encoding="utf-8"))
            token = issue_token(session, name="demo", role=Role.OPERATOR, agency_code=None)
        samples = write_samples(running.drop_folder, SEEDS if SEEDS.is_dir() else None)
        dropped = time.monotonic()
        console.print(f"已向投递文件夹放入 {len(samples)} 份报告，等待处理……")
        finished = _wait(len(samples))
        console.print(f"从放入文件到最后一封邮件发出：{time.monotonic() - dropped:.1f} 秒。\n")
        good = _show(console, samples) and finished
        if not once:
            where(running)
            print(f"登录口令    {token}（仅供本次演示）", flush=True)
            running.wait()
    return 0 if good else _FAILED


def _use(config: Settings) -> None:
    """Let this process's own database calls go to the stack that was just started."""
    os.environ["GOUJI_DATABASE_URL"] = config.database_url
    os.environ["GOUJI_S3_ENDPOINT"] = config.s3_endpoint
    os.environ["GOUJI_S3_ACCESS_KEY"] = config.s3_access_key.get_secret_value()
    os.environ["GOUJI_S3_SECRET_KEY"] = config.s3_secret_key.get_secret_value()
    os.environ["GOUJI_DROP_FOLDER"] = str(config.drop_folder)
    settings.cache_clear()


def _wait(expected: int) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with reading() as session:
            ended = [state in TERMINAL["submission"] for state in session.scalars(select(Submission.state))]
            told = [state in TERMINAL["notice"] for state in session.scalars(select(Notice.state))]
            sent = [state in TERMINAL["mail"] for state in session.scalars(select(Mail.state))]
        if len(ended) >= expected and all(ended) and told and all(told) and sent and all(sent):
            return True
        time.sleep(0.1)  # polling the rows of other processes, within PATIENCE_SECONDS
    return False


def _show(console: Console, samples: list[Sample]) -> bool:
    from services.cli.balance import balance, show

    good = True
    for sample in samples:
        good &= _show_sample(console, sample)
    console.rule("[bold]账目[/]")
    result = balance(settings(), tables_only=False)
    show(console, result)
    _show_one_mail(console)
    return good and result.balances


def _show_sample(console: Console, sample: Sample) -> bool:
    with reading() as session:
        row = session.scalars(
            select(Submission).where(Submission.agency_code == sample.agency_code).order_by(Submission.id)
        ).first()
        if row is None:
            console.print(f"[red]{escape(sample.name)}：没有登记[/]")
            return False
        steps = session.scalars(
            select(Transition)
            .where(Transition.subject == "submission", Transition.subject_id == row.id)
            .order_by(Transition.id)
        ).all()
        report = session.scalars(select(ReportRow).where(ReportRow.submission_id == row.id)).first()
        findings = (
            session.scalars(
                select(FindingRow).where(FindingRow.report_id == report.id).order_by(FindingRow.position)
            ).all()
            if report
            else []
        )
        sent = session.scalars(select(Mail).where(Mail.submission_id == row.id).order_by(Mail.id)).all()
        layout = Layout.model_validate(report.layout) if report else Layout()
        cells = select(CellRow.path, CellRow.page).where(CellRow.report_id == (report.id if report else 0))
        pages = {path: page for path, page in session.execute(cells) if page}
    console.rule(f"[bold]{escape(sample.agency_code)}  {escape(sample.name)}[/]")
    for step in steps:
        if step.after in {*TERMINAL["submission"], "announced", "received", "extracted"}:
            took = f"{step.wall_ms:7.0f} 毫秒" if step.wall_ms is not None else ""
            console.print(f"  {in_china(step.at)[11:]}  {STATE_WORDS[SubmissionState(step.after)]:<6}{took}")
    if row.reason_code:
        console.print(f"  [yellow]{escape(REASONS[row.reason_code].text(row.reason_detail or ''))}[/]")
    if report:
        console.print(
            f"  {escape(report.agency_name or '')} {report.year} 年，第 {report.revision} 版，读取结果 {report.status}"
        )
    if findings:
        console.print(findings_table([Finding.model_validate(row.body) for row in findings], layout, pages))
    for mail in sent:
        console.print(
            f"  邮件 {STATE_WORDS[MailState(mail.state)]} → {escape(mail.recipient_email)}：{escape(mail.subject)}"
        )
    return _as_expected(console, sample, row, list(findings), list(sent))


def _as_expected(
    console: Console, sample: Sample, row: Submission, findings: list[FindingRow], sent: list[Mail]
) -> bool:
    expected = sample.expected
    errors = {found.rule for found in findings if found.severity == "error"}
    warnings = {found.rule for found in findings if found.severity == "warning"}
    differs = [
        row.state != expected.outcome,
        bool(expected.reason) and row.reason_code != expected.reason,
        errors != set(expected.errors),
        not set(expected.warnings) <= warnings,
        not sent or any(mail.state != MailState.SENT for mail in sent),
    ]
    if any(differs):
        console.print("  [bold red]结果与预期不符。[/]")
    return not any(differs)


def _show_one_mail(console: Console) -> None:
    """The mail to the agency with most to mend, in full."""
    with reading() as session:
        chosen = session.scalars(
            select(Mail)
            .join(ReportRow, ReportRow.id == Mail.report_id)
            .where(Mail.kind == "verdict", Mail.role == "agency")
            .order_by(ReportRow.errors.desc(), Mail.id)
        ).first()
    if chosen is None:
        return
    console.rule("[bold]其中一封的全文[/]")
    message = message_from_bytes(chosen.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    for name in ("From", "To", "Subject", "Date", "Message-ID"):
        console.print(f"{name}: {escape(str(message[name]))}", highlight=False)
    body = message.get_body(("plain",))
    console.print()
    console.print(escape(body.get_content() if body else ""), highlight=False)
