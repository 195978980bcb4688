"""Run a program that the kernel ends when the process which started it ends (Linux).

    python -I -S bound_to_parent.py PARENT_PID PROGRAM [ARGUMENT ...]

A program of its own, not subprocess's `preexec_fn`: that runs Python's hooks around the fork, where
the exception of a Ctrl-C is printed and forgotten, and the run goes on.
"""

import ctypes
import os
import signal
import sys

SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)


def main(argv: list[str]) -> None:
    parent, program = int(argv[0]), argv[1:]
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel was asked
        sys.exit(128 + signal.SIGKILL)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
