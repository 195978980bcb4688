"""What CreateApplication refuses, each beside the nearest that it takes."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from .emr_service import Service

API = "emr-serverless/latest/APIReference/"


def assert_refused(service: Service, expected: str, **members: Any) -> None:
    with pytest.raises(ClientError) as error:
        service.create(**members)
    assert error.value.response["Error"]["Code"] == "ValidationException"
    assert expected in error.value.response["Error"]["Message"]


@pytest.mark.rule(
    "The release label is one that EMR Serverless has",
    page="emr/latest/EMR-Serverless-UserGuide/release-versions.html",
    group="emr",
)
@pytest.mark.parametrize(
    "label", ["emr-5.36.0", "emr-6.5.0", "emr-9.0.0", "spark-4.1.1", "emr-8.1.0"]
)
def test_an_unknown_release_label_is_refused(service: Service, label: str) -> None:
    assert_refused(service, label, releaseLabel=label)
    for known in ("emr-6.6.0", "emr-7.14.0", "emr-spark-8.1.0"):
        assert service.create(releaseLabel=known)


def test_an_application_of_another_type_is_refused(service: Service) -> None:
    assert_refused(service, "only SPARK", type="HIVE")
    assert service.create(type="Spark")


@pytest.mark.rule(
    "maxConcurrentRuns is 1 to 1,000 and queueTimeoutMinutes 15 to 720",
    page=API + "API_SchedulerConfiguration.html",
    group="emr",
)
@pytest.mark.parametrize(
    "scheduler",
    [
        {"maxConcurrentRuns": 0},
        {"maxConcurrentRuns": 1001},
        {"queueTimeoutMinutes": 14},
        {"queueTimeoutMinutes": 721},
    ],
)
def test_a_queue_outside_its_ranges_is_refused(service: Service, scheduler: dict[str, int]) -> None:
    name = next(iter(scheduler))

    assert_refused(service, name, schedulerConfiguration=scheduler)
    assert service.create(
        schedulerConfiguration={"maxConcurrentRuns": 1000, "queueTimeoutMinutes": 15}
    )


@pytest.mark.rule(
    "schedulerConfiguration needs release 7.0.0",
    page=API + "API_SchedulerConfiguration.html",
    group="emr",
)
def test_a_queue_on_an_older_release_is_refused(service: Service) -> None:
    scheduler = {"maxConcurrentRuns": 1}

    assert_refused(service, "7.0.0", schedulerConfiguration=scheduler, releaseLabel="emr-6.15.0")
    assert service.create(schedulerConfiguration=scheduler, releaseLabel="emr-7.0.0")


@pytest.mark.rule(
    "Initial workers come in the sizes of AWS's table",
    page="emr/latest/EMR-Serverless-UserGuide/app-behavior.html",
    group="emr",
)
@pytest.mark.parametrize(
    ("kind", "cpu", "memory"),
    [
        ("DRIVER", "3 vCPU", "8 GB"),
        ("EXECUTOR", "8 vCPU", "18 GB"),
        ("TEZ_TASK", "4 vCPU", "16 GB"),
    ],
)
def test_initial_workers_that_there_are_not_are_refused(
    service: Service, kind: str, cpu: str, memory: str
) -> None:
    def capacity(kind: str, cpu: str, memory: str) -> dict[str, Any]:
        size = {"cpu": cpu, "memory": memory}
        return {kind: {"workerCount": 1, "workerConfiguration": size}}

    assert_refused(service, "orker", initialCapacity=capacity(kind, cpu, memory))
    assert service.create(initialCapacity=capacity("DRIVER", "8 vCPU", "20 GB"))


@pytest.mark.rule(
    "An application stops by itself after 1 to 10,080 minutes",
    page=API + "API_AutoStopConfig.html",
    group="emr",
)
def test_an_idle_timeout_outside_its_range_is_refused(service: Service) -> None:
    for minutes in (0, 10_081):
        stop = {"enabled": True, "idleTimeoutMinutes": minutes}
        with pytest.raises((ClientError, ParamValidationError), match="idleTimeoutMinutes"):
            service.create(autoStopConfiguration=stop)

    assert service.create(autoStopConfiguration={"enabled": True, "idleTimeoutMinutes": 10_080})
