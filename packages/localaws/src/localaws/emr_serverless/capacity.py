"""Which waiting job run may begin: slots of its application, its capacity, this machine's."""

from collections.abc import Iterable, Mapping
from typing import Any

from localaws.emr_serverless.application_checks import FIRST_QUEUEING_RELEASE
from localaws.emr_serverless.releases import read_release
from localaws.emr_serverless.spark_command import Share
from localaws.emr_serverless.worker_sizes import Workers, read_number
from localaws.endpoint.config import SparkConfig

FIRST_RELEASE_THAT_QUEUES_BY_DEFAULT = (7, 3)
DEFAULT_CONCURRENT_RUNS = 15
DEFAULT_QUEUE_MINUTES = 360


def scheduler_of(settings: Mapping[str, Any]) -> dict[str, int] | None:
    """Give an application's queue with its defaults; None where it has none."""
    release = read_release(settings["releaseLabel"])
    chosen = settings.get("schedulerConfiguration")
    if chosen is None and release < FIRST_RELEASE_THAT_QUEUES_BY_DEFAULT:
        return None
    if release < FIRST_QUEUEING_RELEASE:
        return None
    defaults = {
        "maxConcurrentRuns": DEFAULT_CONCURRENT_RUNS,
        "queueTimeoutMinutes": DEFAULT_QUEUE_MINUTES,
    }
    return defaults | (chosen or {})


def has_slot(settings: Mapping[str, Any], running: int) -> bool:
    """Tell whether an application lets one more job run begin."""
    scheduler = scheduler_of(settings)
    return scheduler is None or running < scheduler["maxConcurrentRuns"]


def can_ever_begin(settings: Mapping[str, Any], workers: Workers) -> bool:
    """Tell whether a driver and one executor fit an application that is empty."""
    return fits_application(settings, workers, [])


def fits_application(
    settings: Mapping[str, Any], workers: Workers, others: Iterable[Workers]
) -> bool:
    """Tell whether a driver and one executor fit beside what other job runs hold.

    Spark begins with fewer executors where a limit leaves no room for all; none will not do.
    """
    limit = settings.get("maximumCapacity")
    if limit is None:
        return True
    held = list(others)
    least = (
        (workers.driver.cores + workers.executor.cores, [other.cores for other in held], "cpu"),
        (
            workers.driver.memory_gb + workers.executor.memory_gb,
            [other.memory_gb for other in held],
            "memory",
        ),
        (
            workers.driver.disk_gb + workers.executor.disk_gb,
            [other.disk_gb for other in held],
            "disk",
        ),
    )
    return all(
        need + sum(taken) <= read_number(limit[name])
        for need, taken, name in least
        if name in limit
    )


def fits_machine(share: Share, others: Iterable[Share], machine: SparkConfig) -> bool:
    """Tell whether a share is free on this machine."""
    held = list(others)
    return (
        share.cores + sum(other.cores for other in held) <= machine.cores
        and share.memory_mib + sum(other.memory_mib for other in held) <= machine.memory_mib
    )
