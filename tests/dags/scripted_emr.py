"""EMR Serverless as boto3 shows it: the job runs that there are, and what was asked of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

STARTED = datetime(2024, 7, 1, 2, tzinfo=UTC)
CLAIM, DEAD, STRANGER = (
    "daily-0123abcd-aaaaaaaa",
    "daily-0123abcd-bbbbbbbb",
    "other-9876fedc-cccccccc",
)
FOLDER = f"s3://a-bucket/staging/claim={CLAIM}/validate_data"


def a_job_run(number: int, state: str, name: str = f"{CLAIM}/validate_data") -> dict[str, Any]:
    return {
        "id": f"id-{number}",
        "name": name,
        "state": state,
        "createdAt": STARTED + timedelta(minutes=number),
    }


class Service:
    """EMR Serverless as boto3 shows it: one job run a page, the newest first."""

    def __init__(self, *runs: dict[str, Any], applications: tuple[tuple[str, str], ...] = ()):
        self.runs, self.applications = runs, applications
        self.cancelled: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.cancel_error: ClientError | None = None

    def get_paginator(self, name: str) -> Any:
        service = self

        class Pages:
            def paginate(self, **request: Any) -> Any:
                service.asked.append(request)
                if name == "list_job_runs":
                    return ({"jobRuns": [run]} for run in service.runs)
                return (
                    {"applications": [{"id": f"app-{at}", "name": name, "state": state}]}
                    for at, (name, state) in enumerate(service.applications)
                )

        return Pages()

    def get_job_run(self, applicationId: str, jobRunId: str) -> dict[str, Any]:  # noqa: N803
        arguments = ["--claim", "c", "--output", f"{FOLDER}/attempt=3", "--quarantine", "q"]
        driver = {"sparkSubmit": {"entryPoint": "e", "entryPointArguments": arguments}}
        (run,) = [run for run in self.runs if run["id"] == jobRunId]
        found = {"applicationId": applicationId, "jobRunId": jobRunId}
        found |= {name: run.get(name) for name in ("name", "state")}
        # What the service adds to a request without overrides.
        monitoring = {"managedPersistenceMonitoringConfiguration": {"enabled": True}}
        overrides = {"monitoringConfiguration": monitoring}
        details = {"stateDetails": f"why of {jobRunId}", "configurationOverrides": overrides}
        return {"jobRun": found | {"jobDriver": driver} | details}

    def cancel_job_run(self, applicationId: str, jobRunId: str) -> None:  # noqa: N803
        if self.cancel_error:
            raise self.cancel_error
        self.cancelled.append(jobRunId)
