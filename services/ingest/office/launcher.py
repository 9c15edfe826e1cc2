"""Give up rights for good, then become another program. A script of its own: run with ``python -I -S launcher.py``.

Standard library only and nothing of this project, so that it starts in a few milliseconds. Its one argument is the JSON
form of an ``Order`` (``confinement.py``). What the kernel does not offer is left out: resource limits, no new
privileges and the death with the parent hold everywhere.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import resource
import signal
import struct
import sys
from typing import Any

_PR_SET_PDEATHSIG, _PR_GET_SECCOMP, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 21, 22, 38
_SECCOMP_MODE_FILTER = 2
# landlock(7); the numbers are the same on every machine
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights each version knows; 16 since version 5
_EXECUTE, _READ_FILE, _READ_DIRECTORY, _REMOVE_FILE, _MAKE_SOCKET = 1, 1 << 2, 1 << 3, 1 << 5, 1 << 9
_SCOPES_SINCE, _NO_ABSTRACT_SOCKETS_NO_SIGNALS = 6, 3

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong)
_libc.syscall.argtypes = (ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_libc.syscall.restype = ctypes.c_long


def main(order: dict[str, Any]) -> None:
    """Confine this process and run the program of the order in it. Never returns."""
    # the limits below bound whatever is left should this not take hold
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != order["parent"]:
        os._exit(0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _restrict_files(order)
    for name, wanted in order["limits"].items():
        what = getattr(resource, name)
        _, ceiling = resource.getrlimit(what)
        hard = wanted if ceiling == resource.RLIM_INFINITY else min(wanted, ceiling)
        resource.setrlimit(what, (hard, hard))
    _filter_calls(base64.b64decode(order["filter"]))
    os.execve(order["command"][0], order["command"], order["environment"])  # noqa: S606 - what this script is for


def _restrict_files(order: dict[str, Any]) -> None:
    """Only system folders are readable, only the work folder is writable; no signals or abstract sockets outside."""
    version = _landlock(_CREATE, None, 0, _VERSION)
    if version < 1:
        return
    every = (1 << _RIGHTS.get(version, 16)) - 1
    fields = [every, 0, _NO_ABSTRACT_SOCKETS_NO_SIGNALS] if version >= _SCOPES_SINCE else [every]
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    rules = _check(_landlock(_CREATE, attributes, len(attributes)), "landlock_create_ruleset")
    for place in order["readable"]:
        _allow(rules, place, _EXECUTE | _READ_FILE | _READ_DIRECTORY)
    for place in order["writable"]:
        _allow(rules, place, every)
    for place in order["sockets"]:
        _allow(rules, place, _MAKE_SOCKET)
    _check(_landlock(_RESTRICT, rules, 0), "landlock_restrict_self")
    os.close(rules)


def _allow(rules: int, place: str, rights: int) -> None:
    if not os.path.exists(place):  # noqa: PTH110 - pathlib would triple the time this script takes
        return
    beneath = os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        if not os.path.isdir(place):  # noqa: PTH112 - see above
            rights &= _EXECUTE | _READ_FILE | 1 << 1 | 1 << 14  # those that a file has: also writing and truncating
        _check(_landlock(_ADD, rules, _PATH_BENEATH, struct.pack("=Qi", rights, beneath)), "landlock_add_rule")
    finally:
        os.close(beneath)


def _filter_calls(code: bytes) -> None:
    if not code or _libc.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) < 0:
        return
    array = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(array)))  # sock_fprog
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(header))


def _prctl(option: int, argument: int, pointer: int = 0) -> None:
    _check(_libc.prctl(option, argument, pointer, 0, 0), f"prctl {option}")


def _landlock(call: int, first: bytes | int | None, second: int, third: bytes | int = 0) -> int:
    return int(_libc.syscall(call, first, second, third, 0))


def _check(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), what)
    return result


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
