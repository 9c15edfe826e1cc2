"""Takes mail on 1025 and lists it on 8025 in the shape of Mailpit's `/api/v1/messages`; keeps it in memory."""

from __future__ import annotations

import email
import email.policy
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

MAILS: list[dict[str, Any]] = []


class Keep:
    """aiosmtpd's handler: every mail is accepted and noted."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        to = [{"Address": address} for address in envelope.rcpt_tos]
        MAILS.append({"Subject": str(mail["subject"]), "To": to, "MessageID": str(mail["message-id"])})
        return "250 kept"


class Page(BaseHTTPRequestHandler):
    """`/readyz` and `/api/v1/messages`."""

    def do_GET(self) -> None:
        """The list of mails for the API's path, `ok` for every other."""
        api = self.path.startswith("/api/v1/messages")
        body = json.dumps({"total": len(MAILS), "messages": MAILS}) if api else "ok"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())


if __name__ == "__main__":
    Controller(Keep(), hostname="0.0.0.0", port=1025).start()  # noqa: S104 - inside a container
    ThreadingHTTPServer(("0.0.0.0", 8025), Page).serve_forever()  # noqa: S104 - inside a container
