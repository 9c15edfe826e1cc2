"""Logins on the pages: a signed cookie that carries a token's id and nothing else, and the form token bound to it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from services.platform.settings import Settings


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser, logged in when it has a `token_id`. `nonce` binds forms to it and changes at every login."""

    nonce: str
    token_id: int | None = None


class Sessions:
    """Reads and writes the cookie. It holds no role: the token is looked up, and may be revoked, at every request."""

    def __init__(self, config: Settings) -> None:
        key = config.secret_key.get_secret_value()
        self.secure = config.public_url.startswith("https://")
        # the browser itself refuses a __Host- cookie that came without TLS, for another path or from a sister domain
        self.cookie = "__Host-gouji" if self.secure else "gouji"
        self._signer = URLSafeTimedSerializer(key, salt="gouji.session")
        self._form_key = hashlib.sha256(b"gouji.form\x00" + key.encode()).digest()
        self._seconds = int(config.session_hours * 3600)

    def visit(self, request: Request) -> Visit | None:
        """The visit that the cookie names; None for none, an expired or a forged one."""
        try:
            told = self._signer.loads(request.cookies.get(self.cookie, ""), max_age=self._seconds)
        except BadSignature:
            return None
        return Visit(str(told["n"]), told.get("t"))

    def begin(self, token_id: int | None = None) -> Visit:
        """A new visit."""
        return Visit(secrets.token_urlsafe(16), token_id)

    def remember(self, response: Response, visit: Visit) -> None:
        """Give the browser its cookie."""
        told = {"n": visit.nonce} | ({} if visit.token_id is None else {"t": visit.token_id})
        response.set_cookie(
            self.cookie,
            str(self._signer.dumps(told)),
            max_age=self._seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def forget(self, response: Response) -> None:
        """Take the cookie away."""
        response.delete_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="lax")

    def form_token(self, visit: Visit) -> str:
        """What each form of this visit carries; another site can neither read nor make it."""
        told = f"{visit.nonce}\x1f{visit.token_id}".encode()
        return hmac.new(self._form_key, told, hashlib.sha256).hexdigest()

    def is_own_form(self, visit: Visit, given: str) -> bool:
        """Whether a form came from a page that we gave to this visit."""
        return hmac.compare_digest(self.form_token(visit).encode(), given.encode("utf-8", "replace"))
