"""Daily work at the command line: hand in, ask, balance the ledger, replay, keep the register."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import select

from services.cli.findings_table import console as make_console
from services.cli.tree import tree
from services.core.errors import REASONS
from services.core.lifecycle import STATE_WORDS, SubmissionState
from services.platform.access import Role, issue_token, revoke_token
from services.platform.clock import in_china
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import AccessToken, FindingRow, Mail, ReportRow, Submission, Transition
from services.platform.db.repositories import registry, submissions
from services.platform.settings import settings

agencies = typer.Typer(help="The register of bodies and contacts.", no_args_is_help=True)
agencies.add_typer(tree, name="tree")
tokens = typer.Typer(help="Access tokens of the API and the pages.", no_args_is_help=True)
mails = typer.Typer(help="Mails that need a person.", no_args_is_help=True)

_OPERATOR = "operator at the command line"


def submit(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)],
    agency: Annotated[str, typer.Option(help="Code of the body that reports.")],
    year: Annotated[int | None, typer.Option(help="The year reported on.")] = None,
) -> int:
    """Hand documents in, as an upload would; prints one reference a file."""
    from services.ingest.intake import Delivery, accept
    from services.platform.storage import storage

    for file in files:
        data = file.read_bytes()
        if not data or len(data) > settings().max_bytes:
            limit = f"上限 {settings().max_bytes // 2**20} MB"
            print(f"{file.name}\t{REASONS['empty' if not data else 'too_large'].text(limit)}")
            return 1
        answer = accept(Delivery(data, agency, file.name, "upload", uuid.uuid4().hex, year), storage(), actor=_OPERATOR)
        note = f"\t与 {answer.duplicate_of} 内容相同" if answer.duplicate_of else ""
        print(f"{file.name}\t{answer.ref}{note}")
    return 0


def status(
    ref: Annotated[str | None, typer.Argument(help="A reference; without it, the newest hand-ins.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest to list.")] = 20,
) -> int:
    """Show what happened to hand-ins."""
    console = make_console()
    with reading() as session:
        if ref is None:
            rows = session.scalars(select(Submission).order_by(Submission.id.desc()).limit(limit)).all()
            console.print(_list(list(rows)))
            return 0
        row = submissions.by_ref(session, ref)
        if row is None:
            console.print(f"没有编号为 {escape(ref)} 的报送。")
            return 1
        steps = session.scalars(
            select(Transition)
            .where(Transition.subject == "submission", Transition.subject_id == row.id)
            .order_by(Transition.id)
        ).all()
        reports = session.scalars(select(ReportRow).where(ReportRow.submission_id == row.id)).all()
        findings = {
            report.id: session.scalars(select(FindingRow).where(FindingRow.report_id == report.id)).all()
            for report in reports
        }
        sent = session.scalars(select(Mail).where(Mail.submission_id == row.id).order_by(Mail.id)).all()
    console.print(
        f"[bold]{escape(row.filename)}[/]  {escape(row.agency_code)}  {STATE_WORDS[SubmissionState(row.state)]}"
    )
    if row.reason_code:
        console.print(escape(REASONS[row.reason_code].text(row.reason_detail or "")))
    for step in steps:
        console.print(f"  {in_china(step.at)}  {step.after:<12} {step.cause}  {escape(step.detail or '')}")
    for report in reports:
        newer = "（已有新版本）" if report.superseded_by else ""
        console.print(f"[bold]{report.year} 年 第 {report.revision} 版[/]{newer}  {report.status}")
        for found in findings[report.id]:
            console.print(f"  {found.severity:<8}{found.rule:<6}{escape(found.body['message'])}")
    for mail in sent:
        console.print(f"  {mail.state:<12} {escape(mail.recipient_email)}  {escape(mail.subject)}")
    return 0


def _list(rows: list[Submission]) -> Table:
    table = Table()
    for heading in ("时间", "编号", "单位", "年份", "文件", "状态", "原因"):
        # references are there to be copied, so they are never cut
        table.add_column(heading, no_wrap=heading in {"时间", "编号", "状态"}, overflow="fold")
    for row in rows:
        reason = REASONS[row.reason_code].cause.format(detail=row.reason_detail or "") if row.reason_code else ""
        table.add_row(
            in_china(row.announced_at),
            row.ref,
            escape(row.agency_code),
            str(row.year_hint or ""),
            escape(row.filename),
            STATE_WORDS[SubmissionState(row.state)],
            escape(reason),
        )
    return table


def ledger(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    tables_only: Annotated[bool, typer.Option(help="Leave folder and buckets out.")] = False,
) -> int:
    """Balance folder, buckets and tables. Exit status 1 when one file is unaccounted for."""
    from services.cli.balance import balance, show

    result = balance(settings(), tables_only=tables_only)
    if as_json:
        print(json.dumps(result.as_dict(), ensure_ascii=False))
    else:
        show(make_console(), result)
    return 0 if result.balances else 1


def replay(
    refs: Annotated[list[str] | None, typer.Argument(help="References of the hand-ins to process anew.")] = None,
    state: Annotated[str | None, typer.Option(help="All in this state: quarantined, rejected or stored.")] = None,
) -> int:
    """Process finished hand-ins anew. Nobody is mailed what they were already told."""
    from services.platform.nudge import nudge

    if bool(refs) == bool(state):
        raise typer.BadParameter("give references, or --state")
    if state and state not in {"quarantined", "rejected", "stored"}:
        raise typer.BadParameter("--state is quarantined, rejected or stored")
    failed = 0
    with reading() as session:
        query = select(Submission.id, Submission.ref)
        query = query.where(Submission.ref.in_(refs)) if refs else query.where(Submission.state == state)
        found = {ref: row_id for row_id, ref in session.execute(query)}
    for ref in refs or found:
        if ref not in found:
            print(f"{ref}\t没有这个编号")
            failed = 1
            continue
        try:
            with unit_of_work() as session:
                follow = submissions.replay(session, found[ref], actor=_OPERATOR)
        except submissions.NotReplayableError:
            print(f"{ref}\t还在处理，或是重复报送，不能重新处理")
            failed = 1
            continue
        nudge(follow)
        print(f"{ref}\t已重新排队")
    return failed


@agencies.command("import")
def agencies_import(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]) -> int:
    """Bring the register in line with a CSV file (UTF-8); with any faulty line nothing is changed."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        print("文件不是 UTF-8 编码。请另存为“CSV UTF-8”后再导入。")
        return 1
    with unit_of_work() as session:
        done = registry.import_csv(session, text)
    for fault in done.faults:
        print(f"第 {fault.line} 行：{fault.cause}")
    if done.faults:
        print("没有导入任何内容。")
        return 1
    print(f"已导入 {done.agencies} 个单位、{done.contacts} 位联系人。")
    return 0


@tokens.command("create")
def tokens_create(
    name: Annotated[str, typer.Option(help="Whose token this is.")],
    role: Annotated[Role, typer.Option(help="agency, reviewer or operator.")],
    agency: Annotated[str | None, typer.Option(help="Code of the body, for an agency token.")] = None,
) -> int:
    """Make a token; it is printed once and kept only as a hash."""
    try:
        with unit_of_work() as session:
            token = issue_token(session, name=name, role=role, agency_code=agency)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    print(token)
    return 0


@tokens.command("list")
def tokens_list() -> int:
    """List tokens by number."""
    with reading() as session:
        for row in session.scalars(select(AccessToken).order_by(AccessToken.id)):
            ended = f"  已停用 {in_china(row.revoked_at)}" if row.revoked_at else ""
            print(f"{row.id}\t{row.role}\t{row.agency_code or ''}\t{row.name}\t{in_china(row.created_at)}{ended}")
    return 0


@tokens.command("revoke")
def tokens_revoke(number: Annotated[int, typer.Argument(help="Number of the token in the list.")]) -> int:
    """Take a token out of use at once."""
    with unit_of_work() as session:
        done = revoke_token(session, number)
    print("已停用。" if done else "没有这个有效的令牌。")
    return 0 if done else 1


@mails.command("list")
def mails_list(
    state: Annotated[str, typer.Option(help="unconfirmed, failed, retrying, queued, sent, cancelled.")] = "unconfirmed",
) -> int:
    """List mails in a state."""
    with reading() as session:
        for row in session.scalars(select(Mail).where(Mail.state == state).order_by(Mail.id)):
            print(f"{row.id}\t{row.state}\t{row.recipient_email}\t{row.subject}\t{row.smtp_text or ''}")
    return 0


@mails.command("resend")
def mails_resend(number: int) -> int:
    """Send a failed mail anew, or one identical copy of an unconfirmed one."""
    from services.notify.delivery import NotResendableError, resend

    try:
        with unit_of_work() as session:
            resend(session, number, actor=_OPERATOR)
    except NotResendableError as error:
        print(f"不能重发：{error}")
        return 1
    print("已重新排队。")
    return 0


@mails.command("confirm")
def mails_confirm(number: int) -> int:
    """Note that an unconfirmed mail did arrive."""
    from services.notify.delivery import NotResendableError, confirm

    try:
        with unit_of_work() as session:
            confirm(session, number, actor=_OPERATOR)
    except NotResendableError as error:
        print(f"不需要确认：{error}")
        return 1
    print("已记为送达。")
    return 0
