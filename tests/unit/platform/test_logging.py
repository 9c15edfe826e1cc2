"""Logs: one JSON object a line, no secrets, no full addresses."""

from __future__ import annotations

import io
import json
import logging as standard
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from services.platform import logging


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What was logged, with the logging of this process put back afterwards."""
    root = standard.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logging.configure(level="INFO", json=True)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def last(lines: io.StringIO) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(lines.getvalue().splitlines()[-1])
    return told


def test_a_line_is_one_json_object_in_chinese_and_with_its_reference(lines: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(ref="abc123"):
        logging.log("services.test").warning("rejected", path="年报\n.pdf")
    assert len(lines.getvalue().splitlines()) == 1
    told = last(lines)
    assert (told["event"], told["level"], told["logger"], told["ref"]) == (
        "rejected",
        "warning",
        "services.test",
        "abc123",
    )
    assert told["path"] == "年报\n.pdf"
    assert "年报" in lines.getvalue()
    assert told["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "key", ["password", "smtp_password", "Authorization", "hook_token", "s3_secret_key", "Set-Cookie", "TOKEN"]
)
def test_values_whose_name_says_secret_are_blanked(lines: io.StringIO, key: str) -> None:
    logging.log("t").info("x", **{key: "hunter2"})
    assert last(lines)[key] == "***"


@pytest.mark.parametrize("key", ["email", "recipient"])
def test_of_an_address_only_the_domain_is_logged(lines: io.StringIO, key: str) -> None:
    logging.log("t").info("x", **{key: "wang.min@county.gov.cn"})
    assert last(lines)[key] == "***@county.gov.cn"


def test_records_of_other_libraries_come_out_the_same_way(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    # a server that another test started with uvicorn's own logging must not decide this one
    monkeypatch.setattr(standard.getLogger("uvicorn"), "propagate", True)
    standard.getLogger("uvicorn.error").warning("started %s", "now", extra={"token": "hunter2"})
    told = last(lines)
    assert (told["event"], told["token"]) == ("started now", "***")


def test_exceptions_are_kept_with_their_traceback_in_one_line(lines: io.StringIO) -> None:
    try:
        int("x")
    except ValueError:
        logging.log("t").exception("boom")
    assert len(lines.getvalue().splitlines()) == 1
    assert "Traceback" in last(lines)["exception"]
