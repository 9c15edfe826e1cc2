"""The HTTP application: whatever routers it is given, behind the same headers, errors, health checks and metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from services.platform.http import health
from services.platform.http.identity import Asking
from services.platform.http.observe import HttpMetrics, Observed
from services.platform.http.problems import AWAY, UNTAKEN, Problem, ProblemError, as_json
from services.platform.http.sessions import Sessions
from services.platform.settings import Settings

ErrorPage = Callable[[Request, Exception], Response]

_FOR_PROGRAMS = ("/api/", "/hooks/", "/healthz", "/readyz", "/metrics", "/openapi.json")
_REFUSALS = {401: "No valid token.", 422: "The request is not understood.", 503: "The database is away; try again."}
REFUSALS: Mapping[int | str, dict[str, object]] = {
    status: {"model": Problem, "description": words} for status, words in _REFUSALS.items()
}


def make_app(
    config: Settings, *, api: Iterable[APIRouter], pages: Iterable[APIRouter], static: Path, error_page: ErrorPage
) -> FastAPI:
    """Compose the application. Raises ValueError when the settings' secrets are missing or weak."""
    config.require_secrets()
    app = FastAPI(
        title="Gouji",
        summary="Hand in annual open-government reports and read what was found in them.",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.sessions = Sessions(config)
    app.state.http_metrics = HttpMetrics()
    app.state.http_metrics.registry.register(health.RowMetrics())
    app.state.readying = health.Readying()

    def refuse(request: Request, error: Exception) -> Response:
        if request.url.path.startswith(_FOR_PROGRAMS):
            return as_json(request, error)
        return error_page(request, error)

    for kind in (ProblemError, RequestValidationError, HTTPException, *AWAY, *UNTAKEN):
        app.add_exception_handler(kind, refuse)
    app.add_middleware(Observed, metrics=app.state.http_metrics, secure=app.state.sessions.secure, refuse=refuse)

    app.include_router(health.router)
    for router in api:
        app.include_router(router, responses=dict(REFUSALS))
    for router in pages:
        app.include_router(router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=static), name="static")

    @app.get("/openapi.json", include_in_schema=False)
    async def described(asking: Asking) -> JSONResponse:  # noqa: ARG001 - any valid token may read it
        return JSONResponse(app.openapi())

    return app
