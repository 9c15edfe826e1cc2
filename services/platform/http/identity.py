"""Who asks. The API knows bearer tokens only: no cookie ever acts there, so no foreign page can make a browser act."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.platform.access import Principal, Role, principal_of
from services.platform.db.engine import reading
from services.platform.http.bounds import in_time
from services.platform.http.problems import ProblemError

_BEARER = HTTPBearer(auto_error=False, description="Access token, issued by an operator.", scheme_name="token")


async def bearer(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Principal:
    """The owner of the request's token. Raises ProblemError 401 for none, an unknown or a revoked one."""
    if given is None:
        raise ProblemError("login_required")
    found = await in_time(lambda: owner_of(given.credentials))
    if found is None:
        raise ProblemError("login_required")
    request.state.who = found.token_id
    return found


def owner_of(token: str) -> Principal | None:
    """Whoever this token belongs to."""
    with reading() as session:
        return principal_of(session, token)


def only(*roles: Role) -> Callable[[Principal], Coroutine[Any, Any, Principal]]:
    """A dependency that lets only these roles through; others get 403, whatever they ask for."""

    async def check(asking: Annotated[Principal, Depends(bearer)]) -> Principal:
        if asking.role not in roles:
            raise ProblemError("forbidden")
        return asking

    return check


Asking = Annotated[Principal, Depends(bearer)]
"""A parameter of this type: any valid token."""

AskingOperator = Annotated[Principal, Depends(only(Role.OPERATOR))]
"""A parameter of this type: an operator's token."""


def scope_of(asking: Principal) -> str | None:
    """The agency that bounds what is seen; None sees all. An agency token without its agency sees nothing."""
    return (asking.agency_code or "") if asking.role is Role.AGENCY else None
