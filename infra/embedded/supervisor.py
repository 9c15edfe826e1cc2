"""`gouji up`: the stack and all roles as child processes of one process that watches them and stops them in order."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, Self

from infra.embedded.process import Child, FolderLock, PortTakenError, StartError, require_free
from infra.embedded.readiness import wait_ready
from infra.embedded.stack import PORT_TRIES, Stack
from services.platform.settings import Settings

_log = logging.getLogger("gouji.up")

LOOK_SECONDS = 0.2
BACKOFF_FIRST_SECONDS = 0.5
BACKOFF_LAST_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A process that ran this long was well; its next end counts as the first."""
MIGRATE_SECONDS = 120.0
GRACE_MARGIN_SECONDS = 20.0
_HOPELESS = 4


@dataclass(frozen=True, slots=True)
class Role:
    """One long-running `gouji …` process. Roles of a lower `stops` are asked to stop, and waited for, first."""

    name: str
    arguments: tuple[str, ...]
    stops: int = 1


# Intake ends first, so that nothing new begins; then the workers finish what they hold.
ROLES = (
    Role("serve", ("serve",), stops=0),
    Role("watch", ("watch",), stops=0),
    Role("sweep", ("sweep",), stops=0),
    Role("worker", ("worker", "--role", "receive,judge,notify")),
    Role("extract", ("worker", "--role", "extract")),
)


LANE_ROLES = {
    "ocr_lane": Role("ocr", ("worker", "--role", "ocr", "--concurrency", "1")),
    "office_lane": Role("office", ("worker", "--role", "office", "--concurrency", "1")),
}
"""Run beside the others where their setting is on."""


def roles_for(settings: Settings) -> tuple[Role, ...]:
    """The roles of a stack with these settings."""
    return (*ROLES, *(role for lane, role in LANE_ROLES.items() if getattr(settings, lane)))


def gouji_command() -> tuple[str, ...]:
    """How to run the `gouji` of this installation; StartError when it has none."""
    for found in (Path(sys.executable).with_name("gouji"), shutil.which("gouji")):
        if found and Path(found).is_file():
            return (str(found),)
    raise StartError("the command gouji was not found beside this Python. Next step: install the package, not a copy.")


class Startable(Protocol):
    """What the supervisor keeps alive: a role's Child or a Server."""

    name: str

    def start(self) -> None: ...
    def alive(self) -> bool: ...


@dataclass(slots=True)
class Kept:
    """How often something ended lately, and when it is tried again; times are `time.monotonic()` seconds."""

    what: Startable
    ends: int = 0
    began: float = 0.0
    retry_at: float | None = None

    def look(self, now: float) -> None:
        """Note an end, or start again once the wait is over: 0.5 s, doubling up to 30 s."""
        if self.retry_at is None:
            if not self.what.alive():
                self._note_end(now)
        elif now >= self.retry_at:
            self.begin(now)

    def begin(self, now: float) -> None:
        """Start it; a failure to start counts as an end."""
        self.began = now
        try:
            self.what.start()
        except (StartError, OSError) as error:
            _log.error("%s could not be started: %s", self.what.name, error)
            self._note_end(now)
        else:
            self.retry_at = None

    def _note_end(self, now: float) -> None:
        self.ends = 1 if now - self.began >= STEADY_SECONDS else self.ends + 1
        wait = min(BACKOFF_FIRST_SECONDS * 2 ** min(self.ends - 1, 16), BACKOFF_LAST_SECONDS)
        self.retry_at = now + wait
        _log.warning("%s ended; starting it again in %g s (end no. %d)", self.what.name, wait, self.ends)


class SigtermInterrupts:
    """Lets SIGTERM raise KeyboardInterrupt, like Ctrl-C, so that clean-up runs. Outside the main thread: changes nothing."""

    def __init__(self) -> None:
        self._before: Any = None
        self._changed = False

    def begin(self) -> None:
        """From now on."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._interrupt)
            self._changed = True

    def end(self) -> None:
        """Back to what it was; calling it twice does no harm."""
        if self._changed:
            signal.signal(signal.SIGTERM, self._before)
            self._changed = False

    @staticmethod
    def _interrupt(_sign: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt


class Supervisor:
    """Starts the roles, starts again what ends by itself, stops them in order.

    `command` is put before each role's arguments; `env` is their whole environment; `<logs>/<role>.log` takes their
    output. `servers` are looked after too but neither started first nor stopped here.
    """

    def __init__(
        self,
        roles: Sequence[Role],
        command: Sequence[str],
        env: Mapping[str, str],
        logs: Path,
        *,
        grace_seconds: float,
        servers: Sequence[Startable] = (),
    ) -> None:
        self._roles = roles
        self._grace = grace_seconds
        self._children = {
            role.name: Child(role.name, [*command, *role.arguments], logs / f"{role.name}.log", env=env)
            for role in roles
        }
        self._kept = {name: Kept(child) for name, child in self._children.items()}
        self._servers = [Kept(server, began=time.monotonic()) for server in servers]
        self._stopping = threading.Event()
        # A child is signalled when the thread that started it ends, so one thread starts all and outlives all.
        self._keeper = threading.Thread(target=self._keep, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start all roles; what cannot start is tried again, as if it had ended."""
        self._keeper.start()

    def pids(self) -> dict[str, int]:
        """Process ids of the roles that run now."""
        return {name: child.pid for name, child in self._children.items() if child.pid is not None and child.alive()}

    def hopeless(self, name: str) -> bool:
        """Whether a role ended so often in a row that waiting for it makes no sense."""
        return self._kept[name].ends >= _HOPELESS

    def failure(self, name: str, what: str) -> StartError:
        """The error that tells what became of a role."""
        return self._children[name].failure(what)

    def stop(self) -> None:
        """Stop all roles: SIGTERM, then SIGKILL after the grace time; those of one `stops` together."""
        self._stopping.set()
        if self._keeper.ident is not None:
            self._keeper.join()

    def _keep(self) -> None:
        for kept in self._kept.values():
            kept.begin(time.monotonic())
        while not self._stopping.wait(LOOK_SECONDS):
            for kept in (*self._servers, *self._kept.values()):
                kept.look(time.monotonic())
        for step in sorted({role.stops for role in self._roles}):
            self._stop_together([self._children[role.name] for role in self._roles if role.stops == step])

    def _stop_together(self, children: Sequence[Child]) -> None:
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + self._grace
        for child in children:
            if not child.wait(deadline - time.monotonic()):
                _log.warning("%s did not stop within %g s and is killed", child.name, self._grace)
            child.kill()


@dataclass
class Running:
    """What `up()` started. Use as a context manager, or call `wait()` or `stop()`."""

    stack: Stack
    supervisor: Supervisor
    _lock: FolderLock
    _sigterm: SigtermInterrupts
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def desk_url(self) -> str:
        """Address of the pages and the API."""
        return self.stack.desk_url

    @property
    def mail_url(self) -> str | None:
        """Address of the mail catcher's page; None when the settings name a relay."""
        return self.stack.mail.url if self.stack.mail else None

    @property
    def s3_endpoint(self) -> str:
        """`host:port` of the object store."""
        return self.stack.settings.s3_endpoint

    @property
    def drop_folder(self) -> Path:
        """Put reports into `<drop folder>/<agency>/`."""
        return self.stack.drop_folder

    @property
    def settings(self) -> Settings:
        """The settings under which the roles run."""
        return self.stack.settings

    @property
    def logs(self) -> Path:
        """Folder of the roles' logs."""
        return self.stack.state / "logs"

    def wait(self) -> None:
        """Return after SIGINT (Ctrl-C), SIGTERM or `end()`, when everything has been stopped. Main thread only."""

        def on_signal(_sign: int, _frame: FrameType | None) -> None:
            self.end()

        before = {sign: signal.signal(sign, on_signal) for sign in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._ended.wait()
            self._stop_all()
        finally:
            for sign, handler in before.items():
                signal.signal(sign, handler)
            self._sigterm.end()

    def end(self) -> None:
        """Let `wait()` stop everything and return."""
        self._ended.set()

    def stop(self) -> None:
        """Stop the roles, then the servers; calling it twice does no harm."""
        self._stop_all()
        self._sigterm.end()

    def _stop_all(self) -> None:
        self.supervisor.stop()
        self.stack.stop()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def up(
    settings: Settings,
    *,
    postgres: bool = False,
    roles: Sequence[Role] | None = None,
    command: Sequence[str] | None = None,
    ready_seconds: float = 60.0,
) -> Running:
    """Start the stack, migrate (which also makes the buckets), start the roles; return when `/readyz` of `serve` answers 200.

    Raises StartError, with the end of the log in question, when something does not come up or when another `gouji up`
    works in the same state folder; nothing is left running then. When another process takes the pages' port meanwhile,
    all is started anew with another one, unless the settings name the port.
    Until `stop()`, SIGTERM raises KeyboardInterrupt in the main thread: use the handle as a context manager.
    """
    command = gouji_command() if command is None else command
    for _ in range(PORT_TRIES - 1):
        try:
            return _up(settings, command, roles, ready_seconds, postgres=postgres)
        except PortTakenError as taken:
            if "http_port" in settings.model_fields_set:
                raise
            _log.warning("%s; everything is started again with another one", taken)
    return _up(settings, command, roles, ready_seconds, postgres=postgres)


def _up(
    settings: Settings, command: Sequence[str], roles: Sequence[Role] | None, ready_seconds: float, *, postgres: bool
) -> Running:
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as undo:
        lock = _lock_state(settings.state_dir.absolute())
        undo.callback(lock.release)
        sigterm = SigtermInterrupts()
        sigterm.begin()
        undo.callback(sigterm.end)
        stack = Stack(settings, postgres=postgres)
        undo.callback(stack.stop)
        stack.start()
        logs, env = stack.state / "logs", _role_environment(stack)
        logs.mkdir(mode=0o700, exist_ok=True)
        _migrate(command, env, logs)
        require_free("serve", stack.http_port)
        grace = settings.soft_shutdown_seconds + GRACE_MARGIN_SECONDS
        wanted = roles_for(stack.settings) if roles is None else roles
        supervisor = Supervisor(wanted, command, env, logs, grace_seconds=grace, servers=stack.servers)
        undo.callback(supervisor.stop)
        supervisor.start()
        wait_ready(supervisor, stack.http_port, ready_seconds)
        undo.pop_all()
    return Running(stack, supervisor, lock, sigterm)


def _lock_state(state: Path) -> FolderLock:
    lock = FolderLock(state / "up.lock")
    holder = ""
    with suppress(FileNotFoundError):
        holder = lock.path.read_text().strip()
    lock.acquire(
        message=f"another `gouji up` (process {holder or 'unknown'}) works in {state}. "
        "Next step: stop it, or give this one a state folder of its own in GOUJI_STATE_DIR."
    )
    os.ftruncate(lock.fd, 0)
    os.pwrite(lock.fd, f"{os.getpid()}\n".encode(), 0)
    return lock


def _role_environment(stack: Stack) -> dict[str, str]:
    # Celery reads REMAP_SIGTERM when it is imported: SIGTERM then means a soft shutdown with a time limit.
    return {**os.environ, **stack.env(), "PYTHONUNBUFFERED": "1", "REMAP_SIGTERM": "SIGQUIT"}


def _migrate(command: Sequence[str], env: Mapping[str, str], logs: Path) -> None:
    child = Child("migrate", [*command, "migrate"], logs / "migrate.log", env=env)
    child.start()
    try:
        if not child.wait(MIGRATE_SECONDS) or child.exit_code() != 0:
            raise child.failure("the database could not be brought up to date")
    finally:
        child.kill()
