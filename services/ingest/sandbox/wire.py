"""What worker, zygote and child say to one another.

The control socket between worker and zygote keeps message boundaries (SOCK_SEQPACKET) and goes in lock step:

    zygote  Ready | NotReady
    worker  Request, with two descriptors: the document and the writing end of the answer pipe
    zygote  Started
    worker  FINISH, once the answer pipe has ended or a limit is broken
    zygote  Ended

The child writes one `Answer` to the answer pipe and exits.
"""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from services.core.errors import REASONS
from services.core.report import Document

MAX_MESSAGE: Final = 64 * 1024
"""Longest message on the control socket, in bytes."""
MAX_TRACEBACK: Final = 4096
"""Longest traceback passed on, in bytes."""
FINISH: Final = b"finish"

EXIT_BROKEN: Final = 75
"""Exit code of a child that could not write its answer."""
EXIT_UNCONFINED: Final = 76
"""Exit code of a child that could not give up its rights and therefore did not read."""
EXIT_MEMORY: Final = 77
"""Exit code of a child that ran out of memory. An exit code, because writing an answer may need memory."""


class _Message(BaseModel):
    # a defect report must not carry the contents of a citizen's or an agency's document into the logs
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Limits(_Message):
    """Limits of one child: CPU in seconds, address space in MiB, pages of a document."""

    cpu_seconds: int = Field(gt=0)
    memory_mb: int = Field(gt=0)
    max_pages: int = Field(gt=0)


class Order(_Message):
    """What a zygote is started with. `path` is its whole module search path, `worker` the process it belongs to."""

    reader: str
    path: list[str]
    limits: Limits
    worker: int


class Ready(_Message):
    """The reader is imported and a trial child was confined by these protections."""

    kind: Literal["ready"] = "ready"
    protections: list[str]


class NotReady(_Message):
    """The zygote ends: either the reader cannot be imported (`traceback`) or children cannot be confined."""

    kind: Literal["not_ready"] = "not_ready"
    unconfined: str = ""
    traceback: str = ""


class Request(_Message):
    """Read the document in the descriptor sent along."""

    filename: str


class Started(_Message):
    """The child exists; `error` says why not."""

    error: str = ""


class Ended(_Message):
    """How the child ended: exit code (minus the signal), CPU seconds used, peak resident memory in MiB."""

    code: int
    cpu_seconds: float
    peak_mb: float


class Verdict(_Message):
    """The reader's refusal, a code of the catalogue."""

    code: str
    detail: str = Field(max_length=200)

    @field_validator("code")
    @classmethod
    def _catalogued(cls, code: str) -> str:
        if code not in REASONS:
            raise ValueError("not a code of the catalogue")
        return code


class Answer(_Message):
    """The one answer of a child: a document, a refusal or the traceback of a defect."""

    document: Document | None = None
    rejected: Verdict | None = None
    failed: str | None = Field(default=None, max_length=MAX_TRACEBACK)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(part is not None for part in (self.document, self.rejected, self.failed)) != 1:
            raise ValueError("need exactly one of document, rejected and failed")
        return self
