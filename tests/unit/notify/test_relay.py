from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.notify.headers import AddressError
from services.notify.outcomes import (
    DeliveryError,
    PermanentFailure,
    RelayRefused,
    Stage,
    TransientFailure,
    Unconfirmed,
    classify,
    read_reply,
)
from services.notify.relay import Receipt, Relay, on_the_wire
from tests.unit.notify.scripted_smtp import DROP, STALL, ScriptedServer, scripted

RAW = b"Subject: figures\r\n\r\nfirst line\r\n.a line with a dot\r\nlast line\r\n"


class Caller:
    """The caller's side: knows whether it was asked before the body."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> None:
        self.asked += 1


def hand_over(server: ScriptedServer, caller: Caller | None = None, **settings) -> Receipt:
    relay = Relay("127.0.0.1", server.port, **{"timeout": 5.0, **settings})
    return relay.deliver(
        mail_from="gouji@example.gov.cn", rcpt_to="lian@town.gov.cn", raw=RAW, before_body=caller or Caller()
    )


def outcome_of(answers: dict[str, bytes], caller: Caller | None = None, **settings) -> DeliveryError:
    with scripted(answers) as server, pytest.raises(DeliveryError) as caught:
        hand_over(server, caller, **settings)
    return caught.value


class TestAccepted:
    def test_the_receipt_holds_code_text_and_queue_id(self):
        with scripted() as server:
            receipt = hand_over(server)
        assert receipt == Receipt(250, "2.0.0 Ok: queued as 4XyZ12", "4XyZ12")

    def test_one_recipient_and_the_ascii_commands_in_order(self):
        with scripted() as server:
            hand_over(server, helo="mail.example.gov.cn")
            assert server.finished.wait(5)
        assert server.commands == [
            "ehlo mail.example.gov.cn",
            "MAIL FROM:<gouji@example.gov.cn>",
            "RCPT TO:<lian@town.gov.cn>",
            "DATA",
            "quit",
        ]

    def test_leading_dots_are_doubled_on_the_wire(self):
        with scripted() as server:
            hand_over(server)
        assert server.messages == [RAW.replace(b"\r\n.a", b"\r\n..a") + b".\r\n"]

    @pytest.mark.parametrize(
        ("answer", "queue_id"),
        [
            (b"250 Mail OK queued as gzga1,PSgvCgD3_w", "gzga1,PSgvCgD3_w"),
            (b"250 OK id=1tXyZ2-0001-AB", "1tXyZ2-0001-AB"),
            (b"250 OK: queued as.", None),
            (b"250 accepted", None),
        ],
    )
    def test_queue_ids_of_several_relays(self, answer, queue_id):
        with scripted({"dot": answer}) as server:
            assert hand_over(server).queue_id == queue_id

    def test_a_broken_farewell_does_not_matter(self):
        with scripted({"quit": DROP}) as server:
            assert hand_over(server).code == 250

    def test_an_old_relay_without_ehlo(self):
        with scripted({"ehlo": b"502 not implemented"}) as server:
            assert hand_over(server).code == 250


class TestBeforeTheBody:
    def test_the_caller_is_asked_after_354_and_before_the_first_byte(self):
        with scripted({"body": b"250 never reached", "dot": b"250 ok"}) as server:
            seen: list[tuple[list[str], list[bytes]]] = []
            Relay("127.0.0.1", server.port, timeout=5).deliver(
                mail_from="a@b.cn",
                rcpt_to="c@d.cn",
                raw=RAW,
                before_body=lambda: seen.append((list(server.commands), list(server.begun))),
            )
        [(commands, begun)] = seen
        assert commands[-1] == "DATA"
        assert begun == []

    def test_when_the_caller_cannot_commit_no_body_is_sent(self):
        class NoCommitError(Exception):
            pass

        def refuse() -> None:
            raise NoCommitError

        with scripted() as server:
            with pytest.raises(NoCommitError):
                Relay("127.0.0.1", server.port, timeout=5).deliver(
                    mail_from="a@b.cn", rcpt_to="c@d.cn", raw=RAW, before_body=refuse
                )
            assert server.finished.wait(5)
        assert server.messages == []
        assert server.commands[-1] == "DATA"

    @pytest.mark.parametrize("verb", ["connect", "ehlo", "mail", "rcpt", "data"])
    @pytest.mark.parametrize("fault", [DROP, STALL])
    def test_a_line_that_breaks_before_the_body_is_transient(self, verb, fault):
        caller = Caller()
        error = outcome_of({verb: fault}, caller, timeout=0.3)
        assert isinstance(error, TransientFailure)
        assert (error.stage, error.code, caller.asked) == (Stage(verb), None, 0)

    @pytest.mark.parametrize("verb", ["connect", "ehlo", "mail", "rcpt", "data"])
    def test_4xx_is_transient_at_every_stage(self, verb):
        error = outcome_of({verb: b"451 4.3.0 later"})
        assert isinstance(error, TransientFailure)
        assert (error.stage, error.code, error.enhanced) == (Stage(verb), 451, "4.3.0")

    def test_nobody_listens(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with pytest.raises(TransientFailure) as caught:
            Relay("127.0.0.1", port, timeout=1).deliver(
                mail_from="a@b.cn", rcpt_to="c@d.cn", raw=RAW, before_body=Caller()
            )
        assert caught.value.stage is Stage.CONNECT

    @pytest.mark.parametrize("verb", ["connect", "ehlo", "mail", "rcpt", "data"])
    def test_an_answer_that_is_none_is_transient(self, verb):
        assert isinstance(outcome_of({verb: b"what?"}), TransientFailure)

    def test_an_endless_answer_is_cut_off(self):
        error = outcome_of({"rcpt": b"250 " + b"x" * 9000})
        assert isinstance(error, RelayRefused)
        assert error.stage is Stage.RCPT


class TestRefusals:
    def test_an_unknown_recipient_is_permanent_and_marks_the_address(self):
        error = outcome_of({"rcpt": b"550 5.1.1 no such user"})
        assert isinstance(error, PermanentFailure)
        assert (error.stage, error.code, error.enhanced, error.bad_address) == (Stage.RCPT, 550, "5.1.1", True)

    def test_a_refused_message_is_permanent_and_leaves_the_address_alone(self):
        error = outcome_of({"dot": b"552 5.2.2 mailbox full"})
        assert isinstance(error, PermanentFailure)
        assert (error.stage, error.bad_address) == (Stage.DOT, False)

    @pytest.mark.parametrize(
        "text",
        [
            b"550 Domain frequency limited. Please try again later.",
            b"550 5.7.1 Connection frequency limited",
            b"554 5.7.1 Too many messages from this sender",
            b"550 sending rate exceeded",
            "550 发送频率过高".encode(),
            "550 单位时间内发信受限制".encode("gb18030"),
        ],
    )
    def test_a_rate_limit_in_5xx_clothes_is_transient(self, text):
        assert isinstance(outcome_of({"rcpt": text}), TransientFailure)

    def test_words_that_only_contain_rate_are_no_rate_limit(self):
        assert isinstance(outcome_of({"rcpt": b"550 corporate mailbox closed"}), PermanentFailure)

    @pytest.mark.parametrize(
        ("verb", "text"),
        [
            ("connect", b"554 5.7.1 your host is not welcome"),
            ("mail", b"553 5.1.8 sender domain not found"),
            ("rcpt", b"550 5.1.8 sender address rejected"),
            ("rcpt", b"554 5.7.1 relay access denied"),
            ("rcpt", b"550 relaying denied"),
            ("mail", b"530 authentication required"),
            ("dot", b"550 5.7.26 not authenticated by DMARC"),
            ("data", b"503 bad sequence of commands"),
        ],
    )
    def test_a_refusal_of_us_asks_for_a_person(self, verb, text):
        error = outcome_of({verb: text})
        assert isinstance(error, RelayRefused)
        assert error.code == int(text[:3])

    def test_the_relays_words_are_kept_short_and_on_one_line(self):
        error = outcome_of({"rcpt": b"550-5.1.1 no\r\n550-such \x1b[31m user\r\n550 " + b"y" * 400})
        assert error.text.startswith("5.1.1 no such [31m user yyy")
        assert len(error.text) == 200


class TestAfterTheBodyHasBegun:
    @pytest.mark.parametrize("fault", [DROP, STALL])
    def test_no_answer_to_the_dot_is_unconfirmed_although_the_relay_has_the_mail(self, fault):
        with scripted({"dot": fault}) as server:
            caller = Caller()
            with pytest.raises(Unconfirmed) as caught:
                hand_over(server, caller, timeout=0.3)
        assert caught.value.stage is Stage.DOT
        assert (caller.asked, len(server.messages)) == (1, 1)

    @pytest.mark.parametrize("fault", [DROP, STALL])
    def test_a_line_that_breaks_within_the_body_is_unconfirmed(self, fault):
        assert isinstance(outcome_of({"body": fault}, timeout=0.3), Unconfirmed)

    @pytest.mark.parametrize("text", [b"what?", b"354 again?", b"250" + b"-x" * 5000])
    def test_an_answer_that_is_no_verdict_is_unconfirmed(self, text):
        assert isinstance(outcome_of({"dot": text}), Unconfirmed)

    def test_4xx_to_the_dot_is_a_clear_no_for_now(self):
        error = outcome_of({"dot": b"451 4.7.1 greylisted"})
        assert isinstance(error, TransientFailure)
        assert error.stage is Stage.DOT

    def test_an_interrupt_of_the_task_leaves_the_mail_unconfirmed(self, monkeypatch):
        class TimeLimitError(Exception):
            pass

        def interrupted(_smtp: object) -> None:
            raise TimeLimitError("soft time limit")

        with scripted() as server:
            caller = Caller()

            def ask() -> None:
                caller()
                monkeypatch.setattr("smtplib.SMTP.getreply", interrupted)

            with pytest.raises(Unconfirmed, match="soft time limit"):
                Relay("127.0.0.1", server.port, timeout=5).deliver(
                    mail_from="a@b.cn", rcpt_to="c@d.cn", raw=RAW, before_body=ask
                )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "scripted relay")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path: Path = tmp_path_factory.mktemp("tls") / "relay.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


class TestEncryptionAndLogin:
    def test_starttls_then_login_then_the_mail(self, certificate, monkeypatch):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with scripted(extensions=("STARTTLS", "AUTH PLAIN"), tls=serving(certificate)) as server:
            assert hand_over(server, starttls=True, user="gouji", password="secret").code == 250
            verbs = [command.split(" ")[0].lower() for command in server.commands]
        assert verbs[:6] == ["ehlo", "starttls", "ehlo", "auth", "mail", "rcpt"]

    def test_an_untrusted_certificate_asks_for_a_person(self, certificate, monkeypatch):
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        with (
            scripted(extensions=("STARTTLS",), tls=serving(certificate)) as server,
            pytest.raises(RelayRefused, match="certificate") as caught,
        ):
            hand_over(server, starttls=True)
        assert caught.value.stage is Stage.STARTTLS

    def test_never_in_the_clear_when_encryption_is_demanded(self):
        with scripted() as server, pytest.raises(RelayRefused) as caught:
            hand_over(server, starttls=True, user="gouji", password="secret")
        assert caught.value.stage is Stage.STARTTLS
        assert not any(command.lower().startswith("auth") for command in server.commands)

    def test_starttls_put_off_is_transient(self):
        answer = {"starttls": b"454 4.7.0 TLS not available"}
        with scripted(answer, extensions=("STARTTLS",)) as server, pytest.raises(TransientFailure) as caught:
            hand_over(server, starttls=True)
        assert (caught.value.stage, caught.value.code) == (Stage.STARTTLS, 454)

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [(b"535 5.7.8 wrong password", RelayRefused), (b"454 4.7.0 try later", TransientFailure)],
    )
    def test_a_refused_login(self, answer, expected):
        with scripted({"auth": answer}, extensions=("AUTH PLAIN",)) as server, pytest.raises(expected) as caught:
            hand_over(server, user="gouji", password="secret")
        assert (caught.value.stage, caught.value.code) == (Stage.LOGIN, int(answer[:3]))

    @pytest.mark.parametrize("extensions", [(), ("AUTH CHICKEN",)])
    def test_a_relay_without_a_login_we_know(self, extensions):
        with scripted(extensions=extensions) as server, pytest.raises(RelayRefused) as caught:
            hand_over(server, user="gouji", password="secret")
        assert caught.value.stage is Stage.LOGIN

    def test_the_password_is_not_in_the_relays_words(self):
        assert "secret" not in repr(Relay("127.0.0.1", 25, user="gouji", password="secret"))


def test_an_impossible_address_never_reaches_the_relay():
    with scripted() as server:
        with pytest.raises(AddressError):
            Relay("127.0.0.1", server.port, timeout=5).deliver(
                mail_from="a@b.cn", rcpt_to="c@d.cn>\r\nDATA", raw=RAW, before_body=Caller()
            )
        assert server.commands == []


def test_a_message_that_is_not_ascii_is_a_defect_of_the_caller():
    with pytest.raises(ValueError, match="7-bit"):
        Relay("127.0.0.1", 1).deliver(mail_from="a@b.cn", rcpt_to="c@d.cn", raw="勾稽".encode(), before_body=Caller())


def test_line_ends_become_crlf_whatever_they_were():
    assert on_the_wire(b"a\n.\r\nb\rc") == b"a\r\n..\r\nb\r\nc\r\n.\r\n"


def test_every_5xx_has_an_outcome_at_every_stage():
    kinds = {type(classify(stage, read_reply(code, b"no"))) for stage in Stage for code in range(500, 600)}
    assert kinds == {PermanentFailure, RelayRefused}
