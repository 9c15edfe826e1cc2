"""States of all rows that are worked on, and every transition that is legal. The only place that knows them.

A submission is one version of one object. A renewal is the wish that a stored report be judged anew. A notice is the
outbox row "tell them about this". A mail is one message to one recipient. ``…ING`` states are held under a lease; every other non-terminal state waits for a worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class SubmissionState(StrEnum):
    """announced → received → extracted → stored, or an end that says why not."""

    ANNOUNCED = "announced"
    RECEIVING = "receiving"
    RECEIVED = "received"
    EXTRACTING = "extracting"
    FOR_OCR = "for_ocr"
    READING_PICTURES = "reading_pictures"
    FOR_OFFICE = "for_office"
    CONVERTING = "converting"
    EXTRACTED = "extracted"
    JUDGING = "judging"
    STORED = "stored"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class RenewalState(StrEnum):
    """due → renewed: the report was judged anew; outdated when a newer revision has taken its place meanwhile."""

    DUE = "due"
    RENEWING = "renewing"
    RENEWED = "renewed"
    OUTDATED = "outdated"
    GIVEN_UP = "given_up"


class NoticeState(StrEnum):
    """pending → composed: the mails of the notice exist as rows."""

    PENDING = "pending"
    COMPOSING = "composing"
    COMPOSED = "composed"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"


class MailState(StrEnum):
    """queued → sending → sent, or retrying, failed, unconfirmed (cut after the final dot: never sent again blindly)."""

    QUEUED = "queued"
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"


State = SubmissionState | RenewalState | NoticeState | MailState

_S, _R, _N, _M = SubmissionState, RenewalState, NoticeState, MailState

LEGAL: Final = MappingProxyType(
    {
        "submission": MappingProxyType(
            {
                None: {_S.ANNOUNCED},
                _S.ANNOUNCED: {_S.RECEIVING, _S.QUARANTINED},
                # back to the waiting state: the world failed, or the lease ran out
                _S.RECEIVING: {_S.RECEIVED, _S.REJECTED, _S.DUPLICATE, _S.ANNOUNCED, _S.QUARANTINED},
                _S.RECEIVED: {_S.EXTRACTING, _S.QUARANTINED},
                # to a slower lane: pictures, and files that an office program must convert
                _S.EXTRACTING: {
                    _S.EXTRACTED,
                    _S.REJECTED,
                    _S.RECEIVED,
                    _S.QUARANTINED,
                    _S.FOR_OCR,
                    _S.FOR_OFFICE,
                },
                _S.FOR_OCR: {_S.READING_PICTURES, _S.QUARANTINED},
                _S.READING_PICTURES: {_S.EXTRACTED, _S.REJECTED, _S.FOR_OCR, _S.QUARANTINED},
                _S.FOR_OFFICE: {_S.CONVERTING, _S.QUARANTINED},
                _S.CONVERTING: {_S.EXTRACTED, _S.REJECTED, _S.FOR_OFFICE, _S.QUARANTINED},
                _S.EXTRACTED: {_S.JUDGING, _S.QUARANTINED},
                _S.JUDGING: {_S.STORED, _S.REJECTED, _S.EXTRACTED, _S.QUARANTINED},
                # a replay, asked for by a person
                _S.STORED: {_S.RECEIVED},
                _S.REJECTED: {_S.ANNOUNCED, _S.RECEIVED},
                _S.QUARANTINED: {_S.ANNOUNCED, _S.RECEIVED},
                _S.DUPLICATE: set(),
            }
        ),
        "renewal": MappingProxyType(
            {
                None: {_R.DUE},
                _R.DUE: {_R.RENEWING, _R.GIVEN_UP},
                _R.RENEWING: {_R.RENEWED, _R.DUE, _R.OUTDATED, _R.GIVEN_UP},
                # whoever wants the report judged once more makes a new wish
                _R.RENEWED: set(),
                _R.OUTDATED: set(),
                _R.GIVEN_UP: set(),
            }
        ),
        "notice": MappingProxyType(
            {
                None: {_N.PENDING, _N.CANCELLED},
                _N.PENDING: {_N.COMPOSING, _N.CANCELLED, _N.QUARANTINED},
                _N.COMPOSING: {_N.COMPOSED, _N.PENDING, _N.CANCELLED, _N.QUARANTINED},
                _N.COMPOSED: set(),
                _N.CANCELLED: set(),
                _N.QUARANTINED: {_N.PENDING},
            }
        ),
        "mail": MappingProxyType(
            {
                None: {_M.QUEUED},
                _M.QUEUED: {_M.SENDING, _M.CANCELLED, _M.FAILED},
                # cancelled: put off, and meanwhile a newer revision was stored
                _M.SENDING: {_M.SENT, _M.RETRYING, _M.FAILED, _M.UNCONFIRMED, _M.CANCELLED},
                _M.RETRYING: {_M.SENDING, _M.CANCELLED, _M.FAILED},
                _M.SENT: set(),
                # a replay, asked for by a person; of an unconfirmed mail at most one identical copy
                _M.FAILED: {_M.QUEUED},
                _M.UNCONFIRMED: {_M.QUEUED, _M.SENT},
                _M.CANCELLED: set(),
            }
        ),
    }
)

TERMINAL: Final = MappingProxyType(
    {
        "submission": frozenset({_S.STORED, _S.REJECTED, _S.DUPLICATE, _S.QUARANTINED}),
        "renewal": frozenset({_R.RENEWED, _R.OUTDATED, _R.GIVEN_UP}),
        "notice": frozenset({_N.COMPOSED, _N.CANCELLED, _N.QUARANTINED}),
        "mail": frozenset({_M.SENT, _M.FAILED, _M.UNCONFIRMED, _M.CANCELLED}),
    }
)

BUSY: Final = MappingProxyType(
    {
        "submission": frozenset({_S.RECEIVING, _S.EXTRACTING, _S.READING_PICTURES, _S.CONVERTING, _S.JUDGING}),
        "renewal": frozenset({_R.RENEWING}),
        "notice": frozenset({_N.COMPOSING}),
        "mail": frozenset({_M.SENDING}),
    }
)

STATE_WORDS: Final = MappingProxyType(
    {
        _S.ANNOUNCED: "已登记",
        _S.RECEIVING: "接收中",
        _S.RECEIVED: "已接收",
        _S.EXTRACTING: "读取中",
        _S.FOR_OCR: "待识别图像",
        _S.READING_PICTURES: "识别图像中",
        _S.FOR_OFFICE: "待转换格式",
        _S.CONVERTING: "转换格式中",
        _S.EXTRACTED: "已读取",
        _S.JUDGING: "核对中",
        _S.STORED: "已入库",
        _S.REJECTED: "未能受理",
        _S.DUPLICATE: "重复报送",
        _S.QUARANTINED: "待人工处理",
        _M.QUEUED: "待发送",
        _M.SENDING: "发送中",
        _M.RETRYING: "稍后重发",
        _M.SENT: "已发送",
        _M.FAILED: "发送失败",
        _M.UNCONFIRMED: "送达未确认",
        _M.CANCELLED: "已取消",
    }
)
"""Submission and mail states as people read them."""


class IllegalTransitionError(ValueError):
    """A transition that the table above does not list: always a defect of the program."""

    def __init__(self, subject: str, before: str | None, after: str) -> None:
        super().__init__(f"{subject}: {before} -> {after} is not a legal transition")


def check_transition(subject: str, before: str | None, after: str) -> None:
    """Raise IllegalTransitionError unless `before` → `after` is legal for a row of this subject."""
    edges: Mapping[str | None, AbstractSet[str]] = LEGAL[subject]  # type: ignore[assignment]
    if after not in edges.get(before, set()):
        raise IllegalTransitionError(subject, before, after)
