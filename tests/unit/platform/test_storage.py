"""The storage port: whose fault an error of the object store is."""

from __future__ import annotations

from typing import Any

import pytest
import urllib3
from minio.error import S3Error, ServerError

from services.core.errors import RetryableError
from services.platform.storage import MissingObjectError, Storage, original_key


class Client:
    """A client library whose every call fails in the same way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, _name: str) -> Any:
        def fail(*_: Any, **__: Any) -> Any:
            raise self.error

        return fail


def s3(code: str) -> S3Error:
    return S3Error(None, code, "message", "resource", "request", "host", bucket_name="b", object_name="k")  # type: ignore[arg-type]


def store(error: Exception) -> Storage:
    return Storage(Client(error), "inbox", "originals")  # type: ignore[arg-type]  # stands in for the client


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchVersion"])
def test_an_object_that_is_not_there_is_missing(code: str) -> None:
    with pytest.raises(MissingObjectError):
        store(s3(code)).get("inbox", "k", limit=9)
    assert store(s3(code)).exists("inbox", "k") is False


AWAY = [
    s3("NoSuchBucket"),
    s3("AccessDenied"),
    s3("SlowDown"),
    s3("InternalError"),
    ServerError("server is down", 502),
    urllib3.exceptions.ReadTimeoutError(None, "x", "timed out"),  # type: ignore[arg-type]
    ConnectionRefusedError(111, "refused"),
]


@pytest.mark.parametrize("error", AWAY, ids=lambda error: getattr(error, "code", type(error).__name__))
def test_whatever_else_fails_is_the_worlds_fault_and_a_missing_bucket_no_missing_document(error: Exception) -> None:
    calls = (
        lambda s: s.get("inbox", "k", limit=9),
        lambda s: s.put("inbox", "k", b"data"),
        lambda s: s.exists("inbox", "k"),
        lambda s: list(s.walk("inbox")),
        lambda s: s.ready(),
        lambda s: s.prepare(),
    )
    for call in calls:
        with pytest.raises(RetryableError):
            call(store(error))


def test_originals_are_spread_over_folders_by_their_hash() -> None:
    assert original_key("abcdef") == "ab/abcdef"
