"""Listens on 127.0.0.1:8750 as soon as, and not before, serve:8750 can be reached, and passes every connection on to it.

The stand-in's MinIO code of 2021 drops a webhook target whose host name is unknown when it starts, which a refused
connection does not make it do. Newer MinIO code looks at the target only when it has an event for it.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

TARGET = ("serve", 8750)


def reachable() -> bool:
    with suppress(OSError), socket.create_connection(TARGET, timeout=2):
        return True
    return False


def pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def serve_one(client: socket.socket) -> None:
    with client, suppress(OSError), socket.create_connection(TARGET, timeout=30) as upstream:
        back = threading.Thread(target=pump, args=(upstream, client))
        back.start()
        pump(client, upstream)
        back.join()


if __name__ == "__main__":
    while not reachable():
        time.sleep(0.2)  # polling until the other container can be reached
    with socket.create_server(("127.0.0.1", 8750)) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve_one, args=(connection,), daemon=True).start()
