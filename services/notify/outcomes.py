"""What a relay's answer means. The whole classification is the one table below; the first line that fits decides.

5xx is not always final: large mailbox providers answer 550 to say "slow down". And a refusal of us (login, policy,
sender address) is no fault of the recipient: such a mail fails, stays replayable and asks for a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.core.errors import GoujiError


class Stage(StrEnum):
    """How far the conversation got (RFC 5321 §3). ``dot`` covers the body and the wait for the answer to its end."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the relay: basic code (RFC 5321), enhanced code (RFC 3463) where given, text on one line."""

    code: int
    enhanced: str | None
    text: str


class DeliveryError(GoujiError):
    """A mail was not certainly delivered. Carries the stage, the relay's codes if any, and at most 200 characters."""

    def __init__(self, stage: Stage, text: str, *, code: int | None = None, enhanced: str | None = None) -> None:
        self.stage = stage
        self.code = code
        self.enhanced = enhanced
        self.text = text[:200]
        super().__init__(f"{stage}: {code or ''} {self.text}".replace("  ", " "))


# Named as mail people speak of them: they are outcomes of a delivery, not defects of a program.
class TransientFailure(DeliveryError):  # noqa: N818 - see above
    """Not delivered, and nothing says it never will be: try again later. The mail is certainly not with the relay."""


class PermanentFailure(DeliveryError):  # noqa: N818 - see above
    """Not deliverable to this recipient."""

    @property
    def bad_address(self) -> bool:
        """Whether the address itself is wrong (5.1.x), so that the register has to be mended."""
        return (self.enhanced or "").startswith("5.1.")


class RelayRefused(DeliveryError):  # noqa: N818 - see above
    """The relay refuses us, not the recipient: a person must look; the mail can be replayed afterwards."""


class Unconfirmed(DeliveryError):  # noqa: N818 - see above
    """The line broke after the body had begun and before the final answer: the relay may have the mail or not.

    RFC 1047 describes why nobody can know. Such a mail is never sent again blindly.
    """


@dataclass(frozen=True, slots=True)
class _Case:
    """One line of the table. Patterns are matched against code, enhanced code and text; None matches everything."""

    outcome: type[DeliveryError]
    code: str
    stages: frozenset[Stage] | None = None
    enhanced: str | None = None
    words: str | None = None

    def fits(self, stage: Stage, reply: Reply) -> bool:
        return (
            (self.stages is None or stage in self.stages)
            and re.fullmatch(self.code, str(reply.code)) is not None
            and (self.enhanced is None or re.fullmatch(self.enhanced, reply.enhanced or "") is not None)
            and (self.words is None or re.search(self.words, reply.text, re.IGNORECASE) is not None)
        )


_OURS = frozenset({Stage.CONNECT, Stage.EHLO, Stage.STARTTLS, Stage.LOGIN, Stage.MAIL})

TABLE: Final = (
    _Case(TransientFailure, r"4\d\d"),
    # rate limits in the clothes of a refusal
    _Case(TransientFailure, r"5\d\d", words=r"frequency limited|too many|\brate\b|throttl|try again later|频率|限制"),
    # before a recipient was named, a refusal is about us
    _Case(RelayRefused, r"5\d\d", stages=_OURS),
    # the sender address, which some relays judge only at RCPT
    _Case(RelayRefused, r"5\d\d", enhanced=r"5\.1\.[78]"),
    _Case(PermanentFailure, r"5\d\d", enhanced=r"5\.1\.\d+"),
    # security and policy; login demanded
    _Case(RelayRefused, r"5\d\d", enhanced=r"5\.7\.\d+"),
    _Case(RelayRefused, r"53[0458]"),
    _Case(RelayRefused, r"5\d\d", words=r"relay(ing)? (access )?denied|unable to relay|not permitted to relay"),
    # a command or parameter the relay does not know: our conversation is wrong, not the address
    _Case(RelayRefused, r"50[0-5]"),
    _Case(PermanentFailure, r"5\d\d"),
)


def classify(stage: Stage, reply: Reply) -> DeliveryError:
    """The outcome of a refusal at this stage.

    What is no refusal at all is a broken answer: transient before the body, unconfirmed after it.
    """
    for case in TABLE:
        if case.fits(stage, reply):
            return case.outcome(stage, reply.text, code=reply.code, enhanced=reply.enhanced)
    broken = Unconfirmed if stage is Stage.DOT else TransientFailure
    return broken(stage, f"unexpected answer: {reply.text}", code=reply.code if reply.code > 0 else None)


def read_reply(code: int, text: bytes) -> Reply:
    """The relay's answer as text that can be logged and shown: one line, at most 200 characters, no controls."""
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError:
        decoded = text.decode("gb18030", errors="replace")
    line = " ".join("".join(char if char.isprintable() else " " for char in decoded).split())
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}(?!\d)", line)
    return Reply(code, enhanced.group() if enhanced else None, line[:200])
