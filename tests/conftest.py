"""Options and fixtures that several kinds of tests share."""

from __future__ import annotations

import os
import random

import hypothesis
import pytest

# A merge must not fail or pass by luck: where CI decides, property tests try the same examples every time. Everywhere
# else each run tries new ones, and what they find becomes an example of its own.
hypothesis.settings.register_profile("decides", derandomize=True)
if os.environ.get("CI") == "true":
    hypothesis.settings.load_profile("decides")


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
