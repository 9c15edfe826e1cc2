"""Rendering: every value that goes into a page is escaped, unknown names are errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.desk import wording
from services.desk.visitor import Visitor
from services.platform.clock import in_china
from services.platform.http.problems import problem_of

_HERE = Path(__file__).parent

STATIC: Final = _HERE / "static"

_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {
    "moment": in_china,
    "state_word": wording.state_word,
    "source_word": lambda source: wording.SOURCES.get(source, source),
    "role_word": lambda role: wording.ROLES.get(role, role),
    "mail_word": lambda kind: wording.MAIL_KINDS.get(kind, kind),
    "status_word": lambda status: wording.STATUSES.get(status, status),
    "renewed_words": lambda cause: wording.RENEWED.get(cause, ""),
    "step_words": wording.step_words,
    "masked": wording.masked,
    "size_words": lambda size: f"{size / 1024:,.0f} KB" if size >= 1024 else f"{size} 字节",
}


def page(request: Request, name: str, seeing: Visitor | None, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page for this visitor; None is somebody not logged in."""
    text = _templates.get_template(name).render(seeing=seeing, path=request.url.path, **values)
    return HTMLResponse(text, status)


def error_page(request: Request, error: Exception) -> Response:
    """A refusal as a page. Whoever is not logged in is sent to the login, and back again afterwards."""
    told = problem_of(error)
    if told.status == 401 and request.method in {"GET", "HEAD"}:
        return RedirectResponse(f"/login?then={quote(request.url.path)}", 303)
    answer = page(request, "error.html", None, status=told.status, problem=told.problem)
    answer.headers.update(told.headers)
    return answer
