"""Bounds of one request: how long its blocking work may take, and how much body it may bring."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from fastapi import Request
from starlette.types import Message

from services.platform.http.problems import ProblemError

T = TypeVar("T")

ANSWER_SECONDS = 20.0
"""A request that only reads or writes rows answers within this time, with 503 when the database does not."""

IDLE_SECONDS = 30.0
"""Longest silence of a client in the middle of its body."""


async def in_time(
    work: Callable[[], T], *, seconds: float = ANSWER_SECONDS, limiter: anyio.CapacityLimiter | None = None
) -> T:
    """Run blocking work in a thread. Raises ProblemError (503) when it takes longer; the thread is then abandoned.

    What an abandoned thread still commits is found again by whoever repeats the request: all writes are idempotent.
    """
    with anyio.move_on_after(seconds):
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=limiter)
    raise ProblemError("unavailable")


def limited(request: Request, limit: int) -> Request:
    """The same request, whose body ends in ProblemError (413, 408) when it is longer than `limit` bytes or stalls.

    A length announced in the header is refused before a byte is read; a body without or with a false one is counted.
    """
    too_large = ProblemError("too_large", size_words(limit), headers={"Connection": "close"})
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:19]) > limit:
        raise too_large
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        try:
            message = await asyncio.wait_for(request.receive(), IDLE_SECONDS)
        except TimeoutError as error:
            raise ProblemError("slow_body", headers={"Connection": "close"}) from error
        seen += len(message.get("body", b""))
        if seen > limit:
            raise too_large
        return message

    return Request(request.scope, receive)


def size_words(limit: int) -> str:
    """`上限 50 MB`, for people."""
    mebibytes = limit / 2**20
    return f"上限 {mebibytes:.0f} MB" if mebibytes >= 1 else f"上限 {limit} 字节"
