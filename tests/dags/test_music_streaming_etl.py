"""The DAG as both Airflows see it: its graph, its settings, and what its jobs are given."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spark_jobs.jobs import extract_metadata, transform_kpis, validate_data

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = {
    "3.3.1": Path(sys.executable),
    "2.9.2": ROOT / ".cache" / "airflow-2.9.2" / "bin" / "python",
}
GRAPH = {
    "load_metadata_to_rds": [],
    "extract_streaming": ["load_metadata_to_rds"],
    "extract_metadata": ["extract_streaming"],
    "validate_data": ["extract_streaming"],
    "transform_kpis": ["extract_metadata", "validate_data"],
    "load_redshift": ["transform_kpis"],
    "publish_lake": ["load_redshift"],
    "mark_processed": ["publish_lake"],
    "release_claims": ["load_metadata_to_rds", "mark_processed"],
}
JOBS = {
    "extract_metadata": extract_metadata,
    "validate_data": validate_data,
    "transform_kpis": transform_kpis,
}


def lay_out(folder: Path) -> Path:
    """Put into a DAG folder what a deployment puts there: dags/ and conf/, and nothing else."""
    for name in ("dags", "conf"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def describe(python: Path, home: Path, **options: str) -> dict[str, Any]:
    """Let a version's Airflow parse the DAG folder; options are of section music_streaming."""
    dag_folder = lay_out(home / "dags")
    foreign = ("AWS_", "AIRFLOW", "PYTHONPATH")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    environment |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__MUSIC_STREAMING__ENVIRONMENT": "local",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dag_folder),
    }
    environment |= {f"AIRFLOW__MUSIC_STREAMING__{name}": text for name, text in options.items()}
    script = Path(__file__).with_name("describe_dag.py")
    done = subprocess.run(
        [str(python), str(script), str(dag_folder)],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    described: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return described


@pytest.fixture(scope="module", params=PYTHONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def dag(version: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The DAG as a deployment has it: deferred, with retries."""
    home = tmp_path_factory.mktemp("airflow")
    options = {"IS_DEFERRABLE": "true", "TASK_RETRIES": "2", "RETRY_SECONDS": "120"}
    return describe(PYTHONS[version], home, **options)


def test_a_folder_of_dags_and_conf_alone_holds_this_dag_and_no_error(dag: dict[str, Any]) -> None:
    assert dag["beside"] == []
    assert dag["errors"] == {}
    assert dag["dags"] == ["music_streaming_etl"]


def test_the_graph_is_that_of_the_design(dag: dict[str, Any]) -> None:
    assert {name: task["upstream"] for name, task in dag["tasks"].items()} == GRAPH


def test_parsing_asks_nobody_and_takes_under_a_second_of_its_own(dag: dict[str, Any]) -> None:
    assert dag["network_calls"] == []
    assert dag["heavy"] == []
    assert dag["parse_cpu_seconds"] < 1


def test_runs_follow_one_another_and_none_is_made_up(dag: dict[str, Any]) -> None:
    assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)


def test_every_task_has_retries_a_timeout_and_an_alert(dag: dict[str, Any]) -> None:
    expected = {"retries": 2, "retry_delay": 120, "has_failure_callback": True}

    for name, task in dag["tasks"].items():
        assert {key: task[key] for key in expected} == expected, name
        assert task["timeout"] == (210 * 60 if name in JOBS else 60 * 60), name


def test_claims_are_released_by_a_teardown_that_hides_no_failure(dag: dict[str, Any]) -> None:
    teardowns = [name for name, task in dag["tasks"].items() if task["is_teardown"]]
    setups = [name for name, task in dag["tasks"].items() if task["is_setup"]]

    assert (teardowns, setups) == (["release_claims"], ["load_metadata_to_rds"])
    assert dag["tasks"]["release_claims"]["trigger_rule"] == "all_done_setup_success"


def test_no_template_needs_a_date(dag: dict[str, Any]) -> None:
    words = [text for task in dag["tasks"].values() for text in task["templates"]]

    assert words
    assert [text for text in words if "{{" in text] == []


@pytest.mark.parametrize("job", JOBS)
def test_a_job_takes_the_arguments_of_its_task(dag: dict[str, Any], job: str) -> None:
    described = dag["jobs"][job]
    driver = described["driver"]

    args = JOBS[job].parse_args(driver["entryPointArguments"])  # type: ignore[attr-defined]

    folder = f"staging/claim=manual-0123abcd-89abcdef/{job}/attempt=1"
    assert args.output == f"s3://music-streaming-local/{folder}" == described["output"]
    assert driver["entryPoint"] == f"s3://music-streaming-local/artifacts/jobs/{job}.py"
    assert described["name"] == f"manual-0123abcd-89abcdef/{job}"
    assert (described["deferrable"], described["config"]) == (
        True,
        {"executionTimeoutMinutes": 180},
    )
    assert described["waits_seconds"] > 180 * 60


def test_a_try_that_finds_its_live_job_run_waits_for_its_id_and_submits_nothing(
    dag: dict[str, Any],
) -> None:
    assert dag["second_try"] == {
        "written": "s3://bucket/attempt=1",
        "waited_for": [{"applicationId": "application", "jobRunId": "live"}],
        "deferred_to": ["EmrServerlessStartJobTrigger", "live", "execute_complete"],
    }


def test_the_runs_parameter_reaches_the_job_that_judges(dag: dict[str, Any]) -> None:
    arguments = dag["jobs"]["validate_data"]["driver"]["entryPointArguments"]

    args = validate_data.parse_args(arguments)

    assert (args.max_rejected_share, args.min_rejected_rows) == (0.25, 20)
    assert args.quarantine.endswith("quarantine/claim=manual-0123abcd-89abcdef/attempt=1")


def test_no_secret_is_in_what_is_submitted(dag: dict[str, Any]) -> None:
    assert "a-planted-secret" not in json.dumps(dag["jobs"])
    spark = dag["jobs"]["extract_metadata"]["overrides"]["applicationConfiguration"][0]
    assert spark["properties"]["spark.kpi.jdbc.password"] == (
        "EMR.secret@music-streaming/metadata-reader-password"
    )


def test_a_token_is_the_same_in_both_versions(tmp_path: Path, dag: dict[str, Any]) -> None:
    tokens = {name: job["token"] for name, job in dag["jobs"].items()}

    other = describe(PYTHONS["3.3.1"], tmp_path)

    assert tokens == {name: job["token"] for name, job in other["jobs"].items()}
    assert len(set(tokens.values())) == 3
    assert all(len(token) == 64 for token in tokens.values())


def test_the_sensor_stands_before_the_claims_where_it_is_asked_for(
    version: str, tmp_path: Path
) -> None:
    dag = describe(PYTHONS[version], tmp_path, WAIT_FOR_FILES="streams/*/_SUCCESS")

    assert dag["errors"] == {}
    assert dag["tasks"]["extract_streaming"]["upstream"] == [
        "load_metadata_to_rds",
        "wait_for_files",
    ]
    assert dag["tasks"]["wait_for_files"]["timeout"] == 65 * 60


def test_a_wrong_option_is_told_as_the_files_import_error(version: str, tmp_path: Path) -> None:
    dag = describe(PYTHONS[version], tmp_path, TASK_RETRIES="many")

    assert dag["dags"] == []
    assert "task_retries is a whole number, got 'many'" in dag["errors"]["music_streaming_etl.py"]
