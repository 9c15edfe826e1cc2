"""The same questions on PostgreSQL, which is stricter about types, texts and groups than SQLite."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded.postgres import Postgres
from services.platform.http import health
from tests.unit.desk.site import HOOK_TOKEN, NAMES, Site, open_site, populate

pytestmark = [pytest.mark.postgres, pytest.mark.integration]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    found = Postgres(tmp_path_factory.mktemp("http") / "postgres", fsync=False)
    found.start()
    yield found
    found.destroy()


@pytest.fixture
def site(server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    name = f"site{time.monotonic_ns()}"
    server.create_database(name)
    with open_site(tmp_path, monkeypatch, DATABASE_URL=server.url_of(name)) as opened:
        yield opened


def test_pages_and_api_answer(site, monkeypatch):
    monkeypatch.setattr(health, "CHECK_SECONDS", 60)  # what it answers, not how soon on a busy machine
    filled = {code: populate(code) for code in NAMES}
    mine = filled["130101"]
    for who in ("130101", "reviewer", "operator"):
        browser = site.log_in(who)
        for address in ("/", f"/submissions/{mine.ref}", f"/submissions/{mine.rejected}", f"/mails/{mine.mail}"):
            assert browser.get(address).status_code == 200, address
        for address in ("", f"/{mine.ref}", f"/{mine.ref}/result", "?state=stored&agency=130101&after=9"):
            answer = site.client.get(f"/api/submissions{address}", headers=site.auth(who))
            assert answer.status_code == 200, address
    listed = site.client.get("/api/submissions?state=stored&agency=130101", headers=site.auth("reviewer")).json()
    assert [listed["items"][0][name] for name in ("errors", "warnings", "doubts")] == [1, 1, 1]
    assert site.client.get("/metrics", headers=site.auth("operator")).status_code == 200
    assert site.client.get("/readyz").json()["database"] == "ok"
    assert site.client.get(f"/api/submissions/{mine.ref}", headers=site.auth("130102")).status_code == 404


def test_a_document_handed_in_twice_with_one_key_is_one_submission(site):
    headers = site.auth("130101") | {"Idempotency-Key": "k"}
    answers = [site.client.post("/api/submissions", files={"file": ("a.pdf", b"x")}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()


def test_an_operator_replays(site):
    mine = populate("130101")
    answer = site.client.post(f"/api/submissions/{mine.rejected}/replay", headers=site.auth("operator"))
    assert answer.status_code == 202


def test_an_event_that_no_database_can_hold_is_refused_and_does_no_harm(site):
    key = "130101/" + "x" * 3000  # three times what an object store allows
    record = {"bucket": {"name": "gouji-inbox"}, "object": {"key": key, "eTag": "1"}}
    told = {"Records": [{"eventName": "ObjectCreated:Put", "s3": record}]}
    headers = {"Authorization": f"Bearer {HOOK_TOKEN}"}
    assert site.client.post("/hooks/s3", json=told, headers=headers).status_code == 422
    record["object"]["key"] = "130101/2024/fine.pdf"
    assert site.client.post("/hooks/s3", json=told, headers=headers).status_code == 204


def test_a_database_that_stops_is_answered_for_with_503_and_found_again(server, site):
    assert site.client.get("/api/submissions", headers=site.auth("130101")).status_code == 200
    server.stop()
    began = time.perf_counter()
    answer = site.client.get("/api/submissions", headers=site.auth("130101"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    upload = site.client.post("/api/submissions", files={"file": ("a.pdf", b"x")}, headers=site.auth("130101"))
    assert upload.status_code == 503
    assert site.client.get("/readyz").status_code == 503
    assert time.perf_counter() - began < 20
    server.start()
    upload = site.client.post("/api/submissions", files={"file": ("a.pdf", b"x")}, headers=site.auth("130101"))
    assert upload.status_code == 202
