"""Folder, event, upload and listing may all announce the same file: one submission. Any of them may be missing."""

from __future__ import annotations

import hashlib
import io
import json
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from services.platform.db.models import Submission
from services.platform.storage import Storage
from tests.faults.house import Entry, House, say

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


def test_the_same_event_twenty_times_in_parallel_gives_one_submission(build: Callable[..., House]) -> None:
    house = build(events=False, settings={"listing_seconds": 3600})
    house.register(["body1"])
    house.start("serve", "worker", "extract", "sweep")
    data = house.make(1, erroneous=True)
    store = Storage.from_settings(house.config)
    put = store.put(store.inbox, "body1/2024/年报 1+1.pdf", data)
    event = {
        "EventName": "s3:ObjectCreated:Put",
        "Records": [
            {
                "eventName": "s3:ObjectCreated:Put",
                "s3": {
                    "bucket": {"name": store.inbox},
                    "object": {
                        "key": "body1%2F2024%2F%E5%B9%B4%E6%8A%A5+1%2B1.pdf",
                        "size": len(data),
                        "eTag": put.version,
                    },
                },
            }
        ],
    }

    def post(_number: int) -> int:
        request = urllib.request.Request(
            f"http://127.0.0.1:{house.config.http_port}/hooks/s3",
            json.dumps(event).encode(),
            {
                "Authorization": f"Bearer {house.config.hook_token.get_secret_value()}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(post, range(20))) == {204}
    house.journal.append(Entry("body1", hashlib.sha256(data).hexdigest(), erroneous=True))
    house.wait(house.settled, 60, "the one submission is through")
    with house.session() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 1
    assert house.verdict()["stored"] == 1
    house.ledger()


def test_without_any_event_the_listing_accounts_for_everything(build: Callable[..., House], full_size: bool) -> None:
    """Direct uploads by S3 clients while no event reaches anybody: the listing finds each of them."""
    uploads = 200 if full_size else 12
    house = build(events=False)
    house.register([f"body{number}" for number in range(uploads)])
    house.start("worker", "extract", "sweep")
    store = Storage.from_settings(house.config)
    for number in range(uploads):
        data = house.make(number)
        store.client.put_object(store.inbox, f"body{number}/年报{number}.pdf", io.BytesIO(data), len(data))
        house.journal.append(Entry(f"body{number}", hashlib.sha256(data).hexdigest(), erroneous=False))
    house.wait(house.settled, 120, "the listing found every upload")
    with house.session() as session:
        assert set(session.scalars(select(Submission.source))) == {"sweep"}
    say("events off", house.verdict())
    house.ledger()


def test_events_announce_direct_uploads(build: Callable[..., House]) -> None:
    """With events on and the listing far away, an S3 client's upload is through within seconds."""
    house = build(settings={"listing_seconds": 3600})
    house.register(["body1"])
    house.start("serve", "worker", "extract", "sweep")
    house.wait(lambda: house.run("health", "--role", "serve", check=False).returncode == 0, 30, "serve is up")
    store = Storage.from_settings(house.config)
    data = house.make(1)
    store.client.put_object(store.inbox, "body1/direct.pdf", io.BytesIO(data), len(data))
    house.journal.append(Entry("body1", hashlib.sha256(data).hexdigest(), erroneous=False))
    house.wait(house.settled, 60, "the event brought it in")
    with house.session() as session:
        assert session.scalars(select(Submission.source)).all() == ["event"]
    house.verdict()
    house.ledger()


def test_same_bytes_again_are_a_duplicate_and_new_bytes_a_new_revision(build: Callable[..., House]) -> None:
    house = build()
    house.register(["body1"])
    house.start("watch", "worker", "extract", "sweep")
    first, second = house.make(1, erroneous=True), house.make(1)
    house.drop("body1", first, name="first.pdf", erroneous=True)
    house.wait(house.settled, 60, "first revision")
    mails = len(house.catcher.mails())
    house.drop("body1", first, name="again.pdf", erroneous=True)
    house.wait(house.settled, 60, "the duplicate")
    assert house.counts() == {"stored": 1, "duplicate": 1}
    assert len(house.catcher.mails()) == mails, "a duplicate mails nobody"
    house.drop("body1", second, name="second.pdf")
    house.wait(lambda: house.counts()["stored"] == 2 and house.settled(), 60, "second revision")
    from services.platform.db.models import ReportRow

    with house.session() as session:
        revisions = session.execute(
            select(ReportRow.revision, ReportRow.superseded_by.is_(None)).order_by(ReportRow.revision)
        )
        assert list(revisions) == [(1, False), (2, True)]
    house.verdict()
    house.ledger()
