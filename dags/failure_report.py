"""The report of a task that failed for good: an alert, and the reason for the ledger and people."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from conf import places
from conf.run_log import get_log, name_run
from conf.settings import Settings, load_own_settings
from dags.airflow_versions import TaskDeferralError
from dags.protocol.job_arguments import JOBS

if TYPE_CHECKING:
    from dags.systems.bucket import Bucket

MAX_REASON = 2000
SHOWN_FILES = 10
log = get_log(__name__)


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


def _files(bucket: "Bucket", run: str) -> str:
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
        client = connections.open_session(settings.region).client("emr-serverless")
        emr = EmrServerless(client, settings.emr_application)
        since = datetime.now(UTC) - timedelta(minutes=settings.lease_minutes)
        error = emr.explain_last(places.run_name(context["run_id"]), task_id, since) or error
    return str(error or "Airflow gave no reason")
