"""The jobs get what their own parsers take, and no secret."""

import dataclasses
import importlib
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from conf import accelerators
from conf.settings import load_settings
from conf.spark_sizes import LATE_SECOND_COMPILER
from dags.protocol.job_arguments import (
    JAVA_OPTIONS,
    JOBS,
    build_arguments,
    build_properties,
    size_workers,
)
from dags.systems.emr_serverless import Task, build_attempt
from localaws.emr_serverless.worker_sizes import read_workers

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = load_settings("local")
WORKER_KEYS = (
    *("driver_cores", "driver_memory", "executor_cores", "executor_memory", "initial_executors"),
    *("max_executors", "metadata_cores", "metadata_memory", "emr_max_cores"),
)
CLAIM = "daily-0123abcd-89ab4567"
STAGING = f"s3://music-streaming-local/staging/claim={CLAIM}"
OUTPUTS = {
    "extract_metadata": f"{STAGING}/extract_metadata/attempt=2",
    "validate_data": f"{STAGING}/validate_data/attempt=1",
}
CONNECTION = SimpleNamespace(
    host="db.example", port=5433, schema="metadata", login="loader", password="sesame"
)


def build(task: str, share: float | None = None, **settings: Any) -> list[str]:
    return build_arguments(
        task,
        dataclasses.replace(SETTINGS, **settings),
        CLAIM,
        outputs=OUTPUTS,
        max_rejected_share=share,
        metadata_connection=CONNECTION,
    )


def test_the_metadata_is_read_from_the_connections_database_by_the_reader() -> None:
    """Its password is the reader's secret: with the connection's own user it would not fit."""
    assert build("extract_metadata") == [
        *("--jdbc-url", "jdbc:postgresql://db.example:5433/metadata"),
        *("--jdbc-user", "reader"),
        *("--ssl-mode", "disable"),
    ]


def test_a_root_certificate_is_named_where_the_environment_has_one() -> None:
    arguments = build(
        "extract_metadata", metadata_ssl_mode="verify-full", metadata_ssl_root_cert="/conf/ca.pem"
    )

    assert arguments[-4:-2] == ["--ssl-mode", "verify-full"]
    assert arguments[-2:] == ["--ssl-root-cert", "./certificates/ca.pem"]


def test_the_root_certificate_is_brought_to_where_the_job_runs() -> None:
    settings = dataclasses.replace(load_settings("local"), metadata_ssl_root_cert="/conf/ca.pem")

    properties = build_properties("extract_metadata", settings, is_small=False)

    archive = "s3://music-streaming-local/artifacts/certificates.zip#certificates"
    assert properties["spark.archives"] == archive


def test_a_connection_without_a_port_has_postgresqls_own() -> None:
    connection = SimpleNamespace(host="h", port=None, schema="m", login="l", password="sesame")

    arguments = build_arguments(
        "extract_metadata",
        SETTINGS,
        CLAIM,
        outputs={},
        max_rejected_share=None,
        metadata_connection=connection,
    )

    assert arguments[1] == "jdbc:postgresql://h:5432/m"


@pytest.mark.parametrize(("share", "text"), [(None, "0.1"), (0.0, "0.0"), (1, "1"), (0.25, "0.25")])
def test_the_runs_share_goes_before_the_configured_one(share: float | None, text: str) -> None:
    assert build("validate_data", share) == [
        *("--claim", f"{STAGING}/claim.json"),
        *("--lake", "s3://music-streaming-local/lake"),
        *("--max-rejected-share", text),
        *("--min-rejected-rows", "20"),
        "--track-id-prefix=",
    ]


def test_the_prefix_of_track_ids_goes_to_the_job_that_reads_plays() -> None:
    arguments = build("validate_data", track_id_prefix="-spotify:track:")

    parsed = importlib.import_module("spark_jobs.jobs.validate_data").parse_args(
        [*arguments, "--output", "o", "--quarantine", "q"]
    )
    assert parsed.track_id_prefix == "-spotify:track:"


def test_the_kpis_are_computed_from_what_the_jobs_before_wrote() -> None:
    assert build("transform_kpis", popularity_play_weight=0.75) == [
        *("--claim", f"{STAGING}/claim.json"),
        *("--lake", "s3://music-streaming-local/lake"),
        *("--metadata", OUTPUTS["extract_metadata"]),
        *("--validated", OUTPUTS["validate_data"]),
        *("--popularity-play-weight", "0.75"),
    ]


@pytest.mark.parametrize("task", JOBS)
def test_a_job_takes_the_arguments_of_its_attempt(task: str) -> None:
    one = Task("a_dag", CLAIM, task, datetime(2024, 7, 1, tzinfo=UTC))
    arguments = build(task, metadata_ssl_root_cert="/ca.pem")
    attempt = build_attempt(one, 3, SETTINGS, "a-bucket", arguments, {})
    job = importlib.import_module(f"spark_jobs.jobs.{task}")

    parsed = job.parse_args(attempt.job_driver["sparkSubmit"]["entryPointArguments"])

    assert parsed.output == attempt.output
    assert attempt.output.endswith(f"/staging/claim={CLAIM}/{task}/attempt=3")


@pytest.mark.parametrize("task", JOBS)
def test_no_secret_stands_in_arguments_or_settings(task: str) -> None:
    assert "sesame" not in " ".join(
        (*build(task), *build_properties(task, SETTINGS, is_small=True).values())
    )


def test_only_the_job_that_reads_the_database_gets_its_driver_and_password() -> None:
    properties = {
        task: {
            name: text
            for name, text in build_properties(task, SETTINGS, is_small=False).items()
            if name not in size_workers(task, SETTINGS) and name not in JAVA_OPTIONS
        }
        for task in JOBS
    }

    assert properties == {
        "extract_metadata": {
            "spark.jars": "s3://music-streaming-local/artifacts/jars/postgresql-42.7.14.jar",
            "spark.kpi.jdbc.password": "EMR.secret@music-streaming/metadata-reader-password",
        },
        "validate_data": {},
        "transform_kpis": {},
    }


def test_a_job_names_its_executors_to_begin_with_the_fewest_and_the_most() -> None:
    settings = dataclasses.replace(SETTINGS, initial_executors=2, max_executors=6)

    assert build_properties("validate_data", settings, is_small=False) == {
        "spark.driver.cores": "1",
        "spark.driver.memory": "2g",
        "spark.executor.cores": "2",
        "spark.executor.memory": "4g",
        "spark.executor.instances": "2",
        "spark.dynamicAllocation.initialExecutors": "2",
        "spark.dynamicAllocation.minExecutors": "1",
        "spark.dynamicAllocation.maxExecutors": "6",
        "spark.driver.extraJavaOptions": LATE_SECOND_COMPILER,
        "spark.executor.extraJavaOptions": LATE_SECOND_COMPILER,
    }


@pytest.mark.parametrize("task", JOBS)
def test_a_small_run_does_without_javas_second_compiler(task: str) -> None:
    small = build_properties(task, SETTINGS, is_small=True)

    assert small == build_properties(task, SETTINGS, is_small=False) | {
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    }


@pytest.mark.parametrize(("task", "is_brief"), [("validate_data", False), ("transform_kpis", True)])
def test_comet_shares_the_memory_of_the_executors(task: str, is_brief: bool) -> None:
    plain = build_properties(task, SETTINGS, is_small=is_brief)
    settings = dataclasses.replace(SETTINGS, spark_accelerator="comet")

    properties = build_properties(task, settings, is_small=False)

    jar = f"s3://music-streaming-local/artifacts/jars/{accelerators.COMET_JAR}"
    assert properties == plain | accelerators.SETTINGS | {
        "spark.jars": jar,
        "spark.executor.memory": "2048m",
        "spark.memory.offHeap.size": "2048m",
        "spark.executor.memoryOverhead": "2457m",
    }
    assert read_workers(properties).executor.memory_gb == read_workers(plain).executor.memory_gb


def test_the_job_that_reads_the_database_has_no_accelerator() -> None:
    settings = dataclasses.replace(SETTINGS, spark_accelerator="comet")

    properties = build_properties("extract_metadata", settings, is_small=False)

    assert properties == build_properties("extract_metadata", SETTINGS, is_small=False)


def test_by_default_both_parallel_jobs_fit_a_new_account_of_16_vcpu_at_their_greatest() -> None:
    base = yaml.safe_load((ROOT / "conf" / "base.yaml").read_text())
    settings = dataclasses.replace(SETTINGS, **{name: base[name] for name in WORKER_KEYS})

    def cores(task: str, executors: str) -> int:
        arguments = build_attempt(
            Task("dag", CLAIM, task, datetime(2024, 7, 1, tzinfo=UTC)),
            1,
            settings,
            "a-bucket",
            [],
            build_properties(task, settings, is_small=False),
        ).overrides["applicationConfiguration"]
        asked = arguments[0]["properties"]
        workers = int(asked["spark.executor.cores"]) * int(asked[executors])
        return int(asked["spark.driver.cores"]) + workers

    def both(executors: str) -> int:
        return cores("extract_metadata", executors) + cores("validate_data", executors)

    assert both("spark.dynamicAllocation.maxExecutors") == 16
    assert both("spark.dynamicAllocation.initialExecutors") <= 16
    assert cores("extract_metadata", "spark.dynamicAllocation.maxExecutors") == 2
    assert settings.emr_max_cores == 16


def test_a_dry_run_rejects_into_its_own_staging() -> None:
    task = Task("dag", CLAIM, "validate_data", datetime(2024, 7, 1, tzinfo=UTC), is_dry=True)

    attempt = build_attempt(task, 3, SETTINGS, "music-streaming-local", [], {})

    arguments = attempt.job_driver["sparkSubmit"]["entryPointArguments"]
    assert arguments[-1] == f"{STAGING}/validate_data/attempt=3/quarantine"
