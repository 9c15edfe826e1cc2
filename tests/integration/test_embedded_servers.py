"""The real servers that tests and `gouji up` stand on: what they promise, they keep."""

from __future__ import annotations

import io
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import minio
import psycopg
import pytest
import redis
from minio.notificationconfig import NotificationConfig, QueueConfig
from sqlalchemy import create_engine, text

from infra.embedded.servers import Broker, MailCatcher, ObjectStore, Postgres, StartError, Webhook, free_port

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]
TOKEN = "token-of-the-hook"
BUCKET = "inbox"


class Receiver:
    """A webhook receiver on loopback; `events` holds (authorization header, event)."""

    def __init__(self) -> None:
        self.events: queue.Queue[tuple[str | None, dict[str, Any]]] = queue.Queue()
        self.port = free_port()
        self._server: ThreadingHTTPServer | None = None

    def open(self) -> None:
        events = self.events

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if body:  # some versions look first whether somebody is there
                    events.put((self.headers["Authorization"], json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def store(tmp_path, receiver):
    hook = Webhook(f"http://127.0.0.1:{receiver.port}/hooks/s3", TOKEN)
    with ObjectStore(tmp_path / "store", webhook=hook) as store:
        yield store


def client(store: ObjectStore) -> minio.Minio:
    return minio.Minio(store.endpoint, store.access_key, store.secret_key, secure=False, region="us-east-1")


def watch_inbox(store: ObjectStore) -> None:
    client(store).make_bucket(BUCKET)
    queues = [QueueConfig(queue=arn, events=["s3:ObjectCreated:*"]) for arn in store.notify_arns]
    client(store).set_bucket_notification(BUCKET, NotificationConfig(queue_config_list=queues))


def put(store: ObjectStore, key: str) -> str:
    done = client(store).put_object(BUCKET, key, io.BytesIO(b"report"), 6)
    assert done.etag
    return done.etag


def test_a_put_is_announced_with_the_token_by_both_targets(store, receiver):
    receiver.open()
    watch_inbox(store)
    etag = put(store, "agency/2024/report.pdf")
    heard = [receiver.events.get(timeout=20) for _ in store.notify_arns]
    for authorization, event in heard:
        assert authorization == f"Bearer {TOKEN}"
        assert event["Key"] == f"{BUCKET}/agency/2024/report.pdf"
        assert event["Records"][0]["s3"]["object"]["eTag"] == etag


def test_a_put_while_nobody_listens_is_announced_later_even_after_a_crash(store, receiver):
    watch_inbox(store)
    put(store, "agency/report.pdf")
    queued = store.folder / "events"
    wait_for(lambda: any(place.is_file() for place in queued.rglob("*")))
    store.kill()
    store.start()
    receiver.open()
    _, event = receiver.events.get(timeout=30)
    assert event["Key"] == f"{BUCKET}/agency/report.pdf"


def test_objects_survive_sigkill_and_the_address_stays(store):
    client(store).make_bucket(BUCKET)
    endpoint = store.endpoint
    for number in range(20):
        put(store, f"agency/{number}.pdf")
    store.kill()
    assert not store.alive()
    store.start()
    assert store.endpoint == endpoint
    found = {item.object_name for item in client(store).list_objects(BUCKET, recursive=True)}
    assert found == {f"agency/{number}.pdf" for number in range(20)}


def test_a_moved_store_finds_its_objects_in_the_new_place(tmp_path):
    with ObjectStore(tmp_path / "old") as store:
        client(store).make_bucket(BUCKET)
        put(store, "agency/report.pdf")
    (tmp_path / "old").rename(tmp_path / "new")
    with ObjectStore(tmp_path / "new", access_key=store.access_key, secret_key=store.secret_key) as moved:
        answer = client(moved).get_object(BUCKET, "agency/report.pdf")
        assert answer.read() == b"report"
        answer.close()
        answer.release_conn()
    assert not (tmp_path / "old").exists()


def test_wrong_credentials_are_refused(store):
    stranger = minio.Minio(store.endpoint, store.access_key, "guess", secure=False, region="us-east-1")
    with pytest.raises(minio.S3Error, match="SignatureDoesNotMatch"):
        stranger.list_buckets()


def test_the_broker_keeps_acknowledged_messages_through_sigkill(tmp_path):
    with Broker(tmp_path / "broker") as broker:
        messages = redis.Redis(unix_socket_path=str(broker.socket_path))
        messages.rpush("extract", *range(1000))
        broker.kill()
        broker.start()
        assert messages.llen("extract") == 1000
        assert messages.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert messages.config_get("appendfsync")["appendfsync"] == "everysec"
        messages.close()


def test_the_broker_s_url_is_one_that_celery_takes(tmp_path):
    from kombu import Connection

    with Broker(tmp_path / "a folder with blanks") as broker:
        for url in (broker.url, broker.url_of(3)):
            with Connection(url) as connection:
                box = connection.SimpleQueue("nudges")
                box.put({"id": 1})
                assert box.get(timeout=5).payload == {"id": 1}
                box.close()
        database = redis.Redis(unix_socket_path=str(broker.socket_path), db=3)
        assert database.keys("*nudges*")
        database.close()


def test_the_broker_listens_on_no_port_and_lets_no_other_user_in(tmp_path):
    with Broker(tmp_path / "broker") as broker:
        assert broker.socket_path.stat().st_mode & 0o077 == 0
        database = redis.Redis(unix_socket_path=str(broker.socket_path))
        assert database.config_get("port") == {"port": "0"}
        database.close()


def test_a_second_server_on_the_same_data_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Broker, "stop_seconds", 0.2)
    with Broker(tmp_path / "broker"), pytest.raises(StartError, match="in use by another process"):
        Broker(tmp_path / "broker").start()


def test_a_crashed_server_can_be_started_again(tmp_path):
    with Broker(tmp_path / "broker") as broker:
        assert broker.pid
        os.kill(broker.pid, signal.SIGKILL)
        wait_for(lambda: not broker.alive())
        broker.start()
        assert broker.healthy()


def test_a_server_that_does_not_come_up_shows_the_end_of_its_log(tmp_path):
    program = tmp_path / "valkey-server"
    program.write_text("#!/bin/sh\necho 'bad licence' >&2\nexit 3\n")
    program.chmod(0o755)
    broker = Broker(tmp_path / "broker", program=program)
    with pytest.raises(StartError, match=r"(?s)ended with exit code 3.*bad licence"):
        broker.start()
    assert not broker.alive()


def test_a_program_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StartError, match="/nowhere/juicefs is no file"):
        ObjectStore(tmp_path / "store", program=Path("/nowhere/juicefs")).start()


@pytest.mark.postgres
def test_postgres_keeps_committed_rows_through_sigkill(tmp_path):
    server = Postgres(tmp_path / "postgres")
    try:
        server.start()
        with psycopg.connect(dsn(server)) as connection:
            connection.execute("CREATE TABLE report (id int PRIMARY KEY)")
            connection.execute("INSERT INTO report SELECT generate_series(1, 100)")
        server.kill()
        server.start()
        engine = create_engine(server.url)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM report")) == 100
        engine.dispose()
    finally:
        server.destroy()
    assert not server.root.exists()


@pytest.mark.postgres
def test_postgres_refuses_a_wrong_password_and_opens_no_port(tmp_path):
    server = Postgres(tmp_path / "postgres", fsync=False)
    try:
        server.start()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(dsn(server), password="guess")
        with psycopg.connect(dsn(server)) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    finally:
        server.destroy()


@pytest.mark.postgres
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a server for somebody else")
def test_started_by_root_postgres_runs_as_nobody_and_opens_no_folder(tmp_path):
    before = {place: place.stat().st_mode for place in (tmp_path, *tmp_path.parents)}
    server = Postgres(tmp_path / "postgres", fsync=False)
    try:
        server.start()
        assert Path(f"/proc/{server.pid}").stat().st_uid == 65534
        assert server.root.stat().st_mode & 0o777 == 0o700
        assert {place: place.stat().st_mode for place in before} == before
    finally:
        server.destroy()


@pytest.mark.postgres
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a server for somebody else")
def test_programs_that_nobody_cannot_reach_are_copied_to_where_they_can_be_run(tmp_path, monkeypatch):
    monkeypatch.setattr("infra.embedded.postgres._reachable_by_all", lambda _: False)
    server = Postgres(tmp_path / "postgres", fsync=False)
    try:
        server.start()
        assert server.healthy()
        assert (server.root / "programs").is_dir()
    finally:
        server.destroy()


def _reachable(place: Path) -> bool:
    """Whether an ordinary user can come to this place and run or enter it, links followed."""
    real = place.resolve()
    return real.exists() and all(part.stat().st_mode & 0o005 == 0o005 for part in (real, *real.parents))


def _interpreter_for_everybody() -> Path | None:
    """A Python of this version that an ordinary user can run; root's own may lie in root's home."""
    same = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = (Path(sys.executable), Path("/usr/bin") / same, Path("/usr/local/bin") / same)
    return next((python for python in candidates if _reachable(python)), None)


@pytest.mark.postgres
@pytest.mark.skipif(os.geteuid() != 0, reason="the tests above already run as an ordinary user")
def test_an_ordinary_user_can_start_postgres_too():
    python = _interpreter_for_everybody()
    if python is None or not _reachable(ROOT):
        pytest.skip("an ordinary user cannot reach this working copy or its Python")
    code = textwrap.dedent("""
        import pathlib, sys, psycopg
        from infra.embedded.servers import Postgres
        with Postgres(pathlib.Path(sys.argv[1]), fsync=False) as server:
            print(psycopg.connect(server.url.replace("+psycopg", "")).execute("SELECT 42").fetchone()[0])
    """)
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 65534, 65534)
        done = subprocess.run(
            [python, "-W", "ignore", "-c", code, f"{folder}/postgres"],
            cwd=ROOT,
            user=65534,
            group=65534,
            extra_groups=[],
            env={
                "HOME": folder,
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")]),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr


@pytest.mark.postgres
def test_further_databases_are_empty_and_separate(tmp_path):
    server = Postgres(tmp_path / "postgres", fsync=False)
    try:
        server.start()
        server.create_database("other")
        with psycopg.connect(dsn(server)) as connection:
            connection.execute("CREATE TABLE report (id int)")
        with psycopg.connect(server.url_of("other").replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT to_regclass('report')").fetchone() == (None,)
        with pytest.raises(ValueError, match="not a database name"):
            server.create_database('x"; DROP DATABASE gouji; --')
    finally:
        server.destroy()


def test_the_mail_catcher_comes_back_on_the_same_ports(tmp_path):
    with MailCatcher(tmp_path / "mail") as catcher:
        ports = (catcher.smtp_port, catcher.http_port)
        catcher.restart()
        assert (catcher.smtp_port, catcher.http_port) == ports
        with socket.create_connection(("127.0.0.1", catcher.smtp_port), timeout=5) as connection:
            assert connection.recv(3) == b"220"


def dsn(server: Postgres) -> str:
    return server.url.replace("+psycopg", "")


def wait_for(done) -> None:
    from infra.embedded.process import wait_until

    wait_until(done, seconds=20, error=lambda: AssertionError("did not happen"))
