"""The system calls a reading child may make: a seccomp-BPF program written out by hand (seccomp(2), bpf(4)).

Only what is listed is allowed; every other call fails with EPERM, calls of a foreign architecture end the process.
A list of what is allowed stays closed when kernels grow new calls (io_uring can open sockets without `socket`).
Reading, memory, time and the process's own signals are enough to read a document; no sockets, programs, processes,
threads, writable files, other processes' memory or signals.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The architecture token that the kernel shows a filter, for each machine with a table here."""

RET_KILL_PROCESS: Final = 0x80000000
RET_ALLOW: Final = 0x7FFF0000
RET_EPERM: Final = 0x00050000 | 1

_LOAD_WORD, _JUMP_EQUAL, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_OFFSET_NUMBER, _OFFSET_ARCH = 0, 4

# call: number on x86_64, number on aarch64 (None: that machine has no such call). Frequent ones first.
_ALLOWED: Final[dict[str, tuple[int | None, int | None]]] = {
    # descriptors that are already open
    "read": (0, 63), "write": (1, 64), "pread64": (17, 67), "readv": (19, 65), "writev": (20, 66), "lseek": (8, 62),
    "close": (3, 57), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "fadvise64": (221, 223),
    # memory
    "brk": (12, 214), "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226),
    "madvise": (28, 233), "mincore": (27, 232), "membarrier": (324, 283), "futex": (202, 98), "rseq": (334, 293),
    "set_robust_list": (273, 99),
    # looking at files, as late imports do; what is visible is Landlock's business
    "fstat": (5, 80), "newfstatat": (262, 79), "statx": (332, 291), "stat": (4, None), "lstat": (6, None),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "getdents64": (217, 61),
    "readlink": (89, None), "readlinkat": (267, 78), "getcwd": (79, 17),
    # time
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "getrusage": (98, 165),
    # waiting on own descriptors
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72), "sched_yield": (24, 124),
    "restart_syscall": (219, 128),
    # about itself
    "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "uname": (63, 160), "sysinfo": (99, 179), "getrlimit": (97, 163),
    "sched_getaffinity": (204, 123), "getrandom": (318, 278),
    # own signals, own end
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132),
    "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip

# allowed when none of these bits is set in the argument: opening for reading only
_OPEN_FORBIDDEN: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | (os.O_TMPFILE & ~os.O_DIRECTORY)
_WITHOUT_BITS: Final = {"open": ((2, None), 1, _OPEN_FORBIDDEN), "openat": ((257, 56), 2, _OPEN_FORBIDDEN)}

# allowed when the argument is one of these values: fcntl and ioctl could make the kernel signal other processes
_F_DUPFD, _F_GETFD, _F_SETFD, _F_GETFL, _F_DUPFD_CLOEXEC = 0, 1, 2, 3, 1030
_TCGETS, _FIONREAD, _FIONCLEX, _FIOCLEX = 0x5401, 0x541B, 0x5450, 0x5451
_WITH_VALUE: Final = {
    "fcntl": ((72, 25), 1, (_F_DUPFD, _F_GETFD, _F_SETFD, _F_GETFL, _F_DUPFD_CLOEXEC)),
    "ioctl": ((16, 29), 1, (_TCGETS, _FIONREAD, _FIONCLEX, _FIOCLEX)),
}
# allowed when the argument is the process's own id: abort() and a signal raised on oneself
_ON_ITSELF: Final = {"kill": ((62, 129), 0), "tkill": ((200, 130), 0), "tgkill": ((234, 131), 0)}


_OWN_ID: Final = 0x7A5A_7A5A
"""Stands for the process's own id in a program made ahead; larger than any id the kernel gives (2^22)."""


class Instruction(NamedTuple):
    """One `struct sock_filter`: operation, jumps when true and when false, constant."""

    code: int
    jump_true: int
    jump_false: int
    k: int


def program(machine: str, pid: int = _OWN_ID) -> list[Instruction]:
    """The filter for the process `pid` on this machine, a key of `AUDIT_ARCH`."""
    column = list(AUDIT_ARCH).index(machine)
    code = [
        Instruction(_LOAD_WORD, 0, 0, _OFFSET_ARCH),
        Instruction(_JUMP_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        Instruction(_RETURN, 0, 0, RET_KILL_PROCESS),
        Instruction(_LOAD_WORD, 0, 0, _OFFSET_NUMBER),
    ]
    for numbers in _ALLOWED.values():
        code += _when_called(numbers[column], [Instruction(_RETURN, 0, 0, RET_ALLOW)])
    for numbers, argument, bits in _WITHOUT_BITS.values():
        test = [Instruction(_JUMP_ANY_BIT, 1, 0, bits), Instruction(_RETURN, 0, 0, RET_ALLOW)]
        code += _when_called(numbers[column], [_load(argument), *test, Instruction(_RETURN, 0, 0, RET_EPERM)])
    for numbers, argument, values in _WITH_VALUE.values():
        code += _when_called(numbers[column], [_load(argument), *_one_of(values)])
    for numbers, argument in _ON_ITSELF.values():
        code += _when_called(numbers[column], [_load(argument), *_one_of((pid,))])
    code.append(Instruction(_RETURN, 0, 0, RET_EPERM))
    return code


def prepared(machine: str) -> bytes:
    """The kernel's array of `struct sock_filter`, made ahead for any process: see `for_process`."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program(machine))


def for_process(prepared_filter: bytes, pid: int) -> bytes:
    """The prepared filter with the process's own id filled in."""
    return prepared_filter.replace(struct.pack("=I", _OWN_ID), struct.pack("=I", pid))


def _when_called(number: int | None, block: list[Instruction]) -> list[Instruction]:
    if number is None:
        return []
    return [Instruction(_JUMP_EQUAL, 0, len(block), number), *block]


def _load(argument: int) -> Instruction:
    # the low word; ids, commands and flags are 32-bit ints to the kernel, both machines are little-endian
    return Instruction(_LOAD_WORD, 0, 0, 16 + 8 * argument)


def _one_of(values: Iterable[int]) -> list[Instruction]:
    code: list[Instruction] = []
    for value in values:
        code += [Instruction(_JUMP_EQUAL, 0, 1, value), Instruction(_RETURN, 0, 0, RET_ALLOW)]
    return [*code, Instruction(_RETURN, 0, 0, RET_EPERM)]
