"""A whole site in one process for tests: a migrated SQLite database, a store in memory, tokens, and realistic rows."""

from __future__ import annotations

import hashlib
import re
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from services.cli.serve import build_app
from services.core.contracts import COMPOSE, EXTRACT, JUDGE, RECEIVE, SEND, Stage
from services.core.errors import RetryableError
from services.core.finding import Finding, Repair, Severity
from services.core.lifecycle import MailState, NoticeState, State, SubmissionState
from services.core.report import Cell, Document, Format, Kind, Layout, Report
from services.platform import nudge, storage
from services.platform.access import Role, issue_token
from services.platform.celery_app import app as celery
from services.platform.clock import now
from services.platform.db import claims
from services.platform.db.engine import engine, unit_of_work
from services.platform.db.migrate import migrate
from services.platform.db.models import Agency, Extraction, Mail, Submission
from services.platform.db.repositories import submissions
from services.platform.settings import settings
from services.platform.storage import Stored, original_key
from services.validate.store import HandIn, store_report

with warnings.catch_warnings():
    # the client works with httpx, which the lock file has; only the wish for its successor is silenced
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

SECRET_KEY = "k" * 40
HOOK_TOKEN = "hook-token-for-tests-only"

NAMES = {"130101": "青禾县发展和改革局", "130102": "青禾县教育局", "130103": "临溪镇人民政府"}


@dataclass
class MemoryStore:
    """Stands in for the object store; `away` makes it unreachable."""

    inbox: str = "gouji-inbox"
    originals: str = "gouji-originals"
    away: bool = False
    objects: dict[tuple[str, str], tuple[bytes, dict[str, str]]] = field(default_factory=dict)

    def put(self, bucket: str, key: str, data: bytes, *, meta: dict[str, str] | None = None) -> Stored:
        self.ready()
        self.objects[bucket, key] = (data, meta or {})
        return Stored(bucket, key, hashlib.md5(data).hexdigest(), len(data))

    def keep_original(self, sha256: str, data: bytes) -> str:
        return self.put(self.originals, original_key(sha256), data).key

    def ready(self) -> None:
        if self.away:
            raise RetryableError("object store away: Test")


@dataclass
class Site:
    """The application, its store, what was handed to the broker, and a token for each role."""

    app: FastAPI
    client: TestClient
    store: MemoryStore
    nudged: list[tuple[str, int]]
    tokens: dict[str, str]

    def auth(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    def browser(self, base_url: str = "http://testserver") -> TestClient:
        """A browser of a stranger."""
        return TestClient(self.app, base_url=base_url, follow_redirects=False)

    def log_in(self, who: str) -> TestClient:
        """A browser with a session of its own."""
        browser = self.browser()
        answer = browser.post("/login", data={"token": self.tokens[who], "form_token": form_token(browser, "/login")})
        assert answer.status_code == 303, answer.text
        return browser


def form_token(browser: TestClient, address: str) -> str:
    """The hidden field of the first form on a page."""
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', browser.get(address).text)
    assert found is not None, address
    return found.group(1)


@contextmanager
def open_site(place: Path, monkeypatch: pytest.MonkeyPatch, *, stand_ins: bool = True, **env: str) -> Iterator[Site]:
    """A site in `place`; `env` are further settings (`MAX_BYTES="1000"`).

    Without `stand_ins` it speaks to the store and broker of its settings, by default two ports where nobody listens.
    """
    given = {
        "DATABASE_URL": f"sqlite:///{place}/site.db",
        "SECRET_KEY": SECRET_KEY,
        "HOOK_TOKEN": HOOK_TOKEN,
        "BROKER_URL": "redis://127.0.0.1:1/0",
        "S3_ENDPOINT": "127.0.0.1:1",
    }
    for name, value in (given | env).items():
        monkeypatch.setenv(f"GOUJI_{name}", value)
    settings.cache_clear()
    store, nudged = MemoryStore(), []

    def send_task(name: str, args: list[dict[str, int]], **_: Any) -> None:
        nudged.append((name, args[0]["id"]))

    if stand_ins:
        monkeypatch.setattr(storage, "storage", lambda: store)
        for module in ("intake", "announce"):  # the same without a thread
            monkeypatch.setattr(f"services.ingest.{module}.nudge_soon", nudge.nudge)
        monkeypatch.setattr(celery, "send_task", send_task)
        monkeypatch.setattr(nudge, "queue_length", lambda _queue: 0)
    else:
        storage.storage.cache_clear()
        monkeypatch.setattr("services.platform.nudge._rest_until", 0.0)
    migrate(engine())
    with unit_of_work() as session:
        session.add_all(Agency(code=code, name=name) for code, name in NAMES.items())
        tokens = {
            code: issue_token(session, name=name, role=Role.AGENCY, agency_code=code) for code, name in NAMES.items()
        }
        for role in (Role.REVIEWER, Role.OPERATOR):
            tokens[str(role)] = issue_token(session, name=f"{role} 张三", role=role, agency_code=None)
    app = build_app()
    with TestClient(app, follow_redirects=False) as client:
        yield Site(app, client, store, nudged, tokens)
    engine().dispose()
    settings.cache_clear()


# Rows, moved through their states by the same protocol as in the workers.


def submit(
    code: str, filename: str = "2024年度报告.pdf", data: bytes | None = None, source: str = "upload"
) -> Submission:
    """An announced submission."""
    with unit_of_work() as session:
        told = submissions.Announcement(
            bucket="gouji-inbox",
            key=f"{code}/2024/{hashlib.sha256(filename.encode() + (data or b'')).hexdigest()[:20]}",
            version="1",
            source=source,
            agency_code=code,
            filename=filename,
            size=len(data or b"x" * 183_422),
            year_hint=2024,
        )
        row, _ = submissions.announce(session, told, actor="test")
        return row


def step(session: Session, stage: Stage, row_id: int, after: State, **columns: Any) -> claims.Claim:
    """Claim a row for a stage and move it on."""
    held = claims.claim(session, stage, row_id, owner="worker-1", lease_seconds=60)
    assert held is not None
    claims.advance(session, held, after, cause="done", **columns)
    return held


def receive(row: Submission, content: str = "") -> None:
    with unit_of_work() as session:
        sha256 = hashlib.sha256((content or row.ref).encode()).hexdigest()
        step(session, RECEIVE, row.id, SubmissionState.RECEIVED, sha256=sha256)


def reject(row: Submission, code: str = "encrypted", detail: str = "") -> None:
    receive(row)
    with unit_of_work() as session:
        held = claims.claim(session, EXTRACT, row.id, owner="worker-1", lease_seconds=60)
        assert held is not None
        submissions.reject(session, held, code, detail, cost=claims.NO_COST)


def bury(row: Submission, code: str = "reader_timeout", detail: str = "90 s") -> None:
    receive(row)
    with unit_of_work() as session:
        held = claims.claim(session, EXTRACT, row.id, owner="worker-1", lease_seconds=60)
        assert held is not None
        claims.bury(session, held, code=code, detail=detail)


def duplicate(row: Submission, of: Submission) -> None:
    with unit_of_work() as session:
        held = claims.claim(session, RECEIVE, row.id, owner="worker-1", lease_seconds=60)
        assert held is not None
        claims.advance(session, held, SubmissionState.DUPLICATE, cause="same_bytes", duplicate_of=of.id)


def judge(row: Submission, report: Report) -> int | None:
    """Read and store; returns the id of the notice to compose."""
    receive(row)
    document = Document(file=row.filename, sha256="0" * 64, format=Format.PDF, engine="test 1", reports=[report])
    with unit_of_work() as session:
        step(session, EXTRACT, row.id, SubmissionState.EXTRACTED)
        bare = document.model_copy(update={"reports": [report.with_findings([])]})
        packed = zlib.compress(bare.model_dump_json().encode())
        session.execute(
            insert(Extraction).values(
                submission_id=row.id, generation=1, format="pdf", engine="test 1", document=packed
            )
        )
        held = claims.claim(session, JUDGE, row.id, owner="worker-1", lease_seconds=60)
        assert held is not None
        stored = session.get_one(Submission, row.id)
        notice = store_report(session, HandIn.of(stored), report, position=0, actor="worker-1")
        claims.advance(session, held, SubmissionState.STORED, cause="done")
        return notice


def write(row: Submission, notice: int, role: str, email: str, text: str, *, state: MailState = MailState.SENT) -> int:
    """A mail about a submission in the state given (sent, retrying or queued)."""
    raw = (
        f"From: gouji@localhost\r\nTo: {email}\r\nSubject: check\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}"
    )
    with unit_of_work() as session:
        mail_id = session.execute(
            insert(Mail)
            .values(
                notice_id=notice, submission_id=row.id, kind="verdict", dedupe_key=f"{notice}/{email}",
                message_id=f"<{notice}.{email}>", role=role, recipient_name="王敏", recipient_email=email,
                subject="贵单位 2024 年度报告有 2 处数字需核对", raw=raw.encode(), composed_at=now(), state="queued",
            )
            .returning(Mail.id)
        ).scalar_one()  # fmt: skip
        claims.record_transition(session, "mail", mail_id, None, MailState.QUEUED, cause="composed", actor="worker-1")
        if state is not MailState.QUEUED:
            step(session, SEND, mail_id, state)
        if state is MailState.SENT:
            session.execute(update(Mail).where(Mail.id == mail_id).values(sent_at=now()))
        return mail_id


def composed(notice: int) -> None:
    with unit_of_work() as session:
        step(session, COMPOSE, notice, NoticeState.COMPOSED)


def finding(**more: Any) -> Finding:
    """An error in table 3 that a person can understand."""
    told: dict[str, Any] = {
        "rule": "T3-1",
        "severity": Severity.ERROR,
        "where": ["table3.granted.total", "table3.granted.natural", "table3.granted.commercial"],
        "expected": 8,
        "actual": 7,
        "message": "“（一）予以公开”一行，各类申请人相加为 8，总计栏写的是 7。",
        "basis": "国办公开办函〔2021〕30号 附件，表三填表说明",
        "repair": [Repair(cell="table3.granted.total", from_=7, to=8, settles=["a" * 16, "b" * 16])],
        "fingerprint": "a" * 16,
    }
    return Finding.model_validate(told | more)


def report(code: str = "130101", *, findings: list[Finding] | None = None, **more: Any) -> Report:
    """A report whose cells name their pages."""
    found = [finding()] if findings is None else findings
    paths = {path for item in found for path in item.where if path.startswith("table")}
    told: dict[str, Any] = {
        "agency": NAMES.get(code, code),
        "year": 2024,
        "date": "2025-01-20",
        "layout": Layout(table2="2021", table3="2021", table4="2021"),
        "status": "ok",
        "cells": {path: Cell(page=3, bbox=(1, 2, 3, 4), text="7", kind=Kind.NUMBER, confidence=0.99) for path in paths},
        "findings": found,
    }
    return Report.model_validate(told | more)


@dataclass(frozen=True)
class Filled:
    """What one agency has on a populated site."""

    ref: str
    rejected: str
    mail: int
    reviewer_mail: int


def populate(code: str) -> Filled:
    """A judged, a rejected, a quarantined, a duplicate and a waiting submission, with mails."""
    good = submit(code, f"{NAMES[code]}2024年政府信息公开工作年度报告.pdf")
    unsure = finding(
        rule="T4-2", severity=Severity.WARNING, where=["table4.review.total"], cause="extraction", repair=[],
        message=f"SECRET-DOUBT {code}", fingerprint="c" * 16,
    )  # fmt: skip
    hint = finding(
        rule="N-3", severity=Severity.WARNING, where=["overview"], expected=None, actual="58 件", repair=[],
        message="正文写收到申请 58 件，表三“本年新收”总计为 56 件，请核实以哪个为准。", fingerprint="d" * 16,
    )  # fmt: skip
    notice = judge(
        good, report(code, findings=[finding(), unsure, hint], status="review", uncertain=["table4.review.total"])
    )
    assert notice is not None
    composed(notice)
    mail = write(good, notice, "agency", f"office@{code}.example", "您好：\n\n表三（一）予以公开 · 总计 应为 8。")
    other = write(good, notice, "reviewer", "reviewer@city.example", "REVIEWER-ONLY", state=MailState.RETRYING)
    refused = submit(code, "扫描件.pdf")
    reject(refused)
    bury(submit(code, "很大的文件.pdf"))
    duplicate(submit(code, "再次报送.pdf"), good)
    submit(code, "刚收到.docx", source="folder")
    return Filled(good.ref, refused.ref, mail, other)
