"""Is this file complete? The hard part of a drop folder, as a class without threads, files or clocks of its own."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at one file. `inode` and `changed_ns` tell two files of one name apart."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    changed_ns: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (self.size, self.mtime_ns, self.inode, self.changed_ns)

    def is_of(self, info: os.stat_result) -> bool:
        """Whether `info` describes the very file that was looked at, unchanged."""
        return self.shape == (info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns)


@dataclass
class CompletenessTracker:
    """A file is complete once its size and times have stood still for `quiet` seconds (`empty_quiet` at 0 bytes).

    Files that are already there at start-up must stand still just as long, since a writer may be at work on them.
    Feed it every look with `observe`; times are seconds of any monotonic clock.
    """

    quiet: float
    empty_quiet: float
    _since: dict[str, tuple[Seen, float]] = field(default_factory=dict)

    def observe(self, looks: Iterable[Seen], now: float) -> list[Seen]:
        """Take in one look at *all* files present; returns those complete by now. Files not looked at are forgotten."""
        present: dict[str, tuple[Seen, float]] = {}
        complete: list[Seen] = []
        for look in looks:
            known = self._since.get(look.path)
            since = known[1] if known and known[0].shape == look.shape else now
            present[look.path] = (look, since)
            if now - since >= (self.quiet if look.size else self.empty_quiet):
                complete.append(look)
        self._since = present
        return complete

    def next_due(self, now: float) -> float | None:
        """Seconds until the first waiting file can be complete; None when none waits."""
        waits = [since + (self.quiet if look.size else self.empty_quiet) - now for look, since in self._since.values()]
        return max(0.0, min(waits)) if waits else None

    def forget(self, path: str) -> None:
        """Stop waiting for a file that was taken in or refused."""
        self._since.pop(path, None)
