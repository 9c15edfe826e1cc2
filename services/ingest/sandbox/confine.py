"""What a reading child gives up before it sees its document, and how a zygote finds out what the kernel offers."""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import resource
import signal
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from services.ingest.sandbox import seccomp
from services.ingest.sandbox.wire import Limits

DOCUMENT_FD: Final = 3
ANSWER_FD: Final = 4
_MAX_OPEN_FILES: Final = 32
_LIBRARY_FOLDERS: Final = {"site-packages", "dist-packages"}

_PR_SET_PDEATHSIG, _PR_GET_SECCOMP, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 21, 22, 38
_SECCOMP_MODE_FILTER = 2

# landlock(7); the numbers are the same on every machine
_SYS_LANDLOCK_CREATE, _SYS_LANDLOCK_ADD, _SYS_LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION, _LANDLOCK_PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_LANDLOCK_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights each version knows; 16 since version 5

_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong)
_libc.syscall.argtypes = (ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_libc.syscall.restype = ctypes.c_long


class UnconfinedError(Exception):
    """A protection that the kernel offers cannot be put in place."""


@dataclass(frozen=True, slots=True)
class Protections:
    """What is in force beside resource limits, own session and no new privileges, which every child has."""

    filter: bytes | None
    """The prepared system call filter, None where the kernel has no seccomp."""
    ruleset: int | None
    """Descriptor of the Landlock rules, None where the kernel has no Landlock."""

    def names(self) -> list[str]:
        """Names of everything in force, for people and logs."""
        extra = {"seccomp": self.filter is not None, "landlock": self.ruleset is not None}
        return ["rlimits", "no_new_privs", "pdeathsig", *(name for name, on in extra.items() if on)]


def die_with(parent: int) -> None:
    """End this process when its parent (or the parent's thread that started it) ends, also if it has ended already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def available() -> Protections:
    """What this kernel offers, tried out on a child. Raises UnconfinedError when an offered protection fails."""
    protections = Protections(filter=_filter(), ruleset=_landlock_ruleset())
    _try_out(protections)
    return protections


def confine(protections: Protections, limits: Limits, *, zygote: int, document: int, answer: int) -> None:
    """Give up everything but the document (then `DOCUMENT_FD`) and the answer pipe (then `ANSWER_FD`), for good."""
    os.setsid()
    die_with(zygote)
    # when the whole machine runs out of memory this child is to go first, never the worker
    with suppress(OSError):  # where /proc is missing or read-only the kernel chooses by size, mostly the child as well
        score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(score, b"1000")
        os.close(score)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if protections.ruleset is not None:
        _check(_landlock(_SYS_LANDLOCK_RESTRICT, protections.ruleset, 0), "landlock_restrict_self")
    _keep_only(document, answer)
    _limit(limits)
    if protections.filter is not None:
        _install(protections.filter)


def _keep_only(document: int, answer: int) -> None:
    # first to high numbers, clear of the two places they shall have
    high_document, high_answer = (fcntl.fcntl(fd, fcntl.F_DUPFD, _MAX_OPEN_FILES) for fd in (document, answer))
    os.dup2(high_document, DOCUMENT_FD)
    os.dup2(high_answer, ANSWER_FD)
    os.closerange(ANSWER_FD + 1, os.sysconf("SC_OPEN_MAX"))


def _limit(limits: Limits) -> None:
    memory = limits.memory_mb * 2**20
    for what, soft, wanted in (
        (resource.RLIMIT_AS, memory, memory),
        # the soft limit sends SIGXCPU; should that be ignored, the hard one kills
        (resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES, _MAX_OPEN_FILES),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
    ):
        _, ceiling = resource.getrlimit(what)
        hard = wanted if ceiling == resource.RLIM_INFINITY else min(wanted, ceiling)
        resource.setrlimit(what, (min(soft, hard), hard))


def _install(prepared: bytes) -> None:
    code = seccomp.for_process(prepared, os.getpid())
    array = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(array)))  # sock_fprog
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(header))


def _filter() -> bytes | None:
    if _libc.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) < 0:
        return None
    machine = platform.machine()
    if machine not in seccomp.AUDIT_ARCH:
        raise UnconfinedError(f"no system call table for {machine}")
    return seccomp.prepared(machine)


def _landlock_ruleset() -> int | None:
    """Rules that leave only the interpreter, the loaded packages and shared system data readable."""
    version = _landlock(_SYS_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return None
    handled = struct.pack("=Q", (1 << _LANDLOCK_RIGHTS.get(version, 16)) - 1)
    ruleset = _check(_landlock(_SYS_LANDLOCK_CREATE, handled, len(handled)), "landlock_create_ruleset")
    for place in sorted(_readable()):
        beneath = os.open(place, os.O_PATH | os.O_CLOEXEC)
        try:
            rule = struct.pack("=Qi", _READ_FILE | (_READ_DIR if place.is_dir() else 0), beneath)
            _check(_landlock(_SYS_LANDLOCK_ADD, ruleset, _LANDLOCK_PATH_BENEATH, rule), "landlock_add_rule")
        finally:
            os.close(beneath)
    return ruleset


def _readable() -> set[Path]:
    """Folders and files a late import or a font search may need. Never a whole project folder: secrets lie there."""
    system = ("/usr/lib", "/usr/lib64", "/usr/share", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/fonts")
    devices = ("/dev/null", "/dev/urandom", "/dev/zero")
    interpreter = [Path(prefix) for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix}]
    places = {Path(place) for place in (*system, *devices)} | set(interpreter)
    for entry in map(Path, sys.path):
        if entry.name in _LIBRARY_FOLDERS or entry.is_file() or any(map(entry.is_relative_to, interpreter)):
            places.add(entry)
    for name, module in list(sys.modules.items()):
        if "." not in name:
            places.update(_home(module))
    return {place.resolve() for place in places if place.exists()} - {Path("/")}


def _home(module: ModuleType) -> list[Path]:
    if folders := getattr(module, "__path__", None):
        return [Path(folder) for folder in folders]
    file = getattr(module, "__file__", None)
    return [Path(file)] if file else []


def _try_out(protections: Protections) -> None:
    """Confine a child and let it try a socket: a filter that installs and does not bite is worse than none."""
    limits = Limits(cpu_seconds=1, memory_mb=2**20, max_pages=1)
    zygote = os.getpid()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            null = os.open(os.devnull, os.O_RDWR)
            confine(protections, limits, zygote=zygote, document=null, answer=null)
            code = 0 if protections.filter is None or _socket_is_denied() else 2
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        raise UnconfinedError(f"a trial child could not be confined ({code}; {', '.join(protections.names())})")


def _socket_is_denied() -> bool:
    try:
        socket.socket(socket.AF_INET).close()
    except PermissionError:
        return True
    return False


def _prctl(option: int, argument: int, pointer: int = 0) -> None:
    _check(_libc.prctl(option, argument, pointer, 0, 0), f"prctl {option}")


def _landlock(call: int, first: bytes | int | None, second: int, third: bytes | int = 0) -> int:
    return int(_libc.syscall(call, first, second, third, 0))


def _check(result: int, what: str) -> int:
    if result < 0:
        raise UnconfinedError(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result
