"""`gouji serve`: the HTTP service, composed of the rooms' routers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.cli.selfcheck import SelfCheck
from services.desk import api as desk_api
from services.desk import login, pages, selfcheck
from services.desk.rendering import STATIC, error_page
from services.desk.throttle import Throttle
from services.ingest import api as ingest_api
from services.platform.http.app import make_app
from services.platform.settings import settings


def build_app() -> FastAPI:
    """The application with these settings. Raises ValueError when its secrets are missing or weak."""
    app = make_app(
        settings(),
        api=(ingest_api.router, desk_api.router),
        pages=(login.router, pages.router, selfcheck.router),
        static=STATIC,
        error_page=error_page,
    )
    app.state.logins = Throttle()
    app.state.self_checks = Throttle(burst=6, seconds=60.0)
    app.state.self_check = SelfCheck(settings())
    app.router.lifespan_context = _closing
    return app


@asynccontextmanager
async def _closing(app: FastAPI) -> AsyncIterator[None]:
    """When the service ends, so does its reading child."""
    yield
    app.state.self_check.close()
