"""The whole ledger: the tables' sums, and every file and object against them."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape

from services.core.errors import RetryableError
from services.core.lifecycle import STATE_WORDS, MailState
from services.ingest import folder
from services.platform.db.engine import reading
from services.platform.db.repositories import ledger
from services.platform.settings import Settings
from services.platform.storage import Storage, original_key, storage

_LATE_FACTOR = 3
"""A file that waits this many times longer than it should is unaccounted for."""


@dataclass(frozen=True)
class Balance:
    """The tables' ledger with what folder and buckets add to it."""

    tables: ledger.Ledger
    objects: int | None
    originals: int | None
    files_waiting: int | None
    files_settled: int | None
    faults: tuple[str, ...]

    @property
    def balances(self) -> bool:
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "balances": self.balances}


def balance(config: Settings, *, tables_only: bool) -> Balance:
    """Count everything once. Buckets and folder are looked at before the tables, so that what arrives meanwhile is no fault."""
    store = storage()
    faults: list[str] = []
    objects = originals = waiting = settled = None
    seen_objects: list[tuple[str, str, str]] = []
    kept: set[str] = set()
    places: list[str] = []
    if not tables_only:
        try:
            seen_objects = [(item.bucket, item.key, item.version) for item in store.walk(store.inbox)]
            kept = {item.key for item in store.walk(store.originals)}
            objects, originals = len(seen_objects), len(kept)
        except RetryableError as error:
            faults.append(f"对象存储不可用，无法核对：{error.detail}")
        if config.drop_folder.is_dir():
            places = folder.settled(config.drop_folder)
            late = _late_files(config)
            waiting, settled = len(folder.scan(config.drop_folder)), len(places)
            faults += [f"文件迟迟没有接收：{path}" for path in late]
    with reading() as session:
        tables = ledger.count(session)
        faults += tables.faults
        faults += [f"对象没有登记：{name}" for name in ledger.unknown_objects(session, seen_objects)]
        known = ledger.known_places(session)
        hashes = ledger.kept_hashes(session)
    faults += [f"文件没有登记：{place}" for place in places if place not in known]
    if originals is not None:
        faults += _missing_originals(store, hashes, kept)
    return Balance(tables, objects, originals, waiting, settled, tuple(faults))


def _missing_originals(store: Storage, hashes: set[str], kept: set[str]) -> list[str]:
    missing = (sha256 for sha256 in sorted(hashes) if original_key(sha256) not in kept)
    # written between the two looks, or really gone: ask once more
    return [f"原件缺失：{sha256}" for sha256 in missing if not store.exists(store.originals, original_key(sha256))]


def _late_files(config: Settings) -> list[str]:
    patience = _LATE_FACTOR * (config.rescan_seconds + config.quiet_seconds) + config.empty_quiet_seconds
    limit_ns = (time.time() - patience) * 1e9
    return [look.path for look in folder.scan(config.drop_folder) if max(look.mtime_ns, look.changed_ns) < limit_ns]


def show(console: Console, result: Balance) -> None:
    """Print the ledger for people."""
    tables = result.tables
    console.print(
        f"收到 [bold]{tables.seen}[/] = 已入库 {tables.stored} + 重复 {tables.duplicate} + 未受理 {tables.rejected} "
        f"+ 待人工处理 {tables.failed} + 处理中 {tables.in_flight}"
    )
    mails = "，".join(f"{STATE_WORDS[MailState(state)]} {number}" for state, number in sorted(tables.mails.items()))
    console.print(f"邮件：{mails or '无'}")
    if result.objects is not None:
        console.print(f"对象存储：收件 {result.objects} 个，原件 {result.originals} 个")
    if result.files_waiting is not None:
        console.print(f"投递文件夹：待接收 {result.files_waiting} 个，已处理 {result.files_settled} 个")
    for fault in result.faults:
        console.print(f"[red]不平：[/]{escape(fault)}")
    console.print("[green]账目相符。[/]" if result.balances else "[bold red]账目不符。[/]")
