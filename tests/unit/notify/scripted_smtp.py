"""An SMTP server that answers what a test tells it to, drops the line where it is told to, and writes down all it saw.

Raw sockets under asyncio in a thread of its own; loopback, port chosen by the system.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Script:
    """Answers by verb: ``connect``, ``ehlo``, ``helo``, ``starttls``, ``auth``, ``mail``, ``rcpt``, ``data``, ``body``
    (after 100 bytes of it), ``dot``, ``quit``. An answer is the line to send, or DROP, or STALL. One in `once` is given
    the next time only.
    """

    answers: dict[str, bytes] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    tls: ssl.SSLContext | None = None
    once: dict[str, bytes] = field(default_factory=dict)


DROP = b"<drop>"
STALL = b"<stall>"

_USUAL = {
    "connect": b"220 scripted",
    "helo": b"250 hello",
    "starttls": b"220 go ahead",
    "auth": b"235 2.7.0 ok",
    "mail": b"250 2.1.0 ok",
    "rcpt": b"250 2.1.5 ok",
    "data": b"354 go ahead",
    "dot": b"250 2.0.0 Ok: queued as 4XyZ12",
    "quit": b"221 bye",
}


class _DroppedError(Exception):
    pass


@dataclass
class ScriptedServer:
    """What happened: commands in order, and every message whose final dot arrived, as sent over the wire."""

    script: Script
    port: int = 0
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    begun: list[bytes] = field(default_factory=list)
    finished: threading.Event = field(default_factory=threading.Event)
    _lines: list[tuple[asyncio.AbstractEventLoop, asyncio.StreamWriter]] = field(default_factory=list)

    def hang_up(self) -> None:
        """Close every open line from this side, and wait until that has happened."""
        for loop, writer in self._lines:
            loop.call_soon_threadsafe(writer.transport.abort)
        assert self.finished.wait(5)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.append((asyncio.get_running_loop(), writer))
        try:
            await self._talk(reader, writer)
        except (_DroppedError, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()
            self.finished.set()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._answer("connect", reader, writer)
        while line := (await reader.readline()).decode("ascii").rstrip("\r\n"):
            self.commands.append(line)
            verb = line.split(" ")[0].lower()
            answer = await self._answer(verb, reader, writer)
            if verb == "starttls" and self.script.tls:
                await writer.start_tls(self.script.tls)
            if verb == "data" and answer.startswith(b"354"):
                await self._body(reader, writer)
            if verb == "quit":
                return

    async def _body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if "body" in self.script.answers or "body" in self.script.once:
            self.begun.append(await reader.read(100))
            await self._answer("body", reader, writer)
        message = await reader.readuntil(b"\r\n.\r\n")
        self.messages.append(message)
        await self._answer("dot", reader, writer)

    async def _answer(self, verb: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        usual = self._hello() if verb == "ehlo" else _USUAL.get(verb, b"250 ok")
        answer = self.script.once.pop(verb, self.script.answers.get(verb, usual))
        if answer == DROP:
            raise _DroppedError
        if answer == STALL:
            # until the client has had enough and hangs up
            while await reader.read(1000):
                pass
            raise _DroppedError
        writer.write(answer + b"\r\n")
        await writer.drain()
        return answer

    def _hello(self) -> bytes:
        lines = ["scripted", *self.script.extensions]
        marks = ["-"] * (len(lines) - 1) + [" "]
        return "\r\n".join(f"250{mark}{line}" for mark, line in zip(marks, lines, strict=True)).encode()


@contextmanager
def scripted(
    answers: dict[str, bytes] | None = None, *, extensions: tuple[str, ...] = (), tls: ssl.SSLContext | None = None
) -> Iterator[ScriptedServer]:
    """A server following this script, listening until the block ends."""
    server = ScriptedServer(Script(answers or {}, extensions, tls))
    ready, stop = threading.Event(), []

    async def main() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.port = listener.sockets[0].getsockname()[1]
        stop.append(lambda: loop.call_soon_threadsafe(stopping.set))
        ready.set()
        await stopping.wait()
        listener.close()
        await listener.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield server
    finally:
        stop[0]()
        thread.join(5)
        assert not thread.is_alive()
