"""Times: aware UTC inside, Asia/Shanghai on pages and in mails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China keeps one offset all year, so no time zone database is needed."""


def now() -> datetime:
    """This host's clock as aware UTC. Leases and retries use the database's clock instead."""
    return datetime.now(UTC)


def in_china(moment: datetime) -> str:
    """`2026-01-30 23:05:12` in China's time zone, for people."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
