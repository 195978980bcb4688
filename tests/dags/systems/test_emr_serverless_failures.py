"""Why a job run failed is one line, with the place of its log."""

from datetime import timedelta
from typing import Any

import pytest

from dags.systems.emr_serverless import EmrServerless, explain_failure
from tests.dags.scripted_emr import CLAIM, DEAD, STARTED, STRANGER, Service, a_job_run

RUN = "daily-0123abcd"


def test_a_failure_is_one_line_with_its_reason_and_where_its_log_lies() -> None:
    overrides = {
        "monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://b/logs/"}}
    }
    job_run = {
        "applicationId": "a1",
        "jobRunId": "j1",
        "state": "FAILED",
        "stateDetails": "Job failed:\n  exit code 1",
        "configurationOverrides": overrides,
    }

    told = explain_failure(job_run)

    place = "s3://b/logs/applications/a1/jobs/j1/"
    assert told == f"job run j1 ended FAILED: Job failed: exit code 1; its log: {place}"


def test_a_failure_without_a_reason_or_a_log_is_told_as_one() -> None:
    told = explain_failure({"applicationId": "a1", "jobRunId": "j1", "state": "CANCELLED"})

    place = "its log folder applications/a1/jobs/j1/"
    assert told == f"job run j1 ended CANCELLED: no reason was given; its log: {place}"


def explain_last(*runs: dict[str, Any]) -> str | None:
    service = Service(*runs, applications=(("music-streaming", "STARTED"),))
    emr = EmrServerless(service, "music-streaming")
    return emr.explain_last(RUN, "validate_data", STARTED + timedelta(hours=5))


def test_the_last_job_run_of_a_task_is_explained_whatever_life_it_was_of() -> None:
    told = explain_last(
        a_job_run(2, "FAILED"),
        a_job_run(3, "CANCELLED", f"{DEAD}/validate_data"),
        a_job_run(1, "FAILED"),
        a_job_run(4, "FAILED", f"{CLAIM}/transform_kpis"),
        a_job_run(5, "FAILED", f"{STRANGER}/validate_data"),
        {"id": "id-6", "state": "FAILED", "createdAt": STARTED + timedelta(hours=1)},
    )

    place = "its log folder applications/app-0/jobs/id-3/"
    assert told == f"job run id-3 ended CANCELLED: why of id-3; its log: {place}"


@pytest.mark.parametrize("runs", [(), (a_job_run(1, "FAILED", f"{STRANGER}/validate_data"),)])
def test_a_task_without_a_job_run_has_nothing_to_explain(runs: tuple[dict[str, Any], ...]) -> None:
    assert explain_last(*runs) is None


@pytest.mark.parametrize(
    ("task", "key"), [("validate_data", "driver_memory"), ("extract_metadata", "metadata_memory")]
)
def test_a_driver_that_was_killed_is_told_as_killed(task: str, key: str) -> None:
    details = "Job failed. ExitCode: 137. Last few exceptions: none"
    run = {"applicationId": "a", "jobRunId": "j", "name": f"{CLAIM}/{task}", "state": "FAILED"}

    told = explain_failure(run | {"stateDetails": details})

    assert "ExitCode: 137. Last few exceptions: none (its driver was killed, perhaps since" in told
    assert f"raise {key}); its log: " in told
