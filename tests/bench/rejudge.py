"""What it costs to judge all stored reports anew: N reports of two years in SQLite, each with its neighbours."""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from services.core.report import Document, Format
from services.platform import logging
from services.platform.db.engine import engine, reading, unit_of_work
from services.platform.db.migrate import migrate
from services.platform.db.models import Agency, Extraction, Membership, ReportRow, Submission
from services.platform.db.repositories import renewals
from services.platform.settings import settings
from services.platform.stage_task import run as run_stage
from services.validate.renewal import Renew, stored_reports
from services.validate.rules.example import with_figures
from tests.bench.repair import tallying

REPORTS = 10_000
_BODIES_A_COUNTY = 50
_MODELS = 40
_YEARS = (2023, 2024)
_CHUNK = 500


def _documents() -> list[dict[int, bytes]]:
    """Packed documents of invented bodies for each year, every fourth with a figure that is wrong."""
    rng = random.Random(7)
    found = []
    for number in range(_MODELS):
        report = tallying(rng)
        if number % 4 == 0:
            report = with_figures(report, {"table4.review.total": 777})
        packed = {}
        for year in _YEARS:
            of_year = report.model_copy(update={"year": year, "date": f"{year + 1}-01-20"})
            document = Document(file="年报.pdf", sha256="0" * 64, format=Format.PDF, engine="bench", reports=[of_year])
            packed[year] = zlib.compress(document.model_dump_json().encode(), 1)
        found.append(packed)
    return found


def _rows(reports: int) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    bodies = [f"body{number}" for number in range(-(-reports // len(_YEARS)))]
    counties = [f"county{number}" for number in range(-(-len(bodies) // _BODIES_A_COUNTY))]
    yield Agency, [{"code": code, "name": f"示例县第{code}局", "level": ""} for code in (*bodies, *counties)]
    county = {"year": 2023, "parent_code": None, "level": "county", "name": "示例县人民政府"}
    yield Membership, [{**county, "body_code": code} for code in counties]
    below = [
        {"year": 2023, "body_code": code, "parent_code": counties[number // _BODIES_A_COUNTY], "level": "department", "name": code}
        for number, code in enumerate(bodies)
    ]  # fmt: skip
    yield Membership, below
    documents = _documents()
    handed_in = [(code, year) for code in bodies for year in _YEARS][:reports]
    still = {"state": "stored", "attempt": 0, "crashes": 0, "setbacks": 0, "fence": 0, "generation": 1}
    of_report = {"generation": 1, "position": 0, "revision": 1, "status": "ok", "layout": {}, "uncertain": []}
    numbered = list(enumerate(handed_in, 1))
    yield Submission, [
        {
            "id": number, "ref": f"{number:016x}", "source": "upload", "bucket": "b", "object_key": str(number), "version": "1",
            "filename": "年报.pdf", "agency_code": code, "year_hint": year, "announced_at": datetime(year + 1, 1, 20, tzinfo=UTC), **still,
        }
        for number, (code, year) in numbered
    ]  # fmt: skip
    yield Extraction, [
        {
            "submission_id": number, "generation": 1, "format": "pdf", "engine": "bench",
            "document": documents[int(code.removeprefix("body")) % _MODELS][year],
        }
        for number, (code, year) in numbered
    ]  # fmt: skip
    yield (
        ReportRow,
        [
            {
                "submission_id": number,
                "agency_code": code,
                "year": year,
                "errors": 0,
                "warnings": 0,
                "infos": 0,
                **of_report,
            }
            for number, (code, year) in numbered
        ],
    )


def _fill(reports: int) -> None:
    for table, rows in _rows(reports):
        for start in range(0, len(rows), _CHUNK):
            with unit_of_work() as session:
                session.execute(insert(table), rows[start : start + _CHUNK])


def _pass(words: str) -> None:
    """Judge everything anew once, as `gouji rejudge` does without a worker beside it."""
    with unit_of_work() as session:
        renewals.wish_all(session, mail=False, actor="bench")
    work, times = Renew(), []
    began = time.perf_counter()
    while True:
        started = time.perf_counter()
        if not run_stage(work, None, hand_on=lambda _follow: None):
            break
        times.append((time.perf_counter() - started) * 1000)
    wall = time.perf_counter() - began
    p95 = statistics.quantiles(times, n=20)[-1]
    print(f"  {words}: {len(times) / wall:6.1f} reports/s, median {statistics.median(times):.1f} ms, p95 {p95:.1f} ms")


def _look(reports: int) -> None:
    """The same without writing anything, as `gouji rules dry-run` does."""
    began = time.perf_counter()
    with reading() as session:
        ids = renewals.all_current(session)
    for start in range(0, len(ids), 100):
        with reading() as session:
            for stored in stored_reports(session, ids[start : start + 100]):
                stored.judged_now(session)
    print(f"  dry run: {reports / (time.perf_counter() - began):6.1f} reports/s")


def run(reports: int = REPORTS) -> None:
    logging.configure(level="WARNING", json=False)
    print(f"\nJudging anew, {reports} stored reports of {len(_YEARS)} years in SQLite, one process:")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GOUJI_DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.db'}"
        settings.cache_clear()
        migrate(engine())
        _fill(reports)
        _look(reports)
        _pass("first pass, findings are new")
        _pass("second pass, nothing changes")
        engine().dispose()
        del os.environ["GOUJI_DATABASE_URL"]
        settings.cache_clear()
