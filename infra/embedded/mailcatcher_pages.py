"""The page of the mail catcher. Mails are hostile: text is escaped, HTML is shut into a frame that may do nothing."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import compat32
from pathlib import Path

from fastapi import FastAPI, HTTPException, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra.embedded.mailcatcher_store import Caught, Store

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_STYLE = (Path(__file__).parent / "mailcatcher.css").read_text("utf-8")
_PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
# the mail's own styles are all it gets: no script, no picture from outside, no form, no link that opens here
_MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


def pages(store: Store) -> FastAPI:
    """Routes: `/` the list, `/mail/N` one mail, `/mail/N/html` its HTML part, `/mail/N/raw` its source, `/health`."""
    app = FastAPI(openapi_url=None)

    def numbered(number: int) -> Caught:
        mails = store.mails()
        if not 1 <= number <= len(mails):
            raise HTTPException(404, "no such mail")
        return mails[number - 1]

    @app.get("/")
    def listing() -> Response:
        """Newest first."""
        mails = list(enumerate(store.mails(), 1))[::-1]
        return _page(mails=mails, mail=None, number=0, text="", html=False)

    @app.get("/mail/{number}")
    def mail(number: int) -> Response:
        caught = numbered(number)
        parts = _parts(store.raw(caught))
        return _page(mails=[], mail=caught, number=number, text=parts["plain"], html=bool(parts["html"]))

    @app.get("/mail/{number}/html")
    def html(number: int) -> Response:
        shown = _parts(store.raw(numbered(number)))["html"]
        return Response(shown, media_type="text/html", headers=_safe(_MAIL_POLICY))

    @app.get("/mail/{number}/raw")
    def raw(number: int) -> Response:
        return Response(
            store.raw(numbered(number)), media_type="text/plain", headers=_safe("sandbox; default-src 'none'")
        )

    @app.get("/mailcatcher.css")
    def style() -> Response:
        return Response(_STYLE, media_type="text/css", headers=_safe("default-src 'none'"))

    @app.get("/health")
    def health() -> dict[str, object]:
        return {"status": "ok", "mails": len(store.mails())}

    return app


def _page(**values: object) -> Response:
    shown = _TEMPLATES.get_template("mailcatcher.html").render(values)
    return Response(shown, media_type="text/html", headers=_safe(f"{_PAGE_POLICY}; frame-ancestors 'none'"))


def _safe(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def _parts(raw: bytes) -> dict[str, str]:
    """The first text and the first HTML part; what cannot be decoded is shown as far as it goes."""
    message = message_from_bytes(raw, policy=compat32)
    found = {"plain": "", "html": ""}
    for part in message.walk():
        kind = part.get_content_subtype()
        if part.get_content_maintype() == "text" and kind in found and not found[kind]:
            body = part.get_payload(decode=True)
            charset = part.get_content_charset("utf-8")
            if isinstance(body, bytes):
                found[kind] = _decode(body, charset)
    return found


def _decode(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")
