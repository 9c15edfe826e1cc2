"""Broker and object store go away for a while: intake still answers, nothing is lost."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
import urllib.request
from collections.abc import Callable

import pytest
from sqlalchemy import select

from services.platform.db.models import Spool
from tests.faults.house import Entry, House, say

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


def test_broker_and_store_down_for_a_while(build: Callable[..., House], full_size: bool) -> None:
    reports = 40 if full_size else 6
    house = build()
    house.register([f"body{number}" for number in range(3 * reports)])
    house.start()
    token = house.run("tokens", "create", "--name", "test", "--role", "operator").stdout.strip()
    assert house.stack.broker is not None
    assert house.stack.store is not None
    for number in range(reports):
        house.drop(f"body{number}", house.make(number))
    house.stack.broker.kill()
    house.stack.store.kill()
    slowest = 0.0
    for number in range(reports, 2 * reports):
        data = house.make(number)
        began = time.monotonic()
        status, answer = _upload(house, token, f"body{number}", data)
        slowest = max(slowest, time.monotonic() - began)
        assert status == 202, answer
        house.journal.append(Entry(f"body{number}", hashlib.sha256(data).hexdigest(), erroneous=False))
    for number in range(2 * reports, 3 * reports):
        house.drop(f"body{number}", house.make(number))
    with house.session() as session:
        assert session.scalars(select(Spool.submission_id)).all(), "uploads wait in the database"
    house.stack.broker.start()
    house.stack.store.start()
    back = house.wait(house.settled, 120, "everything is through after the outage")
    with house.session() as session:
        assert session.scalars(select(Spool.submission_id)).all() == []
    say("outage", house.verdict() | {"slowest upload": round(slowest, 2), "seconds after return": round(back, 1)})
    house.ledger()


def test_upload_answers_while_only_the_broker_is_frozen(build: Callable[..., House]) -> None:
    """A broker that accepts connections and says nothing must not hang intake."""
    house = build()
    house.register(["body1", "body2"])
    house.start()
    token = house.run("tokens", "create", "--name", "test", "--role", "operator").stdout.strip()
    assert house.stack.broker is not None
    pid = house.stack.broker.pid
    subprocess.run(["kill", "-STOP", str(pid)], check=True)
    try:
        for name in ("body1", "body2"):
            data = house.make(int(name[-1]))
            status, _ = _upload(house, token, name, data)
            assert status == 202
            house.journal.append(Entry(name, hashlib.sha256(data).hexdigest(), erroneous=False))
    finally:
        subprocess.run(["kill", "-CONT", str(pid)], check=True)
    house.wait(house.settled, 90, "both are through")
    house.verdict()
    house.ledger()


def _upload(house: House, token: str, agency: str, data: bytes) -> tuple[int, dict[str, object]]:
    boundary = "gouji-test-boundary"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="agency"\r\n\r\n{agency}\r\n'.encode(),
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="r.pdf"\r\n'.encode(),
        b"Content-Type: application/pdf\r\n\r\n",
        data,
        f"\r\n--{boundary}--\r\n".encode(),
    ]
    request = urllib.request.Request(
        f"http://127.0.0.1:{house.config.http_port}/api/submissions",
        b"".join(parts),
        {"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(answer.status), json.loads(answer.read())
