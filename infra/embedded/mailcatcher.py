"""A mail server that keeps every mail and delivers none, with a small page to read them.

``python -m infra.embedded.mailcatcher --smtp-port P --http-port Q --dir D [--rules FILE]``; port 0 picks a free one, and
one line of JSON tells both. Each accepted mail is a file and a line in ``index.jsonl`` before its 250 is sent. Rules
make it fail on purpose: see `Fate`.
"""

from __future__ import annotations

import argparse
import asyncio
import fnmatch
import json
import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Self

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from infra.embedded.mailcatcher_pages import pages
from infra.embedded.mailcatcher_store import Caught, Store

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
            await server.cut()
        if server.fate is Fate.STALL_AFTER_DOT:
            await server.silence()
        return f"250 2.0.0 Ok: queued as {caught.file.removesuffix('.eml')}"


class _Server(SMTP):
    """One SMTP session that can be cut or fall silent."""

    fate: Fate = Fate.ACCEPT

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        if self.fate is Fate.DROP_BEFORE_BODY:
            await self.cut()
        if self.fate is Fate.DROP_BEFORE_DOT:
            await self.push("354 go ahead")
            await self._reader.read(1)
            await self.cut()
        await super().smtp_DATA(arg)

    async def cut(self) -> None:
        """Drop the line without a word; aiosmtpd then cancels this session."""
        self._writer.transport.abort()
        await asyncio.Event().wait()

    async def silence(self) -> None:
        """Say nothing until the other side hangs up."""
        while await self._reader.read(4096):
            pass
        await self.cut()


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

    def __enter__(self) -> Self:
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
        self.ask_to_stop()
        self._thread.join(10)

    def ask_to_stop(self) -> None:
        """Have the servers close, without waiting; safe in a signal handler."""
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)

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
            pages(self.store),
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[web]))
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells its start in no other way
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
    catcher = MailCatcher(chosen.dir, smtp_port=chosen.smtp_port, http_port=chosen.http_port, host=chosen.host, **rules)
    catcher.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: catcher.ask_to_stop())
    print(json.dumps({"smtp": catcher.smtp_port, "http": catcher.http_port}), flush=True)
    catcher.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
