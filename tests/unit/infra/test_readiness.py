"""Whether it is our own service that answers at our address."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from infra.embedded.process import PortTakenError, StartError, free_port, listens
from infra.embedded.readiness import wait_ready


class Says200(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def answering() -> Iterator[int]:
    """A port at which this process says 200 to everything."""
    server = HTTPServer(("127.0.0.1", 0), Says200)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Roles:
    running: dict[str, int] = field(default_factory=dict)
    given_up: bool = False

    def pids(self) -> Mapping[str, int]:
        return self.running

    def hopeless(self, _name: str) -> bool:
        return self.given_up

    def failure(self, name: str, what: str) -> StartError:
        return StartError(f"{name}: {what}")


def test_a_service_of_ours_that_says_200_is_ready(answering):
    assert listens(os.getpid(), answering)
    wait_ready(Roles({"serve": os.getpid()}), answering, 5)


@pytest.mark.parametrize("running", [{}, {"serve": 1}, {"worker": os.getpid()}], ids=["none", "another", "a worker"])
def test_somebody_elses_200_says_nothing_about_us(answering, running):
    with pytest.raises(PortTakenError, match=str(answering)):
        wait_ready(Roles(running), answering, 5)


def test_a_service_that_ends_again_and_again_is_not_waited_for():
    with pytest.raises(StartError, match="/readyz") as caught:
        wait_ready(Roles(given_up=True), free_port(), 60)
    assert not isinstance(caught.value, PortTakenError)


def test_a_process_that_has_ended_listens_nowhere(answering):
    assert not listens(2**22 + 1, answering)


def test_free_ports_are_none_that_the_kernel_hands_out():
    assert all(20_000 <= free_port() < 32_000 for _ in range(5))
