"""`gouji up` without gouji: the real servers, with stand-ins for the roles."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.request import urlopen

import minio
import pytest

from infra.embedded import supervisor
from infra.embedded.lanes import lanes
from infra.embedded.process import PortTakenError, StartError, free_port, port_answers, wait_until
from infra.embedded.stack import Stack
from infra.embedded.supervisor import ROLES, up
from services.platform.settings import STACK_FILE, Settings

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]

# Every role waits for SIGTERM; `serve` answers /readyz meanwhile. $BROKEN names one that ends at once instead.
STAND_IN = textwrap.dedent("""
    import os, signal, sys, threading
    from http.server import BaseHTTPRequestHandler, HTTPServer
    role = sys.argv[1]
    print("args", *sys.argv[1:], flush=True)
    if role == os.environ.get("BROKEN"):
        sys.exit("broken on purpose")
    if role == "migrate":
        sys.exit(0)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if role == "serve":
        class Ready(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/readyz" else 404)
                self.end_headers()
            do_POST = do_GET
            def log_message(self, *_):
                pass
        server = HTTPServer(("127.0.0.1", int(os.environ["GOUJI_HTTP_PORT"])), Ready)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    while True:
        signal.pause()
""")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in [name for name in os.environ if name.startswith("GOUJI_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def command(tmp_path):
    program = tmp_path / "stand_in.py"
    program.write_text(STAND_IN)
    return (sys.executable, str(program))


@pytest.fixture
def settings(tmp_path):
    return Settings(state_dir=tmp_path / "state", http_port=free_port(), ocr_lane=False, office_lane=False)


def until(done) -> None:
    wait_until(done, seconds=30, error=lambda: AssertionError("did not happen"))


def test_the_stack_gives_the_roles_all_they_need(settings):
    with Stack(settings) as stack:
        ours = stack.settings
        ours.require_secrets()
        assert ours.state_dir.is_absolute()
        assert ours.drop_folder.is_dir()
        assert ours.database_url == f"sqlite:///{stack.state}/gouji.db"
        assert ours.s3_notify_arns == "arn:minio:sqs::FAST:webhook,arn:minio:sqs::SAFE:webhook"
        assert set(stack.env()) <= {f"GOUJI_{name.upper()}" for name in Settings.model_fields}
        assert port_answers(ours.smtp_port)
        assert stack.broker
        assert ours.broker_url.get_secret_value() == stack.broker.url
        assert stack.broker.healthy()
        store = minio.Minio(
            ours.s3_endpoint,
            ours.s3_access_key.get_secret_value(),
            ours.s3_secret_key.get_secret_value(),
            secure=False,
            region=ours.s3_region,
        )
        stack.prepare()
        assert {bucket.name for bucket in store.list_buckets()} == {ours.s3_inbox, ours.s3_originals}
        stack.prepare()  # once more changes nothing
        assert len(store.get_bucket_notification(ours.s3_inbox).queue_config_list) == 2
        store.put_object(ours.s3_inbox, "agency/report.pdf", io.BytesIO(b"report"), 6)
    assert not any(server.alive() for server in stack.servers)


def test_addresses_and_secrets_survive_a_restart(tmp_path):
    config = Settings(state_dir=tmp_path / "state")
    with Stack(config) as stack:
        before = stack.env()
        mail = stack.mail.url if stack.mail else ""
    with Stack(config) as again:
        assert again.env() == before
        assert again.mail
        assert again.mail.url == mail


@contextmanager
def somebody_at(port: int) -> Iterator[None]:
    """Another program's service on this port, which says 200 to everything."""

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", port), Other)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_whose_port_is_taken_between_choosing_and_starting_takes_another(settings):
    stack = Stack(settings)
    assert stack.store
    assert stack.mail
    lost = (stack.store.port, stack.mail.smtp_port)
    with somebody_at(lost[0]), somebody_at(lost[1]), stack:
        assert stack.store.port != lost[0]
        assert stack.mail.smtp_port != lost[1]
        assert stack.settings.s3_endpoint == f"127.0.0.1:{stack.store.port}"
        assert stack.settings.smtp_port == stack.mail.smtp_port
        stack.prepare()
        kept = json.loads((stack.state / "ports.json").read_text())
        assert (kept["s3"], kept["smtp"]) == (stack.store.port, stack.mail.smtp_port)


def test_a_server_whose_address_is_known_keeps_it(settings):
    stack = Stack(settings)
    assert stack.mail
    with stack:
        port = stack.mail.smtp_port
        stack.mail.stop()
        with somebody_at(port), pytest.raises(PortTakenError, match=str(port)):
            stack.mail.start()
        stack.mail.start()
        assert stack.mail.smtp_port == port


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Ports of the pages that somebody else takes while the database is brought up to date, once each."""
    wanted: list[int] = []
    with ExitStack() as held:

        def migrate(command: Sequence[str], env: Mapping[str, str], logs: Path) -> None:
            port = int(env["GOUJI_HTTP_PORT"])
            if not wanted:
                held.enter_context(somebody_at(port))
                wanted.append(port)
            migrated(command, env, logs)

        migrated = supervisor._migrate
        monkeypatch.setattr(supervisor, "_migrate", migrate)
        yield wanted


def test_pages_whose_port_is_taken_between_choosing_and_starting_get_another(tmp_path, command, others):
    with up(Settings(state_dir=tmp_path / "state"), command=command) as running:
        (lost,) = others
        assert running.stack.http_port != lost
        assert running.desk_url == f"http://127.0.0.1:{running.stack.http_port}"
        assert f"GOUJI_HTTP_PORT={running.stack.http_port}\n" in (running.stack.state / STACK_FILE).read_text()


def test_a_port_that_the_settings_name_is_never_changed(settings, command, others):
    with pytest.raises(PortTakenError, match=str(settings.http_port)):
        up(settings, command=command)
    assert others == [settings.http_port]
    assert not (settings.state_dir / STACK_FILE).exists()


def test_only_the_owner_can_enter_the_state_folder(settings):
    with Stack(settings) as stack:
        assert stack.state.stat().st_mode & 0o077 == 0
        assert (stack.state / "secrets.env").stat().st_mode & 0o077 == 0


def test_servers_that_the_settings_name_are_not_started(tmp_path):
    config = Settings(
        state_dir=tmp_path / "state",
        broker_url="redis://10.0.0.1:6379/5",
        s3_endpoint="s3.example:443",
        s3_access_key="ours",
        s3_secret_key="hidden",
        s3_secure=True,
        smtp_host="relay.example",
        smtp_user="gouji",
        database_url="postgresql+psycopg://db.example/gouji",
    )
    stack = Stack(config)
    assert stack.servers == ()
    ours = stack.settings
    assert ours.broker_url.get_secret_value() == "redis://10.0.0.1:6379/5"
    assert (ours.s3_endpoint, ours.s3_secure, ours.s3_notify_arns) == ("s3.example:443", True, "")
    assert (ours.s3_access_key.get_secret_value(), ours.s3_secret_key.get_secret_value()) == ("ours", "hidden")
    assert (ours.smtp_host, ours.smtp_user) == ("relay.example", "gouji")
    assert ours.database_url == "postgresql+psycopg://db.example/gouji"


@pytest.mark.postgres
def test_postgres_takes_the_place_of_the_file_when_asked_for(settings):
    stack = Stack(settings, postgres=True)
    assert stack.database
    try:
        stack.start()
        assert stack.settings.database_url.startswith("postgresql+psycopg://gouji:")
    finally:
        stack.destroy()
    assert not stack.database.root.exists()
    assert not stack.state.exists()


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(settings):
    import socket

    with socket.create_server(("127.0.0.1", settings.http_port)), pytest.raises(StartError, match="GOUJI_HTTP_PORT"):
        Stack(settings)


def test_up_starts_every_role_and_stops_all(settings, command):
    with up(settings, command=command) as running:
        assert urlopen(f"{running.desk_url}/readyz", timeout=5).status == 200
        assert running.mail_url
        assert urlopen(running.mail_url, timeout=5).status == 200
        assert running.drop_folder.is_dir()
        assert set(running.supervisor.pids()) == {role.name for role in ROLES}
        until(lambda: "args worker --role extract" in (running.logs / "extract.log").read_text())
        assert "args migrate" in (running.logs / "migrate.log").read_text()
        pids = [*running.supervisor.pids().values(), *(server.pid for server in running.stack.servers)]
    assert not [pid for pid in pids if pid and Path(f"/proc/{pid}").exists()]


def test_the_slower_lanes_run_where_their_setting_is_on_and_every_role_is_told(settings, command):
    both = settings.model_copy(update={"ocr_lane": True, "office_lane": True})
    with up(both, command=command) as running:
        assert set(running.supervisor.pids()) == {role.name for role in ROLES} | {"ocr", "office"}
        assert running.stack.env()["GOUJI_OCR_LANE"] == running.stack.env()["GOUJI_OFFICE_LANE"] == "true"


def test_without_a_word_in_the_settings_a_lane_runs_when_its_programs_are_here(monkeypatch):
    for found in (True, False):
        monkeypatch.setattr("infra.embedded.lanes.find_spec", lambda _name, found=found: found or None)
        monkeypatch.setattr(
            "infra.embedded.lanes.shutil.which", lambda _name, found=found: "/soffice" if found else None
        )
        assert lanes(Settings()) == {"ocr_lane": found, "office_lane": found}
        assert lanes(Settings(ocr_lane=not found, office_lane=not found)) == {
            "ocr_lane": not found,
            "office_lane": not found,
        }


def test_a_role_and_a_server_that_die_are_brought_back_at_their_address(settings, command):
    with up(settings, command=command) as running:
        sweep = running.supervisor.pids()["sweep"]
        broker = running.stack.broker
        assert broker
        assert broker.pid
        url, died = broker.url, broker.pid
        os.kill(sweep, signal.SIGKILL)
        os.kill(died, signal.SIGKILL)
        until(lambda: running.supervisor.pids().get("sweep", sweep) != sweep)
        until(lambda: broker.pid != died and broker.healthy())
        assert broker.url == url


def test_a_second_up_in_the_same_folder_is_refused(settings, command):
    with up(settings, command=command), pytest.raises(StartError, match=r"another `gouji up` \(process \d+\)"):
        up(settings, command=command)


def test_a_failed_migration_ends_the_start_and_leaves_nothing_running(settings, command, monkeypatch):
    monkeypatch.setenv("BROKEN", "migrate")
    with pytest.raises(StartError, match=r"(?s)database could not be brought up to date.*broken on purpose"):
        up(settings, command=command)
    assert not list(settings.state_dir.rglob("*.pid"))
    monkeypatch.delenv("BROKEN")
    up(settings, command=command).stop()


def test_a_service_that_always_ends_fails_the_start_with_its_log(settings, command, monkeypatch):
    monkeypatch.setenv("BROKEN", "serve")
    with pytest.raises(StartError, match=r"(?s)serve: /readyz did not answer.*broken on purpose"):
        up(settings, command=command)
    assert not list(settings.state_dir.rglob("*.pid"))


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_in_order(settings, command, tmp_path, sign):
    program = textwrap.dedent(f"""
        from pathlib import Path
        from infra.embedded.supervisor import up
        from services.platform.settings import STACK_FILE, Settings
        settings = Settings(
            state_dir=Path({str(settings.state_dir)!r}), http_port={settings.http_port}, ocr_lane=False, office_lane=False
        )
        try:
            with up(settings, command={command!r}) as running:
                print("ready", flush=True)
                running.wait()
        except KeyboardInterrupt:
            pass  # the signal came before wait()
        print("stopped", flush=True)
    """)
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        pids = [int(place.read_text()) for place in settings.state_dir.rglob("*.pid")]
        assert len(pids) == len(ROLES) + 3
        process.send_signal(sign)
        assert process.stdout.readline() == "stopped\n"
        assert process.wait(timeout=30) == 0
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_when_up_is_killed_nothing_is_left_and_it_can_start_again(settings, command):
    program = textwrap.dedent(f"""
        import signal
        from pathlib import Path
        from infra.embedded.supervisor import up
        from services.platform.settings import STACK_FILE, Settings
        lanes = {{"ocr_lane": False, "office_lane": False}}
        up(Settings(state_dir=Path({str(settings.state_dir)!r}), http_port={settings.http_port}, **lanes), command={command!r})
        print("ready", flush=True)
        signal.pause()
    """)
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        pids = [int(place.read_text()) for place in settings.state_dir.rglob("*.pid")]
        process.kill()
    until(lambda: not [pid for pid in pids if lives(pid)])
    up(settings, command=command).stop()


def lives(pid: int) -> bool:
    """A zombie, which only its new parent can collect, counts as dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
