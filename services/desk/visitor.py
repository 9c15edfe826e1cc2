"""Who looks at a page: from the cookie to the token, on each request, and the check of forms."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from services.platform.access import Principal, Role, principal_by_id
from services.platform.db.engine import reading
from services.platform.http.bounds import in_time, limited
from services.platform.http.identity import scope_of
from services.platform.http.problems import ProblemError
from services.platform.http.sessions import Sessions, Visit

_FORM_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody logged in, with what the page may show them."""

    who: Principal
    visit: Visit
    form_token: str

    @property
    def scope(self) -> str | None:
        return scope_of(self.who)

    @property
    def is_operator(self) -> bool:
        return self.who.role is Role.OPERATOR

    @property
    def is_inside(self) -> bool:
        """Reviewer or operator: sees full addresses and what the reading is not sure of."""
        return self.who.role is not Role.AGENCY


def sessions_of(request: Request) -> Sessions:
    """The application's sessions."""
    sessions: Sessions = request.app.state.sessions
    return sessions


async def visitor(request: Request) -> Visitor:
    """Whoever is logged in. Raises ProblemError 401 for nobody."""
    seeing = await known_visitor(request)
    if seeing is None:
        raise ProblemError("login_required")
    return seeing


async def known_visitor(request: Request) -> Visitor | None:
    """Whoever is logged in; None for nobody, also when the token was revoked in the meantime."""
    visit = sessions_of(request).visit(request)
    token_id = visit.token_id if visit else None
    if visit is None or token_id is None:
        return None
    who = await in_time(lambda: _owner(token_id))
    if who is None:
        return None
    request.state.who = who.token_id
    return Visitor(who, visit, sessions_of(request).form_token(visit))


def _owner(token_id: int) -> Principal | None:
    with reading() as session:
        return principal_by_id(session, token_id)


async def checked_form(request: Request, visit: Visit | None) -> dict[str, str]:
    """A form's fields, if it came from a page given to this visit. Raises ProblemError 403 otherwise."""
    form = await limited(request, _FORM_BYTES).form(max_files=0, max_fields=10, max_part_size=1024)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    if visit is None or not sessions_of(request).is_own_form(visit, fields.get("form_token", "")):
        raise ProblemError("stale_form")
    return fields
