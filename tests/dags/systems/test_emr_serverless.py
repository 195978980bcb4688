"""Which job run a task's try starts, attaches to, or cancels; the service scripted."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conf.settings import load_settings
from dags.systems.emr_serverless import (
    Attempt,
    EmrError,
    EmrServerless,
    Running,
    Task,
    build_attempt,
    jdbc_properties,
    output_of,
)
from tests.dags.scripted_emr import CLAIM, DEAD, FOLDER, STARTED, STRANGER, Service, a_job_run

SETTINGS = load_settings("local")
TASK = Task("music_streaming_etl", CLAIM, "validate_data", STARTED)
ENDED_BEFORE = ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "Cancel")


def look(service: Service, task: Task = TASK) -> Attempt | Running:
    emr = EmrServerless(service, "music-streaming")
    return emr.choose_attempt(
        "app-1", task, SETTINGS, "a-bucket", ["--claim", "c"], {"spark.x": "1"}
    )


def choose(service: Service) -> Attempt:
    chosen = look(service)
    assert isinstance(chosen, Attempt)
    return chosen


@pytest.mark.parametrize(
    "applications", [(), (("music-streaming", "TERMINATED"),), (("m", "STARTED"),)]
)
def test_an_application_that_is_not_there_is_told(applications: Any) -> None:
    service = Service(applications=applications)

    with pytest.raises(
        EmrError, match="no EMR Serverless application music-streaming: run `make up`"
    ):
        EmrServerless(service, "music-streaming").application_id()


def test_an_application_is_found_by_its_name_beside_a_terminated_one() -> None:
    names = (
        ("other", "STARTED"),
        ("music-streaming", "TERMINATED"),
        ("music-streaming", "STOPPED"),
    )

    found = EmrServerless(Service(applications=names), "music-streaming").application_id()

    assert found == "app-2"


def test_the_first_try_writes_the_first_attempt_folder() -> None:
    service = Service()

    attempt = choose(service)

    assert attempt.output == f"{FOLDER}/attempt=1"
    assert attempt.token == TASK.token(1)
    assert service.asked == [
        {"applicationId": "app-1", "createdAtAfter": STARTED - timedelta(hours=9)}
    ]


def test_each_job_run_that_ended_makes_the_next_attempts_number() -> None:
    service = Service(a_job_run(3, "CANCELLED"), a_job_run(2, "SUCCESS"), a_job_run(1, "FAILED"))

    attempt = choose(service)

    assert (attempt.output, attempt.token) == (f"{FOLDER}/attempt=4", TASK.token(4))
    assert service.cancelled == []


def test_a_job_run_that_is_being_cancelled_counts_as_one_that_ended() -> None:
    assert choose(Service(a_job_run(1, "CANCELLING"))).output == f"{FOLDER}/attempt=2"


@pytest.mark.parametrize("state", ["SUBMITTED", "PENDING", "SCHEDULED", "QUEUED", "RUNNING"])
def test_a_live_job_run_of_this_claim_is_waited_for_by_its_id(state: str) -> None:
    service = Service(a_job_run(3, state), a_job_run(2, "FAILED"), a_job_run(1, "FAILED"))

    found = look(service)

    monitoring = {"managedPersistenceMonitoringConfiguration": {"enabled": True}}
    assert found == Running(
        "id-3",
        f"{CLAIM}/validate_data",
        f"{FOLDER}/attempt=3",
        {"monitoringConfiguration": monitoring},
    )
    assert service.cancelled == []


def test_live_job_runs_of_the_runs_dead_lives_are_cancelled_and_no_others() -> None:
    service = Service(
        a_job_run(1, "RUNNING", f"{DEAD}/validate_data"),
        a_job_run(2, "PENDING", f"{DEAD}/extract_metadata"),
        a_job_run(3, "SUCCESS", f"{DEAD}/validate_data"),
        a_job_run(4, "RUNNING", f"{STRANGER}/validate_data"),
        a_job_run(5, "RUNNING", f"{CLAIM}/extract_metadata"),
        {"id": "id-6", "state": "RUNNING", "createdAt": STARTED},
    )

    attempt = choose(service)

    assert service.cancelled == ["id-1", "id-2"]
    assert attempt.output == f"{FOLDER}/attempt=1"


def test_a_dead_life_whose_job_run_has_just_ended_is_no_error() -> None:
    service = Service(a_job_run(1, "RUNNING", f"{DEAD}/validate_data"))
    service.cancel_error = ENDED_BEFORE

    assert choose(service).output == f"{FOLDER}/attempt=1"


def test_the_same_try_asked_twice_is_the_same_request() -> None:
    assert choose(Service()) == choose(Service())


def test_no_two_attempts_share_a_token() -> None:
    tasks = [
        TASK,
        Task("other_dag", CLAIM, "validate_data", STARTED),
        Task(TASK.dag, DEAD, "validate_data", STARTED),
        Task(TASK.dag, CLAIM, "transform_kpis", STARTED),
    ]

    tokens = {task.token(number) for task in tasks for number in (1, 2, 12)}

    assert len(tokens) == 12
    assert {len(token) for token in tokens} == {64}


def test_an_attempt_names_the_jobs_files_its_own_folders_and_its_settings() -> None:
    attempt = build_attempt(TASK, 2, SETTINGS, "a-bucket", ["--claim", "c"], {"spark.x": "1"})

    quarantine = f"s3://a-bucket/quarantine/claim={CLAIM}/attempt=2"
    own = ["--output", f"{FOLDER}/attempt=2", "--quarantine", quarantine]
    assert attempt.name == f"{CLAIM}/validate_data"
    assert attempt.job_driver == {
        "sparkSubmit": {
            "entryPoint": "s3://a-bucket/artifacts/jobs/validate_data.py",
            "entryPointArguments": ["--claim", "c", *own],
            "sparkSubmitParameters": "--py-files s3://a-bucket/artifacts/spark_jobs.zip",
        }
    }
    (configuration,) = attempt.overrides["applicationConfiguration"]
    assert configuration["classification"] == "spark-defaults"
    assert configuration["properties"] == {"spark.x": "1"}
    logs = attempt.overrides["monitoringConfiguration"]["s3MonitoringConfiguration"]
    assert logs == {"logUri": f"s3://a-bucket/logs/claim={CLAIM}/"}


def test_only_the_job_that_rejects_lines_gets_a_quarantine_folder() -> None:
    task = Task(TASK.dag, CLAIM, "transform_kpis", STARTED)

    attempt = build_attempt(task, 1, SETTINGS, "a-bucket", [], {})

    output = f"s3://a-bucket/staging/claim={CLAIM}/transform_kpis/attempt=1"
    assert attempt.job_driver["sparkSubmit"]["entryPointArguments"] == ["--output", output]
    assert output_of({"jobDriver": attempt.job_driver}) == output


def test_the_password_is_a_reference_that_the_service_resolves() -> None:
    assert jdbc_properties(SETTINGS, "a-bucket") == {
        "spark.jars": "s3://a-bucket/artifacts/jars/postgresql-42.7.14.jar",
        "spark.kpi.jdbc.password": "EMR.secret@music-streaming/metadata-reader-password",
    }
