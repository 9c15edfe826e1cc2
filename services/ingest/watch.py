"""The folder watcher: events make it quick, the rescan makes it sure. One look serves both."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import watchfiles
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from services.core.errors import REASONS
from services.core.lifecycle import SubmissionState
from services.ingest import folder
from services.ingest.completeness import CompletenessTracker, Seen
from services.ingest.folder import shown
from services.ingest.intake import Delivery, accept
from services.platform.clock import in_china, now
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import Submission
from services.platform.db.repositories import submissions
from services.platform.logging import log
from services.platform.nudge import nudge_soon
from services.platform.settings import Settings
from services.platform.storage import Storage

_TICK_MS = 250
"""The watcher wakes this often to see whether a waiting file has become complete."""
_ALIVE_SECONDS = 10.0


_FIRST = aliased(Submission)
_FAILED = (SubmissionState.REJECTED, SubmissionState.QUARANTINED)
_UNSETTLED = (
    select(Submission, _FIRST)
    .outerjoin(_FIRST, Submission.duplicate_of == _FIRST.id)
    .where(
        (Submission.folder_verdict == folder.DONE) & (Submission.state.in_(_FAILED) | _FIRST.state.in_(_FAILED))
        | (Submission.folder_verdict == folder.FAILED)
        & ((Submission.state == SubmissionState.STORED) | (_FIRST.state == SubmissionState.STORED))
    )
    .limit(200)
)
"""Hand-ins whose file lies where their verdict, or the verdict on the same bytes before, does not put it."""


@dataclass
class FolderWatch:
    """Takes complete files in, moves them to `done/`, and to `failed/` with a reason when their document was refused."""

    config: Settings
    store: Storage
    actor: str
    alive: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.root = self.config.drop_folder
        self.root.mkdir(parents=True, exist_ok=True)
        self.tracker = CompletenessTracker(self.config.quiet_seconds, self.config.empty_quiet_seconds)

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop` is set."""
        rescan_at = settle_at = alive_at = 0.0
        for changes in watchfiles.watch(
            self.root, stop_event=stop, debounce=_TICK_MS, step=_TICK_MS // 2, rust_timeout=_TICK_MS, yield_on_timeout=True,
            raise_interrupt=False,
        ):  # fmt: skip
            clock = time.monotonic()
            if clock >= alive_at:
                self.alive()
                alive_at = clock + _ALIVE_SECONDS
            waits = self.tracker.next_due(clock)
            if changes or clock >= rescan_at or waits == 0:
                self.look(clock)
                rescan_at = clock + self.config.rescan_seconds
            if clock >= settle_at:
                self.settle()
                settle_at = clock + min(2.0, self.config.rescan_seconds)

    def look(self, clock: float) -> int:
        """One look at the folder: take in what is complete. Returns how many files were taken in or refused."""
        taken = 0
        for look in self.tracker.observe(folder.scan(self.root), clock):
            try:
                self._take_in(look)
            except FileNotFoundError:
                log(__name__).info("gone_before_taken_in", path=shown(look.path))
            except (OSError, DBAPIError) as error:
                # the file stays where it is and the next look tries again
                log(__name__).warning("not_taken_in", path=shown(look.path), error=type(error).__name__)
                continue
            taken += 1
            self.tracker.forget(look.path)
        return taken

    def _take_in(self, look: Seen) -> None:
        try:
            dropped = folder.describe(look.path)
            data = folder.read_whole(self.root, look, self.config.max_bytes)
        except folder.RefusedFileError as refusal:
            self._refuse(look, refusal)
            return
        answer = accept(
            Delivery(
                data=data,
                agency_code=dropped.agency_code,
                filename=dropped.filename,
                source="folder",
                identity=folder.identity(look, data),
                year=dropped.year,
                source_path=shown(look.path),
                place=lambda ref: folder.place_for(look.path, ref, folder.DONE),
            ),
            self.store,
            actor=self.actor,
        )
        folder.move(self.root, look.path, folder.place_for(look.path, answer.ref, folder.DONE), look)

    def _refuse(self, look: Seen, refusal: folder.RefusedFileError) -> None:
        parts = Path(look.path).parts
        agency = parts[0] if len(parts) > 1 else ""
        told = submissions.Announcement(
            bucket=self.store.inbox,
            key=f"refused/{folder.identity(look, b'')}",
            version=submissions.REFUSED,
            source="folder",
            agency_code=shown(agency),
            filename=shown(parts[-1]),
            size=look.size,
            source_path=shown(look.path),
            place=lambda ref: folder.place_for(look.path, ref, folder.FAILED),
            verdict=folder.FAILED,
        )
        with unit_of_work() as session:
            row, follow = submissions.refuse(session, told, refusal.code, refusal.detail, actor=self.actor)
        place = folder.place_for(look.path, row.ref, folder.FAILED)
        nudge_soon(follow)
        folder.move(self.root, look.path, place, look)
        folder.write_reason(self.root, place, _reason_text(row, refusal.code, refusal.detail))

    def settle(self) -> int:
        """Bring the folder in line with the verdicts: `done/` → `failed/` with a reason, and back after a replay."""
        moved = 0
        try:
            with reading() as session:
                rows = session.execute(_UNSETTLED).all()
        except DBAPIError as error:
            log(__name__).warning("not_settled", error=type(error).__name__)
            return 0
        for row, original in rows:
            try:
                moved += self._settle_one(row, original if row.state == SubmissionState.DUPLICATE else row)
            except (OSError, DBAPIError) as error:
                # one file that cannot be moved must not keep the others where they are
                log(__name__).warning("not_settled", ref=row.ref, error=type(error).__name__)
        return moved

    def _settle_one(self, row: Submission, judged: Submission) -> int:
        assert row.folder_place is not None  # both are set with the verdict
        assert row.source_path is not None
        verdict = folder.DONE if judged.state == SubmissionState.STORED else folder.FAILED
        before, after = row.folder_place, folder.place_for(row.source_path, row.ref, verdict)
        if (self.root / before).exists():
            if verdict == folder.FAILED:
                (self.root / after).parent.mkdir(parents=True, exist_ok=True)
                text = _reason_text(row, judged.reason_code or "internal_error", judged.reason_detail or "")
                folder.write_reason(self.root, after, text)
            folder.move(self.root, before, after)
        (self.root / f"{before}{folder.REASON_SUFFIX}").unlink(missing_ok=True)
        with unit_of_work() as session:
            fresh = session.get_one(Submission, row.id)
            fresh.folder_place, fresh.folder_verdict = after, verdict
        return 1


def _reason_text(row: Submission, code: str, detail: str) -> str:
    reason = REASONS.get(code, REASONS["internal_error"])
    return (
        f"文件：{row.filename}\n时间：{in_china(now())}\n编号：{row.ref}\n\n"
        f"原因：{reason.cause.format(detail=detail)}\n下一步：{reason.next_step.format(detail=detail)}\n\n代码：{code}\n"
    )
