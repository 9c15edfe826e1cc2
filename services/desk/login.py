"""Logging in with an access token, and out again."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.desk.rendering import page
from services.desk.throttle import Throttle
from services.desk.visitor import checked_form, known_visitor, sessions_of
from services.platform.http.bounds import in_time
from services.platform.http.identity import owner_of
from services.platform.http.problems import ProblemError
from services.platform.logging import log

router = APIRouter()

_OWN_PAGE: Final = re.compile(r"/(?:submissions/[0-9a-f]{16}|mails/[0-9]{1,19}|check)?")


@router.get("/login")
async def form(request: Request, then: Annotated[str, Query(max_length=200)] = "/") -> Response:
    """The form. It comes with a cookie of its own, so that nobody can be logged in by another site's form."""
    if await known_visitor(request) is not None:
        return RedirectResponse(_own_page(then), 303)
    return _form(request, then)


@router.post("/login")
async def login(request: Request) -> Response:
    """Take a token, give a session."""
    sessions = sessions_of(request)
    fields = await checked_form(request, sessions.visit(request))
    address = request.client.host if request.client else ""
    throttle: Throttle = request.app.state.logins
    if not throttle.allows(address):
        log(__name__).warning("login_throttled", client=address)
        raise ProblemError("too_many_tries", headers={"Retry-After": str(int(throttle.seconds))})
    who = await in_time(lambda: owner_of(fields.get("token", "").strip()))
    if who is None:
        log(__name__).warning("login_refused", client=address)
        return _form(request, fields.get("then", "/"), refused=True)
    log(__name__).info("login", who=who.token_id, client=address)
    answer = RedirectResponse(_own_page(fields.get("then", "/")), 303)
    sessions.remember(answer, sessions.begin(who.token_id))  # a new visit: a cookie planted before is worth nothing
    return answer


@router.post("/logout")
async def logout(request: Request) -> Response:
    """End the session in this browser."""
    sessions = sessions_of(request)
    await checked_form(request, sessions.visit(request))
    answer = RedirectResponse("/login", 303)
    sessions.forget(answer)
    return answer


def _own_page(address: str) -> str:
    """Where to go after logging in: a page of ours, never elsewhere."""
    return address if _OWN_PAGE.fullmatch(address) else "/"


def _form(request: Request, then: str, *, refused: bool = False) -> Response:
    sessions = sessions_of(request)
    visit = sessions.begin()
    answer = page(
        request,
        "login.html",
        None,
        status=401 if refused else 200,
        refused=refused,
        form_token=sessions.form_token(visit),
        then=_own_page(then),
    )
    sessions.remember(answer, visit)
    return answer
