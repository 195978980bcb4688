"""Job runs as the API shows them."""

import math
from typing import Any

from localaws.emr_serverless.arns import caller_arn, job_run_arn
from localaws.emr_serverless.configuration import spark_properties
from localaws.emr_serverless.records import Attempt, JobRun
from localaws.emr_serverless.request_checks import DEFAULT_TIMEOUT_MINUTES
from localaws.emr_serverless.worker_sizes import read_workers
from localaws.endpoint.config import EndpointConfig

SHORTEST_BILL_SECONDS = 60
SECONDS_PER_HOUR = 3600
MANAGED_LOGS = "managedPersistenceMonitoringConfiguration"
COPIED = ("name", "jobDriver", "executionIamPolicy", "retryPolicy")


def show_common(config: EndpointConfig, run: JobRun, attempt: Attempt) -> dict[str, Any]:
    """Give what lists and single answers have in common."""
    return {
        "applicationId": run.application_id,
        "name": run.name,
        "mode": "BATCH",
        "arn": job_run_arn(config, run),
        "createdBy": caller_arn(config),
        "executionRole": run.request["executionRoleArn"],
        "state": attempt.state,
        "stateDetails": attempt.state_details,
        "releaseLabel": run.release,
        "attempt": attempt.number,
    }


def summarise(config: EndpointConfig, run: JobRun) -> dict[str, Any]:
    """Give the members of a list's item."""
    return show_common(config, run, run.attempt) | {
        "id": run.id,
        "type": "Spark",
        "createdAt": run.created_at,
        "updatedAt": run.attempt.updated_at,
        "attemptCreatedAt": run.attempt.created_at,
        "attemptUpdatedAt": run.attempt.updated_at,
    }


def summarise_attempt(config: EndpointConfig, run: JobRun, attempt: Attempt) -> dict[str, Any]:
    """Give the members of an item in the list of attempts."""
    return show_common(config, run, attempt) | {
        "id": run.id,
        "type": "Spark",
        "jobCreatedAt": run.created_at,
        "createdAt": attempt.created_at,
        "updatedAt": attempt.updated_at,
    }


def describe(config: EndpointConfig, run: JobRun, attempt: Attempt) -> dict[str, Any]:
    """Give all members of a job run, seen from an attempt."""
    copied = {name: run.request[name] for name in COPIED if name in run.request}
    copied["configurationOverrides"] = show_overrides(run.request.get("configurationOverrides", {}))
    times = {
        "createdAt": run.created_at,
        "updatedAt": run.attempt.updated_at,
        "attemptCreatedAt": attempt.created_at,
        "attemptUpdatedAt": attempt.updated_at,
        "startedAt": attempt.started_at,
        "endedAt": attempt.ended_at,
        "executionTimeoutMinutes": run.request.get(
            "executionTimeoutMinutes", DEFAULT_TIMEOUT_MINUTES
        ),
        "queuedDurationMilliseconds": int(run.queued_seconds * 1000),
    }
    common = show_common(config, run, attempt) | {"jobRunId": run.id, "tags": run.tags}
    return common | copied | times | measure(run)


def show_overrides(overrides: dict[str, Any]) -> dict[str, Any]:
    """Give a request's overrides with the default that the service adds to them.

    So what is shown is no request that its client token would take again.
    """
    monitoring = {MANAGED_LOGS: {"enabled": True}} | overrides.get("monitoringConfiguration", {})
    return overrides | {"monitoringConfiguration": monitoring}


def measure(run: JobRun) -> dict[str, Any]:
    """Give what an ended run took, in seconds rounded up; a worker's bill begins at a minute."""
    if not run.has_ended:
        return {}
    workers = read_workers(spark_properties(run.inherited, run.request, run.release))
    spans = [
        math.ceil(attempt.ended_at - attempt.started_at)
        for attempt in run.attempts
        if attempt.started_at is not None and attempt.ended_at is not None
    ]
    used = sum(spans) / SECONDS_PER_HOUR
    billed = sum(max(span, SHORTEST_BILL_SECONDS) for span in spans) / SECONDS_PER_HOUR
    size = workers.cores, workers.memory_gb
    return {
        "totalExecutionDurationSeconds": sum(spans),
        "totalResourceUtilization": hours(used, *size, workers.disk_gb),
        "billedResourceUtilization": hours(billed, *size, workers.billed_disk_gb),
    }


def hours(duration: float, cores: int, memory_gb: int, disk_gb: int) -> dict[str, float]:
    """Give a ResourceUtilization."""
    amounts = {"vCPUHour": cores, "memoryGBHour": memory_gb, "storageGBHour": disk_gb}
    return {name: round(amount * duration, 3) for name, amount in amounts.items()}
