"""Job runs through a real client: what is answered, what is refused, one token one run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .emr_service import ENTRY_POINT, ROLE, Service, wait_until

API = "emr-serverless/latest/APIReference/"


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_job_run_that_exits_with_0_is_a_success_and_tells_all_that_was_asked(
    service: Service,
) -> None:
    application = service.create()

    run_id = service.start(application, "a word", name="a-run", tags={"team": "music"})
    run = service.wait(application, run_id)

    assert run["state"] == "SUCCESS"
    assert run["name"] == "a-run"
    assert run["tags"] == {"team": "music"}
    assert run["attempt"] == 1
    assert run["mode"] == "BATCH"
    assert run["executionRole"] == ROLE
    assert run["executionTimeoutMinutes"] == 720
    assert run["releaseLabel"] == "emr-spark-8.1.0"
    assert run["jobDriver"]["sparkSubmit"]["entryPointArguments"] == ["a word"]
    assert run["createdAt"] <= run["startedAt"] <= run["endedAt"]
    assert run["arn"].endswith(f":/applications/{application}/jobruns/{run_id}")


@pytest.mark.rule(
    "stateDetails of a failed job run has its exit code and the last exceptions",
    page="emr/latest/EMR-Serverless-UserGuide/job-states.html",
    group="emr",
)
def test_the_state_details_of_a_failure_have_the_exit_code_and_the_exception(
    service: Service,
) -> None:
    application = service.create()

    failed = service.wait(
        application, service.start(application, "stderr=ValueError: no such genre", "exit=3")
    )
    succeeded = service.wait(application, service.start(application, "stderr=ValueError: no"))

    assert failed["state"] == "FAILED"
    assert failed["stateDetails"] == (
        "Job failed, please check complete logs in configured logging destination. ExitCode: 3. "
        "Last few exceptions: ValueError: no such genre"
    )
    assert succeeded["state"] == "SUCCESS"
    assert succeeded["stateDetails"] == ""


@pytest.mark.rule(
    "One client token starts one job run; with other parameters it is a conflict",
    page=API + "API_StartJobRun.html",
    group="emr",
)
def test_a_client_token_with_the_same_arguments_gives_the_same_job_run_a_failed_one_too(
    service: Service,
) -> None:
    application = service.create()
    first = service.start(application, "exit=1", clientToken="a.token-1_x")
    service.wait(application, first, "FAILED")

    again = service.start(application, "exit=1", clientToken="a.token-1_x")
    with pytest.raises(ClientError) as conflict:
        service.start(application, "exit=2", clientToken="a.token-1_x")

    assert again == first
    assert code_of(conflict) == "ConflictException"
    assert conflict.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert len(service.client().list_job_runs(applicationId=application)["jobRuns"]) == 1


def test_threads_that_race_with_one_client_token_start_one_job_run(service: Service) -> None:
    application = service.create()
    service.client()

    with ThreadPoolExecutor(10) as pool:
        runs = list(
            pool.map(lambda _: service.start(application, "a", clientToken="raced"), range(20))
        )

    assert len(set(runs)) == 1


@pytest.mark.rule(
    "Ids that do not exist are ResourceNotFoundException with status 404",
    page=API + "API_GetJobRun.html",
    group="emr",
)
def test_an_unknown_application_job_run_or_attempt_is_not_found(service: Service) -> None:
    application, other = service.create(), service.create(name="other")
    run_id = service.start(application)
    client = service.client()
    missing: list[Callable[[], Any]] = [
        lambda: client.get_application(applicationId="00missing"),
        lambda: service.start("00missing"),
        lambda: service.get(application, "00missing"),
        lambda: service.get(other, run_id),
        lambda: service.get(application, run_id, attempt=2),
        lambda: client.cancel_job_run(applicationId=application, jobRunId="00missing"),
        lambda: client.list_job_runs(applicationId="00missing"),
    ]

    for ask in missing:
        with pytest.raises(ClientError) as error:
            ask()
        assert code_of(error) == "ResourceNotFoundException"
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert service.get(application, run_id, attempt=1)["jobRunId"] == run_id


def test_job_runs_are_listed_newest_first_in_pages_and_by_state(service: Service) -> None:
    application = service.create()
    runs = [service.start(application, "exit=1" if number == 1 else "a") for number in range(3)]
    for run_id in runs:
        service.wait(application, run_id)
    client = service.client()

    first = client.list_job_runs(applicationId=application, maxResults=2)
    second = client.list_job_runs(
        applicationId=application, maxResults=2, nextToken=first["nextToken"]
    )
    failed = client.list_job_runs(applicationId=application, states=["FAILED"])

    assert [run["id"] for run in first["jobRuns"]] == [runs[2], runs[1]]
    assert [run["id"] for run in second["jobRuns"]] == [runs[0]]
    assert "nextToken" not in second
    assert [run["id"] for run in failed["jobRuns"]] == [runs[1]]


def test_job_runs_are_listed_by_the_time_of_their_creation(service: Service) -> None:
    application = service.create()
    created = service.wait(application, service.start(application))["createdAt"]
    client = service.client()

    before = client.list_job_runs(
        applicationId=application, createdAtBefore=created.replace(year=2001)
    )
    after = client.list_job_runs(
        applicationId=application, createdAtAfter=created.replace(year=2001)
    )

    assert before["jobRuns"] == []
    assert len(after["jobRuns"]) == 1


@pytest.mark.rule(
    "nextToken is one that the list has given", page=API + "API_ListJobRuns.html", group="emr"
)
def test_a_token_of_another_list_is_refused(service: Service) -> None:
    application = service.create()

    with pytest.raises(ClientError) as error:
        service.client().list_job_runs(applicationId=application, nextToken="bm9uZQ==")

    assert code_of(error) == "ValidationException"


@pytest.mark.rule(
    "A job run that has ended cannot be cancelled",
    page=API + "API_CancelJobRun.html",
    group="emr",
)
def test_a_running_job_run_is_cancelled_and_an_ended_one_is_not(
    service: Service, fifo: Path
) -> None:
    application = service.create()
    run_id = service.start(application, f"wait={fifo}")
    service.wait(application, run_id, "RUNNING")
    names = {"applicationId": application, "jobRunId": run_id}

    answer = service.client().cancel_job_run(**names)
    run = service.wait(application, run_id)
    with pytest.raises(ClientError) as error:
        service.client().cancel_job_run(**names)

    assert answer["jobRunId"] == run_id
    assert run["state"] == "CANCELLED"
    assert code_of(error) == "ValidationException"


@pytest.mark.rule(
    "The grace period of a cancellation is 0 or 15 to 1,800 seconds",
    page="emr/latest/EMR-Serverless-UserGuide/job-cancellation-grace-period.html",
    group="emr",
)
@pytest.mark.parametrize("seconds", [14, 1801])
def test_a_grace_period_outside_its_range_is_refused(
    service: Service, fifo: Path, seconds: int
) -> None:
    application = service.create()
    run_id = service.start(application, f"wait={fifo}")
    service.wait(application, run_id, "RUNNING")
    names = {"applicationId": application, "jobRunId": run_id}

    with pytest.raises(ClientError) as error:
        service.client().cancel_job_run(**names, shutdownGracePeriodInSeconds=seconds)
    still = service.get(application, run_id)["state"]
    service.client().cancel_job_run(**names, shutdownGracePeriodInSeconds=15)

    assert code_of(error) == "ValidationException"
    assert still == "RUNNING"
    assert service.wait(application, run_id)["state"] == "CANCELLED"


def test_states_are_passed_in_the_order_of_the_service(service: Service, fifo: Path) -> None:
    application = service.create()
    run_id = service.start(application, f"wait={fifo}")

    seen: list[str] = []

    def has_run() -> bool:
        state = service.get(application, run_id)["state"]
        if state not in seen:
            seen.append(state)
        return state == "RUNNING"

    wait_until(has_run, "RUNNING")
    fifo.write_text("go\n")
    service.wait(application, run_id, "SUCCESS")

    order = ["SUBMITTED", "PENDING", "SCHEDULED", "RUNNING"]
    assert seen == [state for state in order if state in seen]
    assert service.get(application, run_id)["jobDriver"]["sparkSubmit"]["entryPoint"] == ENTRY_POINT
