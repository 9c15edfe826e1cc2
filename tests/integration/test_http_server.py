"""The service behind a real socket: bodies that are too long, too slow or a stranger's, and surroundings that hang."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from services.platform.http import bounds, health
from services.platform.http.health import CHECK_SECONDS
from services.platform.settings import settings
from tests.unit.desk.site import Site, open_site

HEAD = "POST /api/submissions HTTP/1.1\r\nHost: t\r\nContent-Type: multipart/form-data; boundary=x\r\n"


@contextmanager
def listening(site: Site) -> Iterator[int]:
    """The site served on a free port of this host."""
    server = uvicorn.Server(uvicorn.Config(site.app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with open_site(tmp_path, monkeypatch, MAX_BYTES="100000") as opened:
        yield opened


def ask(port: int, text: str, *more: bytes) -> str:
    """Send and return the first line and code of the answer; what is not sent stays unsent."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as wire:
        wire.sendall(text.encode() + b"\r\n")
        for part in more:
            wire.sendall(part)
        answer = b""
        while b"}" not in answer:
            got = wire.recv(65536)
            if not got:
                break
            answer += got
        return answer.decode()


def test_a_stranger_is_refused_before_any_body_arrives(site):
    with listening(site) as port:
        assert " 401 " in ask(port, HEAD + "Content-Length: 50000\r\n")


def test_an_announced_length_beyond_the_limit_is_refused_at_once(site):
    token = f"Authorization: Bearer {site.tokens['130101']}\r\n"
    with listening(site) as port:
        answer = ask(port, HEAD + token + "Content-Length: 900000000000\r\n")
    assert " 413 " in answer
    assert '"code":"too_large"' in answer


def test_an_unannounced_length_is_counted(site):
    token = f"Authorization: Bearer {site.tokens['130101']}\r\n"
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    chunk = b"x" * 60_000
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (start, chunk, chunk, chunk)]  # never ended
    with listening(site) as port:
        answer = ask(port, HEAD + token + "Transfer-Encoding: chunked\r\n", *chunks)
    assert " 413 " in answer


def test_a_body_that_stalls_is_given_up(site, monkeypatch):
    monkeypatch.setattr(bounds, "IDLE_SECONDS", 0.2)
    token = f"Authorization: Bearer {site.tokens['130101']}\r\n"
    with listening(site) as port:
        answer = ask(port, HEAD + token + "Content-Length: 5000\r\n", b"--x\r\n")
    assert " 408 " in answer
    assert '"code":"slow_body"' in answer


def test_intake_answers_quickly_while_store_and_broker_are_down(tmp_path, monkeypatch):
    with open_site(tmp_path, monkeypatch, stand_ins=False) as site, listening(site) as port:
        spans = []
        for number in range(20):
            began = time.perf_counter()
            answer = httpx.post(
                f"http://127.0.0.1:{port}/api/submissions",
                headers=site.auth("130101"),
                files={"file": ("a.pdf", b"%d" % number)},
                timeout=30,
            )
            spans.append(time.perf_counter() - began)
            assert answer.status_code == 202
        assert sorted(spans)[18] < 1, spans
        assert max(spans) < 5, spans


class TestReadiness:
    def test_a_database_is_enough_to_take_documents_in(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(health, "CHECK_SECONDS", 60)  # what it answers, not how soon on a busy machine
        with open_site(tmp_path, monkeypatch, stand_ins=False) as site:
            answer = site.client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {
            "ready": True,
            "degraded": True,
            "database": "ok",
            "object_store": "away",
            "broker": "away",
        }

    def test_servers_that_hang_do_not_make_the_check_hang(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        with closing(socket.create_server(("127.0.0.1", 0), backlog=50)) as deaf:
            port = deaf.getsockname()[1]
            with open_site(
                tmp_path,
                monkeypatch,
                stand_ins=False,
                S3_ENDPOINT=f"127.0.0.1:{port}",
                BROKER_URL=f"redis://127.0.0.1:{port}/0",
            ) as site:
                began = time.perf_counter()
                told = site.client.get("/readyz").json()
                assert time.perf_counter() - began < CHECK_SECONDS + 2
                assert told["ready"]
                assert "ok" not in (told["object_store"], told["broker"])

    def test_without_a_database_of_the_right_schema_it_is_not_ready(self, site: Site, monkeypatch: pytest.MonkeyPatch):
        for url, verdict in (("sqlite:///:memory:", "not_migrated"), ("sqlite:////nowhere/x.db", "away")):
            monkeypatch.setenv("GOUJI_DATABASE_URL", url)
            settings.cache_clear()
            site.app.state.readying._last = None
            answer = site.client.get("/readyz")
            assert (answer.status_code, answer.json()["database"]) == (503, verdict)
        assert site.client.get("/healthz").json() == {"alive": True}

    def test_however_often_it_is_asked_the_servers_are_asked_once_a_second(self, site: Site):
        asked: list[Any] = []

        def check() -> str:
            asked.append(1)
            return "ok"

        site.app.state.readying.checks = (check, check, check)
        for _ in range(20):
            assert site.client.get("/readyz").json()["degraded"] is False
        assert len(asked) <= 6


def test_a_database_that_hangs_is_answered_for_in_time(site, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(bounds, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr("services.platform.http.identity.owner_of", lambda _token: release.wait(20))
    monkeypatch.setattr(bounds.in_time, "__kwdefaults__", {"seconds": 0.2, "limiter": None})
    began = time.perf_counter()
    answer = site.client.get("/api/submissions", headers=site.auth("130101"))
    release.set()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert time.perf_counter() - began < 5
