"""The stand-in as `make up` makes it, and two Airflows that know it by their environment alone."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from commands.stack.bring_up import bring_up
from commands.stack.describe import describe_stack, make_client
from localaws.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
DAGS = Path(__file__).resolve().parent / "dags"
BUCKET = "music-streaming-local"
RUN_SECONDS = 300
# Where the programs of each version lie; the first is this environment's own.
VERSIONS = {
    "3.3.1": Path(sys.executable).parent,
    "2.9.2": ROOT / ".cache" / "airflow-2.9.2" / "bin",
}
JOBS = {
    "good.py": "import sys\nfrom pyspark.sql import SparkSession\n"
    "SparkSession.builder.getOrCreate().range(5).write.parquet(sys.argv[1])\n",
    "bad.py": "raise SystemExit('this job was made to fail')\n",
    "endless.py": "import time\ntime.sleep(3600)\n",
}


@dataclass(frozen=True)
class Run:
    """What a DAG run left: its exit code, its log, and the states of its tasks."""

    exit_code: int
    log: str
    states: dict[str, str]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack, settings = describe_stack(tmp_path_factory.mktemp("aws"))
    try:
        bring_up(stack, settings)
        s3 = make_client(stack, "s3")
        for name, text in JOBS.items():
            s3.put_object(
                Bucket=BUCKET, Key=f"jobs/{name}", Body=text.replace("\\\n", "\n").encode()
            )
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="session", params=VERSIONS)
def airflow_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated home of one version; its name is the version."""
    home = tmp_path_factory.mktemp("airflow") / request.param
    home.mkdir()
    call(home, {}, "db", "migrate")
    return home


def call(home: Path, settings: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Call a version's `airflow`; AWS is where `settings` say, and nowhere else."""
    return call_program(home, settings, str(VERSIONS[home.name] / "airflow"), *words)


def call_program(
    home: Path, settings: dict[str, str], *words: str
) -> subprocess.CompletedProcess[str]:
    """Call a program in a version's environment."""
    foreign = ("AWS_", "AIRFLOW", "PYTHONPATH", "TEST_")
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
    own = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    }
    return subprocess.run(
        words,
        env=inherited | own | settings,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


@pytest.fixture
def run_dag(
    stack: Stack, airflow_home: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Run]]:
    """Give a function that runs some operators once, under `airflow dags test`.

    What a test leaves running is cancelled after it: it would hold the machine's room.
    """
    applications = make_client(stack, "emr-serverless").list_applications()["applications"]
    output = f"s3://{BUCKET}/airflow/{airflow_home.name}/{request.node.name}"

    def run(tasks: str, *, job: str, sql: str, **more: str) -> Run:
        given = stack.environment() | {
            "TEST_TASKS": tasks,
            "TEST_APPLICATION": applications[0]["id"],
            "TEST_ENTRY_POINT": f"s3://{BUCKET}/jobs/{job}",
            "TEST_OUTPUT": output,
            "TEST_SQL": sql,
            "TEST_PARAMETERS": "--conf spark.driver.cores=1 --conf spark.driver.memory=2g",
        }
        if tasks == "emr_deferred" and airflow_home.name == "2.9.2" and job != "good.py":
            return run_by_hand(airflow_home, given | more, tasks)
        before = read_states(airflow_home)
        # A date of its own: 2.9.2 takes a run of the same date for the same run.
        date = f"2024-01-{1 + len(before):02d}"
        done = call(airflow_home, given | more, "dags", "test", "operators", date)
        new = {key: state for key, state in read_states(airflow_home).items() if key not in before}
        states = {task: state for (_, task), state in new.items()}
        return Run(done.returncode, done.stdout + done.stderr, states)

    yield run
    cancel_jobs(stack)
    cancel_statements(stack)


def run_by_hand(home: Path, settings: dict[str, str], task: str) -> Run:
    """Run a deferrable task that fails where `dags test` would never end."""
    python, script = str(VERSIONS[home.name] / "python"), str(DAGS / "deferred_by_hand.py")
    done = call_program(home, settings, python, script, task)
    states = {task: "failed" if "failed: " in done.stdout else "success"}
    return Run(done.returncode, done.stdout + done.stderr, states)


def cancel_jobs(stack: Stack) -> None:
    """Cancel the job runs that have not ended, and wait until none is left."""
    client = make_client(stack, "emr-serverless")
    application = client.list_applications()["applications"][0]["id"]
    deadline = time.monotonic() + RUN_SECONDS
    while active := [
        run["id"]
        for run in client.list_job_runs(applicationId=application)["jobRuns"]
        if run["state"] not in ("SUCCESS", "FAILED", "CANCELLED")
    ]:
        assert time.monotonic() < deadline, active
        for run in active:
            with contextlib.suppress(client.exceptions.ValidationException):  # it has just ended
                client.cancel_job_run(applicationId=application, jobRunId=run)
        time.sleep(0.5)


def cancel_statements(stack: Stack) -> None:
    """Cancel the statements that have not ended."""
    client = make_client(stack, "redshift-data")
    for statement in client.list_statements(Status="ALL")["Statements"]:
        if statement["Status"] not in ("FINISHED", "FAILED", "ABORTED"):
            with contextlib.suppress(client.exceptions.ValidationException):
                client.cancel_statement(Id=statement["Id"])


def read_states(home: Path) -> dict[tuple[str, str], str]:
    """Give the state of each task of each run, from Airflow's database."""
    with sqlite3.connect(home / "airflow.db") as database:
        rows = database.execute("SELECT run_id, task_id, state FROM task_instance").fetchall()
    return {(run, task): state for run, task, state in rows}
