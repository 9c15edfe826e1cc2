"""What the READMEs show of the running program: transcripts and pictures, made by commands."""

from __future__ import annotations

import http.client
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.docs import pictures, transcript


def pretend(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let a few lines of Python stand for `gouji`; its arguments are in sys.argv."""
    monkeypatch.setattr(transcript, "gouji_command", lambda: (sys.executable, "-c", program))


def test_a_transcript_begins_with_the_command_and_has_no_trailing_blanks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, "import sys; print('ran', *sys.argv[1:], '  '); print()")
    assert transcript.record(tmp_path / "kept") == 0
    demo, check = (tmp_path / "kept" / name for name in ("demo.txt", "check.txt"))
    assert demo.read_text(encoding="utf-8") == "$ make demo ARGS=--once\nran demo --once\n"
    name = "2024年政府信息公开工作年度报告.pdf"
    assert check.read_text(encoding="utf-8") == f"$ gouji check {name}\nran check {name}\n"


def test_the_demo_runs_in_an_empty_folder_without_anybodys_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOUJI_MAX_PAGES", "7")
    pretend(monkeypatch, "import os; print(os.listdir() or 'empty', os.environ.get('GOUJI_MAX_PAGES'))")
    transcript.record(tmp_path)
    assert (tmp_path / "demo.txt").read_text(encoding="utf-8").endswith("\nempty None\n")


def test_a_demo_that_failed_leaves_the_transcripts_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "demo.txt").write_text("the last good one")
    pretend(monkeypatch, "print('what went wrong'); raise SystemExit(1)")
    assert transcript.record(tmp_path) == 1
    assert (tmp_path / "demo.txt").read_text() == "the last good one"
    assert "what went wrong" in capsys.readouterr().err


def test_an_excerpt_ends_after_the_findings_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "check.txt"
    file.write_text("$ gouji check a.pdf\n┏━┓\n│first\n├─┤\n│second\n├─┤\n│third\n└─┘\n", encoding="utf-8")
    assert transcript.excerpt(file, findings=2).splitlines() == [
        "```text", "$ gouji check a.pdf", "┏━┓", "│first", "├─┤", "│second", "…", "```",
    ]  # fmt: skip


def test_without_a_browser_the_next_step_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    with pytest.raises(pictures.NoPictureError, match="apt-get install chromium"):
        pictures.take_all(tmp_path)


class Site(BaseHTTPRequestHandler):
    """A login form that wants its own cookie and token, and a page behind it, like ours."""

    def do_GET(self) -> None:
        behind = self.path == "/"
        who = "in" if self.headers["Cookie"] == "gouji=session" else "out"
        self._answer(200, who if behind else '<input name="form_token" value="ab12">', None if behind else "visit")

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        good = "token=right" in sent and "form_token=ab12" in sent and self.headers["Cookie"] == "gouji=visit"
        self._answer(303 if good else 401, "", "session" if good else None)

    def _answer(self, status: int, text: str, cookie: str | None) -> None:
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", f"gouji={cookie}; HttpOnly; Path=/")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_browser_behind_the_pass_is_logged_in(site: int) -> None:
    cookie = pictures._log_in(site, "right")
    with pictures._bearer_of(cookie, site) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"in"
        connection.close()


def test_a_refused_login_is_told(site: int) -> None:
    with pytest.raises(pictures.NoPictureError, match="401"):
        pictures._log_in(site, "wrong")
