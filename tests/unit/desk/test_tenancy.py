"""Three agencies, every address that names something, own, foreign, unknown and hostile: nobody sees a stranger's row."""

from __future__ import annotations

import itertools

import pytest

from services.cli.serve import build_app
from tests.unit.desk.site import NAMES, Filled, Site, populate

API = ("/api/submissions/{ref}", "/api/submissions/{ref}/result")
PAGES = ("/submissions/{ref}", "/mails/{mail}")
UNKNOWN = ("0" * 16, "f" * 16)
HOSTILE = (
    "..%2f..%2fsubmissions", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "x" * 3000, "%00", "'%20or%201=1--",
    "０" * 16, "%EF%BC%90", "-1", "99999999999999999999999", "0x10", "%ff", "1%0d%0aSet-Cookie:a=b", "*",
)  # fmt: skip


@pytest.fixture
def filled(site: Site) -> dict[str, Filled]:
    return {code: populate(code) for code in NAMES}


def marks(code: str, filled: dict[str, Filled]) -> tuple[str, ...]:
    """Texts that give an agency away."""
    return (NAMES[code], filled[code].ref, filled[code].rejected, f"office@{code}")


def test_every_agency_sees_its_own_and_only_its_own(site, filled):
    for me, other in itertools.product(NAMES, NAMES):
        browser = site.log_in(me)
        for address in API:
            answer = site.client.get(address.format(ref=filled[other].ref), headers=site.auth(me))
            assert answer.status_code == (200 if me == other else 404), (me, other, address)
        for address in PAGES:
            answer = browser.get(address.format(ref=filled[other].ref, mail=filled[other].mail))
            assert answer.status_code == (200 if me == other else 404), (me, other, address)


def test_a_foreign_reference_and_an_unknown_one_are_answered_alike(site, filled):
    me, other = "130101", "130102"
    browser = site.log_in(me)
    for address in API:
        answers = [
            site.client.get(address.format(ref=ref), headers=site.auth(me))
            for ref in (filled[other].ref, filled[other].rejected, *UNKNOWN)
        ]
        assert len({(answer.status_code, answer.content) for answer in answers}) == 1
        assert answers[0].status_code == 404
    pages = [browser.get(f"/submissions/{ref}") for ref in (filled[other].ref, *UNKNOWN)]
    mails = [browser.get(f"/mails/{number}") for number in (filled[other].mail, filled[me].reviewer_mail, 10**9)]
    assert len({(answer.status_code, answer.content) for answer in (*pages, *mails)}) == 1
    assert pages[0].status_code == 404


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_addresses_find_nothing_and_break_nothing(site, value):
    browser = site.log_in("130101")
    for address in (*API, *PAGES):
        path = address.format(ref=value, mail=value)
        answer = site.client.get(path, headers=site.auth("130101")) if address in API else browser.get(path)
        assert answer.status_code in {303, 404, 422}, (path, answer.status_code)
        assert "set-cookie" not in answer.headers or "gouji" in answer.headers["set-cookie"]
    assert site.client.post(f"/api/submissions/{value}/replay", headers=site.auth("130101")).status_code in {403, 404}


def test_lists_hold_own_rows_whatever_is_asked_for(site, filled):
    for me in NAMES:
        strangers = [mark for other in NAMES if other != me for mark in marks(other, filled)]
        browser = site.log_in(me)
        for query in ("", "?agency=130102", "?agency=130103&limit=200", "?after=9223372036854775807", "?state=stored"):
            texts = [
                site.client.get(f"/api/submissions{query}", headers=site.auth(me)).text,
                browser.get(f"/{query}").text,
            ]
            for text in texts:
                assert not [mark for mark in strangers if mark in text and mark != "agency=130102"]
    totals = site.log_in("130101").get("/").text
    assert "<b>5</b>收到" in totals  # of 15 on the site
    assert "<b>15</b>收到" in site.log_in("reviewer").get("/").text


def test_an_agency_is_not_told_what_may_only_be_misread_nor_what_reviewers_were_written(site, filled):
    mine = filled["130101"]
    browser = site.log_in("130101")
    texts = [
        browser.get(f"/submissions/{mine.ref}").text,
        site.client.get(f"/api/submissions/{mine.ref}", headers=site.auth("130101")).text,
        site.client.get(f"/api/submissions/{mine.ref}/result", headers=site.auth("130101")).text,
    ]
    for text in texts:
        assert "T3-1" in text or "总计栏写的是 7" in text  # what the document itself prints wrong
        assert "SECRET-DOUBT" not in text
        assert "reviewer@city" not in text
        assert "office@" not in text  # not even its own full address
        assert "worker-1" not in text
    assert browser.get(f"/mails/{mine.reviewer_mail}").status_code == 404
    counts = site.client.get("/api/submissions?state=stored", headers=site.auth("130101")).json()["items"][0]
    assert [counts[name] for name in ("errors", "warnings", "doubts", "mails")] == [1, 1, None, {"sent": 1}]


def test_reviewers_see_all_of_it(site, filled):
    mine = filled["130101"]
    told = site.client.get(f"/api/submissions/{mine.ref}", headers=site.auth("reviewer")).json()
    assert [found["rule"] for found in told["reports"][0]["findings"]] == ["T3-1", "T4-2", "N-3"]
    assert {mail["address"] for mail in told["mails"]} == {"office@130101.example", "reviewer@city.example"}
    assert told["steps"][-1]["actor"] == "worker-1"
    counts = site.client.get("/api/submissions?state=stored&agency=130101", headers=site.auth("reviewer")).json()[
        "items"
    ][0]
    assert [counts[name] for name in ("errors", "warnings", "doubts")] == [1, 1, 1]
    assert counts["mails"] == {"retrying": 1, "sent": 1}
    assert "REVIEWER-ONLY" in site.log_in("reviewer").get(f"/mails/{mine.reviewer_mail}").text


def test_only_operators_replay_and_read_metrics(site, filled):
    mine = filled["130101"]
    for who in (*NAMES, "reviewer"):
        assert site.client.post(f"/api/submissions/{mine.ref}/replay", headers=site.auth(who)).status_code == 403
        assert site.client.get("/metrics", headers=site.auth(who)).status_code == 403


def addresses(filled: Filled) -> set[tuple[str, str]]:
    """Every method and address there is: those described, and those for browsers."""
    described = build_app().openapi()["paths"]
    found = {(method.upper(), path) for path, methods in described.items() for method in methods}
    found |= {("GET", "/"), ("GET", "/submissions/{ref}"), ("POST", "/submissions/{ref}/replay"), ("POST", "/logout")}
    found |= {("GET", "/mails/{mail}"), ("GET", "/openapi.json")}
    return {(method, path.format(ref=filled.ref, mail=filled.mail)) for method, path in found}


def test_nothing_but_health_login_and_style_is_answered_without_a_token(site, filled):
    mine = filled["130101"]
    asked = {(m, path) for m, path in addresses(mine) if path not in {"/healthz", "/readyz"}}
    assert len(asked) == 13
    for method, address in asked:
        for headers in ({}, {"Authorization": "Bearer gouji_wrong"}, {"Cookie": "gouji=forged.value.here"}):
            answer = site.client.request(method, address, headers=headers)
            assert answer.status_code in {401, 303, 403}, (method, address, answer.status_code)
            assert NAMES["130101"] not in answer.text
    assert site.client.get("/hooks/s3").content == b""
