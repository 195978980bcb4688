"""The processes of a job run: found by pid and start time, ended with all their descendants."""

import contextlib
import os
import time
from collections.abc import Iterable

import psutil

POLL_SECONDS = 0.02
# psutil computes start times from clock ticks and the boot time.
START_TOLERANCE_SECONDS = 1.0


def find_tree(pid: int, started: float) -> list[psutil.Process]:
    """Find what is left of a session leader's processes; nothing that only took over its pid.

    A session's id is not given to a new process while one of the session lives, so what carries
    the id of a leader that is gone belongs to it, unless the machine was started since.
    """
    if psutil.boot_time() > started + START_TOLERANCE_SECONDS:
        return []
    found: dict[int, psutil.Process] = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        leader = psutil.Process(pid)
        if abs(leader.create_time() - started) > START_TOLERANCE_SECONDS:
            return []
        found[pid] = leader
        found |= {child.pid: child for child in leader.children(recursive=True)}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError, psutil.AccessDenied):
            if os.getsid(process.pid) == pid and process.pid not in found:
                found[process.pid] = process
                found |= {child.pid: child for child in process.children(recursive=True)}
    return list(found.values())


def end_tree(pid: int, started: float, *, grace_seconds: float) -> None:
    """Ask all processes of a session leader to end, and kill those that stay."""
    tree = find_tree(pid, started)
    for process in tree:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.terminate()
    deadline = time.monotonic() + grace_seconds
    while any_lives(tree) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    for process in find_tree(pid, started) + tree:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.kill()


def any_lives(processes: Iterable[psutil.Process]) -> bool:
    """Tell whether one of them runs still; a zombie does not.

    Not by waiting: that would take a child's exit code from the one who waits for it.
    """
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False
