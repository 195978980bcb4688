"""Worker sizes: what a job run asks for, and which sizes there are."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

# vCPU: least GB, most GB, steps of GB. EMR-Serverless-UserGuide/app-behavior.html
MEMORY_GB = {1: (2, 8, 1), 2: (4, 16, 1), 4: (8, 30, 1), 8: (16, 60, 4), 16: (32, 120, 8)}
DISK_GB = (20, 200)
SHUFFLE_DISK_GB = (20, 2000)
# EMR-Serverless-UserGuide/jobs-spark.html, Spark defaults.
DEFAULT_CORES = "4"
DEFAULT_MEMORY = "14g"
DEFAULT_EXECUTORS = "3"
DEFAULT_DISK = "20g"
DEFAULT_OVERHEAD_FACTOR = "0.1"
LEAST_OVERHEAD_MIB = 384
BILLED_FROM_DISK_GB = 20

INITIAL_EXECUTORS = ("spark.dynamicAllocation.initialExecutors", "spark.executor.instances")
LEAST_EXECUTORS = "spark.dynamicAllocation.minExecutors"
MOST_EXECUTORS = "spark.dynamicAllocation.maxExecutors"

MEMORY = re.compile(r"(?P<number>\d+)\s*(?P<unit>[kmgt]?)i?b?", re.IGNORECASE)
MIB_PER_UNIT = {"k": 1 / 1024, "": 1, "m": 1, "g": 1024, "t": 1024 * 1024}


class SizeError(ValueError):
    """A size that there is not; the message says which there are."""


@dataclass(frozen=True)
class Worker:
    """A driver or an executor: its JVM's heap, and the worker around it."""

    cores: int
    heap_mib: int
    memory_gb: int
    disk_gb: int


@dataclass(frozen=True)
class Workers:
    """What a job run begins with."""

    driver: Worker
    executor: Worker
    executors: int

    @property
    def cores(self) -> int:
        """Give the vCPUs of all workers."""
        return self.driver.cores + self.executors * self.executor.cores

    @property
    def memory_gb(self) -> int:
        """Give the memory of all workers."""
        return self.driver.memory_gb + self.executors * self.executor.memory_gb

    @property
    def disk_gb(self) -> int:
        """Give the disks of all workers."""
        return self.driver.disk_gb + self.executors * self.executor.disk_gb

    @property
    def heap_mib(self) -> int:
        """Give the heaps of all JVMs."""
        return self.driver.heap_mib + self.executors * self.executor.heap_mib

    @property
    def billed_disk_gb(self) -> int:
        """Give what is above the part of each worker's disk that costs nothing."""
        return self.disk_gb - (1 + self.executors) * BILLED_FROM_DISK_GB


def read_workers(properties: Mapping[str, str]) -> Workers:
    """Read the workers that Spark properties ask for.

    Raises:
        SizeError: A number that is none, or a size that there is not.
    """
    executors = properties.get("spark.executor.instances") or properties.get(
        "spark.dynamicAllocation.initialExecutors", DEFAULT_EXECUTORS
    )
    count = read_count("spark.executor.instances", executors)
    return Workers(
        _read_worker("driver", properties), _read_worker("executor", properties), max(count, 1)
    )


def check_executors(properties: Mapping[str, str]) -> None:
    """Refuse a number of executors to begin with that dynamic allocation does not allow.

    The greatest of what names one counts, and the service's default where nothing does.

    Raises:
        SizeError: In the service's words.
    """
    if properties.get("spark.dynamicAllocation.enabled") == "false":
        return
    least = read_count(LEAST_EXECUTORS, properties.get(LEAST_EXECUTORS, "0"))
    most = properties.get(MOST_EXECUTORS, "infinity")
    named = [properties[name] for name in INITIAL_EXECUTORS if name in properties]
    initial = max(read_count(INITIAL_EXECUTORS[0], each) for each in named or [DEFAULT_EXECUTORS])
    if initial < least or (most != "infinity" and initial > read_count(MOST_EXECUTORS, most)):
        raise SizeError(
            f"Maximum value of {INITIAL_EXECUTORS[0]}: {initial} must be between "
            f"spark.dynamicAllocation.minExecutor {least} and {MOST_EXECUTORS} {most}."
        )


def _read_worker(role: str, properties: Mapping[str, str]) -> Worker:
    cores = read_count(f"spark.{role}.cores", properties.get(f"spark.{role}.cores", DEFAULT_CORES))
    memory = properties.get(f"spark.{role}.memory", DEFAULT_MEMORY)
    heap = read_mib(f"spark.{role}.memory", memory)
    factor = float(
        properties.get("spark.emr-serverless.memoryOverheadFactor", DEFAULT_OVERHEAD_FACTOR)
    )
    overhead = properties.get(f"spark.{role}.memoryOverhead")
    added = (
        read_mib(f"spark.{role}.memoryOverhead", overhead)
        if overhead
        else max(LEAST_OVERHEAD_MIB, int(heap * factor))
    )
    disk_name = f"spark.emr-serverless.{role}.disk"
    disk = read_mib(disk_name, properties.get(disk_name, DEFAULT_DISK)) // 1024
    kind = properties.get(f"{disk_name}.type", "standard")
    memory_gb = round_up(cores, (heap + added) / 1024)
    check_size(role, cores, memory_gb, disk, is_shuffle_disk=kind.lower() == "shuffle_optimized")
    return Worker(cores, heap, memory_gb, disk)


def round_up(cores: int, memory_gb: float) -> int:
    """Give the next memory that a worker of so many vCPUs comes with."""
    step = MEMORY_GB.get(cores, (0, 0, 1))[2]
    return math.ceil(memory_gb / step) * step


def check_size(
    role: str, cores: int, memory_gb: int, disk_gb: int, *, is_shuffle_disk: bool
) -> None:
    """Refuse a worker that is not in AWS's table.

    Raises:
        SizeError: With the sizes that there are.
    """
    if cores not in MEMORY_GB:
        raise SizeError(f"{role}: a worker has 1, 2, 4, 8 or 16 vCPU, not {cores}")
    least, most, step = MEMORY_GB[cores]
    if not least <= memory_gb <= most or memory_gb % step:
        raise SizeError(
            f"{role}: a worker of {cores} vCPU has {least} to {most} GB of memory in steps of "
            f"{step} GB, overhead included, not {memory_gb} GB"
        )
    least, most = SHUFFLE_DISK_GB if is_shuffle_disk else DISK_GB
    if not least <= disk_gb <= most:
        raise SizeError(f"{role}: a worker has a disk of {least} to {most} GB, not {disk_gb} GB")


def read_count(name: str, text: str) -> int:
    """Read a whole number that is not negative."""
    if not (text.isascii() and text.isdigit()):
        raise SizeError(f"{name} is a whole number, not {text!r}")
    return int(text)


def read_mib(name: str, text: str) -> int:
    """Read an amount of memory as Spark writes it; without a unit it is MiB."""
    match = MEMORY.fullmatch(text.strip())
    if match is None:
        raise SizeError(f"{name} is an amount such as 4g, not {text!r}")
    return int(int(match["number"]) * MIB_PER_UNIT[match["unit"].lower()])


def read_number(text: str) -> int:
    """Read the number of a size as the API writes it: `4 vCPU`, `16 GB`, `4`."""
    found = re.match(r"\d+", text)
    return int(found[0]) if found else 0
