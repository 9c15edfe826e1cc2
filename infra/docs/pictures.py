"""`make pictures`: start the stack in a folder of its own, send the samples through, and photograph pages and a mail.

Needs Chromium and a font with Chinese characters. Nothing of the project's own state folder is touched.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.demo.samples import REGISTER, write_samples
from infra.docs import ROOT
from infra.embedded.process import wait_until
from infra.embedded.supervisor import up
from services.core.lifecycle import TERMINAL
from services.platform.access import Role, issue_token
from services.platform.db.dialect import make_engine
from services.platform.db.models import Mail, Notice, Submission
from services.platform.db.repositories import registry
from services.platform.settings import Settings

PICTURES = ROOT / "docs" / "pictures"
SHOWN = "linxi-ziran"
"""The sample with planted slips: its page and its mail are photographed."""

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE_SECONDS = 120.0
_FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')


class NoPictureError(RuntimeError):
    """A picture could not be taken; the message says what is missing."""


def take_all(folder: Path) -> list[Path]:
    """Take the three pictures; returns their files. Raises NoPictureError."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        raise NoPictureError("no Chromium was found. Next step: apt-get install chromium fonts-noto-cjk")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gouji-pictures-") as place:
        state = Path(place)
        os.environ |= {"GOUJI_QUIET_SECONDS": "1", "GOUJI_EMPTY_QUIET_SECONDS": "1"}  # for the roles as well
        with up(Settings(state_dir=state / "state")) as running:
            token, ref, letter = _send_samples(running.settings)
            cookie = _log_in(running.settings.http_port, token)
            with _bearer_of(cookie, running.settings.http_port) as port:
                pages = (
                    (f"http://127.0.0.1:{port}/", "submissions.png", (1200, 560)),
                    (f"http://127.0.0.1:{port}/submissions/{ref}", "submission.png", (1200, 650)),
                    (_as_file(letter, state).as_uri(), "mail.png", (760, 930)),
                )
                return [_photograph(browser, address, folder / name, size, state) for address, name, size in pages]


def _send_samples(config: Settings) -> tuple[str, str, bytes]:
    """An operator's token, the reference of the shown sample, and the mail to its agency."""
    engine = make_engine(config.database_url)
    try:
        with Session(engine) as session, session.begin():
            registry.import_csv(session, REGISTER.read_text(encoding="utf-8"))
            token = issue_token(session, name="演示", role=Role.OPERATOR, agency_code=None)
        expected = len(write_samples(config.drop_folder))

        def ended() -> bool:
            with Session(engine) as session:
                told = [state in TERMINAL["notice"] for state in session.scalars(select(Notice.state))]
                sent = [state in TERMINAL["mail"] for state in session.scalars(select(Mail.state))]
            return len(told) >= expected and all(told) and all(sent)

        wait_until(
            ended,
            seconds=_PATIENCE_SECONDS,
            error=lambda: NoPictureError("the samples did not come through"),
            every=0.2,
        )
        with Session(engine) as session:
            row = session.scalars(select(Submission).where(Submission.agency_code == SHOWN)).one()
            letter = session.scalars(select(Mail.raw).where(Mail.submission_id == row.id, Mail.role == "agency")).one()
            return token, row.ref, letter
    finally:
        engine.dispose()


def _log_in(port: int, token: str) -> str:
    """Fill in the login form as a browser would; returns the session's cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/login")
        answer = connection.getresponse()
        found = _FORM_TOKEN.search(answer.read().decode())
        visit = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        if not found:
            raise NoPictureError("the login page has no form")
        fields = urlencode({"token": token, "form_token": found.group(1), "then": "/"})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": visit}
        connection.request("POST", "/login", fields, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.SEE_OTHER:
            raise NoPictureError(f"the login was refused ({answer.status})")
        return (answer.getheader("Set-Cookie") or "").partition(";")[0]
    finally:
        connection.close()


@contextmanager
def _bearer_of(cookie: str, port: int) -> Iterator[int]:
    """A loopback port that passes GET requests on with this cookie: a headless browser cannot fill in a form."""

    class Pass(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            onward = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                onward.request("GET", self.path, headers={"Cookie": cookie})
                answer = onward.getresponse()
                body = answer.read()
            finally:
                onward.close()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type") or "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pass)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _as_file(letter: bytes, folder: Path) -> Path:
    """The mail's HTML part with its main headers above it."""
    message = message_from_bytes(letter, policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("html",))
    if body is None:
        raise NoPictureError("the mail has no HTML part")
    target = folder / "mail.html"
    target.write_text(body.get_content(), encoding="utf-8")
    return target


def _photograph(browser: str, address: str, target: Path, size: tuple[int, int], folder: Path) -> Path:
    profile = folder / f"profile-{target.stem}"
    command = [browser, "--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--lang=zh-CN"]
    command += [f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}", "--force-device-scale-factor=1"]
    if os.geteuid() == 0:
        command.append("--no-sandbox")  # Chromium refuses to start as root with it; only our own pages are shown
    began = time.time()
    subprocess.run([*command, f"--screenshot={target}", address], check=True, capture_output=True, timeout=120)
    if not target.exists() or target.stat().st_mtime < began - 1:
        raise NoPictureError(f"the browser took no picture of {address}")
    return target


if __name__ == "__main__":
    try:
        for picture in take_all(PICTURES):
            print(f"taken: {picture.relative_to(ROOT)}")
    except NoPictureError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
