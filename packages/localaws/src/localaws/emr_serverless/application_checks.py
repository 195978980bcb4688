"""What CreateApplication and UpdateApplication refuse beyond the API's model."""

from collections.abc import Mapping
from typing import Any

from localaws.emr_serverless.releases import read_release
from localaws.emr_serverless.request_checks import (
    check_configurations,
    check_monitoring,
    check_tags,
    refuse,
)
from localaws.emr_serverless.worker_sizes import SizeError, check_size, read_number

CONCURRENT_RUNS = (1, 1000)
QUEUE_MINUTES = (15, 720)
FIRST_QUEUEING_RELEASE = (7, 0)
WORKER_TYPES = ("Driver", "Executor")


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse an application that the service would not take.

    Raises:
        ServiceError: ValidationException, saying what to write instead.
    """
    read_release(settings["releaseLabel"])
    if settings["type"].upper() != "SPARK":
        raise refuse(f"Type {settings['type']} is not supported by the local AWS, only SPARK")
    check_scheduler(settings)
    check_capacity(settings)
    check_configurations(settings.get("runtimeConfiguration", []))
    check_monitoring(settings.get("monitoringConfiguration", {}))
    check_tags(settings.get("tags", {}))


def check_scheduler(settings: Mapping[str, Any]) -> None:
    """Refuse a queue outside the documented ranges, or on a release that has none."""
    scheduler = settings.get("schedulerConfiguration")
    if scheduler is None:
        return
    if read_release(settings["releaseLabel"]) < FIRST_QUEUEING_RELEASE:
        raise refuse("schedulerConfiguration needs release emr-7.0.0 or higher")
    for name, (least, most) in (
        ("maxConcurrentRuns", CONCURRENT_RUNS),
        ("queueTimeoutMinutes", QUEUE_MINUTES),
    ):
        value = scheduler.get(name)
        if value is not None and not least <= value <= most:
            raise refuse(f"{name} must be between {least} and {most}. Found: {value}")


def check_capacity(settings: Mapping[str, Any]) -> None:
    """Refuse initial workers of a size or kind that there is not."""
    for kind, capacity in settings.get("initialCapacity", {}).items():
        if kind.capitalize() not in WORKER_TYPES:
            raise refuse(f"Worker type {kind} is not one of {', '.join(WORKER_TYPES)}")
        size = capacity.get("workerConfiguration")
        if size is None:
            continue
        try:
            check_size(
                kind,
                read_number(size["cpu"]),
                read_number(size["memory"]),
                read_number(size.get("disk", "20 GB")),
                is_shuffle_disk=size.get("diskType", "").lower() == "shuffle_optimized",
            )
        except SizeError as error:
            raise refuse(f"Unsupported worker configuration: {error}") from error
