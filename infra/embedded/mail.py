"""The mail catcher as a server: takes every mail, delivers none, shows them on a page."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

from infra.embedded.process import Child, free_port, port_answers, require_free
from infra.embedded.server import Server


class MailCatcher(Server):
    """`smtp_port` takes mail, `http_port` shows it; both on loopback, chosen at the first start unless given."""

    name = "mailcatcher"
    start_seconds = 20.0

    def __init__(self, folder: Path, *, smtp_port: int = 0, http_port: int = 0) -> None:
        super().__init__(folder)
        self.smtp_port = free_port(smtp_port)
        self.http_port = free_port(http_port)

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def ports(self) -> tuple[int, ...]:
        return (self.smtp_port, self.http_port)

    def move(self) -> None:
        self.smtp_port, self.http_port = free_port(), free_port()

    @property
    def _announced(self) -> Path:
        return self.folder / "ports.json"

    def _prepare(self) -> None:
        (self.folder / "mails").mkdir(mode=0o700, exist_ok=True)
        self._announced.unlink(missing_ok=True)

    def _make_child(self, keep_open: tuple[int, ...]) -> Child:
        require_free(self.name, *self.ports)
        argv = [sys.executable, "-m", "infra.embedded.mailcatcher", "--smtp-port", str(self.smtp_port)]
        argv += ["--http-port", str(self.http_port), "--dir", str(self.folder / "mails")]
        return Child(self.name, argv, self.log, output=self._announced, cwd=_ROOT, keep_open=keep_open)

    def healthy(self) -> bool:
        """Whether it has announced its ports and takes connections on both."""
        with suppress(OSError, json.JSONDecodeError):
            announced = json.loads(
                self._announced.read_text().splitlines()[0] if self._announced.stat().st_size else ""
            )
            return all(port_answers(announced[kind]) for kind in ("smtp", "http"))
        return False


_ROOT = Path(__file__).resolve().parents[2]  # from where `infra` can be imported, installed or not
