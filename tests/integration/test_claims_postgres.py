"""The claim protocol on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.unit.platform.claim_protocol import ClaimProtocol


@pytest.mark.integration
@pytest.mark.postgres
class TestClaimsOnPostgres(ClaimProtocol):
    dialect = "postgresql"
