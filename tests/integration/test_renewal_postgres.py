"""Verdicts given anew, on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.unit.validate.renewing import Renewing


@pytest.mark.integration
@pytest.mark.postgres
class TestRenewalOnPostgres(Renewing):
    pass
