"""What a stack's tests look at: its processes, and what is left of them."""

import contextlib
from collections.abc import Iterable

import psutil

from localaws.stack import Stack

SERVICES = ["s3", "postgres", "dynamodb", "endpoint"]


def pids_of(stack: Stack) -> dict[str, int | None]:
    return {line.service: line.pid for line in stack.status()}


def family_of(stack: Stack) -> list[psutil.Process]:
    """Find the servers with all that they started."""
    leaders = [psutil.Process(pid) for pid in pids_of(stack).values() if pid is not None]
    return [*leaders, *(child for leader in leaders for child in leader.children(recursive=True))]


def are_alive(family: list[psutil.Process]) -> list[str]:
    found = []
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.name())
    return found


def commands_of(processes: Iterable[psutil.Process]) -> list[list[str]]:
    """Give the command lines of what still runs: any of them may end between two looks."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(process.cmdline())
    return found
