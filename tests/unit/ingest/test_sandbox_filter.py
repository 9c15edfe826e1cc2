"""The system call filter, run by a small interpreter of BPF, so that both machines are tested on either."""

from __future__ import annotations

import os
import platform
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.sandbox import confine, seccomp

PID = 4242
X86, ARM = "x86_64", "aarch64"
READ = {X86: 0, ARM: 63}
OPENAT = {X86: 257, ARM: 56}
KILL = {X86: 62, ARM: 129}
FCNTL = {X86: 72, ARM: 25}
FORBIDDEN = {
    # from the kernels' tables: socket, connect, sendto, execve, ptrace, process_vm_writev, unlinkat, setpgid, prctl,
    # prlimit64, memfd_create, io_uring_setup, clone, clone3, openat2, pidfd_send_signal, bpf
    X86: [41, 42, 44, 59, 101, 311, 263, 109, 157, 302, 319, 425, 56, 435, 437, 424, 321, 57, 58, 2 + 0x40000000],
    ARM: [198, 203, 206, 221, 117, 271, 35, 154, 167, 261, 279, 425, 220, 435, 437, 424, 280],
}


def decide(machine, number, *arguments, pid=PID, arch=None):
    """What the kernel does with a call: the value of the filter's return instruction."""
    call = (number & 0xFFFFFFFF, arch or seccomp.AUDIT_ARCH[machine], 0, *arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", *call)
    code = list(struct.iter_unpack("=HBBI", seccomp.for_process(seccomp.prepared(machine), pid)))
    accumulator = position = 0
    while True:
        operation, when_true, when_false, k = code[position]
        position += 1
        if operation == 0x20:
            accumulator = struct.unpack_from("<I", data, k)[0]
        elif operation == 0x15:
            position += when_true if accumulator == k else when_false
        elif operation == 0x45:
            position += when_true if accumulator & k else when_false
        else:
            assert operation == 0x06
            return k


both = pytest.mark.parametrize("machine", [X86, ARM])


@both
def test_reading_open_files_is_allowed(machine):
    assert decide(machine, READ[machine]) == seccomp.RET_ALLOW


@both
def test_network_programs_processes_and_writing_are_denied(machine):
    assert {number: decide(machine, number) for number in FORBIDDEN[machine]} == dict.fromkeys(
        FORBIDDEN[machine], seccomp.RET_EPERM
    )


@both
@given(number=st.integers(600, 2**32 - 1))
def test_calls_that_no_kernel_has_yet_are_denied(machine, number):
    assert decide(machine, number) == seccomp.RET_EPERM


@both
def test_a_call_of_another_architecture_ends_the_process(machine):
    assert decide(machine, READ[machine], arch=0x40000003) == seccomp.RET_KILL_PROCESS


@both
@given(flags=st.integers(0, 2**23))
def test_files_open_for_reading_only(machine, flags):
    writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | 0o20000000)
    expected = seccomp.RET_EPERM if writes else seccomp.RET_ALLOW
    assert decide(machine, OPENAT[machine], 0, 0, flags) == expected


@both
@given(target=st.integers(-(2**31), 2**31 - 1))
def test_only_the_process_itself_gets_its_signals(machine, target):
    expected = seccomp.RET_ALLOW if target == PID else seccomp.RET_EPERM
    assert decide(machine, KILL[machine], target & 0xFFFFFFFF) == expected
    assert decide(machine, KILL[machine], PID) == seccomp.RET_ALLOW


@both
@pytest.mark.parametrize("command", [8, 10])
def test_descriptors_cannot_be_made_to_signal_others(machine, command):
    # F_SETOWN and F_SETSIG
    assert decide(machine, FCNTL[machine], 0, command) == seccomp.RET_EPERM


@pytest.fixture
def no_landlock(monkeypatch):
    monkeypatch.setattr(confine, "_landlock_ruleset", lambda: None)


def test_a_filter_that_the_kernel_refuses_is_no_protection(monkeypatch, no_landlock):
    monkeypatch.setattr(seccomp, "prepared", lambda _machine: b"\0" * 8)

    with pytest.raises(confine.UnconfinedError, match="could not be confined"):
        confine.available()


def test_a_filter_that_lets_sockets_through_is_no_protection(monkeypatch, no_landlock):
    allow_all = struct.pack("=HBBI", 0x06, 0, 0, seccomp.RET_ALLOW)
    monkeypatch.setattr(seccomp, "prepared", lambda _machine: allow_all)
    monkeypatch.setattr(confine, "_socket_is_denied", lambda: False)  # the test session guards sockets itself

    with pytest.raises(confine.UnconfinedError, match="could not be confined"):
        confine.available()


def test_a_machine_without_a_table_is_refused(monkeypatch, no_landlock):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    with pytest.raises(confine.UnconfinedError, match="riscv64"):
        confine.available()


def test_a_kernel_without_seccomp_and_landlock_keeps_the_other_limits(monkeypatch, no_landlock):
    monkeypatch.setattr(confine, "_filter", lambda: None)

    assert confine.available().names() == ["rlimits", "no_new_privs", "pdeathsig"]
