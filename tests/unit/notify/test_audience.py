from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from services.core.finding import Cause, Finding, Severity
from services.notify.audience import Contact, Judged, Quarantined, Rejected, addressees, vouched
from tests.unit.notify.samples import LIAISON, REVIEWER

CONTACTS = (LIAISON, REVIEWER)
CAUSES: tuple[Cause, ...] = ("document", "extraction", "unclear")


def finding(severity: Severity, cause: Cause = "document") -> Finding:
    return Finding(rule="T3-1", severity=severity, cause=cause, message="说明", basis="依据")


EVERY = tuple(finding(severity, cause) for severity, cause in product(Severity, CAUSES))


def told(subject, contacts=CONTACTS):
    return {
        entry.contact.role: (entry.kind, entry.findings, entry.uncertain) for entry in addressees(contacts, subject)
    }


def test_errors_and_warnings_of_the_document_go_to_agency_and_reviewer():
    found = (finding(Severity.ERROR), finding(Severity.WARNING))
    assert told(Judged("ok", found)) == {"agency": ("verdict", found, ()), "reviewer": ("verdict", found, ())}


@given(st.lists(st.sampled_from(EVERY)), st.lists(st.text()), st.sampled_from(["ok", "review", "failed"]))
def test_the_agency_never_hears_of_what_the_reading_is_unsure_of(findings, uncertain, status):
    for entry in addressees(CONTACTS, Judged(status, tuple(findings), tuple(uncertain))):
        if entry.contact.role == "agency":
            assert entry.uncertain == ()
            assert all(f.cause == "document" and f.severity is not Severity.INFO for f in entry.findings)


@given(st.lists(st.sampled_from(EVERY)), st.lists(st.text()), st.sampled_from(["ok", "review", "failed"]))
def test_somebody_is_told_every_finding_and_every_uncertain_cell(findings, uncertain, status):
    subject = Judged(status, tuple(findings), tuple(uncertain))
    reviewer = told(subject).get("reviewer", ("", (), ()))
    assert reviewer[1:] == (tuple(findings), tuple(uncertain))


def test_a_hint_alone_gives_the_agency_a_receipt():
    found = (finding(Severity.INFO),)
    assert told(Judged("ok", found)) == {"agency": ("receipt", (), ()), "reviewer": ("verdict", found, ())}


def test_a_clean_report_is_a_receipt_and_silence_for_the_reviewer():
    assert told(Judged("ok")) == {"agency": ("receipt", (), ())}


def test_a_report_in_review_always_reaches_the_reviewer():
    assert told(Judged("review"))["reviewer"] == ("verdict", (), ())


def test_a_rejected_submission_goes_to_both_and_a_quarantined_one_to_the_reviewer_alone():
    assert told(Rejected("encrypted")) == {"agency": ("rejected", (), ()), "reviewer": ("rejected", (), ())}
    assert told(Quarantined("reader_timeout")) == {"reviewer": ("quarantined", (), ())}


def test_nothing_found_is_only_said_when_every_figure_is_vouched_for():
    assert vouched(Judged("ok"))
    assert vouched(Judged("ok", (finding(Severity.INFO, "unclear"),)))
    assert not vouched(Judged("review"))
    assert not vouched(Judged("ok", uncertain=("table2.fees",)))
    assert not vouched(Judged("ok", (finding(Severity.WARNING, "unclear"),)))
    assert not vouched(Judged("ok", (finding(Severity.ERROR, "extraction"),)))


def test_an_address_is_written_to_once_whatever_the_case_or_encoding_of_its_domain():
    contacts = (
        Contact("王敏", "wang@Town.gov.cn", "agency"),
        Contact("王敏（办公室）", "wang@town.GOV.cn", "agency"),
        Contact("甲", "a@政府.中国", "agency"),
        Contact("甲", "a@xn--mxtq1m.xn--fiqs8s", "agency"),
        Contact("另一人", "Wang@town.gov.cn", "agency"),
    )
    entries = addressees(contacts, Judged("ok"))
    assert [entry.contact.email for entry in entries] == ["wang@Town.gov.cn", "a@政府.中国", "Wang@town.gov.cn"]


def test_who_is_agency_and_reviewer_at_once_gets_the_fuller_mail():
    both = (LIAISON, Contact("王敏", LIAISON.email.upper().replace("WANGMIN@", "wangmin@"), "reviewer"))
    found = (finding(Severity.ERROR), finding(Severity.INFO))
    [entry] = addressees(both, Judged("ok", found, ("table2.fees",)))
    assert (entry.findings, entry.uncertain) == (found, ("table2.fees",))
    [receipt] = addressees(both, Judged("ok"))
    assert receipt.kind == "receipt"


def test_an_impossible_address_does_not_keep_the_others_from_being_told():
    contacts = (Contact("甲", "no address", "agency"), LIAISON)
    assert [entry.contact for entry in addressees(contacts, Judged("ok"))] == list(contacts)
