"""The object store behind one small port: get, put, copy, stat, list. No other module knows the client library."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from urllib.parse import quote, unquote

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, S3Error, ServerError
from minio.notificationconfig import NotificationConfig, QueueConfig

from services.core.errors import RetryableError
from services.platform.settings import Settings, settings

_MISSING = frozenset({"NoSuchKey", "NoSuchObject", "NoSuchVersion"})
"""A missing bucket is not among them: that is the store's fault and says nothing about the object."""


class MissingObjectError(Exception):
    """No object under this key."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store knows of an object. `version` is the ETag: events, listing and object agree on it."""

    bucket: str
    key: str
    version: str
    size: int
    modified: datetime | None = None
    meta: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Storage:
    """All calls raise RetryableError when the store is away and MissingObjectError when the object is."""

    client: Minio
    inbox: str
    originals: str
    notify_arns: tuple[str, ...] = ()

    @classmethod
    def from_settings(cls, config: Settings) -> Storage:
        """A port on the configured store, with short bounded waits so that intake stays quick when it is away."""
        pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=3, read=10),
            retries=urllib3.Retry(total=1, read=0, backoff_factor=0.2, status_forcelist=[502, 503, 504]),
            maxsize=8,
        )
        client = Minio(
            config.s3_endpoint,
            access_key=config.s3_access_key.get_secret_value(),
            secret_key=config.s3_secret_key.get_secret_value(),
            secure=config.s3_secure,
            region=config.s3_region,  # without it the client asks for the bucket's location, which narrow keys may not
            http_client=pool,
        )
        arns = tuple(arn.strip() for arn in config.s3_notify_arns.split(",") if arn.strip())
        return cls(client, config.s3_inbox, config.s3_originals, arns)

    def prepare(self) -> None:
        """Make both buckets and point the inbox's events at the configured targets. Idempotent."""
        with _errors():
            for bucket in (self.inbox, self.originals):
                if not self.client.bucket_exists(bucket):
                    self.client.make_bucket(bucket)
            if self.notify_arns:
                queues = [QueueConfig(queue=arn, events=["s3:ObjectCreated:*"]) for arn in self.notify_arns]
                self.client.set_bucket_notification(self.inbox, NotificationConfig(queue_config_list=queues))

    def ready(self) -> None:
        """Raise RetryableError unless the inbox bucket can be reached."""
        with _errors():
            if not self.client.bucket_exists(self.inbox):
                raise RetryableError(f"bucket {self.inbox} is missing")

    def put(self, bucket: str, key: str, data: bytes, *, meta: dict[str, str] | None = None) -> Stored:
        """Write an object whole. `meta` values may hold any text; they travel percent-encoded."""
        safe: dict[str, str | list[str] | tuple[str]] = {name: quote(value) for name, value in (meta or {}).items()}
        with _errors():
            done = self.client.put_object(bucket, key, io.BytesIO(data), len(data), metadata=safe or None)
        return Stored(bucket, key, (done.etag or "").strip('"'), len(data))

    def get(self, bucket: str, key: str, *, limit: int) -> tuple[bytes, Stored]:
        """The object's bytes, at most `limit` + 1 of them (so a caller can tell that there are more), and what it is."""
        with _errors():
            answer = self.client.get_object(bucket, key)
            try:
                data = bytes(answer.read(limit + 1))
                return data, _described(bucket, key, dict(answer.headers))
            finally:
                answer.close()
                answer.release_conn()

    def exists(self, bucket: str, key: str) -> bool:
        try:
            with _errors():
                self.client.stat_object(bucket, key)
        except MissingObjectError:
            return False
        return True

    def keep_original(self, sha256: str, data: bytes) -> str:
        """Keep the bytes under their hash in the originals bucket; returns the key. Writing twice changes nothing."""
        return self.put(self.originals, original_key(sha256), data).key

    def walk(self, bucket: str, prefix: str = "") -> Iterator[Stored]:
        """Every object under the prefix, in key order."""
        with _errors():
            for found in self.client.list_objects(bucket, prefix=prefix, recursive=True):
                if not found.is_dir:
                    version = (found.etag or "").strip('"')
                    yield Stored(bucket, found.object_name or "", version, found.size or 0, found.last_modified)


def original_key(sha256: str) -> str:
    """Where an original is kept: `ab/abcdef…`."""
    return f"{sha256[:2]}/{sha256}"


def _described(bucket: str, key: str, headers: dict[str, str]) -> Stored:
    low = {name.lower(): value for name, value in headers.items()}
    prefix = "x-amz-meta-"
    meta = {name.removeprefix(prefix): unquote(value) for name, value in low.items() if name.startswith(prefix)}
    return Stored(bucket, key, low.get("etag", "").strip('"'), int(low.get("content-length", "0")), meta=meta)


@cache
def storage() -> Storage:
    """The store of this process's settings."""
    return Storage.from_settings(settings())


@contextmanager
def _errors() -> Iterator[None]:
    """Translate the client's exceptions into whose fault it is."""
    try:
        yield
    except S3Error as error:
        if error.code in _MISSING:
            raise MissingObjectError(error.object_name or error.bucket_name or "") from error
        raise RetryableError(f"object store: {error.code}") from error
    except (ServerError, InvalidResponseError) as error:
        raise RetryableError(f"object store: {type(error).__name__}") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise RetryableError(f"object store away: {type(error).__name__}") from error
