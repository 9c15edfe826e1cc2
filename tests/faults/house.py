"""A whole house of real servers and real role processes for one test, and the journal that is kept outside of it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from infra.demo.authored import consistent
from infra.demo.planted import wrong_table4_total
from infra.demo.render import render_small
from infra.embedded.mailcatcher import Decide, Fate, MailCatcher
from infra.embedded.process import Child, free_port
from infra.embedded.stack import Stack
from infra.embedded.supervisor import gouji_command
from services.core.lifecycle import TERMINAL
from services.platform.db.dialect import make_engine
from services.platform.db.models import Agency, Contact, Mail, Notice, ReportRow, Submission
from services.platform.settings import Settings

# Short leases and waits, so that a fault is over in seconds; the protocol is the same as with the defaults.
QUICK: dict[str, Any] = {
    "quiet_seconds": 0.4,
    "empty_quiet_seconds": 0.4,
    "rescan_seconds": 2,
    "listing_seconds": 3,
    "sweep_seconds": 1,
    "renudge_seconds": 10,
    "reader_wall_seconds": 4,
    "reader_cpu_seconds": 4,
    "extract_soft_seconds": 6,
    "extract_hard_seconds": 8,
    "ocr_lane": False,
    "office_lane": False,
    "ocr_wall_seconds": 4,
    "office_wall_seconds": 4,
    "lane_soft_seconds": 10,
    "lane_hard_seconds": 12,
    "smtp_timeout_seconds": 3,
    "task_soft_seconds": 6,
    "task_hard_seconds": 8,
    "lease_margin_seconds": 2,
    "visibility_seconds": 15,
    "backoff_first_seconds": 0.5,
    "backoff_last_seconds": 4,
    "mail_backoff_first_seconds": 1,
    "mail_backoff_last_seconds": 2,
    "max_setbacks": 30,
    "soft_shutdown_seconds": 5,
    "log_level": "INFO",
}

ROLES: dict[str, tuple[str, ...]] = {
    "serve": ("serve",),
    "watch": ("watch",),
    "sweep": ("sweep",),
    "worker": ("worker", "--role", "receive,judge,notify", "--concurrency", "2"),
    "extract": ("worker", "--role", "extract", "--concurrency", "2"),
}


@dataclass(frozen=True)
class Entry:
    """One file that the test handed in."""

    agency: str
    sha256: str
    erroneous: bool


@dataclass
class House:
    """Servers of its own, roles as processes, an SMTP server in the test's process that decides the fate of mails."""

    folder: Path
    postgres: bool = False
    decide: Decide = lambda _recipient, _attempt: Fate.ACCEPT
    events: bool = True
    settings: dict[str, Any] = field(default_factory=dict)
    journal: list[Entry] = field(default_factory=list)
    roles: dict[str, Child] = field(default_factory=dict)
    commands: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(ROLES))
    revived: int = 0

    def __enter__(self) -> Self:
        self.catcher = MailCatcher(self.folder / "mails", decide=self.decide)
        self.catcher.start()
        given = {
            **QUICK,
            "state_dir": self.folder / "state",
            "http_port": free_port(),  # houses run side by side, and all would prefer the same default
            "smtp_host": "127.0.0.1",
            "smtp_port": self.catcher.smtp_port,
            "mail_domain": "gouji.test",
            "mail_from": "gouji@gouji.test",
            **self.settings,
        }
        self.stack = Stack(Settings(**given), postgres=self.postgres)
        self.stack.start()
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "REMAP_SIGTERM": "SIGQUIT"}
        environment |= {f"GOUJI_{name.upper()}": str(value) for name, value in given.items()}
        self.env = environment | self.stack.env()
        self.env["GOUJI_SMTP_PORT"] = str(self.catcher.smtp_port)
        if not self.events:
            self.env["GOUJI_S3_NOTIFY_ARNS"] = ""
        self.config = Settings.model_validate(
            {
                name.removeprefix("GOUJI_").lower(): value
                for name, value in self.env.items()
                if name.startswith("GOUJI_")
            }
        )
        self.run("migrate")
        self.engine: Engine = make_engine(self.config.database_url)
        self.logs = self.folder / "logs"
        self.logs.mkdir(exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for child in self.roles.values():
            child.ask_to_stop()
        for child in self.roles.values():
            child.stop(15)
        self.engine.dispose()
        self.stack.stop()
        self.stack.destroy()
        self.catcher.stop()

    # the roles

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one `gouji` command against this house."""
        done = subprocess.run(
            [*gouji_command(), *arguments], env=self.env, capture_output=True, text=True, timeout=120, check=False
        )
        assert not check or done.returncode == 0, f"gouji {' '.join(arguments)}: {done.stdout}\n{done.stderr}"
        return done

    def start(self, *names: str) -> None:
        """Start roles by name; all of them without a name."""
        for name in names or ROLES:
            child = Child(name, [*gouji_command(), *self.commands[name]], self.logs / f"{name}.log", env=self.env)
            child.start()
            self.roles[name] = child
        if "serve" in (names or ROLES):
            self.wait(self._serving, 60, "the HTTP service answers")

    def _serving(self) -> bool:
        return self.run("health", "--role", "serve", check=False).returncode == 0

    def revive(self) -> None:
        """Start roles again that ended by themselves, as every supervisor and container engine does."""
        for name, child in list(self.roles.items()):
            if not child.alive():
                self.revived += 1
                self.start(name)

    def kill(self, name: str) -> None:
        """SIGKILL a role with all its processes, and start it again at once."""
        self.roles[name].kill()
        self.start(name)

    def kill_one_child(self, name: str, choose: Callable[[list[int]], int]) -> None:
        """SIGKILL one process below a role (a prefork child, a reading child's parent …)."""
        pids = [int(pid) for pid in _children(self.roles[name].pid or 0)]
        if pids:
            try:
                os.kill(choose(pids), signal.SIGKILL)
            except ProcessLookupError:
                return

    # handing in

    def register(self, codes: list[str], *, domain: str = "agency.test") -> None:
        """Register bodies, each with one contact, and one reviewer for all."""
        with Session(self.engine) as session, session.begin():
            session.merge(Agency(code="*", name="全部单位"))
            for code in codes:
                session.merge(Agency(code=code, name=f"{code}局"))
            session.flush()
            session.add(Contact(agency_code="*", role="reviewer", name="审核", email="reviewer@county.test"))
            for code in codes:
                session.add(Contact(agency_code=code, role="agency", name="联络员", email=f"{code}@{domain}"))

    def make(self, number: int, *, erroneous: bool = False) -> bytes:
        """A small report of body `body{number}`, its figures from the number, with a wrong total when asked."""
        report = consistent(number, f"body{number}局", 2024, "township")
        return render_small(wrong_table4_total(report, number) if erroneous else report)

    def drop(self, agency: str, data: bytes, *, erroneous: bool = False, name: str = "report.pdf") -> Entry:
        """Put a file into the drop folder, whole, and write it into the journal first."""
        entry = Entry(agency, hashlib.sha256(data).hexdigest(), erroneous)
        self.journal.append(entry)
        place = self.config.drop_folder / agency
        place.mkdir(parents=True, exist_ok=True)
        partial = place / f".{name}.part"
        partial.write_bytes(data)
        partial.replace(place / name)
        return entry

    # looking

    def session(self) -> Session:
        return Session(self.engine)

    def counts(self) -> Counter[str]:
        with self.session() as session:
            return Counter(
                dict(session.execute(select(Submission.state, func.count()).group_by(Submission.state)).all())
            )

    def settled(self) -> bool:
        """Whether every journalled file has its row and every row has come to its end."""
        with self.session() as session:
            states = list(session.scalars(select(Submission.state)))
            notices = list(session.scalars(select(Notice.state)))
            mails = list(session.scalars(select(Mail.state)))
        return (
            len(states) >= len(self.journal)
            and all(state in TERMINAL["submission"] for state in states)
            and all(state in TERMINAL["notice"] for state in notices)
            and all(state in TERMINAL["mail"] for state in mails)
        )

    def wait(self, done: Callable[[], bool], seconds: float, what: str) -> float:
        """Wait for a condition; returns the seconds it took, fails with the logs' ends otherwise."""
        began = time.monotonic()
        while not done():
            self.revive()
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not within {seconds} s: {what}; {dict(self.counts())}\n{self._tails()}")
            time.sleep(0.1)  # polling real processes; the assertion is the condition, not the time
        return time.monotonic() - began

    def _tails(self) -> str:
        return "\n".join(f"--- {name}\n{child.log_tail()[-1500:]}" for name, child in self.roles.items())

    # the verdict

    def verdict(self) -> dict[str, int]:
        """Set arithmetic against the journal; raises AssertionError for anything lost or doubled."""
        with self.session() as session:
            rows = session.execute(
                select(Submission.agency_code, Submission.sha256, Submission.state, Submission.id)
            ).all()
            reports = Counter(session.scalars(select(ReportRow.submission_id)))
            mails = session.execute(select(Mail.message_id, Mail.state, Mail.submission_id, Mail.recipient_email)).all()
        worked = Counter((row.agency_code, row.sha256) for row in rows if row.state == "stored")
        expected = {(entry.agency, entry.sha256) for entry in self.journal}
        lost = expected - set(worked)
        doubled = [key for key, number in worked.items() if number > 1]
        arrived = Counter(mail.message_id for mail in self.catcher.mails())
        told_twice = [key for key, number in arrived.items() if number > 1]
        pairs = Counter((mail.submission_id, mail.recipient_email) for mail in mails)
        unsent = [mail for mail in mails if mail.state == "sent" and f"{mail.message_id}" not in arrived]
        unknown = set(arrived) - {mail.message_id for mail in mails}
        by_entry = {(row.agency_code, row.sha256): row.id for row in rows if row.state == "stored"}
        untold = [
            entry
            for entry in self.journal
            if not any(
                (mail.submission_id == by_entry.get((entry.agency, entry.sha256)))
                and mail.recipient_email.startswith(f"{entry.agency}@")
                for mail in mails
            )
        ]
        figures = {
            "journal": len(self.journal),
            "stored": sum(worked.values()),
            "lost": len(lost),
            "stored twice": len(doubled) + sum(number > 1 for number in reports.values()),
            "mails": len(mails),
            "arrived": sum(arrived.values()),
            "second mails": len(told_twice) + sum(number > 1 for number in pairs.values()),
            "sent but not arrived": len(unsent),
            "unconfirmed": sum(mail.state == "unconfirmed" for mail in mails),
            "untold": len(untold),
        }
        wrong = {
            key: figures[key] for key in ("lost", "stored twice", "second mails", "sent but not arrived", "untold")
        }
        assert not any(wrong.values()), figures
        assert not unknown, unknown
        return figures

    def ledger(self) -> dict[str, Any]:
        """`gouji ledger`, which must balance."""
        done = self.run("ledger", "--json", check=False)
        result: dict[str, Any] = json.loads(done.stdout)
        assert result["balances"], result
        assert done.returncode == 0
        return result


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []


def say(name: str, figures: dict[str, Any]) -> None:
    """Print a scenario's figures where `pytest -s` and the fault run show them."""
    print(f"\n{name}: {json.dumps(figures, ensure_ascii=False)}", file=sys.stderr)
