"""From a letter to the bytes that go over the wire: text and HTML, one mail per report revision and recipient."""

from __future__ import annotations

import hashlib
import re
from base64 import encodebytes
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cache

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from services.notify import headers
from services.notify.content import content
from services.notify.letter import Letter
from services.platform.clock import CHINA


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom the mails come from; both values are settings."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """A letter as people see it, before it is packed."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class ComposedMail:
    """The subject as shown in lists, and the whole message: ASCII, CRLF, never changed after this."""

    subject: str
    raw: bytes


def compose(letter: Letter, *, sender: Sender, message_id: str, date: datetime) -> ComposedMail:
    """The mail of this letter. The same arguments always give the same bytes, so a second copy can be recognised.

    `message_id` reads ``<name@domain>`` and comes from the mail's row; `date` is aware and frozen with it. Raises
    AddressError when recipient or sender cannot be written to, HeaderError when the message is not what was set.
    """
    if date.tzinfo is None:
        raise ValueError("date must carry a time zone")
    rendering = render(letter, sender)
    fields = [
        ("From", headers.mailbox(sender.name, sender.email)),
        ("To", headers.mailbox(letter.recipient.name, letter.recipient.email)),
        ("Subject", rendering.subject),
        ("Date", format_datetime(date.astimezone(CHINA))),
        ("Message-ID", headers.message_id(message_id)),
        # RFC 3834 §5, and what Exchange asks instead: no absence notes in answer
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", "zh-CN"),
        ("X-Gouji-Submission", headers.header_value(letter.submission)),
    ]
    boundary = f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:40]}"
    fields += [("Content-Type", f'multipart/alternative; boundary="{boundary}"'), ("MIME-Version", "1.0")]
    raw = headers.fields(fields) + b"\r\n" + _parts(rendering, boundary)
    headers.verify(raw, fields)
    return ComposedMail(rendering.subject, raw)


def render(letter: Letter, sender: Sender) -> Rendering:
    """The letter's subject, plain text and HTML with all styles written into the elements."""
    said = content(letter)
    values = {"c": said, "sender": headers.header_value(sender.name)}
    page = _templates().get_template("letter.html").render(values)
    text = _templates().get_template("letter.txt").render(values)
    return Rendering(
        subject=headers.header_value(said.subject),
        text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        html=_inliner().inline(page),
    )


def _parts(rendering: Rendering, boundary: str) -> bytes:
    """Both bodies of the message (RFC 2046 §5.1.4), base64 throughout, which no boundary can occur in."""
    mark = f"--{boundary}".encode("ascii")
    # plain text first: a reader shows the last part it can
    parts = [*_part("text/plain", rendering.text), mark, *_part("text/html", rendering.html)]
    return b"\r\n".join([mark, *parts, mark + b"--", b""])


def _part(kind: str, text: str) -> list[bytes]:
    head = f'Content-Type: {kind}; charset="utf-8"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n'
    return [head.encode("ascii"), encodebytes(text.encode("utf-8")).replace(b"\n", b"\r\n")]


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("services.notify", "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
