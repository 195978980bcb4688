"""What starts by itself: applications that are idle stop, job runs that find no room wait."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .emr_service import Service

QUEUING = "emr/latest/EMR-Serverless-UserGuide/applications-concurrency-queuing.html"
BEHAVIOUR = "emr/latest/EMR-Serverless-UserGuide/app-behavior.html"
SMALL = (
    "--conf spark.driver.cores=1 --conf spark.driver.memory=2g --conf spark.executor.cores=1"
    " --conf spark.executor.memory=2g --conf spark.executor.instances=1"
)


@pytest.mark.rule(
    "Job runs beyond maxConcurrentRuns are QUEUED until one has ended", page=QUEUING, group="emr"
)
def test_a_job_run_beyond_the_concurrent_ones_is_queued_until_one_has_ended(
    service: Service, fifo: Path
) -> None:
    application = service.create(schedulerConfiguration={"maxConcurrentRuns": 1})
    first = service.start(application, f"wait={fifo}")
    service.wait(application, first, "RUNNING")

    second = service.start(application)
    queued = service.wait(application, second, "QUEUED")
    fifo.write_text("go\n")
    ended = service.wait(application, second)

    assert queued["state"] == "QUEUED"
    assert ended["state"] == "SUCCESS"
    assert ended["queuedDurationMilliseconds"] > 0
    assert service.get(application, first)["queuedDurationMilliseconds"] == 0


@pytest.mark.rule(
    "A job run is QUEUED no longer than queueTimeoutMinutes", page=QUEUING, group="emr"
)
def test_a_job_run_that_waits_too_long_is_cancelled(
    start_service: Callable[..., Service], fifo: Path
) -> None:
    service = start_service(minute_seconds=0.05)
    application = service.create(
        schedulerConfiguration={"maxConcurrentRuns": 1, "queueTimeoutMinutes": 15}
    )
    first = service.start(application, f"wait={fifo}")
    service.wait(application, first, "RUNNING")

    late = service.wait(application, service.start(application))

    assert late["state"] == "CANCELLED"
    assert "timed out in the queue" in late["stateDetails"]
    assert service.get(application, first)["state"] == "RUNNING"


def test_a_queued_job_run_is_cancelled_without_ever_running(service: Service, fifo: Path) -> None:
    application = service.create(schedulerConfiguration={"maxConcurrentRuns": 1})
    service.wait(application, service.start(application, f"wait={fifo}"), "RUNNING")
    waiting = service.start(application)
    service.wait(application, waiting, "QUEUED")

    service.client().cancel_job_run(applicationId=application, jobRunId=waiting)

    run = service.get(application, waiting)
    assert run["state"] == "CANCELLED"
    assert "startedAt" not in run
    assert run["totalExecutionDurationSeconds"] == 0


@pytest.mark.rule("Before release 7.3 there is no queue by default", page=QUEUING, group="emr")
def test_what_this_machine_has_no_room_for_waits_queued_or_pending(
    service: Service, fifo: Path
) -> None:
    older, newer = service.create(releaseLabel="emr-7.2.0"), service.create()
    blocker = service.start(newer, f"wait={fifo}")
    service.wait(newer, blocker, "RUNNING")

    in_older, in_newer = service.start(older), service.start(newer)
    states = (
        service.wait(older, in_older, "PENDING", "QUEUED")["state"],
        service.wait(newer, in_newer, "PENDING", "QUEUED")["state"],
    )
    fifo.write_text("go\n")

    assert states == ("PENDING", "QUEUED")
    assert service.wait(older, in_older)["state"] == "SUCCESS"
    assert service.wait(newer, in_newer)["state"] == "SUCCESS"


def test_small_job_runs_share_this_machine(service: Service, fifo: Path) -> None:
    """It has 4,096 MiB: a run of 1,800 beside another one of 1,800, and no third."""
    application = service.create()
    least = (
        "--conf spark.driver.cores=1 --conf spark.driver.memory=900m --conf spark.executor.cores=1"
        " --conf spark.executor.memory=900m --conf spark.executor.instances=1"
        " --conf spark.driver.memoryOverhead=1100m --conf spark.executor.memoryOverhead=1100m"
    )
    runs = [service.start(application, f"wait={fifo}", parameters=least) for _ in range(2)]
    for run_id in runs:
        service.wait(application, run_id, "RUNNING")

    third = service.start(application, parameters=least)

    assert service.wait(application, third, "QUEUED", "RUNNING")["state"] == "QUEUED"
    assert [service.get(application, run_id)["state"] for run_id in runs] == ["RUNNING"] * 2


@pytest.mark.rule(
    "maximumCapacity bounds what all job runs of an application hold", page=BEHAVIOUR, group="emr"
)
def test_a_job_run_that_exceeds_the_maximum_capacity_fails(service: Service) -> None:
    application = service.create(maximumCapacity={"cpu": "2 vCPU", "memory": "8 GB"})

    too_large = service.wait(application, service.start(application))
    small = service.wait(application, service.start(application, parameters=SMALL))

    assert too_large["state"] == "FAILED"
    assert "maximumCapacity" in too_large["stateDetails"]
    assert small["state"] == "SUCCESS"


def test_a_job_run_whose_executors_contradict_each_other_fails_before_it_begins(
    service: Service,
) -> None:
    application = service.create()
    parameters = f"{SMALL} --conf spark.dynamicAllocation.minExecutors=2"

    run = service.wait(application, service.start(application, parameters=parameters))

    assert run["state"] == "FAILED"
    assert "initialExecutors: 1 must be between" in run["stateDetails"]
    assert "startedAt" not in run


@pytest.mark.rule(
    "An idle application stops after idleTimeoutMinutes, 15 by default", page=BEHAVIOUR, group="emr"
)
def test_an_idle_application_stops_by_itself_and_starts_again_with_a_job_run(
    start_service: Callable[..., Service], fifo: Path
) -> None:
    service = start_service(minute_seconds=0.3)
    stops = {"enabled": True, "idleTimeoutMinutes": 1}
    idle = service.create(autoStopConfiguration=stops)
    stays = service.create(name="stays", autoStopConfiguration={"enabled": False})
    busy = service.create(name="busy", autoStopConfiguration=stops)
    client = service.client()
    run_id = service.start(busy, f"wait={fifo}")
    service.wait(busy, run_id, "RUNNING")

    for application in (idle, stays):
        client.start_application(applicationId=application)
    service.wait_application(idle, "STOPPED")

    states = {item["id"]: item["state"] for item in client.list_applications()["applications"]}
    assert states[stays] == "STARTED"
    assert states[busy] == "STARTED"
    fifo.write_text("go\n")
    service.wait(busy, run_id, "SUCCESS")
    assert service.wait(idle, service.start(idle))["state"] == "SUCCESS"
    service.wait_application(busy, "STOPPED")
