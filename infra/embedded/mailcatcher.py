"""A mail server that keeps every mail and delivers none, with a small page to read them.

``python -m infra.embedded.mailcatcher --smtp-port P --http-port Q --dir D [--rules FILE]``; port 0 picks a free one, and
one line of JSON tells both. Each accepted mail is a file and a line in ``index.jsonl`` before its 250 is sent. Rules
make it fail on purpose: see `Fate`.
"""

from __future__ import annotations

import argparse
import asyncio
import fnmatch
import hashlib
import ipaddress
import json
import os
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from enum import StrEnum
from pathlib import Path
from typing import Any

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from infra.embedded.mailcatcher_pages import pages

INDEX = "index.jsonl"
MAX_BYTES = 20 * 2**20


class Fate(StrEnum):
    """What becomes of one attempt to deliver to one recipient.

    `drop_before_body`: the line is cut at DATA. `drop_before_dot`: it is cut within the body; nothing is kept.
    `drop_after_dot`, `stall_after_dot`: the mail is kept, and the answer never comes. `stall`: no answer to RCPT.
    """

    ACCEPT = "accept"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    FREQUENCY = "frequency"
    DROP_BEFORE_BODY = "drop_before_body"
    DROP_BEFORE_DOT = "drop_before_dot"
    DROP_AFTER_DOT = "drop_after_dot"
    STALL = "stall"
    STALL_AFTER_DOT = "stall_after_dot"


Decide = Callable[[str, int], Fate]
"""(recipient, attempt counted from 1 per recipient) → fate."""

_REFUSALS = {
    Fate.TEMPORARY: "451 4.3.0 try again later",
    Fate.PERMANENT: "550 5.1.1 no such user here",
    Fate.FREQUENCY: "550 Domain frequency limited",
}


@dataclass(frozen=True, slots=True)
class Caught:
    """One accepted mail, as in ``index.jsonl``. `sender` and `recipients` are the envelope's."""

    time: str
    message_id: str
    subject: str
    sender: str
    recipients: list[str]
    sha256: str
    file: str

    def line(self) -> str:
        """The line of the index, with the keys ``from`` and ``to``."""
        shape = asdict(self)
        shape["from"], shape["to"] = shape.pop("sender"), shape.pop("recipients")
        return json.dumps(shape, ensure_ascii=False)

    @classmethod
    def of(cls, line: str) -> Caught:
        """The mail of one line of the index."""
        shape = json.loads(line)
        shape["sender"], shape["recipients"] = shape.pop("from"), shape.pop("to")
        return cls(**shape)


def rules_from(path: Path) -> Decide:
    """Fates from a JSON file: ``[{"to": "*@slow.example", "fates": ["temporary", "accept"]}]``.

    The first entry whose pattern fits the recipient decides; its n-th fate is for the n-th attempt, the last one for
    all later ones. Everybody else is accepted. Raises ValueError for an unknown fate.
    """
    rules = [(rule["to"], [Fate(fate) for fate in rule["fates"]]) for rule in json.loads(path.read_text("utf-8"))]

    def decide(recipient: str, attempt: int) -> Fate:
        for pattern, fates in rules:
            if fnmatch.fnmatchcase(recipient.lower(), pattern.lower()):
                return fates[min(attempt, len(fates)) - 1]
        return Fate.ACCEPT

    return decide


class Store:
    """The folder of mails. Appending is safe against readers in other processes; one process writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._count = len(self.mails())

    def add(self, raw: bytes, sender: str, recipients: list[str]) -> Caught:
        """Keep one mail; it is on disk, file first and index line second, when this returns."""
        digest = hashlib.sha256(raw).hexdigest()
        self._count += 1
        name = f"{self._count:06d}-{digest[:12]}.eml"
        parsed = BytesHeaderParser().parsebytes(raw)
        caught = Caught(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            message_id=_readable(parsed["Message-ID"]),
            subject=_readable(parsed["Subject"]),
            sender=sender,
            recipients=recipients,
            sha256=digest,
            file=name,
        )
        part = self.folder / f".{name}.part"
        part.write_bytes(raw)
        part.replace(self.folder / name)
        index = os.open(self.folder / INDEX, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(index, f"{caught.line()}\n".encode())
        finally:
            os.close(index)
        return caught

    def mails(self) -> list[Caught]:
        """Every mail accepted so far, oldest first. A line that is still being written does not count."""
        try:
            text = (self.folder / INDEX).read_text("utf-8")
        except FileNotFoundError:
            return []
        return [Caught.of(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def raw(self, caught: Caught) -> bytes:
        """The mail as it came over the wire."""
        return (self.folder / caught.file).read_bytes()


def _readable(value: Any) -> str:
    text = str(value or "")
    try:
        text = str(make_header(decode_header(text)))
    except (LookupError, ValueError):
        # an unknown character set or broken base64: shown as it came
        pass
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


class _Handler:
    """aiosmtpd's hooks: decides at RCPT, keeps the mail at the dot."""

    def __init__(self, store: Store, decide: Decide) -> None:
        self._store = store
        self._decide = decide
        self._attempts: Counter[str] = Counter()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: _Server, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._attempts[address] += 1
        fate = self._decide(address, self._attempts[address])
        if fate in _REFUSALS:
            return _REFUSALS[fate]
        if fate is Fate.STALL:
            await server.silence()
        server.fate = fate
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: _Server, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        caught = self._store.add(bytes(envelope.original_content or b""), envelope.mail_from or "", envelope.rcpt_tos)
        if server.fate is Fate.DROP_AFTER_DOT:
            server.cut()
        if server.fate is Fate.STALL_AFTER_DOT:
            await server.silence()
        return f"250 2.0.0 Ok: queued as {caught.file.removesuffix('.eml')}"


class _Server(SMTP):  # type: ignore[misc] # aiosmtpd publishes no types
    """One SMTP session that can be cut or fall silent."""

    fate: Fate = Fate.ACCEPT

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        if self.fate is Fate.DROP_BEFORE_BODY:
            self.cut()
            return
        if self.fate is Fate.DROP_BEFORE_DOT:
            await self.push("354 go ahead")
            await self._reader.read(1)
            self.cut()
            return
        await super().smtp_DATA(arg)

    def cut(self) -> None:
        """Drop the line without a word."""
        self.transport.abort()

    async def silence(self) -> None:
        """Say nothing until the other side hangs up."""
        while await self._reader.read(4096):
            pass
        raise ConnectionResetError("the client gave up waiting")


class MailCatcher:
    """SMTP and HTTP servers in a thread of their own. Use as a context manager or with start() and stop()."""

    def __init__(
        self,
        folder: Path,
        *,
        smtp_port: int = 0,
        http_port: int = 0,
        host: str = "127.0.0.1",
        decide: Decide = lambda _recipient, _attempt: Fate.ACCEPT,
    ) -> None:
        self.store = Store(folder)
        self._host = host
        self._decide = decide
        self._wanted = (smtp_port, http_port)
        self.smtp_port = 0
        self.http_port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="mailcatcher", daemon=True)

    def __enter__(self) -> MailCatcher:
        self.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return when both servers answer. Raises OSError when a port is taken."""
        self._thread.start()
        self._ready.wait(15)
        if self._failure is not None:
            raise self._failure
        if not self.smtp_port or not self.http_port:
            raise TimeoutError("the mail catcher did not come up within 15 s")

    def stop(self) -> None:
        """Close both servers and wait for the thread to end."""
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def wait(self) -> None:
        """Block until the servers end."""
        self._thread.join()

    def mails(self) -> list[Caught]:
        """Every mail accepted so far, oldest first."""
        return self.store.mails()

    def raw(self, caught: Caught) -> bytes:
        """The mail as it came over the wire."""
        return self.store.raw(caught)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        handler = _Handler(self.store, self._decide)
        smtp = await self._loop.create_server(
            lambda: _Server(handler, hostname="mailcatcher", data_size_limit=MAX_BYTES, decode_data=False),
            self._host,
            self._wanted[0],
        )
        web = socket.create_server((self._host, self._wanted[1]))
        config = uvicorn.Config(
            pages(self.store), log_level="warning", access_log=False, lifespan="off", ws="none", server_header=False
        )
        server = _Uvicorn(config)
        serving = asyncio.create_task(server.serve(sockets=[web]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        self.smtp_port, self.http_port = smtp.sockets[0].getsockname()[1], web.getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        smtp.close()
        server.should_exit = True
        await serving
        web.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class _Uvicorn(uvicorn.Server):
    """Leaves the process's signals alone: whoever starts the catcher stops it."""

    def install_signal_handlers(self) -> None:
        return


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; prints ``{"smtp": port, "http": port}`` when both servers answer."""
    parser = argparse.ArgumentParser(prog="mailcatcher", description="Keeps every mail, delivers none.")
    parser.add_argument("--smtp-port", type=int, default=0)
    parser.add_argument("--http-port", type=int, default=0)
    parser.add_argument("--dir", type=Path, required=True, help="folder of the mails")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; anything but loopback is your risk")
    parser.add_argument("--rules", type=Path, help="JSON file of faults, see rules_from")
    chosen = parser.parse_args(arguments)
    rules = {"decide": rules_from(chosen.rules)} if chosen.rules else {}
    catcher = MailCatcher(
        chosen.dir, smtp_port=chosen.smtp_port, http_port=chosen.http_port, host=chosen.host, **rules
    )
    catcher.start()
    print(json.dumps({"smtp": catcher.smtp_port, "http": catcher.http_port}), flush=True)
    try:
        catcher.wait()
    except KeyboardInterrupt:
        catcher.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
