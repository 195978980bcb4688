"""Run a command as a whole process and measure it: wall, CPU and peak memory."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from commands.errors import CommandError


@dataclass(frozen=True)
class Measurement:
    """What a process and those it waited for took: seconds, and bytes of the largest of them."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int

    def __add__(self, other: "Measurement") -> "Measurement":
        return Measurement(
            self.wall_seconds + other.wall_seconds,
            self.cpu_seconds + other.cpu_seconds,
            max(self.peak_bytes, other.peak_bytes),
        )


def measure(command: Sequence[str], *, env: Mapping[str, str], log: Path) -> Measurement:
    """Run a command to its end.

    Raises:
        CommandError: It failed; the message says where its output lies.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    if process.returncode:
        raise CommandError(f"{command[0]} failed with {process.returncode}: its log is {log}")
    # Linux counts the maximum in KiB.
    return Measurement(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
