"""Run a command as a whole process and measure it: wall, CPU and peak memory."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from commands.console import CommandError

# What a core does when it does nothing; `guest` is part of `user` already.
NOT_BUSY = ("idle", "iowait", "guest", "guest_nice")


@dataclass(frozen=True)
class Measurement:
    """What a process and those it waited for took: seconds, and bytes of the largest of them.

    `machine_seconds` is the CPU that all of the machine took meanwhile, others' work included.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    machine_seconds: float

    def __add__(self, other: "Measurement") -> "Measurement":
        return Measurement(
            self.wall_seconds + other.wall_seconds,
            self.cpu_seconds + other.cpu_seconds,
            max(self.peak_bytes, other.peak_bytes),
            self.machine_seconds + other.machine_seconds,
        )

    @property
    def others_cores(self) -> float:
        """Give how many cores the rest of the machine kept busy."""
        return max(0.0, self.machine_seconds - self.cpu_seconds) / self.wall_seconds


def measure(command: Sequence[str], *, env: Mapping[str, str], log: Path) -> Measurement:
    """Run a command to its end.

    Raises:
        CommandError: It failed; the message says where its output lies.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    busy, started = busy_seconds(), time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall, machine = time.monotonic() - started, busy_seconds() - busy
    if process.returncode:
        raise CommandError(f"{command[0]} failed with {process.returncode}: its log is {log}")
    # Linux counts the maximum in KiB.
    cpu = usage.ru_utime + usage.ru_stime
    return Measurement(wall, cpu, usage.ru_maxrss * 1024, machine)


def busy_seconds() -> float:
    """Give the CPU seconds that all cores have been busy with since the machine started."""
    times = psutil.cpu_times()._asdict()
    return float(sum(seconds for name, seconds in times.items() if name not in NOT_BUSY))
