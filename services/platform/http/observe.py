"""What each request leaves behind: one log line, counts and times, and the headers that keep browsers safe."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.platform.logging import log

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAFE_HEADERS = {
    "Content-Security-Policy": _POLICY,  # no script at all: the pages need none
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_REF = re.compile(r"[0-9a-f]{16}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True)
class HttpMetrics:
    """Counts and times of requests by route (its template, never the address asked for)."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)

    def __post_init__(self) -> None:
        requests = Counter(
            "gouji_http_requests", "HTTP requests answered.", ("method", "route", "status"), registry=self.registry
        )
        seconds = Histogram(
            "gouji_http_request_seconds",
            "Time from the first byte asked to the last byte answered.",
            ("method", "route"),
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
            registry=self.registry,
        )
        object.__setattr__(self, "requests", requests)
        object.__setattr__(self, "seconds", seconds)


class Observed:
    """ASGI middleware around everything else."""

    def __init__(
        self, app: ASGIApp, *, metrics: HttpMetrics, secure: bool, refuse: Callable[[Request, Exception], Response]
    ) -> None:
        self._app = app
        self._refuse = refuse
        self._metrics = metrics
        self._headers = SAFE_HEADERS | (
            {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if secure else {}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        structlog.contextvars.clear_contextvars()
        started = time.perf_counter()
        status, begun = 500, False

        async def answer(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                self._dress(scope, MutableHeaders(scope=message))
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # a defect of ours: logged whole, told in one sentence
            log(__name__).exception("request_failed", error=type(error).__name__)
            if begun:
                raise
            await self._refuse(Request(scope), error)(scope, receive, answer)
        finally:
            self._record(scope, status, time.perf_counter() - started)

    def _dress(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        if not scope["path"].startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "other"
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        ref = scope["state"].get("ref") or str(scope.get("path_params", {}).get("ref", ""))
        # whatever else stands in the address may be anything, a secret pasted into the wrong place included
        told = {"ref": ref if _REF.fullmatch(ref) else None, "who": scope["state"].get("who")}
        client = scope.get("client")
        log(__name__).info(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            client=client[0] if client else None,
            **{name: value for name, value in told.items() if value is not None},
        )
