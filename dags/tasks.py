"""The workers' tasks: what Airflow hands over goes to a step, and its errors become Airflow's."""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from conf import places
from conf.run_log import get_log, name_run
from conf.settings import Settings, SettingsError, load_own_settings
from dags.airflow_versions import (
    AirflowFailException,
    AirflowSkipException,
    TaskDeferralError,
    get_current_context,
    task,
)
from dags.protocol.job_arguments import JOBS

MAX_REASON = 2000
SHOWN_FILES = 10
log = get_log(__name__)


@task
def load_metadata_to_rds() -> dict[str, Any]:
    from dags.steps import load_metadata_to_rds as step

    with _step() as (pipeline, run_id, params):
        return step.run(pipeline, run_id, params)


@task
def extract_streaming() -> dict[str, Any]:
    from dags.steps import extract_streaming as step

    with _step() as (pipeline, run_id, params):
        claim = step.run(pipeline, run_id, params)
    if claim is None:
        raise AirflowSkipException("nothing to do")
    return claim


@task
def load_redshift() -> str:
    from dags.steps import load_redshift as step

    pull = get_current_context()["ti"].xcom_pull
    with _step() as (pipeline, _, _params):
        claim = pull(task_ids="extract_streaming")["claim"]
        plan_key = step.run(pipeline, claim, {job: pull(task_ids=job) for job in JOBS})
    if plan_key is None:
        raise AirflowSkipException("a dry run ends here")
    return plan_key


@task
def publish_lake(plan_key: str) -> str:
    from dags.steps import publish_lake as step

    with _step() as (pipeline, _, _params):
        step.run(pipeline, plan_key)
    return plan_key


@task
def mark_processed(plan_key: str) -> None:
    from dags.steps import mark_processed as step

    with _step() as (pipeline, _, _params):
        step.run(pipeline, plan_key)


@task
def release_claims() -> int:
    from dags.steps import release_claims as step

    with _step() as (pipeline, run_id, _):
        return step.run(pipeline, run_id)


def report_failure(context: Any) -> None:
    """Tell of a task that failed for good: an alert, and the reason for the ledger and people.

    Whatever goes wrong here is only logged: the task has failed anyhow.
    """
    try:
        _report_failure(context)
    except Exception:
        log.exception("the failure could not be reported")


def _report_failure(context: Any) -> None:
    from dags.protocol.pipeline import open_alerts, open_bucket

    run_id, task_id = context["run_id"], context["ti"].task_id
    name_run(run_id)
    settings = load_own_settings()
    bucket, name = open_bucket(settings), places.run_name(run_id)
    reason = _first_line(lambda: _reason(context, settings))
    files = _first_line(lambda: _files(bucket, name))
    content = json.dumps({"run": run_id, "task": task_id, "reason": reason, "files": files})
    open_alerts(settings).send(
        f"music_streaming_etl: {task_id} failed",
        f"run {run_id}, task {task_id}, failed: {reason}\nFiles: {files}\nThe task's log has the "
        "rest; the next run takes these files. docs/troubleshooting.md says what a reason means.",
    )
    bucket.put(places.failure_key(name), content.encode())


def _first_line(find: Callable[[], str]) -> str:
    """Give what is found out, in one line; an alert goes out though it cannot be found out."""
    try:
        found = find()
    except Exception as error:  # noqa: BLE001
        log.warning("it could not be found out: %s", error)
        found = f"not known ({type(error).__name__})"
    return " ".join(found.split())[:MAX_REASON]


def _files(bucket: Any, run: str) -> str:
    """Name the first files that the run had before it."""
    from dags.protocol.wanted import read_wanted

    keys = list(dict.fromkeys(read_wanted(bucket, places.claims_prefix(run))))
    return f"{len(keys)}: {', '.join(keys[:SHOWN_FILES])}" if keys else "none were claimed"


def _reason(context: Any, settings: Settings) -> str:
    """Give why a task failed.

    Where Airflow ended the task itself, or 2.9.2 its deferral, the error is none or says nothing;
    of a job the service knows one.
    """
    from dags.systems import connections
    from dags.systems.emr_serverless import EmrServerless

    error, task_id = context.get("exception"), context["ti"].task_id
    if task_id in JOBS and (not error or isinstance(error, TaskDeferralError)):
        client = connections.make_client("emr-serverless", settings.region)
        emr = EmrServerless(client, settings.emr_application)
        since = datetime.now(UTC) - timedelta(minutes=settings.lease_minutes)
        error = emr.explain_last(places.run_name(context["run_id"]), task_id, since) or error
    return str(error or "Airflow gave no reason")


@contextlib.contextmanager
def _step() -> Iterator[tuple[Any, str, Any]]:
    """Give a step its systems, the run's id and its parameters.

    An error that no retry would heal fails the task at once.
    """
    from dags.protocol.errors import FinalError
    from dags.protocol.params import read_params
    from dags.protocol.pipeline import open_pipeline
    from dags.systems.connections import MissingFieldError

    context = get_current_context()
    name_run(context["run_id"])
    try:
        params = read_params(context["params"])
        yield open_pipeline(load_own_settings()), context["run_id"], params
    except (FinalError, SettingsError, MissingFieldError) as error:
        raise AirflowFailException(str(error)) from error
