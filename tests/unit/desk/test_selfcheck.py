"""The check before handing in: the same verdict as afterwards, and nothing is kept of it."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import func, select

from infra.demo.authored import consistent
from infra.demo.planted import wrong_table4_total
from infra.demo.render import render_small, truncated
from services.core.errors import RetryableError
from services.core.report import Document, Format, Report
from services.desk import selfcheck
from services.desk.selfcheck import Answer, Asked
from services.platform.db.engine import reading
from services.platform.db.models import Base
from services.validate.judge import Context, judge
from tests.unit.desk.site import Site, finding, form_token, open_site, report
from tests.unit.desk.test_pages import PROBES, assert_inert

AGENCY = "130102"
NAME = "青禾县教育局"


@cache
def document(*, wrong: bool = False, year: int = 2024) -> bytes:
    authored = consistent(7, NAME, year, "township")
    return render_small(wrong_table4_total(authored, 7) if wrong else authored)


def send(
    site: Site, who: str, data: bytes, *, last_year: bytes | None = None, name: str = "年报.pdf", **fields: str
) -> Any:
    browser = site.log_in(who)
    files = {"file": (name, data)} | ({"last_year": ("上年.pdf", last_year)} if last_year is not None else {})
    return browser.post("/check", data={"form_token": form_token(browser, "/check")} | fields, files=files)


def rows() -> dict[str, int]:
    with reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


class Given:
    """A stand-in that answers what it was given, and remembers what it was asked."""

    def __init__(self, answer: Answer | Exception) -> None:
        self.answer = answer
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None:
        pass


def answer(**more: Any) -> Answer:
    told = Document(file="x", sha256="0" * 64, format=Format.PDF, engine="test 1", reports=[report(AGENCY, **more)])
    return Answer(told)


@pytest.fixture
def given(site: Site) -> Given:
    stand_in = Given(answer())
    site.app.state.self_check.close()
    site.app.state.self_check = stand_in
    return stand_in


# what it says


def test_the_page_says_plainly_that_nothing_is_kept(site: Site) -> None:
    text = site.log_in(AGENCY).get("/check").text
    assert "不保存文件，不保存结果，不发邮件，主管部门也看不到。" in text
    assert 'href="/check"' in site.log_in(AGENCY).get("/").text


def test_the_verdict_is_that_of_a_submission_and_no_row_is_written(site: Site) -> None:
    before = rows()
    told = send(site, AGENCY, document(wrong=True))
    assert told.status_code == 200
    assert "行政诉讼·未经复议直接起诉" in told.text
    assert "需更正" in told.text
    assert "都没有保存" in told.text
    assert "未发现需要更正之处" in send(site, AGENCY, document()).text
    assert rows() == before


def test_what_is_known_of_the_body_counts_as_after_a_submission(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Context] = []

    def listen(report: Report, context: Context) -> Report:
        told.append(context)
        return judge(report, context)

    monkeypatch.setattr("services.cli.precheck.judge", listen)
    send(site, AGENCY, document(), last_year=document(year=2023))
    (context,) = told
    assert (context.body_code, context.body_name) == (AGENCY, NAME)
    assert context.last_year is not None
    assert context.last_year.year == 2023
    assert context.received_on is not None


def test_a_last_year_that_does_not_fit_is_told(site: Site) -> None:
    told = send(site, AGENCY, document(), last_year=document(year=2022)).text
    assert "上年文件应有一份 2023 年的报告，读到的是：2022 年；没有用于核对。" in told


def test_a_document_that_cannot_be_read_says_why(site: Site) -> None:
    told = send(site, AGENCY, truncated(document())).text
    assert "无法打开" in told
    assert "已保留" not in told


def test_an_agency_sees_what_it_would_be_told_and_a_reviewer_everything(site: Site, given: Given) -> None:
    unsure = finding(cause="unclear", message="说不准。", fingerprint="e" * 16)
    given.answer = answer(findings=[finding(), unsure])
    assert "说不准。" not in send(site, AGENCY, b"x").text
    assert "说不准。" in send(site, "reviewer", b"x").text
    assert [asked.agency_code for asked in given.asked] == [AGENCY, None]


@pytest.mark.parametrize("probe", PROBES)
def test_whatever_a_document_says_is_text_and_nothing_else(site: Site, given: Given, probe: str) -> None:
    given.answer = Answer(answer(agency=probe, reason=probe, status="review").document, notes=(probe,))
    assert_inert(send(site, AGENCY, b"x", name=f"{probe}.pdf".replace("/", "").replace('"', "")).text)


# what is kept: nothing


def test_bytes_never_touch_a_disk_however_many(site: Site, given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    def rollover(_self: object) -> None:
        pytest.fail("a temporary file was made")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", rollover)
    large = b"x" * (3 * 2**20)
    assert send(site, AGENCY, large, last_year=large).status_code == 200
    assert given.asked[0].document.data == large


def test_neither_name_nor_content_is_logged(site: Site, given: Given, capsys: pytest.CaptureFixture[str]) -> None:
    send(site, AGENCY, b"GEHEIM-1", name="GEHEIM-2.pdf")
    given.answer = RetryableError("GEHEIM-3")
    send(site, AGENCY, b"x")
    printed = capsys.readouterr()
    assert "self_checked" in printed.out + printed.err
    assert "GEHEIM" not in printed.out + printed.err


def test_a_defect_quotes_nothing_of_the_document(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("GEHEIM")

    monkeypatch.setattr("services.cli.precheck.judge", fail)
    told = send(site, AGENCY, document())
    assert told.status_code == 503
    printed = capsys.readouterr()
    assert "self_check_failed" in printed.out + printed.err
    assert "GEHEIM" not in told.text + printed.out + printed.err


# who may, and how much


def test_nobody_who_is_not_logged_in_may(site: Site, given: Given) -> None:
    assert site.browser().get("/check").headers["location"] == "/login?then=/check"
    assert site.browser().post("/check", files={"file": ("x.pdf", b"x")}).status_code == 401
    assert given.asked == []


def test_a_form_of_another_site_is_refused(site: Site, given: Given) -> None:
    assert send(site, AGENCY, b"x", form_token="0" * 64).status_code == 403
    assert given.asked == []


@pytest.mark.parametrize(("data", "status"), [(b"", 422), (b"x" * 1001, 413), (b"x" * 5000, 413)])
def test_what_no_submission_may_be_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, status: int
) -> None:
    monkeypatch.setattr(selfcheck, "_FORM_BYTES", 2000)
    with open_site(tmp_path, monkeypatch, MAX_BYTES="1000") as site:
        assert send(site, AGENCY, data).status_code == status


def test_what_is_no_form_is_refused_and_no_defect(site: Site, given: Given) -> None:
    browser = site.log_in(AGENCY)
    for kind in ("text/plain", "multipart/form-data", "multipart/form-data; boundary=x"):
        assert browser.post("/check", content=b"nonsense", headers={"Content-Type": kind}).status_code == 422
    assert given.asked == []


def test_one_visitor_may_not_check_without_end(site: Site, given: Given) -> None:
    answers = [send(site, AGENCY, b"x") for _ in range(7)]
    assert [told.status_code for told in answers] == [200] * 6 + [429]
    assert "自查的次数过多" in answers[-1].text
    assert send(site, "130101", b"x").status_code == 200


class NoPlaces:
    """As many visitors as there may be are checking."""

    def acquire_on_behalf_of_nowait(self, _borrower: object) -> None:
        raise anyio.WouldBlock


def test_when_too_many_check_at_once_others_are_asked_to_come_again(
    site: Site, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selfcheck, "_places", NoPlaces())
    told = send(site, AGENCY, b"x")
    assert (told.status_code, given.asked) == (503, [])
    assert told.headers["retry-after"]


def test_when_reading_is_not_possible_the_visitor_is_asked_to_come_again(site: Site, given: Given) -> None:
    given.answer = RetryableError("no process")
    assert send(site, AGENCY, b"x").status_code == 503
    given.answer = answer()
    assert send(site, AGENCY, b"x").status_code == 200, "its place is free again"
