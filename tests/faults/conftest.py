"""One house a test, on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.house import House


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def build(tmp_path: Path, database: str) -> Iterator[Callable[..., House]]:
    """Builds houses on the database of this test; they are taken down afterwards."""
    with ExitStack() as stack:

        def make(**options: Any) -> House:
            folder = tmp_path / f"house{sum(1 for _ in tmp_path.iterdir())}"
            folder.mkdir()
            return stack.enter_context(House(folder, postgres=database == "postgresql", **options))

        yield make
