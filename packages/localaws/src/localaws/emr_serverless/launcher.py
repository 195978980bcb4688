"""Run a program whose whole process tree ends when the program ends, or whoever started this does.

    python -I -S launcher.py PROGRAM [ARGUMENT ...]

Standard input is a pipe that the starter holds open: the kernel closes it when the starter is gone,
by whatever signal. (A parent death signal would depend on the thread that started the program, and
would not reach the program's own children.) SIGTERM is left to the program.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

SET_CHILD_SUBREAPER = 36  # prctl(2)
SIGNAL_BASE = 128


def main(argv: list[str]) -> int:
    # A handler, not SIG_IGN: an ignored signal would stay ignored in the program.
    signal.signal(signal.SIGTERM, lambda *_: None)
    if sys.platform == "linux":
        # Descendants that lose their parent, or make a session of their own, stay below this one.
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    starter_gone = threading.Event()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as program:
        threading.Thread(target=end_with_starter, args=(starter_gone,), daemon=True).start()
        code = program.wait()
    end_descendants()
    if starter_gone.is_set():
        # The other thread may have reaped the program, and then Popen says 0.
        code = -signal.SIGKILL
    return code if code >= 0 else SIGNAL_BASE - code


def end_with_starter(starter_gone: threading.Event) -> None:
    """Wait for the pipe to close; then end everything, this process too."""
    while os.read(0, 1):
        pass
    starter_gone.set()
    end_descendants()
    os.killpg(0, signal.SIGKILL)


def end_descendants() -> None:
    """Kill all that descends from this process, also what is born meanwhile."""
    while pids := descendants(os.getpid()):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def descendants(root: int) -> list[int]:
    """Find the living descendants of a process; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # The name in parentheses may hold anything: what follows the last one counts.
        with contextlib.suppress(OSError):
            state, parent = stat.read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(stat.parent.name))
    found = children.get(root, []).copy()
    for pid in found:
        found.extend(children.get(pid, []))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
