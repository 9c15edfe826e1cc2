"""Bucket events and the listing: both only announce."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.ingest.announce import announce_objects, list_inbox, objects_of
from services.platform.db.models import Submission
from services.platform.storage import Stored
from tests.unit.platform.ground import Ground

INBOX = "gouji-inbox"


def record(key: str = "a1/2024/x.pdf", name: str = "s3:ObjectCreated:Put", **more: Any) -> dict[str, Any]:
    return {
        "eventName": name,
        "s3": {"bucket": {"name": more.pop("bucket", INBOX)}, "object": {"key": key, "size": 5, "eTag": "e1", **more}},
    }


def keys(*records: dict[str, Any]) -> list[str]:
    return [found.key for found in objects_of({"Records": list(records)}, INBOX)]


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("a1/2024/x+y.pdf", "a1/2024/x y.pdf"),
        ("a1/2024/x%2By.pdf", "a1/2024/x+y.pdf"),
        ("a1/%E5%B9%B4%E6%8A%A5.pdf", "a1/年报.pdf"),
        ("a1/100%25.pdf", "a1/100%.pdf"),
        ("a1%2F2024%2Fx", "a1/2024/x"),
        ("a1/%zz", "a1/%zz"),
    ],
)
def test_keys_arrive_encoded(sent: str, meant: str) -> None:
    assert keys(record(sent)) == [meant]


@pytest.mark.parametrize(
    "name", ["s3:ObjectCreated:Put", "ObjectCreated:Put", "s3:ObjectCreated:CompleteMultipartUpload"]
)
def test_created_objects_are_announced_however_they_were_written(name: str) -> None:
    assert len(keys(record(name=name))) == 1


@pytest.mark.parametrize("name", ["s3:ObjectRemoved:Delete", "s3:ObjectAccessed:Get", "s3:TestEvent", ""])
def test_other_kinds_of_events_say_nothing(name: str) -> None:
    assert keys(record(name=name)) == []


def test_other_buckets_and_objects_without_a_version_say_nothing() -> None:
    assert keys(record(bucket="gouji-originals"), record(eTag=""), record("a1/y")) == ["a1/y"]
    assert objects_of({}, INBOX) == objects_of({"Records": []}, INBOX) == []


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ({"eTag": '"e9"', "versionId": "v7"}, "e9"),
        ({"eTag": "e9"}, "e9"),
        ({"eTag": "", "versionId": "v7"}, "v7"),
    ],
)
def test_the_version_is_the_etag_else_the_version_id(told: dict[str, str], version: str) -> None:
    assert objects_of({"Records": [record(**told)]}, INBOX) == [Stored(INBOX, "a1/2024/x.pdf", version, 5)]


def test_events_of_a_bucket_with_versions_and_its_listing_tell_of_one_submission(ground: Ground) -> None:
    put = ground.store.put(INBOX, "a1/2024/x.pdf", b"data")
    event = {"Records": [record(eTag=f'"{put.version}"', versionId="3f1c")]}
    assert announce_objects(objects_of(event, INBOX), source="event", actor="hook") == 1
    assert list_inbox(ground.store, actor="sweep") == 0
    assert announce_objects(objects_of(event, INBOX), source="event", actor="hook") == 0
    assert [row.source for row in ground.rows(Submission)] == ["event"]


@pytest.mark.parametrize(
    "body",
    [
        {"Records": [record()] * 1001},
        {"Records": "x"},
        {"Records": [None]},
        {"Records": [{}]},
        {"Records": [{"eventName": "s3:ObjectCreated:Put"}]},
        {"Records": [record("k" * 3073)]},
        {"Records": [record(eTag="e" * 129)]},
        {"Records": [record(bucket="b" * 64)]},
    ],
    ids=range(8),
)
def test_what_is_no_bucket_event_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        objects_of(body, INBOX)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Records", "s3", "bucket", "object", "key", "eventName", "name"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["Records", "x"]), JSON))
def test_garbage_is_refused_or_says_nothing_and_never_breaks_anything(body: dict[str, Any]) -> None:
    with suppress(ValidationError):
        assert isinstance(objects_of(body, INBOX), list)


def test_telling_twice_makes_one_submission(ground: Ground) -> None:
    found = [Stored(INBOX, "a1/2024/x.pdf", "v1", 5)]
    assert announce_objects(found * 2, source="event", actor="hook") == 1
    assert announce_objects(found, source="sweep", actor="sweep") == 0
    assert announce_objects([Stored(INBOX, "a1/2024/x.pdf", "v2", 5)], source="event", actor="hook") == 1
    assert [(row.version, row.source, row.year_hint) for row in ground.rows(Submission)] == [
        ("v1", "event", 2024),
        ("v2", "event", 2024),
    ]
    assert len(ground.nudged) == 2


@pytest.mark.parametrize(
    "key", ["x.pdf", "a1/\x00.pdf", "教育局/年报.pdf", "../../etc/passwd", "k" * 1024, "a1/" + "长" * 300]
)
def test_any_key_that_a_store_can_hold_gets_its_row(ground: Ground, key: str) -> None:
    assert announce_objects([Stored(INBOX, key, "v", 1)], source="event", actor="hook") == 1
    assert ground.rows(Submission)[0].object_key.replace("\ufffd", "\x00") == key


def test_the_listing_finds_what_no_event_told_of_over_many_pages(ground: Ground) -> None:
    for number in range(405):
        ground.store.put(INBOX, f"a1/2024/{number:04}", b"x")
    known = list(ground.store.walk(INBOX))[::2]
    announce_objects(known, source="event", actor="hook")
    assert list_inbox(ground.store, actor="sweep") == 405 - len(known)
    assert list_inbox(ground.store, actor="sweep") == 0
    assert ground.count(Submission) == 405
