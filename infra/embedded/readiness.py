"""Whether the HTTP service of this very stack is ready: something else may answer at its address."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import Protocol

from infra.embedded.process import PortTakenError, StartError, free_port, listens, wait_until


class Roles(Protocol):
    """What a supervisor knows of its roles."""

    def pids(self) -> Mapping[str, int]: ...
    def hopeless(self, name: str) -> bool: ...
    def failure(self, name: str, what: str) -> StartError: ...


def wait_ready(roles: Roles, port: int, seconds: float) -> None:
    """Return once `serve` listens on the port and its `/readyz` answers 200.

    Raises PortTakenError when another process listens there, StartError when `serve` does not come up.
    """

    def serves() -> bool:
        pid = roles.pids().get("serve")
        return pid is not None and listens(pid, port)

    def lost() -> bool:
        # asked before `serve` is looked at, which may have just begun to listen
        taken = free_port(port) != port
        return taken and not serves()

    def failure() -> StartError:
        if lost():
            return PortTakenError("serve", port)
        return roles.failure("serve", f"/readyz did not answer 200 within {seconds:g} s")

    wait_until(
        lambda: serves() and _readyz(port),
        seconds=seconds,
        alive=lambda: not roles.hopeless("serve") and not lost(),
        error=failure,
        every=0.1,
    )


def _readyz(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
