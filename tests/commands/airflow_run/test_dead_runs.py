"""What a killed run left is ended and given back, and nothing else."""

import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg2
import pytest

from commands.airflow_run import dead_runs
from commands.airflow_run.dead_runs import Systems
from commands.console import CommandError
from dags.systems.ledger import Claimant, Outcome
from tests.pipeline_world import World

NOW = 1_700_000_000
DEAD = Claimant("manual__1", "manual-1-0a1b2c3d", NOW, NOW + 28_800)
NEXT = Claimant("manual__2", "manual-2-0a1b2c3d", NOW + 60, NOW + 28_860)
ENDLESS = b"import time\ntime.sleep(3600)\n"
PATIENCE_SECONDS = 60.0


@pytest.fixture
def systems(world: World) -> Systems:
    return dead_runs.open_systems(world.stack, world.settings)


def claim(world: World, key: str, claimant: Claimant) -> bool:
    """Try to claim a file as a run does."""
    ledger = world.pipeline.ledger
    return ledger.claim(key, "a-bucket", "an-etag", 1, claimant, by_name=False) is None


def item_of(world: World, key: str) -> dict[str, Any]:
    return dict(world.pipeline.ledger.read([key])[key])


def wait_until(is_so: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_files_of_a_dead_run_are_free_at_once(world: World, systems: Systems) -> None:
    keys = [f"data/streams/{number}.csv" for number in range(120)]
    assert all(claim(world, key, DEAD) for key in keys)
    assert not claim(world, keys[0], NEXT)

    assert dead_runs.end_dead_runs(systems) == 120

    item = item_of(world, keys[0])
    assert (item["status"], item["error"]) == ("FAILED", "its run was killed")
    assert "lease_expires_at" not in item
    assert all(claim(world, key, NEXT) for key in keys)


def test_files_that_nobody_holds_stay_as_they_are(world: World, systems: Systems) -> None:
    for key in ("done", "refused"):
        claim(world, key, DEAD)
    world.pipeline.ledger.finish("done", DEAD.claim_id, Outcome("PROCESSED", 1, 1), NOW)
    world.pipeline.ledger.finish("refused", DEAD.claim_id, Outcome("REJECTED", error="empty"), NOW)
    before = [item_of(world, key) for key in ("done", "refused")]

    assert dead_runs.end_dead_runs(systems) == 0

    assert [item_of(world, key) for key in ("done", "refused")] == before


def test_a_file_that_another_claim_has_taken_meanwhile_is_left_to_it(
    world: World, systems: Systems
) -> None:
    claim(world, "a", DEAD)
    (item,) = dead_runs.claimed_items(systems.dynamodb, systems.table)
    world.pipeline.ledger.release("a", DEAD.run_id, "it ended")
    claim(world, "a", NEXT)

    assert not dead_runs.free_file(systems.dynamodb, systems.table, item)

    found = item_of(world, "a")
    assert (found["status"], found["claim_id"]) == ("CLAIMED", NEXT.claim_id)


def test_a_dead_runs_job_is_cancelled_and_a_strangers_is_not(
    world: World, systems: Systems, capsys: pytest.CaptureFixture[str]
) -> None:
    world.bucket.put("jobs/endless.py", ENDLESS)
    client, application = systems.emr.client, systems.emr.application_id()
    small = "--conf spark.driver.cores=1 --conf spark.driver.memory=1g"
    small += " --conf spark.executor.cores=1 --conf spark.executor.memory=1g"

    def submit(name: str) -> str:
        entry = world.bucket.uri("jobs/endless.py")
        answer = client.start_job_run(
            applicationId=application,
            executionRoleArn=world.settings.job_role,
            name=name,
            jobDriver={"sparkSubmit": {"entryPoint": entry, "sparkSubmitParameters": small}},
        )
        return str(answer["jobRunId"])

    def state(job_run_id: str) -> str:
        return str(systems.emr.describe(application, job_run_id)["state"])

    ours, other = submit(f"{DEAD.claim_id}/validate_data"), submit("somebody's own job")
    wait_until(lambda: state(ours) == "RUNNING")

    dead_runs.end_dead_runs(systems)

    assert state(ours) == "CANCELLED"
    assert state(other) not in ("CANCELLED", "CANCELLING", "FAILED")
    assert "waiting for the job run of a killed run to end" in capsys.readouterr().err
    client.cancel_job_run(applicationId=application, jobRunId=other)
    wait_until(lambda: state(other) == "CANCELLED")


def test_a_batch_on_its_way_to_the_commit_is_waited_for(world: World, systems: Systems) -> None:
    settings = world.settings
    dsn = world.stack.postgres.dsn(settings.warehouse_database)
    with contextlib.closing(psycopg2.connect(**dsn)) as holder:
        holder.cursor().execute("LOCK TABLE streams IN ACCESS EXCLUSIVE MODE")
        answer = systems.redshift_data.batch_execute_statement(
            WorkgroupName=settings.warehouse_workgroup,
            Database=settings.warehouse_database,
            Sqls=["DELETE FROM streams", "UPDATE etl_state SET commit_no = 0"],
        )
        batches = partial(dead_runs.live_batches, systems.redshift_data)
        assert [found["id"] for found in batches()] == [answer["Id"]]
        with pytest.raises(CommandError, match=f"SQL batch {answer['Id']} of a killed run does"):
            dead_runs.wait_until_none(batches, "SQL batch", 0.3, poll=0.05)
        holder.rollback()

    assert dead_runs.end_dead_runs(systems) == 0

    described = systems.redshift_data.describe_statement(Id=answer["Id"])
    assert described["Status"] == "FINISHED"


def test_a_query_that_goes_on_is_nobodys_batch(world: World, systems: Systems) -> None:
    settings = world.settings
    dsn = world.stack.postgres.dsn(settings.warehouse_database)
    with contextlib.closing(psycopg2.connect(**dsn)) as holder:
        holder.cursor().execute("LOCK TABLE streams IN ACCESS EXCLUSIVE MODE")
        answer = systems.redshift_data.execute_statement(
            WorkgroupName=settings.warehouse_workgroup,
            Database=settings.warehouse_database,
            Sql="SELECT COUNT(*) FROM streams",
        )

        assert dead_runs.end_dead_runs(systems) == 0

        described = systems.redshift_data.describe_statement(Id=answer["Id"])
        assert described["Status"] in dead_runs.LIVE_STATEMENTS


def test_a_fresh_state_has_nothing_to_end(systems: Systems) -> None:
    assert dead_runs.end_dead_runs(systems) == 0
