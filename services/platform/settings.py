"""Every setting of every role, from environment variables `GOUJI_…` or files in a secrets folder.

The README's table is generated from this class, so each field says what it means and in which unit.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.core.regions import NO_REGIONS, RegionalLimits, parse_limits

_LANE_TASKS = frozenset({"ingest.read_pictures", "ingest.convert"})


class Settings(BaseSettings):
    """Read once a process through `settings()`; refuses contradictory values at start."""

    model_config = SettingsConfigDict(env_prefix="GOUJI_", extra="ignore", secrets_dir=None, hide_input_in_errors=True)

    # where the servers are
    database_url: str = Field(
        "sqlite:///.gouji/gouji.db",
        repr=False,  # may hold a password
        description="SQLAlchemy URL; `sqlite:///path` or `postgresql+psycopg://user@host/db`.",
    )
    broker_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"), description="Redis-protocol broker; `redis+socket://` for a unix socket."
    )
    s3_endpoint: str = Field("127.0.0.1:9000", description="Object store, `host:port`.")
    s3_access_key: SecretStr = Field(SecretStr(""), description="Access key of the object store.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret key of the object store.")
    s3_secure: bool = Field(False, description="Speak TLS to the object store.")
    s3_region: str = Field("us-east-1", description="Region name; needed by keys that are limited to a prefix.")
    s3_inbox: str = Field("gouji-inbox", description="Bucket that receives reports, `<agency>/[<year>/]name`.")
    s3_originals: str = Field("gouji-originals", description="Bucket that keeps every original under its SHA-256.")
    s3_notify_arns: str = Field(
        "", description="Comma-separated ARNs to which the inbox bucket sends its events; empty: sweep only."
    )
    smtp_host: str = Field("127.0.0.1", description="Mail relay.")
    smtp_port: int = Field(25, description="Port of the mail relay.")
    smtp_starttls: bool = Field(False, description="Ask the relay for STARTTLS and refuse to go on without it.")
    smtp_user: str = Field("", description="User at the relay; empty: no login.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password at the relay.")
    smtp_timeout_seconds: float = Field(30, gt=0, description="Longest wait for one answer of the relay, in seconds.")
    mail_from: str = Field("gouji@localhost", description="Sender address of all mails.")
    mail_from_name: str = Field("政府信息公开年报核对", description="Sender name of all mails.")
    mail_domain: str = Field("gouji.localhost", description="Right side of every Message-ID.")

    # HTTP
    http_host: str = Field("127.0.0.1", description="Address the HTTP service listens on.")
    http_port: int = Field(8750, description="Port the HTTP service listens on.")
    public_url: str = Field("http://127.0.0.1:8750", description="Address under which people reach the pages.")
    secret_key: SecretStr = Field(SecretStr(""), description="Signs the session cookie; at least 32 characters.")
    hook_token: SecretStr = Field(SecretStr(""), description="Bearer token that bucket events must carry.")
    session_hours: float = Field(12, gt=0, description="Life of a login on the pages, in hours.")

    # intake
    drop_folder: Path = Field(
        Path(".gouji/drop"), description="Root of the drop folder, `<root>/<agency>/[<year>/]file`."
    )
    quiet_seconds: float = Field(5, gt=0, description="A file is complete when size and time stand still this long.")
    empty_quiet_seconds: float = Field(60, gt=0, description="The same for files of 0 bytes, which are then refused.")
    rescan_seconds: float = Field(60, gt=0, description="Interval of the folder rescan beside the file events.")
    listing_seconds: float = Field(60, gt=0, description="Interval of the bucket listing that finds lost events.")
    max_bytes: int = Field(50 * 2**20, gt=0, description="Largest document accepted, in bytes.")
    max_pages: int = Field(300, gt=0, description="Most pages a document may have.")

    # judging
    limits_file: str = Field(
        "",
        description="TOML file with deadlines and limits that regions set (docs/operations.md); empty: the law's alone.",
    )

    # reading child
    reader_wall_seconds: float = Field(90, gt=0, description="Wall-clock limit of reading one document, in seconds.")
    reader_cpu_seconds: int = Field(60, gt=0, description="CPU limit of reading one document, in seconds.")
    reader_memory_mb: int = Field(1024, ge=128, description="Address-space limit of the reading child, in MiB.")

    # slower lanes of reading, each with workers of its own
    ocr_lane: bool = Field(
        False,
        description="Workers of role ocr run (extra `ocr`): scans and pictures are read instead of only reported.",
    )
    ocr_reader: str = Field(
        "services.ingest.readers.with_pictures:read_document",
        description="Dotted path of the function that reads a document with pictures in the child.",
    )
    ocr_wall_seconds: float = Field(
        300, gt=0, description="Wall-clock limit of reading one document with pictures, in seconds."
    )
    ocr_cpu_seconds: int = Field(280, gt=0, description="CPU limit of reading one document with pictures, in seconds.")
    ocr_memory_mb: int = Field(
        3072, ge=512, description="Address-space limit of the child that reads pictures, in MiB."
    )
    office_lane: bool = Field(
        False,
        description="Workers of role office run (LibreOffice needed): DOC, WPS and RTF are converted, not refused.",
    )
    office_command: str = Field(
        "", description="LibreOffice that converts DOC, WPS and RTF; empty: `soffice` on the search path, if there."
    )
    office_batch: int = Field(20, ge=1, description="Most files converted by one start of LibreOffice.")
    office_wall_seconds: float = Field(
        240, gt=0, description="After so long in a batch LibreOffice is not started again, in seconds."
    )

    # tasks
    extract_soft_seconds: float = Field(100, gt=0, description="Soft time limit of an extract task, in seconds.")
    extract_hard_seconds: float = Field(120, gt=0, description="Hard time limit of an extract task, in seconds.")
    lane_soft_seconds: float = Field(
        400, gt=0, description="Soft time limit of a task that reads pictures or converts files, in seconds."
    )
    lane_hard_seconds: float = Field(
        420, gt=0, description="Hard time limit of a task that reads pictures or converts files, in seconds."
    )
    task_soft_seconds: float = Field(60, gt=0, description="Soft time limit of every other task, in seconds.")
    task_hard_seconds: float = Field(75, gt=0, description="Hard time limit of every other task, in seconds.")
    lease_margin_seconds: float = Field(30, gt=0, description="A lease outlives the hard limit by this many seconds.")
    visibility_seconds: float = Field(
        600, gt=0, description="After this the broker hands an unacknowledged message out again."
    )
    max_crashes: int = Field(3, ge=1, description="Crashes or time-outs after which a row is quarantined.")
    max_setbacks: int = Field(8, ge=1, description="Failures of the surroundings after which a row is quarantined.")
    backoff_first_seconds: float = Field(
        10, gt=0, description="First wait after a failure of the surroundings; doubles each time."
    )
    backoff_last_seconds: float = Field(3600, gt=0, description="Longest wait after a failure of the surroundings.")
    mail_backoff_first_seconds: float = Field(
        300, gt=0, description="First wait before a mail is tried again; doubles each time."
    )
    mail_backoff_last_seconds: float = Field(14400, gt=0, description="Longest wait before a mail is tried again.")
    mail_give_up_hours: float = Field(72, gt=0, description="A mail not accepted for this long has failed, in hours.")
    sweep_seconds: float = Field(5, gt=0, description="Interval of the sweep that re-dispatches due rows.")
    renudge_seconds: float = Field(
        30, gt=0, description="A row dispatched but not claimed for this long is dispatched again."
    )
    queue_buffer: int = Field(
        4, ge=1, description="Most messages that wait in one queue; who takes one takes the rows beside its own too."
    )
    worker_concurrency: int = Field(2, ge=1, description="Processes of one worker.")
    soft_shutdown_seconds: float = Field(
        40, ge=0, description="Time a stopped worker gives its running tasks, in seconds."
    )

    # the rest
    reader: str = Field(
        "services.ingest.readers:read_document",
        description="Dotted path of the function that reads a document in the child.",
    )
    state_dir: Path = Field(
        Path(".gouji"), description="Folder of the embedded stack's data, logs and generated secrets."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_json: bool = Field(True, description="One JSON object a line; otherwise lines for people.")

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("log_level must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @field_validator("limits_file")
    @classmethod
    def _usable_limits(cls, value: str) -> str:
        """Read at start-up, so that no report is judged by limits that cannot be meant."""
        if value:
            read_limits(value)
        return value

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        """Leases, time limits and the visibility timeout must nest; otherwise work would run twice by design."""
        hard = max(self.extract_hard_seconds, self.lane_hard_seconds, self.task_hard_seconds)
        if not self.reader_wall_seconds < self.extract_soft_seconds < self.extract_hard_seconds:
            raise ValueError("need reader_wall_seconds < extract_soft_seconds < extract_hard_seconds")
        # a batch is converted, and then each of its documents is read like any other
        slowest = max(self.ocr_wall_seconds, self.office_wall_seconds + self.reader_wall_seconds)
        if not slowest < self.lane_soft_seconds < self.lane_hard_seconds:
            raise ValueError(
                "need ocr_wall_seconds and office_wall_seconds + reader_wall_seconds < lane_soft_seconds < lane_hard_seconds"
            )
        if not self.smtp_timeout_seconds < self.task_soft_seconds < self.task_hard_seconds:
            raise ValueError("need smtp_timeout_seconds < task_soft_seconds < task_hard_seconds")
        if self.visibility_seconds < hard + self.lease_margin_seconds:
            raise ValueError("need visibility_seconds >= longest hard limit + lease_margin_seconds")
        if self.backoff_first_seconds > self.backoff_last_seconds:
            raise ValueError("need backoff_first_seconds <= backoff_last_seconds")
        if not self.mail_backoff_first_seconds <= self.mail_backoff_last_seconds <= self.mail_give_up_hours * 3600:
            raise ValueError("need mail_backoff_first_seconds <= mail_backoff_last_seconds <= mail_give_up_hours")
        return self

    def lease_seconds(self, task: str) -> float:
        """How long a claim of this task holds: its hard limit plus the margin."""
        return self.time_limits(task)[1] + self.lease_margin_seconds

    def time_limits(self, task: str) -> tuple[float, float]:
        """Soft and hard time limit of this task, in seconds."""
        if task in _LANE_TASKS:
            return self.lane_soft_seconds, self.lane_hard_seconds
        if task == "ingest.extract":
            return self.extract_soft_seconds, self.extract_hard_seconds
        return self.task_soft_seconds, self.task_hard_seconds

    def require_secrets(self) -> None:
        """Raise ValueError when the HTTP service would start with weak or missing secrets."""
        if len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("GOUJI_SECRET_KEY must have at least 32 characters")
        if len(self.hook_token.get_secret_value()) < 16:
            raise ValueError("GOUJI_HOOK_TOKEN must have at least 16 characters")


def read_limits(path: str) -> RegionalLimits:
    """What regions set, from this file. Raises ValueError when it cannot be read or used."""
    try:
        return parse_limits(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path} cannot be used:\n{error}") from error


@cache
def regional_limits(path: str) -> RegionalLimits:
    """The limits of the file that the settings name, read once a process."""
    return read_limits(path) if path else NO_REGIONS


SECRETS_DIRS = ("/run/secrets/gouji",)


STACK_FILE = "stack.env"
"""Written into the state folder by a running embedded stack, so that commands beside it find its addresses."""


@cache
def settings() -> Settings:
    """The settings of this process, read once.

    Environment variables come first, then secret files (`gouji_…`) in /run/secrets/gouji, then the addresses of an
    embedded stack that runs in the state folder.
    """
    present = [folder for folder in SECRETS_DIRS if Path(folder).is_dir()]
    stack = Path(os.environ.get("GOUJI_STATE_DIR", Settings.model_fields["state_dir"].default)) / STACK_FILE
    return Settings(_secrets_dir=present or None, _env_file=stack if stack.is_file() else None)
