"""docs/lifecycle.md: the states and transitions of core.lifecycle as diagrams and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Final

from services.core.contracts import STAGES, Stage
from services.core.lifecycle import (
    BUSY,
    LEGAL,
    STATE_WORDS,
    TERMINAL,
    MailState,
    NoticeState,
    RenewalState,
    State,
    SubmissionState,
)

_S, _R, _N, _M = SubmissionState, RenewalState, NoticeState, MailState

MEANINGS: Final[MappingProxyType[tuple[type[State], str], str]] = MappingProxyType(
    {
        (_S, _S.ANNOUNCED): "Somebody said that there is an object. Waits for `ingest.receive`.",
        (
            _S,
            _S.RECEIVING,
        ): "A worker fetches the bytes, checks size and sender, and keeps the original under its SHA-256.",
        (_S, _S.RECEIVED): "The original is kept. Waits for `ingest.extract`.",
        (_S, _S.EXTRACTING): "A worker has the document read in a confined child process.",
        (
            _S,
            _S.FOR_OCR,
        ): "Pages are pictures, and there is a lane that reads pictures. Waits for `ingest.read_pictures`.",
        (_S, _S.READING_PICTURES): "A worker with the OCR extra has the document read in a confined child process.",
        (_S, _S.FOR_OFFICE): "A DOC or WPS file, and there is a lane that converts them. Waits for `ingest.convert`.",
        (_S, _S.CONVERTING): "A worker converts it, together with others that wait, and has the outcome read.",
        (_S, _S.EXTRACTED): "The figures with their places are in the database. Waits for `validate.judge`.",
        (_S, _S.JUDGING): "A worker asks every rule.",
        (
            _S,
            _S.STORED,
        ): "Report revision, cells, findings and the notice were written in one transaction. The good end.",
        (_S, _S.REJECTED): "The document's fault; the reason says what to do. The sender hands in a mended file.",
        (_S, _S.DUPLICATE): "The same bytes of the same body were handed in before; `duplicate_of` names that hand-in.",
        (_S, _S.QUARANTINED): "Attempts used up, or a defect of the program. Kept until an operator replays it.",
        (_R, _R.DUE): "Something that the verdict rests on has changed. Waits for `validate.renew`.",
        (_R, _R.RENEWING): "A worker asks every rule anew, about the report as it was read.",
        (_R, _R.RENEWED): "The stored findings are those of the present rules and of what is known now.",
        (_R, _R.OUTDATED): "A newer revision has taken the report's place.",
        (
            _R,
            _R.GIVEN_UP,
        ): "Attempts used up, or a defect of the program: the verdict before stands. See the dead letter.",
        (_N, _N.PENDING): "Somebody has to be told. Waits for `notify.compose`.",
        (_N, _N.COMPOSING): "A worker chooses recipients and writes the mails.",
        (_N, _N.COMPOSED): "Every mail of this notice is a row with its final bytes.",
        (_N, _N.CANCELLED): "A newer revision was stored before anybody was told.",
        (_N, _N.QUARANTINED): "Composing failed for good; see the dead letter.",
        (_M, _M.QUEUED): "Composed. Waits for `notify.send`.",
        (
            _M,
            _M.SENDING,
        ): "A worker talks to the relay; `stage` becomes `body` right before the first byte of the body.",
        (
            _M,
            _M.RETRYING,
        ): "The relay put it off (4xx, rate limit, not reachable). Tried again later with the same bytes.",
        (_M, _M.SENT): "The relay answered 250 to the body.",
        (_M, _M.FAILED): "Refused for good, given up, or the relay refuses us. Kept; an operator may send it anew.",
        (
            _M,
            _M.UNCONFIRMED,
        ): "The line broke after the body had begun. Nobody can know; never sent again without a person.",
        (_M, _M.CANCELLED): "A newer revision was stored before it was sent.",
    }
)
"""What each state of each kind of row means: the same word is not the same state. A test keeps it complete."""

_TITLES: Final = {
    "submission": ("Submission", "one version of one object"),
    "renewal": ("Renewal", "the wish that the verdict on a stored report be given anew"),
    "notice": ("Notice", 'the outbox row "tell them about this"'),
    "mail": ("Mail", "one message to one recipient"),
}
_STATES: Final[dict[str, tuple[State, ...]]] = {
    "submission": tuple(_S),
    "renewal": tuple(_R),
    "notice": tuple(_N),
    "mail": tuple(_M),
}

_HEAD = """# Lifecycle

This page is generated from `services/core/lifecycle.py`, the only place that knows states and transitions, by `make docs`.

A state in which a worker holds the row (*busy*) carries a lease; the database refuses a lease in any other state. Every
transition is appended to the table `transition` in the transaction that makes it, with time, cause, actor and attempt;
the database refuses updates and deletes there. A transition that is not drawn here raises `IllegalTransitionError`.
"""


def page() -> str:
    """The whole page in Markdown."""
    return "\n".join([_HEAD, *(line for subject in _TITLES for line in _section(subject))])


def diagram(subject: str) -> str:
    """The state diagram of a submission, notice or mail, as Mermaid text."""
    lines = ["stateDiagram-v2"]
    edges: Mapping[State | None, AbstractSet[State]] = LEGAL[subject]  # type: ignore[assignment]  # a union of three maps
    for before, afters in edges.items():
        lines += [f"    {before or '[*]'} --> {after}" for after in sorted(afters)]
    lines += [f"    {state} --> [*]" for state in sorted(TERMINAL[subject])]
    return "\n".join(lines)


def _section(subject: str) -> Iterator[str]:
    title, what = _TITLES[subject]
    yield f"## {title}"
    yield ""
    yield f"A {subject} is {what}."
    yield ""
    yield "```mermaid"
    yield diagram(subject)
    yield "```"
    yield ""
    yield "| State | Shown as | Kind | Meaning |"
    yield "| --- | --- | --- | --- |"
    for state in _STATES[subject]:
        yield f"| `{state}` | {STATE_WORDS.get(state, '—')} | {_kind(subject, state)} | {MEANINGS[type(state), state]} |"
    yield ""
    yield "| Task | Queue | Claims | Holds as | World's fault, back to | Attempts used up |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for stage in STAGES:
        if stage.subject == subject:
            yield _stage_line(stage)
    yield ""


def _kind(subject: str, state: State) -> str:
    if state in TERMINAL[subject]:
        return "end"
    return "busy" if state in BUSY[subject] else "waiting"


def _stage_line(stage: Stage) -> str:
    ready = ", ".join(f"`{state}`" for state in stage.ready)
    return f"| `{stage.task}` | `{stage.queue}` | {ready} | `{stage.busy}` | `{stage.back}` | `{stage.dead}` |"
