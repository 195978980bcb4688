"""The amazon provider's operators as they are, each waiting in its task and deferred."""

import os
from datetime import datetime, timedelta

try:  # Airflow 3: the public authoring interface
    from airflow.sdk import DAG
except ImportError:  # Airflow 2.9
    from airflow.models.dag import DAG
from airflow.providers.amazon.aws.operators.emr import EmrServerlessStartJobOperator
from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator

SETTINGS = os.environ
WAIT = {"waiter_delay": 1, "waiter_max_attempts": int(SETTINGS.get("TEST_WAITS", "240"))}
TIMEOUT = timedelta(seconds=float(SETTINGS.get("TEST_TIMEOUT_SECONDS", "300")))


def start_job(task_id: str, *, deferrable: bool) -> None:
    EmrServerlessStartJobOperator(
        task_id=task_id,
        name=task_id,
        application_id=SETTINGS["TEST_APPLICATION"],
        execution_role_arn="arn:aws:iam::123456789012:role/music-streaming-job",
        job_driver={
            "sparkSubmit": {
                "entryPoint": SETTINGS["TEST_ENTRY_POINT"],
                "entryPointArguments": [f"{SETTINGS['TEST_OUTPUT']}/{task_id}"],
                "sparkSubmitParameters": SETTINGS["TEST_PARAMETERS"],
            }
        },
        configuration_overrides={
            "monitoringConfiguration": {
                "s3MonitoringConfiguration": {"logUri": f"{SETTINGS['TEST_OUTPUT']}/logs"}
            }
        },
        deferrable=deferrable,
        execution_timeout=TIMEOUT,
        **WAIT,
    )


def run_sql(task_id: str, *, deferrable: bool) -> None:
    RedshiftDataOperator(
        task_id=task_id,
        workgroup_name="music-streaming",
        database="warehouse",
        sql=["CREATE TEMP TABLE t (a INTEGER)", SETTINGS["TEST_SQL"]],
        wait_for_completion=True,
        poll_interval=1,
        deferrable=deferrable,
        execution_timeout=TIMEOUT,
    )


with DAG("operators", schedule=None, start_date=datetime(2024, 1, 1), catchup=False) as dag:  # noqa: DTZ001
    for name in SETTINGS["TEST_TASKS"].split(","):
        start = start_job if name.startswith("emr") else run_sql
        start(name, deferrable=name.endswith("_deferred"))
