"""Runs as its own small program: tie this process to its parent, become another user if told to, then become the program.

    python -I -S leash.py PARENT SIGNAL UID PROGRAM [ARGUMENT ...]

On Linux the kernel sends SIGNAL when the parent ends, however it ends (prctl(2), PR_SET_PDEATHSIG). UID `-1` keeps the
user. A program of its own instead of `preexec_fn`, which is unsafe in a parent with threads.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, sign: int, uid: int, program: list[str]) -> None:
    """Does not return: the program takes this process over, or it ends with code 127."""
    if uid >= 0:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    if sys.platform == "linux":  # after the change of user, which clears it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, sign, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        sys.exit(1)
    try:
        os.execv(program[0], program)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.stderr.write(f"cannot run {program[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
