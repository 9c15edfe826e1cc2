"""What inserting many rows at once has to keep, on either database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest
from sqlalchemy import Table, select
from sqlalchemy.exc import DataError

from services.core.report import Report
from services.platform.db.dialect import in_millionths, insert_many
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import CellRow, ReportRow, Submission
from services.validate.store import HandIn, store_report
from tests.unit.platform.ground import Ground

TABLE = cast("Table", CellRow.__table__)
NAMES = ("report_id", "path", "value", "text", "kind", "confidence", "page", "bbox", "line", "column")

CELLS: list[tuple[Any, ...]] = [
    ("a", Decimal(12), "12", "number", 0.99, 1, "1.00,2.00,3.00,4.00", None, None),
    ("b", Decimal("0.000001"), "0.000001 万元", "number", 0.9, None, None, 7, 3),
    ("c", None, "", "blank", 0.5, None, None, None, None),
    ("d", Decimal(-(10**12)), "引号 \" ' \\ \\u0000 %s :x\n\t", "text", 0.1, None, None, None, None),
    ("e", None, "零\x00字", "text", 1.0, None, None, None, None),
    ("f", None, "null", "text", 1 / 3, None, None, None, None),
    ("g", None, "\U00020bb7", "text", 0.0, None, None, None, None),
]


def _report(ground: Ground) -> int:
    ground.register("a1")
    row_id = ground.stored("a1")
    with unit_of_work() as session:
        hand_in = HandIn.of(session.get_one(Submission, row_id))
        store_report(session, hand_in, Report(status="ok", year=2024), position=0, actor="w")
    return int(ground.rows(ReportRow)[0].id)


def _insert(report_id: int, cells: list[tuple[Any, ...]]) -> None:
    rows = [(report_id, path, None if value is None else in_millionths(value), *rest) for path, value, *rest in cells]
    with unit_of_work() as session:
        insert_many(session.connection(), TABLE, NAMES, rows)


def cells_come_back(ground: Ground) -> list[tuple[Any, ...]]:
    report_id = _report(ground)
    _insert(report_id, CELLS)
    _insert(report_id, [])
    with reading() as session:
        columns = (TABLE.c[name] for name in NAMES[1:])
        return [tuple(row) for row in session.execute(select(*columns).order_by(TABLE.c.path))]


def too_long_is_refused(ground: Ground) -> None:
    """Where the database knows lengths at all."""
    report_id = _report(ground)
    with pytest.raises(DataError):
        _insert(report_id, [("x" * 61, None, "", "text", 1.0, None, None, None, None)])
