"""A real S3 server on loopback: the JuiceFS gateway, which speaks MinIO's API with its bucket notifications."""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra.embedded.process import Child, StartError, free_port, require_free
from infra.embedded.server import Server, binary

VOLUME = "gouji"
FAST = "FAST"
SAFE = "SAFE"
# Puts in the first 40 ms after the port opens were seen to make no event at all, whatever the targets.
_EVENTS_SETTLE_SECONDS = 0.25
_QUEUE_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where bucket events go: an HTTP address, and the token that each carries as `Authorization: Bearer`."""

    url: str
    token: str


class ObjectStore(Server):
    """Two targets send every event to `webhook`: FAST at once but only once, SAFE from a queue on disk until accepted.

    The receiver therefore sees most events twice. Root credentials are random unless given; `endpoint` is `host:port`.
    `program` names another juicefs; otherwise the one installed beside this Python, then PATH's.
    """

    name = "juicefs"

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        access_key: str = "",
        secret_key: str = "",
        webhook: Webhook | None = None,
        program: Path | None = None,
    ) -> None:
        super().__init__(folder)
        self.port = port or free_port()
        self.access_key = access_key or secrets.token_hex(10)
        self.secret_key = secret_key or secrets.token_hex(20)
        self._webhook = webhook
        self._given_program = program

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def ports(self) -> tuple[int, ...]:
        return (self.port,)

    def move(self) -> None:
        self.port = free_port()

    @property
    def notify_arns(self) -> tuple[str, ...]:
        """The targets' names for a bucket's notification settings; none without a webhook."""
        return tuple(f"arn:minio:sqs::{target}:webhook" for target in (FAST, SAFE)) if self._webhook else ()

    @property
    def _program(self) -> Path:
        return binary(
            "juicefs", self._given_program, Path(sys.executable).with_name("juicefs"), shutil.which("juicefs")
        )

    @property
    def _metadata(self) -> str:
        return f"sqlite3://{self.folder}/meta.db?_journal=WAL"

    def _prepare(self) -> None:
        """Format the volume once. Objects are chunks below `data/` beside their metadata in `meta.db`: back up both."""
        (self.folder / "events").mkdir(mode=0o700, exist_ok=True)
        place = self.folder / "formatted"
        if place.exists() and place.read_text() == str(self.folder):
            return
        data = f"{self.folder}/data/"
        if place.exists():  # the whole folder was moved: the metadata holds the old absolute path
            self._juicefs("config", self._metadata, "--bucket", data, "--yes")
        else:
            self._juicefs("format", "--storage", "file", "--bucket", data, "--trash-days", "0", self._metadata, VOLUME)
        place.write_text(str(self.folder))

    def _juicefs(self, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._program), "--no-agent", *arguments], capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode:
            raise StartError(f"juicefs {arguments[0]} failed:\n{done.stdout}{done.stderr}")

    def _make_child(self, keep_open: tuple[int, ...]) -> Child:
        require_free(self.name, self.port)
        argv = [str(self._program), "--no-agent", "gateway"]
        argv += ["--multi-buckets", "--keep-etag", "--object-tag", "--object-meta", "--no-banner", "--no-usage-report"]
        argv += ["--metrics", "127.0.0.1:0", "--cache-dir", f"{self.folder}/cache", "--cache-size", "0"]
        argv += [self._metadata, self.endpoint]
        return Child(self.name, argv, self.log, env={**os.environ, **self._environment()}, keep_open=keep_open)

    def _environment(self) -> dict[str, str]:
        env = {"MINIO_ROOT_USER": self.access_key, "MINIO_ROOT_PASSWORD": self.secret_key, "MINIO_BROWSER": "off"}
        for target in (FAST, SAFE) if self._webhook else ():
            assert self._webhook is not None
            env[f"MINIO_NOTIFY_WEBHOOK_ENABLE_{target}"] = "on"
            env[f"MINIO_NOTIFY_WEBHOOK_ENDPOINT_{target}"] = self._webhook.url
            env[f"MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_{target}"] = self._webhook.token
        if self._webhook:
            env[f"MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_{SAFE}"] = str(self.folder / "events")
            env[f"MINIO_NOTIFY_WEBHOOK_QUEUE_LIMIT_{SAFE}"] = str(_QUEUE_LIMIT)
        return env

    def healthy(self) -> bool:
        """Whether it says it is ready."""
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            try:
                connection.request("GET", "/minio/health/ready")
                return connection.getresponse().status == http.HTTPStatus.OK
            finally:
                connection.close()
        return False

    def _on_usable(self) -> None:
        time.sleep(_EVENTS_SETTLE_SECONDS)
