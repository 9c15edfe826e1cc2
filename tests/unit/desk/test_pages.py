from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from sqlalchemy import select, update

from services.core.finding import Severity
from services.desk.rendering import STATIC
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import ReportRow, Submission
from tests.unit.desk.site import Site, composed, finding, form_token, judge, populate, reject, report, submit, write

PROBES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</title><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
)


class Elements(HTMLParser):
    """Every element and attribute that a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in {"href", "src", "action"}}


def assert_inert(text: str) -> None:
    found = Elements(text)
    assert not found.tags & {"script", "svg", "iframe", "object", "style"}
    assert not {name for name in found.attributes if name.startswith("on") or name == "style"}
    assert all(link.startswith("/") and not link.startswith("//") for link in found.links), found.links


@pytest.mark.parametrize("probe", PROBES)
def test_whatever_a_document_says_is_text_and_nothing_else(site, probe):
    row = submit("130101", probe)
    bad = finding(message=probe, basis=probe, expected=probe, actual=probe, where=[probe, "table3." + probe], rule="T")
    notice = judge(row, report(findings=[bad], agency=probe, status="review", reason=probe, uncertain=[probe]))
    assert notice is not None
    mail = write(row, notice, "agency", "a@b.example", probe)
    other = submit("130101", probe + ".pdf")
    reject(other, "damaged", probe)
    browser = site.log_in("operator")
    pages = ("/", f"/submissions/{row.ref}", f"/submissions/{other.ref}", f"/mails/{mail}")
    shown = 0
    for address in pages:
        answer = browser.get(address)
        assert answer.status_code == 200
        assert_inert(answer.text)
        shown += (
            probe.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;").replace("'", "&#39;") in answer.text
        )
    assert shown == 4


def test_what_is_typed_into_the_address_comes_back_escaped(site):
    for address in (
        '/?agency="><script>',
        "/?state=<script>",
        "/login?then=//evil.example",
        "/login?then=javascript:1",
    ):
        assert_inert(site.log_in("reviewer").get(address).text)
        assert_inert(site.client.get(address).text)


def test_a_finding_names_place_page_figures_basis_and_repair(site):
    mine = populate("130101")
    text = site.log_in("130101").get(f"/submissions/{mine.ref}").text
    assert "表三（一）予以公开 · 总计、自然人" in text
    assert "第 3 页" in text
    assert "由 7 改为 8，可同时消除另外 1 处不符" in text
    assert "国办公开办函〔2021〕30号" in text
    assert "一、总体情况" in text
    assert "需更正" in text


def test_what_may_be_misread_is_not_called_an_error(site):
    row = submit("130101")
    judge(row, report(findings=[finding(cause="extraction"), finding(cause="unclear", fingerprint="e" * 16)]))
    text = site.log_in("reviewer").get(f"/submissions/{row.ref}").text
    assert "需更正" not in text
    assert text.count("待确认") == 2
    assert "未发现需要更正之处" not in text
    own = site.log_in("130101").get(f"/submissions/{row.ref}").text
    assert "待确认" not in own


def test_nothing_found_is_said_only_where_every_figure_is_vouched_for(site):
    sure, unsure = submit("130101", "一.pdf"), submit("130102", "二.pdf")
    judge(sure, report(findings=[]))
    judge(unsure, report("130102", findings=[], status="review", uncertain=["table3.new.natural"]))
    assert "未发现需要更正之处" in site.log_in("130101").get(f"/submissions/{sure.ref}").text
    text = site.log_in("130102").get(f"/submissions/{unsure.ref}").text
    assert "未发现需要更正之处" not in text
    assert "待主管部门" in text


def test_an_error_behind_doubt_keeps_an_agencys_page_from_saying_all_is_well(site):
    row = submit("130101")
    judge(row, report(findings=[finding(cause="unclear")], status="ok"))
    assert "未发现需要更正之处" not in site.log_in("130101").get(f"/submissions/{row.ref}").text


def test_a_second_version_shows_what_it_has_settled(site):
    first, second = submit("130101", "一.pdf"), submit("130101", "二.pdf")
    gone = finding(rule="T4-1", where=["table4.review.total"], repair=[], fingerprint="b" * 16)
    judge(first, report(findings=[finding(), gone]))
    judge(second, report(findings=[finding()]))
    for who in ("130101", "reviewer"):
        browser = site.log_in(who)
        assert "与上一版相比" not in browser.get(f"/submissions/{first.ref}").text
        text = browser.get(f"/submissions/{second.ref}").text
        assert "<b>与上一版相比：</b>上次 2 处，已改好 1 处，仍有 1 处。" in text


def test_a_verdict_given_anew_says_why(site):
    row = submit("130101")
    judge(row, report())
    browser = site.log_in("130101")
    assert "重新核对过" not in browser.get(f"/submissions/{row.ref}").text
    with unit_of_work() as session:
        session.execute(update(ReportRow).values(verdict=2, renewed_for="last_year"))
    assert "收到上一年度的报告后重新核对过" in browser.get(f"/submissions/{row.ref}").text


def test_a_rejected_document_shows_reason_and_next_step(site):
    row = submit("130101", "加密.pdf")
    reject(row)
    text = site.log_in("130101").get(f"/submissions/{row.ref}").text
    assert "文件设有打开密码，无法读取。" in text
    assert "请取消密码后重新报送。" in text


def test_the_list_filters_and_pages_on(site, monkeypatch):
    populate("130101")
    monkeypatch.setattr("services.desk.pages.LINES", 2)
    browser = site.log_in("reviewer")
    first = browser.get("/").text
    rest = re.search(r'href="(/\?[^"]*after=\d+)"', first)
    assert rest is not None
    second = browser.get(rest.group(1).replace("&amp;", "&")).text
    refs = [re.findall(r"/submissions/([0-9a-f]{16})", text) for text in (first, second)]
    assert len(refs[0]) == len(refs[1]) == 2
    assert not set(refs[0]) & set(refs[1])
    assert "未能受理</span>" in browser.get("/?state=rejected").text
    assert "没有符合条件的报送" in browser.get("/?agency=999").text


def test_times_are_chinas(site):
    submit("130101")
    with reading() as session:
        told = session.scalars(select(Submission.announced_at)).one()
    text = site.log_in("130101").get("/").text
    assert told.strftime("%M:%S") in text
    assert f"{(told.hour + 8) % 24:02}:{told:%M:%S}" in text


def test_the_replay_button_is_the_operators_and_needs_its_form(site: Site):
    row = submit("130101")
    reject(row)
    address = f"/submissions/{row.ref}/replay"
    reviewer = site.log_in("reviewer")
    assert "重新处理</button>" not in reviewer.get(f"/submissions/{row.ref}").text
    token = form_token(reviewer, "/")
    assert reviewer.post(address, data={"form_token": token}).status_code == 403
    operator = site.log_in("operator")
    assert operator.post(address, data={}).status_code == 403
    assert operator.post(address, data={"form_token": token}).status_code == 403  # another visit's form
    assert site.nudged == []
    answer = operator.post(address, data={"form_token": form_token(operator, f"/submissions/{row.ref}")})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/submissions/{row.ref}")
    assert site.nudged == [("ingest.extract", row.id)]


def test_a_mail_is_shown_as_text(site):
    row = submit("130101")
    notice = judge(row, report(findings=[finding(severity=Severity.WARNING)]))
    assert notice is not None
    composed(notice)
    mail = write(row, notice, "agency", "a@b.example", "您好：\n<b>表三</b> 有 1 处待核实。")
    text = site.log_in("130101").get(f"/mails/{mail}").text
    assert "您好：\n&lt;b&gt;表三&lt;/b&gt; 有 1 处待核实。" in text
    assert "***@b.example" in text


def test_every_answer_carries_the_headers_that_keep_browsers_safe(site):
    browser = site.log_in("130101")
    for address in ("/", "/login", "/submissions/none", "/api/none", "/healthz", "/static/gouji.css"):
        headers = browser.get(address).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        if not address.startswith("/static/"):
            assert headers["cache-control"] == "no-store"


def test_pages_fetch_nothing_from_elsewhere():
    for file in STATIC.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "//" not in text
        assert "@import" not in text


def test_what_one_cell_settles_is_one_entry_with_all_that_does_not_tally(site):
    row = submit("130101")
    column = finding(rule="T3-3", where=["table3.total.total"], message="“总计”一列相差 1。", fingerprint="b" * 16)
    judge(row, report(findings=[finding(), column]))
    text = site.log_in("130101").get(f"/submissions/{row.ref}").text
    assert text.count("需更正") == 1
    assert text.count("更正建议") == 1
    assert "将表三（一）予以公开 · 总计由 7 改为 8，两处勾稽关系同时成立" in text
    assert "<li>“总计”一列相差 1。</li>" in text
