"""Options and fixtures that several kinds of tests share."""

from __future__ import annotations

import random

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full-size", action="store_true", help="run the fault scenarios at full size")
    parser.addoption("--fault-seed", type=int, default=None, help="repeat a fault run with this seed")


@pytest.fixture(scope="session")
def full_size(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--full-size"))


@pytest.fixture
def fault_seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run's random choices; printed, so that a failure can be repeated."""
    given: int | None = request.config.getoption("--fault-seed")
    return given if given is not None else random.SystemRandom().randrange(1_000_000)
