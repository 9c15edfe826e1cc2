"""`gouji rules`: the rule book at the command line, and what it would say of the reports that are stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from services.cli.findings_table import console as make_console
from services.core.finding import Finding, Severity
from services.core.settling import settling

if TYPE_CHECKING:
    from services.validate.registry import RuleSpec
    from services.validate.renewal import Stored

rules = typer.Typer(help="The rules, and what they would say of the stored reports.", no_args_is_help=True)

_SEVERITIES = {Severity.ERROR: "错误", Severity.WARNING: "提醒", Severity.INFO: "提示"}
_TABLES = {"table2": "表二", "table3": "表三", "table4": "表四", None: "全文"}
_AT_ONCE = 100
"""Reports that are read in one snapshot; between two of them writers' old versions can be cleared away."""


@rules.command("list")
def rules_list(
    year: Annotated[int | None, typer.Option(help="Only rules for reports on this year.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a rule, one a line.")] = False,
) -> int:
    """All rules in the order of the rule book."""
    from services.validate.registry import rules as specs

    if as_json:
        for spec in specs(year=year):
            print(json.dumps(_described(spec), ensure_ascii=False))
        return 0
    # Chinese has no blanks to wrap at: what does not fit is folded, not cut off
    table = Table("规则", "级别", "版本", Column("名称", overflow="fold"), "范围", "表式")
    for spec in specs(year=year):
        table.add_row(spec.id, _severities(spec), str(spec.version), escape(spec.title), _scope(spec), _layouts(spec))
    make_console().print(table)
    return 0


@rules.command("explain")
def rules_explain(rule: Annotated[str, typer.Argument(help="Identifier of the rule, as in T3-2.")]) -> int:
    """One rule in full: what it checks, its basis in law or form, and what it says of an example."""
    from services.validate.catalogue import example_message
    from services.validate.registry import rules as specs

    known = {spec.id: spec for spec in specs()}
    spec = known.get(rule.upper())
    if spec is None:
        near = get_close_matches(rule.upper(), known, n=3)
        raise typer.BadParameter(f"no rule {rule}" + (f"; near: {', '.join(near)}" if near else ""))
    out = make_console()
    out.print(f"[bold]{spec.id}  {escape(spec.title)}[/]")
    out.print(escape(spec.explanation))
    layouts = _layouts(spec)
    scope = f"{_scope(spec)}（{layouts} 表式）" if layouts else _scope(spec)
    for name, words in (
        ("级别", _severities(spec)),
        ("版本", str(spec.version)),
        ("适用", scope + ("，未能读出统计表的也核对" if spec.on_failed else "")),
        ("依据", spec.basis_for(None)),
        ("示例", example_message(spec)),
    ):
        out.print(f"[dim]{name}[/]  {escape(words)}")
    return 0


@dataclass
class Trial:
    """What judging all stored reports anew would change: (reference, finding), by rule and together."""

    reports: int = 0
    changed: int = 0
    told_changed: int = 0
    added: list[tuple[str, Finding]] = field(default_factory=list)
    removed: list[tuple[str, Finding]] = field(default_factory=list)

    def take(self, ref: str, before: Sequence[Finding], now: Sequence[Finding]) -> None:
        """Count one report."""
        change = settling(before, now)
        self.reports += 1
        self.changed += bool(change.added or change.removed)
        self.told_changed += any(finding.for_agency for finding in (*change.added, *change.removed))
        self.added += [(ref, finding) for finding in change.added]
        self.removed += [(ref, finding) for finding in change.removed]


@rules.command("dry-run")
def rules_dry_run(
    only: Annotated[list[str] | None, typer.Option("--rule", help="Only these rules; may be given again.")] = None,
    findings: Annotated[int, typer.Option(min=0, help="Most findings shown one by one.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a finding that comes or goes.")] = False,
) -> int:
    """Judge all stored reports with the present rules and show what would change. Writes nothing, sends nothing."""
    wanted = {name.upper() for name in only or ()}
    trial = Trial()
    for stored, report in _judged_now():
        kept = [[f for f in found if not wanted or f.rule in wanted] for found in (stored.findings, report.findings)]
        trial.take(stored.ref, *kept)
    if as_json:
        for sign, listed in (("added", trial.added), ("removed", trial.removed)):
            for ref, finding in listed:
                print(json.dumps({"change": sign, "ref": ref, **finding.model_dump(mode="json")}, ensure_ascii=False))
        return 0
    _show(make_console(), trial, findings)
    return 0


def _judged_now() -> Iterator[tuple[Stored, Any]]:
    from services.platform.db.engine import reading
    from services.platform.db.repositories.renewals import all_current
    from services.validate.renewal import stored_reports

    with reading() as session:
        ids = all_current(session)
    with progress("试核") as shown:
        task = shown.add_task("", total=len(ids))
        for start in range(0, len(ids), _AT_ONCE):
            with reading() as session:
                for stored in stored_reports(session, ids[start : start + _AT_ONCE]):
                    yield stored, stored.judged_now(session)
                    shown.advance(task)


def progress(words: str) -> Progress:
    """A bar on standard error, so that answers on standard output stay clean; none where that is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _show(out: Console, trial: Trial, most: int) -> None:
    table = Table("规则", "新增", "消除", "其中告知单位的")
    for rule in sorted({finding.rule for _, finding in (*trial.added, *trial.removed)}):
        added = [finding for _, finding in trial.added if finding.rule == rule]
        removed = [finding for _, finding in trial.removed if finding.rule == rule]
        told = sum(finding.for_agency for finding in added), sum(finding.for_agency for finding in removed)
        table.add_row(rule, str(len(added)), str(len(removed)), f"+{told[0]} -{told[1]}" if any(told) else "")
    if table.row_count:
        out.print(table)
    changes = [("+", *pair) for pair in trial.added] + [("-", *pair) for pair in trial.removed]
    for sign, ref, finding in changes[:most]:
        colour = "red" if sign == "+" else "green"
        out.print(f"[{colour}]{sign}[/] {finding.rule} {ref} {finding.fingerprint}  {escape(finding.message)}")
    if len(changes) > most:
        out.print(f"另有 {len(changes) - most} 处没有列出（--findings 可多列，--json 列出全部）。")
    out.print(
        f"试核 {trial.reports} 份报告：{trial.changed} 份的结果会变（其中 {trial.told_changed} 份告知单位的内容会变），"
        f"新增 {len(trial.added)} 处，消除 {len(trial.removed)} 处。没有写入任何内容。"
    )


def _described(spec: RuleSpec) -> dict[str, Any]:
    return {
        "rule": spec.id,
        "severity": str(spec.severity),
        "milder": [str(severity) for severity in spec.milder],
        "version": spec.version,
        "title": spec.title,
        "table": spec.table,
        "layouts": list(spec.layouts),
        "years": list(spec.years),
    }


def _severities(spec: RuleSpec) -> str:
    return "／".join(_SEVERITIES[severity] for severity in (spec.severity, *spec.milder))


def _scope(spec: RuleSpec) -> str:
    from services.validate.registry import EVERY_YEAR

    first, last = spec.years
    if spec.years == EVERY_YEAR:
        return _TABLES[spec.table]
    until = f"至 {last} 年" if last < EVERY_YEAR[1] else "年及以后"
    return f"{_TABLES[spec.table]}，{first} {until}"


def _layouts(spec: RuleSpec) -> str:
    return "、".join(spec.layouts) if spec.table else ""
