"""The claim protocol on SQLite."""

from __future__ import annotations

from tests.unit.platform.claim_protocol import ClaimProtocol


class TestClaimsOnSqlite(ClaimProtocol):
    pass
