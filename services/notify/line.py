"""The open line to the relay that is kept for a moment after a mail, since the next one is often close behind.

One a process. A line that was idle for too long is hung up by a thread of its own, so that an idle worker occupies
nothing at the relay.
"""

from __future__ import annotations

import os
import select
import smtplib
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

MAILS_A_LINE: Final = 100
"""After this many mails a line is hung up; relays count them too."""


@dataclass(slots=True)
class Line:
    """An open conversation with the relay `to` (whatever tells one relay from another), after `mails` mails."""

    smtp: smtplib.SMTP
    to: object
    mails: int = 0

    def close(self) -> None:
        """Drop it without a word."""
        self.smtp.close()

    def hang_up(self) -> None:
        """Say goodbye and close it. How that ends does not matter: nothing is under way."""
        with suppress(OSError, smtplib.SMTPException):
            self.smtp.quit()
        self.smtp.close()

    def is_quiet(self) -> bool:
        """Whether the relay has neither closed it nor said anything unasked, as 421 before it closes."""
        if self.smtp.sock is None:
            return False
        poll = select.poll()
        poll.register(self.smtp.sock, select.POLLIN | select.POLLPRI)
        return not poll.poll(0)


class Keeper:
    """Keeps at most one idle line, for the process that put it here."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._line: Line | None = None
        self._until = 0.0
        self._owner = 0
        self._closing: threading.Thread | None = None

    def take(self, to: object) -> Line | None:
        """The kept line to this relay if it can still be used; any other is closed."""
        with self._changed:
            line, self._line = self._line, None
            owner = self._owner
        if line is None:
            return None
        if owner == os.getpid() and line.to == to and line.mails < MAILS_A_LINE and line.is_quiet():
            return line
        if owner == os.getpid():
            line.hang_up()
        else:
            line.close()  # the parent process still uses it, and a goodbye would be said for both
        return None

    def put(self, line: Line, seconds: float) -> None:
        """Keep a line on which nothing is under way for so long; without any time it is hung up."""
        if seconds <= 0:
            line.hang_up()
            return
        with self._changed:
            before, self._line = self._line, line
            self._until, self._owner = time.monotonic() + seconds, os.getpid()
            if self._closing is None or not self._closing.is_alive():
                self._closing = threading.Thread(target=self._close_idle, name="line", daemon=True)
                self._closing.start()
            self._changed.notify()
        if before is not None:
            before.hang_up()

    def hang_up(self) -> None:
        """Close the kept line now."""
        with self._changed:
            line, self._line = self._line, None
            self._changed.notify()
        if line is not None:
            line.hang_up()

    def _close_idle(self) -> None:
        with self._changed:
            while self._line is not None and time.monotonic() < self._until:
                self._changed.wait(self._until - time.monotonic())
            line, self._line = self._line, None
            self._closing = None
        if line is not None:
            line.hang_up()


KEPT: Final = Keeper()
"""This process's line."""
