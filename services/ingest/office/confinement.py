"""What the word processor may do while it has strangers' documents open, as an order for ``launcher.py``."""

from __future__ import annotations

import base64
import json
import os
import platform
import struct
import sys
from pathlib import Path
from typing import Final

from services.ingest.sandbox.seccomp import AUDIT_ARCH, RET_ALLOW, RET_EPERM, RET_KILL_PROCESS

_RET_ENOSYS: Final = 0x00050000 | 38
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_OTHER_CALLING_CONVENTION: Final = 0x40000000
_UNIX: Final = 1
_NEW_NAMESPACES: Final = 0x7E020080
"""Flags of clone(2) that make namespaces."""

# call: number on x86_64, number on aarch64
_SOCKET: Final = (41, 198)
_CLONE, _CLONE3 = (56, 220), (435, 435)
_DENIED: Final = {
    "io_uring_setup": (425, 425),  # opens sockets without `socket`
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "move_mount": (429, 429), "fsopen": (430, 430), "fsmount": (432, 432), "open_tree": (428, 428),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "open_by_handle_at": (304, 265),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
}  # fmt: skip

_READABLE: Final = (
    "/usr", "/bin", "/lib", "/lib64", "/opt", "/etc/ld.so.cache", "/etc/fonts", "/etc/libreoffice", "/etc/alternatives",
    "/etc/localtime", "/etc/passwd", "/etc/nsswitch.conf", "/var/cache/fontconfig",
    "/var/lib/libreoffice", "/var/spool/libreoffice",
    "/dev/urandom", "/dev/random", "/dev/zero", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu",
)  # fmt: skip
SOCKET_FOLDERS: Final = ("/tmp", "/var/tmp")  # noqa: S108 - the program insists
"""Where LibreOffice makes the socket by which it finds out whether it is running already."""


def order(command: list[str], folder: Path, *, program: Path, memory_mb: int, cpu_seconds: int, file_mb: int) -> str:
    """An order to run `command` within these limits, with only `folder` writable.

    Readable are system folders and that of `program`. No network, and nothing of this process's environment.
    """
    return json.dumps(
        {
            "parent": os.getpid(),
            "command": command,
            "environment": _environment(folder),
            "readable": [*_READABLE, str(program.parent)],
            "writable": [str(folder), "/dev/null"],
            "sockets": SOCKET_FOLDERS,
            "limits": {
                "RLIMIT_AS": memory_mb * 2**20,
                "RLIMIT_CPU": cpu_seconds,
                "RLIMIT_FSIZE": file_mb * 2**20,
                "RLIMIT_NOFILE": 512,
                "RLIMIT_CORE": 0,
            },
            "filter": base64.b64encode(call_filter(platform.machine())).decode(),
        }
    )


def launch(order_json: str) -> list[str]:
    """The command line that carries out an order."""
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("launcher.py")), order_json]


def call_filter(machine: str) -> bytes:
    """A seccomp filter: sockets between processes of this machine only, and nothing that no word processor needs.

    Everything else is allowed: the program is far too large for a list of what it may do. Empty for a machine without
    a table here.
    """
    if machine not in AUDIT_ARCH:
        return b""
    column = list(AUDIT_ARCH).index(machine)
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, RET_KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        code += [(_AT_LEAST, 0, 1, _OTHER_CALLING_CONVENTION), (_RETURN, 0, 0, RET_EPERM)]
    for numbers in _DENIED.values():
        code += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, RET_EPERM)]
    # its flags lie in memory, out of reach; without it the C library falls back on clone
    code += [(_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _RET_ENOSYS)]
    argument = (_LOAD, 0, 0, _FIRST_ARGUMENT)
    code += [(_EQUAL, 0, 3, _CLONE[column]), argument, (_ANY_BIT, 0, 1, _NEW_NAMESPACES), (_RETURN, 0, 0, RET_EPERM)]
    code += [(_LOAD, 0, 0, _NUMBER)]
    code += [(_EQUAL, 0, 3, _SOCKET[column]), argument, (_EQUAL, 1, 0, _UNIX), (_RETURN, 0, 0, RET_EPERM)]
    code += [(_RETURN, 0, 0, RET_ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _environment(folder: Path) -> dict[str, str]:
    nowhere = "http://127.0.0.1:9"
    return {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
        "SAL_DISABLE_OPENCL": "1",
        "GSETTINGS_BACKEND": "memory",
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        # should the call filter be missing: no proxy to the outside either
        **dict.fromkeys(("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"), nowhere),
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY"), nowhere),
    }
