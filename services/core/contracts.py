"""What the services share: stages, queue and task names, and the message, which carries an id and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from services.core.lifecycle import MailState, NoticeState, RenewalState, State, SubmissionState


class Queue(StrEnum):
    """One queue per kind of work; `unrouted` catches what should not exist and is alarmed."""

    RECEIVE = "receive"
    EXTRACT = "extract"
    OCR = "ocr"
    OFFICE = "office"
    JUDGE = "judge"
    RENEW = "renew"
    COMPOSE = "compose"
    SEND = "send"
    UNROUTED = "unrouted"


class Message(BaseModel):
    """The body of every task: the row to work on. All state is in the database."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int = Field(gt=0)


@dataclass(frozen=True, slots=True)
class Stage:
    """One hand-over: rows of `subject` in a `ready` state are claimed into `busy` by `task` on `queue`.

    `back` is the state of a row whose attempt failed for the world's reasons; `dead` the state after the last attempt.
    """

    subject: str
    task: str
    queue: Queue
    ready: tuple[State, ...]
    busy: State
    back: State
    dead: State


RECEIVE: Final = Stage(
    "submission", "ingest.receive", Queue.RECEIVE,
    (SubmissionState.ANNOUNCED,), SubmissionState.RECEIVING, SubmissionState.ANNOUNCED, SubmissionState.QUARANTINED,
)  # fmt: skip
EXTRACT: Final = Stage(
    "submission", "ingest.extract", Queue.EXTRACT,
    (SubmissionState.RECEIVED,), SubmissionState.EXTRACTING, SubmissionState.RECEIVED, SubmissionState.QUARANTINED,
)  # fmt: skip
READ_PICTURES: Final = Stage(
    "submission", "ingest.read_pictures", Queue.OCR,
    (SubmissionState.FOR_OCR,), SubmissionState.READING_PICTURES, SubmissionState.FOR_OCR, SubmissionState.QUARANTINED,
)  # fmt: skip
CONVERT: Final = Stage(
    "submission", "ingest.convert", Queue.OFFICE,
    (SubmissionState.FOR_OFFICE,), SubmissionState.CONVERTING, SubmissionState.FOR_OFFICE, SubmissionState.QUARANTINED,
)  # fmt: skip
JUDGE: Final = Stage(
    "submission", "validate.judge", Queue.JUDGE,
    (SubmissionState.EXTRACTED,), SubmissionState.JUDGING, SubmissionState.EXTRACTED, SubmissionState.QUARANTINED,
)  # fmt: skip
RENEW: Final = Stage(
    "renewal", "validate.renew", Queue.RENEW,
    (RenewalState.DUE,), RenewalState.RENEWING, RenewalState.DUE, RenewalState.GIVEN_UP,
)  # fmt: skip
COMPOSE: Final = Stage(
    "notice", "notify.compose", Queue.COMPOSE,
    (NoticeState.PENDING,), NoticeState.COMPOSING, NoticeState.PENDING, NoticeState.QUARANTINED,
)  # fmt: skip
SEND: Final = Stage(
    "mail", "notify.send", Queue.SEND,
    (MailState.QUEUED, MailState.RETRYING), MailState.SENDING, MailState.RETRYING, MailState.FAILED,
)  # fmt: skip

STAGES: Final = (RECEIVE, EXTRACT, READ_PICTURES, CONVERT, JUDGE, RENEW, COMPOSE, SEND)

ROLE_QUEUES: Final = {
    "receive": (Queue.RECEIVE,),
    "extract": (Queue.EXTRACT,),
    "ocr": (Queue.OCR,),
    "office": (Queue.OFFICE,),
    "judge": (Queue.JUDGE, Queue.RENEW),
    "notify": (Queue.COMPOSE, Queue.SEND),
}
"""Worker roles of `gouji worker --role`, each with its queues."""


def stage_for(subject: str, state: str) -> Stage | None:
    """The stage that works on a row in this waiting state, or None for busy and terminal states."""
    return next((s for s in STAGES if s.subject == subject and state in s.ready), None)


def stage_of_busy(subject: str, state: str) -> Stage | None:
    """The stage that holds a row in this busy state."""
    return next((s for s in STAGES if s.subject == subject and state == s.busy), None)
