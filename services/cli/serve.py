"""`gouji serve`: the HTTP service, composed of the rooms' routers."""

from __future__ import annotations

from fastapi import FastAPI

from services.desk import api as desk_api
from services.desk import login, pages
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
        pages=(login.router, pages.router),
        static=STATIC,
        error_page=error_page,
    )
    app.state.logins = Throttle()
    return app
