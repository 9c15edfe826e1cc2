"""Child processes of the one-command stack: started with a log and a pid file, ended by pid, never outliving their parent."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LOG_TAIL_BYTES = 4000
LOG_TURN_BYTES = 10 * 2**20
SOCKET_PATH_BYTES = 100  # sun_path holds 108 on Linux and 104 on macOS, with the closing zero
_POLL_SECONDS = 0.02
_QUIET_PORTS = range(20_000, 32_000)
_LISTEN = "0A"  # a listening socket's state in /proc/net/tcp
_LEASH = Path(__file__).with_name("leash.py")


class StartError(RuntimeError):
    """A server or role did not come up, or its place is taken; the message holds the end of its log."""


class PortTakenError(StartError):
    """A port that was free when it was chosen is taken by another process by now."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(f"{name}: port {port} is taken by another process")
        self.port = port


def free_port(preferred: int = 0) -> int:
    """A loopback TCP port nobody listens on: `preferred` when that one is free, otherwise any.

    One below those that the kernel hands out by itself: no connection of anybody gets it before it is used.
    """
    others = random.sample(_QUIET_PORTS, 20)
    for port in (preferred, *others, 0) if preferred else (*others, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise StartError("no free TCP port on 127.0.0.1")


def require_free(name: str, *ports: int) -> None:
    """Raise PortTakenError for the first of these ports of `name` that somebody listens on."""
    for port in ports:
        if free_port(port) != port:
            raise PortTakenError(name, port)


def listens(pid: int, port: int) -> bool:
    """Whether it is this process that takes connections on the port. Known on Linux only; elsewhere taken as true."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        return True
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[3] == _LISTEN and row[1].endswith(f":{port:04X}")}
    return bool(sockets) and not sockets.isdisjoint(_open_files(pid))


def _open_files(pid: int) -> Iterator[str]:
    with suppress(FileNotFoundError, PermissionError):  # it has ended, or is not ours
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed since it was listed
                yield str(entry.readlink())


def port_answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts TCP connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def socket_folder(preferred: Path) -> Path:
    """A folder short enough to hold a unix socket: `preferred`, or a private one under the temporary folder.

    The stand-in's name follows from the preferred path, so that it is the same after a restart. Raises StartError when
    somebody else owns it: in a folder that all can write, the name alone proves nothing.
    """
    if len(os.fsencode(preferred / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_BYTES:
        return preferred
    digest = hashlib.sha256(os.fsencode(preferred.absolute())).hexdigest()[:16]
    return private_folder(Path(tempfile.gettempdir()) / f"gouji-{digest}")


def private_folder(path: Path, owner: int | None = None) -> Path:
    """`path` as a folder that only `owner` (a uid; this process's by default) can enter; StartError when it is not."""
    owner = os.geteuid() if owner is None else owner
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        os.chown(path, owner, -1)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise StartError(f"{path} is not a private folder of uid {owner}; remove it and start again")
    return path


class FolderLock:
    """An exclusive lock on a folder. It is held for as long as any process that was given `fd` lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = -1

    def acquire(self, *, deadline_seconds: float = 0, message: str) -> None:
        """Take the lock, waiting up to `deadline_seconds`; raises StartError(message) when another holds it."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            wait_until(functools.partial(_try_lock, fd), seconds=deadline_seconds, error=lambda: StartError(message))
        except BaseException:
            os.close(fd)
            raise
        self.fd = fd

    def release(self) -> None:
        """Give up this process's share; calling it twice does no harm."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_until(
    done: Callable[[], bool],
    *,
    seconds: float,
    error: Callable[[], Exception],
    alive: Callable[[], bool] = lambda: True,
    every: float = _POLL_SECONDS,
) -> None:
    """Return once `done()`; raise `error()` when `seconds` have passed or `alive()` turned false before that."""
    deadline = time.monotonic() + seconds
    while not done():
        if not alive() or time.monotonic() >= deadline:
            raise error()
        time.sleep(every)


class Child:
    """One child process in a session of its own, so that a Ctrl-C at the terminal reaches the parent alone.

    `start()` writes `<name>.pid` beside the log; output is appended to the log, or to `output` when given. On Linux the
    child is sent `stop_signal` when the thread that started it ends: start children from a thread that stays.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: int | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        output: Path | None = None,
        keep_open: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        self.pid_file = log.with_suffix(".pid")
        self._env = dict(os.environ if env is None else env)
        self._cwd = cwd
        self._user = user
        self._stop_signal = stop_signal
        self._output = output
        self._keep_open = tuple(keep_open)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it. A program that cannot be run ends at once with code 127 and says why in the log."""
        _turn_log(self.log)
        leash = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), str(int(self._stop_signal))]
        leash.append("-1" if self._user is None else str(self._user))
        with self.log.open("ab") as log, (self._output or self.log).open("ab") as output:
            self._process = subprocess.Popen(
                [*leash, *self.argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                env=self._env,
                cwd=self._cwd,
                start_new_session=True,
                pass_fds=self._keep_open,
            )
        self.pid_file.write_text(f"{self._process.pid}\n")

    def alive(self) -> bool:
        return self._process is not None and not self._ended()

    def exit_code(self) -> int | None:
        """The exit code, negative for a signal, or None while it runs or before it was started."""
        return self._process.returncode if self._process is not None and self._ended() else None

    def _ended(self) -> bool:
        """Whether it ended. What it left behind in its session is killed before its id is given back for reuse."""
        process = self._process
        assert process is not None
        if process.returncode is None:
            if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
                return False
            self._kill_session(process.pid)
            process.wait()
            self.pid_file.unlink(missing_ok=True)
        return True

    @staticmethod
    def _kill_session(leader: int) -> None:
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses for a group that is only a zombie
            os.killpg(leader, signal.SIGKILL)

    def ask_to_stop(self) -> None:
        """Send the stop signal and return at once."""
        if self._process is not None and self.alive():
            self._process.send_signal(self._stop_signal)

    def wait(self, seconds: float) -> bool:
        """Whether it ended within `seconds`."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def kill(self) -> None:
        """SIGKILL to the process and its session, then collect it: a power cut, as far as it can tell."""
        if self.alive() and self._process is not None:
            self._kill_session(self._process.pid)
            while self.alive():
                time.sleep(_POLL_SECONDS)

    def stop(self, grace_seconds: float) -> bool:
        """Ask it to stop, and kill it after the grace time; False when it had to be killed."""
        self.ask_to_stop()
        stopped = self.wait(grace_seconds)
        self.kill()
        return stopped

    def log_tail(self) -> str:
        """The end of the log, for error messages."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - LOG_TAIL_BYTES))
            return log.read().decode("utf-8", "replace").strip()

    def failure(self, what: str) -> StartError:
        """A StartError that says what was waited for, whether the process lives, and what it wrote last."""
        code = self.exit_code()
        state = "still running" if code is None else f"ended with exit code {code}"
        return StartError(f"{self.name}: {what}; process {state}. End of {self.log}:\n{self.log_tail() or '(empty)'}")


def _turn_log(log: Path) -> None:
    """Keep one older log once the present one is large: logs of a small site must not fill its disk."""
    if log.exists() and log.stat().st_size > LOG_TURN_BYTES:
        log.replace(log.with_suffix(".log.1"))
