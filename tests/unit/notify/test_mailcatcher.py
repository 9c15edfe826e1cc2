from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from infra.embedded.mailcatcher import Fate, MailCatcher, rules_from
from infra.embedded.mailcatcher_store import INDEX, Store
from services.notify.compose import compose
from services.notify.outcomes import PermanentFailure, TransientFailure, Unconfirmed
from services.notify.relay import Receipt, Relay
from tests.unit.notify import samples

RECIPIENT = "wangmin@town.example.gov.cn"


def send(catcher: MailCatcher, raw: bytes, *, to: str = RECIPIENT, timeout: float = 5) -> Receipt:
    relay = Relay("127.0.0.1", catcher.smtp_port, timeout=timeout)
    return relay.deliver(mail_from="gouji@example.gov.cn", rcpt_to=to, raw=raw, before_body=lambda: None)


def composed() -> bytes:
    return compose(samples.TO_MEND, sender=samples.SENDER, message_id=samples.MESSAGE_ID, date=samples.COMPOSED).raw


def with_fate(folder: Path, fate: Fate) -> MailCatcher:
    return MailCatcher(folder, decide=lambda _recipient, _attempt: fate)


class TestKeeping:
    def test_an_accepted_mail_is_on_disk_byte_for_byte_before_its_receipt(self, tmp_path):
        raw = composed()
        with MailCatcher(tmp_path) as catcher:
            receipt = send(catcher, raw)
            [caught] = catcher.mails()
            assert catcher.raw(caught) == raw
        assert caught.sha256 == hashlib.sha256(raw).hexdigest()
        assert receipt.queue_id == caught.file.removesuffix(".eml")
        assert (caught.message_id, caught.sender, caught.recipients) == (
            samples.MESSAGE_ID,
            "gouji@example.gov.cn",
            [RECIPIENT],
        )
        assert caught.subject.startswith("【请更正】塔城乡人民政府 2024 年度报告")

    def test_the_index_has_one_json_line_a_mail(self, tmp_path):
        with MailCatcher(tmp_path) as catcher:
            send(catcher, composed())
            send(catcher, composed(), to="other@town.example.gov.cn")
        lines = [json.loads(line) for line in (tmp_path / INDEX).read_text("utf-8").splitlines()]
        assert [line["to"] for line in lines] == [[RECIPIENT], ["other@town.example.gov.cn"]]
        assert set(lines[0]) == {"time", "message_id", "subject", "from", "to", "sha256", "file"}

    def test_mails_of_an_earlier_run_are_still_there(self, tmp_path):
        with MailCatcher(tmp_path) as first:
            send(first, composed())
        with MailCatcher(tmp_path) as second:
            send(second, composed())
            names = [caught.file for caught in second.mails()]
        assert [name[:7] for name in names] == ["000001-", "000002-"]

    def test_a_half_written_line_of_the_index_does_not_count(self, tmp_path):
        store = Store(tmp_path)
        store.add(b"Subject: a\r\n\r\nb", "a@b.cn", ["c@d.cn"])
        with (tmp_path / INDEX).open("a") as index:
            index.write('{"time": "20')
        assert len(store.mails()) == 1

    @pytest.mark.parametrize(
        "raw",
        [b"", b"\r\n", b"no header at all", b"Subject: =?no-such-charset?b?AAAA?=\r\n\r\n", b"Subject: \xff\r\n\r\n"],
    )
    def test_any_bytes_at_all_are_kept(self, tmp_path, raw):
        store = Store(tmp_path)
        assert store.raw(store.add(raw, "", ["c@d.cn"])) == raw
        assert len(store.mails()) == 1

    def test_a_taken_port_is_told(self, tmp_path):
        with MailCatcher(tmp_path / "one") as first, pytest.raises(OSError, match="in use"):
            MailCatcher(tmp_path / "two", smtp_port=first.smtp_port).start()


class TestFaults:
    @pytest.mark.parametrize(
        ("fate", "outcome", "kept"),
        [
            (Fate.TEMPORARY, TransientFailure, 0),
            (Fate.FREQUENCY, TransientFailure, 0),
            (Fate.PERMANENT, PermanentFailure, 0),
            (Fate.DROP_BEFORE_BODY, TransientFailure, 0),
            (Fate.DROP_BEFORE_DOT, Unconfirmed, 0),
            (Fate.DROP_AFTER_DOT, Unconfirmed, 1),
            (Fate.STALL, TransientFailure, 0),
            (Fate.STALL_AFTER_DOT, Unconfirmed, 1),
        ],
    )
    def test_each_fate_as_the_relay_client_sees_it_and_as_the_disk_has_it(self, tmp_path, fate, outcome, kept):
        with with_fate(tmp_path, fate) as catcher:
            with pytest.raises(outcome):
                send(catcher, composed(), timeout=0.5)
            assert len(catcher.mails()) == kept

    def test_greylisted_first_and_accepted_the_second_time(self, tmp_path):
        rules = tmp_path / "rules.json"
        rules.write_text('[{"to": "*@SLOW.example", "fates": ["temporary", "accept"]}]')
        with MailCatcher(tmp_path / "mails", decide=rules_from(rules)) as catcher:
            with pytest.raises(TransientFailure):
                send(catcher, composed(), to="a@slow.example")
            assert send(catcher, composed(), to="a@slow.example").code == 250
            assert send(catcher, composed(), to="b@quick.example").code == 250

    def test_the_last_fate_of_a_rule_stays(self, tmp_path):
        rules = tmp_path / "rules.json"
        rules.write_text('[{"to": "a@b.cn", "fates": ["accept", "permanent"]}]')
        decide = rules_from(rules)
        assert [decide("a@b.cn", n) for n in (1, 2, 3)] == [Fate.ACCEPT, Fate.PERMANENT, Fate.PERMANENT]

    def test_an_unknown_fate_is_refused(self, tmp_path):
        rules = tmp_path / "rules.json"
        rules.write_text('[{"to": "*", "fates": ["explode"]}]')
        with pytest.raises(ValueError, match="explode"):
            rules_from(rules)


HOSTILE = (
    b"Subject: <script>alert(1)</script>\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain; charset=no-such\r\n\r\n<img src=x onerror=alert(1)>\r\n"
    b"--x\r\nContent-Type: text/html\r\n\r\n<script>alert(2)</script><b>bold</b>\r\n--x--\r\n"
)


class TestPages:
    @pytest.fixture
    def catcher(self, tmp_path):
        with MailCatcher(tmp_path) as running:
            running.store.add(composed(), "gouji@example.gov.cn", [RECIPIENT])
            running.store.add(HOSTILE, "", ["<b>@x"])
            yield running

    def get(self, catcher: MailCatcher, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{catcher.http_port}{path}", trust_env=False)

    def test_the_list_shows_the_newest_first(self, catcher):
        page = self.get(catcher, "/").text
        assert page.index("/mail/2") < page.index("/mail/1")
        assert "【请更正】塔城乡人民政府" in page

    def test_a_mail_shows_its_text_and_frames_its_html(self, catcher):
        page = self.get(catcher, "/mail/1").text
        assert "【先看这里】" in page
        assert '<iframe src="/mail/1/html" sandbox' in page

    @pytest.mark.parametrize("path", ["/", "/mail/2"])
    def test_what_a_mail_says_is_text_on_our_pages(self, catcher, path):
        response = self.get(catcher, path)
        assert "<script" not in response.text
        assert "<img" not in response.text
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy

    def test_the_html_part_may_do_nothing(self, catcher):
        response = self.get(catcher, "/mail/2/html")
        assert "<b>bold</b>" in response.text
        policy = response.headers["content-security-policy"]
        assert policy.startswith("sandbox; default-src 'none'")
        assert "allow-" not in policy

    def test_the_source_is_never_rendered(self, catcher):
        response = self.get(catcher, "/mail/2/raw")
        assert response.content == HOSTILE
        assert response.headers["content-type"].startswith("text/plain")
        assert response.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize("path", ["/mail/0", "/mail/3", "/mail/3/html", "/mail/-1/raw"])
    def test_no_such_mail(self, catcher, path):
        assert self.get(catcher, path).status_code == 404

    def test_health_counts_the_mails(self, catcher):
        assert self.get(catcher, "/health").json() == {"status": "ok", "mails": 2}


def test_as_a_program_it_prints_its_ports_and_ends_on_sigterm(tmp_path):
    command = [sys.executable, "-m", "infra.embedded.mailcatcher", "--smtp-port", "0", "--http-port", "0"]
    with subprocess.Popen([*command, "--dir", str(tmp_path)], stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            ports = json.loads(program.stdout.readline())
            relay = Relay("127.0.0.1", ports["smtp"], timeout=5)
            relay.deliver(
                mail_from="a@b.cn", rcpt_to="c@d.cn", raw=b"Subject: a\r\n\r\nb\r\n", before_body=lambda: None
            )
            health = httpx.get(f"http://127.0.0.1:{ports['http']}/health", trust_env=False).json()
        finally:
            program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
    assert health["mails"] == 1
