"""The operator of the Spark jobs: idempotent submission, re-attachment, and reasons in the log."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.amazon.aws.links.emr import EmrServerlessS3LogsLink
from airflow.providers.amazon.aws.operators.emr import EmrServerlessStartJobOperator
from airflow.providers.amazon.aws.triggers.emr import EmrServerlessStartJobTrigger
from airflow.providers.amazon.aws.utils.waiter_with_logging import wait

from conf.run_log import name_run
from conf.settings import Settings
from dags.airflow_versions import AirflowException, AirflowFailException
from dags.protocol.errors import FinalError
from dags.protocol.job_arguments import build_arguments, build_properties
from dags.protocol.params import read_params
from dags.systems import connections
from dags.systems.emr_serverless import (
    LIVE,
    Attempt,
    EmrServerless,
    Running,
    Task,
    explain_failure,
    output_of,
)

SPARE_WAITS = 20  # beyond the job's own timeout, so that the service ends it first


class SparkJobOperator(EmrServerlessStartJobOperator):
    """Run the job of this task's name for the run's claim, and give the URI that it wrote.

    Each try writes an attempt folder of its own. A try that finds a live job run of this claim
    waits for it by its id and submits nothing; live job runs of the run's dead lives are cancelled.
    """

    # Nothing is rendered: all is built from the claim when the task runs.
    template_fields = ()
    # The others are never filled, and Airflow 3 logs an error for each.
    operator_extra_links = (EmrServerlessS3LogsLink(),)  # type: ignore[assignment]

    def __init__(self, *, settings: Settings, upstream_jobs: tuple[str, ...] = (), **kwargs: Any):
        waits = settings.job_timeout_minutes * 60 // settings.poll_seconds + SPARE_WAITS
        super().__init__(
            application_id="",
            execution_role_arn=settings.job_role,
            job_driver={},
            config={"executionTimeoutMinutes": settings.job_timeout_minutes},
            waiter_delay=settings.poll_seconds,
            waiter_max_attempts=waits,
            deferrable=settings.is_deferrable,
            aws_conn_id=None,  # the worker's own role
            **kwargs,
        )
        self.settings = settings
        self.upstream_jobs = upstream_jobs

    def execute(self, context: Any, event: dict[str, Any] | None = None) -> str:
        """Submit the job, or find the one that runs, and wait for it, deferred or here."""
        name_run(context["run_id"])
        emr = EmrServerless(self.hook.conn, self.settings.emr_application)
        self.application_id = emr.application_id()
        attempt = self.choose_attempt(context, emr)
        self.name, self.configuration_overrides = attempt.name, dict(attempt.overrides)
        self.log.info("%s writes %s", attempt.name, attempt.output)
        try:
            if isinstance(attempt, Running):
                self._wait_for(attempt, context)
            else:
                self._start_application(emr)
                self.client_request_token = attempt.token
                self.job_driver = dict(attempt.job_driver)
                super().execute(context, event)
        except AirflowException as error:
            # Its deferral is another exception, and passes.
            if self.job_id is None:
                raise
            raise AirflowException(self._explain(emr, self.job_id)) from error
        return attempt.output

    def execute_complete(  # type: ignore[override]
        self, context: Any, event: dict[str, Any] | None = None
    ) -> str:
        """Give the job's output, or say why it failed; it is cancelled where it still runs."""
        name_run(context["run_id"])
        emr = EmrServerless(self.hook.conn, self.settings.emr_application)
        self.application_id = emr.application_id()
        job_run_id = self._job_run_id(context, emr, event or {})
        found = emr.describe(self.application_id, job_run_id)
        if found["state"] == "SUCCESS":
            return output_of(found)
        raise AirflowException(self._explain(emr, job_run_id))

    def choose_attempt(self, context: Any, emr: EmrServerless) -> Attempt | Running:
        """Choose what this try submits: what the claim, the jobs before and the settings say."""
        pull = context["ti"].xcom_pull
        settings, task = self.settings, self._task(context)
        try:
            params = read_params(context["params"])
        except FinalError as error:
            raise AirflowFailException(str(error)) from error
        arguments = build_arguments(
            self.task_id,
            settings,
            task.claim,
            outputs={job: pull(task_ids=job) for job in self.upstream_jobs},
            max_rejected_share=params.max_rejected_share,
            metadata_connection=connections.read_connection(settings.metadata_connection)
            if self.task_id == "extract_metadata"
            else None,
        )
        # A claim of before it was said is taken for a large one.
        is_small = bool(pull(task_ids="extract_streaming").get("is_small"))
        properties = build_properties(self.task_id, settings, is_small=is_small)
        return emr.choose_attempt(
            self.application_id, task, settings, settings.data_bucket, arguments, properties
        )

    def _task(self, context: Any) -> Task:
        claim: Mapping[str, Any] = context["ti"].xcom_pull(task_ids="extract_streaming")
        started = datetime.fromisoformat(claim["run_time"])
        is_dry = bool(context["params"].get("dry_run"))
        return Task(self.dag_id, claim["claim"], self.task_id, started, is_dry)

    def _job_run_id(self, context: Any, emr: EmrServerless, event: Mapping[str, Any]) -> str:
        """Give the job run of an event; a failed one of 3.3 does not name it."""
        details = event.get("job_details") or {}
        if details.get("job_id"):
            return str(details["job_id"])
        task = self._task(context)
        runs = emr.job_runs(self.application_id, task.started)
        ours = [found for found in runs if found.get("name") == task.job_name]
        if not ours:
            raise AirflowException(f"no job run {task.job_name} was found")
        return str(max(ours, key=lambda found: found["createdAt"])["id"])

    def _explain(self, emr: EmrServerless, job_run_id: str) -> str:
        """Say why a job run failed; one that still runs is cancelled."""
        found = emr.describe(self.application_id, job_run_id)
        if found["state"] in LIVE:
            emr.cancel_orphans(self.application_id, {job_run_id: found["name"]})
        return explain_failure(found)

    def _start_application(self, emr: EmrServerless) -> None:
        """Start an application that is stopped; the service refuses it while it is stopping.

        A new one is started by its first job run.
        """
        state = emr.application_state(self.application_id)
        if state in ("CREATED", "STARTED"):
            return
        if state == "STOPPING":
            self._wait("serverless_app_stopped", "application", applicationId=self.application_id)
        if state != "STARTING":
            emr.start_application(self.application_id)
        self._wait("serverless_app_started", "application", applicationId=self.application_id)

    def _wait_for(self, running: Running, context: Any) -> None:
        """Wait for a job run that an earlier try started, as for one's own."""
        self.job_id = running.id
        self.persist_links(context)
        if self.deferrable:
            trigger = EmrServerlessStartJobTrigger(
                application_id=self.application_id,
                job_id=running.id,
                waiter_delay=self.waiter_delay,
                waiter_max_attempts=self.waiter_max_attempts,
                aws_conn_id=self.aws_conn_id,
            )
            longest = timedelta(seconds=self.waiter_max_attempts * self.waiter_delay)
            self.defer(trigger=trigger, method_name="execute_complete", timeout=longest)
        ids = {"applicationId": self.application_id, "jobRunId": running.id}
        self._wait("serverless_job_completed", "jobRun", **ids)

    def _wait(self, waiter: str, subject: str, **ids: str) -> None:
        wait(
            waiter=self.hook.get_waiter(waiter),
            waiter_delay=self.waiter_delay,
            waiter_max_attempts=self.waiter_max_attempts,
            args=ids,
            failure_message=f"{waiter} of {ids} was not reached",
            status_message=f"{subject} is",
            status_args=[f"{subject}.state", f"{subject}.stateDetails"],
        )
