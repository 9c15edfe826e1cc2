"""Handing in over HTTP, and the object store's events: what is answered, what is kept, what is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.core.contracts import EXTRACT
from services.platform.celery_app import app as celery
from services.platform.db import claims
from services.platform.db.engine import engine, reading
from services.platform.db.models import Spool, Submission
from services.platform.settings import settings
from services.platform.storage import original_key
from tests.unit.desk.site import HOOK_TOKEN, Site, open_site

PDF = b"%PDF-1.7 a report"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with open_site(tmp_path, monkeypatch, MAX_BYTES="100000") as opened:
        yield opened


def hand_in(site: Site, who: str = "130101", data: bytes = PDF, name: str = "年报.pdf", **more: Any) -> Any:
    headers = site.auth(who) | more.pop("headers", {})
    return site.client.post("/api/submissions", files={"file": (name, data)}, data=more, headers=headers)


def rows() -> list[Submission]:
    with reading() as session:
        return list(session.scalars(select(Submission).order_by(Submission.id)))


class TestHandingIn:
    def test_a_document_is_kept_announced_and_answered_for(self, site: Site):
        answer = hand_in(site, year="2024")
        assert answer.status_code == 202
        told = answer.json()
        (row,) = rows()
        assert told == {
            "ref": row.ref,
            "sha256": hashlib.sha256(PDF).hexdigest(),
            "status_url": f"http://127.0.0.1:8750/api/submissions/{row.ref}",
            "page_url": f"http://127.0.0.1:8750/submissions/{row.ref}",
            "duplicate_of": None,
        }
        assert (row.agency_code, row.year_hint, row.filename, row.source) == ("130101", 2024, "年报.pdf", "upload")
        assert site.store.objects == {("gouji-originals", original_key(told["sha256"])): (PDF, {})}
        assert site.nudged == [("ingest.extract", row.id)]
        assert site.client.get(answer.headers["location"], headers=site.auth("130101")).json()["state"] == "received"

    def test_the_same_bytes_again_are_taken_in_and_called_a_duplicate(self, site: Site):
        first = hand_in(site).json()
        again = hand_in(site, name="another name.pdf")
        assert again.status_code == 200
        assert again.json()["duplicate_of"] == first["ref"]
        assert again.json()["ref"] != first["ref"]
        other = hand_in(site, "130102")  # another agency's same bytes are no duplicate, and not told of
        assert (other.status_code, other.json()["duplicate_of"]) == (202, None)
        assert [row.state for row in rows()] == ["received", "duplicate", "received"]

    def test_a_request_repeated_with_its_key_is_one_submission(self, site: Site):
        key = {"Idempotency-Key": "a1b2"}
        first, again = hand_in(site, headers=key), hand_in(site, headers=key)
        assert first.json() == again.json()
        assert len(rows()) == 1
        assert len(site.nudged) == 1

    def test_a_key_used_for_other_bytes_or_by_another_agency_overwrites_nothing(self, site: Site):
        key = {"Idempotency-Key": "a1b2"}
        refs = {
            hand_in(site, headers=key).json()["ref"],
            hand_in(site, headers=key, data=b"other").json()["ref"],
            hand_in(site, "130102", headers=key).json()["ref"],
        }
        assert len(refs) == 3
        assert [(row.agency_code, row.state) for row in rows()] == [
            ("130101", "received"),
            ("130101", "received"),
            ("130102", "received"),
        ]
        kept = {row.sha256: site.store.objects["gouji-originals", original_key(row.sha256 or "")][0] for row in rows()}
        assert sorted(kept.values()) == sorted([PDF, b"other"])
        assert all(hashlib.sha256(data).hexdigest() == sha256 for sha256, data in kept.items())

    def test_without_a_key_every_request_is_its_own(self, site: Site):
        assert hand_in(site).json()["ref"] != hand_in(site).json()["ref"]

    def test_an_operator_hands_in_for_anybody_registered(self, site: Site):
        assert hand_in(site, "operator", agency="130102").status_code == 202
        assert rows()[0].agency_code == "130102"
        unknown = hand_in(site, "operator", agency="999999")
        assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_agency")
        assert "999999" in unknown.json()["message"]
        assert hand_in(site, "operator").status_code == 422

    def test_an_agency_hands_in_for_itself_only(self, site: Site):
        assert hand_in(site, agency="130101").status_code == 202
        for code in ("130102", "999999"):  # registered or not: no difference to be seen
            answer = hand_in(site, agency=code)
            assert (answer.status_code, answer.json()["code"]) == (403, "other_agency")
            assert code not in answer.text
        assert len(rows()) == 1

    def test_a_reviewer_hands_in_nothing(self, site: Site):
        assert hand_in(site, "reviewer", agency="130101").status_code == 403

    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\年报.pdf", "年报.pdf"),
            ("a\u202egpj.pdf", "a�gpj.pdf"),
            ("e\u0301.pdf", "é.pdf"),
            ("<script>.pdf", "<script>.pdf"),
        ],
    )
    def test_names_are_kept_as_names_only(self, site: Site, name: str, kept: str):
        assert hand_in(site, name=name).status_code == 202
        (row,) = rows()
        assert row.filename == kept
        assert ".." not in row.object_key
        assert kept not in row.object_key
        assert not [key for _, key in site.store.objects if kept in key or ".." in key]

    def test_empty_too_large_and_badly_named_are_refused_in_chinese_with_code_and_next_step(self, site: Site):
        limit = settings().max_bytes
        cases = {
            "empty": (422, hand_in(site, data=b"")),
            "too_large": (413, hand_in(site, data=b"x" * (limit + 1))),
            "bad_name": (422, hand_in(site, name="长" * 80 + ".pdf")),
        }
        for code, (status, answer) in cases.items():
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert answer.json()["next_step"].startswith("请")
        assert rows() == []
        assert site.store.objects == {}
        assert hand_in(site, data=b"x" * limit).status_code == 202

    @pytest.mark.parametrize("year", ["24", "２０２４", "1899", "2024 ", "2024年"])
    def test_a_year_is_four_digits(self, site: Site, year: str):
        answer = hand_in(site, year=year)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")

    def test_a_form_without_a_file_is_refused(self, site: Site):
        forms: list[dict[str, Any]] = [
            {"data": {"file": "text"}},
            {"files": {"other": ("a.pdf", PDF)}},
            {"files": [("file", ("a.pdf", PDF)), ("file", ("b.pdf", PDF))]},
            {"content": b"--x--", "headers": {"Content-Type": "multipart/form-data"}},
            {"content": b"\xff", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
            {"json": {"file": "a"}},
        ]
        for form in forms:
            headers = form.pop("headers", {}) | site.auth("130101")
            answer = site.client.post("/api/submissions", headers=headers, **form)
            assert answer.status_code == 422, form
        assert rows() == []


class TestWhenSomethingIsAway:
    def test_without_the_object_store_the_bytes_wait_in_the_database(self, site: Site):
        site.store.away = True
        assert hand_in(site).status_code == 202
        with reading() as session:
            assert session.scalars(select(Spool.data)).all() == [PDF]
        (row,) = rows()
        assert row.state == "announced"
        assert site.nudged == [("ingest.receive", row.id)]

    def test_without_the_broker_the_row_waits_for_the_sweep(self, site: Site, monkeypatch: pytest.MonkeyPatch):
        def away(*_: Any, **__: Any) -> None:
            raise ConnectionRefusedError

        monkeypatch.setattr(celery, "send_task", away)
        monkeypatch.setattr("services.platform.nudge._rest_until", 0.0)
        assert hand_in(site).status_code == 202
        (row,) = rows()
        assert row.state == "received"
        with reading() as session:
            assert claims.due(session, EXTRACT, limit=9, renudge_seconds=-1) == [row.id]

    def test_without_the_database_the_sender_is_asked_to_come_again(self, site: Site, monkeypatch: pytest.MonkeyPatch):
        engine().dispose()
        monkeypatch.setenv("GOUJI_DATABASE_URL", "sqlite:////nowhere/at/all.db")
        settings.cache_clear()
        answer = hand_in(site)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "10"
        event = site.client.post("/hooks/s3", json=created(), headers=hook())
        assert event.status_code == 503
        assert site.client.get("/login").status_code == 200


def hook(token: str = HOOK_TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def created(
    key: str = "130101/2024/%E5%B9%B4+%E6%8A%A5.pdf", bucket: str = "gouji-inbox", **more: Any
) -> dict[str, Any]:
    told = {"key": key, "size": 1024, "eTag": "9b2cf5", "sequencer": "1"} | more
    return {
        "EventName": "s3:ObjectCreated:Put",
        "Key": f"{bucket}/{key}",
        "Records": [{"eventName": "s3:ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": told}}],
    }


class TestBucketEvents:
    def test_a_new_object_is_announced_once_however_often_it_is_told(self, site: Site):
        for _ in range(3):
            answer = site.client.post("/hooks/s3", json=created(), headers=hook())
            assert (answer.status_code, answer.content) == (204, b"")
        (row,) = rows()
        assert (row.object_key, row.agency_code, row.year_hint) == ("130101/2024/年 报.pdf", "130101", 2024)
        assert site.nudged == [("ingest.receive", row.id)]

    @pytest.mark.parametrize("token", ["", "wrong", HOOK_TOKEN[:-1], HOOK_TOKEN + "x", "é"])
    def test_only_the_stores_own_token_is_believed(self, site: Site, token: str):
        headers = {"Authorization": f"Bearer {token}".encode()}
        answer = site.client.post("/hooks/s3", content=json.dumps(created()), headers=headers)
        assert answer.status_code == 401
        assert site.client.post("/hooks/s3", json=created(), headers=site.auth("operator")).status_code == 401
        assert rows() == []

    @pytest.mark.parametrize(
        "body",
        [b"[]", b"no json", b'"text"', b"\xff\xfe", b'{"Records": 7}', b'{"Records": [{}]}', b"[" * 100_000, b"NaN"],
    )
    def test_what_is_no_event_is_refused(self, site: Site, body: bytes):
        answer = site.client.post("/hooks/s3", content=body, headers=hook())
        assert (answer.status_code, answer.json()["code"]) == (422, "not_an_event")

    def test_other_buckets_and_other_events_are_none_of_our_business(self, site: Site):
        removed = created()
        removed["Records"][0]["eventName"] = "s3:ObjectRemoved:Delete"
        bodies: list[dict[str, Any]] = [created(bucket="other"), removed, {"Records": []}, {}]
        for body in bodies:
            assert site.client.post("/hooks/s3", json=body, headers=hook()).status_code == 204
        assert rows() == []

    def test_a_body_beyond_one_mebibyte_is_not_read(self, site: Site):
        answer = site.client.post("/hooks/s3", content=b" " * (2**20 + 1), headers=hook())
        assert answer.status_code == 413

    def test_the_store_may_look_whether_somebody_listens(self, site: Site):
        for method in ("GET", "HEAD"):
            assert site.client.request(method, "/hooks/s3").status_code == 204

    def test_no_event_can_tell_of_an_upload(self, site: Site):
        hand_in(site)
        (row,) = rows()
        assert not [key for bucket, key in site.store.objects if bucket == site.store.inbox]
        for bucket in (site.store.originals, row.bucket):
            body = created(key=row.object_key, bucket=bucket, eTag=row.version)
            assert site.client.post("/hooks/s3", json=body, headers=hook()).status_code == 204
        assert len(rows()) == 1
