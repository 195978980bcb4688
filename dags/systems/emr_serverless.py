"""EMR Serverless: what a job run is asked for, which token it gets, and which ones are ours."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from conf import places
from conf.run_log import get_log
from conf.settings import Settings

if TYPE_CHECKING:
    from types_boto3_emr_serverless import EMRServerlessClient, type_defs

LIVE = frozenset({"SUBMITTED", "PENDING", "SCHEDULED", "QUEUED", "RUNNING"})
TERMINATED = "TERMINATED"
STARTS = frozenset({"STARTING", "STARTED"})
PASSWORD_SETTING = "spark.kpi.jdbc.password"  # noqa: S105
MAX_NAME = 256
KILLED = "ExitCode: 137."

log = get_log(__name__)


class EmrError(Exception):
    """A job run cannot be had; the message is one line and says what to do."""


@dataclass(frozen=True)
class Attempt:
    """A job run to start: asked for twice, the service starts it once."""

    name: str
    token: str
    job_driver: "type_defs.JobDriverTypeDef"
    overrides: "type_defs.ConfigurationOverridesUnionTypeDef"
    output: str


@dataclass(frozen=True)
class Running:
    """A job run of an earlier try, waited for by its id.

    Nothing of it is sent again: the service adds to what it shows, and would refuse its token.
    """

    id: str
    name: str
    output: str
    overrides: "type_defs.ConfigurationOverridesUnionTypeDef"


@dataclass(frozen=True)
class Task:
    """Which task of which life of a run; `started` is before its first job run."""

    dag: str
    claim: str
    name: str
    started: datetime
    is_dry: bool = False  # what it rejects lies in its staging then, and goes with it

    @property
    def job_name(self) -> str:
        return f"{self.claim}/{self.name}"

    def token(self, attempt: int) -> str:
        """Give the client token of an attempt: the same for whoever asks for it."""
        text = "\n".join((self.dag, self.claim, self.name, str(attempt)))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class EmrServerless:
    """An application, by its name. `client` is boto3's of emr-serverless."""

    client: "EMRServerlessClient"
    application: str

    def application_id(self) -> str:
        """Find the application.

        Raises:
            EmrError: There is none of that name.
        """
        for page in self.client.get_paginator("list_applications").paginate():
            for found in page["applications"]:
                if found["name"] == self.application and found["state"] != TERMINATED:
                    return str(found["id"])
        raise EmrError(
            f"there is no EMR Serverless application {self.application}: run `make up`, or deploy"
        )

    def application_state(self, application_id: str) -> str:
        """Read the state of the application."""
        return self.client.get_application(applicationId=application_id)["application"]["state"]

    def start_application(self, application_id: str) -> None:
        """Start the application; one that another task has started meanwhile is no error."""
        from botocore.exceptions import ClientError

        try:
            self.client.start_application(applicationId=application_id)
        except ClientError:
            if self.application_state(application_id) not in STARTS:
                raise

    def job_runs(
        self, application_id: str, since: datetime
    ) -> Iterator["type_defs.JobRunSummaryTypeDef"]:
        """List the job runs made since an instant: id, name, state, createdAt."""
        # The clocks of the worker and of the service may differ.
        pages = self.client.get_paginator("list_job_runs").paginate(
            applicationId=application_id, createdAtAfter=since - timedelta(hours=1)
        )
        for page in pages:
            yield from page["jobRuns"]

    def describe(self, application_id: str, job_run_id: str) -> "type_defs.JobRunTypeDef":
        return self.client.get_job_run(applicationId=application_id, jobRunId=job_run_id)["jobRun"]

    def cancel_orphans(self, application_id: str, runs: Mapping[str, str]) -> None:
        """Cancel live job runs, names by id, that nobody waits for; one that ended is no error."""
        from botocore.exceptions import ClientError

        for run_id, name in runs.items():
            log.warning("cancelling job run %s (%s): nobody waits for it", run_id, name)
            try:
                self.client.cancel_job_run(applicationId=application_id, jobRunId=run_id)
            except ClientError as error:
                log.info("job run %s was not cancelled: %s", run_id, error)

    def explain_last(self, run: str, task: str, since: datetime) -> str | None:
        """Say how the last job run of a task ended that did not succeed, of whatever life."""
        application_id = self.application_id()
        ours = [
            found
            for found in self.job_runs(application_id, since)
            if found.get("name", "").startswith(f"{run}-")
            and found["name"].endswith(f"/{task}")
            and found["state"] != "SUCCESS"
        ]
        last = max(ours, key=lambda found: found["createdAt"], default=None)
        return explain_failure(self.describe(application_id, last["id"])) if last else None

    def choose_attempt(
        self,
        application_id: str,
        task: Task,
        settings: Settings,
        bucket: str,
        arguments: Sequence[str],
        properties: Mapping[str, str],
    ) -> Attempt | Running:
        """Choose what a task's try is to wait for.

        A live job run of this claim and task is; those of this run's other claims are cancelled.
        Else attempt 1 + those that ended is started: the service gives one job run per token.
        """
        # Those of the run's earlier lives are as old as a lease at most.
        since = task.started - timedelta(minutes=settings.lease_minutes)
        runs = list(self.job_runs(application_id, since))
        run = task.claim.rpartition("-")[0]
        is_ours = [found for found in runs if found.get("name", "").startswith(f"{run}-")]
        live = {found["id"]: found["name"] for found in is_ours if found["state"] in LIVE}
        orphans = {id_: name for id_, name in live.items() if not name.startswith(f"{task.claim}/")}
        self.cancel_orphans(application_id, orphans)
        same_task = [found for found in is_ours if found["name"] == task.job_name]
        for found in same_task:
            if found["state"] in LIVE:
                log.info("waiting for job run %s of an earlier try", found["id"])
                return self._running(application_id, found["id"])
        return build_attempt(task, 1 + len(same_task), settings, bucket, arguments, properties)

    def _running(self, application_id: str, job_run_id: str) -> Running:
        found = self.describe(application_id, job_run_id)
        shown = found.get("configurationOverrides", {})
        return Running(job_run_id, found["name"], output_of(found), shown)


def build_attempt(
    task: Task,
    number: int,
    settings: Settings,
    bucket: str,
    arguments: Sequence[str],
    properties: Mapping[str, str],
) -> Attempt:
    """Build the request of an attempt, which writes a folder of its own.

    No secret is in it: the password is a reference that the service resolves at the job's start.
    """
    output = f"s3://{bucket}/{places.attempt_folder(task.claim, task.name, number)}"
    artifacts = settings.artifacts_prefix
    own = ["--output", output]
    if task.name == "validate_data":
        quarantine = places.quarantine_folder(task.claim, number, is_dry=task.is_dry)
        own += ["--quarantine", f"s3://{bucket}/{quarantine}"]
    driver: type_defs.JobDriverTypeDef = {
        "sparkSubmit": {
            "entryPoint": f"s3://{bucket}/{places.job_key(artifacts, task.name)}",
            "entryPointArguments": [*arguments, *own],
            "sparkSubmitParameters": f"--py-files s3://{bucket}/{places.package_key(artifacts)}",
        }
    }
    log_uri = f"s3://{bucket}/{places.log_folder(task.claim)}/"
    spark = dict(properties)
    overrides: type_defs.ConfigurationOverridesTypeDef = {
        "applicationConfiguration": [{"classification": "spark-defaults", "properties": spark}],
        "monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": log_uri}},
    }
    return Attempt(task.job_name[:MAX_NAME], task.token(number), driver, overrides, output)


def jdbc_properties(settings: Settings, bucket: str) -> dict[str, str]:
    """Give the Spark settings of the job that reads RDS: the driver, and where the password is."""
    jar = places.jar_key(settings.artifacts_prefix, settings.jdbc_jar)
    properties = {
        "spark.jars": f"s3://{bucket}/{jar}",
        PASSWORD_SETTING: f"EMR.secret@{settings.jdbc_password_secret}",
    }
    if settings.certificate:
        # Driver and executors both find an archive's folder; of a bare file that is not documented.
        archive = places.certificates_key(settings.artifacts_prefix)
        properties["spark.archives"] = f"s3://{bucket}/{archive}#{places.CERTIFICATES}"
    return properties


def output_of(job_run: "type_defs.JobRunTypeDef") -> str:
    """Give the folder that a job run writes, from its own arguments."""
    arguments = job_run["jobDriver"]["sparkSubmit"]["entryPointArguments"]
    return str(arguments[arguments.index("--output") + 1])


def explain_failure(job_run: "type_defs.JobRunTypeDef") -> str:
    """Say why a job run failed and where its log lies."""
    monitoring = job_run.get("configurationOverrides", {}).get("monitoringConfiguration", {})
    folder = monitoring.get("s3MonitoringConfiguration", {}).get("logUri", "its log folder ")
    run_id, state = job_run["jobRunId"], job_run["state"]
    its_log = f"its log: {folder}applications/{job_run['applicationId']}/jobs/{run_id}/"
    if state in LIVE:
        return f"job run {run_id} had not ended in time ({state}); {its_log}"
    details = " ".join(str(job_run.get("stateDetails", "")).split()) or "no reason was given"
    if KILLED in details:
        is_metadata = str(job_run.get("name", "")).endswith("/extract_metadata")
        key = "metadata_memory" if is_metadata else "driver_memory"
        details += f" (its driver was killed, perhaps since memory ran out: raise {key})"
    return f"job run {run_id} ended {state}: {details}; {its_log}"
