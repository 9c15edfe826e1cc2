"""The service against its own OpenAPI document, asked with an agency's token: no fault of ours, no stranger's row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as examples

from tests.unit.desk.site import NAMES, Filled, Site, open_site, populate

ME = "130101"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch, open_site(Path(tmp_path_factory.mktemp("site")), patch) as opened:
        yield opened


@pytest.fixture(scope="module")
def filled(site: Site) -> dict[str, Filled]:
    return {code: populate(code) for code in NAMES}


OPERATIONS = (
    ("GET", "/api/submissions"),
    ("POST", "/api/submissions"),
    ("GET", "/api/submissions/{ref}"),
    ("GET", "/api/submissions/{ref}/result"),
    ("POST", "/api/submissions/{ref}/replay"),
    ("POST", "/hooks/s3"),
    ("GET", "/metrics"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
)


def test_the_list_of_operations_is_complete(site):
    described = site.client.get("/openapi.json", headers=site.auth(ME)).json()["paths"]
    assert {(m.upper(), path) for path, methods in described.items() for m in methods} == set(OPERATIONS)


def sendable(part: object) -> object:
    """A generated part of a form as the client can send it: numbers and the like as their text."""
    if isinstance(part, tuple):
        return tuple(sendable(item) for item in part)
    return part if part is None or isinstance(part, str | bytes) else str(part)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_generated_requests_meet_no_fault_and_no_stranger(site, filled, method, path):
    schema = schemathesis.openapi.from_dict(site.app.openapi())
    operation = schema[path][method]
    strangers = [mark for code in NAMES if code != ME for mark in (filled[code].ref, NAMES[code], f"office@{code}")]

    described = site.app.openapi()["paths"][path][method.lower()]["responses"]

    @seed(20260101)
    @examples(
        max_examples=80,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case):
        sent = {k: v for k, v in case.as_transport_kwargs(base_url="http://testserver").items() if v is not None}
        sent.pop("cookies", None)
        if "files" in sent:
            sent["files"] = [(name, sendable(value)) for name, value in sent["files"]]
        answer = site.client.request(**sent | {"headers": {**sent.get("headers", {}), **site.auth(ME)}})
        assert answer.status_code < 500, answer.text
        assert str(answer.status_code) in described, answer.status_code
        assert not [mark for mark in strangers if mark in answer.text]

    ask()
