"""The operations on job runs."""

from datetime import datetime
from typing import Any

from localaws.emr_serverless.applications import Applications, require
from localaws.emr_serverless.arns import job_run_arn
from localaws.emr_serverless.job_run_views import describe, summarise, summarise_attempt
from localaws.emr_serverless.pages import cut_page
from localaws.emr_serverless.records import (
    INHERITED,
    WAITING,
    Application,
    Attempt,
    JobRun,
    fingerprint,
    new_id,
)
from localaws.emr_serverless.request_checks import (
    check_grace_period,
    check_start,
    refuse,
)
from localaws.emr_serverless.runner import Runner
from localaws.emr_serverless.scheduler import Scheduler
from localaws.emr_serverless.store import Store
from localaws.endpoint.config import EndpointConfig
from localaws.endpoint.service import ServiceError

ACCEPTING = ("STARTED", "STARTING")
ACCEPTING_WITH_AUTO_START = ("STARTED", "STARTING", "CREATED", "STOPPED")


class JobRuns:
    """Job runs, as the API shows and changes them."""

    def __init__(
        self,
        config: EndpointConfig,
        store: Store,
        applications: Applications,
        *,
        scheduler: Scheduler,
        runner: Runner,
    ) -> None:
        self._config = config
        self._store = store
        self._applications = applications
        self._scheduler = scheduler
        self._runner = runner

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """StartJobRun: one client token starts one job run, however it ended."""
        application = self._applications.find(request["applicationId"])
        known = self._store.job_run_of_token(request["clientToken"])
        if known is None:
            check_start(application, request)
            with self._store.changing_application(application.id) as started:
                is_automatic = started.settings.get("autoStartConfiguration", {}).get(
                    "enabled", True
                )
                accepting = ACCEPTING_WITH_AUTO_START if is_automatic else ACCEPTING
                require(started, accepting, "able to run jobs")
                if started.state not in ACCEPTING:
                    started.move("STARTING")
                known = self._add(request, started)
        if known.fingerprint != fingerprint(request):
            raise ServiceError(
                "ConflictException",
                f"Client token {request['clientToken']} was used with other parameters.",
            )
        self._scheduler.wake()
        place = {"applicationId": known.application_id, "jobRunId": known.id}
        return place | {"arn": job_run_arn(self._config, known)}

    def _add(self, request: dict[str, Any], application: Application) -> JobRun:
        run = JobRun(
            id=new_id(),
            application_id=request["applicationId"],
            client_token=request["clientToken"],
            fingerprint=fingerprint(request),
            request=request,
            release=application.release,
            inherited={
                name: application.settings[name]
                for name in INHERITED
                if name in application.settings
            },
            tags=request.get("tags", {}),
            created_at=0.0,
        )
        run.begin_attempt()
        run.created_at = run.attempt.created_at
        return self._store.add_job_run(run)

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetJobRun: the last attempt, or the one that is asked for."""
        run = self.find(request)
        attempt = self.find_attempt(run, request.get("attempt"))
        return {"jobRun": describe(self._config, run, attempt)}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListJobRuns: the newest first, those that the filters leave."""
        self._applications.find(request["applicationId"])
        after = read_instant(request.get("createdAtAfter"))
        before = read_instant(request.get("createdAtBefore"))
        found = [
            run
            for run in self._store.job_runs(request["applicationId"])
            if (not request.get("states") or run.state in request["states"])
            and request.get("mode", "BATCH") == "BATCH"
            and (after is None or run.created_at > after)
            and (before is None or run.created_at < before)
        ]
        page, token = cut_page(found, request, lambda run: run.id)
        return {"jobRuns": [summarise(self._config, run) for run in page], "nextToken": token}

    def list_attempts(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListJobRunAttempts: the newest first."""
        run = self.find(request)
        newest_first = run.attempts[::-1]
        page, token = cut_page(newest_first, request, lambda attempt: str(attempt.number))
        return {
            "jobRunAttempts": [summarise_attempt(self._config, run, attempt) for attempt in page],
            "nextToken": token,
        }

    def cancel(self, request: dict[str, Any]) -> dict[str, Any]:
        """CancelJobRun: one that waits is CANCELLED at once, one that runs when it has ended."""
        self.find(request)
        grace = check_grace_period(request.get("shutdownGracePeriodInSeconds"))
        with self._store.changing_job_run(request["jobRunId"]) as run:
            if run.has_ended:
                raise refuse(f"Job run {run.id} has ended and cannot be cancelled: {run.state}")
            is_waiting = run.state in WAITING
            if is_waiting:
                run.move("CANCELLING")
                run.move("CANCELLED", "Job run was cancelled.")
            elif run.state != "CANCELLING":
                run.move("CANCELLING", "Job run was cancelled.")
        if not is_waiting:
            self._runner.cancel(run.id, grace)
        self._scheduler.wake()
        return {"applicationId": run.application_id, "jobRunId": run.id}

    def dashboard(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetDashboardForJobRun: a page of this endpoint."""
        run = self.find(request)
        attempt = self.find_attempt(run, request.get("attempt"))
        place = f"http://127.0.0.1:{self._config.port}/dashboard/{run.application_id}/{run.id}"
        return {"url": f"{place}?attempt={attempt.number}"}

    def find(self, request: dict[str, Any]) -> JobRun:
        """Find the job run of an application.

        Raises:
            ServiceError: ResourceNotFoundException.
        """
        self._applications.find(request["applicationId"])
        run = self._store.job_run(request["jobRunId"])
        if run is None or run.application_id != request["applicationId"]:
            raise ServiceError(
                "ResourceNotFoundException", f"Job run {request['jobRunId']} does not exist"
            )
        return run

    def find_attempt(self, run: JobRun, number: int | None) -> Attempt:
        """Find an attempt of a job run, the last where no number is given."""
        if number is None:
            return run.attempt
        if not 1 <= number <= len(run.attempts):
            raise ServiceError(
                "ResourceNotFoundException", f"Job run {run.id} has no attempt {number}"
            )
        return run.attempts[number - 1]


def read_instant(value: float | str | None) -> float | None:
    """Read a time of a request, as seconds."""
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else value
