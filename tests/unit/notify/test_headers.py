from __future__ import annotations

import unicodedata
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import SMTP

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.notify import headers
from services.notify.audience import Contact
from services.notify.compose import Sender, compose
from services.notify.headers import LIMIT, AddressError, HeaderError, address, header_value, mailbox, verify
from tests.unit.notify import samples

PIECES = st.sampled_from(
    [
        "\r\n", "\n", "\r", "\r\nBcc: victim@example.com", "\nSubject: other", "\r\n\r\n<html>", "\u2028", "\u2029", "\x85",
        "\x0b", "\x0c", "\x00", "\x1b[2J", "\u202e", "\u2066", "\u200f", "\ufeff", "\ud800", "=?utf-8?q?hi=0ABcc=3A_a@b.cn?=",
        "=?utf-8?b?DQpCY2M6IGFAYi5jbg==?=", "=?", "?=", "==??", "=?utf-8?q?x", "字" * 300, "塔城乡人民政府", "a" * 200, " ", "\t",
        ",", ";", "<", ">", '"', "\\", "(", ")", "@", ":", "<a@b.cn>,", "，", "é", "👍", "e\u0301",
    ]
)  # fmt: skip
HOSTILE = st.lists(PIECES | st.text(max_size=20), max_size=8).map("".join)
FIELDS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language",
    "X-Gouji-Submission", "Content-Type", "MIME-Version",
]  # fmt: skip


@settings(max_examples=2500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(subject=HOSTILE, name=HOSTILE, submission=HOSTILE)
@example(subject="=?utf-8?q?hi=0ABcc=3A_victim@example.com?=", name="a\r\nBcc: b@c.cn", submission="\u2028X: y")
@example(subject="x", name=".", submission="x")
@example(subject="x", name=". J. Smith", submission="x")
def test_whatever_is_put_in_the_header_holds_exactly_the_fields_that_were_set(subject, name, submission):
    fields = [
        ("To", mailbox(name, "lian@town.gov.cn")),
        ("Subject", header_value(subject)),
        ("X-Gouji-Submission", header_value(submission)),
    ]
    raw = headers.fields(fields) + b"\r\nbody\r\n"
    verify(raw, fields)
    parsed = message_from_bytes(raw)
    assert parsed.keys() == ["To", "Subject", "X-Gouji-Submission"]
    assert all(len(line) <= 78 or b" " not in line[1:] or line.isascii() for line in raw.split(b"\r\n"))
    assert str(make_header(decode_header(parsed["Subject"].replace("\r\n", "")))) == header_value(subject)
    # the standard library's other parser, which understands structured fields, sees one recipient and no more
    modern = message_from_bytes(raw, policy=SMTP)
    assert [found.addr_spec for found in modern["To"].addresses] == ["lian@town.gov.cn"]
    assert modern["To"].defects == ()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(agency=HOSTILE, person=HOSTILE, file=HOSTILE, sender=HOSTILE)
def test_a_whole_mail_from_hostile_names_has_our_fields_and_two_parts(agency, person, file, sender):
    letter = replace(
        samples.CLEAN, agency_name=agency, file_name=file, recipient=Contact(person, "lian@town.gov.cn", "agency")
    )
    mail = compose(
        letter, sender=Sender(sender, "gouji@example.gov.cn"), message_id=samples.MESSAGE_ID, date=samples.COMPOSED
    )
    parsed = message_from_bytes(mail.raw)
    assert parsed.keys() == FIELDS
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@given(HOSTILE)
def test_a_cleaned_value_is_one_short_line_and_stays_as_it_is(text):
    value = header_value(text)
    assert len(value) <= LIMIT
    assert "=?" not in value
    assert not {unicodedata.category(char) for char in value} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert header_value(value) == value


def test_a_long_value_ends_in_an_ellipsis():
    assert header_value("字" * 300) == "字" * 149 + "…"


def test_ordinary_chinese_and_ascii_pass_unchanged():
    assert header_value("【请更正】塔城乡人民政府 2024 年度报告") == "【请更正】塔城乡人民政府 2024 年度报告"


class TestAddress:
    @pytest.mark.parametrize(
        ("given_", "expected"),
        [
            ("Wang.Min+gk@Town.GOV.cn", "Wang.Min+gk@town.gov.cn"),
            ("lian@政府.中国", "lian@xn--mxtq1m.xn--fiqs8s"),
            (" a@b.cn ", "a@b.cn"),
            ("gouji@localhost", "gouji@localhost"),
        ],
    )
    def test_becomes_ascii(self, given_, expected):
        assert address(given_) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "", "a", "@b.cn", "a@", "王敏@town.gov.cn", "a b@c.cn", "a@b..cn", "a@-b.cn", ".a@b.cn", "a..b@c.cn", '"a b"@c.cn',
            "a@b.cn\r\nBcc: c@d.cn", "a@b.cn>\r\nDATA", "a\n@b.cn", "a@b\ncn", "<a@b.cn>", "a@[127.0.0.1]", "a@b_c.cn", "a,b@c.cn",
            "=?utf-8?q?x?=@b.cn", "a@" + "b" * 64 + ".cn", "a" * 65 + "@b.cn", "a@" + "b." * 150 + "cn", "a@\u202eb.cn\u2028", "a@.",
        ],
    )  # fmt: skip
    def test_anything_else_is_refused_without_repeating_it(self, text):
        with pytest.raises(AddressError) as caught:
            address(text)
        assert not text or text not in str(caught.value) or len(text) == 1

    @given(HOSTILE, HOSTILE)
    def test_what_passes_is_plain_ascii_without_blanks(self, local, domain):
        try:
            result = address(f"{local}@{domain}")
        except AddressError:
            return
        assert result.isascii()
        assert result.isprintable()
        assert not set(result) & set(' <>,;:"()[]\\')


class TestTheLastCheck:
    def test_an_injected_line_is_found_in_the_finished_message(self):
        with pytest.raises(HeaderError):
            verify(b"Subject: hi\r\nBcc: a@b.cn\r\n\r\nbody\r\n", [("Subject", "hi")])

    def test_a_value_that_reads_differently_is_found(self):
        with pytest.raises(HeaderError):
            verify(b"Subject: hello\r\n\r\nbody\r\n", [("Subject", "hi")])

    @pytest.mark.parametrize(
        "raw", [b"Subject: hi\n\nbody\n", "Subject: hi\r\n\r\n勾\r\n".encode(), b"Subject: hi\r\n\r\n\r"]
    )
    def test_bare_line_ends_and_eight_bit_bytes_are_found(self, raw):
        with pytest.raises(HeaderError, match="ASCII"):
            verify(raw, [("Subject", "hi")])

    @pytest.mark.parametrize("value", ["a\nb", "a\u2028b", "=?utf-8?q?x?=", "a\u202eb"])
    def test_a_value_that_came_by_another_door_is_refused(self, value):
        with pytest.raises(HeaderError):
            headers.fields([("Subject", value)])

    @pytest.mark.parametrize("name", ["Sub ject", "Subject:", "Sub\nject", ""])
    def test_a_field_name_is_plain(self, name):
        with pytest.raises(HeaderError):
            headers.fields([(name, "x")])

    @pytest.mark.parametrize("text", ["42@b.cn", "<42>", "<a@b.cn> x", "<a@b\r\nc>", "<王@b.cn>"])
    def test_a_message_id_is_plain(self, text):
        with pytest.raises(HeaderError):
            headers.message_id(text)
