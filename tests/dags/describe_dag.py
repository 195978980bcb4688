"""Describe the DAG as JSON, in whichever Airflow runs this: `python describe_dag.py DAG_FOLDER`.

Parses the folder as MWAA's dag processor does, with nothing of ours on the path beside it and with
the network shut; then asks each Spark task what it would submit, in the context of a manual run,
which in Airflow 3 has no date.
"""

import importlib.util
import json
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# What lies beside dags/ and conf/ in the repository, and not on MWAA.
NOT_DEPLOYED = ("commands", "localaws", "maintenance", "spark_jobs")
CLAIM = "manual-0123abcd-89abcdef"
CONNECTION = SimpleNamespace(
    host="db.example", port=5432, schema="metadata", login="reader", password="a-planted-secret"
)


class Client:
    """EMR Serverless as far as it is asked before a submission: no job run yet."""

    def get_paginator(self, name: str) -> Any:
        pages: list[dict[str, Any]] = [{"jobRuns": []}]
        return SimpleNamespace(paginate=lambda **_: pages)


class LiveClient:
    """EMR Serverless with one job run that lives: nothing can be submitted to it."""

    def __init__(self, name: str) -> None:
        self.run = {"id": "live", "name": name, "state": "RUNNING", "createdAt": 1}

    def get_paginator(self, name: str) -> Any:
        application = {"id": "application", "name": "music-streaming", "state": "STARTED"}
        pages = [{"jobRuns": [self.run], "applications": [application]}]
        return SimpleNamespace(paginate=lambda **_: pages)

    def get_job_run(self, **_: str) -> dict[str, Any]:
        submit = {"entryPointArguments": ["--output", "s3://bucket/attempt=1"]}
        logs = {"s3MonitoringConfiguration": {"logUri": "s3://bucket/logs/"}}
        overrides = {"monitoringConfiguration": logs}
        shown = {"jobDriver": {"sparkSubmit": submit}, "configurationOverrides": overrides}
        return {"jobRun": self.run | shown}


def main(dag_folder: Path) -> None:
    leave_on_path(dag_folder)
    # Airflow's own import is not the DAG's to answer for.
    from airflow.models.dagbag import DagBag

    calls: list[Any] = []
    socket.socket.connect = lambda _, address: calls.append(address)  # type: ignore[method-assign, assignment]
    started = time.process_time()
    bag = DagBag(dag_folder=str(dag_folder))
    seconds = time.process_time() - started
    dag = bag.dags.get("music_streaming_etl")
    described = {
        "errors": {Path(name).name: error for name, error in bag.import_errors.items()},
        "dags": sorted(bag.dags),
        "parse_cpu_seconds": seconds,
        "network_calls": [str(call) for call in calls],
        "heavy": sorted({"boto3", "psycopg2", "pyspark", "pandas"} & imported_by(dag_folder)),
        "beside": [name for name in NOT_DEPLOYED if importlib.util.find_spec(name)],
    }
    if dag is not None:
        described |= {
            "catchup": dag.catchup,
            "max_active_runs": dag.max_active_runs,
            "params": {name: dag.params[name] for name in dag.params},
            "tasks": {task.task_id: describe_task(task) for task in dag.tasks},
            "jobs": {task.task_id: describe_job(task) for task in dag.tasks if is_job(task)},
            "second_try": describe_second_try(dag.get_task("validate_data")),
        }
    print("\n" + json.dumps(described, default=str))


def leave_on_path(dag_folder: Path) -> None:
    """Take this repository from the path, and put the DAG folder at its end, as Airflow does."""
    ours = (ROOT, ROOT / "packages" / "localaws" / "src", Path(__file__).resolve().parent)
    sys.path[:] = [name for name in sys.path if Path(name).resolve() not in ours]
    sys.path.append(str(dag_folder))


def imported_by(dag_folder: Path) -> set[str]:
    """Give the top modules that our own modules hold by name after the parse."""
    ours = [
        module
        for module in list(sys.modules.values())
        if str(getattr(module, "__file__", "") or "").startswith(f"{dag_folder}/dags")
    ]
    return {
        getattr(value, "__name__", "").partition(".")[0]
        for module in ours
        for value in vars(module).values()
        if type(value) is type(sys)
    }


def is_job(task: Any) -> bool:
    return type(task).__name__ == "SparkJobOperator"


def describe_task(task: Any) -> dict[str, Any]:
    return {
        "upstream": sorted(task.upstream_task_ids),
        "retries": task.retries,
        "retry_delay": task.retry_delay.total_seconds(),
        "timeout": task.execution_timeout.total_seconds(),
        "has_failure_callback": bool(task.on_failure_callback),
        "is_teardown": task.is_teardown,
        "is_setup": task.is_setup,
        "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        "templates": [str(getattr(task, name, "")) for name in task.template_fields],
    }


def describe_job(task: Any) -> dict[str, Any]:
    """Give what a Spark task would submit, and how it waits."""
    from dags.systems import connections
    from dags.systems.emr_serverless import EmrServerless

    connections.read_connection = lambda _: CONNECTION
    outputs = {
        "extract_streaming": {"claim": CLAIM, "run_time": "2026-11-23T09:51:14.888961+00:00"},
        "extract_metadata": "s3://bucket/metadata",
        "validate_data": "s3://bucket/validated",
    }
    context = {
        "run_id": "manual__2026-11-23T09:51:14.888961+00:00",
        "params": {"max_rejected_share": 0.25},
        "ti": SimpleNamespace(xcom_pull=lambda task_ids: outputs[task_ids]),
    }
    task.application_id = "application"
    attempt = task.choose_attempt(context, EmrServerless(Client(), "music-streaming"))
    return {
        "driver": attempt.job_driver["sparkSubmit"],
        "overrides": attempt.overrides,
        "name": attempt.name,
        "token": attempt.token,
        "output": attempt.output,
        "deferrable": task.deferrable,
        "waits_seconds": task.waiter_delay * task.waiter_max_attempts,
        "config": task.config,
    }


def describe_second_try(task: Any) -> dict[str, Any]:
    """Give what a Spark task does that finds its live job run: the client knows no submission."""
    name = f"{CLAIM}/{task.task_id}"
    pulled = {"claim": CLAIM, "run_time": "2026-11-23T09:51:14.888961+00:00"}
    nothing = {"xcom_push": lambda **_: None, "task_id": task.task_id}
    ti = SimpleNamespace(xcom_pull=lambda **_: pulled, **nothing)
    run_id = "manual__2026-11-23T09:51:14.888961+00:00"
    context = {"run_id": run_id, "params": {}, "ti": ti, "task_instance": ti}
    waited: list[dict[str, Any]] = []
    waiter = SimpleNamespace(wait=lambda **given: waited.append(given))
    task.hook = SimpleNamespace(
        conn=LiveClient(name),
        conn_partition="aws",
        conn_region_name="eu-west-1",
        aws_conn_id=None,
        get_waiter=lambda _: waiter,
    )
    task.deferrable = False
    written = task.execute(context)
    task.deferrable = True
    try:
        task.execute(context)
    except BaseException as deferral:  # noqa: BLE001
        trigger, method = getattr(deferral, "trigger", deferral), deferral.method_name  # type: ignore[attr-defined]
    waited_for = [{name: given[name] for name in ("applicationId", "jobRunId")} for given in waited]
    _, fields = trigger.serialize()
    return {
        "written": written,
        "waited_for": waited_for,
        "deferred_to": [type(trigger).__name__, fields["job_id"], method],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
