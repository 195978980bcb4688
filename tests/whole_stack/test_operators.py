"""The operators of Airflow's amazon provider, unmodified, on both versions, over the stand-in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from commands.stack.describe import make_client
from localaws.stack import Stack
from tests.whole_stack.conftest import BUCKET, Run

GOOD_SQL = "SELECT count(*) FROM users"
# As long as a statement may take here, without a function that Redshift lacks.
ENDLESS_SQL = (
    "SELECT count(*) FROM (SELECT a.version FROM schema_version a, schema_version b,"
    " schema_version c, schema_version d, schema_version e, schema_version f, schema_version g,"
    " schema_version h, schema_version i, schema_version j, schema_version k, schema_version l)"
)


def last_job(stack: Stack) -> dict[str, str]:
    """Give the youngest job run."""
    client = make_client(stack, "emr-serverless")
    application = client.list_applications()["applications"][0]["id"]
    runs = client.list_job_runs(applicationId=application)["jobRuns"]
    youngest = max(runs, key=lambda run: run["createdAt"])
    run: dict[str, str] = client.get_job_run(applicationId=application, jobRunId=youngest["id"])[
        "jobRun"
    ]
    return run


def last_statement(stack: Stack) -> str:
    """Give the state of the youngest statement."""
    client = make_client(stack, "redshift-data")
    statements = client.list_statements(Status="ALL")["Statements"]
    return str(max(statements, key=lambda statement: statement["CreatedAt"])["Status"])


def assert_success(run: Run, *tasks: str) -> None:
    assert run.states == dict.fromkeys(tasks, "success"), run.log[-5000:]
    assert run.exit_code == 0


def assert_failure(run: Run, *tasks: str) -> None:
    assert run.states == dict.fromkeys(tasks, "failed"), run.log[-5000:]
    assert run.exit_code == 1


def test_operators_succeed(stack: Stack, run_dag: Callable[..., Run]) -> None:
    run = run_dag("emr_deferred,redshift", job="good.py", sql=GOOD_SQL)

    assert_success(run, "emr_deferred", "redshift")
    output = last_job(stack)["jobDriver"]["sparkSubmit"]["entryPointArguments"][0]  # type: ignore[index]
    prefix = output.removeprefix(f"s3://{BUCKET}/")
    written = make_client(stack, "s3").list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/")
    assert any(entry["Key"].endswith(".parquet") for entry in written["Contents"])


def test_operators_fail_with_what_they_run(stack: Stack, run_dag: Callable[..., Run]) -> None:
    run = run_dag("emr,redshift_deferred", job="bad.py", sql="SELECT a FROM missing")

    assert_failure(run, "emr", "redshift_deferred")
    assert "this job was made to fail" in last_job(stack)["stateDetails"]
    assert 'relation "missing" does not exist' in run.log


@pytest.mark.slow
def test_operators_succeed_the_other_way_of_waiting(run_dag: Callable[..., Run]) -> None:
    run = run_dag("emr,redshift_deferred", job="good.py", sql=GOOD_SQL)

    assert_success(run, "emr", "redshift_deferred")


@pytest.mark.slow
def test_operators_fail_the_other_way_of_waiting(run_dag: Callable[..., Run]) -> None:
    waiting = run_dag("redshift", job="bad.py", sql="SELECT a FROM missing")
    deferred = run_dag("emr_deferred", job="bad.py", sql="SELECT a FROM missing")

    assert_failure(waiting, "redshift")
    assert_failure(deferred, "emr_deferred")


@pytest.mark.slow
def test_a_job_that_its_operator_stops_waiting_for_is_no_success(
    run_dag: Callable[..., Run],
) -> None:
    waiting = run_dag("emr", job="endless.py", sql=GOOD_SQL, TEST_WAITS="5")
    deferred = run_dag("emr_deferred", job="endless.py", sql=GOOD_SQL, TEST_WAITS="5")

    assert_failure(waiting, "emr")
    assert_failure(deferred, "emr_deferred")


@pytest.mark.slow
def test_a_task_that_times_out_cancels_what_it_runs(
    stack: Stack, run_dag: Callable[..., Run], airflow_home: Path
) -> None:
    # One at a time: 2.9.2 ends the whole of `dags test` at a timeout.
    for task in ("emr", "redshift"):
        run = run_dag(task, job="endless.py", sql=ENDLESS_SQL, TEST_TIMEOUT_SECONDS="8")
        assert_failure(run, task)

    assert last_job(stack)["state"] in ("CANCELLING", "CANCELLED")
    # The operator of 2.9.2 does not know its statement while it waits, and cancels none.
    assert last_statement(stack) == ("STARTED" if airflow_home.name == "2.9.2" else "ABORTED")
