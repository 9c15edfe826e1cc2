from __future__ import annotations

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from services.platform.access import revoke_token
from services.platform.db.engine import unit_of_work
from services.platform.db.models import AccessToken, Submission
from tests.unit.desk.site import Site, bury, composed, judge, populate, receive, reject, report, submit


def test_one_submission_tells_all_that_happened(site):
    mine = populate("130101")
    told = site.client.get(f"/api/submissions/{mine.ref}", headers=site.auth("130101")).json()
    assert (told["state"], told["state_text"], told["year"]) == ("stored", "已入库", 2024)
    assert [step["state"] for step in told["steps"]] == [
        "announced", "receiving", "received", "extracting", "extracted", "judging", "stored",
    ]  # fmt: skip
    assert told["steps"][0]["text"] == "已登记（来自网络报送）"
    assert told["received_at"].endswith("Z")
    (found,) = told["reports"]
    assert (found["revision"], found["current"], found["status"]) == (1, True, "review")
    assert found["uncertain"] == ["table4.review.total"]
    assert found["findings"][0]["expected"] == 8
    assert found["findings"][0]["repair"] == [
        {"cell": "table3.granted.total", "from": 7, "to": 8, "settles": ["a" * 16, "b" * 16]}
    ]
    assert told["mails"][0] | {"id": 0, "composed_at": "", "sent_at": ""} == {
        "id": 0, "kind": "verdict", "role": "agency", "address": "***@130101.example", "state": "sent",
        "state_text": "已发送", "composed_at": "", "sent_at": "",
    }  # fmt: skip


def test_a_rejected_document_says_why_and_what_to_do(site):
    row = submit("130101", "加密.pdf")
    reject(row, "encrypted")
    told = site.client.get(f"/api/submissions/{row.ref}", headers=site.auth("130101")).json()
    assert told["reason"] == {
        "code": "encrypted",
        "cause": "文件设有打开密码，无法读取。",
        "next_step": "请取消密码后重新报送。",
    }
    assert told["steps"][-1]["text"] == "文件设有打开密码，无法读取。"


def test_a_reason_without_detail_leaves_no_empty_brackets(site):
    row = submit("130101", "坏.pdf")
    reject(row, "damaged", "")
    told = site.client.get(f"/api/submissions/{row.ref}", headers=site.auth("130101")).json()
    assert told["reason"]["cause"] == "文件已损坏或不完整，无法打开。"


def test_a_traceback_is_for_operators_only(site):
    row = submit("130101", "怪.pdf")
    bury(row, "internal_error", 'Traceback (most recent call last):\n  File "/srv/x.py", line 1\nKeyError: 3')
    for who in ("130101", "reviewer"):
        told = site.client.get(f"/api/submissions/{row.ref}", headers=site.auth(who)).json()
        assert told["reason"]["cause"] == "处理时出现程序错误。"
        assert "/srv/x.py" not in json.dumps(told)
    told = site.client.get(f"/api/submissions/{row.ref}", headers=site.auth("operator")).json()
    assert told["reason"]["cause"] == "处理时出现程序错误（KeyError: 3）。"


def test_the_result_is_the_published_shape_with_the_stored_findings(site):
    mine = populate("130101")
    told = site.client.get(f"/api/submissions/{mine.ref}/result", headers=site.auth("reviewer")).json()
    assert told["format"] == "pdf"
    (found,) = told["reports"]
    assert [item["rule"] for item in found["findings"]] == ["T3-1", "T4-2", "N-3"]
    assert found["cells"]["table3.granted.total"]["page"] == 3
    assert "reading" not in found


def test_a_result_that_is_not_there_yet_is_told_apart_from_nothing(site):
    row = submit("130101")
    answer = site.client.get(f"/api/submissions/{row.ref}/result", headers=site.auth("130101"))
    assert (answer.status_code, answer.json()["code"]) == (404, "no_result")


def test_a_newer_report_takes_the_older_ones_place(site):
    first, second = submit("130101", "一.pdf"), submit("130101", "二.pdf")
    for row in (first, second):
        notice = judge(row, report())
        assert notice is not None
        composed(notice)
    older = site.client.get(f"/api/submissions/{first.ref}", headers=site.auth("130101")).json()["reports"]
    newer = site.client.get(f"/api/submissions/{second.ref}", headers=site.auth("130101")).json()["reports"]
    assert [(r["revision"], r["current"]) for r in older + newer] == [(1, False), (2, True)]


def test_paging_by_key_gives_every_row_once_even_while_new_ones_arrive(site):
    refs = [submit("130101", f"{number}.pdf").ref for number in range(7)]
    seen: list[str] = []
    after = ""
    for number in range(10):
        told = site.client.get(f"/api/submissions?limit=3{after}", headers=site.auth("130101")).json()
        seen += [item["ref"] for item in told["items"]]
        submit("130101", f"later {number}.pdf")
        if told["next"] is None:
            break
        after = f"&after={told['next']}"
    assert seen == refs[::-1]


def test_lists_filter_by_state_and_agency(site):
    for code in ("130101", "130102"):
        populate(code)
    told = site.client.get(
        "/api/submissions?state=rejected&state=quarantined&agency=130102", headers=site.auth("reviewer")
    ).json()
    assert [(item["agency"], item["state"]) for item in told["items"]] == [
        ("130102", "quarantined"),
        ("130102", "rejected"),
    ]
    assert [item["errors"] for item in told["items"]] == [None, None]  # not judged is not the same as no errors


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "after=0", "after=99999999999999999999", "state=gone", "agency=a/b", "agency=%00"]
)
def test_wrong_questions_are_answered_with_422_in_chinese_and_nothing_is_echoed(site, query):
    answer = site.client.get(f"/api/submissions?{query}", headers=site.auth("130101"))
    assert answer.status_code == 422
    told = answer.json()
    assert told["code"] == "invalid_request"
    assert query.split("=")[0] in told["message"]
    assert query.split("=")[1] not in told["message"] + told["next_step"]


class TestReplay:
    def test_starts_a_finished_document_anew_and_rings_the_bell(self, site: Site):
        row = submit("130101")
        reject(row)
        answer = site.client.post(f"/api/submissions/{row.ref}/replay", headers=site.auth("operator"))
        assert (answer.status_code, answer.json()) == (202, {"ref": row.ref, "state": "received"})
        assert site.nudged == [("ingest.extract", row.id)]
        told = site.client.get(f"/api/submissions/{row.ref}", headers=site.auth("operator")).json()
        assert (told["generation"], told["state"], told["reason"]) == (2, "received", None)
        assert told["steps"][-1]["text"] == "重新处理"
        assert told["steps"][-1]["actor"] == "http:operator 张三"

    def test_refuses_what_is_still_being_worked_on(self, site: Site):
        row = submit("130101")
        receive(row)
        answer = site.client.post(f"/api/submissions/{row.ref}/replay", headers=site.auth("operator"))
        assert (answer.status_code, answer.json()["code"]) == (409, "not_replayable")
        assert site.nudged == []

    def test_knows_no_unknown_reference(self, site: Site):
        answer = site.client.post(f"/api/submissions/{'0' * 16}/replay", headers=site.auth("operator"))
        assert answer.status_code == 404


def test_a_revoked_token_opens_nothing(site):
    with unit_of_work() as session:
        (token_id,) = session.scalars(select(AccessToken.id).where(AccessToken.role == "reviewer")).all()
        assert revoke_token(session, token_id)
    answer = site.client.get("/api/submissions", headers=site.auth("reviewer"))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_cookie_is_no_key_to_the_api(site):
    browser = site.log_in("operator")
    assert browser.get("/").status_code == 200
    assert browser.get("/api/submissions").status_code == 401
    assert browser.post(f"/api/submissions/{'0' * 16}/replay").status_code == 401


def test_metrics_count_rows_ages_dead_letters_and_requests(site):
    populate("130101")
    site.client.get(f"/api/submissions/{'0' * 16}", headers=site.auth("reviewer"))
    text = site.client.get("/metrics", headers=site.auth("operator")).text
    values = {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert values["gouji_rows", "stored", "submission"] == 1
    assert values["gouji_rows", "retrying", "mail"] == 1
    assert values["gouji_dead_letters",] == 1
    assert values["gouji_oldest_waiting_seconds", "ingest.receive"] >= 0
    assert values["gouji_http_requests_total", "GET", "/api/submissions/{ref}", "404"] == 1
    assert values["gouji_http_request_seconds_count", "GET", "/api/submissions/{ref}"] == 1


def test_the_conservation_sum_is_taken_from_the_audit_and_shown_when_it_fails(site):
    populate("130101")
    browser = site.log_in("reviewer")
    assert "不相等" not in browser.get("/").text
    with unit_of_work() as session:  # a row that nobody ever announced
        session.add(
            Submission(
                ref="e" * 16, source="upload", bucket="b", object_key="k", version="v", filename="f",
                agency_code="130101", state="received",
            )
        )  # fmt: skip
    assert "不相等" in browser.get("/").text
