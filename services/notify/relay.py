"""The conversation with the mail relay, step by step, so that it is always known how far it got.

`smtplib.sendmail` cannot tell a mail that never left from one that the relay has although its answer was lost. Here the
caller is asked right before the first byte of the body, and may commit that fact.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from services.notify.headers import address
from services.notify.line import KEPT, Line
from services.notify.outcomes import (
    DeliveryError,
    RelayRefused,
    Reply,
    Stage,
    TransientFailure,
    Unconfirmed,
    classify,
    read_reply,
)

_QUEUED = re.compile(r"(?:queued as|\bid=)\s*<?([A-Za-z0-9][A-Za-z0-9.,_+/-]*)", re.IGNORECASE)
_BARE_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The relay's final 250: from here on the mail is its responsibility (RFC 5321 §4.2.5)."""

    code: int
    text: str
    queue_id: str | None


@dataclass(frozen=True, slots=True)
class Relay:
    """Where and how mails are handed over. `timeout` in seconds bounds each answer; `starttls` insists on it.

    An empty `user` means no login. `helo` is the name given in EHLO. After a mail the line stays open for
    `keep_seconds`, for the next mail to this relay.
    """

    host: str
    port: int
    starttls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30.0
    helo: str = "localhost"
    keep_seconds: float = 0.0

    def deliver(self, *, mail_from: str, rcpt_to: str, raw: bytes, before_body: Callable[[], None]) -> Receipt:
        """Hand one message to one recipient and return the relay's receipt.

        `raw` is ASCII. `before_body` is called after the relay's 354 and before the first byte of the body; if it
        raises, the line is dropped, no body was sent, and its exception comes through. Otherwise raises one of
        TransientFailure, PermanentFailure, RelayRefused, Unconfirmed; AddressError for an impossible address; and
        ValueError for a message that is not ASCII.
        """
        if not raw.isascii():
            raise ValueError("the message must be 7-bit safe")
        sender, recipient = address(mail_from), address(rcpt_to)
        line = self._ready(sender, recipient)
        try:
            before_body()
            receipt = _body(line.smtp, raw)
        except BaseException:
            line.close()
            raise
        line.mails += 1
        KEPT.put(line, self.keep_seconds)
        return receipt

    def _ready(self, sender: str, recipient: str) -> Line:
        """A line on which the relay waits for the body of a mail to this recipient."""
        line = KEPT.take(self)
        if line is not None:
            try:
                _envelope(line.smtp, sender, recipient)
            except BaseException as error:
                line.close()
                if not _is_used_up(error):
                    raise
            else:
                return line
        line = Line(self._connect(), self)
        try:
            self._open(line.smtp)
            _envelope(line.smtp, sender, recipient)
        except BaseException:
            line.close()
            raise
        return line

    def _connect(self) -> smtplib.SMTP:
        with _reaching(Stage.CONNECT):
            return smtplib.SMTP(self.host, self.port, local_hostname=self.helo, timeout=self.timeout)

    def _open(self, smtp: smtplib.SMTP) -> None:
        self._greet(smtp)
        if self.starttls:
            self._encrypt(smtp)
            self._greet(smtp)
        if self.user:
            self._login(smtp)

    def _greet(self, smtp: smtplib.SMTP) -> None:
        with _reaching(Stage.EHLO):
            answer = read_reply(*smtp.ehlo())
        if 500 <= answer.code <= 504 and not self.starttls and not self.user:
            # an old relay without extensions (RFC 5321 §3.2)
            with _reaching(Stage.EHLO):
                answer = read_reply(*smtp.helo())
        if answer.code != 250:
            raise classify(Stage.EHLO, answer)

    def _encrypt(self, smtp: smtplib.SMTP) -> None:
        if not smtp.has_extn("starttls"):
            raise RelayRefused(Stage.STARTTLS, "the relay does not offer STARTTLS, which the settings demand")
        with _reaching(Stage.STARTTLS):
            answer = read_reply(*smtp.starttls(context=ssl.create_default_context()))
        if answer.code != 220:
            raise classify(Stage.STARTTLS, answer)

    def _login(self, smtp: smtplib.SMTP) -> None:
        with _reaching(Stage.LOGIN):
            smtp.login(self.user, self.password)


def _envelope(smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
    _step(smtp, Stage.MAIL, f"MAIL FROM:<{sender}>")
    _step(smtp, Stage.RCPT, f"RCPT TO:<{recipient}>")
    _step(smtp, Stage.DATA, "DATA", wanted=(354,))


def _is_used_up(error: BaseException) -> bool:
    """Whether a kept line failed as lines do that were kept too long: it broke, or the relay takes no more mails on it.

    Nothing of the mail has left by then, so a new line decides.
    """
    ended = isinstance(error, TransientFailure) and error.code in {None, 421}
    return ended or (isinstance(error, DeliveryError) and error.stage is Stage.MAIL)


def _step(smtp: smtplib.SMTP, stage: Stage, command: str, *, wanted: tuple[int, ...] = (250, 251, 252)) -> Reply:
    with _reaching(stage):
        reply = read_reply(*smtp.docmd(command))
    if reply.code not in wanted:
        raise classify(stage, reply)
    return reply


def _body(smtp: smtplib.SMTP, raw: bytes) -> Receipt:
    """Send the message with its final dot and read the verdict. Whatever breaks in between leaves it unconfirmed."""
    try:
        smtp.send(on_the_wire(raw))
        code, text = smtp.getreply()
    except Exception as error:
        # also a time limit or an interrupt of the task: none of them tells whether the relay has the mail
        raise Unconfirmed(Stage.DOT, _words(error)) from error
    reply = read_reply(code, text)
    if not 200 <= reply.code <= 299:
        raise classify(Stage.DOT, reply)
    queued = _QUEUED.search(reply.text)
    return Receipt(reply.code, reply.text, queued.group(1) if queued else None)


def on_the_wire(raw: bytes) -> bytes:
    """The message as DATA wants it: CRLF line ends, leading dots doubled, final dot (RFC 5321 §4.5.2)."""
    body = raw if raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r") else _BARE_LINE_END.sub(b"\r\n", raw)
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", body) + b".\r\n"


@contextmanager
def _reaching(stage: Stage) -> Iterator[None]:
    """Before the body everything that breaks the line is transient, except what only a person can mend."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        text = error.smtp_error
        reply = read_reply(error.smtp_code, text if isinstance(text, bytes) else text.encode())
        raise classify(stage, reply) from error
    except ssl.SSLCertVerificationError as error:
        raise RelayRefused(stage, f"the relay's certificate is not trusted: {error.verify_message}") from error
    except smtplib.SMTPServerDisconnected as error:
        raise TransientFailure(stage, _words(error)) from error
    except smtplib.SMTPException as error:
        # smtplib's own verdict: the relay offers no login, or none that we speak
        raise RelayRefused(stage, _words(error)) from error
    except OSError as error:
        raise TransientFailure(stage, _words(error)) from error


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip(": ")
