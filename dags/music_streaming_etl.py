"""Music streaming ETL: plays from S3 to Redshift, each exactly once.

**What.** Loads users and songs into RDS, claims the stream files that are new or changed,
validates them and computes genre and hourly KPIs by Spark on EMR Serverless, commits everything to
Redshift in one transaction, and publishes the lake. Late, repeated and broken files are expected.

**Healthy** when `mark_processed` succeeded, or when `extract_streaming` was skipped: then there
was nothing to do.

**When it fails**, nothing is lost: the next run takes the same files and finishes what was
committed but not published. The failed task's log and the alert say why. A run that is cleared
begins a new life of its own. No task needs to be repaired by hand.

**Parameters** (trigger with config): `files` takes named keys again; `from_date` and `to_date`
compute the KPIs of those days anew; `max_rejected_share` lets a refused file in; `dry_run` claims
nothing and ends after `transform_kpis`; `rebuild` derives all from the lake anew.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor

from conf.settings import Settings, load_own_settings
from dags import tasks
from dags.airflow_versions import DAG, Param
from dags.failure_report import report_failure
from dags.spark_job import SparkJobOperator

settings = load_own_settings()
SENSOR_SECONDS = 120  # each look lists what lies below the pattern's first asterisk
NULLABLE_DAY = ["null", "string"]
PARAMS = {
    "files": Param(None, type=["null", "array"], description="S3 keys to take again"),
    "from_date": Param(None, type=NULLABLE_DAY, description="first day to compute anew"),
    "to_date": Param(None, type=NULLABLE_DAY, description="last day to compute anew"),
    "max_rejected_share": Param(None, type=["null", "number"], description="0 … 1, for this run"),
    "dry_run": Param(False, type="boolean", description="claim nothing, commit nothing"),
    "rebuild": Param(False, type="boolean", description="derive all from the lake anew"),
}


def spark_job(task_id: str, settings: Settings, *upstream_jobs: str) -> SparkJobOperator:
    """Give the task of a job; it may take as long as the job may, and some waits more."""
    timeout = timedelta(minutes=settings.job_timeout_minutes + 30)
    return SparkJobOperator(
        task_id=task_id,
        settings=settings,
        upstream_jobs=upstream_jobs,
        execution_timeout=timeout,
    )


def wait_for_files(settings: Settings) -> S3KeySensor:
    """Give the sensor that waits for the configured key below `data/`."""
    return S3KeySensor(
        task_id="wait_for_files",
        bucket_name=settings.data_bucket,
        bucket_key=f"{settings.data_prefix}/{settings.wait_for_files}",
        wildcard_match=True,
        poke_interval=SENSOR_SECONDS,
        timeout=settings.wait_for_files_minutes * 60,
        execution_timeout=timedelta(minutes=settings.wait_for_files_minutes + 5),
        deferrable=settings.is_deferrable,
        aws_conn_id=None,  # the worker's own role
        retries=0,
    )


default_args: dict[str, Any] = {
    "owner": "data-engineering",
    "retries": settings.task_retries,
    "retry_delay": timedelta(seconds=settings.retry_seconds),
    "execution_timeout": timedelta(minutes=settings.task_timeout_minutes),
    "on_failure_callback": report_failure,
}

with DAG(
    dag_id="music_streaming_etl",
    description="Plays from S3 to Redshift, each exactly once",
    doc_md=__doc__,
    schedule=settings.schedule or None,
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=default_args,
    params=PARAMS,
    tags=["music", "etl"],
) as dag:
    metadata: Any = tasks.load_metadata_to_rds()
    claim: Any = tasks.extract_streaming()
    extracted = spark_job("extract_metadata", settings)
    validated = spark_job("validate_data", settings)
    kpis = spark_job("transform_kpis", settings, "extract_metadata", "validate_data")
    plan: Any = tasks.load_redshift()
    published: Any = tasks.publish_lake(plan)
    marked: Any = tasks.mark_processed(published)
    released = tasks.release_claims().as_teardown(setups=metadata)

    metadata >> claim >> [extracted, validated] >> kpis >> plan >> published >> marked >> released
    if settings.wait_for_files:
        wait_for_files(settings) >> claim
