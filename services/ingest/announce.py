"""Bucket events and the bucket listing: both only announce what lies in the inbox."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from pydantic import BaseModel, Field
from sqlalchemy import select, tuple_

from services.core.contracts import RECEIVE
from services.ingest.keys import parse_key
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import Submission
from services.platform.db.repositories import submissions
from services.platform.logging import log
from services.platform.nudge import nudge_soon
from services.platform.storage import Storage, Stored

_BATCH = 200


class _Object(BaseModel):
    key: str = Field(max_length=3072)
    size: int | None = None
    etag: str = Field("", alias="eTag", max_length=128)
    version_id: str = Field("", alias="versionId", max_length=128)


class _Bucket(BaseModel):
    name: str = Field(max_length=63)


class _S3(BaseModel):
    bucket: _Bucket
    object: _Object


class _Record(BaseModel):
    event_name: str = Field(alias="eventName")
    s3: _S3


class BucketEvent(BaseModel):
    """The event message of S3-compatible stores, as far as it is needed. Keys arrive URL-encoded, `+` for blanks."""

    records: list[_Record] = Field(default=[], alias="Records", max_length=1000)


def objects_of(body: dict[str, Any], bucket: str) -> list[Stored]:
    """The created objects of an event in our inbox bucket; other buckets' and other kinds of events give nothing.

    Neither does a record without version and ETag: what it is about could not be told from a later object of that
    name, and the listing finds it.
    Raises pydantic.ValidationError for a body that is no bucket event.
    """
    created = [
        Stored(
            record.s3.bucket.name,
            unquote_plus(record.s3.object.key),
            record.s3.object.etag.strip('"') or record.s3.object.version_id,
            record.s3.object.size or 0,
        )
        for record in BucketEvent.model_validate(body).records
        if record.s3.bucket.name == bucket and record.event_name.removeprefix("s3:").startswith("ObjectCreated")
    ]
    return [found for found in created if found.version]


def announce_objects(objects: Iterable[Stored], *, source: str, actor: str) -> int:
    """Announce objects of the inbox; returns how many were new. Already known ones change nothing."""
    fresh: list[int] = []
    with unit_of_work() as session:
        for found in objects:
            parts = parse_key(found.key)
            told = submissions.Announcement(
                bucket=found.bucket,
                key=found.key,
                version=found.version,
                source=source,
                agency_code=parts.agency_code,
                filename=parts.name,
                size=found.size,
                year_hint=parts.year,
            )
            row, new = submissions.announce(session, told, actor=actor)
            if new:
                fresh.append(row.id)
    nudge_soon((RECEIVE, row_id) for row_id in fresh)
    return len(fresh)


def list_inbox(store: Storage, *, actor: str) -> int:
    """Walk the whole inbox and announce what no event told of; returns how many were new."""
    found = 0
    for batch in _batches(store.walk(store.inbox)):
        unknown = _unknown(batch)
        if unknown:
            found += announce_objects(unknown, source="sweep", actor=actor)
    if found:
        log(__name__).warning("events_lost", found=found)
    return found


def _unknown(batch: list[Stored]) -> list[Stored]:
    names = [(item.bucket, item.key, item.version) for item in batch]
    columns = tuple_(Submission.bucket, Submission.object_key, Submission.version)
    with reading() as session:
        known = set(
            session.execute(
                select(Submission.bucket, Submission.object_key, Submission.version).where(columns.in_(names))
            )
        )
    return [item for item in batch if (item.bucket, item.key, item.version) not in known]


def _batches(items: Iterable[Stored]) -> Iterable[list[Stored]]:
    batch: list[Stored] = []
    for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
