"""What all embedded servers have in common: a folder, a lock on it, one child process, a health wait."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from infra.embedded.process import Child, FolderLock, PortTakenError, StartError, require_free, wait_until


class Server(ABC):
    """A server with its data in `folder`. Use as a context manager, or call start() and stop().

    start(), stop(), restart() and kill() (SIGKILL, as a test of durability) may follow one another in any order.
    StartError is raised with the end of the log when the server is not usable within `start_seconds`.
    """

    name = "server"
    start_seconds = 30.0
    stop_seconds = 15.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._lock = FolderLock(self.folder / "lock")
        self._child: Child | None = None

    @abstractmethod
    def _prepare(self) -> None:
        """Make data folders and first-time files; the lock is held."""

    @abstractmethod
    def _make_child(self, keep_open: tuple[int, ...]) -> Child:
        """The process to start, given the descriptors it must keep."""

    @abstractmethod
    def healthy(self) -> bool:
        """Whether it answers a client now."""

    @property
    def ports(self) -> tuple[int, ...]:
        """The TCP ports it listens on; none unless its kind says so."""
        return ()

    def move(self) -> None:
        """Take other ports from the next start on. Addresses told before are void then."""
        raise StartError(f"{self.name} has no port of its own choice")

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        return None if self._child is None else self._child.pid

    def alive(self) -> bool:
        """Whether its process runs; `healthy()` tells whether it answers."""
        return self._child is not None and self._child.alive()

    def start(self) -> None:
        """Start and wait until usable; does nothing when it runs already."""
        if not self.alive():
            self.launch()
            self.wait_usable()

    def launch(self) -> None:
        """Start without waiting, so that several servers come up side by side; then call `wait_usable()`."""
        self.kill()  # collects one that ended by itself and gives up its lock
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The child inherits the lock: after a killed parent nobody starts a second server on data still in use.
        self._lock.acquire(
            deadline_seconds=self.stop_seconds, message=f"{self.name}: {self.folder} is in use by another process"
        )
        try:
            self._prepare()
            self._child = self._make_child((self._lock.fd,))
            self._child.start()
        except BaseException:
            self.kill()
            raise

    def wait_usable(self) -> None:
        """Return when clients are answered; otherwise kill it and raise StartError (PortTakenError for a lost port)."""
        child = self._child
        if child is None:
            raise StartError(f"{self.name} was not launched")
        try:
            wait_until(
                self.healthy,
                seconds=self.start_seconds,
                alive=child.alive,
                error=lambda: self._failure(child),
            )
            self._on_usable()
        except BaseException:
            self.kill()
            raise

    def _failure(self, child: Child) -> StartError:
        if not child.alive():
            try:
                require_free(self.name, *self.ports)
            except PortTakenError as taken:
                return taken
        return child.failure(f"not usable within {self.start_seconds:g} s")

    def _on_usable(self) -> None:
        """What a kind of server still does before clients may come; nothing unless it says so."""
        return

    def stop(self) -> None:
        """Stop cleanly, by SIGKILL when that takes longer than `stop_seconds`; does nothing when it is not running."""
        if self._child is not None:
            self._child.stop(self.stop_seconds)
            self._child = None
        self._lock.release()

    def kill(self) -> None:
        """SIGKILL."""
        if self._child is not None:
            self._child.kill()
            self._child = None
        self._lock.release()

    def restart(self) -> None:
        """Stop, start, wait until usable; address and data stay the same."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def binary(name: str, given: Path | None, *candidates: Path | str | None) -> Path:
    """The first program that exists: the given path alone when there is one, otherwise the candidates in order.

    Raises StartError that says how to get one.
    """
    for candidate in (given,) if given is not None else candidates:
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    if given is not None:
        raise StartError(f"{name}: {given} is no file")
    raise StartError(f"{name}: no program found. Next step: pip install 'gouji[embedded]', or put {name} on PATH.")
