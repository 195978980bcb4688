"""A ledger that is throttled: claims, outcomes and releases are tried again, at last by Airflow."""

import pytest
from botocore.exceptions import ClientError

from dags.systems.connections import TRIES
from dags.systems.ledger import TRIES as READS
from dags.systems.ledger import LedgerError
from tests.faults import troubled_aws
from tests.faults.troubled_aws import meeting
from tests.faults.troubled_runs import assert_whole, deliver, fail_at, go_on, life_before
from tests.pipeline_world import World

THROTTLED = "ProvisionedThroughputExceededException"


def test_a_run_that_meets_a_throttled_ledger_now_and_then_commits(worker_world: World) -> None:
    keys = deliver(worker_world)
    ledger = worker_world.pipeline.ledger

    with (
        meeting(ledger.client, troubled_aws.no_throughput, "UpdateItem", times=4) as written,
        meeting(ledger.client, troubled_aws.unprocessed_keys, "BatchGetItem", times=3) as read,
    ):
        assert worker_world.run("daily") == "committed"

    assert (len(written), len(read)) == (4, 3)
    assert_whole(worker_world, *keys)
    assert {item["attempts"] for item in ledger.read(keys).values()} == {1}


@pytest.mark.parametrize(
    "step",
    [
        "mark",
        pytest.param("extract", marks=pytest.mark.slow),
        pytest.param("release", marks=pytest.mark.slow),
    ],
)
def test_a_step_whose_writes_are_throttled_for_ever_fails_and_its_retry_goes_on(
    worker_world: World, step: str
) -> None:
    keys = deliver(worker_world)
    life = life_before(worker_world, step)
    client = worker_world.pipeline.ledger.client

    # One file of two is written before the trouble begins.
    with meeting(client, troubled_aws.no_throughput, "UpdateItem", after=1) as met:
        fail_at(life, step, ClientError, THROTTLED)

    assert len(met) == TRIES
    if step == "release":
        assert life.release() == 1
        assert worker_world.run("next") == "committed"
    else:
        go_on(life, step)
    assert_whole(worker_world, *keys)


@pytest.mark.slow
def test_files_of_half_a_claim_are_given_back(worker_world: World) -> None:
    keys = deliver(worker_world)
    life = life_before(worker_world, "extract")
    client = worker_world.pipeline.ledger.client

    with meeting(client, troubled_aws.no_throughput, "UpdateItem", after=1):
        fail_at(life, "extract", ClientError, THROTTLED)

    assert life.release() == 1
    assert worker_world.run("next") == "committed"
    assert_whole(worker_world, *keys)


@pytest.mark.parametrize("step", ["release", pytest.param("extract", marks=pytest.mark.slow)])
def test_a_step_whose_reads_are_throttled_for_ever_says_to_run_it_later(
    worker_world: World, step: str
) -> None:
    keys = deliver(worker_world)
    life = life_before(worker_world, step)
    client = worker_world.pipeline.ledger.client

    with meeting(client, troubled_aws.unprocessed_keys, "BatchGetItem") as met:
        table = worker_world.settings.ledger_table
        fail_at(life, step, LedgerError, f"{table} is throttled: run it again later")

    assert len(met) == READS
    if step == "extract":
        go_on(life, step)
        assert_whole(worker_world, *keys)
    else:
        assert life.release() == len(keys)
