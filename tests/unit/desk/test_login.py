from __future__ import annotations

import logging

import pytest
from sqlalchemy import select

from services.cli.serve import build_app
from services.desk.throttle import Throttle
from services.platform.access import revoke_token
from services.platform.db.engine import unit_of_work
from services.platform.db.models import AccessToken
from services.platform.http import sessions
from services.platform.settings import settings
from tests.unit.desk.site import form_token, open_site, submit


def test_a_stranger_is_sent_to_the_login_and_back_again(site):
    row = submit("130101")
    browser = site.browser()
    answer = browser.get(f"/submissions/{row.ref}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?then=/submissions/{row.ref}")
    form = {"token": site.tokens["130101"], "form_token": form_token(browser, answer.headers["location"])}
    answer = browser.post("/login", data=form | {"then": f"/submissions/{row.ref}"})
    assert answer.headers["location"] == f"/submissions/{row.ref}"
    assert browser.get(answer.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    "then", ["//evil.example", "https://evil.example", "/\\evil.example", "/logout", "javascript:1"]
)
def test_the_login_never_leads_elsewhere(site, then):
    browser = site.browser()
    form = {"token": site.tokens["130101"], "form_token": form_token(browser, "/login"), "then": then}
    assert browser.post("/login", data=form).headers["location"] == "/"


def test_a_wrong_token_is_refused_without_saying_more(site):
    browser = site.browser()
    answer = browser.post("/login", data={"token": "gouji_wrong", "form_token": form_token(browser, "/login")})
    assert answer.status_code == 401
    assert "令牌不正确或已停用" in answer.text
    assert "gouji_wrong" not in answer.text
    assert browser.get("/").status_code == 303


def test_a_form_of_another_site_cannot_log_anybody_in(site):
    browser = site.browser()
    assert browser.post("/login", data={"token": site.tokens["130101"]}).status_code == 403
    foreign = form_token(site.browser(), "/login")
    browser.get("/login")
    assert browser.post("/login", data={"token": site.tokens["130101"], "form_token": foreign}).status_code == 403


def test_the_session_changes_at_login_and_ends_at_logout(site):
    browser = site.browser()
    token = form_token(browser, "/login")
    before = browser.cookies["gouji"]
    browser.post("/login", data={"token": site.tokens["130101"], "form_token": token})
    assert browser.cookies["gouji"] != before
    assert browser.post("/logout", data={}).status_code == 403
    assert browser.get("/").status_code == 200
    assert browser.post("/logout", data={"form_token": form_token(browser, "/")}).status_code == 303
    assert browser.get("/").status_code == 303


def test_opening_the_login_again_does_not_end_a_session(site):
    browser = site.log_in("130101")
    assert browser.get("/login").headers["location"] == "/"
    assert browser.get("/").status_code == 200


def test_the_cookie_holds_no_secret_and_is_out_of_reach_of_scripts(site):
    browser = site.browser()
    form = {"token": site.tokens["130101"], "form_token": form_token(browser, "/login")}
    set_cookie = browser.post("/login", data=form).headers["set-cookie"]
    assert site.tokens["130101"] not in set_cookie
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=43200"} <= set(set_cookie.split("; "))


def test_over_https_the_cookie_is_bound_to_this_host(tmp_path, monkeypatch):
    with open_site(tmp_path, monkeypatch, PUBLIC_URL="https://gouji.example") as site:
        browser = site.browser("https://gouji.example")
        answer = browser.get("/login")
        assert answer.headers["set-cookie"].startswith("__Host-gouji=")
        assert "Secure" in answer.headers["set-cookie"]
        assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_a_revoked_token_ends_its_sessions_at_once(site):
    browser = site.log_in("130101")
    with unit_of_work() as session:
        token_id = session.scalar(select(AccessToken.id).where(AccessToken.agency_code == "130101"))
        assert token_id is not None
        revoke_token(session, token_id)
    assert browser.get("/").status_code == 303


def test_a_session_ends_by_itself(site, monkeypatch):
    browser = site.log_in("130101")
    told = site.app.state.sessions
    monkeypatch.setattr(told, "_seconds", -1)
    assert browser.get("/").status_code == 303


def test_a_forged_cookie_is_nobody(site):
    browser = site.log_in("130101")
    head, *rest = browser.cookies["gouji"].split(".")
    browser.cookies.clear()
    browser.cookies["gouji"] = ".".join([head[:-1] + ("A" if head[-1] != "A" else "B"), *rest])
    assert browser.get("/").status_code == 303


def test_guessing_is_slowed_down(site):
    browser = site.browser()
    token = form_token(browser, "/login")
    site.app.state.logins = Throttle(burst=3)
    tries = []
    for _ in range(4):
        answer = browser.post("/login", data={"token": "gouji_guess", "form_token": token})
        tries.append(answer.status_code)
        token = form_token(browser, "/login")
    assert tries == [401, 401, 401, 429]
    assert answer.headers["retry-after"] == "30"


class TestThrottle:
    def test_refills_with_time(self):
        now = [0.0]
        throttle = Throttle(burst=2, seconds=10, clock=lambda: now[0])
        assert [throttle.allows("a") for _ in range(3)] == [True, True, False]
        now[0] = 9.9
        assert not throttle.allows("a")
        now[0] = 20
        assert throttle.allows("a")

    def test_never_saves_up_more_than_the_burst(self):
        now = [0.0]
        throttle = Throttle(burst=2, seconds=10, clock=lambda: now[0])
        throttle.allows("a")
        now[0] = 10_000
        assert [throttle.allows("a") for _ in range(3)] == [True, True, False]

    def test_one_ipv6_network_counts_as_one_address(self):
        throttle = Throttle(burst=1, clock=lambda: 0)
        assert throttle.allows("2001:db8::1")
        assert not throttle.allows("2001:db8::2")
        assert throttle.allows("2001:db8:0:1::1")

    def test_keeps_a_bounded_number_of_addresses(self):
        throttle = Throttle(burst=1, most=10, clock=lambda: 0)
        for number in range(100):
            throttle.allows(f"10.0.0.{number}")
        assert len(throttle._left) == 10


@pytest.mark.parametrize(("key", "hook"), [("short", "h" * 20), ("k" * 40, "short"), ("", "")])
def test_weak_secrets_keep_the_service_from_starting(monkeypatch, key, hook):
    monkeypatch.setenv("GOUJI_SECRET_KEY", key)
    monkeypatch.setenv("GOUJI_HOOK_TOKEN", hook)
    settings.cache_clear()
    with pytest.raises(ValueError, match="GOUJI_"):
        build_app()
    settings.cache_clear()


def test_forms_of_two_visits_differ():
    assert sessions.Sessions(settings()).form_token(sessions.Visit("a", 1)) != sessions.Sessions(settings()).form_token(
        sessions.Visit("a", 2)
    )


def test_no_log_line_holds_a_token(site, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    browser = site.log_in("operator")
    browser.get("/")
    site.client.get(f"/api/submissions/{site.tokens['130101']}", headers=site.auth("operator"))
    site.client.get("/api/submissions", headers={"Authorization": f"Bearer {site.tokens['130102']}x"})
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    told = "\n".join(ours) + "".join(capsys.readouterr())
    assert "request" in told
    for token in site.tokens.values():
        assert token not in told
    assert browser.cookies["gouji"] not in told
