"""`gouji rejudge`: every stored report judged anew, after a change of the rules, the limits or the tree of bodies."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

import typer

from services.cli.rules import progress
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.repositories import renewals
from services.platform.db.repositories.renewals import Cause

_ACTOR = "operator at the command line"
_COUNT_EVERY = 1.0
_WAIT_SECONDS = 0.2


def rejudge(
    mail: Annotated[
        bool, typer.Option("--mail/--no-mail", help="Tell agencies when what they are told about changes.")
    ] = False,
) -> int:
    """Judge all stored reports anew and store the new verdicts. May be stopped and run again: it goes on where it was.

    Running workers help. Exit status 1 when a report could not be judged; see the dead letters.
    """
    from services.platform.stage_task import run
    from services.validate.renewal import Renew

    work = Renew()
    with unit_of_work() as session:
        wishes = renewals.open_wishes(session, Cause.RULES)
        if wishes:
            print(f"上次还有 {len(wishes)} 份没有核对完，接着核对（是否发邮件，仍按上次的要求）。")
        else:
            renewals.wish_all(session, mail=mail, actor=_ACTOR)
            wishes = renewals.open_wishes(session, Cause.RULES)
    _work_off(lambda: run(work, None), len(wishes))
    with reading() as session:
        done = renewals.outcome(session, wishes)
    print(
        f"已重新核对 {done.renewed} 份报告，其中 {done.changed} 份的结果有变化："
        f"新增 {done.added} 处，消除 {done.removed} 处。"
    )
    if done.outdated:
        print(f"{done.outdated} 份在此期间已有新版本，以新版本为准。")
    if done.given_up:
        print(f"{done.given_up} 份没有核对成，保留原来的结果；原因见死信。")
    return 1 if done.given_up else 0


def _work_off(take: Callable[[], bool], total: int) -> None:
    """Take wishes as a worker does until none of ours is left, be it done here or elsewhere."""
    with progress("重新核对") as shown:
        task = shown.add_task("", total=total)
        counted_at = 0.0
        while True:
            worked = take()
            if worked and time.monotonic() < counted_at + _COUNT_EVERY:
                shown.advance(task)
                continue
            counted_at = time.monotonic()
            with reading() as session:
                left = len(renewals.open_wishes(session, Cause.RULES))
            shown.update(task, completed=max(0, total - left))
            if not left:
                return
            if not worked:
                time.sleep(_WAIT_SECONDS)  # the last ones are in a worker's hands, or wait after a setback
