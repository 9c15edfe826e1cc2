"""The program as people call it, on a database of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services.cli import main
from tests.unit.platform.ground import Ground

Gouji = Callable[..., tuple[int, str]]


@pytest.fixture
def gouji(ground: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Gouji:
    """Runs a command; gives its exit status and what it printed."""

    def call(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["gouji", *map(str, arguments)])
        capsys.readouterr()  # what the test itself has done before is not the command's to tell
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return int(ended.value.code or 0), printed.out

    return call
